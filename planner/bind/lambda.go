package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// lambdaOf returns the parameters and the body of a lambda in either spelling.
func lambdaOf(f *ast.FuncCall, e ast.Expr) ([]ast.Ident, ast.Expr, error) {
	switch e := e.(type) {
	case *ast.Lambda:
		return e.Params, e.Body, nil
	case *ast.Arrow:
		params, err := lambdaParams(e.L)
		return params, e.R, err
	}
	return nil, nil, sqlerr.At(e.Pos(), sqlerr.CodeUndefinedFunction, "%s wants a lambda here, such as x -> x + 1", ast.Last(f.Name).Name)
}

// listTransform binds list_transform(list, (element[, place]) -> expression).
func (b *binder) listTransform(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	return b.overElements(c, f, logical.Transform)
}

// listFilter binds list_filter(list, (element[, place]) -> condition).
func (b *binder) listFilter(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	return b.overElements(c, f, logical.ListFilter)
}

func (b *binder) overElements(c *exprCtx, f *ast.FuncCall, kind logical.LambdaKind) (logical.Expr, error) {
	if len(f.Args) != 2 {
		_, err := b.argsOf(c, f, 2, 2)
		return nil, err
	}
	params, body, err := lambdaOf(f, f.Args[1])
	if err != nil {
		return nil, err
	}
	list, elem, err := b.listArg(c, f, f.Args[0])
	if err != nil {
		return nil, err
	}
	l := &logical.Lambda{At: logical.At(f.Pos()), Kind: kind, Args: []logical.Expr{list}}
	x, err := b.lambdaBody(c, f, l, params, body, []types.Type{elem, types.Of(types.BigInt)})
	if err != nil {
		return nil, err
	}
	if kind == logical.ListFilter {
		l.Typ = types.ListOf(elem)
		if x, err = b.boolean(x, "list_filter"); err != nil {
			return nil, err
		}
	} else {
		x = b.settled(x)
		if x.Type().ID == types.Null {
			x = b.cast(x, types.Of(types.Integer))
		}
		l.Typ = types.ListOf(x.Type())
	}
	l.Body = x
	return l, nil
}

// listReduce binds list_reduce(list, (made, element[, place]) -> expression[,
// first]).
func (b *binder) listReduce(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	if len(f.Args) < 2 || len(f.Args) > 3 {
		_, err := b.argsOf(c, f, 2, 3)
		return nil, err
	}
	params, body, err := lambdaOf(f, f.Args[1])
	if err != nil {
		return nil, err
	}
	if len(params) < 2 {
		return nil, sqlerr.At(f.Args[1].Pos(), sqlerr.CodeSyntax, "the lambda of list_reduce takes what was made so far, an element and perhaps its place")
	}
	list, elem, err := b.listArg(c, f, f.Args[0])
	if err != nil {
		return nil, err
	}
	made := elem
	var first logical.Expr
	if len(f.Args) == 3 {
		if first, err = b.expr(c, f.Args[2]); err != nil {
			return nil, err
		}
		first = b.settled(first)
		if made = first.Type(); made.ID == types.Null {
			made = elem
		}
	}
	// What the body makes may be of a wider type than what it starts from.
	for range 3 {
		l := &logical.Lambda{At: logical.At(f.Pos()), Kind: logical.Reduce, Args: []logical.Expr{list}, Typ: made}
		if first != nil {
			l.Init = true
			l.Args = append(l.Args, b.cast(first, made))
		} else {
			l.Args[0] = b.cast(list, types.ListOf(made))
			elem = made
		}
		x, err := b.lambdaBody(c, f, l, params, body, []types.Type{made, elem, types.Of(types.BigInt)})
		if err != nil {
			return nil, err
		}
		x = b.settled(x)
		t, ok := types.CommonType(made, x.Type())
		if !ok {
			return nil, sqlerr.At(f.Args[1].Pos(), sqlerr.CodeDatatypeMismatch, "the lambda of list_reduce makes %s of %s", x.Type(), made)
		}
		if t.Equal(made) {
			l.Body = b.cast(x, made)
			return l, nil
		}
		made = t
	}
	return nil, sqlerr.At(f.Args[1].Pos(), sqlerr.CodeDatatypeMismatch, "the lambda of list_reduce makes ever other types; add a cast")
}

// listArg binds an argument that must be a list, and returns the type of its
// elements.
func (b *binder) listArg(c *exprCtx, f *ast.FuncCall, e ast.Expr) (logical.Expr, types.Type, error) {
	x, err := b.expr(c, e)
	if err != nil {
		return nil, types.Type{}, err
	}
	x = b.settled(x)
	switch t := x.Type(); t.ID {
	case types.Null:
		t = types.ListOf(types.Of(types.Integer))
		return b.cast(x, t), *t.Ext.Child, nil
	case types.Array:
		t = types.ListOf(*t.Ext.Child)
		return b.cast(x, t), *t.Ext.Child, nil
	case types.List:
		if t.Ext.Child.ID == types.Null {
			t = types.ListOf(types.Of(types.Integer)) // []
		}
		return b.cast(x, t), *t.Ext.Child, nil
	}
	return nil, types.Type{}, sqlerr.At(e.Pos(), sqlerr.CodeUndefinedFunction, "%s wants a list, not %s", ast.Last(f.Name).Name, x.Type())
}

// lambdaBody binds the body of a lambda whose parameters have the given types,
// which may be more than it names, and adds to l what it uses of the row around
// it. The body returned is l's but for its type.
func (b *binder) lambdaBody(c *exprCtx, f *ast.FuncCall, l *logical.Lambda, params []ast.Ident, body ast.Expr, ts []types.Type) (logical.Expr, error) {
	if len(params) > len(ts) {
		return nil, sqlerr.At(params[len(ts)].Pos(), sqlerr.CodeSyntax, "the lambda of %s takes at most %d parameters", ast.Last(f.Name).Name, len(ts))
	}
	in := *c
	in.vars = append([]lambdaVar{}, c.vars...)
	var calls, windows, unnests int
	if c.aggs != nil {
		calls, windows, unnests = len(c.aggs.calls), len(c.aggs.windows), len(c.aggs.unnests)
	}
	to := map[logical.ColID]logical.ColID{}
	param := func(name string, t types.Type) logical.Column {
		col := logical.Column{At: -1, ID: logical.ColID(-1 - len(l.Params)), Typ: t, Name: name}
		l.Params = append(l.Params, col)
		return col
	}
	for i, t := range ts {
		name := ""
		if i < len(params) {
			name = params[i].Name
			for _, p := range params[:i] {
				if p.Is(name) {
					return nil, sqlerr.At(params[i].Pos(), sqlerr.CodeDuplicateAlias, "parameter %q is there twice", name)
				}
			}
			// A column of its own while the body is bound: those of lambdas
			// around have the numbers that parameters get in the end.
			col := b.newCol(name, t)
			in.vars = append(in.vars, lambdaVar{name: params[i], expr: &col})
			to[col.ID] = param(name, t).ID
			continue
		}
		param(name, t)
	}
	x, err := b.expr(&in, body)
	if err != nil {
		return nil, err
	}
	switch {
	case logical.HasSubquery(x):
		return nil, unsupported(body, "a subquery in a lambda")
	case c.aggs == nil:
	case len(c.aggs.windows) > windows || len(c.aggs.unnests) > unnests:
		return nil, unsupported(body, "a window function or unnest in a lambda")
	default:
		params := map[logical.ColID]bool{}
		for id := range to {
			params[id] = true
		}
		if added := c.aggs.calls[calls:]; len(added) > 0 {
			for _, e := range logical.Exprs(&logical.Aggregate{Aggs: added}) {
				if logical.RefersAny(e, params) {
					return nil, sqlerr.At(e.Pos(), sqlerr.CodeGrouping, "an aggregate function over the parameters of a lambda")
				}
			}
		}
	}
	return logical.Rewrite(x, func(x logical.Expr) logical.Expr {
		switch x := x.(type) {
		case *logical.Column:
			id, ok := to[x.ID]
			if !ok {
				outer := *x
				id = param(x.Name, x.Typ).ID
				to[x.ID] = id
				l.Args = append(l.Args, &outer)
			}
			p := *x
			p.ID = id
			return &p
		case *logical.Param:
			outer := *x
			p := param("", x.Typ)
			p.At = x.At
			l.Args = append(l.Args, &outer)
			return &p
		}
		return x
	}), nil
}

// comprehension binds [elem FOR x IN list IF filter]: the list filtered, then
// transformed. The place that a second variable names is that in the source, so
// that with a filter both go over pairs of element and place.
func (b *binder) comprehension(c *exprCtx, e *ast.ListComprehension) (logical.Expr, error) {
	call := func(name string, list ast.Expr, params []ast.Ident, body ast.Expr) *ast.FuncCall {
		return &ast.FuncCall{At: e.At, Name: []ast.Ident{{At: e.At, Name: name}}, Args: []ast.Expr{list, &ast.Lambda{At: e.At, Params: params, Body: body}}}
	}
	if e.Filter == nil {
		return b.listTransform(c, call("list_transform", e.Source, e.Vars, e.Elem))
	}
	if len(e.Vars) == 1 {
		return b.listTransform(c, call("list_transform", call("list_filter", e.Source, e.Vars, e.Filter), e.Vars, e.Elem))
	}
	// [{keep, value}] of all, those kept, their values.
	pair := &ast.Struct{At: e.At, Fields: []ast.StructField{{At: e.At, Name: "keep", Value: e.Filter}, {At: e.At, Name: "value", Value: e.Elem}}}
	v := ast.Ident{At: e.At, Name: "pair"}
	field := func(name string) ast.Expr {
		return &ast.ColumnRef{At: e.At, Parts: []ast.Ident{v, {At: e.At, Name: name}}}
	}
	all := call("list_transform", e.Source, e.Vars, pair)
	kept := call("list_filter", all, []ast.Ident{v}, field("keep"))
	return b.listTransform(c, call("list_transform", kept, []ast.Ident{v}, field("value")))
}
