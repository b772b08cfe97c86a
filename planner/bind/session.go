package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// constant evaluates what a setting or an option is given: literals, bare
// words (as strings), lists and structs of them.
func constant(e ast.Expr) (types.Value, error) {
	switch e := e.(type) {
	case *ast.Literal:
		x, err := literalExpr(e)
		if err != nil {
			return types.Value{}, err
		}
		return x.(*logical.Const).Value, nil
	case *ast.ColumnRef:
		return types.StringValue(strings.Join(ast.Names(e.Parts), ".")), nil
	case *ast.TypedLiteral:
		return types.StringValue(e.Text), nil
	case *ast.Unary:
		if l, ok := e.X.(*ast.Literal); ok && e.Op == "-" && !strings.HasPrefix(l.Text, "-") {
			n := *l
			n.Text = "-" + l.Text
			return constant(&n)
		}
	case *ast.List:
		return constantList(e.Elems)
	case *ast.Row:
		return constantList(e.Elems)
	case *ast.Struct:
		v := types.Value{Type: types.StructOf()}
		for _, f := range e.Fields {
			x, err := constant(f.Value)
			if err != nil {
				return v, err
			}
			v.Type.Ext.Fields = append(v.Type.Ext.Fields, types.Field{Name: f.Name, Type: x.Type})
			v.Children = append(v.Children, x)
		}
		return v, nil
	}
	return types.Value{}, unsupported(e, "anything but a constant here")
}

func constantList(elems []ast.Expr) (types.Value, error) {
	v := types.Value{Type: types.ListOf(types.Of(types.Varchar))}
	for i, x := range elems {
		k, err := constant(x)
		if err != nil {
			return v, err
		}
		if i == 0 {
			v.Type = types.ListOf(k.Type)
		}
		v.Children = append(v.Children, k)
	}
	return v, nil
}

func (b *binder) set(s *ast.Set) (Statement, error) {
	if s.Scope == ast.ScopeVariable {
		return b.setVariable(s)
	}
	out := &Set{Scope: s.Scope, Name: s.Name.Name, Pos: s.Name.Pos()}
	list := []ast.Expr{s.Value}
	switch v := s.Value.(type) {
	case *ast.Default:
		out.Default = true
		return out, nil
	case *ast.Row:
		list = v.Elems
	}
	for _, e := range list {
		v, err := constant(e)
		if err != nil {
			return nil, err
		}
		out.Values = append(out.Values, v)
	}
	return out, nil
}

// prepare binds the inner statement once, to find its errors.
func (b *binder) prepare(s *ast.Prepare) (Statement, error) {
	out := &Prepare{Name: s.Name.Name, Stmt: s.Stmt}
	for _, t := range s.Types {
		typ, err := b.typeName(t)
		if err != nil {
			return nil, err
		}
		out.Types = append(out.Types, typ)
	}
	if _, err := b.statement(s.Stmt); err != nil {
		if !b.wants {
			return nil, err
		}
		// EXECUTE will tell: only the parameters are known by now.
		var bad error
		ast.Inspect(s.Stmt, func(n ast.Node) bool {
			if p, ok := n.(*ast.Parameter); ok && bad == nil {
				_, bad = b.parameter(p)
			}
			return bad == nil
		})
		if bad != nil {
			return nil, bad
		}
	}
	for _, p := range b.params {
		out.Params = append(out.Params, strings.ToLower(p.name))
	}
	return out, nil
}

// execute binds the arguments, which see no columns.
func (b *binder) execute(s *ast.Execute) (Statement, error) {
	out := &Execute{Name: s.Name.Name, Pos: s.Name.Pos()}
	c := &exprCtx{scope: &scope{}, clause: "EXECUTE"}
	for _, a := range s.Args {
		name := ""
		if n, ok := a.(*ast.NamedArg); ok {
			name, a = n.Name.Name, n.Value
		}
		x, err := b.expr(c, a)
		if err != nil {
			return nil, err
		}
		if logical.HasSubquery(x) {
			return nil, unsupported(a, "a subquery as an argument of EXECUTE")
		}
		out.Args = append(out.Args, b.settled(x))
		out.Names = append(out.Names, name)
	}
	return out, nil
}

func (b *binder) use(s *ast.Use) (Statement, error) {
	parts := ast.Names(s.Name)
	last := parts[len(parts)-1]
	if !b.o.Catalog.HasSchema(last) && !strings.EqualFold(last, b.o.Catalog.Database) {
		return nil, sqlerr.At(s.Name[0].Pos(), sqlerr.CodeUndefinedSchema, "schema %q does not exist", last)
	}
	return &Use{Name: parts, Pos: s.Name[0].Pos()}, nil
}
