package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// runFlatten joins the lists of a list; NULL ones are left out.
func runFlatten(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	outer, r := numArg[types.ListEntry](c, args, 0), living(c)
	dst := vector.Values[types.ListEntry](out)
	lists := flatElements(outer.view.Children[0])
	inner, elems := raw.Cast[types.ListEntry](lists.Data), flatElements(lists.Children[0])
	var pos []uint32
	for k := range r.n {
		p := r.at(k)
		if outer.null(p) {
			continue
		}
		e, from := outer.at(p), len(pos)
		for i := e.Offset; i < e.Offset+e.Length; i++ {
			if lists.IsNull(int(i)) {
				continue
			}
			for j := range inner[i].Length {
				pos = append(pos, inner[i].Offset+j)
			}
		}
		dst[p] = types.ListEntry{Offset: uint32(from), Length: uint32(len(pos) - from)}
	}
	kernel.Copy(out.Children[0], 0, elems, pos, len(pos))
	return nil
}

func bindFlatten(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	if elem.ID == types.Null {
		elem = types.ListOf(elem)
	}
	if elem.ID != types.List || elem.Ext == nil {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "a list of lists is wanted, not %s", args[0])
	}
	return &function.Bound{Params: []types.Type{types.ListOf(elem)}, Return: elem, Kernel: runFlatten}, nil
}

var listFlattens = []*function.Scalar{
	{Name: "flatten", Category: "list", Description: "The elements of the lists of a list, one after the other.", Example: "flatten([[1, 2], [3]])", Result: "[1, 2, 3]", Overloads: []function.Overload{binding(bindFlatten, anyList)}},
}
