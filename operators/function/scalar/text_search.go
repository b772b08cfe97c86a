package scalar

import (
	"bytes"
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// searchOp is the question that a search asks.
type searchOp uint8

const (
	opStartsWith searchOp = iota
	opEndsWith
	opContains
)

func runSearch(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(searchOp)
	s, what, r, dst := textArg(c, args, 0), textArg(c, args, 1), living(c), out.Data
	for k := range r.n {
		p := r.at(k)
		var yes bool
		switch op {
		case opStartsWith:
			yes = bytes.HasPrefix(s.at(p), what.at(p))
		case opEndsWith:
			yes = bytes.HasSuffix(s.at(p), what.at(p))
		default:
			yes = bytes.Contains(s.at(p), what.at(p))
		}
		dst[p] = flag(yes)
	}
	return nil
}

// runPosition gives the character where the second text starts in the first,
// from 1; 0 when it does not occur.
func runPosition(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, what, r, dst := textArg(c, args, 0), textArg(c, args, 1), living(c), vector.Values[int64](out)
	for k := range r.n {
		p := r.at(k)
		t := s.at(p)
		dst[p] = 0
		if at := bytes.Index(t, what.at(p)); at >= 0 {
			dst[p] = int64(utf8.RuneCount(t[:at])) + 1
		}
	}
	return nil
}

func runReplace(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, from, to, r, buf := textArg(c, args, 0), textArg(c, args, 1), textArg(c, args, 2), living(c), bytesOf(c)
	for k := range r.n {
		p := r.at(k)
		t, f, w := s.at(p), from.at(p), to.at(p)
		at := -1
		if len(f) > 0 {
			at = bytes.Index(t, f)
		}
		if at < 0 {
			out.PutString(p, t)
			continue
		}
		b := buf.b[:0]
		for ; at >= 0; at = bytes.Index(t, f) {
			if len(b) > maxResult {
				return errTooLong()
			}
			b = append(b, t[:at]...)
			b = append(b, w...)
			t = t[at+len(f):]
		}
		b = append(b, t...)
		out.PutString(p, b)
		buf.b = b
	}
	return nil
}

// runTranslate replaces characters of the second text by those of the third,
// and drops those that have none.
func runTranslate(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, from, to, r, buf := textArg(c, args, 0), textArg(c, args, 1), textArg(c, args, 2), living(c), bytesOf(c)
	for k := range r.n {
		p := r.at(k)
		t, f, w := s.at(p), from.at(p), to.at(p)
		b := buf.b[:0]
		for i := 0; i < len(t); {
			_, n := utf8.DecodeRune(t[i:])
			at := bytes.Index(f, t[i:i+n])
			if at < 0 {
				b = append(b, t[i:i+n]...)
			} else {
				nth := int64(utf8.RuneCount(f[:at]))
				b = append(b, slice(w, nth, nth+1)...)
			}
			i += n
		}
		out.PutString(p, b)
		buf.b = b
	}
	return nil
}

// runASCII gives the first character's code point; Data is that of an empty
// text.
func runASCII(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	empty := c.Bound.Data.(int32)
	s, r, dst := textArg(c, args, 0), living(c), vector.Values[int32](out)
	for k := range r.n {
		p := r.at(k)
		t := s.at(p)
		if len(t) == 0 {
			dst[p] = empty
			continue
		}
		dst[p], _ = utf8.DecodeRune(t)
	}
	return nil
}

func runChr(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, r := numArg[int32](c, args, 0), living(c)
	var buf [utf8.UTFMax]byte
	for k := range r.n {
		p := r.at(k)
		v := x.at(p)
		if !utf8.ValidRune(v) {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "invalid code point %d", v)
		}
		out.PutString(p, utf8.AppendRune(buf[:0], v))
	}
	return nil
}

func decodeUTF8(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, r := textArg(c, args, 0), living(c)
	for k := range r.n {
		if t := s.at(r.at(k)); !utf8.Valid(t) {
			return sqlerr.New(sqlerr.CodeInvalidEncoding, "the bytes are not valid UTF-8: %s", types.AppendBlob(nil, t[:min(len(t), 50)]))
		}
	}
	return identity(c, args, out)
}

func searchFunction(name string, aliases []string, what, example, result string, op searchOp) *function.Scalar {
	return &function.Scalar{Name: name, Aliases: aliases, Category: "string", Description: what, Example: example, Result: result,
		Overloads: []function.Overload{with(op, sig(boolean, runSearch, varchar, varchar))}}
}

var textSearches = []*function.Scalar{
	searchFunction("starts_with", []string{"prefix", "^@"}, "Whether the text starts with another.", "starts_with('hello', 'he')", "true", opStartsWith),
	searchFunction("ends_with", []string{"suffix"}, "Whether the text ends with another.", "ends_with('hello', 'lo')", "true", opEndsWith),
	{Name: "contains", Category: "string", Description: "Whether a text contains another, or a list a value.", Example: "contains('hello', 'ell')", Result: "true",
		Overloads: []function.Overload{with(opContains, sig(boolean, runSearch, varchar, varchar)), binding(bindListContains, anyList, anyType)}},
	{Name: "position", Aliases: []string{"strpos", "instr"}, Category: "string", Description: "Where a text occurs first in another, in characters from 1; 0 for nowhere.", Example: "strpos('héllo', 'l')", Result: "3",
		Overloads: []function.Overload{sig(bigint, runPosition, varchar, varchar)}},
	{Name: "replace", Category: "string", Description: "The text with every occurrence of another replaced.", Example: "replace('aXbX', 'X', 'yy')", Result: "ayybyy",
		Overloads: []function.Overload{failing(sig(varchar, runReplace, varchar, varchar, varchar))}},
	{Name: "translate", Category: "string", Description: "The text with characters replaced one by one.", Example: "translate('abc', 'ab', 'xy')", Result: "xyc",
		Overloads: []function.Overload{sig(varchar, runTranslate, varchar, varchar, varchar)}},
	{Name: "ascii", Category: "string", Description: "The code point of the first character, 0 for an empty text.", Example: "ascii('é')", Result: "233", Overloads: []function.Overload{with(int32(0), sig(integer, runASCII, varchar))}},
	{Name: "unicode", Aliases: []string{"ord"}, Category: "string", Description: "The code point of the first character, -1 for an empty text.", Example: "unicode('')", Result: "-1", Overloads: []function.Overload{with(int32(-1), sig(integer, runASCII, varchar))}},
	{Name: "chr", Category: "string", Description: "The character of a code point.", Example: "chr(233)", Result: "é", Overloads: []function.Overload{failing(sig(varchar, runChr, integer))}},
}
