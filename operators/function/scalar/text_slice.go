package scalar

import (
	"bytes"
	"math"
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// ascii reports whether b has no byte beyond 127, eight bytes at a time.
func ascii(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c&0x80 != 0 {
			return false
		}
	}
	return true
}

// slice returns the characters of s from the from-th (counted from 0) up to
// but without the to-th.
func slice(s []byte, from, to int64) []byte {
	if from < 0 {
		from = 0
	}
	if to <= from {
		return nil
	}
	// Up to the last character wanted, bytes are characters if they are ASCII.
	if n := int64(len(s)); ascii(s[:min(to, n)]) {
		return s[min(from, n):min(to, n)]
	}
	start, i, k := len(s), 0, int64(0)
	for i < len(s) {
		if k == from {
			start = i
		}
		if k == to {
			return s[start:i]
		}
		_, w := utf8.DecodeRune(s[i:])
		i += w
		k++
	}
	return s[start:]
}

// substring returns n characters from the one that start counts to: from 1, or
// from the end when negative; a negative n takes those before it.
func substring(s []byte, start, n int64) []byte {
	from := start - 1
	if start < 0 {
		from = int64(utf8.RuneCount(s)) + start
		if from < 0 && n > 0 {
			// What lies before the text counts.
			n += from
			from = 0
		}
	}
	if start == 0 {
		n--
		if n == math.MaxInt64-1 {
			n++
		}
		from = 0
	}
	if n < 0 {
		return slice(s, from+n, from)
	}
	if n > math.MaxInt64-from {
		return slice(s, from, math.MaxInt64)
	}
	return slice(s, from, from+n)
}

const maxSubstring = math.MaxUint32

func runSubstring(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, start, r := textArg(c, args, 0), numArg[int64](c, args, 1), living(c)
	var count numbers[int64]
	if len(args) == 3 {
		count = numArg[int64](c, args, 2)
	}
	for k := range r.n {
		p := r.at(k)
		from, n := start.at(p), int64(math.MaxInt64)
		if len(args) == 3 {
			if n = count.at(p); n > maxSubstring || n < -maxSubstring {
				return sqlerr.New(sqlerr.CodeSubstringError, "substring length is outside of the supported range: %d", n)
			}
		}
		if from > maxSubstring || from < -maxSubstring {
			return sqlerr.New(sqlerr.CodeSubstringError, "substring offset is outside of the supported range: %d", from)
		}
		out.PutString(p, substring(s.at(p), from, n))
	}
	return nil
}

// runLeft is left (Data true) and right: n characters, or all but -n.
func runLeft(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	left := c.Bound.Data.(bool)
	s, count, r := textArg(c, args, 0), numArg[int64](c, args, 1), living(c)
	for k := range r.n {
		p := r.at(k)
		t, n := s.at(p), count.at(p)
		switch {
		case left && n >= 0:
			t = slice(t, 0, n)
		case left:
			t = slice(t, 0, int64(utf8.RuneCount(t))+max(n, -1<<40))
		default:
			chars := int64(utf8.RuneCount(t))
			if n >= 0 {
				t = slice(t, max(chars-n, 0), chars)
			} else {
				t = slice(t, min(-max(n, -1<<40), chars), chars)
			}
		}
		out.PutString(p, t)
	}
	return nil
}

// lengthOp says what a length counts.
type lengthOp uint8

const (
	countChars lengthOp = iota
	countBytes
	countBits
	countBitString
	countGraphemes
)

func runLength(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(lengthOp)
	s, dst, r := textArg(c, args, 0), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		switch op {
		case countChars:
			dst[p] = int64(utf8.RuneCount(s.at(p)))
		case countBytes:
			dst[p] = int64(s.refs[s.index(p)].Len())
		case countBits:
			dst[p] = 8 * int64(s.refs[s.index(p)].Len())
		case countBitString:
			if b := s.at(p); len(b) > 1 {
				dst[p] = int64(len(b)-1)*8 - int64(b[0]&7)
			} else {
				dst[p] = 0
			}
		}
	}
	return nil
}

// listLength counts the elements of lists, and the entries of maps.
func listLength(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := numArg[types.ListEntry](c, args, 0), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		dst[p] = int64(x.at(p).Length)
	}
	return nil
}

func bindListLength(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	return &function.Bound{Params: []types.Type{types.ListOf(elem)}, Return: bigint, Kernel: listLength}, nil
}

// runPad is lpad (Data true) and rpad.
func runPad(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	left := c.Bound.Data.(bool)
	s, width, pad, r, buf := textArg(c, args, 0), numArg[int32](c, args, 1), textArg(c, args, 2), living(c), bytesOf(c)
	for k := range r.n {
		p := r.at(k)
		t, n, f := s.at(p), int64(width.at(p)), pad.at(p)
		chars := int64(utf8.RuneCount(t))
		if n <= chars {
			out.PutString(p, slice(t, 0, n))
			continue
		}
		if len(f) == 0 {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "insufficient padding in %s", c.Bound.Name)
		}
		if n-chars > maxResult/utf8.UTFMax {
			return errTooLong()
		}
		b := buf.b[:0]
		if !left {
			b = append(b, t...)
		}
		fill, unit := n-chars, int64(utf8.RuneCount(f))
		for ; fill >= unit; fill -= unit {
			b = append(b, f...)
		}
		b = append(b, slice(f, 0, fill)...)
		if left {
			b = append(b, t...)
		}
		out.PutString(p, b)
		buf.b = b
	}
	return nil
}

// maxResult is the longest text that a function makes: results of a chunk live
// on the Go heap.
const maxResult = 64 << 20

func errTooLong() error {
	return sqlerr.New(sqlerr.CodeLimitExceeded, "the resulting text would be longer than %d bytes", maxResult)
}

func runRepeat(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, count, r := textArg(c, args, 0), numArg[int64](c, args, 1), living(c)
	for k := range r.n {
		p := r.at(k)
		t, n := s.at(p), count.at(p)
		if n <= 0 || len(t) == 0 {
			out.PutString(p, nil)
			continue
		}
		if n > maxResult/int64(len(t)) {
			return errTooLong()
		}
		size := len(t) * int(n)
		if size <= types.MaxInline {
			var small [types.MaxInline]byte
			b := small[:0]
			for range n {
				b = append(b, t...)
			}
			out.PutString(p, b)
			continue
		}
		b := out.Alloc(size)
		for at := copy(b, t); at < size; {
			at += copy(b[at:], b[:at])
		}
		out.PutAllocated(p, b)
	}
	return nil
}

// runSplitPart returns the n-th part, from the end when n is negative.
func runSplitPart(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, sep, nth, r := textArg(c, args, 0), textArg(c, args, 1), numArg[int64](c, args, 2), living(c)
	for k := range r.n {
		p := r.at(k)
		out.PutString(p, splitPart(s.at(p), sep.at(p), nth.at(p)))
	}
	return nil
}

func splitPart(s, sep []byte, n int64) []byte {
	if len(sep) == 0 {
		// Every character is a part.
		if n < 0 {
			n += int64(utf8.RuneCount(s)) + 1
		}
		if n <= 0 {
			return nil
		}
		return slice(s, n-1, n)
	}
	for n > 0 {
		at := bytes.Index(s, sep)
		if n--; n == 0 {
			if at < 0 {
				return s
			}
			return s[:at]
		}
		if at < 0 {
			return nil
		}
		s = s[at+len(sep):]
	}
	for n < 0 {
		at := bytes.LastIndex(s, sep)
		if n++; n == 0 {
			if at < 0 {
				return s
			}
			return s[at+len(sep):]
		}
		if at < 0 {
			return nil
		}
		s = s[:at]
	}
	return nil
}

var textSlices = []*function.Scalar{
	{Name: "substring", Aliases: []string{"substr"}, Category: "string", Description: "Characters from a position on, counted from 1, or from the end when negative.", Example: "substring('hello', 2, 3)", Result: "ell",
		Overloads: []function.Overload{failing(sig(varchar, runSubstring, varchar, bigint, bigint)), failing(sig(varchar, runSubstring, varchar, bigint))}},
	{Name: "left", Category: "string", Description: "The first characters, or all but the last when negative.", Example: "left('hello', 2)", Result: "he", Overloads: []function.Overload{with(true, sig(varchar, runLeft, varchar, bigint))}},
	{Name: "right", Category: "string", Description: "The last characters, or all but the first when negative.", Example: "right('hello', 2)", Result: "lo", Overloads: []function.Overload{with(false, sig(varchar, runLeft, varchar, bigint))}},
	{Name: "length", Aliases: []string{"len", "char_length", "character_length"}, Category: "string", Description: "The number of characters, bits or elements.", Example: "length('héllo')", Result: "5",
		Overloads: []function.Overload{with(countChars, sig(bigint, runLength, varchar)), with(countBitString, sig(bigint, runLength, types.Of(types.Bit))), binding(bindListLength, anyList)}},
	{Name: "strlen", Category: "string", Description: "The number of bytes of a text.", Example: "strlen('héllo')", Result: "6", Overloads: []function.Overload{with(countBytes, sig(bigint, runLength, varchar))}},
	{Name: "octet_length", Category: "string", Description: "The number of bytes.", Example: `octet_length('\xAA'::BLOB)`, Result: "1", Overloads: []function.Overload{with(countBytes, sig(bigint, runLength, blob)), with(countBytes, sig(bigint, runLength, varchar))}},
	{Name: "bit_length", Category: "string", Description: "The number of bits of a text's bytes.", Example: "bit_length('é')", Result: "16", Overloads: []function.Overload{with(countBits, sig(bigint, runLength, varchar)), with(countBitString, sig(bigint, runLength, types.Of(types.Bit)))}},
	{Name: "lpad", Category: "string", Description: "The text filled up in front, or cut, to a number of characters.", Example: "lpad('a', 3, 'xy')", Result: "xya", Overloads: []function.Overload{with(true, failing(sig(varchar, runPad, varchar, integer, varchar)))}},
	{Name: "rpad", Category: "string", Description: "The text filled up at the end, or cut, to a number of characters.", Example: "rpad('a', 4, 'xy')", Result: "axyx", Overloads: []function.Overload{with(false, failing(sig(varchar, runPad, varchar, integer, varchar)))}},
	{Name: "repeat", Category: "string", Description: "The text a number of times.", Example: "repeat('ab', 3)", Result: "ababab", Overloads: []function.Overload{failing(sig(varchar, runRepeat, varchar, bigint)), failing(sig(blob, runRepeat, blob, bigint))}},
	{Name: "split_part", Category: "string", Description: "The n-th part between separators, from the end when negative.", Example: "split_part('a,b,c', ',', 2)", Result: "b", Overloads: []function.Overload{sig(varchar, runSplitPart, varchar, varchar, bigint)}},
}
