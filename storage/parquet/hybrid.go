package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/gannetdb/gannet/vector"
)

//go:generate go run gen_unpack.go

var errHybrid = errors.New("run-length data is malformed or ends early")

// maxGroups is the most groups of eight in a packed run: a page has fewer
// values than that.
const maxGroups = 1 << 27

// hybrid decodes Parquet's RLE / bit-packing hybrid (Encodings.md, "Run Length
// Encoding / Bit-Packing Hybrid"): levels, booleans and dictionary indices. A
// run is a varint header, then for an even header header/2 repetitions of one
// value, for an odd one header/2 groups of eight packed values.
type hybrid struct {
	b     []byte
	pos   int
	width uint

	packed bool
	left   int    // values left in the run
	value  uint32 // of a repeated run

	// A packed run is unpacked by 32; what a read did not take stays here.
	cache    [32]uint32
	cacheAt  int
	cacheEnd int
	pad      [128]byte // the last bytes of a run, with room for a whole group
}

// reset starts at the first run of b; width is at most 32.
func (h *hybrid) reset(b []byte, width uint) {
	h.b, h.pos, h.width = b, 0, width
	h.packed, h.left, h.cacheAt, h.cacheEnd = false, 0, 0, 0
}

// run reads the next run's header.
func (h *hybrid) run() error {
	if h.pos >= len(h.b) {
		return errHybrid
	}
	var x uint64
	if c := h.b[h.pos]; c < 0x80 {
		x = uint64(c)
		h.pos++
	} else {
		v, n := binary.Uvarint(h.b[h.pos:])
		if n <= 0 || v >= 1<<32 {
			return errHybrid
		}
		x = v
		h.pos += n
	}
	if x == 0 || x == 1 {
		return errHybrid // an empty run: no writer has a reason, and loops must end
	}
	if x&1 == 1 {
		if x>>1 > maxGroups {
			return errHybrid
		}
		groups := int(x >> 1)
		rest := len(h.b) - h.pos
		if h.width > 0 {
			// The last group may be cut short by writers that count values.
			if whole := (rest*8 + int(h.width) - 1) / int(h.width); groups*8 > whole+7 {
				groups = whole/8 + 1
			}
			if rest == 0 {
				return errHybrid
			}
		}
		h.packed, h.left = true, groups*8
		return nil
	}
	n := int(h.width+7) / 8
	if n > len(h.b)-h.pos {
		return errHybrid
	}
	var v uint32
	for i := range n {
		v |= uint32(h.b[h.pos+i]) << (8 * i)
	}
	if h.width < 32 && v>>h.width != 0 {
		return errHybrid
	}
	h.pos += n
	h.packed, h.left, h.value = false, int(x>>1), v
	return nil
}

// fillCache unpacks the next at most 32 values of a packed run.
func (h *hybrid) fillCache() error {
	n := min(h.left, 32)
	size := (n*int(h.width) + 7) / 8
	in := h.b[h.pos:]
	if len(in) < 4*int(h.width) || size < 4*int(h.width) {
		if size > len(in) {
			// A run cut short: give the values that are there.
			if n = len(in) * 8 / int(h.width); n == 0 {
				return errHybrid
			}
			size = len(in)
			h.left = n
		}
		copy(h.pad[:], in[:size])
		in = h.pad[:]
	}
	unpackers[h.width](in, h.cache[:])
	h.pos += size
	h.cacheAt, h.cacheEnd = 0, n
	return nil
}

// read fills dst with the next values.
func (h *hybrid) read(dst []uint32) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.run(); err != nil {
				return err
			}
		}
		n := min(len(dst), h.left)
		if !h.packed {
			d, v := dst[:n], h.value
			for i := range d {
				d[i] = v
			}
		} else if h.cacheAt < h.cacheEnd {
			n = copy(dst[:n], h.cache[h.cacheAt:h.cacheEnd])
			h.cacheAt += n
		} else {
			k := 0
			if n >= 32 {
				k = 32 * unpackers[h.width](h.b[h.pos:], dst[:n])
				h.pos += k / 8 * int(h.width)
			}
			if k == 0 {
				if err := h.fillCache(); err != nil {
					return err
				}
				continue
			}
			n = k
		}
		h.left -= n
		dst = dst[n:]
	}
	return nil
}

// skip passes over n values.
func (h *hybrid) skip(n int) error {
	for n > 0 {
		if h.left == 0 {
			if err := h.run(); err != nil {
				return err
			}
		}
		k := min(n, h.left)
		if h.packed {
			if h.cacheAt < h.cacheEnd {
				k = min(k, h.cacheEnd-h.cacheAt)
				h.cacheAt += k
			} else if whole := k &^ 31; whole > 0 {
				size := whole / 8 * int(h.width)
				if size > len(h.b)-h.pos {
					return errHybrid
				}
				h.pos += size
				k = whole
			} else {
				if err := h.fillCache(); err != nil {
					return err
				}
				continue
			}
		}
		h.left -= k
		n -= k
	}
	return nil
}

// readBits reads n values of width 1 into valid from position at on and
// returns how many are set. It must not be mixed with read on the same data.
func (h *hybrid) readBits(valid vector.Bitmap, at, n int) (set int, err error) {
	for n > 0 {
		if h.left == 0 {
			if err := h.run(); err != nil {
				return set, err
			}
		}
		k := min(n, h.left)
		if !h.packed {
			fillBits(valid, at, k, h.value != 0)
			if h.value != 0 {
				set += k
			}
		} else {
			if h.cacheAt >= h.cacheEnd {
				if err := h.fillBitCache(); err != nil {
					return set, err
				}
			}
			k = min(n, h.cacheEnd-h.cacheAt, h.left)
			word := (uint64(h.cache[0]) | uint64(h.cache[1])<<32) >> uint(h.cacheAt)
			set += putBits(valid, at, k, word)
			h.cacheAt += k
		}
		h.left -= k
		at += k
		n -= k
	}
	return set, nil
}

// fillBitCache takes up to 64 packed bits as they are.
func (h *hybrid) fillBitCache() error {
	n := min(h.left, 64)
	size := min((n+7)/8, len(h.b)-h.pos)
	if size == 0 {
		return errHybrid
	}
	if n > size*8 {
		n = size * 8
		h.left = n
	}
	var tmp [8]byte
	copy(tmp[:], h.b[h.pos:h.pos+size])
	h.cache[0] = binary.LittleEndian.Uint32(tmp[:])
	h.cache[1] = binary.LittleEndian.Uint32(tmp[4:])
	h.pos += size
	h.cacheAt, h.cacheEnd = 0, n
	return nil
}

// skipBits is readBits without a place to keep the values.
func (h *hybrid) skipBits(n int) (set int, err error) {
	var scratch [vector.Capacity / 64]uint64
	for n > 0 {
		k := min(n, vector.Capacity)
		s, err := h.readBits(scratch[:], 0, k)
		if err != nil {
			return set, err
		}
		set += s
		n -= k
	}
	return set, nil
}

// allSet reports whether the next n values of width 1 lie in the present or
// next repeated run of ones, and if so consumes them.
func (h *hybrid) allSet(n int) bool {
	if h.left == 0 && h.run() != nil {
		h.left = 0
		h.pos = len(h.b) // the error shows again at the next read
		return false
	}
	if h.packed || h.value == 0 || h.left < n {
		return false
	}
	h.left -= n
	return true
}

// fillBits sets or clears n bits of m from position at on.
func fillBits(m vector.Bitmap, at, n int, ones bool) {
	for n > 0 {
		off := at & 63
		k := min(n, 64-off)
		mask := ^uint64(0) >> uint(64-k) << uint(off)
		if ones {
			m[at>>6] |= mask
		} else {
			m[at>>6] &^= mask
		}
		at += k
		n -= k
	}
}

// putBits stores the low n bits (n <= 64) of word at position at of m and
// returns how many are set.
func putBits(m vector.Bitmap, at, n int, word uint64) int {
	if n == 0 {
		return 0
	}
	word &= ^uint64(0) >> uint(64-n)
	set := bits.OnesCount64(word)
	off := at & 63
	k := min(n, 64-off)
	mask := ^uint64(0) >> uint(64-k) << uint(off)
	m[at>>6] = m[at>>6]&^mask | word<<uint(off)&mask
	if k < n {
		mask = ^uint64(0) >> uint(64-(n-k))
		m[at>>6+1] = m[at>>6+1]&^mask | word>>uint(k)&mask
	}
	return set
}
