package scalar

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// accents is a place for the decomposed text of a call.
type accents struct{ b []byte }

// strip appends s without accents, in normal form C; invalid bytes stay as they
// are.
func (a *accents) strip(dst, s []byte) []byte {
	if ascii(s) {
		return append(dst, s...)
	}
	a.b = norm.NFD.Append(a.b[:0], s...)
	n := 0
	for i := 0; i < len(a.b); {
		r, w := rune(a.b[i]), 1
		if r >= utf8.RuneSelf {
			r, w = utf8.DecodeRune(a.b[i:])
		}
		if r < utf8.RuneSelf || r == utf8.RuneError || !unicode.Is(unicode.M, r) {
			n += copy(a.b[n:], a.b[i:i+w])
		}
		i += w
	}
	return norm.NFC.Append(dst, a.b[:n]...)
}

// appendNFC appends s in normal form C.
func appendNFC(dst, s []byte) []byte {
	if ascii(s) {
		return append(dst, s...)
	}
	return norm.NFC.Append(dst, s...)
}
