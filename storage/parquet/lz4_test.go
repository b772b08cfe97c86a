package parquet

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// lz4Encode writes a block in random sequences: literals, then matches of what
// is there already, overlapping ones included.
func lz4Encode(r *rand.Rand) (block, plain []byte) {
	length := func(n int) {
		for n >= 255 {
			block = append(block, 255)
			n -= 255
		}
		block = append(block, byte(n))
	}
	for range 1 + r.IntN(20) {
		lit, match := r.IntN(40), 4+r.IntN(600)
		if len(plain) == 0 && lit == 0 {
			lit = 1
		}
		block = append(block, byte(min(lit, 15)<<4|min(match-4, 15)))
		if lit >= 15 {
			length(lit - 15)
		}
		for range lit {
			b := byte(r.Uint32())
			block, plain = append(block, b), append(plain, b)
		}
		dist := 1 + r.IntN(min(len(plain), 65535))
		block = append(block, byte(dist), byte(dist>>8))
		if match-4 >= 15 {
			length(match - 4 - 15)
		}
		for range match {
			plain = append(plain, plain[len(plain)-dist])
		}
	}
	block, plain = append(block, 5<<4, 1, 2, 3, 4, 5), append(plain, 1, 2, 3, 4, 5)
	return block, plain
}

func TestLZ4Block(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for range 500 {
		block, plain := lz4Encode(r)
		dst := make([]byte, len(plain))
		if n, err := lz4Block(dst, block); err != nil || n != len(plain) || !bytes.Equal(dst, plain) {
			t.Fatalf("%d of %d bytes, %v", n, len(plain), err)
		}
		if _, err := lz4Block(dst[:len(dst)-1], block); err == nil {
			t.Fatal("wrote beyond its output")
		}
		for range 20 { // damage: an error or other bytes, no panic
			bad := bytes.Clone(block[:1+r.IntN(len(block))])
			bad[r.IntN(len(bad))] = byte(r.Uint32())
			lz4Block(dst, bad)
			(&codecState{}).lz4Hadoop(dst, bad)
		}
	}
}
