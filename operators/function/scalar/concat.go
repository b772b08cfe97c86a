package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// gather lists the arguments as texts.
func gather(c *function.Call, args []*vector.Vector) []texts {
	out := make([]texts, len(args))
	for i := range args {
		out[i] = textArg(c, args, i)
	}
	return out
}

// runConcat joins texts or blobs. NULL arguments are empty under concat, whose
// null rule is Special; under || they make the result NULL.
func runConcat(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	list, r := gather(c, args), living(c)
	skip := c.Bound.Nulls == function.Special
	for k := range r.n {
		p := r.at(k)
		size := 0
		for i := range list {
			if t := &list[i]; !skip || !t.null(p) {
				size += t.refs[t.index(p)].Len()
			}
		}
		if size > maxResult {
			return errTooLong()
		}
		var small [types.MaxInline]byte
		b := small[:0]
		if size > types.MaxInline {
			b = out.Alloc(size)[:0]
		}
		for i := range list {
			if t := &list[i]; !skip || !t.null(p) {
				b = append(b, t.at(p)...)
			}
		}
		if size > types.MaxInline {
			out.PutAllocated(p, b)
		} else {
			out.PutString(p, b)
		}
	}
	return nil
}

// runConcatWS joins texts with a separator; NULLs are left out, a NULL
// separator makes the result NULL.
func runConcatWS(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	list, r, buf := gather(c, args), living(c), bytesOf(c)
	for k := range r.n {
		p := r.at(k)
		if list[0].null(p) {
			out.SetNull(p)
			continue
		}
		sep := list[0].at(p)
		b, first := buf.b[:0], true
		for i := range list[1:] {
			t := &list[i+1]
			if t.null(p) {
				continue
			}
			if !first {
				b = append(b, sep...)
			}
			first = false
			b = append(b, t.at(p)...)
		}
		if len(b) > maxResult {
			return errTooLong()
		}
		out.PutString(p, b)
		buf.b = b
	}
	return nil
}

// bindListConcat types list_concat, which is NULL when all arguments are.
func bindListConcat(args []types.Type, consts []*types.Value) (*function.Bound, error) {
	for _, t := range args {
		if t.ID != types.Null {
			return bindConcat(function.Special)(args, consts)
		}
	}
	null := types.Of(types.Null)
	kernel := func(c *function.Call, _ []*vector.Vector, out *vector.Vector) error {
		for k, r := 0, living(c); k < r.n; k++ {
			out.SetNull(r.at(k))
		}
		return nil
	}
	return &function.Bound{Params: args, Return: null, Kernel: kernel, Nulls: function.Special}, nil
}

// bindConcat types || and concat: lists with lists, blobs with blobs, and
// everything else as text.
func bindConcat(nulls function.NullRule) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		ret, k := varchar, function.Kernel(runConcat)
		lists, blobs := 0, 0
		for _, t := range args {
			switch t.ID {
			case types.List, types.Array:
				lists++
			case types.Blob:
				blobs++
			case types.Null, types.Unknown:
			default:
				lists, blobs = lists-len(args), blobs-len(args)
			}
		}
		switch {
		case lists > 0:
			ret, k = types.Of(types.Null), listConcat
			for _, t := range args {
				if t.ID == types.Array {
					t = types.ListOf(*t.Ext.Child)
				}
				var ok bool
				if ret, ok = types.CommonType(ret, t); !ok {
					return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "cannot concatenate lists of different types")
				}
			}
		case blobs > 0:
			ret = blob
		default:
			for _, t := range args {
				if t.ID == types.List {
					return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "cannot concatenate %s and other values; add an explicit cast", t)
				}
			}
		}
		params := make([]types.Type, len(args))
		for i := range params {
			params[i] = ret
		}
		return &function.Bound{Params: params, Return: ret, Kernel: k, Nulls: nulls, CanFail: true}, nil
	}
}

func bindConcatWS(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	params := make([]types.Type, len(args))
	for i := range params {
		params[i] = varchar
	}
	return &function.Bound{Params: params, Return: varchar, Kernel: runConcatWS, Nulls: function.Special, CanFail: true}, nil
}

var concats = []*function.Scalar{
	{Name: "||", Category: "string", Description: "Texts, blobs or lists joined; NULL when one is.", Example: "'a' || 1 || 'b'", Result: "a1b",
		Overloads: []function.Overload{variadic(binding(bindConcat(function.Propagate), anyType, anyType, anyType))}},
	{Name: "concat", Category: "string", Description: "Texts joined, NULL being empty.", Example: "concat('a', 1, NULL, 'b')", Result: "a1b",
		Overloads: []function.Overload{variadic(binding(bindConcat(function.Special), anyType, anyType))}},
	{Name: "concat_ws", Category: "string", Description: "Texts joined with a separator; NULLs are left out.", Example: "concat_ws(',', 'a', NULL, 'b', 1)", Result: "a,b,1",
		Overloads: []function.Overload{variadic(binding(bindConcatWS, varchar, anyType, anyType))}},
}
