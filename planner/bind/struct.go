package bind

import (
	"math"
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// structLiteral binds {'a': x, b: y}.
func (b *binder) structLiteral(c *exprCtx, e *ast.Struct) (logical.Expr, error) {
	names := make([]ast.Ident, len(e.Fields))
	values := make([]ast.Expr, len(e.Fields))
	for i, f := range e.Fields {
		names[i], values[i] = ast.Ident{At: f.At, Name: f.Name}, f.Value
	}
	args, err := b.exprs(c, values...)
	if err != nil {
		return nil, err
	}
	return b.pack(e, names, args)
}

// structPack binds struct_pack(a := x, ...). *COLUMNS(...) among the arguments
// gives the fields the names of its columns.
func (b *binder) structPack(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	var names []ast.Ident
	var values []ast.Expr
	for _, a := range f.Args {
		switch a := a.(type) {
		case *ast.NamedArg:
			names, values = append(names, a.Name), append(values, a.Value)
		case *boundCol:
			names, values = append(names, ast.Ident{At: a.at, Name: a.name}), append(values, a)
		case *ast.ColumnRef:
			names, values = append(names, ast.Last(a.Parts)), append(values, a)
		default:
			return nil, sqlerr.At(a.Pos(), sqlerr.CodeUndefinedFunction, "every argument of struct_pack needs a name: name := value")
		}
	}
	if len(values) == 0 {
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "struct_pack wants a field")
	}
	args, err := b.exprs(c, values...)
	if err != nil {
		return nil, err
	}
	return b.pack(f, names, args)
}

// pack makes a struct: a call of row whose fields have names.
func (b *binder) pack(at ast.Node, names []ast.Ident, args []logical.Expr) (logical.Expr, error) {
	seen := map[string]bool{}
	for i, n := range names {
		key := strings.ToLower(n.Name)
		if seen[key] {
			return nil, sqlerr.At(n.Pos(), sqlerr.CodeDuplicateColumn, "struct field %q is there twice", n.Name)
		}
		seen[key] = true
		args[i] = b.settled(args[i])
	}
	x, err := b.builtin(at, "row", args...)
	if err != nil {
		return nil, err
	}
	call, ok := x.(*logical.Call)
	if !ok || len(call.Fn.Return.Ext.Fields) != len(names) {
		return nil, unsupported(at, "this struct literal")
	}
	fields := make([]types.Field, len(names))
	for i, n := range names {
		fields[i] = types.Field{Name: n.Name, Type: call.Fn.Return.Ext.Fields[i].Type}
	}
	fn := *call.Fn
	fn.Return = types.StructOf(fields...)
	named := *call
	named.Fn = &fn
	return &named, nil
}

// wholeRow binds the name of a relation, where no column has that name, to its
// row as a struct; nil when it is no relation.
func (b *binder) wholeRow(c *exprCtx, e *ast.ColumnRef) (logical.Expr, error) {
	for s := c.scope; s != nil; s = s.outer {
		var names []ast.Ident
		var args []logical.Expr
		for i := range s.cols {
			if col := &s.cols[i]; col.rel.matches(e.Parts) {
				ref := col.col
				ref.At, ref.Name = logical.At(e.Pos()), col.name
				names, args = append(names, ast.Ident{At: e.At, Name: col.name}), append(args, &ref)
			}
		}
		if len(args) > 0 {
			return b.pack(e, names, args)
		}
	}
	return nil, nil
}

// index binds x[i]: a list's element, a struct's field, a map's value, a text's
// character.
func (b *binder) index(at ast.Node, x, i logical.Expr) (logical.Expr, error) {
	switch x.Type().ID {
	case types.Struct:
		return b.builtin(at, "struct_extract", x, i)
	case types.Map:
		return b.builtin(at, "map_extract_value", x, i)
	}
	return b.builtin(at, "array_extract", x, i)
}

// slice binds x[lo:hi:step]; bounds that were left out go as the extremes of
// BIGINT, which array_slice takes for the ends.
func (b *binder) slice(c *exprCtx, e *ast.Slice) (logical.Expr, error) {
	x, err := b.expr(c, e.X)
	if err != nil {
		return nil, err
	}
	args := []logical.Expr{x}
	bound := func(e ast.Expr, absent int64) error {
		if e == nil {
			args = append(args, &logical.Const{At: -1, Value: types.IntValue(types.Of(types.BigInt), absent)})
			return nil
		}
		y, err := b.expr(c, e)
		args = append(args, y)
		return err
	}
	if err := bound(e.Lo, math.MinInt64); err != nil {
		return nil, err
	}
	if err := bound(e.Hi, math.MaxInt64); err != nil {
		return nil, err
	}
	if e.Step != nil {
		if err := bound(e.Step, 0); err != nil {
			return nil, err
		}
	}
	return b.builtin(e, "array_slice", args...)
}

// mapLiteral binds MAP {k: v, ...}: a map of two lists.
func (b *binder) mapLiteral(c *exprCtx, e *ast.Map) (logical.Expr, error) {
	if len(e.Keys) == 0 {
		return b.builtin(e, "map")
	}
	var lists []logical.Expr
	for _, part := range [][]ast.Expr{e.Keys, e.Values} {
		args, err := b.exprs(c, part...)
		if err != nil {
			return nil, err
		}
		list, err := b.builtin(e, "list_value", args...)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return b.builtin(e, "map", lists...)
}
