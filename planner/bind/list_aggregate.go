package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// ofList are the aggregates that have a function of a list: list_sum and so on.
var ofList = map[string]bool{
	"any_value": true, "approx_count_distinct": true, "avg": true, "bit_and": true, "bit_or": true, "bit_xor": true,
	"bool_and": true, "bool_or": true, "count": true, "entropy": true, "first": true, "histogram": true, "kurtosis": true,
	"kurtosis_pop": true, "last": true, "mad": true, "max": true, "median": true, "min": true, "mode": true, "product": true,
	"sem": true, "skewness": true, "stddev_pop": true, "stddev_samp": true, "string_agg": true, "sum": true, "var_pop": true,
	"var_samp": true,
}

// listAggregate binds list_aggregate(list, 'sum', ...).
func (b *binder) listAggregate(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	if len(f.Args) < 2 {
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "%s wants a list and the name of an aggregate function", ast.Last(f.Name).Name)
	}
	name, err := b.constantArg(f.Args[1])
	if err != nil {
		return nil, err
	}
	if name.IsNull || name.Type.ID != types.Varchar {
		return nil, sqlerr.At(f.Args[1].Pos(), sqlerr.CodeInvalidArgument, "the name of an aggregate function is wanted")
	}
	return b.overList(c, f, strings.ToLower(name.S), f.Args[0], f.Args[2:])
}

// listNamed binds list_sum(list, ...) and the like.
func (b *binder) listNamed(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	if len(f.Args) == 0 {
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "%s wants a list", ast.Last(f.Name).Name)
	}
	return b.overList(c, f, strings.TrimPrefix(strings.ToLower(ast.Last(f.Name).Name), "list_"), f.Args[0], f.Args[1:])
}

// overList is an aggregate of the elements of a list: a subquery of them, NULL for
// a NULL list.
func (b *binder) overList(c *exprCtx, f *ast.FuncCall, name string, list ast.Expr, more []ast.Expr) (logical.Expr, error) {
	fn := b.o.Functions.Aggregate(name)
	if fn == nil {
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "there is no aggregate function %q", name)
	}
	args, err := b.exprs(c, append([]ast.Expr{list}, more...)...)
	if err != nil {
		return nil, err
	}
	l := b.settled(args[0])
	switch t := l.Type(); {
	case nullConst(l) || t.ID == types.Null:
		return &logical.Const{At: logical.At(f.Pos()), Value: types.NullOf(types.Of(types.Integer))}, nil
	case t.ID == types.Array:
		l = b.cast(l, types.ListOf(*t.Ext.Child))
	case t.ID != types.List:
		return nil, sqlerr.At(list.Pos(), sqlerr.CodeDatatypeMismatch, "%s wants a list, not %s", ast.Last(f.Name).Name, t)
	}
	if logical.HasSubquery(l) || logical.HasVolatile(l) {
		return nil, unsupported(list, "an aggregate of a list that a subquery or chance makes")
	}
	elem := *l.Type().Ext.Child
	if elem.ID == types.Null {
		elem = types.Of(types.Integer)
		l = b.cast(l, types.ListOf(elem))
	}
	u := &logical.Unnest{Input: &logical.Values{Rows: [][]logical.Expr{{}}}, Lists: []logical.Expr{l}, Cols: []logical.Column{b.newCol("unnest", elem)}}
	args[0] = logical.Ref(u.Cols[0])
	bound, args, err := b.resolveAggregate(f, fn, args)
	if err != nil {
		return nil, err
	}
	agg := &logical.Aggregate{Input: u, Aggs: []logical.AggCall{{At: logical.At(f.Pos()), Fn: bound, Args: args}}, AggCols: []logical.Column{b.newCol(name, bound.Return)}}
	col := agg.AggCols[0]
	s := &logical.Subquery{At: logical.At(f.Pos()), Kind: logical.ScalarSubquery, Plan: agg, Col: col.ID, Typ: col.Typ, Outer: logical.FreeColumns(agg)}
	if _, ok := l.(*logical.Call); ok && len(logical.ColumnsOf(l)) == 0 {
		return s, nil // a list that is written out
	}
	return &logical.Case{At: s.At, Typ: col.Typ, Else: s, Whens: []logical.When{
		{Cond: &logical.IsNull{At: s.At, Arg: l}, Then: &logical.Const{At: s.At, Value: types.NullOf(col.Typ)}}}}, nil
}

// listMacro returns what a call of a function of lists stands for that is defined by
// others, nil when name is none of these.
func listMacro(f *ast.FuncCall, name string) ast.Expr {
	at := f.At
	call := func(name string, args ...ast.Expr) ast.Expr {
		return &ast.FuncCall{At: at, Name: []ast.Ident{{At: at, Name: name}}, Args: args}
	}
	number := func(text string) ast.Expr { return &ast.Literal{At: at, Kind: ast.LitInteger, Text: text} }
	switch {
	case len(f.Args) == 2 && (name == "list_append" || name == "array_append" || name == "array_push_back"):
		return call("list_concat", f.Args[0], call("list_value", f.Args[1]))
	case len(f.Args) == 2 && (name == "list_prepend" || name == "array_prepend"):
		return call("list_concat", call("list_value", f.Args[0]), f.Args[1])
	case len(f.Args) == 2 && name == "array_push_front":
		return call("list_concat", call("list_value", f.Args[1]), f.Args[0])
	case len(f.Args) == 1 && name == "array_pop_back":
		return call("list_slice", f.Args[0], number("1"), &ast.Binary{At: at, Op: "-", L: call("length", f.Args[0]), R: number("1")})
	case len(f.Args) == 1 && name == "array_pop_front":
		return call("list_slice", f.Args[0], number("2"), call("length", f.Args[0]))
	case len(f.Args) == 1 && name == "array_to_string_comma_default":
		return call("array_to_string", f.Args[0], &ast.Literal{At: at, Kind: ast.LitString, Text: ","})
	}
	return nil
}
