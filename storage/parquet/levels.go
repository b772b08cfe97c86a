package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var errLevels = errors.New("levels are malformed")

// levelWidth is the number of bits of levels up to maxLevel.
func levelWidth(maxLevel int) uint { return uint(bits.Len(uint(maxLevel))) }

// resetV1 starts on the levels at the front of a data page of version 1 and
// returns what lies behind them. n is the page's number of values. packed is
// scratch for the deprecated BIT_PACKED levels, of at least packedLevelSize.
func (h *hybrid) resetV1(body []byte, enc encoding, maxLevel, n int, packed []byte) (rest []byte, err error) {
	width := levelWidth(maxLevel)
	switch enc {
	case encRLE:
		if len(body) < 4 {
			return nil, errLevels
		}
		size := int(binary.LittleEndian.Uint32(body))
		if size > len(body)-4 {
			return nil, errLevels
		}
		h.reset(body[4:4+size], width)
		return body[4+size:], nil
	case encBitPacked:
		size := (n*int(width) + 7) / 8
		if size > len(body) {
			return nil, errLevels
		}
		repackLevels(packed, body[:size], int(width), n)
		h.reset(packed[:size], width)
		h.packed, h.left = true, n
		return body[size:], nil
	}
	return nil, errLevels
}

// packedLevelSize is the scratch that resetV1 needs for n values.
func packedLevelSize(enc encoding, maxLevel, n int) int {
	if enc != encBitPacked || maxLevel == 0 {
		return 0
	}
	return (n*int(levelWidth(maxLevel)) + 7) / 8
}

// repackLevels turns values that are packed from the high bit, as the
// deprecated BIT_PACKED encoding has it, into values packed from the low bit.
func repackLevels(dst, src []byte, width, n int) {
	if width == 1 {
		for i, c := range src {
			dst[i] = bits.Reverse8(c)
		}
		return
	}
	clear(dst[:len(src)])
	for i := range n {
		for b := range width {
			from, to := i*width+b, i*width+width-1-b
			bit := src[from>>3] >> (7 - from&7) & 1
			dst[to>>3] |= bit << (to & 7)
		}
	}
}

// spread moves the m values at the front of data apart, to the positions whose
// bits are set in valid from position at on, m of them. What it leaves at the
// other positions is some value of data.
func spread[T any](data []T, valid vector.Bitmap, at, m int) {
	// Without a branch: where the NULLs are cannot be foreseen.
	for i := len(data) - 1; i >= m && m > 0; i-- {
		data[i] = data[m-1]
		m -= int(valid[(at+i)>>6] >> (uint(at+i) & 63) & 1)
	}
}

// spreadCodes is spread from position 0 on, which puts null at the positions
// whose bits are not set.
func spreadCodes(codes []uint32, valid vector.Bitmap, m int, null uint32) {
	i := len(codes) - 1
	for ; i >= m && m > 0; i-- {
		bit := uint32(valid[i>>6] >> (uint(i) & 63) & 1)
		codes[i] = codes[m-1]&-bit | null&^-bit
		m -= int(bit)
	}
	if m > 0 {
		return // all further ones are in their place
	}
	for ; i >= 0; i-- {
		codes[i] = null
	}
}

func spreadWidth(width int, data []byte, valid vector.Bitmap, at, m int) {
	switch width {
	case 1:
		spread(data, valid, at, m)
	case 2:
		spread(raw.Cast[uint16](data), valid, at, m)
	case 4:
		spread(raw.Cast[uint32](data), valid, at, m)
	case 8:
		spread(raw.Cast[uint64](data), valid, at, m)
	case 16:
		spread(raw.Cast[types.StringRef](data), valid, at, m)
	}
}
