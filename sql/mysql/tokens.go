package mysql

import (
	"strings"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// MaxLength is the greatest length of a statement in bytes.
const MaxLength = 1 << 20

// maxAdjacentStrings bounds 'a' 'b' 'c', which stands for one string.
const maxAdjacentStrings = 256

// serverVersion is the version whose reserved words and /*!...*/ comments are
// understood.
const serverVersion = "8.4.6"

func newParser() *sqlparser.Parser {
	p, err := sqlparser.New(sqlparser.Options{MySQLServerVersion: serverVersion})
	if err != nil {
		return sqlparser.NewTestParser() // the version is well formed: never
	}
	return p
}

// token is a token of the text; start and end are bytes of it.
type token struct {
	typ        int
	text       string // unquoted
	start, end int
}

// scanner cuts a text into statements.
type scanner struct {
	text   string
	tok    *sqlparser.Tokenizer
	opened bool // the last token left a string, name or comment open
}

func newScanner(p *sqlparser.Parser, text string) *scanner {
	return &scanner{text: text, tok: p.NewStringTokenizer(text)}
}

// next reads a token that is no comment.
func (s *scanner) next() token {
	for {
		from := s.tok.Pos
		for from < len(s.text) && strings.IndexByte(" \t\r\n", s.text[from]) >= 0 {
			from++
		}
		typ, text := s.tok.Scan()
		if typ == sqlparser.COMMENT {
			continue
		}
		end := min(s.tok.Pos, len(s.text))
		if typ == sqlparser.LEX_ERROR {
			s.opened = end == len(s.text) && from < end && strings.IndexByte("'\"`/", s.text[from]) >= 0
		}
		return token{typ: typ, text: text, start: min(from, end), end: end}
	}
}

// statement is one statement of a text with its tokens.
type statement struct {
	start, end int
	tokens     []token
	params     int // ? parameters
}

// statement reads the tokens up to the next semicolon; no tokens and no error
// mean the end of the text. Errors: 42601 for what is no token, 54000 for a
// statement that is too long, 54001 for one nested too deeply.
func (s *scanner) statement() (*statement, error) {
	st := &statement{start: -1}
	var g guard
	for {
		t := s.next()
		switch t.typ {
		case 0:
			return st, nil
		case ';':
			if st.start < 0 {
				continue
			}
			return st, nil
		case sqlparser.LEX_ERROR:
			if s.opened {
				return st, sqlerr.At(t.start, sqlerr.CodeSyntax, "unterminated %s", openName(s.text[t.start]))
			}
			return st, sqlerr.At(t.start, sqlerr.CodeSyntax, "syntax error at or near %q", clip(s.text[t.start:t.end]))
		}
		if st.start < 0 {
			st.start = t.start
		}
		st.end = t.end
		if st.end-st.start > MaxLength {
			return st, sqlerr.At(st.start, sqlerr.CodeTooComplex, "statement is longer than %d bytes", MaxLength)
		}
		if !g.admit(t) {
			return st, sqlerr.At(t.start, sqlerr.CodeTooComplex, "statement is nested too deeply, the limit is %d levels", parser.MaxNesting)
		}
		if t.typ == sqlparser.VALUE_ARG && s.text[t.start] == '?' {
			st.params++
		}
		st.tokens = append(st.tokens, t)
	}
}

func openName(c byte) string {
	switch c {
	case '`':
		return "quoted identifier"
	case '/':
		return "comment"
	}
	return "string"
}

// guard follows the nesting of a statement.
type guard struct {
	depth   int // of parentheses and CASE
	prefix  int // operators in a row
	strings int // strings in a row
}

// admit counts a token and reports whether the limits hold.
func (g *guard) admit(t token) bool {
	switch t.typ {
	case '(', sqlparser.CASE:
		g.depth++
	case ')', sqlparser.END:
		g.depth = max(g.depth-1, 0)
	}
	switch t.typ {
	case sqlparser.NOT, '!', '-', '+', '~', sqlparser.BINARY:
		g.prefix++
	default:
		g.prefix = 0
	}
	if t.typ == sqlparser.STRING {
		g.strings++
	} else {
		g.strings = 0
	}
	return g.depth <= parser.MaxNesting && g.prefix <= parser.MaxNesting && g.strings <= maxAdjacentStrings
}

// Split finds the statements of a text by its tokens alone; see parser.Split.
func Split(text string) ([]parser.Span, error) {
	s := newScanner(newParser(), text)
	var spans []parser.Span
	for {
		st, err := s.statement()
		if err != nil {
			start := st.start
			if start < 0 {
				start = min(s.tok.Pos, len(text))
			}
			return append(spans, parser.Span{Start: start, End: len(text)}), err
		}
		if st.start < 0 {
			return spans, nil
		}
		spans = append(spans, parser.Span{Start: st.start, End: st.end})
	}
}

// Completeness tells what the end of the text is within; see
// parser.Completeness.
func Completeness(text string) parser.Completion {
	s := newScanner(newParser(), text)
	depth := 0
	state := parser.Empty
	for {
		switch t := s.next(); t.typ {
		case 0:
			return state
		case sqlparser.LEX_ERROR:
			if !s.opened {
				return parser.Broken
			}
			switch text[t.start] {
			case '`':
				return parser.InIdent
			case '/':
				return parser.InComment
			}
			return parser.InString
		case '(':
			depth++
			state = parser.InParen
		case ')':
			if depth = max(depth-1, 0); depth == 0 {
				state = parser.NeedSemicolon
			}
		case ';':
			if depth == 0 && state != parser.Empty {
				state = parser.Complete
			}
		default:
			if depth == 0 {
				state = parser.NeedSemicolon
			}
		}
	}
}

// clip shortens a text for a message.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
