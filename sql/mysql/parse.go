package mysql

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Parse parses the statements of a text, which are separated by semicolons;
// empty ones are dropped. Positions are offsets into text. The statements
// before a faulty one are returned with its error.
func Parse(text string) ([]parser.Part, error) {
	p := newParser()
	s := newScanner(p, text)
	var parts []parser.Part
	for {
		st, err := s.statement()
		if err != nil {
			return parts, err
		}
		if st.start < 0 {
			return parts, nil
		}
		tree, err := parseStatement(p, text, st)
		if err != nil {
			return parts, err
		}
		parts = append(parts, parser.Part{Stmt: tree, Start: st.start, End: st.end, Params: st.params})
	}
}

// parseStatement parses and converts one statement.
func parseStatement(p *sqlparser.Parser, text string, st *statement) (tree ast.Statement, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = sqlerr.At(st.start, sqlerr.CodeInternal, "the mysql parser failed: %v", r).WithDetail("%s", debug.Stack())
		}
	}()
	parsed, err := p.ParseStrictDDL(text[st.start:st.end])
	if err != nil {
		return nil, syntaxError(text, st, err)
	}
	c := newConverter(text, st)
	tree = c.statement(parsed)
	if c.err != nil {
		return nil, c.err
	}
	return tree, nil
}

// syntaxError gives a parser's error a code and the position of the token that
// it did not expect.
func syntaxError(text string, st *statement, err error) error {
	var at sqlparser.PositionedErr
	if !errors.As(err, &at) {
		return sqlerr.At(st.start, sqlerr.CodeSyntax, "%s", clip(err.Error()))
	}
	end := st.start + at.Pos - 1 // of the token
	if at.Near != "" || end < st.end {
		for _, t := range slices.Backward(st.tokens) {
			if t.start < end && end <= t.end+1 {
				return sqlerr.At(t.start, sqlerr.CodeSyntax, "syntax error at or near %q", clip(text[t.start:t.end]))
			}
		}
	}
	return sqlerr.At(st.end, sqlerr.CodeSyntax, "syntax error at the end of the statement")
}

// typeOf names a node of Vitess's tree for a message.
func typeOf(n any) string {
	s := fmt.Sprintf("%T", n)
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '.' {
			return s[i+1:]
		}
	}
	return s
}
