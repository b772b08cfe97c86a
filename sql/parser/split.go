package parser

import "github.com/gannetdb/gannet/sql/lexer"

// Span is a half-open range of bytes.
type Span struct{ Start, End int }

// Split finds the statements of a text by its tokens alone, without parsing
// them: each span begins at the first token and ends after the last one before
// a semicolon. Empty statements are dropped. What cannot be read as tokens
// belongs to the last span, and err says why; the spans before it are good.
func Split(sql string) (spans []Span, err error) {
	lex := lexer.New(sql)
	start, end := -1, 0
	flush := func() {
		if start >= 0 {
			spans = append(spans, Span{start, end})
		}
		start = -1
	}
	for {
		switch t := lex.Next(); t.Kind {
		case lexer.EOF:
			flush()
			return spans, nil
		case lexer.Invalid:
			if start < 0 {
				start = int(t.Start)
			}
			end = len(sql)
			flush()
			return spans, lex.Err()
		case lexer.Semicolon:
			flush()
		default:
			if start < 0 {
				start = int(t.Start)
			}
			end = int(t.End)
		}
	}
}

// Completion says whether a text at an interactive prompt is ready to run.
type Completion uint8

// The states of a text at a prompt.
const (
	Empty         Completion = iota // white space, comments and semicolons only
	Complete                        // ends with a semicolon
	NeedSemicolon                   // ends within a statement
	InString                        // ends within '...'
	InIdent                         // ends within "..."
	InDollar                        // ends within $$...$$
	InComment                       // ends within /* ... */
	InParen                         // a bracket is open, whether a semicolon follows or not
	Broken                          // cannot be read as tokens; running it gives the error
)

// Completeness tells what the end of the text is within. A semicolon counts
// only outside of strings, comments and brackets.
func Completeness(sql string) Completion {
	lex := lexer.New(sql)
	depth := 0
	state := Empty
	for {
		switch t := lex.Next(); t.Kind {
		case lexer.EOF:
			return state
		case lexer.Invalid:
			switch lex.Unclosed() {
			case lexer.OpenString:
				return InString
			case lexer.OpenIdent:
				return InIdent
			case lexer.OpenDollar:
				return InDollar
			case lexer.OpenComment:
				return InComment
			}
			return Broken
		case lexer.LParen, lexer.LBracket, lexer.LBrace:
			depth++
			state = InParen
		case lexer.RParen, lexer.RBracket, lexer.RBrace:
			if depth > 0 {
				depth--
			}
			if depth == 0 {
				state = NeedSemicolon
			}
		case lexer.Semicolon:
			if depth == 0 && state != Empty {
				state = Complete
			}
		default:
			if depth == 0 {
				state = NeedSemicolon
			}
		}
	}
}

// IsComplete reports whether a prompt should run the text: it ends a statement,
// or waiting for more would not mend it.
func IsComplete(sql string) bool {
	c := Completeness(sql)
	return c == Complete || c == Broken
}
