package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// orderItems parses the keys of ORDER BY. With all, ORDER BY ALL and * are taken.
func (p *parser) orderItems(all bool) []ast.OrderItem {
	var items []ast.OrderItem
	for {
		item := ast.OrderItem{At: p.pos()}
		switch {
		case all && len(items) == 0 && p.acceptKw(lexer.KwAll):
			item.All = true
		default:
			item.Expr = p.expr()
		}
		p.orderModifiers(&item)
		items = append(items, item)
		if !p.comma() || p.err != nil {
			if all && len(items) == 1 && isPlainStar(items[0].Expr) {
				items[0].All, items[0].Expr = true, nil // ORDER BY *
			}
			return items
		}
	}
}

// isPlainStar reports whether e is * without anything around it.
func isPlainStar(e ast.Expr) bool {
	s, ok := e.(*ast.Star)
	return ok && len(s.Qualifier)+len(s.Exclude)+len(s.Replace)+len(s.Rename) == 0 && s.Like == nil
}

func (p *parser) orderModifiers(item *ast.OrderItem) {
	switch {
	case p.acceptKw(lexer.KwAsc):
		item.Dir = ast.DirAsc
	case p.acceptKw(lexer.KwDesc):
		item.Dir = ast.DirDesc
	}
	if p.atKw(lexer.KwNulls) {
		switch p.peek(1).Keyword {
		case lexer.KwFirst:
			item.Nulls = ast.NullsFirst
		case lexer.KwLast:
			item.Nulls = ast.NullsLast
		default:
			return
		}
		p.advance()
		p.advance()
	}
}

// limit parses LIMIT, OFFSET and FETCH in any order; nil when there is none.
func (p *parser) limit() *ast.Limit {
	var l *ast.Limit
	count, offset := false, false
	for {
		at := p.pos()
		switch {
		case !count && p.acceptKw(lexer.KwLimit):
			count = true
			if l == nil {
				l = &ast.Limit{At: at}
			}
			if p.acceptKw(lexer.KwAll) {
				continue
			}
			l.Count = p.expr()
			if p.accept(lexer.Percent) || p.acceptKw(lexer.KwPercent) {
				l.Percent = true
			}
		case !offset && p.acceptKw(lexer.KwOffset):
			offset = true
			if l == nil {
				l = &ast.Limit{At: at}
			}
			l.Offset = p.expr()
			if !p.acceptKw(lexer.KwRows) {
				p.acceptKw(lexer.KwRow)
			}
		case !count && p.acceptKw(lexer.KwFetch):
			count = true
			if l == nil {
				l = &ast.Limit{At: at}
			}
			if !p.acceptKw(lexer.KwFirst) {
				p.expectKw(lexer.KwNext)
			}
			l.Count = &ast.Literal{At: at, Kind: ast.LitInteger, Text: "1"}
			if !p.atKw(lexer.KwRow) && !p.atKw(lexer.KwRows) {
				l.Count = p.exprPrec(precAdd)
			}
			if !p.acceptKw(lexer.KwRows) {
				p.expectKw(lexer.KwRow)
			}
			p.expectKw(lexer.KwOnly)
		default:
			if l != nil && l.Count == nil && l.Offset == nil {
				return nil // LIMIT ALL
			}
			return l
		}
		if p.err != nil {
			return l
		}
	}
}

// sample parses what follows USING SAMPLE or TABLESAMPLE.
func (p *parser) sample() *ast.Sample {
	s := &ast.Sample{At: p.pos()}
	if isFunctionName(p.tok) && p.peek(1).Kind == lexer.LParen {
		// method(size)
		s.Method = lower(p.take().Name)
		open := p.advance()
		p.sampleSize(s)
		p.close(lexer.RParen, `")"`, open)
		p.sampleSeed(s)
		return s
	}
	if p.at(lexer.LParen) && p.peek(2).Kind != lexer.RParen {
		open := p.advance()
		p.sampleSize(s)
		p.close(lexer.RParen, `")"`, open)
	} else {
		p.sampleSize(s)
	}
	if p.at(lexer.LParen) {
		open := p.advance()
		s.Method = lower(p.label().Name)
		if p.accept(lexer.Comma) {
			s.Seed = p.exprPrec(precAdd)
		}
		p.close(lexer.RParen, `")"`, open)
	}
	p.sampleSeed(s)
	return s
}

func (p *parser) sampleSize(s *ast.Sample) {
	s.Size = p.exprPrec(precPower)
	switch {
	case p.accept(lexer.Percent), p.acceptKw(lexer.KwPercent):
		s.Percent = true
	case p.acceptKw(lexer.KwRows):
	}
}

func (p *parser) sampleSeed(s *ast.Sample) {
	if p.acceptKw(lexer.KwRepeatable) {
		open := p.expect(lexer.LParen, `"("`)
		s.Seed = p.exprPrec(precAdd)
		p.close(lexer.RParen, `")"`, open)
	}
}
