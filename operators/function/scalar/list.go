package scalar

import (
	"bytes"
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// listElements appends the elements of position p of a list column to dst.
func listElements(col *column, p int, dst *vector.Vector) uint32 {
	e := raw.Cast[types.ListEntry](col.view.Data)[col.index(p)]
	pos := make([]uint32, e.Length)
	for i := range pos {
		pos[i] = e.Offset + uint32(i)
	}
	kernel.Copy(dst, dst.Len, col.view.Children[0], pos, len(pos))
	return e.Length
}

// listConcat joins lists; under concat NULL lists are empty.
func listConcat(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	cols, r := make([]column, len(args)), living(c)
	for i := range args {
		cols[i] = arg(c, args, i)
	}
	dst, child := vector.Values[types.ListEntry](out), out.Children[0]
	for k := range r.n {
		p := r.at(k)
		entry := types.ListEntry{Offset: uint32(child.Len)}
		for i := range cols {
			if !cols[i].null(p) {
				entry.Length += listElements(&cols[i], p, child)
			}
		}
		dst[p] = entry
	}
	return nil
}

// listValue makes a list of the arguments: they are laid one behind the other as
// columns first, and then turned into rows.
func listValue(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r, dst, child := living(c), vector.Values[types.ListEntry](out), out.Children[0]
	if len(args) == 0 || r.n == 0 {
		return nil
	}
	l, ok := c.Local.(*listColumns)
	if !ok {
		l = &listColumns{columns: vector.New(child.Type)}
		c.Local = l
	}
	l.columns.Resize(0)
	for k, a := range args {
		kernel.Copy(l.columns, k*r.n, a, r.sel, r.n)
	}
	l.pos = l.pos[:0]
	for i := range r.n {
		dst[r.at(i)] = types.ListEntry{Offset: uint32(child.Len + len(l.pos)), Length: uint32(len(args))}
		for k := range args {
			l.pos = append(l.pos, uint32(k*r.n+i))
		}
	}
	kernel.Copy(child, child.Len, l.columns, l.pos, len(l.pos))
	return nil
}

// listColumns is memory that listValue keeps between chunks.
type listColumns struct {
	columns *vector.Vector
	pos     []uint32
}

func bindListValue(args []types.Type, consts []*types.Value) (*function.Bound, error) {
	t := types.Of(types.Null)
	for pass := range 2 {
		for i, a := range args {
			literal := consts[i] != nil && a.ID == types.Varchar
			if literal != (pass == 1) || literal && t.ID != types.Null {
				continue
			}
			common, ok := types.CommonType(t, a)
			if !ok {
				return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "cannot make a list of %s and %s; add an explicit cast", t, a)
			}
			t = common
		}
	}
	params := make([]types.Type, len(args))
	for i := range params {
		params[i] = t
	}
	return &function.Bound{Params: params, Return: types.ListOf(t), Nulls: function.Special, Kernel: listValue}, nil
}

// listExtract gives element i, from 1 or from the end when negative; NULL
// beyond the list.
func listExtract(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	col, idx, r := arg(c, args, 0), numArg[int64](c, args, 1), living(c)
	entries := numArg[types.ListEntry](c, args, 0)
	codes := make([]uint32, c.N)
	sel := make([]uint32, 0, r.n)
	for k := range r.n {
		p := r.at(k)
		e, i := entries.at(p), idx.at(p)
		if i < 0 {
			i += int64(e.Length) + 1
		}
		if i < 1 || i > int64(e.Length) {
			out.SetNull(p)
			continue
		}
		codes[p] = e.Offset + uint32(i-1)
		sel = append(sel, uint32(p))
	}
	if len(sel) == 0 {
		return nil
	}
	child := col.view.Children[0]
	if child.Form != vector.Flat {
		flat := vector.New(child.Type)
		flat.Reference(child)
		flat.Flatten()
		child = flat
	}
	at := vector.New(child.Type)
	at.SetDictionary(child, codes, 0)
	kernel.Put(out, at, sel, len(sel))
	return nil
}

func bindListExtract(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	return &function.Bound{Params: []types.Type{types.ListOf(elem), bigint}, Return: elem, Kernel: listExtract}, nil
}

// elementType returns the type of the elements of a list or array, NULL for
// NULL; anything else is no list, though a literal may have passed for one.
func elementType(t types.Type) (types.Type, error) {
	switch {
	case t.ID == types.Null || t.ID == types.Unknown:
		return types.Of(types.Null), nil
	case (t.ID == types.List || t.ID == types.Array) && t.Ext != nil && t.Ext.Child.ID != types.Any:
		return *t.Ext.Child, nil
	}
	return types.Type{}, sqlerr.New(sqlerr.CodeUndefinedFunction, "a list is wanted, not %s", t)
}

func bindListContains(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	t, ok := types.CommonType(elem, args[1])
	if !ok {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "a %s cannot contain %s", args[0], args[1])
	}
	return &function.Bound{Params: []types.Type{types.ListOf(t), t}, Return: boolean, Kernel: listContains}, nil
}

// textPieces collects the parts that functions cut texts into.
type textPieces struct {
	entries []types.ListEntry
	child   *vector.Vector
}

func (t *textPieces) add(p int, s []byte) {
	i := t.child.Len
	t.child.Grow(1)
	t.child.PutString(i, s)
	t.entries[p].Length++
}

func pieces(out *vector.Vector) textPieces {
	return textPieces{vector.Values[types.ListEntry](out), out.Children[0]}
}

// runSplit cuts texts at a separator, between all characters when it is empty,
// and not at all when it is NULL. A NULL text gives NULL.
func runSplit(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, sep, r, list := textArg(c, args, 0), textArg(c, args, 1), living(c), pieces(out)
	for k := range r.n {
		p := r.at(k)
		if s.null(p) {
			out.SetNull(p)
			continue
		}
		t, f := s.at(p), sep.at(p)
		list.entries[p] = types.ListEntry{Offset: uint32(list.child.Len)}
		for !sep.null(p) {
			at, next := -1, 0
			if len(f) > 0 {
				at = bytes.Index(t, f)
				next = at + len(f)
			} else if len(t) > 0 {
				if _, w := utf8.DecodeRune(t); w < len(t) {
					at, next = w, w
				}
			}
			if at < 0 {
				break
			}
			list.add(p, t[:at])
			t = t[next:]
		}
		list.add(p, t)
	}
	return nil
}

// textExtract gives the character at an index.
func textExtract(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, idx, r := textArg(c, args, 0), numArg[int64](c, args, 1), living(c)
	for k := range r.n {
		p := r.at(k)
		t, i := s.at(p), idx.at(p)
		if i < -1<<32 || i > 1<<32 {
			return sqlerr.New(sqlerr.CodeSubstringError, "substring offset is outside of the supported range: %d", i)
		}
		if i < 0 {
			i += int64(utf8.RuneCount(t)) + 1
		}
		if i < 1 {
			out.PutString(p, nil)
			continue
		}
		out.PutString(p, slice(t, i-1, i))
	}
	return nil
}

var lists = []*function.Scalar{
	{Name: "list_value", Aliases: []string{"list_pack"}, Category: "list", Description: "A list of the arguments.", Example: "list_value(1, 2)", Result: "[1, 2]", Overloads: []function.Overload{variadic(binding(bindListValue, anyType))}},
	{Name: "list_concat", Aliases: []string{"list_cat", "array_concat", "array_cat"}, Category: "list", Description: "Lists joined, NULL being empty.", Example: "list_concat([1], [2, 3])", Result: "[1, 2, 3]", Overloads: []function.Overload{variadic(binding(bindListConcat, anyList, anyList))}},
	{Name: "list_contains", Aliases: []string{"list_has", "array_contains", "array_has"}, Category: "list", Description: "Whether a value is an element of a list.", Example: "list_contains([1, 2], 2)", Result: "true", Overloads: []function.Overload{binding(bindListContains, anyList, anyType)}},
	{Name: "string_split", Aliases: []string{"str_split", "split", "string_to_array"}, Category: "string", Description: "The parts of a text between separators; the whole text when the separator is NULL.", Example: "string_split('a,b', ',')", Result: "[a, b]", Overloads: []function.Overload{special(sig(types.ListOf(varchar), runSplit, varchar, varchar))}},
	{Name: "array_extract", Aliases: []string{"list_extract", "list_element"}, Category: "list", Description: "The element at an index from 1, or from the end when negative; of a text, the character.", Example: "array_extract([1, 2], 2)", Result: "2",
		Overloads: []function.Overload{binding(bindListExtract, anyList, bigint), failing(sig(varchar, textExtract, varchar, bigint))}},
}
