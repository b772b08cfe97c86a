package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// unnestCall is a call of unnest in a select list: a column that a node above
// FROM and grouping makes.
type unnestCall struct {
	col  logical.Column
	list logical.Expr
}

// unnestCall binds unnest(list) in a select list.
func (b *binder) unnestCall(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	switch {
	case c.aggs == nil || c.clause != "SELECT":
		return nil, unsupported(f, "unnest in %s", c.clause)
	case c.inAgg || c.inWindow:
		return nil, unsupported(f, "unnest within an aggregate or window function")
	}
	n := len(c.aggs.unnests)
	list, err := b.unnestList(c, f)
	if err != nil {
		return nil, err
	}
	if len(c.aggs.unnests) > n {
		return nil, unsupported(f, "unnest within unnest")
	}
	u := unnestCall{col: b.newCol("unnest", *list.Type().Ext.Child), list: list}
	c.aggs.unnests = append(c.aggs.unnests, u)
	ref := u.col
	ref.At = logical.At(f.Pos())
	return &ref, nil
}

// unnestArg takes the arguments of unnest(list[, recursive := true][, max_depth :=
// n]) apart: levels is how deep lists are unnested, at most; allFields, whether
// structs are too.
func (b *binder) unnestArg(f *ast.FuncCall) (arg ast.Expr, levels int, allFields bool, err error) {
	levels = 1
	for i, a := range f.Args {
		n, named := a.(*ast.NamedArg)
		switch {
		case i == 0 && !named:
			arg = a
			continue
		case !named:
			return nil, 0, false, unsupported(f, "unnest of %d arguments", len(f.Args))
		}
		v, err := b.constantArg(n.Value)
		switch {
		case err != nil:
			return nil, 0, false, err
		case n.Name.Is("recursive") && v.Type.ID == types.Boolean && !v.IsNull:
			if v.I != 0 {
				levels, allFields = maxUnnest, true
			}
		case n.Name.Is("max_depth") && v.Type.IsInteger() && !v.IsNull && v.I >= 1:
			levels = int(min(v.I, maxUnnest))
		default:
			return nil, 0, false, sqlerr.At(n.Pos(), sqlerr.CodeUndefinedFunction, "unnest has no argument %s := %s", n.Name.Name, v)
		}
	}
	if arg == nil {
		return nil, 0, false, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "unnest wants a list")
	}
	return arg, levels, allFields, nil
}

// maxUnnest bounds how deep lists are unnested.
const maxUnnest = 100

// unnestList binds the argument of unnest: a list whose elements are the rows.
func (b *binder) unnestList(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	arg, levels, _, err := b.unnestArg(f)
	if err != nil {
		return nil, err
	}
	x, err := b.expr(c, arg)
	if err != nil {
		return nil, err
	}
	x = b.settled(x)
	switch t := x.Type(); t.ID {
	case types.Null:
		return b.cast(x, types.ListOf(types.Of(types.Integer))), nil
	case types.List:
	case types.Array:
		x = b.cast(x, types.ListOf(*t.Ext.Child))
	default:
		return nil, unsupported(f, "unnest of %s", t)
	}
	deep := levels > 1 && x.Type().Ext.Child.ID == types.List
	if c.aggs != nil {
		// Each level would stand beside the rows of the others.
		if c.aggs.deep || deep && len(c.aggs.unnests) > 0 {
			return nil, unsupported(f, "several unnests of which one goes deeper")
		}
		c.aggs.deep = deep
	}
	for ; levels > 1 && x.Type().Ext.Child.ID == types.List; levels-- {
		if x, err = b.builtin(f, "flatten", x); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// unnestItem binds a select item that is a call of unnest and gives several
// columns: the fields of a struct, or, with recursive, of the structs of a list.
// nil when it is of another kind.
func (b *binder) unnestItem(c *exprCtx, e ast.Expr) ([]selectItem, error) {
	f, ok := e.(*ast.FuncCall)
	if !ok || len(f.Name) != 1 || !f.Name[0].Is("unnest") || f.Over != nil || len(f.Args) == 0 {
		return nil, nil
	}
	arg, _, all, err := b.unnestArg(f)
	if err != nil {
		return nil, err
	}
	var unnests int
	if c.aggs != nil {
		unnests = len(c.aggs.unnests)
	}
	x, err := b.expr(c, arg)
	if err != nil {
		return nil, err
	}
	if x.Type().ID != types.Struct {
		if !all || x.Type().ID != types.List || deepest(x.Type()).ID != types.Struct || c.aggs != nil && len(c.aggs.unnests) > unnests {
			return nil, nil
		}
		if x, err = b.unnestCall(c, f); err != nil {
			return nil, err
		}
	}
	return b.fieldItems(f, x, all)
}

func deepest(t types.Type) types.Type {
	for t.ID == types.List {
		t = *t.Ext.Child
	}
	return t
}

// fieldItems are the fields of a struct as select items, with all those of structs
// within too.
func (b *binder) fieldItems(f *ast.FuncCall, x logical.Expr, all bool) ([]selectItem, error) {
	var items []selectItem
	for i, field := range x.Type().Ext.Fields {
		at := &logical.Const{At: logical.At(f.Pos()), Value: types.IntValue(types.Of(types.BigInt), int64(i+1))}
		y, err := b.builtin(f, "struct_extract", x, at)
		if err != nil {
			return nil, err
		}
		if all && y.Type().ID == types.Struct {
			more, err := b.fieldItems(f, y, all)
			if err != nil {
				return nil, err
			}
			items = append(items, more...)
			continue
		}
		name := field.Name
		if name == "" {
			name = "element" + itoa(i+1)
		}
		items = append(items, selectItem{name: name, expr: y})
	}
	return items, nil
}

// unnested puts the lists of a select list's unnest calls beside each other.
func unnested(node logical.Node, aggs *aggSet, replace func(logical.Expr) (logical.Expr, error)) (logical.Node, error) {
	if len(aggs.unnests) == 0 {
		return node, nil
	}
	u := &logical.Unnest{Input: node}
	for _, call := range aggs.unnests {
		list, err := replace(call.list)
		if err != nil {
			return nil, err
		}
		u.Lists = append(u.Lists, list)
		u.Cols = append(u.Cols, call.col)
	}
	return u, nil
}

// unnestTable binds unnest(list, ...) in FROM over the items before it, whose
// columns the lists may use: node with the elements beside its rows.
func (b *binder) unnestTable(t *ast.TableFunction, node logical.Node, left *scope, env *cteScope) (logical.Node, *scope, error) {
	if err := plainCall(t.Call); err != nil {
		return nil, nil, err
	}
	c := &exprCtx{scope: left, env: env, clause: "FROM"}
	u := &logical.Unnest{Input: node}
	for _, a := range t.Call.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			return nil, nil, sqlerr.At(n.Pos(), sqlerr.CodeUndefinedFunction, "unnest in FROM takes no argument %q", n.Name.Name)
		}
		one := *t.Call
		one.Args = []ast.Expr{a}
		list, err := b.unnestList(c, &one)
		if err != nil {
			return nil, nil, err
		}
		u.Lists = append(u.Lists, list)
		u.Cols = append(u.Cols, b.newCol("unnest", *list.Type().Ext.Child))
	}
	if len(u.Lists) == 0 {
		return nil, nil, sqlerr.At(t.Call.Pos(), sqlerr.CodeUndefinedFunction, "unnest wants a list")
	}
	if t.Ordinality {
		list, err := b.places(t, u.Lists)
		if err != nil {
			return nil, nil, err
		}
		u.Lists, u.Cols = append(u.Lists, list), append(u.Cols, b.newCol("ordinality", types.Of(types.BigInt)))
	}
	if t.Alias != nil && len(u.Cols) == 1 && len(t.Alias.Columns) == 0 && t.Alias.Name != "" {
		// FROM unnest(l) AS x: the column is called unnest, as in DuckDB.
		u.Cols[0].Name = "unnest"
	}
	_, sc, err := b.aliased(t, &result{node: u, cols: u.Cols}, t.Alias, "unnest")
	return u, sc, err
}

// isUnnest tells whether an item of FROM is unnest(...).
func isUnnest(t ast.TableRef) (*ast.TableFunction, bool) {
	f, ok := t.(*ast.TableFunction)
	return f, ok && len(f.Call.Name) == 1 && f.Call.Name[0].Is("unnest")
}

// places is the list 1, 2, ... as long as the longest of lists.
func (b *binder) places(at ast.Node, lists []logical.Expr) (logical.Expr, error) {
	lens := make([]logical.Expr, len(lists))
	for i, l := range lists {
		n, err := b.builtin(at, "len", l)
		if err != nil {
			return nil, err
		}
		lens[i] = n
	}
	most := lens[0]
	if len(lens) > 1 {
		var err error
		if most, err = b.builtin(at, "greatest", lens...); err != nil {
			return nil, err
		}
	}
	one := &logical.Const{At: -1, Value: types.IntValue(types.Of(types.BigInt), 1)}
	return b.builtin(at, "generate_series", one, most)
}
