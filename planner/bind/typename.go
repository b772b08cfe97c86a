package bind

import (
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// typeName resolves a type as written.
func (b *binder) typeName(t *ast.TypeName) (types.Type, error) {
	if err := b.enter(t.Pos()); err != nil {
		return types.Type{}, err
	}
	defer b.leave()
	out, err := b.baseType(t)
	if err != nil {
		return out, sqlerr.WithPos(err, t.Pos())
	}
	for _, n := range t.Dims {
		switch {
		case n < 0:
			out = types.ListOf(out)
		case n == 0 || n > 100_000:
			return out, sqlerr.At(t.Pos(), sqlerr.CodeSyntax, "an array has 1 to 100000 elements, not %d", n)
		default:
			out = types.ArrayOf(out, int(n))
		}
	}
	return out, nil
}

func (b *binder) baseType(t *ast.TypeName) (types.Type, error) {
	name := strings.ToLower(t.Name())
	switch name {
	case "struct", "row":
		var fields []types.Field
		for _, f := range t.Fields {
			ft, err := b.typeName(f.Type)
			if err != nil {
				return types.Type{}, err
			}
			fields = append(fields, types.Field{Name: f.Name.Name, Type: ft})
		}
		if len(fields) == 0 {
			return types.Type{}, sqlerr.At(t.Pos(), sqlerr.CodeSyntax, "a STRUCT type lists its fields")
		}
		return types.StructOf(fields...), nil
	case "map":
		if len(t.Fields) != 2 {
			return types.Type{}, sqlerr.At(t.Pos(), sqlerr.CodeSyntax, "a MAP type has a key and a value type")
		}
		k, err := b.typeName(t.Fields[0].Type)
		if err != nil {
			return k, err
		}
		v, err := b.typeName(t.Fields[1].Type)
		return types.MapOf(k, v), err
	case "list":
		if len(t.Fields) == 1 {
			e, err := b.typeName(t.Fields[0].Type)
			return types.ListOf(e), err
		}
	case "union":
		return types.Type{}, unsupported(t, "the type UNION")
	case "enum":
		dict := &types.EnumDict{}
		for _, m := range t.Mods {
			l, ok := m.(*ast.Literal)
			if !ok || l.Kind != ast.LitString {
				return types.Type{}, sqlerr.At(m.Pos(), sqlerr.CodeSyntax, "an ENUM type lists strings")
			}
			dict.Labels = append(dict.Labels, l.Text)
		}
		if len(dict.Labels) == 0 {
			return types.Type{}, sqlerr.At(t.Pos(), sqlerr.CodeSyntax, "an ENUM type lists its labels")
		}
		return types.EnumOf(dict), nil
	}
	var mods []int
	for _, m := range t.Mods {
		l, ok := m.(*ast.Literal)
		if !ok || l.Kind != ast.LitInteger {
			return types.Type{}, sqlerr.At(m.Pos(), sqlerr.CodeSyntax, "type modifiers are integers")
		}
		n, err := strconv.Atoi(l.Text)
		if err != nil {
			return types.Type{}, sqlerr.At(m.Pos(), sqlerr.CodeSyntax, "type modifier %s is out of range", clip(l.Text))
		}
		mods = append(mods, n)
	}
	return types.Lookup(t.Name(), mods)
}

// castable reports whether an explicit cast between the types exists at all;
// it may still fail for a value.
func castable(from, to types.Type) bool {
	if from.Equal(to) || from.ID == types.Null || from.ID == types.Unknown {
		return true
	}
	_, err := cast.Find(from, to, false)
	return err == nil
}
