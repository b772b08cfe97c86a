package parquet

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	errValuesEnd = errors.New("page ends before its values do")
	errUTF8      = errors.New("text is not valid UTF-8")
)

// inlineMask keeps, of the eight bytes behind a string's first four, those
// that belong to it.
var inlineMask = [types.MaxInline + 1]uint64{
	5: 1<<8 - 1, 6: 1<<16 - 1, 7: 1<<24 - 1, 8: 1<<32 - 1, 9: 1<<40 - 1, 10: 1<<48 - 1, 11: 1<<56 - 1, 12: 1<<64 - 1,
}

// prefixMask does the same for the first four.
var prefixMask = [types.MaxInline + 1]uint64{
	1: 1<<8 - 1, 2: 1<<16 - 1, 3: 1<<24 - 1,
	4: 1<<32 - 1, 5: 1<<32 - 1, 6: 1<<32 - 1, 7: 1<<32 - 1, 8: 1<<32 - 1, 9: 1<<32 - 1, 10: 1<<32 - 1, 11: 1<<32 - 1, 12: 1<<32 - 1,
}

// refAt builds the reference to page[pos:pos+n], which is buffer buf.
func refAt(page []byte, pos, n, buf int) types.StringRef {
	if n > types.MaxInline {
		return types.StringRef{
			Lo: uint64(n) | uint64(binary.LittleEndian.Uint32(page[pos:]))<<32,
			Hi: uint64(buf) | uint64(pos)<<32,
		}
	}
	if pos+12 <= len(page) {
		s := page[pos:][:12:12]
		return types.StringRef{
			Lo: uint64(n) | uint64(binary.LittleEndian.Uint32(s))&prefixMask[n]<<32,
			Hi: binary.LittleEndian.Uint64(s[4:]) & inlineMask[n],
		}
	}
	return types.InlineRef(page[pos : pos+n])
}

// plainRefs builds references to the next len(refs) length-prefixed strings of
// page from pos on and returns the position behind them. The page is buffer
// buf of the references' vector.
func plainRefs(refs []types.StringRef, page []byte, pos, buf int) (int, error) {
	for i := range refs {
		if len(page)-pos < 4 {
			return pos, errValuesEnd
		}
		n := int(binary.LittleEndian.Uint32(page[pos:]))
		pos += 4
		if n > len(page)-pos {
			return pos, errValuesEnd
		}
		refs[i] = refAt(page, pos, n, buf)
		pos += n
	}
	return pos, nil
}

// plainRefsSel is plainRefs for len(refs) strings of which only those at the
// positions sel (less base) are wanted; the others' references are untouched.
func plainRefsSel(refs []types.StringRef, page []byte, pos, buf int, sel []uint32, base int) (int, error) {
	i := 0
	for _, s := range sel {
		at := int(s) - base
		end, err := skipPlainBytes(page, pos, at-i)
		if err != nil {
			return pos, err
		}
		if pos, err = plainRefs(refs[at:at+1], page, end, buf); err != nil {
			return pos, err
		}
		i = at + 1
	}
	return skipPlainBytes(page, pos, len(refs)-i)
}

// skipPlainBytes returns the position behind n length-prefixed strings.
func skipPlainBytes(page []byte, pos, n int) (int, error) {
	for range n {
		if len(page)-pos < 4 {
			return pos, errValuesEnd
		}
		k := int(binary.LittleEndian.Uint32(page[pos:]))
		if pos += 4; k > len(page)-pos {
			return pos, errValuesEnd
		}
		pos += k
	}
	return pos, nil
}

// checkPlainText checks the n length-prefixed strings of page[pos:end]. Their
// lengths lie in between, so that a high bit there only means a closer look.
func checkPlainText(page []byte, pos, end, n int) error {
	if ascii(page[pos:end]) {
		return nil
	}
	for range n {
		k := int(binary.LittleEndian.Uint32(page[pos:]))
		pos += 4
		if !utf8.Valid(page[pos : pos+k]) {
			return errUTF8
		}
		pos += k
	}
	return nil
}

// ascii reports whether no byte of b has its high bit set.
func ascii(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 32 {
		s := b[:32:32]
		x := binary.LittleEndian.Uint64(s) | binary.LittleEndian.Uint64(s[8:]) |
			binary.LittleEndian.Uint64(s[16:]) | binary.LittleEndian.Uint64(s[24:])
		if x&high != 0 {
			return false
		}
		b = b[32:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// fixedRefs builds references to the next len(refs) strings of width bytes.
func fixedRefs(refs []types.StringRef, page []byte, pos, width, buf int) (int, error) {
	if len(refs)*width > len(page)-pos {
		return pos, errValuesEnd
	}
	for i := range refs {
		refs[i] = refAt(page, pos, width, buf)
		pos += width
	}
	return pos, nil
}

// decodeStrings builds the references of n strings of kind k, which lie in
// page from pos on, and returns the position behind them.
func (k *leafKind) decodeStrings(refs []types.StringRef, page []byte, pos, buf int) (end int, err error) {
	if k.width > 0 {
		end, err = fixedRefs(refs, page, pos, k.width, buf)
		if err == nil && k.text {
			for i := pos; i < end; i += k.width {
				if !utf8.Valid(page[i : i+k.width]) {
					return pos, errUTF8
				}
			}
		}
		return end, err
	}
	end, err = plainRefs(refs, page, pos, buf)
	if err == nil && k.text {
		err = checkPlainText(page, pos, end, len(refs))
	}
	return end, err
}

// decodeBig converts n length-prefixed big-endian numbers.
func (k *leafKind) decodeBig(dst, page []byte, pos, n int) (int, error) {
	for i := range n {
		end, err := skipPlainBytes(page, pos, 1)
		if err != nil {
			return pos, err
		}
		if err := k.putBig(dst, i, page[pos+4:end]); err != nil {
			return pos, err
		}
		pos = end
	}
	return pos, nil
}

// gather stores dict[codes[i]] at dst[i]; codes are in range.
func gather[T any](dst, dict []byte, codes []uint32) {
	d, t := raw.Cast[T](dst)[:len(codes)], raw.Cast[T](dict)
	for i, c := range codes {
		d[i] = t[c]
	}
}

// gatherSel does so at the positions sel only.
func gatherSel[T any](dst, dict []byte, codes, sel []uint32) {
	d, t := raw.Cast[T](dst), raw.Cast[T](dict)
	for _, i := range sel {
		d[i] = t[codes[i]]
	}
}

// gatherWidth is gather for elements of the given width.
func gatherWidth(width int, dst, dict []byte, codes []uint32) {
	switch width {
	case 1:
		gather[uint8](dst, dict, codes)
	case 2:
		gather[uint16](dst, dict, codes)
	case 4:
		gather[uint32](dst, dict, codes)
	case 8:
		gather[uint64](dst, dict, codes)
	case 16:
		gather[types.StringRef](dst, dict, codes)
	}
}

func gatherWidthSel(width int, dst, dict []byte, codes, sel []uint32) {
	switch width {
	case 1:
		gatherSel[uint8](dst, dict, codes, sel)
	case 2:
		gatherSel[uint16](dst, dict, codes, sel)
	case 4:
		gatherSel[uint32](dst, dict, codes, sel)
	case 8:
		gatherSel[uint64](dst, dict, codes, sel)
	case 16:
		gatherSel[types.StringRef](dst, dict, codes, sel)
	}
}
