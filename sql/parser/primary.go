package parser

import (
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// lower is the lower-case form of a word of the language.
func lower(s string) string { return strings.ToLower(s) }

// number makes a literal of the current number.
func (p *parser) number() *ast.Literal {
	t := p.advance()
	lit := &ast.Literal{At: ast.At(t.Start), Text: p.lex.NumberValue(t)}
	switch t.Kind {
	case lexer.Integer:
		lit.Kind = ast.LitInteger
	case lexer.Decimal:
		lit.Kind = ast.LitDecimal
	default:
		lit.Kind = ast.LitFloat
	}
	p.height = max(p.height, 1)
	return lit
}

// primary parses an operand: a literal, a name, a call, or something in
// brackets. The operators after it are postfix's and infix's business.
func (p *parser) primary() ast.Expr {
	p.height = max(p.height, 1)
	t := p.tok
	at := ast.At(t.Start)
	switch t.Kind {
	case lexer.Integer, lexer.Decimal, lexer.Float:
		return p.number()
	case lexer.String, lexer.EString, lexer.Dollar:
		return &ast.Literal{At: at, Kind: ast.LitString, Text: p.stringValue()}
	case lexer.HexString:
		return p.hexString()
	case lexer.BitString:
		p.advance()
		typ := &ast.TypeName{At: at, Parts: []ast.Ident{{At: at, Name: "bit"}}}
		return &ast.TypedLiteral{At: at, Type: typ, Text: p.lex.StringValue(t)}
	case lexer.Param:
		p.advance()
		return p.numberedParam(at, p.lex.Raw(t)[1:])
	case lexer.NamedParam:
		p.advance()
		return &ast.Parameter{At: at, Name: p.lex.IdentValue(t)}
	case lexer.Question:
		p.advance()
		if p.at(lexer.Integer) && p.tok.Start == t.End {
			return p.numberedParam(at, p.lex.Raw(p.advance()))
		}
		p.params++
		return &ast.Parameter{At: at, Index: p.params}
	case lexer.Colon:
		if n := p.peek(1); isLabel(n) && n.Start == t.End {
			p.advance()
			return &ast.Parameter{At: at, Name: p.take().Name}
		}
	case lexer.Hash:
		if n := p.peek(1); n.Kind == lexer.Integer {
			p.advance()
			i, err := strconv.ParseInt(p.lex.Raw(n), 10, 32)
			if err != nil || i < 1 {
				p.fail(int(t.Start), sqlerr.CodeSyntax, "a positional reference starts at 1: #%s", p.lex.Raw(n))
			}
			p.advance()
			return &ast.PositionalRef{At: at, Index: int(i)}
		}
	case lexer.Star:
		return p.star(at, nil)
	case lexer.StarStar:
		// **COLUMNS(...): unpacked keyword arguments are the same as *COLUMNS
		if p.peek(1).Keyword == lexer.KwColumns {
			p.advance()
			c := p.columns(at, nil)
			c.Unpack = true
			return c
		}
	case lexer.LParen:
		return p.parenExpr(at)
	case lexer.LBracket:
		return p.list(at)
	case lexer.LBrace:
		return p.structLiteral(at)
	case lexer.Ident:
		if t.Keyword != lexer.NotKeyword {
			if e, ok := p.keywordPrimary(t); ok {
				p.grow()
				return e
			}
		}
		if isFunctionName(t) {
			return p.nameExpr(at)
		}
	case lexer.QuotedIdent:
		return p.nameExpr(at)
	}
	p.unexpected("an expression")
	return nil
}

func (p *parser) numberedParam(at ast.At, digits string) ast.Expr {
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 1 || n > 65535 {
		p.fail(int(at), sqlerr.CodeUndefinedParameter, "parameter numbers go from 1 to 65535: $%s", digits)
	}
	p.params = max(p.params, int(n))
	return &ast.Parameter{At: at, Index: int(n)}
}

func (p *parser) hexString() ast.Expr {
	t := p.advance()
	digits := p.lex.StringValue(t)
	raw := make([]byte, 0, len(digits)/2)
	for i := 0; i+1 < len(digits); i += 2 {
		b, err := strconv.ParseUint(digits[i:i+2], 16, 8)
		if err != nil {
			p.fail(int(t.Start)+2+i, sqlerr.CodeSyntax, "invalid hexadecimal digit in blob literal")
			return nil
		}
		raw = append(raw, byte(b))
	}
	if len(digits)%2 != 0 {
		p.fail(int(t.Start), sqlerr.CodeSyntax, "blob literal has an odd number of hexadecimal digits")
	}
	return &ast.Literal{At: ast.At(t.Start), Kind: ast.LitBlob, Text: string(raw)}
}

// parenExpr parses (expr), (a, b) and (SELECT ...).
func (p *parser) parenExpr(at ast.At) ast.Expr {
	q, list := p.parenthesised()
	switch {
	case q != nil:
		p.grow()
		return &ast.Subquery{At: at, Query: q}
	case len(list) == 1:
		return list[0]
	case len(list) == 0:
		if p.err == nil {
			p.fail(int(at), sqlerr.CodeSyntax, "the parentheses are empty")
		}
		return nil
	}
	p.grow()
	return &ast.Row{At: at, Elems: list}
}

// list parses [a, b] and [e FOR x IN l IF c].
func (p *parser) list(at ast.At) ast.Expr {
	open := p.advance()
	defer p.grow()
	if p.accept(lexer.RBracket) {
		return &ast.List{At: at}
	}
	first := p.expr()
	if p.acceptKw(lexer.KwFor) {
		c := &ast.ListComprehension{At: at, Elem: first}
		c.Vars = append(c.Vars, p.name())
		if p.accept(lexer.Comma) {
			c.Vars = append(c.Vars, p.name())
		}
		p.expectKw(lexer.KwIn)
		c.Source = p.expr()
		if p.acceptKw(lexer.KwIf) {
			c.Filter = p.expr()
		}
		p.close(lexer.RBracket, `"]"`, open)
		return c
	}
	l := &ast.List{At: at, Elems: []ast.Expr{first}}
	if p.comma() {
		l.Elems = p.exprList(l.Elems)
	}
	p.close(lexer.RBracket, `"]"`, open)
	return l
}

// structLiteral parses {'a': x, b: y}.
func (p *parser) structLiteral(at ast.At) ast.Expr {
	open := p.advance()
	defer p.grow()
	s := &ast.Struct{At: at}
	for !p.at(lexer.RBrace) && p.err == nil {
		name := ast.Ident{At: p.pos()}
		if p.tok.IsString() {
			name.Name = p.stringValue() // may be empty, unlike other names
		} else {
			name = p.label()
		}
		p.expect(lexer.Colon, `":"`)
		s.Fields = append(s.Fields, ast.StructField{At: name.At, Name: name.Name, Value: p.expr()})
		if !p.comma() {
			break
		}
	}
	p.close(lexer.RBrace, `"}"`, open)
	return s
}

// mapLiteral parses the braces of MAP {k: v}.
func (p *parser) mapLiteral(at ast.At) ast.Expr {
	open := p.advance()
	m := &ast.Map{At: at}
	for !p.at(lexer.RBrace) && p.err == nil {
		m.Keys = append(m.Keys, p.expr())
		p.expect(lexer.Colon, `":"`)
		m.Values = append(m.Values, p.expr())
		if !p.comma() {
			break
		}
	}
	p.close(lexer.RBrace, `"}"`, open)
	return m
}

// postfix parses subscripts, casts, fields and methods after an operand.
func (p *parser) postfix(x ast.Expr) ast.Expr {
	for p.err == nil {
		at := p.pos()
		switch p.tok.Kind {
		case lexer.LBracket:
			x = p.subscript(x)
		case lexer.Typecast:
			p.advance()
			x = &ast.Cast{At: at, X: x, Type: p.typeName()}
		case lexer.Dot:
			p.advance()
			name := p.label()
			if p.at(lexer.LParen) {
				c := p.call(at, []ast.Ident{name})
				c.Args = append([]ast.Expr{x}, c.Args...)
				c.Method = true
				x = c
			} else {
				x = &ast.Field{At: at, X: x, Name: name}
			}
		default:
			return x
		}
		p.grow()
	}
	return x
}

// subscript parses [i] and [lo:hi:step].
func (p *parser) subscript(x ast.Expr) ast.Expr {
	open := p.advance()
	at := ast.At(open.Start)
	var lo ast.Expr
	if !p.at(lexer.Colon) {
		lo = p.expr()
		if p.at(lexer.RBracket) {
			p.advance()
			return &ast.Index{At: at, X: x, I: lo}
		}
	}
	s := &ast.Slice{At: at, X: x, Lo: lo}
	p.expect(lexer.Colon, `":" or "]"`)
	switch {
	case p.at(lexer.RBracket):
	case p.at(lexer.Minus) && (p.peek(1).Kind == lexer.RBracket || p.peek(1).Kind == lexer.Colon):
		p.advance()
	case !p.at(lexer.Colon):
		s.Hi = p.expr()
	}
	if p.accept(lexer.Colon) && !p.at(lexer.RBracket) {
		s.Step = p.expr()
	}
	p.close(lexer.RBracket, `"]"`, open)
	return s
}

// star parses * with its modifiers; the qualifier has been read.
func (p *parser) star(at ast.At, qualifier []ast.Ident) ast.Expr {
	p.advance()
	if p.atKw(lexer.KwColumns) && p.peek(1).Kind == lexer.LParen {
		c := p.columns(at, qualifier)
		c.Unpack = true
		return c
	}
	s := &ast.Star{At: at, Qualifier: qualifier}
	if p.atKw(lexer.KwExclude) && p.starWord() {
		p.advance()
		p.starList(func() { s.Exclude = append(s.Exclude, p.starColumn()) })
	}
	if p.atKw(lexer.KwReplace) && p.starWord() {
		p.advance()
		p.starList(func() {
			r := ast.StarReplace{At: p.pos(), Expr: p.expr()}
			p.expectKw(lexer.KwAs)
			r.Column = p.labelOrString()
			s.Replace = append(s.Replace, r)
		})
	}
	if p.atKw(lexer.KwRename) && p.starWord() {
		p.advance()
		p.starList(func() {
			r := ast.StarRename{At: p.pos(), Column: p.starColumn()}
			p.expectKw(lexer.KwAs)
			r.Name = p.labelOrString()
			s.Rename = append(s.Rename, r)
		})
	}
	p.grow()
	return s
}

// starWord reports whether the modifier word here is followed by what it takes,
// and is not an alias.
func (p *parser) starWord() bool {
	t := p.peek(1)
	return t.Kind == lexer.LParen || t.IsString() || isName(t) || isNumber(t)
}

// starList parses one element, or several in parentheses.
func (p *parser) starList(element func()) {
	if !p.at(lexer.LParen) {
		element()
		return
	}
	open := p.advance()
	for p.err == nil {
		element()
		if !p.comma() {
			break
		}
	}
	p.close(lexer.RParen, `")"`, open)
}

func (p *parser) starColumn() []ast.Ident {
	parts := []ast.Ident{p.labelOrName()}
	for p.accept(lexer.Dot) {
		parts = append(parts, p.label())
	}
	return parts
}

// columns parses COLUMNS(arg).
func (p *parser) columns(at ast.At, qualifier []ast.Ident) *ast.Columns {
	p.advance()
	open := p.expect(lexer.LParen, `"("`)
	c := &ast.Columns{At: at, Qualifier: qualifier, Arg: p.expr()}
	p.close(lexer.RParen, `")"`, open)
	p.grow()
	return c
}
