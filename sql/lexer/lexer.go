package lexer

import (
	"unicode"
	"unicode/utf8"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// MaxText is the longest text, in bytes, that the lexer takes: 16 MiB.
const MaxText = 16 << 20

// Lexer splits one text into tokens. The zero value reads an empty text; use
// [New]. It is not for concurrent use.
type Lexer struct {
	text string
	pos  int
	err  *sqlerr.Error
	open Unclosed
}

// Unclosed says what a text ends in the middle of.
type Unclosed uint8

// What may be left open at the end of a text.
const (
	Closed Unclosed = iota
	OpenString
	OpenIdent
	OpenDollar
	OpenComment
)

// New returns a lexer for text. A text that is too long or not UTF-8 gives an
// Invalid token at once.
func New(text string) Lexer {
	l := Lexer{text: text}
	if len(text) > MaxText {
		l.fail(0, sqlerr.CodeLimitExceeded, "query text is longer than the limit of %d bytes: %d", MaxText, len(text))
		return l
	}
	if !utf8.ValidString(text) {
		l.fail(firstInvalid(text), sqlerr.CodeInvalidEncoding, "query text is not valid UTF-8")
	}
	return l
}

func firstInvalid(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return 0
}

// Text returns the whole text.
func (l *Lexer) Text() string { return l.text }

// Err returns the error behind an Invalid token, nil if there was none.
func (l *Lexer) Err() error {
	if l.err == nil {
		return nil
	}
	return l.err
}

// Unclosed tells what the text ended within, once EOF or Invalid was returned.
func (l *Lexer) Unclosed() Unclosed { return l.open }

// fail records the first error; from now on Next gives Invalid, then EOF.
func (l *Lexer) fail(pos int, code, format string, args ...any) {
	if l.err == nil {
		l.err = sqlerr.At(pos, code, format, args...)
	}
}

// invalid records a syntax error and returns the token that stands for it.
func (l *Lexer) invalid(start int, open Unclosed, message string) Token {
	l.fail(start, sqlerr.CodeSyntax, "%s", message)
	l.open = open
	return l.stop()
}

// stop ends the token stream at the error.
func (l *Lexer) stop() Token {
	l.pos = len(l.text)
	at := int32(min(max(l.err.Pos, 0), len(l.text)))
	return Token{Kind: Invalid, Start: at, End: at}
}

// Next returns the next token.
func (l *Lexer) Next() Token {
	if l.err != nil {
		if l.pos >= len(l.text) {
			return Token{Kind: EOF, Start: int32(len(l.text)), End: int32(len(l.text))}
		}
		return l.stop()
	}
	if !l.skipSpace() {
		return l.stop()
	}
	text := l.text
	if l.pos >= len(text) {
		return Token{Kind: EOF, Start: int32(len(text)), End: int32(len(text))}
	}
	start := l.pos
	c := text[start]
	switch charClass[c] {
	case classLetter:
		return l.word(start)
	case classDigit:
		return l.number(start)
	case classOperator:
		return l.operator(start)
	case classPunct:
		l.pos++
		return Token{Kind: punctKind[c], Start: int32(start), End: int32(l.pos)}
	}
	switch c {
	case '\'':
		return l.quoted(start, start+1, '\'', String)
	case '"':
		return l.quoted(start, start+1, '"', QuotedIdent)
	case '.':
		if start+1 < len(text) && isDigit(text[start+1]) {
			return l.number(start)
		}
		l.pos++
		return Token{Kind: Dot, Start: int32(start), End: int32(l.pos)}
	case ':':
		kind := Colon
		l.pos++
		if l.pos < len(text) && text[l.pos] == ':' {
			kind = Typecast
			l.pos++
		} else if l.pos < len(text) && text[l.pos] == '=' {
			kind = Assign
			l.pos++
		}
		return Token{Kind: kind, Start: int32(start), End: int32(l.pos)}
	case '$':
		return l.dollar(start)
	}
	if c < 0x20 || c == 0x7f {
		return l.invalid(start, Closed, "invalid control character in query text")
	}
	return l.invalid(start, Closed, "syntax error at or near \""+text[start:start+1]+"\"")
}

// skipSpace moves over white space and comments; false after an error.
func (l *Lexer) skipSpace() bool {
	text := l.text
	i := l.pos
	for i < len(text) {
		c := text[i]
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			i++
		case c == '-' && i+1 < len(text) && text[i+1] == '-':
			i += 2
			for i < len(text) && text[i] != '\n' && text[i] != '\r' {
				i++
			}
		case c == '/' && i+1 < len(text) && text[i+1] == '*':
			end := skipBlockComment(text, i)
			if end < 0 {
				l.invalid(i, OpenComment, "unterminated /* comment")
				return false
			}
			i = end
		case c >= utf8.RuneSelf:
			n := spaceAt(text, i)
			if n == 0 {
				l.pos = i
				return true
			}
			i += n
		default:
			l.pos = i
			return true
		}
	}
	l.pos = i
	return true
}

// skipBlockComment returns the offset after the comment, which may contain
// others, that starts at i; -1 when it does not end.
func skipBlockComment(text string, i int) int {
	depth := 0
	for i+1 < len(text) {
		switch {
		case text[i] == '/' && text[i+1] == '*':
			depth++
			i += 2
		case text[i] == '*' && text[i+1] == '/':
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return -1
}

// spaceAt returns the length of the Unicode space (or byte order mark, or zero
// width space) at i, 0 if there is none.
func spaceAt(text string, i int) int {
	r, n := utf8.DecodeRuneInString(text[i:])
	if unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' {
		return n
	}
	return 0
}

// word reads an identifier, a keyword, or a string with a letter before it.
func (l *Lexer) word(start int) Token {
	text := l.text
	if start+1 < len(text) && text[start+1] == '\'' {
		switch text[start] {
		case 'e', 'E':
			return l.escapeString(start)
		case 'x', 'X':
			return l.quoted(start, start+2, '\'', HexString)
		case 'b', 'B':
			return l.quoted(start, start+2, '\'', BitString)
		}
	}
	hash := uint32(hashSeed)
	i := start
	for i < len(text) {
		c := text[i]
		if k := charClass[c]; k != classLetter && k != classDigit && c != '$' {
			break
		}
		if c >= utf8.RuneSelf {
			n := spaceAt(text, i)
			if n > 0 {
				break
			}
			_, n = utf8.DecodeRuneInString(text[i:])
			i += n
			hash = 0 // no keyword has such letters; the comparison rules out the rest
			continue
		}
		hash = hashByte(hash, c)
		i++
	}
	l.pos = i
	t := Token{Kind: Ident, Start: int32(start), End: int32(i)}
	if i-start <= maxKeywordLen {
		t.Keyword = lookupHash(text[start:i], hash)
	}
	return t
}

// quoted reads to the closing quote; a doubled quote stands for itself.
func (l *Lexer) quoted(start, from int, quote byte, kind Kind) Token {
	text := l.text
	escaped := false
	for i := from; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		if i+1 < len(text) && text[i+1] == quote {
			escaped = true
			i++
			continue
		}
		l.pos = i + 1
		if kind == QuotedIdent && i == from {
			return l.invalid(start, Closed, "zero-length quoted identifier")
		}
		return Token{Kind: kind, Escaped: escaped, Start: int32(start), End: int32(i + 1)}
	}
	if kind == QuotedIdent {
		return l.invalid(start, OpenIdent, "unterminated quoted identifier")
	}
	return l.invalid(start, OpenString, "unterminated quoted string")
}

// escapeString reads E'...', in which a backslash escapes the next character.
func (l *Lexer) escapeString(start int) Token {
	text := l.text
	for i := start + 2; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '\'':
			if i+1 < len(text) && text[i+1] == '\'' {
				i++
				continue
			}
			l.pos = i + 1
			t := Token{Kind: EString, Start: int32(start), End: int32(l.pos)}
			if _, bad, msg := unescape(text[start+2 : i]); msg != "" {
				return l.invalid(start+2+bad, Closed, msg)
			}
			return t
		}
	}
	return l.invalid(start, OpenString, "unterminated quoted string")
}

// dollar reads $1, $name, or a dollar-quoted string.
func (l *Lexer) dollar(start int) Token {
	text := l.text
	i := start + 1
	if i < len(text) && isDigit(text[i]) {
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		l.pos = i
		return Token{Kind: Param, Start: int32(start), End: int32(i)}
	}
	for i < len(text) && (charClass[text[i]] == classLetter || charClass[text[i]] == classDigit) {
		if text[i] >= utf8.RuneSelf && spaceAt(text, i) > 0 {
			break
		}
		i++
	}
	if i < len(text) && text[i] == '$' {
		tag := text[start : i+1]
		for j := i + 1; j+len(tag) <= len(text); j++ {
			if text[j] == '$' && text[j:j+len(tag)] == tag {
				l.pos = j + len(tag)
				return Token{Kind: Dollar, Start: int32(start), End: int32(l.pos)}
			}
		}
		return l.invalid(start, OpenDollar, "unterminated dollar-quoted string")
	}
	if i == start+1 {
		return l.invalid(start, Closed, "syntax error at or near \"$\"")
	}
	l.pos = i
	return Token{Kind: NamedParam, Start: int32(start), End: int32(i)}
}
