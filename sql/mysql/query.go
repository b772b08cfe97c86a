package mysql

import (
	"strings"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// query converts SELECT, UNION and VALUES with all their clauses.
func (c *converter) query(s sqlparser.TableStatement) *ast.Query {
	defer c.leave()
	q := &ast.Query{At: c.at, Body: &ast.Select{At: c.at}}
	if !c.enter() {
		return q
	}
	switch s := s.(type) {
	case *sqlparser.Select:
		q.With = c.with(s.With)
		q.At = c.peekAt("select")
		q.Body = c.selectBody(s)
		c.queryTail(q, s.OrderBy, s.Limit, s.Lock, s.Into)
	case *sqlparser.Union:
		q.With = c.with(s.With)
		q.At = c.peekAt("select")
		q.Body = c.union(s)
		c.queryTail(q, s.OrderBy, s.Limit, s.Lock, s.Into)
	case *sqlparser.ValuesStatement:
		q.With = c.with(s.With)
		q.At = c.find("values")
		if s.ListArg != "" {
			c.unsupported(q.At, "a list parameter")
		}
		q.Body = c.values(s.Rows)
		c.queryTail(q, s.Order, s.Limit, sqlparser.NoLock, nil)
	default:
		c.unsupported(c.at, "%s", typeOf(s))
	}
	return q
}

// peekAt is the place of the next such word without moving there.
func (c *converter) peekAt(word string) ast.At {
	if i, ok := c.lookup(word); ok {
		return ast.At(c.st.tokens[i].start)
	}
	return c.at
}

func (c *converter) queryTail(q *ast.Query, order sqlparser.OrderBy, limit *sqlparser.Limit, lock sqlparser.Lock, into *sqlparser.SelectInto) {
	q.OrderBy = c.orderBy(order)
	q.Limit = c.limit(limit)
	if lock != sqlparser.NoLock {
		c.unsupported(q.At, "a locking read")
	}
	if into != nil {
		c.unsupported(c.find("into"), "SELECT INTO")
	}
}

func (c *converter) with(w *sqlparser.With) *ast.With {
	if w == nil {
		return nil
	}
	out := &ast.With{At: c.find("with"), Recursive: w.Recursive}
	for _, e := range w.CTEs {
		t := &ast.CTE{Name: c.ident(e.ID.String())}
		t.At = t.Name.At
		t.Columns = c.idents(e.Columns)
		t.Stmt = c.query(e.Subquery)
		out.CTEs = append(out.CTEs, t)
	}
	return out
}

// term converts one side of a UNION; clauses of its own make it a query.
func (c *converter) term(s sqlparser.TableStatement) ast.QueryBody {
	plain := false
	switch s := s.(type) {
	case *sqlparser.Select:
		plain = s.With == nil && len(s.OrderBy) == 0 && s.Limit == nil && s.Lock == sqlparser.NoLock && s.Into == nil
	case *sqlparser.Union:
		plain = s.With == nil && len(s.OrderBy) == 0 && s.Limit == nil && s.Lock == sqlparser.NoLock && s.Into == nil
	}
	q := c.query(s)
	if plain {
		return q.Body
	}
	return q
}

// union converts a chain of UNIONs, which nests to the left.
func (c *converter) union(u *sqlparser.Union) ast.QueryBody {
	type link struct {
		right    sqlparser.TableStatement
		distinct bool
	}
	var links []link
	var first sqlparser.TableStatement = u
	for {
		n, ok := first.(*sqlparser.Union)
		if !ok || n != u && (n.With != nil || len(n.OrderBy) > 0 || n.Limit != nil || n.Lock != sqlparser.NoLock || n.Into != nil) {
			break
		}
		links = append(links, link{n.Right, n.Distinct})
		first = n.Left
	}
	left := c.term(first)
	height := 0
	for i := len(links) - 1; i >= 0 && c.err == nil; i-- {
		l := links[i]
		at := c.find("union")
		right := c.term(l.right)
		if op, ok := left.(*ast.SetOp); ok && op.All == !l.distinct && i < len(links)-1 {
			op.Terms = append(op.Terms, right)
			continue
		}
		if height++; height > parser.MaxNesting {
			c.fail(at, sqlerr.CodeTooComplex, "set operations nest too deeply, the limit is %d levels", parser.MaxNesting)
		}
		left = &ast.SetOp{At: at, Kind: ast.Union, All: !l.distinct, Terms: []ast.QueryBody{left, right}}
	}
	return left
}

func (c *converter) values(rows sqlparser.Values) *ast.Values {
	v := &ast.Values{At: c.at}
	for _, r := range rows {
		if len(r) == 0 || len(v.Rows) > 0 && len(r) != len(v.Rows[0]) {
			c.fail(c.at, sqlerr.CodeSyntax, "rows of VALUES have different lengths")
			return v
		}
		v.Rows = append(v.Rows, c.exprs(r))
	}
	return v
}

func (c *converter) selectBody(s *sqlparser.Select) *ast.Select {
	texts := c.itemTexts(len(s.SelectExprs.Exprs))
	out := &ast.Select{At: c.find("select"), Distinct: s.Distinct}
	if s.SQLCalcFoundRows {
		c.unsupported(out.At, "SQL_CALC_FOUND_ROWS")
	}
	for i, e := range s.SelectExprs.Exprs {
		name := ""
		if texts != nil {
			name = texts[i]
		}
		out.Items = append(out.Items, c.item(e, name))
	}
	if len(s.From) > 0 && !isDual(s.From) {
		c.find("from")
		for _, t := range s.From {
			out.From = append(out.From, c.tableRef(t))
		}
	}
	if s.Where != nil {
		c.find("where")
		out.Where = c.expr(s.Where.Expr)
	}
	out.GroupBy = c.groupBy(s.GroupBy)
	if s.Having != nil {
		c.find("having")
		having := c.expr(s.Having.Expr)
		if out.GroupBy == nil && !aggregates(out.Items, having) {
			// Without groups and aggregates HAVING filters rows.
			out.Where = both(out.Where, having)
		} else {
			out.Having = having
		}
	}
	for _, w := range s.Windows {
		for _, d := range w.Windows {
			name := c.ident(d.Name.String())
			out.Windows = append(out.Windows, ast.WindowDef{At: name.At, Name: name, Spec: c.windowSpec(d.WindowSpec)})
		}
	}
	return out
}

func both(l, r ast.Expr) ast.Expr {
	if l == nil {
		return r
	}
	return &ast.And{At: ast.At(r.Pos()), Terms: []ast.Expr{l, r}}
}

// aggregates reports whether an aggregate function is called.
func aggregates(items []ast.SelectItem, having ast.Expr) bool {
	found := false
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Query:
			return false
		case *ast.FuncCall:
			found = found || n.Over == nil && aggregateNames[n.Name[0].Name]
		}
		return !found
	}
	ast.Inspect(having, look)
	for _, it := range items {
		ast.Inspect(it.Expr, look)
	}
	return found
}

// aggregateNames are the aggregates that the converter calls.
var aggregateNames = map[string]bool{
	"any_value": true, "avg": true, "bit_and": true, "bit_or": true, "bit_xor": true, "count": true, "max": true,
	"min": true, "stddev_pop": true, "stddev_samp": true, "string_agg": true, "sum": true, "var_pop": true, "var_samp": true,
}

func isDual(from []sqlparser.TableExpr) bool {
	if len(from) != 1 {
		return false
	}
	t, ok := from[0].(*sqlparser.AliasedTableExpr)
	if !ok {
		return false
	}
	n, ok := t.Expr.(sqlparser.TableName)
	return ok && n.Qualifier.IsEmpty() && n.Name.String() == "dual"
}

// item converts an entry of a select list. A predicate is 0 or 1.
func (c *converter) item(e sqlparser.SelectExpr, name string) ast.SelectItem {
	switch e := e.(type) {
	case *sqlparser.StarExpr:
		s := &ast.Star{At: c.at}
		if e.TableName.Name.String() != "" {
			s.Qualifier = c.tableParts(e.TableName)
			s.At = s.Qualifier[0].At
		} else {
			s.At = c.find("*")
		}
		return ast.SelectItem{At: s.At, Expr: s}
	case *sqlparser.AliasedExpr:
		x := c.number(c.expr(e.Expr))
		it := ast.SelectItem{At: ast.At(x.Pos()), Expr: x}
		if as := e.As.String(); as != "" {
			it.Alias = c.ident(as)
		} else if _, column := e.Expr.(*sqlparser.ColName); !column && name != "" {
			if l, ok := x.(*ast.Literal); ok && l.Kind == ast.LitString {
				name = l.Text
			}
			it.Alias = ast.Ident{At: it.At, Name: name}
		}
		return it
	}
	c.unsupported(c.at, "%s", typeOf(e))
	return ast.SelectItem{At: c.at, Expr: null(c.at)}
}

func (c *converter) groupBy(g *sqlparser.GroupBy) *ast.GroupBy {
	if g == nil || len(g.Exprs) == 0 {
		return nil
	}
	out := &ast.GroupBy{At: c.find("group")}
	for _, e := range g.Exprs {
		x := c.expr(e)
		out.Items = append(out.Items, ast.GroupItem{At: ast.At(x.Pos()), Kind: ast.GroupExpr, Exprs: []ast.Expr{x}})
	}
	if g.WithRollup {
		out.Items = []ast.GroupItem{{At: out.At, Kind: ast.GroupRollup, Items: out.Items}}
	}
	return out
}

// orderBy converts sort keys: NULLs are less than everything.
func (c *converter) orderBy(list sqlparser.OrderBy) []ast.OrderItem {
	var out []ast.OrderItem
	for _, o := range list {
		x := c.expr(o.Expr)
		it := ast.OrderItem{At: ast.At(x.Pos()), Expr: x, Dir: ast.DirAsc, Nulls: ast.NullsFirst}
		if o.Direction == sqlparser.DescOrder {
			it.Dir, it.Nulls = ast.DirDesc, ast.NullsLast
		}
		out = append(out, it)
	}
	return out
}

// limit converts LIMIT n, LIMIT offset, n and LIMIT n OFFSET m.
func (c *converter) limit(l *sqlparser.Limit) *ast.Limit {
	if l == nil {
		return nil
	}
	out := &ast.Limit{At: c.find("limit")}
	if l.Offset != nil {
		out.Offset = c.expr(l.Offset)
	}
	if l.Rowcount != nil {
		out.Count = c.expr(l.Rowcount)
	}
	return out
}

// tableRef converts an item of FROM.
func (c *converter) tableRef(t sqlparser.TableExpr) ast.TableRef {
	defer c.leave()
	if !c.enter() {
		return &ast.TableName{At: c.at, Parts: []ast.Ident{{At: c.at}}}
	}
	switch t := t.(type) {
	case *sqlparser.AliasedTableExpr:
		return c.aliasedTable(t)
	case *sqlparser.JoinTableExpr:
		return c.join(t)
	case *sqlparser.ParenTableExpr:
		var left ast.TableRef
		for _, e := range t.Exprs {
			right := c.tableRef(e)
			if left == nil {
				left = right
				continue
			}
			left = &ast.Join{At: ast.At(right.Pos()), Kind: ast.JoinCross, Left: left, Right: right}
		}
		if left != nil {
			return left
		}
	}
	c.unsupported(c.at, "%s in FROM", typeOf(t))
	return &ast.TableName{At: c.at, Parts: []ast.Ident{{At: c.at}}}
}

func (c *converter) aliasedTable(t *sqlparser.AliasedTableExpr) ast.TableRef {
	if len(t.Partitions) > 0 {
		c.unsupported(c.find("partition"), "PARTITION")
	}
	alias := func() *ast.TableAlias {
		if t.As.String() == "" {
			return nil
		}
		id := c.ident(t.As.String())
		return &ast.TableAlias{At: id.At, Name: id.Name, Columns: c.idents(t.Columns)}
	}
	switch e := t.Expr.(type) {
	case sqlparser.TableName:
		n := &ast.TableName{Parts: c.tableParts(e)}
		n.At = n.Parts[0].At
		n.Alias = alias()
		return n
	case *sqlparser.DerivedTable:
		d := &ast.DerivedTable{At: c.peekAt("("), Lateral: e.Lateral, Query: c.query(e.Select)}
		d.Alias = alias()
		return d
	}
	c.unsupported(c.at, "%s in FROM", typeOf(t.Expr))
	return &ast.TableName{At: c.at, Parts: []ast.Ident{{At: c.at}}}
}

// join converts JOIN; STRAIGHT_JOIN is an inner join whose order is left to the
// optimizer, and a join without a condition a cross join.
func (c *converter) join(t *sqlparser.JoinTableExpr) ast.TableRef {
	j := &ast.Join{Left: c.tableRef(t.LeftExpr)}
	word := "join"
	switch t.Join {
	case sqlparser.StraightJoinType:
		word = "straight_join"
	case sqlparser.LeftJoinType:
		j.Kind = ast.JoinLeft
	case sqlparser.RightJoinType:
		j.Kind = ast.JoinRight
	case sqlparser.NaturalJoinType:
		j.Natural = true
	case sqlparser.NaturalLeftJoinType:
		j.Natural, j.Kind = true, ast.JoinLeft
	case sqlparser.NaturalRightJoinType:
		j.Natural, j.Kind = true, ast.JoinRight
	}
	j.At = c.find(word)
	j.Right = c.tableRef(t.RightExpr)
	switch {
	case t.Condition != nil && t.Condition.On != nil:
		c.find("on")
		j.On = c.expr(t.Condition.On)
	case t.Condition != nil && len(t.Condition.Using) > 0:
		c.find("using")
		j.Using = c.idents(t.Condition.Using)
	case j.Kind == ast.JoinInner && !j.Natural:
		j.Kind = ast.JoinCross
	}
	return j
}

// lower is a name in lower case.
func lower(s string) string { return strings.ToLower(s) }
