package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// pivotStatement parses PIVOT t ON columns USING aggregates GROUP BY columns.
func (p *parser) pivotStatement() ast.QueryBody {
	n := &ast.Pivot{At: p.pos()}
	p.advance()
	n.Source = p.pivotSource()
	if p.acceptKw(lexer.KwOn) {
		for {
			n.Columns = append(n.Columns, p.pivotColumn())
			if !p.comma() || p.err != nil {
				break
			}
		}
	}
	if p.acceptKw(lexer.KwUsing) {
		n.Aggregates = p.selectItems()
	}
	n.GroupBy = p.pivotGroups()
	if len(n.Columns)+len(n.Aggregates)+len(n.GroupBy) == 0 {
		p.unexpected("ON, USING or GROUP BY")
	}
	return selectAll(n.At, n)
}

// pivotSource is a table reference; the item's own pivots would swallow ours.
func (p *parser) pivotSource() ast.TableRef {
	outer := p.scope()
	defer p.endScope(outer)
	t := p.tablePrimary()
	for p.atJoin() && p.err == nil {
		t = p.join(t)
		p.grow()
	}
	return t
}

func (p *parser) pivotGroups() []ast.Expr {
	if !p.acceptKw(lexer.KwGroup) {
		return nil
	}
	p.expectKw(lexer.KwBy)
	return p.exprList(nil)
}

// pivotItem parses t PIVOT (aggregates FOR columns GROUP BY columns) alias.
func (p *parser) pivotItem(source ast.TableRef) ast.TableRef {
	n := &ast.Pivot{At: p.pos(), Source: source}
	p.advance()
	open := p.expect(lexer.LParen, `"("`)
	// The clauses may be absent as they may in a statement.
	if !p.atKw(lexer.KwFor) && !p.atKw(lexer.KwGroup) {
		n.Aggregates = p.selectItems()
	}
	for p.acceptKw(lexer.KwFor) && p.err == nil {
		n.Columns = append(n.Columns, p.pivotColumn())
		p.accept(lexer.Comma)
	}
	for !p.at(lexer.RParen) && !p.atKw(lexer.KwGroup) && p.err == nil {
		n.Columns = append(n.Columns, p.pivotColumn())
		p.accept(lexer.Comma)
	}
	n.GroupBy = p.pivotGroups()
	p.close(lexer.RParen, `")"`, open)
	n.Alias = p.tableAlias()
	return n
}

// pivotColumn parses expr [IN (values)].
func (p *parser) pivotColumn() ast.PivotColumn {
	c := ast.PivotColumn{At: p.pos()}
	e := p.exprPrec(precOp)
	if row, ok := e.(*ast.Row); ok && !row.Explicit {
		c.Exprs = row.Elems
	} else {
		c.Exprs = []ast.Expr{e}
	}
	if !p.acceptKw(lexer.KwIn) {
		return c
	}
	if !p.at(lexer.LParen) {
		c.Enum = p.name()
		return c
	}
	if startsQuery(p.peek(1), p.peek(2)) {
		open := p.advance()
		c.InQuery = p.query()
		p.close(lexer.RParen, `")"`, open)
		return c
	}
	open := p.advance()
	c.In = p.pivotValues()
	p.close(lexer.RParen, `")"`, open)
	return c
}

// pivotValues parses expressions with aliases, with or without AS.
func (p *parser) pivotValues() []ast.SelectItem { return p.selectItems() }

// unpivotStatement parses UNPIVOT t ON columns INTO NAME n VALUE v.
func (p *parser) unpivotStatement() ast.QueryBody {
	n := &ast.Unpivot{At: p.pos()}
	p.advance()
	n.Source = p.pivotSource()
	n.IncludeNulls = p.unpivotNulls()
	p.expectKw(lexer.KwOn)
	n.Columns = p.selectItems()
	n.Name = ast.Ident{At: n.At, Name: "name"}
	n.Values = []ast.Ident{{At: n.At, Name: "value"}}
	if p.acceptKw(lexer.KwInto) {
		p.expectKw(lexer.KwName)
		n.Name = p.name()
		if !p.acceptKw(lexer.KwValues) {
			p.expectKw(lexer.KwValue)
		}
		n.Values = n.Values[:0]
		for {
			n.Values = append(n.Values, p.name())
			if !p.comma() || p.err != nil {
				break
			}
		}
	}
	return selectAll(n.At, n)
}

func (p *parser) unpivotNulls() bool {
	if p.acceptKws(lexer.KwInclude, lexer.KwNulls) {
		return true
	}
	p.acceptKws(lexer.KwExclude, lexer.KwNulls)
	return false
}

// unpivotItem parses t UNPIVOT [INCLUDE NULLS] (values FOR name IN (columns)).
func (p *parser) unpivotItem(source ast.TableRef) ast.TableRef {
	n := &ast.Unpivot{At: p.pos(), Source: source}
	p.advance()
	n.IncludeNulls = p.unpivotNulls()
	open := p.expect(lexer.LParen, `"("`)
	if p.at(lexer.LParen) {
		n.Values = p.nameList()
	} else {
		n.Values = []ast.Ident{p.name()}
	}
	p.expectKw(lexer.KwFor)
	n.Name = p.name()
	p.expectKw(lexer.KwIn)
	if p.at(lexer.LParen) {
		inner := p.advance()
		n.Columns = p.selectItems()
		p.close(lexer.RParen, `")"`, inner)
	} else {
		n.Columns = p.selectItems()
	}
	p.close(lexer.RParen, `")"`, open)
	n.Alias = p.tableAlias()
	return n
}
