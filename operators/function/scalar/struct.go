package scalar

import (
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// runRow puts the arguments side by side; no byte is copied where an argument
// is not constant.
func runRow(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r := living(c)
	for i, a := range args {
		child := out.Children[i]
		if a.Form == vector.Constant {
			kernel.Put(child, a, r.sel, r.n)
		} else {
			child.Reference(a)
		}
	}
	return nil
}

func bindRow(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	fields := make([]types.Field, len(args))
	for i, t := range args {
		fields[i].Type = t
	}
	return &function.Bound{Params: args, Return: types.StructOf(fields...), Nulls: function.Special, Kernel: runRow}, nil
}

// runStructExtract shows a field; NULL structs give NULL.
func runStructExtract(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	at := c.Bound.Data.(int)
	src, r := args[0], living(c)
	switch src.Form {
	case vector.Dictionary:
		field := src.Dict.Children[at]
		if field.Form != vector.Flat {
			flat := vector.New(field.Type)
			kernel.Take(flat, field, nil, src.Dict.Len)
			field = flat
		}
		through := vector.New(field.Type)
		through.SetDictionary(field, src.Codes, 0)
		kernel.Put(out, through, r.sel, r.n)
	case vector.Constant:
		field := src.Children[at]
		if field.IsNull(0) {
			out.SetConstantNull(c.N)
		} else {
			out.SetConstant(field.Value(0), c.N)
		}
	default:
		// NULLs of the field come along, those of the struct are the caller's.
		kernel.Put(out, src.Children[at], r.sel, r.n)
	}
	return nil
}

// bindStructExtract finds a field by its name, or by its position from 1 in
// structs without names.
func bindStructExtract(args []types.Type, consts []*types.Value) (*function.Bound, error) {
	if args[0].ID != types.Struct || args[0].Ext == nil {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "a struct is wanted, not %s", args[0])
	}
	if consts[1] == nil || consts[1].IsNull {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "the field of a struct must be a constant")
	}
	fields := args[0].Ext.Fields
	at := -1
	if args[1].IsInteger() {
		at = int(max(min(consts[1].I, int64(len(fields))+1), 0)) - 1
	} else {
		for i, f := range fields {
			if strings.EqualFold(f.Name, consts[1].S) {
				at = i
				break
			}
		}
	}
	if at < 0 || at >= len(fields) {
		name := consts[1].S
		if args[1].IsInteger() {
			name = strconv.FormatInt(consts[1].I, 10)
		}
		err := sqlerr.New(sqlerr.CodeUndefinedColumn, "there is no field \"%s\" in %s", shown([]byte(name)), args[0])
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.Name
		}
		if hint := sqlerr.DidYouMean(name, names); hint != "" {
			err = err.WithHint("%s", hint)
		}
		return nil, err
	}
	return &function.Bound{Params: args, Return: fields[at].Type, Kernel: runStructExtract, Data: at}, nil
}

var structs = []*function.Scalar{
	{Name: "row", Category: "struct", Description: "A struct of the arguments, without names.", Example: "row(1, 'a')", Result: "(1, a)", Overloads: []function.Overload{variadic(binding(bindRow, anyType, anyType))}},
	{Name: "struct_extract", Category: "struct", Description: "A field of a struct, by name or by position.", Example: "struct_extract(row(1, 'a'), 2)", Result: "a",
		Overloads: []function.Overload{binding(bindStructExtract, types.Of(types.Struct), varchar), binding(bindStructExtract, types.Of(types.Struct), bigint)}},
}
