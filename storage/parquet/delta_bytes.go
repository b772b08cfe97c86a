package parquet

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	errDeltaLength = errors.New("a length of a delta-encoded string is out of range")
	errManyBytes   = errors.New("strings of one vector take more than 2 GiB")
)

// lengths reads the delta-packed lengths in front of strings.
type lengths struct {
	packed deltaPacked
	buf    [vector.Capacity]int32
}

// reset starts on lengths at the front of body and returns what lies behind
// them.
func (l *lengths) reset(body []byte) (rest []byte, err error) {
	l.packed.width = 4
	if err := l.packed.reset(body); err != nil {
		return nil, err
	}
	end, err := l.packed.end()
	if err != nil {
		return nil, err
	}
	return body[end:], nil
}

// next returns the next n lengths, at most vector.Capacity; none is negative.
func (l *lengths) next(n int) ([]int32, error) {
	out := l.buf[:n]
	if err := l.packed.step(n, raw.Bytes(out)); err != nil {
		return nil, err
	}
	neg := int32(0)
	for _, x := range out {
		neg |= x
	}
	if neg < 0 {
		return nil, errDeltaLength
	}
	return out, nil
}

// deltaLength decodes DELTA_LENGTH_BYTE_ARRAY (Encodings.md): the lengths of
// all strings, then their bytes.
type deltaLength struct {
	lens lengths
	data []byte // the strings that are still to come
	base int    // where in the page data begins
}

func newDeltaLength(k *leafKind) valueDecoder {
	if k.width != 0 || k.physical != ptByteArray {
		return nil
	}
	return &deltaLength{}
}

func (d *deltaLength) reset(body []byte) (err error) {
	if len(body) == 0 {
		d.data = nil
		return d.lens.packed.reset(nil) // a page of NULLs
	}
	d.data, err = d.lens.reset(body)
	d.base = len(body) - len(d.data)
	return err
}

// take returns the lengths of the next n strings, whose bytes are there.
func (d *deltaLength) take(n int) ([]int32, int, error) {
	lens, err := d.lens.next(n)
	if err != nil {
		return nil, 0, err
	}
	sum := 0
	for _, k := range lens {
		sum += int(k)
	}
	if sum > len(d.data) {
		return nil, 0, errValuesEnd
	}
	return lens, sum, nil
}

func (d *deltaLength) advance(n int) {
	d.data = d.data[n:]
	d.base += n
}

func (d *deltaLength) next(mem *memory, out []byte, n int) ([]byte, error) {
	lens, sum, err := d.take(n)
	if err != nil {
		return out, err
	}
	if out, err = mem.resize(out, sum+4*n); err != nil {
		return nil, err
	}
	at, from := 0, 0
	for _, k := range lens {
		binary.LittleEndian.PutUint32(out[at:], uint32(k))
		at += 4
		at += copy(out[at:], d.data[from:from+int(k)])
		from += int(k)
	}
	d.advance(sum)
	return out, nil
}

// refs builds references to the next strings, which stay where they are: page
// is the body that reset was given, and buffer buf of the references' vector.
func (d *deltaLength) refs(refs []types.StringRef, page []byte, buf int, text bool) error {
	for len(refs) > 0 {
		n := min(len(refs), vector.Capacity)
		lens, sum, err := d.take(n)
		if err != nil {
			return err
		}
		pos := d.base
		for i, k := range lens {
			refs[i] = refAt(page, pos, int(k), buf)
			pos += int(k)
		}
		if text && !ascii(d.data[:sum]) {
			s := d.data[:sum]
			for _, k := range lens {
				if !utf8.Valid(s[:k]) {
					return errUTF8
				}
				s = s[k:]
			}
		}
		d.advance(sum)
		refs = refs[n:]
	}
	return nil
}

func (d *deltaLength) skip(_ *memory, n int) error {
	for n > 0 {
		k := min(n, vector.Capacity)
		_, sum, err := d.take(k)
		if err != nil {
			return err
		}
		d.advance(sum)
		n -= k
	}
	return nil
}

// deltaBytes decodes DELTA_BYTE_ARRAY (Encodings.md, "Delta Strings"): how
// many bytes each string shares with the one before, then what follows them as
// DELTA_LENGTH_BYTE_ARRAY.
type deltaBytes struct {
	width    int // of every value; 0: each has its own
	prefixes lengths
	suffixes deltaLength
	last     []byte // the value before the next one
	scratch  []byte // for skip
}

func newDeltaBytes(k *leafKind) valueDecoder {
	if k.physical != ptByteArray && k.physical != ptFixed {
		return nil
	}
	return &deltaBytes{width: k.width}
}

func (d *deltaBytes) reset(body []byte) error {
	d.last = d.last[:0]
	rest, err := d.prefixes.reset(body)
	if err != nil {
		return err
	}
	if d.prefixes.packed.left == 0 {
		rest = nil // a page of NULLs, whatever else is in it
	}
	return d.suffixes.reset(rest)
}

func (d *deltaBytes) next(mem *memory, out []byte, n int) ([]byte, error) {
	prefixes, err := d.prefixes.next(n)
	if err != nil {
		return out, err
	}
	lens, sum, err := d.suffixes.take(n)
	if err != nil {
		return out, err
	}
	// Sizes are checked before there is room for them.
	total, before := 0, len(d.last)
	for i, p := range prefixes {
		if int(p) > before {
			return out, errDeltaLength
		}
		if before = int(p) + int(lens[i]); d.width > 0 && before != d.width {
			return out, errDeltaLength
		}
		total += before
	}
	head := 0
	if d.width == 0 {
		head = 4
	}
	if total += head * n; total > math.MaxInt32 {
		return out, errManyBytes
	}
	if out, err = mem.resize(out, total); err != nil {
		return nil, err
	}
	at, src, prev := 0, d.suffixes.data, d.last
	for i, p := range prefixes {
		k := int(p) + int(lens[i])
		if head > 0 {
			binary.LittleEndian.PutUint32(out[at:], uint32(k))
			at += head
		}
		v := out[at : at+k]
		copy(v, prev[:p])
		copy(v[p:], src[:lens[i]])
		src = src[lens[i]:]
		prev = v
		at += k
	}
	d.suffixes.advance(sum)
	if n > 0 {
		if d.last, err = mem.resize(d.last, len(prev)); err != nil {
			return nil, err
		}
		copy(d.last, prev)
	}
	return out, nil
}

func (d *deltaBytes) skip(mem *memory, n int) (err error) {
	for n > 0 && err == nil {
		k := min(n, vector.Capacity)
		d.scratch, err = d.next(mem, d.scratch, k)
		n -= k
	}
	return err
}
