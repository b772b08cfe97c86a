package scalar

import (
	"cmp"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// fewElements is up to how many elements are compared each with each.
const fewElements = 8

// runListDistinct keeps the first of equal elements, in order; NULLs go.
func runListDistinct(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, r := numArg[types.ListEntry](c, args, 0), living(c)
	dst := vector.Values[types.ListEntry](out)
	elems := flatElements(lists.view.Children[0])
	var cache kernel.HashCache
	var hashes []uint64
	var pos, own []uint32
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) {
			continue
		}
		e := lists.at(p)
		own = own[:0]
		for i := e.Offset; i < e.Offset+e.Length; i++ {
			if !elems.IsNull(int(i)) {
				own = append(own, i)
			}
		}
		many := len(own) > fewElements
		if many {
			if hashes == nil {
				hashes = make([]uint64, elems.Len)
			}
			// Equal elements hash alike and become neighbours, the first before
			// the others.
			kernel.Hash(elems, len(own), own, 0, hashes, false, &cache)
			slices.SortFunc(own, func(a, b uint32) int { return cmp.Or(cmp.Compare(hashes[a], hashes[b]), cmp.Compare(a, b)) })
		}
		from := len(pos)
		for i, a := range own {
			again := false
			for j := i - 1; j >= 0 && !again && (!many || hashes[own[j]] == hashes[a]); j-- {
				again = kernel.CompareAt(elems, int(own[j]), elems, int(a)) == 0
			}
			if !again {
				pos = append(pos, a)
			}
		}
		slices.Sort(pos[from:])
		dst[p] = types.ListEntry{Offset: uint32(from), Length: uint32(len(pos) - from)}
	}
	kernel.Copy(out.Children[0], 0, elems, pos, len(pos))
	return nil
}

func bindListDistinct(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	t := types.ListOf(elem)
	return &function.Bound{Params: []types.Type{t}, Return: t, Kernel: runListDistinct}, nil
}

var listDistincts = []*function.Scalar{
	{Name: "list_distinct", Aliases: []string{"array_distinct"}, Category: "list", Description: "The different elements of a list, without NULLs, in the order in which they come first.", Example: "list_distinct([2, 1, 2])", Result: "[2, 1]", Overloads: []function.Overload{binding(bindListDistinct, anyList)}},
}
