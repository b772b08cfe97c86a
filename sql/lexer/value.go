package lexer

import (
	"math/big"
	"strings"
	"unicode/utf8"
)

// Raw returns the token's text as written.
func (l *Lexer) Raw(t Token) string { return l.text[t.Start:t.End] }

// IdentValue returns the name that an Ident, QuotedIdent or NamedParam denotes:
// without quotes or dollar sign, the case as written. It is a substring of the
// text unless quotes had to be undoubled.
func (l *Lexer) IdentValue(t Token) string {
	switch t.Kind {
	case QuotedIdent:
		s := l.text[t.Start+1 : t.End-1]
		if t.Escaped {
			s = strings.ReplaceAll(s, `""`, `"`)
		}
		return s
	case NamedParam:
		return l.text[t.Start+1 : t.End]
	}
	return l.text[t.Start:t.End]
}

// StringValue returns the value of a String, EString, Dollar, HexString (its
// digits) or BitString token; a substring of the text where nothing is escaped.
func (l *Lexer) StringValue(t Token) string {
	s := l.text[t.Start:t.End]
	switch t.Kind {
	case String:
		s = s[1 : len(s)-1]
		if t.Escaped {
			s = strings.ReplaceAll(s, "''", "'")
		}
	case HexString, BitString:
		s = s[2 : len(s)-1]
	case EString:
		s, _, _ = unescape(s[2 : len(s)-1])
	case Dollar:
		tag := strings.IndexByte(s[1:], '$') + 2
		s = s[tag : len(s)-tag]
	}
	return s
}

// NumberValue returns the normalised text of an Integer, Decimal or Float: no
// underscores, no needless leading zeros, prefixed integers in decimal. Digits
// on either side of a dot may be missing, which tells .5 from 0.5: their decimal
// types differ. It is a substring of the text where that is possible.
func (l *Lexer) NumberValue(t Token) string {
	s := l.text[t.Start:t.End]
	if t.Kind == Integer && len(s) > 2 && s[0] == '0' && (s[1]|0x20 == 'x' || s[1]|0x20 == 'o' || s[1]|0x20 == 'b') {
		return radixValue(s)
	}
	if strings.IndexByte(s, '_') >= 0 {
		s = strings.ReplaceAll(s, "_", "")
	}
	for len(s) > 1 && s[0] == '0' && isDigit(s[1]) {
		s = s[1:]
	}
	if t.Kind == Integer {
		return s
	}
	return s
}

// maxRadixDigits bounds the conversion to decimal, which is quadratic; no
// integer type is as long. Longer literals keep their first digits' magnitude
// by being refused as out of range later.
const maxRadixDigits = 4096

func radixValue(s string) string {
	base := 16
	switch s[1] | 0x20 {
	case 'o':
		base = 8
	case 'b':
		base = 2
	}
	digits := strings.ReplaceAll(s[2:], "_", "")
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return "0"
	}
	if len(digits) > maxRadixDigits {
		return "1" + strings.Repeat("0", len(digits)/4)
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return "0"
	}
	return n.String()
}

// unescape resolves the escapes of E'...': \b \f \n \r \t \v, octal \ooo, hex \xhh,
// \uXXXX, \UXXXXXXXX, any other character for itself, and ”. On an error it
// returns the offset of the escape and a message.
func unescape(s string) (value string, bad int, message string) {
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '\'') < 0 {
		return s, 0, ""
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		c := s[i]
		if c == '\'' {
			b.WriteByte(c)
			i += 2
			continue
		}
		if c != '\\' || i+1 >= len(s) {
			b.WriteByte(c)
			i++
			continue
		}
		at := i
		c = s[i+1]
		i += 2
		switch {
		case c == 'b':
			b.WriteByte('\b')
		case c == 'f':
			b.WriteByte('\f')
		case c == 'n':
			b.WriteByte('\n')
		case c == 'r':
			b.WriteByte('\r')
		case c == 't':
			b.WriteByte('\t')
		case c == 'v':
			b.WriteByte('\v')
		case c >= '0' && c <= '7':
			v := rune(c - '0')
			for n := 1; n < 3 && i < len(s) && s[i] >= '0' && s[i] <= '7'; n++ {
				v = v*8 + rune(s[i]-'0')
				i++
			}
			b.WriteByte(byte(v))
		case c == 'x':
			v, n := hexRun(s[i:], 2)
			if n == 0 {
				b.WriteByte(c)
				continue
			}
			i += n
			b.WriteByte(byte(v))
		case c == 'u' || c == 'U':
			want := 4
			if c == 'U' {
				want = 8
			}
			v, n := hexRun(s[i:], want)
			if n < want || !utf8.ValidRune(v) || v == 0 {
				return "", at, "invalid Unicode escape in string"
			}
			i += n
			b.WriteRune(v)
		default:
			b.WriteByte(c)
		}
	}
	out := b.String()
	if !utf8.ValidString(out) {
		return "", 0, "escapes in string do not form valid UTF-8"
	}
	return out, 0, ""
}

// hexRun reads up to most hexadecimal digits.
func hexRun(s string, most int) (v rune, n int) {
	for n < most && n < len(s) {
		c := s[n]
		switch {
		case isDigit(c):
			v = v<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | rune(c|0x20-'a'+10)
		default:
			return v, n
		}
		n++
	}
	return v, n
}
