package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// keywordPrimary parses the operands that begin with a keyword of their own; ok
// is false when the keyword at t is just a name here.
func (p *parser) keywordPrimary(t lexer.Token) (e ast.Expr, ok bool) {
	at := ast.At(t.Start)
	after := p.peek(1)
	paren := after.Kind == lexer.LParen
	switch t.Keyword {
	case lexer.KwNull:
		p.advance()
		return &ast.Literal{At: at, Kind: ast.LitNull, Text: "null"}, true
	case lexer.KwTrue, lexer.KwFalse:
		p.advance()
		return &ast.Literal{At: at, Kind: ast.LitBool, Text: t.Keyword.String()}, true
	case lexer.KwDefault:
		p.advance()
		return &ast.Default{At: at}, true
	case lexer.KwCase:
		return p.caseExpr(at), true
	case lexer.KwCast, lexer.KwTryCast:
		if paren {
			return p.cast(at, t.Keyword == lexer.KwTryCast), true
		}
	case lexer.KwExists:
		if paren {
			p.advance()
			q, _ := p.parenthesised()
			if q == nil && p.err == nil {
				p.fail(int(after.Start), sqlerr.CodeSyntax, "EXISTS takes a subquery")
			}
			return &ast.Exists{At: at, Query: q}, true
		}
	case lexer.KwArray:
		return p.array(at), true
	case lexer.KwRow:
		if paren {
			p.advance()
			open := p.advance()
			row := &ast.Row{At: at, Explicit: true}
			if !p.at(lexer.RParen) {
				row.Elems = p.exprList(nil)
			}
			p.close(lexer.RParen, `")"`, open)
			return row, true
		}
	case lexer.KwMap:
		if after.Kind == lexer.LBrace {
			p.advance()
			return p.mapLiteral(at), true
		}
	case lexer.KwLambda:
		return p.lambda(at), true
	case lexer.KwColumns:
		if paren {
			return p.columns(at, nil), true
		}
	case lexer.KwInterval:
		if paren || after.IsString() || isNumber(after) || after.Kind == lexer.Question ||
			after.Kind == lexer.Param || after.Kind == lexer.NamedParam || isName(after) && p.intervalUnit(p.peek(2)) != "" {
			return p.interval(at), true
		}
	case lexer.KwExtract:
		if paren {
			return p.extract(at), true
		}
	case lexer.KwSubstring:
		if paren {
			return p.substring(at), true
		}
	case lexer.KwTrim:
		if paren {
			return p.trim(at), true
		}
	case lexer.KwPosition:
		if paren {
			return p.position(at), true
		}
	case lexer.KwOverlay:
		if paren {
			return p.overlay(at), true
		}
	case lexer.KwTimestamp, lexer.KwTime:
		if (after.Keyword == lexer.KwWith || after.Keyword == lexer.KwWithout) && p.peek(2).Keyword == lexer.KwTime {
			typ := p.typeName()
			return &ast.TypedLiteral{At: at, Type: typ, Text: p.stringValue()}, true
		}
	case lexer.KwDouble, lexer.KwCharacter, lexer.KwChar, lexer.KwNational, lexer.KwNchar, lexer.KwBit:
		if after.Keyword == lexer.KwPrecision || after.Keyword == lexer.KwVarying {
			typ := p.typeName()
			return &ast.TypedLiteral{At: at, Type: typ, Text: p.stringValue()}, true
		}
	}
	return nil, false
}

// nullaryFunctions are the names that call a function without parentheses.
var nullaryFunctions = map[string]bool{
	"current_date": true, "current_time": true, "current_timestamp": true, "localtime": true,
	"localtimestamp": true, "current_catalog": true, "current_schema": true, "current_database": true,
	"current_user": true, "current_role": true, "session_user": true, "user": true,
}

// nameExpr parses what begins with a name: a column, t.*, a call, or a type
// before a string.
func (p *parser) nameExpr(at ast.At) ast.Expr {
	t := p.tok
	first := p.take()
	switch {
	case p.tok.IsString() && t.Kind == lexer.Ident || p.at(lexer.String):
		typ := &ast.TypeName{At: at, Parts: []ast.Ident{first}}
		p.grow()
		return &ast.TypedLiteral{At: at, Type: typ, Text: p.stringValue()}
	case t.Kind == lexer.Ident && !p.at(lexer.Dot) && !p.at(lexer.LParen):
		if t.Keyword.Category() == lexer.TypeFunction && !bareColumn(t.Keyword) {
			// not a column: the words before it ended too early
			p.reject(t)
			return nil
		}
		if len(first.Name) >= 4 && p.nullary(first.Name) {
			return &ast.FuncCall{At: at, Name: []ast.Ident{{At: at, Name: lower(first.Name)}}, Bare: true}
		}
	}
	parts := make([]ast.Ident, 1, 2)
	parts[0] = first
	for p.at(lexer.Dot) {
		switch after := p.peek(1); {
		case after.Kind == lexer.Star:
			p.advance()
			return p.star(at, parts)
		case after.Keyword == lexer.KwColumns && p.peek(2).Kind == lexer.LParen:
			p.advance()
			return p.columns(at, parts)
		}
		p.advance()
		parts = append(parts, p.label())
	}
	if p.at(lexer.LParen) {
		c := p.callExpr(at, parts)
		p.grow()
		return c
	}
	return &ast.ColumnRef{At: at, Parts: parts}
}

// bareColumn reports whether a keyword that names functions or types may be a
// column too: those that neither join tables nor are operators.
func bareColumn(k lexer.Keyword) bool {
	switch k {
	case lexer.KwStruct, lexer.KwMap, lexer.KwColumns, lexer.KwUnpack, lexer.KwBinary, lexer.KwVerbose, lexer.KwGenerated:
		return true
	}
	return false
}

// nullary reports whether a bare word calls a function.
func (p *parser) nullary(name string) bool {
	switch name[0] | 0x20 {
	case 'c', 'l', 's', 'u':
		return nullaryFunctions[lower(name)]
	}
	return false
}

// reject fails at a token that has been passed already.
func (p *parser) reject(t lexer.Token) {
	if p.err == nil {
		p.fail(int(t.Start), sqlerr.CodeSyntax, "syntax error at or near \"%s\"", p.lex.Raw(t))
	}
}

// callExpr parses a call in an expression; a call before a string is a type
// with modifiers: DECIMAL(3, 1) '1.5'.
func (p *parser) callExpr(at ast.At, parts []ast.Ident) ast.Expr {
	c := p.call(at, parts)
	if p.at(lexer.String) && p.prev.Kind == lexer.RParen && !c.Distinct && c.Over == nil && c.Filter == nil &&
		c.OrderBy == nil && c.WithinGroup == nil && !p.lineBreakBetween(p.prev, p.tok) {
		typ := &ast.TypeName{At: at, Parts: parts, Mods: c.Args}
		return &ast.TypedLiteral{At: at, Type: typ, Text: p.stringValue()}
	}
	return c
}

func (p *parser) caseExpr(at ast.At) ast.Expr {
	p.advance()
	c := &ast.Case{At: at}
	if !p.atKw(lexer.KwWhen) {
		c.Operand = p.expr()
	}
	for p.atKw(lexer.KwWhen) && p.err == nil {
		w := ast.When{At: p.pos()}
		p.advance()
		w.Cond = p.expr()
		p.expectKw(lexer.KwThen)
		w.Result = p.expr()
		c.Whens = append(c.Whens, w)
	}
	if len(c.Whens) == 0 {
		p.unexpectedKw(lexer.KwWhen)
	}
	if p.acceptKw(lexer.KwElse) {
		c.Else = p.expr()
	}
	p.expectKw(lexer.KwEnd)
	return c
}

func (p *parser) cast(at ast.At, try bool) ast.Expr {
	p.advance()
	open := p.advance()
	c := &ast.Cast{At: at, Try: try, X: p.expr()}
	p.expectKw(lexer.KwAs)
	c.Type = p.typeName()
	p.close(lexer.RParen, `")"`, open)
	return c
}

// array parses ARRAY[...] and ARRAY(SELECT ...).
func (p *parser) array(at ast.At) ast.Expr {
	p.advance()
	switch {
	case p.at(lexer.LBracket):
		if l, ok := p.list(at).(*ast.List); ok {
			return l
		}
		return nil
	case p.at(lexer.LParen):
		open := p.tok
		q, _ := p.parenthesised()
		if q == nil && p.err == nil {
			p.fail(int(open.Start), sqlerr.CodeSyntax, "ARRAY takes a subquery or a list in brackets")
		}
		return &ast.ArraySubquery{At: at, Query: q}
	}
	p.unexpected(`"[" or "("`)
	return nil
}

// lambda parses LAMBDA x, y: body.
func (p *parser) lambda(at ast.At) ast.Expr {
	p.advance()
	l := &ast.Lambda{At: at}
	paren := p.accept(lexer.LParen)
	for {
		l.Params = append(l.Params, p.name())
		if !p.accept(lexer.Comma) {
			break
		}
	}
	if paren {
		p.expect(lexer.RParen, `")"`)
	}
	p.expect(lexer.Colon, `":"`)
	l.Body = p.expr()
	return l
}
