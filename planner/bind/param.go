package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// maxParams bounds the index of a parameter.
const maxParams = 65535

// param is a statement parameter; typ is Unknown until a context typed it.
type param struct {
	name string
	typ  types.Type
}

// parameter binds a placeholder.
func (b *binder) parameter(p *ast.Parameter) (logical.Expr, error) {
	index := p.Index - 1
	if p.Name != "" {
		key := strings.ToLower(p.Name)
		i, ok := b.named[key]
		if !ok {
			i = len(b.params)
			b.named[key] = i
		}
		index = i
	} else if len(b.named) > 0 {
		return nil, sqlerr.At(p.Pos(), sqlerr.CodeUnsupported, "named and positional parameters cannot be mixed")
	}
	if index < 0 || index >= maxParams {
		return nil, sqlerr.At(p.Pos(), sqlerr.CodeUndefinedParameter, "there is no parameter $%d", p.Index)
	}
	for len(b.params) <= index {
		b.params = append(b.params, param{typ: types.Of(types.Unknown)})
	}
	if p.Name != "" {
		if index != len(b.named)-1 && b.params[index].name == "" {
			return nil, sqlerr.At(p.Pos(), sqlerr.CodeUnsupported, "named and positional parameters cannot be mixed")
		}
		b.params[index].name = p.Name
	}
	return &logical.Param{At: logical.At(p.Pos()), Index: index, Typ: b.params[index].typ}, nil
}

// value is what parameter i will get; false when nobody said.
func (b *binder) value(i int) (types.Value, bool) {
	if n := b.params[i].name; n != "" {
		for k, v := range b.o.NamedParams {
			if strings.EqualFold(k, n) {
				return v, true
			}
		}
		return types.Value{}, false
	}
	if i < len(b.o.Params) && b.o.Params[i].Type.ID != types.Invalid {
		return b.o.Params[i], true
	}
	return types.Value{}, false
}

// valueType is the type of the value that parameter i will get, Unknown when
// nobody said.
func (b *binder) valueType(i int) types.Type {
	if v, ok := b.value(i); ok {
		return v.Type
	}
	return types.Of(types.Unknown)
}

// valued puts the values of parameters into an expression whose own value decides
// what the statement means. Error: 42P02 when there is none yet.
func (b *binder) valued(e logical.Expr) (logical.Expr, error) {
	var err error
	return logical.Rewrite(e, func(x logical.Expr) logical.Expr {
		p, ok := x.(*logical.Param)
		if !ok {
			return x
		}
		v, ok := b.value(p.Index)
		if !ok {
			b.wants = true
			err = sqlerr.At(p.Pos(), sqlerr.CodeUndefinedParameter, "no value was given for parameter $%d", p.Index+1)
			return x
		}
		return b.cast(&logical.Const{At: p.At, Value: v}, p.Typ)
	}), err
}

// typeParam types an untyped parameter as its context wants. A parameter that
// got another type elsewhere in the meantime is cast.
func (b *binder) typeParam(p *logical.Param, to types.Type) logical.Expr {
	typ := &b.params[p.Index].typ
	if typ.ID == types.Unknown {
		*typ = to
	}
	var e logical.Expr = &logical.Param{At: p.At, Index: p.Index, Typ: *typ}
	if !typ.Equal(to) {
		e = &logical.Cast{At: p.At, Arg: e, To: to}
	}
	return e
}

// paramType is the final type of parameter i.
func (b *binder) paramType(i int) types.Type {
	if t := b.params[i].typ; t.ID != types.Unknown {
		return t
	}
	if t := b.valueType(i); t.ID != types.Unknown && t.ID != types.Null {
		return t
	}
	return types.Of(types.Varchar)
}

// settled gives an expression that nothing else types a type: parameters that
// of their value, else VARCHAR; an untyped NULL stays one.
func (b *binder) settled(e logical.Expr) logical.Expr {
	if p, ok := e.(*logical.Param); ok && p.Typ.ID == types.Unknown {
		return b.typeParam(p, b.paramType(p.Index))
	}
	return e
}

// markUntyped notes that c is an untyped NULL in every row.
func (b *binder) markUntyped(c logical.Column) {
	if b.untyped == nil {
		b.untyped = map[logical.ColID]bool{}
	}
	b.untyped[c.ID] = true
}

// untypedSubquery reports whether e is a scalar subquery of untyped NULLs.
func (b *binder) untypedSubquery(e logical.Expr) bool {
	s, ok := e.(*logical.Subquery)
	return ok && s.Kind == logical.ScalarSubquery && b.untyped[s.Col]
}

// typeOf is the type of e for choosing common types: an untyped parameter has
// that of its value if that is a number, since its context alone would round.
//
// A column that is an untyped NULL has the type of NULL.
func (b *binder) typeOf(e logical.Expr) types.Type {
	if c, ok := e.(*logical.Column); ok && b.untyped[c.ID] || b.untypedSubquery(e) {
		return types.Of(types.Null)
	}
	if p, ok := e.(*logical.Param); ok && p.Typ.ID == types.Unknown {
		if t := b.params[p.Index].typ; t.ID != types.Unknown {
			return t
		}
		if t := b.valueType(p.Index); t.IsNumeric() && t.ID != types.Decimal && !t.IsInteger() {
			return t
		}
	}
	return e.Type()
}
