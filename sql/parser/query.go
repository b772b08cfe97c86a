package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// startsQuery reports whether t begins a query without parentheses; after is
// the token that follows it.
func startsQuery(t, after lexer.Token) bool {
	switch t.Keyword {
	case lexer.KwSelect, lexer.KwFrom, lexer.KwWith, lexer.KwPivot, lexer.KwUnpivot, lexer.KwPivotWider,
		lexer.KwPivotLonger:
		return true
	case lexer.KwTable:
		return true
	case lexer.KwValues:
		return after.Kind == lexer.LParen
	}
	return false
}

// atQuery reports whether a query starts here, without parentheses.
func (p *parser) atQuery() bool {
	return p.tok.Keyword != lexer.NotKeyword && startsQuery(p.tok, p.peek(1))
}

// parensOpenQuery reports whether the current run of opening parentheses leads
// to a query (or to DESCRIBE and its like).
func (p *parser) parensOpenQuery() bool {
	if !p.at(lexer.LParen) {
		return false
	}
	n := 1
	for p.peek(n).Kind == lexer.LParen {
		n++
		if n > MaxNesting+1 {
			return true // whatever it is, the nesting limit will refuse it
		}
	}
	t := p.peek(n)
	return t.Keyword != lexer.NotKeyword && (startsQuery(t, p.peek(n+1)) || startsDescription(t))
}

// startsDescription reports whether t begins a statement that may stand in
// parentheses in FROM.
func startsDescription(t lexer.Token) bool {
	switch t.Keyword {
	case lexer.KwDescribe, lexer.KwShow, lexer.KwSummarize, lexer.KwDesc:
		return true
	}
	return false
}

// query parses a whole query, parenthesised or not.
func (p *parser) query() *ast.Query {
	outer := p.scope()
	defer p.endScope(outer)
	q := &ast.Query{At: p.pos()}
	if p.atKw(lexer.KwWith) {
		q.With = p.with()
	}
	q.Body = p.setOps(nil, false)
	return p.queryTail(q)
}

// queryAfter continues a query whose first term, in parentheses, has been read.
func (p *parser) queryAfter(first *ast.Query) *ast.Query {
	q := &ast.Query{At: first.At}
	q.Body = p.setOps(unwrap(first), false)
	return p.queryTail(q)
}

// atQueryTail reports whether what follows can continue a query.
func (p *parser) atQueryTail() bool {
	switch p.tok.Keyword {
	case lexer.KwUnion, lexer.KwExcept, lexer.KwIntersect, lexer.KwOrder, lexer.KwLimit, lexer.KwOffset, lexer.KwFetch:
		return true
	}
	return false
}

// queryTail parses ORDER BY and LIMIT and returns q, or the query in its
// parentheses if q adds nothing to it.
func (p *parser) queryTail(q *ast.Query) *ast.Query {
	if p.acceptKw(lexer.KwOrder) {
		p.expectKw(lexer.KwBy)
		q.OrderBy = p.orderItems(true)
	}
	q.Limit = p.limit()
	if p.atKw(lexer.KwFor) {
		p.unsupported(p.tok, "a locking clause")
	}
	if inner, ok := q.Body.(*ast.Query); ok && q.With == nil && q.OrderBy == nil && q.Limit == nil {
		return inner
	}
	return q
}

// unwrap drops the Query around a body that has no clauses of its own.
func unwrap(q *ast.Query) ast.QueryBody {
	if q != nil && q.With == nil && q.OrderBy == nil && q.Limit == nil {
		return q.Body
	}
	return q
}

// with parses WITH [RECURSIVE] and its common table expressions.
func (p *parser) with() *ast.With {
	w := &ast.With{At: p.pos()}
	p.expectKw(lexer.KwWith)
	w.Recursive = p.acceptKw(lexer.KwRecursive)
	for {
		w.CTEs = append(w.CTEs, p.cte())
		if !p.accept(lexer.Comma) {
			return w
		}
	}
}

func (p *parser) cte() *ast.CTE {
	c := &ast.CTE{At: p.pos(), Name: p.nameOrString()}
	if p.at(lexer.LParen) {
		c.Columns = p.nameList()
	}
	if p.acceptKw(lexer.KwUsing) {
		p.expectKw(lexer.KwKey)
		c.Key = p.nameList()
	}
	p.expectKw(lexer.KwAs)
	if p.acceptKw(lexer.KwMaterialized) {
		c.Materialized = ast.MaterializeAlways
	} else if p.acceptKws(lexer.KwNot, lexer.KwMaterialized) {
		c.Materialized = ast.MaterializeNever
	}
	open := p.expect(lexer.LParen, `"("`)
	if p.enter() {
		outer := p.scope()
		c.Stmt = p.statement()
		p.endScope(outer)
	}
	p.leave()
	p.close(lexer.RParen, `")"`, open)
	return c
}

// setOps parses terms joined by UNION and EXCEPT, or, with tight, by INTERSECT
// alone. A first term that has been read already may be given.
func (p *parser) setOps(first ast.QueryBody, tight bool) ast.QueryBody {
	outer := p.height
	p.height = 0
	left := first
	switch {
	case !tight:
		left = p.setOps(first, true)
	case left == nil:
		left = p.queryTerm()
	default:
		p.height = outer
	}
	var chain *ast.SetOp // left, when this loop made it
	for {
		var kind ast.SetOpKind
		switch {
		case tight && p.atKw(lexer.KwIntersect):
			kind = ast.Intersect
		case !tight && p.atKw(lexer.KwUnion):
			kind = ast.Union
		case !tight && p.atKw(lexer.KwExcept):
			kind = ast.Except
		default:
			p.height = max(outer, p.height)
			return left
		}
		at := p.pos()
		p.advance()
		all := p.acceptKw(lexer.KwAll)
		if !all {
			p.acceptKw(lexer.KwDistinct)
		}
		byName := p.acceptKws(lexer.KwBy, lexer.KwName)
		var right ast.QueryBody
		if tight {
			right = p.queryTerm()
		} else {
			right = p.setOps(nil, true)
		}
		if chain != nil && chain.Kind == kind && chain.All == all && chain.ByName == byName {
			chain.Terms = append(chain.Terms, right)
			continue
		}
		chain = &ast.SetOp{At: at, Kind: kind, All: all, ByName: byName, Terms: []ast.QueryBody{left, right}}
		left = chain
		p.grow()
	}
}

// queryTerm parses one operand of a set operation.
func (p *parser) queryTerm() ast.QueryBody {
	outer := p.scope()
	defer p.endScope(outer)
	switch p.tok.Keyword {
	case lexer.KwSelect, lexer.KwFrom:
		return p.selectBody()
	case lexer.KwValues:
		return p.values()
	case lexer.KwTable:
		at := p.pos()
		p.advance()
		t := &ast.TableName{At: p.pos(), Parts: p.qualified()}
		return selectAll(at, t)
	case lexer.KwPivot, lexer.KwPivotWider:
		return p.pivotStatement()
	case lexer.KwUnpivot, lexer.KwPivotLonger:
		return p.unpivotStatement()
	}
	if p.at(lexer.LParen) {
		open := p.advance()
		defer p.leave()
		if !p.enter() {
			return nil
		}
		q := p.parenQuery()
		p.close(lexer.RParen, `")"`, open)
		return unwrap(q)
	}
	p.unexpected("a query")
	return nil
}

// parenQuery parses what stands in the parentheses of a query: a query, or a
// description, which becomes SELECT * FROM (description).
func (p *parser) parenQuery() *ast.Query {
	if startsDescription(p.tok) {
		at := p.pos()
		t := &ast.StatementTable{At: at, Stmt: p.statement()}
		return &ast.Query{At: at, Body: selectAll(at, t)}
	}
	return p.query()
}

// selectAll is SELECT * FROM t.
func selectAll(at ast.At, t ast.TableRef) *ast.Select {
	return &ast.Select{At: at, Items: []ast.SelectItem{{At: at, Expr: &ast.Star{At: at}}}, From: []ast.TableRef{t}}
}

// values parses VALUES (...), (...).
func (p *parser) values() *ast.Values {
	v := &ast.Values{At: p.pos()}
	p.expectKw(lexer.KwValues)
	for {
		at := p.tok
		open := p.expect(lexer.LParen, `"("`)
		row := p.exprList(nil)
		p.close(lexer.RParen, `")"`, open)
		if len(v.Rows) > 0 && len(row) != len(v.Rows[0]) && p.err == nil {
			p.fail(int(at.Start), sqlerr.CodeSyntax, "VALUES lists must all be the same length: %d and %d", len(v.Rows[0]), len(row))
		}
		v.Rows = append(v.Rows, row)
		if !p.accept(lexer.Comma) || !p.at(lexer.LParen) {
			return v
		}
	}
}

// selectBody parses SELECT ... or FROM ... [SELECT ...].
func (p *parser) selectBody() *ast.Select {
	s := &ast.Select{At: p.pos()}
	fromFirst := p.acceptKw(lexer.KwFrom)
	if fromFirst {
		s.From = p.fromList()
	}
	if p.acceptKw(lexer.KwSelect) {
		switch {
		case p.acceptKw(lexer.KwDistinct):
			s.Distinct = true
			if p.acceptKw(lexer.KwOn) {
				open := p.expect(lexer.LParen, `"("`)
				s.DistinctOn = p.exprList(nil)
				p.close(lexer.RParen, `")"`, open)
			}
		default:
			p.acceptKw(lexer.KwAll)
		}
		s.Items = p.selectItems()
	} else {
		s.Items = []ast.SelectItem{{At: s.At, Expr: &ast.Star{At: s.At}}}
	}
	if p.atKw(lexer.KwInto) {
		p.unsupported(p.tok, "SELECT INTO")
		return s
	}
	if !fromFirst && p.acceptKw(lexer.KwFrom) {
		s.From = p.fromList()
	}
	if p.acceptKw(lexer.KwWhere) {
		s.Where = p.expr()
	}
	if p.atKw(lexer.KwGroup) {
		s.GroupBy = p.groupBy()
	}
	if p.acceptKw(lexer.KwHaving) {
		s.Having = p.expr()
	}
	for {
		switch {
		case s.Windows == nil && p.acceptKw(lexer.KwWindow):
			s.Windows = p.windowDefs()
		case s.Qualify == nil && p.acceptKw(lexer.KwQualify):
			s.Qualify = p.expr()
		case s.Sample == nil && p.atKw(lexer.KwUsing) && p.peek(1).Keyword == lexer.KwSample:
			p.advance()
			p.advance()
			s.Sample = p.sample()
		default:
			return s
		}
		if p.err != nil {
			return s
		}
	}
}

// selectItems parses a select list (also that of RETURNING).
func (p *parser) selectItems() []ast.SelectItem {
	items := make([]ast.SelectItem, 0, 4)
	for {
		items = append(items, p.selectItem())
		if !p.comma() || p.err != nil {
			return items
		}
	}
}

func (p *parser) selectItem() ast.SelectItem {
	item := ast.SelectItem{At: p.pos()}
	if isName(p.tok) && p.atPrefixAlias() {
		item.Alias = p.labelOrString()
		p.advance()
		item.Expr = p.expr()
		return item
	}
	item.Expr = p.expr()
	switch {
	case p.acceptKw(lexer.KwAs):
		item.Alias = p.labelOrString()
	case p.tok.Kind == lexer.QuotedIdent,
		p.tok.Kind == lexer.Ident && p.tok.Keyword.Category() == lexer.Unreserved:
		p.alias = p.tok
		item.Alias = p.take()
	}
	return item
}

// groupBy parses GROUP BY.
func (p *parser) groupBy() *ast.GroupBy {
	g := &ast.GroupBy{At: p.pos()}
	p.expectKw(lexer.KwGroup)
	p.expectKw(lexer.KwBy)
	if p.acceptKw(lexer.KwAll) {
		g.All = true
		return g
	}
	if p.at(lexer.Star) {
		switch p.peek(1).Kind {
		case lexer.EOF, lexer.RParen, lexer.Semicolon:
			p.advance()
			g.All = true
			return g
		}
	}
	g.Items = p.groupItems(false)
	return g
}

// groupItems parses the items of GROUP BY or, nested, of a grouping operation.
func (p *parser) groupItems(nested bool) []ast.GroupItem {
	var items []ast.GroupItem
	for {
		items = append(items, p.groupItem(nested))
		if !p.comma() || p.err != nil {
			return items
		}
	}
}

func (p *parser) groupItem(nested bool) ast.GroupItem {
	g := ast.GroupItem{At: p.pos()}
	switch {
	case p.atKw(lexer.KwRollup) && p.peek(1).Kind == lexer.LParen:
		g.Kind = ast.GroupRollup
		p.advance()
	case p.atKw(lexer.KwCube) && p.peek(1).Kind == lexer.LParen:
		g.Kind = ast.GroupCube
		p.advance()
	case p.atKw(lexer.KwGrouping) && p.peek(1).Keyword == lexer.KwSets:
		g.Kind = ast.GroupSets
		p.advance()
		p.advance()
	case p.at(lexer.LParen) && p.peek(1).Kind == lexer.RParen:
		p.advance()
		p.advance()
		g.Kind = ast.GroupSet
		return g
	default:
		e := p.expr()
		if row, ok := e.(*ast.Row); ok && !row.Explicit {
			g.Kind, g.Exprs = ast.GroupSet, row.Elems
			return g
		}
		g.Exprs = []ast.Expr{e}
		return g
	}
	open := p.expect(lexer.LParen, `"("`)
	if p.enter() {
		g.Items = p.groupItems(true)
	}
	p.leave()
	p.close(lexer.RParen, `")"`, open)
	return g
}
