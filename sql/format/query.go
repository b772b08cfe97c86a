package format

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

// query prints a query without parentheses around it.
func (p *printer) query(q *ast.Query) {
	if q == nil {
		return
	}
	if q.With != nil {
		p.with(q.With)
	}
	if inner, ok := q.Body.(*ast.Query); ok {
		p.subquery("(", inner)
	} else {
		p.body(q.Body)
	}
	p.orderBy(q.OrderBy, true)
	if l := q.Limit; l != nil {
		p.clause(" LIMIT ", l.Count)
		p.flag(l.Percent, " PERCENT")
		p.clause(" OFFSET ", l.Offset)
	}
}

// with prints WITH and a space after it.
func (p *printer) with(w *ast.With) {
	if w == nil {
		return
	}
	p.str(pick(w.Recursive, "WITH RECURSIVE ", "WITH "))
	for i, c := range w.CTEs {
		p.sep(i)
		p.ident(c.Name)
		p.optNames(c.Columns)
		if len(c.Key) > 0 {
			p.str(" USING KEY ")
			p.names(c.Key)
		}
		p.str([...]string{" AS (", " AS MATERIALIZED (", " AS NOT MATERIALIZED ("}[c.Materialized])
		p.statement(c.Stmt)
		p.str(")")
	}
	p.str(" ")
}

func (p *printer) body(b ast.QueryBody) {
	switch b := b.(type) {
	case *ast.Select:
		p.selectBody(b)
	case *ast.SetOp:
		for i, t := range b.Terms {
			if i > 0 {
				p.str(" ", b.Kind.String(), pick(b.All, " ALL", ""), pick(b.ByName, " BY NAME", ""), " ")
			}
			switch t := t.(type) {
			case *ast.SetOp:
				p.str("(")
				p.body(t)
				p.str(")")
			default:
				p.body(t)
			}
		}
	case *ast.Values:
		p.str("VALUES ")
		for i, row := range b.Rows {
			p.sep(i)
			p.str("(")
			p.exprs(row)
			p.str(")")
		}
	case *ast.Query:
		p.subquery("(", b)
	}
}

func (p *printer) selectBody(s *ast.Select) {
	p.str("SELECT ")
	if s.Distinct {
		p.str("DISTINCT ")
		if len(s.DistinctOn) > 0 {
			p.str("ON (")
			p.exprs(s.DistinctOn)
			p.str(") ")
		}
	}
	p.items(s.Items)
	p.from(" FROM ", s.From)
	p.clause(" WHERE ", s.Where)
	if g := s.GroupBy; g != nil {
		p.str(" GROUP BY ")
		p.flag(g.All, "ALL")
		p.groups(g.Items)
	}
	p.clause(" HAVING ", s.Having)
	if len(s.Windows) > 0 {
		p.str(" WINDOW ")
		for i := range s.Windows {
			p.sep(i)
			p.ident(s.Windows[i].Name)
			p.str(" AS ")
			p.window(s.Windows[i].Spec)
		}
	}
	p.clause(" QUALIFY ", s.Qualify)
	if s.Sample != nil {
		p.str(" USING SAMPLE ")
		p.sample(s.Sample)
	}
}

func (p *printer) from(keyword string, list []ast.TableRef) {
	for i, t := range list {
		if i == 0 {
			p.str(keyword)
		}
		p.sep(i)
		p.table(t)
	}
}

func (p *printer) groups(items []ast.GroupItem) {
	for i := range items {
		g := &items[i]
		p.sep(i)
		switch g.Kind {
		case ast.GroupExpr:
			p.exprs(g.Exprs)
			continue
		case ast.GroupSet:
			p.str("(")
			p.exprs(g.Exprs)
			p.flag(len(g.Exprs) == 1, ",")
			p.str(")")
			continue
		case ast.GroupRollup:
			p.str("ROLLUP (")
		case ast.GroupCube:
			p.str("CUBE (")
		case ast.GroupSets:
			p.str("GROUPING SETS (")
		}
		p.groups(g.Items)
		p.str(")")
	}
}

func (p *printer) sample(s *ast.Sample) {
	p.clause("(", s.Size)
	p.str(pick(s.Percent, " PERCENT)", " ROWS)"))
	if s.Method != "" {
		p.str(" (", QuoteIdent(s.Method), ")")
	}
	if s.Seed != nil {
		p.str(" REPEATABLE (")
		p.expr(s.Seed)
		p.str(")")
	}
}

// table prints an item of FROM.
func (p *printer) table(t ast.TableRef) {
	switch t := t.(type) {
	case *ast.TableName:
		p.name(t.Parts)
		if t.Version != nil {
			p.str(" AT (", strings.ToUpper(t.Version.Unit))
			p.clause(" => ", t.Version.Value)
			p.str(")")
		}
		p.alias(t.Alias)
		p.tableSample(t.Sample)
	case *ast.FileTable:
		p.str(QuoteString(t.Path))
		p.alias(t.Alias)
		p.tableSample(t.Sample)
	case *ast.TableFunction:
		p.flag(t.Lateral, "LATERAL ")
		if t.Call != nil {
			p.call(t.Call)
		}
		p.flag(t.Ordinality, " WITH ORDINALITY")
		p.alias(t.Alias)
		p.tableSample(t.Sample)
	case *ast.DerivedTable:
		p.flag(t.Lateral, "LATERAL ")
		p.subquery("(", t.Query)
		p.alias(t.Alias)
		p.tableSample(t.Sample)
	case *ast.StatementTable:
		p.str("(")
		p.statement(t.Stmt)
		p.str(")")
		p.alias(t.Alias)
	case *ast.Join:
		p.join(t)
	case *ast.Pivot:
		p.pivot(t)
	case *ast.Unpivot:
		p.unpivot(t)
	}
}

func (p *printer) alias(a *ast.TableAlias) {
	if a == nil {
		return
	}
	p.str(" AS ", QuoteIdent(a.Name))
	p.optNames(a.Columns)
}

func (p *printer) tableSample(s *ast.Sample) {
	if s != nil {
		p.str(" TABLESAMPLE ")
		p.sample(s)
	}
}

func (p *printer) join(j *ast.Join) {
	p.flag(j.Alias != nil, "(")
	p.table(j.Left)
	p.str(" ")
	p.flag(j.Natural, "NATURAL ")
	p.flag(j.Asof, "ASOF ")
	if k := j.Kind.String(); k != "" {
		p.str(k, " ")
	}
	p.str("JOIN ")
	p.nested(j.Right)
	p.clause(" ON ", j.On)
	if len(j.Using) > 0 {
		p.str(" USING ")
		p.names(j.Using)
	}
	if j.Alias != nil {
		p.str(")")
		p.alias(j.Alias)
	}
}

// nested prints a table reference as the right side of a join.
func (p *printer) nested(t ast.TableRef) {
	switch n := t.(type) {
	case *ast.Join:
		if n.Alias == nil {
			p.str("(")
			p.table(t)
			p.str(")")
			return
		}
	case *ast.Pivot, *ast.Unpivot:
		p.str("(")
		p.table(t)
		p.str(")")
		return
	}
	p.table(t)
}

func (p *printer) pivot(n *ast.Pivot) {
	p.table(n.Source)
	p.str(" PIVOT (")
	p.items(n.Aggregates)
	for i := range n.Columns {
		c := &n.Columns[i]
		p.str(pick(i == 0, " FOR ", ", "))
		if len(c.Exprs) == 1 {
			p.exprs(c.Exprs)
		} else {
			p.str("(")
			p.exprs(c.Exprs)
			p.str(")")
		}
		switch {
		case c.InQuery != nil:
			p.subquery(" IN (", c.InQuery)
		case c.Enum.Name != "":
			p.str(" IN ")
			p.ident(c.Enum)
		case len(c.In) > 0:
			p.str(" IN (")
			p.items(c.In)
			p.str(")")
		}
	}
	if len(n.GroupBy) > 0 {
		p.str(" GROUP BY ")
		p.exprs(n.GroupBy)
	}
	p.str(")")
	p.alias(n.Alias)
}

func (p *printer) unpivot(n *ast.Unpivot) {
	p.table(n.Source)
	p.str(" UNPIVOT ")
	p.flag(n.IncludeNulls, "INCLUDE NULLS ")
	p.str("(")
	if len(n.Values) == 1 {
		p.ident(n.Values[0])
	} else {
		p.names(n.Values)
	}
	p.str(" FOR ")
	p.ident(n.Name)
	p.str(" IN (")
	p.items(n.Columns)
	p.str("))")
	p.alias(n.Alias)
}
