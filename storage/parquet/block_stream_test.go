package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/snappy"

	"github.com/gannetdb/gannet/storage"
)

// bytesFile is a file in memory.
type bytesFile struct{ *bytes.Reader }

func (bytesFile) Close() error           { return nil }
func (bytesFile) Info() storage.FileInfo { return storage.FileInfo{Name: "page"} }

// streamed decompresses a block as a stream.
func streamed(block []byte, lz4 bool, size int) ([]byte, error) {
	in := &storedPage{
		ctx: context.Background(), f: &fetcher{file: bytesFile{bytes.NewReader(block)}},
		left: int64(len(block)), buf: make([]byte, 1000),
	}
	s := &blockStream{buf: make([]byte, blockStreamCost)}
	if err := s.begin(in, lz4, size); err != nil {
		return nil, err
	}
	return io.ReadAll(s)
}

// lz4Matches makes an LZ4 block of literals and of matches of whatever bytes
// repeat at a fixed distance.
func lz4Matches(data []byte, dist int) (out []byte) {
	length := func(n int) {
		for ; n >= 255; n -= 255 {
			out = append(out, 255)
		}
		out = append(out, byte(n))
	}
	from := 0
	for at := dist; at < len(data); at++ {
		n := 0
		for at+n < len(data) && data[at+n] == data[at+n-dist] {
			n++
		}
		if n < 4 {
			continue
		}
		lit := at - from
		out = append(out, byte(min(lit, 15)<<4|min(n-4, 15)))
		if lit >= 15 {
			length(lit - 15)
		}
		out = append(append(out, data[from:at]...), byte(dist), byte(dist>>8))
		if n-4 >= 15 {
			length(n - 19)
		}
		at += n - 1
		from = at + 1
	}
	lit := len(data) - from
	out = append(out, byte(min(lit, 15)<<4))
	if lit >= 15 {
		length(lit - 15)
	}
	return append(out, data[from:]...)
}

// TestBlockStream: a block gives piece by piece what it gives as a whole.
func TestBlockStream(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var texts bytes.Buffer
	for i := range 30_000 {
		fmt.Fprintf(&texts, "line %d says %d; ", i, r.IntN(50))
	}
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	// Writers as the format's own compress 64 KiB at a time.
	pieces := func(data []byte, encode func(dst, src []byte) []byte) []byte {
		out := binary.AppendUvarint(nil, uint64(len(data)))
		for len(data) > 0 {
			k := min(len(data), blockWindow)
			piece := encode(nil, data[:k])
			_, head := binary.Uvarint(piece)
			out, data = append(out, piece[head:]...), data[k:]
		}
		return out
	}
	for name, data := range map[string][]byte{
		"nothing": {}, "one": {7}, "run": bytes.Repeat([]byte{1}, 500_000), "texts": texts.Bytes(), "noise": noise,
		"far": bytes.Repeat(noise[:65_535], 4), "window": bytes.Repeat(noise[:65_536], 3),
	} {
		blocks := map[string][]byte{
			"snappy": pieces(data, snappy.Encode), "better": pieces(data, s2.EncodeSnappyBetter), "best": pieces(data, s2.EncodeSnappyBest),
		}
		for _, dist := range []int{1, 7, 65_535} {
			blocks[fmt.Sprint("lz4 ", dist)] = lz4Matches(data, dist)
		}
		for codec, block := range blocks {
			lz4 := codec[0] == 'l'
			got, err := streamed(block, lz4, len(data))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, %s: %d bytes, %v; want %d", name, codec, len(got), err, len(data))
			}
			if len(data) == 0 {
				continue
			}
			if _, err := streamed(block, lz4, len(data)-1); err == nil {
				t.Errorf("%s, %s: longer than it should be", name, codec)
			}
			if _, err := streamed(block[:len(block)-1], lz4, len(data)); err == nil && !lz4 {
				t.Errorf("%s, %s: cut off", name, codec)
			}
		}
	}
}

// TestBlockStreamLooksTooFar: distances beyond the window are told apart from
// what is wrong.
func TestBlockStreamLooksTooFar(t *testing.T) {
	const size = 140_000
	block := binary.AppendUvarint(nil, size+4)
	block = append(block, 62<<2, (size-1)&255, (size-1)>>8&255, (size-1)>>16)
	block = append(block, make([]byte, size)...)
	block = append(block, 3<<2|3, size&255, size>>8&255, size>>16, 0) // the first 4 bytes again
	if got, err := snappy.Decode(nil, block); err != nil || len(got) != size+4 {
		t.Fatalf("the block is wrong: %d bytes, %v", len(got), err)
	}
	if _, err := streamed(block, false, size+4); !errors.Is(err, errFar) {
		t.Errorf("%v", err)
	}
}

// FuzzBlockStream: whatever the bytes are, a stream gives what the whole block
// gives, or an error where that is one.
func FuzzBlockStream(f *testing.F) {
	f.Add(snappy.Encode(nil, []byte("a text, a text, a text")), false)
	f.Add(lz4Matches([]byte("a text, a text, a text"), 8), true)
	f.Fuzz(func(t *testing.T, block []byte, lz4 bool) {
		want := make([]byte, 1<<12)
		var err error
		if lz4 {
			var n int
			n, err = lz4Block(want, block)
			want = want[:n]
		} else if n, e := snappy.DecodedLen(block); e != nil || n > 1<<20 {
			return
		} else {
			want, err = snappy.Decode(nil, block)
			if err != nil {
				want = make([]byte, n)
			}
		}
		got, e := streamed(block, lz4, len(want))
		if err == nil && (e != nil || !bytes.Equal(got, want)) {
			t.Errorf("%v of %d bytes, want %d", e, len(got), len(want))
		}
		if err != nil && e == nil && len(got) == len(want) && !lz4 {
			t.Errorf("%d bytes without the error %v", len(got), err)
		}
	})
}
