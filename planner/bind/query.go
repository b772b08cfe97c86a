package bind

import (
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// result is a bound query: cols are its output columns in order, under their
// output names; node may produce more. A column may occur twice.
type result struct {
	node logical.Node
	cols []logical.Column
	// trees are the select items behind the columns of a SELECT, nil for stars.
	trees []ast.Expr
	// inputs are what the inputs of a set operation call the columns: ORDER BY
	// behind it knows them all.
	inputs []columnNames
}

// columnNames are names of a result's columns, "" where there is none, and the
// select items behind them, nil where unknown.
type columnNames struct {
	names []string
	trees []ast.Expr
}

// known lists what the columns of a result are called in it.
func (r *result) known() []columnNames {
	if r.inputs != nil {
		return r.inputs
	}
	own := columnNames{names: make([]string, len(r.cols)), trees: r.trees}
	for i, c := range r.cols {
		own.names[i] = c.Name
	}
	return []columnNames{own}
}

// named finds the output column that an expression in ORDER BY behind a set
// operation means: by its name, whichever input has given it, or as a select
// item of an input; -1 when there is none. A qualifier is that of an input's
// table, which is out of sight. Error: 42702 when inputs have the item in
// different columns.
func (r *result) named(e ast.Expr) (int, error) {
	ref, isRef := e.(*ast.ColumnRef)
	if isRef && len(ref.Parts) == 1 {
		if n := r.columnNamed(ref.Parts[0]); n >= 0 {
			return n, nil
		}
	}
	found := -1
	text := strings.ToLower(format.Expr(e))
	for _, in := range r.inputs {
		for i, t := range in.trees {
			if t == nil || found == i || strings.ToLower(format.Expr(t)) != text {
				continue
			}
			if found >= 0 {
				return -1, sqlerr.At(e.Pos(), sqlerr.CodeAmbiguousColumn, "%s is ambiguous: it is column %d and column %d of inputs", format.Expr(e), found+1, i+1)
			}
			found = i
		}
	}
	if found < 0 && isRef && len(ref.Parts) == 2 {
		return r.columnNamed(ref.Parts[1]), nil
	}
	return found, nil
}

func (r *result) columnNamed(name ast.Ident) int {
	for i, c := range r.cols {
		if name.Is(c.Name) {
			return i
		}
	}
	for _, in := range r.inputs {
		for i, n := range in.names {
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
		if err := b.limit(r, q.Limit, env); err != nil {
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

// collatedOutput returns the tree of ORDER BY without a COLLATE behind what may
// stand for an output column.
func collatedOutput(e ast.Expr) (ast.Expr, *ast.Collate) {
	if c, ok := e.(*ast.Collate); ok {
		switch c.X.(type) {
		case *ast.Literal, *ast.ColumnRef:
			return c.X, c
		}
	}
	return e, nil
}

// sortKey makes a key with the direction as written or as the session has it.
func (b *binder) sortKey(o *ast.OrderItem, e logical.Expr) logical.SortKey {
	k := logical.SortKey{Expr: b.key(e), Desc: o.Dir == ast.DirDesc || o.Dir == ast.DirDefault && b.o.Descending}
	standard := b.o.NullsFirst
	if k.Desc {
		standard = b.o.NullsFirstDesc
	}
	k.NullsFirst = o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && standard
	return k
}

// orderLiteral refuses a literal in ORDER BY that is no position: it looks like
// a name in the wrong quotes.
func (b *binder) orderLiteral(e ast.Expr) error {
	if c, ok := e.(*ast.Collate); ok {
		e = c.X
	}
	if l, ok := e.(*ast.Literal); ok && l.Kind != ast.LitBool && l.Kind != ast.LitInteger && !b.o.OrderLiterals {
		return sqlerr.At(e.Pos(), sqlerr.CodeInvalidColumnRef, "ORDER BY a literal that is no position has no effect").
			WithHint("names go in double quotes; SET order_by_non_integer_literal = true allows it")
	}
	return nil
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
		tree, coll := collatedOutput(o.Expr)
		n, isOrdinal, err := ordinal(tree, len(r.cols), "ORDER BY")
		if err != nil {
			return err
		}
		if isOrdinal {
			var e logical.Expr = logical.Ref(r.cols[n])
			if coll != nil {
				if e, err = b.withCollation(e, coll); err != nil {
					return err
				}
			}
			keys = append(keys, b.sortKey(o, e))
			continue
		}
		if err := b.orderLiteral(o.Expr); err != nil {
			return err
		}
		if len(r.inputs) > 0 {
			n, err := r.named(o.Expr)
			if err != nil {
				return err
			}
			if n >= 0 {
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

// limit binds LIMIT and OFFSET, which see no columns but may hold subqueries.
func (b *binder) limit(r *result, l *ast.Limit, env *cteScope) error {
	n := &logical.Limit{Input: r.node, Percent: l.Percent}
	one := func(e ast.Expr, clause, code string, t types.Type) (logical.Expr, error) {
		if e == nil {
			return nil, nil
		}
		x, err := b.expr(&exprCtx{scope: &scope{}, env: env, clause: clause}, e)
		if err != nil {
			return nil, err
		}
		if lit, ok := e.(*ast.Literal); ok && strings.HasPrefix(lit.Text, "-") && lit.Kind != ast.LitString {
			return nil, sqlerr.At(e.Pos(), code, "%s must not be negative", clause)
		}
		switch from := x.Type(); {
		case from.IsNumeric():
		case from.ID == types.Null, from.ID == types.Unknown, from.ID == types.Boolean, from.ID == types.Varchar:
		default:
			return nil, sqlerr.At(e.Pos(), sqlerr.CodeDatatypeMismatch, "%s must be a number, not %s", clause, from)
		}
		if from := x.Type(); from.ID == types.Decimal && logical.HasSubquery(x) {
			x = b.cast(x, types.Of(types.Double)) // halves go to even numbers, as in DuckDB
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
