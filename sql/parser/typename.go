package parser

import (
	"strconv"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// maxArrayLength is the longest fixed array that a type name may ask for.
const maxArrayLength = 1 << 31

// typeName parses a type.
func (p *parser) typeName() *ast.TypeName {
	t := &ast.TypeName{At: p.pos()}
	outer := p.scope()
	defer p.endScope(outer)
	defer p.leave()
	if !p.enter() {
		return t
	}
	p.acceptKw(lexer.KwSetof)
	p.typeHead(t)
	for p.err == nil {
		if p.at(lexer.LBracket) {
			open := p.advance()
			dim := int64(-1)
			if p.at(lexer.Integer) {
				dim = p.arrayLength()
			}
			p.close(lexer.RBracket, `"]"`, open)
			t.Dims = append(t.Dims, dim)
		} else if p.acceptKw(lexer.KwArray) {
			dim := int64(-1)
			if p.at(lexer.LBracket) {
				open := p.advance()
				if p.at(lexer.Integer) {
					dim = p.arrayLength()
				}
				p.close(lexer.RBracket, `"]"`, open)
			}
			t.Dims = append(t.Dims, dim)
		} else {
			break
		}
		p.grow()
	}
	return t
}

func (p *parser) arrayLength() int64 {
	tok := p.advance()
	n, err := strconv.ParseInt(p.lex.NumberValue(tok), 10, 64)
	if err != nil || n > maxArrayLength {
		p.fail(int(tok.Start), sqlerr.CodeLimitExceeded, "array type is too long: %s", p.lex.Raw(tok))
	}
	return n
}

// typeHead parses the name and what is in its parentheses.
func (p *parser) typeHead(t *ast.TypeName) {
	at := p.pos()
	set := func(name string) { t.Parts = []ast.Ident{{At: at, Name: name}} }
	switch p.tok.Keyword {
	case lexer.KwDouble:
		p.advance()
		p.acceptKw(lexer.KwPrecision)
		set("double")
		p.typeMods(t)
		return
	case lexer.KwNational, lexer.KwCharacter, lexer.KwChar, lexer.KwNchar:
		if p.advance().Keyword == lexer.KwNational && !p.acceptKw(lexer.KwCharacter) {
			p.expectKw(lexer.KwChar)
		}
		p.acceptKw(lexer.KwVarying)
		set("varchar")
		p.typeMods(t)
		return
	case lexer.KwBit:
		p.advance()
		p.acceptKw(lexer.KwVarying)
		set("bit")
		p.typeMods(t)
		return
	case lexer.KwTime, lexer.KwTimestamp:
		name := p.advance().Keyword.String()
		set(name)
		p.typeMods(t)
		if p.acceptKws(lexer.KwWith, lexer.KwTime, lexer.KwZone) {
			set(name + "tz")
		} else {
			p.acceptKws(lexer.KwWithout, lexer.KwTime, lexer.KwZone)
		}
		return
	case lexer.KwInterval:
		p.advance()
		set("interval")
		p.intervalUnitRange()
		p.typeMods(t)
		return
	case lexer.KwStruct, lexer.KwRow:
		if p.peek(1).Kind == lexer.LParen {
			p.advance()
			set("struct")
			p.typeFields(t, true)
			return
		}
	case lexer.KwUnion:
		if p.peek(1).Kind == lexer.LParen {
			p.advance()
			set("union")
			p.typeFields(t, true)
			return
		}
	case lexer.KwMap:
		if p.peek(1).Kind == lexer.LParen {
			p.advance()
			set("map")
			p.typeFields(t, false)
			return
		}
	}
	if !isFunctionName(p.tok) {
		p.unexpected("a type")
		return
	}
	t.Parts = []ast.Ident{p.take()}
	for p.at(lexer.Dot) {
		p.advance()
		t.Parts = append(t.Parts, p.label())
	}
	p.typeMods(t)
}

// typeMods parses (18, 3) after a type's name.
func (p *parser) typeMods(t *ast.TypeName) {
	if !p.at(lexer.LParen) {
		return
	}
	open := p.advance()
	if !p.at(lexer.RParen) {
		t.Mods = p.exprList(nil)
	}
	p.close(lexer.RParen, `")"`, open)
}

// typeFields parses (name type, ...) or, without names, (type, ...).
func (p *parser) typeFields(t *ast.TypeName, named bool) {
	open := p.advance()
	for p.err == nil {
		f := ast.TypeField{At: p.pos()}
		if named {
			f.Name = p.labelOrString()
		}
		f.Type = p.typeName()
		t.Fields = append(t.Fields, f)
		if !p.comma() {
			break
		}
	}
	p.close(lexer.RParen, `")"`, open)
}
