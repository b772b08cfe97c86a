package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

const (
	// MaxNesting is the deepest nesting of constructs in a statement.
	MaxNesting = 500
	// MaxHeight is the greatest height of a statement's tree.
	MaxHeight = 1000
)

// Part is a statement with its place: Text[Start:End] is the statement without
// the semicolon and without white space around it.
type Part struct {
	Stmt       ast.Statement
	Start, End int
	// Params is the number of ? parameters, or the largest $n, in it.
	Params int
}

// Parse parses the statements of sql, which are separated by semicolons; empty
// ones are dropped. Positions of nodes and errors are offsets into sql.
func Parse(sql string) ([]ast.Statement, error) {
	parts, err := ParseScript(sql)
	if err != nil {
		return nil, err
	}
	out := make([]ast.Statement, len(parts))
	for i := range parts {
		out[i] = parts[i].Stmt
	}
	return out, nil
}

// ParseOne parses a text that holds exactly one statement (a semicolon may
// follow); none or several are error 42601.
func ParseOne(sql string) (ast.Statement, error) {
	parts, err := ParseScript(sql)
	if err != nil {
		return nil, err
	}
	switch len(parts) {
	case 0:
		return nil, sqlerr.At(0, sqlerr.CodeSyntax, "the query is empty")
	case 1:
		return parts[0].Stmt, nil
	}
	return nil, sqlerr.At(parts[1].Start, sqlerr.CodeSyntax, "expected one statement, found %d", len(parts))
}

// ParseScript is [Parse] that also returns where each statement stands. On an
// error the statements before the faulty one are returned with it.
func ParseScript(sql string) ([]Part, error) {
	p := newParser(sql)
	var parts []Part
	for p.err == nil {
		for p.accept(lexer.Semicolon) {
		}
		if p.at(lexer.EOF) {
			break
		}
		p.params, p.height, p.depth = 0, 0, 0
		start := int(p.tok.Start)
		stmt := p.statement()
		if !p.at(lexer.Semicolon) && !p.at(lexer.EOF) {
			p.unexpected("")
		}
		if p.err != nil {
			break
		}
		parts = append(parts, Part{Stmt: stmt, Start: start, End: int(p.prev.End), Params: p.params})
	}
	return parts, p.failure()
}

// ParseExpr parses a text that is one expression.
func ParseExpr(sql string) (ast.Expr, error) {
	p := newParser(sql)
	e := p.expr()
	p.end()
	if err := p.failure(); err != nil {
		return nil, err
	}
	return e, nil
}

// ParseType parses a text that is one type name, such as DECIMAL(18,3)[].
func ParseType(sql string) (*ast.TypeName, error) {
	p := newParser(sql)
	t := p.typeName()
	p.end()
	if err := p.failure(); err != nil {
		return nil, err
	}
	return t, nil
}

// parser holds the state of one parse.
type parser struct {
	lex lexer.Lexer
	tok lexer.Token // the current token
	// prev is the token before it.
	prev lexer.Token
	// ahead are the tokens after tok that have been read: ahead[next:].
	ahead []lexer.Token
	next  int

	err    *sqlerr.Error
	depth  int // open constructs, see enter
	height int // of the highest tree built since the scope began, see grow
	params int

	// alias is the last name taken as an alias without AS, which may be a
	// misspelt keyword.
	alias lexer.Token
}

func newParser(sql string) *parser {
	p := &parser{lex: lexer.New(sql)}
	p.ahead = make([]lexer.Token, 0, 32)
	p.tok = p.lex.Next()
	if p.tok.Kind == lexer.Invalid {
		p.lexError()
	}
	return p
}

// advance moves to the next token and returns the one it leaves.
func (p *parser) advance() lexer.Token {
	t := p.tok
	if p.err != nil || t.Kind == lexer.EOF {
		return t
	}
	p.prev = t
	if p.next < len(p.ahead) {
		p.tok = p.ahead[p.next]
		p.next++
		if p.next == len(p.ahead) {
			p.ahead, p.next = p.ahead[:0], 0
		}
	} else {
		p.tok = p.lex.Next()
	}
	if p.tok.Kind == lexer.Invalid {
		p.lexError()
	}
	return t
}

// peek returns the n-th token after the current one; n >= 1.
func (p *parser) peek(n int) lexer.Token {
	if p.err != nil {
		return p.tok
	}
	for len(p.ahead)-p.next < n {
		p.ahead = append(p.ahead, p.lex.Next())
	}
	return p.ahead[p.next+n-1]
}

// failure returns the error as an interface.
func (p *parser) failure() error {
	if p.err == nil {
		return nil
	}
	return p.err
}

// at reports whether the current token has the kind.
func (p *parser) at(k lexer.Kind) bool { return p.tok.Kind == k }

// atKw reports whether the current token is the keyword.
func (p *parser) atKw(k lexer.Keyword) bool { return p.tok.Keyword == k }

// accept moves over a token of the kind.
func (p *parser) accept(k lexer.Kind) bool {
	if p.tok.Kind != k {
		return false
	}
	p.advance()
	return true
}

// acceptKw moves over a keyword.
func (p *parser) acceptKw(k lexer.Keyword) bool {
	if p.tok.Keyword != k {
		return false
	}
	p.advance()
	return true
}

// acceptKws moves over a sequence of keywords if all are there.
func (p *parser) acceptKws(first lexer.Keyword, rest ...lexer.Keyword) bool {
	if p.tok.Keyword != first {
		return false
	}
	for i, k := range rest {
		if p.peek(i+1).Keyword != k {
			return false
		}
	}
	for range len(rest) + 1 {
		p.advance()
	}
	return true
}

// expect moves over a token of the kind or fails.
func (p *parser) expect(k lexer.Kind, what string) lexer.Token {
	if p.tok.Kind != k {
		p.unexpected(what)
		return p.tok
	}
	return p.advance()
}

// expectKw moves over a keyword or fails.
func (p *parser) expectKw(k lexer.Keyword) {
	if p.tok.Keyword != k {
		p.unexpectedKw(k)
		return
	}
	p.advance()
}

// close moves over a closing bracket or fails, naming the opening one.
func (p *parser) close(k lexer.Kind, what string, open lexer.Token) {
	if p.tok.Kind == k {
		p.advance()
		return
	}
	if p.err != nil {
		return
	}
	p.unexpected(what)
	if p.err.Code == sqlerr.CodeSyntax && p.tok.Kind == lexer.EOF && p.err.Hint == "" {
		line, col := sqlerr.LineColumn(p.lex.Text(), int(open.Start))
		p.err = p.err.WithHint("%q at line %d, column %d is not closed", p.lex.Raw(open), line, col)
	}
}

// end fails unless the text is used up.
func (p *parser) end() {
	if !p.at(lexer.EOF) {
		p.unexpected("")
	}
}

// pos is the position of the current token.
func (p *parser) pos() ast.At { return ast.At(p.tok.Start) }

// word reports whether the current token is the given word, keyword or not, in
// any case and without quotes. Lower is lower case.
func (p *parser) word(lower string) bool { return p.isWord(p.tok, lower) }

func (p *parser) isWord(t lexer.Token, lower string) bool {
	if t.Kind != lexer.Ident || int(t.End-t.Start) != len(lower) {
		return false
	}
	raw := p.lex.Raw(t)
	for i := 0; i < len(lower); i++ {
		c := raw[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// acceptWord moves over a word.
func (p *parser) acceptWord(lower string) bool {
	if !p.word(lower) {
		return false
	}
	p.advance()
	return true
}

// enter counts a level of nesting and fails beyond MaxNesting. Every recursion
// of the parser passes it or is bounded by the number of precedences. The
// caller calls leave in any case.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > MaxNesting {
		p.fail(int(p.tok.Start), sqlerr.CodeTooComplex, "statement is nested too deeply, the limit is %d levels", MaxNesting)
	}
	return p.err == nil
}

func (p *parser) leave() { p.depth-- }

// scope begins a node that will be a child of what is being built, and returns
// what to give to endScope. Within a scope height is that of the highest child.
func (p *parser) scope() int {
	outer := p.height
	p.height = 0
	return outer
}

// endScope adds the node itself and returns to the scope outside.
func (p *parser) endScope(outer int) {
	p.grow()
	p.height = max(outer, p.height)
}

// grow counts one more node on top of those of the scope.
func (p *parser) grow() {
	p.height++
	if p.height > MaxHeight {
		p.fail(int(p.prev.Start), sqlerr.CodeTooComplex, "expression is too deep, the limit is %d levels", MaxHeight)
	}
}
