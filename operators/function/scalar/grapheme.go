package scalar

import (
	"unicode"
	"unicode/utf8"
)

// graphemeStart returns where the last character, as a reader sees it, of s
// begins: letters with their marks, emoji with modifiers or joined, flags, and
// a line end of two bytes stay together. Source: Unicode Standard Annex 29,
// extended grapheme clusters, without the rules for Hangul jamo and Indic
// conjuncts. s is not empty.
func graphemeStart(s []byte) int {
	r, w := utf8.DecodeLastRune(s)
	at := len(s) - w
	if r < 0x300 {
		if r == '\n' && at > 0 && s[at-1] == '\r' {
			at--
		}
		return at
	}
	for {
		for at > 0 && extends(r) {
			r, w = utf8.DecodeLastRune(s[:at])
			if r < 0x20 {
				return at // marks do not join a control character
			}
			at -= w
		}
		// r begins the cluster, unless something joins it to what is before.
		before, w := utf8.DecodeLastRune(s[:at])
		switch {
		case before == joiner && pictographic(r):
			at -= w
			r = before
			if prev, _ := utf8.DecodeLastRune(s[:at]); at > 0 && (extends(prev) || pictographic(prev)) {
				continue
			}
			return at + w
		case flagLetter(r) && flagLetter(before):
			// Flags are pairs, counted from the first letter.
			n, k := 0, at
			for k > 0 {
				b, bw := utf8.DecodeLastRune(s[:k])
				if !flagLetter(b) {
					break
				}
				n++
				k -= bw
			}
			if n%2 == 1 {
				at -= w
			}
		}
		return at
	}
}

const joiner = 0x200d

// extends reports whether r belongs to the character before it.
func extends(r rune) bool {
	return r == joiner || r == 0x200c || 0x1f3fb <= r && r <= 0x1f3ff || 0xe0020 <= r && r <= 0xe007f || unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc)
}

// pictographic reports whether r can be part of a joined emoji.
func pictographic(r rune) bool {
	return r >= 0x2190 && r <= 0x2bff || r >= 0x1f000 && r <= 0x1faff && !flagLetter(r) && !extends(r) || r == 0x3030 || r == 0x303d || r == 0x3297 || r == 0x3299
}

func flagLetter(r rune) bool { return 0x1f1e6 <= r && r <= 0x1f1ff }
