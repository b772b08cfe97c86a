package bind

import (
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// result is a bound query: cols are its output columns in order, under their
// output names; node may produce more. A column may occur twice.
type result struct {
	node logical.Node
	cols []logical.Column
	// also are other names of the columns, in ORDER BY: those that later inputs
	// of a set operation give them.
	also [][]string
}

// named finds the output column that a name in ORDER BY behind a set operation
// means, whichever input has given it; -1 when there is none. The qualifier is
// that of an input's table, which is out of sight.
func (r *result) named(ref *ast.ColumnRef) int {
	name := ref.Parts[len(ref.Parts)-1]
	for i, c := range r.cols {
		if name.Is(c.Name) {
			return i
		}
	}
	for _, names := range r.also {
		for i, n := range names {
			if name.Is(n) {
				return i
			}
		}
	}
	return -1
}

// query binds WITH, the body, ORDER BY and LIMIT.
func (b *binder) query(q *ast.Query, env *cteScope, outer *scope) (*result, error) {
	if err := b.enter(q.Pos()); err != nil {
		return nil, err
	}
	defer b.leave()
	env, defs, err := b.with(q.With, env, outer)
	if err != nil {
		return nil, err
	}
	var r *result
	if sel, ok := q.Body.(*ast.Select); ok {
		r, err = b.selectBody(sel, q.OrderBy, env, outer)
	} else {
		r, err = b.body(q.Body, env, outer)
		if err == nil && len(q.OrderBy) > 0 {
			err = b.orderOutput(r, q.OrderBy, env, outer)
		}
	}
	if err != nil {
		return nil, err
	}
	if q.Limit != nil {
		if err := b.limit(r, q.Limit); err != nil {
			return nil, err
		}
	}
	r.node, err = b.finishCTEs(r.node, defs)
	return r, err
}

// body binds what stands between WITH and ORDER BY.
func (b *binder) body(body ast.QueryBody, env *cteScope, outer *scope) (*result, error) {
	if err := b.enter(body.Pos()); err != nil {
		return nil, err
	}
	defer b.leave()
	switch body := body.(type) {
	case *ast.Select:
		return b.selectBody(body, nil, env, outer)
	case *ast.Query:
		return b.query(body, env, outer)
	case *ast.SetOp:
		return b.setOp(body, env, outer)
	case *ast.Values:
		return b.values(body, env, outer, nil)
	}
	return nil, unsupported(body, "this kind of query")
}

// sortKey makes a key with the direction as written or as the session has it.
func (b *binder) sortKey(o *ast.OrderItem, e logical.Expr) logical.SortKey {
	k := logical.SortKey{Expr: e, Desc: o.Dir == ast.DirDesc || o.Dir == ast.DirDefault && b.o.Descending}
	k.NullsFirst = o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && b.o.NullsFirst
	return k
}

// ordinal returns the column that an integer literal in ORDER BY or GROUP BY
// stands for; ok is false when e is no such literal.
func ordinal(e ast.Expr, n int, clause string) (i int, ok bool, err error) {
	l, isLit := e.(*ast.Literal)
	if !isLit || l.Kind != ast.LitInteger {
		return 0, false, nil
	}
	i, perr := strconv.Atoi(l.Text)
	if perr != nil || i < 1 || i > n {
		return 0, true, sqlerr.At(e.Pos(), sqlerr.CodeInvalidColumnRef, "%s position %s is not in the select list of %d columns",
			clause, l.Text, n)
	}
	return i - 1, true, nil
}

// orderOutput sorts the result of a body that is no SELECT: keys are output
// columns by name or position, or expressions over them.
func (b *binder) orderOutput(r *result, items []ast.OrderItem, env *cteScope, outer *scope) error {
	sc := &scope{outer: outer}
	sc.add(&rel{}, r.cols)
	c := &exprCtx{scope: sc, env: env, clause: "ORDER BY"}
	var keys []logical.SortKey
	for i := range items {
		o := &items[i]
		if o.All {
			for _, col := range r.cols {
				keys = append(keys, b.sortKey(o, logical.Ref(col)))
			}
			continue
		}
		n, isOrdinal, err := ordinal(o.Expr, len(r.cols), "ORDER BY")
		if err != nil {
			return err
		}
		if isOrdinal {
			keys = append(keys, b.sortKey(o, logical.Ref(r.cols[n])))
			continue
		}
		if ref, ok := o.Expr.(*ast.ColumnRef); ok && len(r.also) > 0 && len(ref.Parts) <= 2 {
			if n := r.named(ref); n >= 0 {
				keys = append(keys, b.sortKey(o, logical.Ref(r.cols[n])))
				continue
			}
		}
		e, err := b.expr(c, o.Expr)
		if err != nil {
			return err
		}
		keys = append(keys, b.sortKey(o, e))
	}
	r.node = sorted(r.node, keys)
	return nil
}

// sorted sorts n, leaving out keys that are constant or repeat earlier ones.
func sorted(n logical.Node, keys []logical.SortKey) logical.Node {
	var out []logical.SortKey
next:
	for _, k := range keys {
		if _, ok := k.Expr.(*logical.Const); ok {
			continue
		}
		for _, o := range out {
			if logical.Equal(o.Expr, k.Expr) {
				continue next
			}
		}
		out = append(out, k)
	}
	if len(out) == 0 {
		return n
	}
	return &logical.Sort{Input: n, Keys: out}
}

// limit binds LIMIT and OFFSET, which see no columns.
func (b *binder) limit(r *result, l *ast.Limit) error {
	n := &logical.Limit{Input: r.node, Percent: l.Percent}
	one := func(e ast.Expr, clause, code string, t types.Type) (logical.Expr, error) {
		if e == nil {
			return nil, nil
		}
		x, err := b.expr(&exprCtx{scope: &scope{}, clause: clause}, e)
		if err != nil {
			return nil, err
		}
		if logical.HasSubquery(x) {
			return nil, unsupported(e, "a subquery in %s", clause)
		}
		if lit, ok := e.(*ast.Literal); ok && strings.HasPrefix(lit.Text, "-") && lit.Kind != ast.LitString {
			return nil, sqlerr.At(e.Pos(), code, "%s must not be negative", clause)
		}
		from := x.Type()
		if !from.IsNumeric() && from.ID != types.Null && from.ID != types.Unknown {
			return nil, sqlerr.At(e.Pos(), sqlerr.CodeDatatypeMismatch, "%s must be a number, not %s", clause, from)
		}
		return b.cast(x, t), nil
	}
	var err error
	count := types.Of(types.BigInt)
	if l.Percent {
		count = types.Of(types.Double)
	}
	if n.Count, err = one(l.Count, "LIMIT", sqlerr.CodeInvalidRowCount, count); err != nil {
		return err
	}
	if n.Offset, err = one(l.Offset, "OFFSET", sqlerr.CodeInvalidOffset, types.Of(types.BigInt)); err != nil {
		return err
	}
	if n.Count != nil || n.Offset != nil {
		r.node = n
	}
	return nil
}
