package parquet

import (
	"encoding/binary"
	"errors"
)

var errLZ4 = errors.New("LZ4 block is malformed")

// lz4Raw decodes one LZ4 block ("LZ4 Block Format Description", lz4 project).
func (c *codecState) lz4Raw(dst, src []byte) error {
	n, err := lz4Block(dst, src)
	if err == nil && n != len(dst) {
		return errPageSize
	}
	return err
}

// lz4Hadoop decodes the deprecated LZ4 codec: blocks as Hadoop frames them,
// each behind its sizes in big endian, decompressed and compressed; or, from
// writers that misread the name, a bare block.
func (c *codecState) lz4Hadoop(dst, src []byte) error {
	if c.lz4Framed(dst, src) {
		return nil
	}
	return c.lz4Raw(dst, src)
}

func (c *codecState) lz4Framed(dst, src []byte) bool {
	for len(src) >= 8 {
		size, packed := binary.BigEndian.Uint32(src), binary.BigEndian.Uint32(src[4:])
		src = src[8:]
		if uint64(size) > uint64(len(dst)) || uint64(packed) > uint64(len(src)) {
			return false
		}
		n, err := lz4Block(dst[:size], src[:packed])
		if err != nil || n != int(size) {
			return false
		}
		dst, src = dst[size:], src[packed:]
	}
	return len(dst) == 0 && len(src) == 0
}

// lz4Block decodes a block into dst and returns how many bytes it has.
func lz4Block(dst, src []byte) (int, error) {
	at, in := 0, 0
	for in < len(src) {
		token := src[in]
		in++
		lit := int(token >> 4)
		if lit == 15 {
			n, k := lz4Length(src[in:], len(dst))
			if k == 0 {
				return at, errLZ4
			}
			lit += n
			in += k
		}
		if lit > len(src)-in || lit > len(dst)-at {
			return at, errLZ4
		}
		copy(dst[at:], src[in:in+lit])
		at += lit
		in += lit
		if in == len(src) {
			return at, nil // the last sequence has no match
		}
		if len(src)-in < 2 {
			return at, errLZ4
		}
		dist := int(binary.LittleEndian.Uint16(src[in:]))
		in += 2
		match := int(token&15) + 4
		if token&15 == 15 {
			n, k := lz4Length(src[in:], len(dst))
			if k == 0 {
				return at, errLZ4
			}
			match += n
			in += k
		}
		if dist == 0 || dist > at || match > len(dst)-at {
			return at, errLZ4
		}
		// A match may overlap itself: each copy doubles what there is of it.
		from, end := at-dist, at+match
		for at < end {
			at += copy(dst[at:end], dst[from:at])
		}
	}
	return at, nil
}

// lz4Length reads the rest of a length: bytes that add up until one is not
// 255. k is how many; 0 when they end early or exceed limit.
func lz4Length(src []byte, limit int) (n, k int) {
	for k < len(src) && n <= limit {
		b := src[k]
		k++
		n += int(b)
		if b != 255 {
			return n, k
		}
	}
	return 0, 0
}
