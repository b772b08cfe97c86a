package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// levelOf finds the query that an aggregate call belongs to, and returns where
// that collects its calls: the innermost query of which the arguments have a
// column, so that in
//
//	SELECT (SELECT max(t.a)) FROM t
//
// t is what is aggregated; without a column it is the query in which the call
// stands. Errors: 42803 where that query allows no aggregates.
func levelOf(c *exprCtx, call *logical.AggCall) (*aggSet, error) {
	used := map[logical.ColID]bool{}
	for _, e := range call.Args {
		logical.AddColumns(e, used)
	}
	if call.Filter != nil {
		logical.AddColumns(call.Filter, used)
	}
	at := c
	for s := c.scope; s != nil; s = s.outer {
		if !s.hasAny(used) {
			continue
		}
		switch {
		case s == c.scope:
		case s.asker != nil:
			at = s.asker
		default:
			return nil, sqlerr.At(call.Pos(), sqlerr.CodeGrouping, "an aggregate of a query's columns is not allowed in its own FROM clause")
		}
		break
	}
	switch {
	case at.inAgg:
		return nil, sqlerr.At(call.Pos(), sqlerr.CodeGrouping, "aggregate function calls cannot be nested")
	case at.aggs == nil:
		return nil, sqlerr.At(call.Pos(), sqlerr.CodeGrouping, "aggregate functions are not allowed in %s", at.clause)
	}
	return at.aggs, nil
}

// hasAny reports whether one of the scope's own columns is in ids.
func (s *scope) hasAny(ids map[logical.ColID]bool) bool {
	for i := range s.cols {
		if ids[s.cols[i].col.ID] {
			return true
		}
	}
	return false
}

// outerName finds what a name means in the enclosing queries: a column, or an
// alias of a select list that the subquery may use. Nil when nothing.
func (b *binder) outerName(c *exprCtx, name ast.Ident, pos int) (*scopeCol, logical.Expr, error) {
	if c.scope == nil {
		return nil, nil, nil
	}
	for s := c.scope.outer; s != nil; s = s.outer {
		if col, err := s.lookup(nil, name); col != nil || err != nil {
			return col, nil, err
		}
		if s.asker == nil {
			continue
		}
		if x, ok, err := b.alias(s.asker, name, pos); ok || err != nil {
			return nil, x, err
		}
	}
	return nil, nil, nil
}
