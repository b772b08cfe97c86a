package scalar

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
)

// textOp says what a function of one text makes of it.
type textOp uint8

const (
	opUpper textOp = iota
	opLower
	opTrim
	opLTrim
	opRTrim
	opReverse
	opMD5
	opSHA1
	opSHA256
	opHex
	opBase64
	opRegexpEscape
	opURLEncode
	opURLDecode
	opFilename
	opStripAccents
	opNFC
)

// appendLower appends s in lower case; invalid bytes stay as they are.
func appendLower(dst, s []byte) []byte {
	if ascii(s) {
		start := len(dst)
		dst = append(dst, s...)
		for i, c := range dst[start:] {
			if c-'A' < 26 {
				dst[start+i] = c ^ 0x20
			}
		}
		return dst
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c-'A' < 26 {
				c |= 0x20
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, w := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && w == 1 {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		i += w
	}
	return dst
}

// appendUpper appends s in upper case; invalid bytes stay as they are.
func appendUpper(dst, s []byte) []byte {
	if ascii(s) {
		start := len(dst)
		dst = append(dst, s...)
		for i, c := range dst[start:] {
			if c-'a' < 26 {
				dst[start+i] = c ^ 0x20
			}
		}
		return dst
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c-'a' < 26 {
				c &^= 0x20
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, w := utf8.DecodeRune(s[i:])
		switch {
		case r == utf8.RuneError && w == 1:
			dst = append(dst, c)
		case r == 'ß':
			dst = append(dst, "ẞ"...)
		default:
			dst = utf8.AppendRune(dst, unicode.ToUpper(r))
		}
		i += w
	}
	return dst
}

// appendReverse appends the characters of s, as a reader sees them, from last
// to first.
func appendReverse(dst, s []byte) []byte {
	for end := len(s); end > 0; {
		start := graphemeStart(s[:end])
		dst = append(dst, s[start:end]...)
		end = start
	}
	return dst
}

// runText is the kernel of functions of one text that give a text.
func runText(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(textOp)
	s, r, buf := textArg(c, args, 0), living(c), bytesOf(c)
	b := buf.b
	var a accents
	for k := range r.n {
		p := r.at(k)
		t := s.at(p)
		switch op {
		case opStripAccents:
			b = a.strip(b[:0], t)
		case opNFC:
			b = appendNFC(b[:0], t)
		case opUpper:
			b = appendUpper(b[:0], t)
		case opLower:
			b = appendLower(b[:0], t)
		case opTrim:
			out.PutString(p, bytes.Trim(t, " "))
			continue
		case opLTrim:
			out.PutString(p, bytes.TrimLeft(t, " "))
			continue
		case opRTrim:
			out.PutString(p, bytes.TrimRight(t, " "))
			continue
		case opReverse:
			b = appendReverse(b[:0], t)
		case opRegexpEscape:
			b = appendRegexpEscaped(b[:0], t)
		case opURLEncode:
			b = appendURLEncoded(b[:0], t)
		case opURLDecode:
			b = appendURLDecoded(b[:0], t)
		case opFilename:
			out.PutString(p, t[bytes.LastIndexAny(t, `/\`)+1:])
			continue
		default:
			b = appendDigest(b[:0], t, op)
		}
		out.PutString(p, b)
	}
	buf.b = b
	return nil
}

// trimSet is the kernel of trims with a set of characters.
func trimSet(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(textOp)
	s, set, r := textArg(c, args, 0), textArg(c, args, 1), living(c)
	for k := range r.n {
		p := r.at(k)
		t, chars := s.at(p), set.at(p)
		if op != opRTrim {
			for len(t) > 0 {
				_, w := utf8.DecodeRune(t)
				if !hasChar(chars, t[:w]) {
					break
				}
				t = t[w:]
			}
		}
		if op != opLTrim {
			for len(t) > 0 {
				_, w := utf8.DecodeLastRune(t)
				if !hasChar(chars, t[len(t)-w:]) {
					break
				}
				t = t[:len(t)-w]
			}
		}
		out.PutString(p, t)
	}
	return nil
}

// hasChar reports whether the character ch is one of those of set.
func hasChar(set, ch []byte) bool { return bytes.Contains(set, ch) }

func trimFunction(name, what, example, result string, op textOp) *function.Scalar {
	return &function.Scalar{Name: name, Category: "string", Description: what, Example: example, Result: result, Overloads: []function.Overload{
		with(op, sig(varchar, runText, varchar)), with(op, sig(varchar, trimSet, varchar, varchar))}}
}

func textFunction(name string, aliases []string, what, example, result string, op textOp) *function.Scalar {
	return &function.Scalar{Name: name, Aliases: aliases, Category: "string", Description: what, Example: example, Result: result,
		Overloads: []function.Overload{with(op, sig(varchar, runText, varchar))}}
}

var textCases = []*function.Scalar{
	textFunction("upper", []string{"ucase"}, "The text in upper case.", "upper('straße é')", "STRAẞE É", opUpper),
	textFunction("lower", []string{"lcase"}, "The text in lower case.", "lower('ÀB')", "àb", opLower),
	textFunction("strip_accents", nil, "The text without accents.", "strip_accents('mühleisen')", "muhleisen", opStripAccents),
	textFunction("nfc_normalize", nil, "The text in Unicode's normal form C, in which letters and accents are one where they can be.", "nfc_normalize('ardèch')", "ardèch", opNFC),
	textFunction("reverse", nil, "The characters from last to first.", "reverse('héllo')", "olléh", opReverse),
	textFunction("regexp_escape", nil, "The text with the characters that mean something in a regular expression escaped.", "regexp_escape('a.b')", `a\.b`, opRegexpEscape),
	textFunction("url_encode", nil, "The text with percent escapes.", "url_encode('a b')", "a%20b", opURLEncode),
	textFunction("url_decode", nil, "The text without percent escapes.", "url_decode('a%20b')", "a b", opURLDecode),
	textFunction("parse_filename", nil, "What follows the last slash.", "parse_filename('a/b.txt')", "b.txt", opFilename),
	trimFunction("trim", "The text without blanks, or the given characters, at both ends.", "trim('xxaxx', 'x')", "a", opTrim),
	trimFunction("ltrim", "The text without blanks, or the given characters, in front.", "ltrim('xyxa', 'xy')", "a", opLTrim),
	trimFunction("rtrim", "The text without blanks, or the given characters, at the end.", "rtrim('axyx', 'xy')", "a", opRTrim),
}
