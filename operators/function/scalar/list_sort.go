package scalar

import (
	"slices"
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// listOrder is how a call sorts, and what of it: elements or their places.
type listOrder struct {
	desc, nullsFirst, places bool
}

// compare orders two elements by value, NULLs apart.
func (o *listOrder) compare(elems *vector.Vector, a, b uint32) int {
	an, bn := elems.IsNull(int(a)), elems.IsNull(int(b))
	switch {
	case an && bn:
		return 0
	case an != bn:
		if an == o.nullsFirst {
			return -1
		}
		return 1
	}
	c := kernel.CompareAt(elems, int(a), elems, int(b))
	if o.desc {
		return -c
	}
	return c
}

// runListSort sorts lists; equal elements keep their order.
func runListSort(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	o := c.Bound.Data.(listOrder)
	lists, r := numArg[types.ListEntry](c, args, 0), living(c)
	elems, dst := flatElements(lists.view.Children[0]), vector.Values[types.ListEntry](out)
	var pos []uint32
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) {
			continue
		}
		e, from := lists.at(p), len(pos)
		for i := e.Offset; i < e.Offset+e.Length; i++ {
			pos = append(pos, i)
		}
		slices.SortStableFunc(pos[from:], func(a, b uint32) int { return o.compare(elems, a, b) })
		dst[p] = types.ListEntry{Offset: uint32(from), Length: e.Length}
		if o.places {
			for i := range pos[from:] {
				pos[from+i] -= e.Offset
			}
		}
	}
	child := out.Children[0]
	if !o.places {
		kernel.Copy(child, 0, elems, pos, len(pos))
		return nil
	}
	child.Resize(len(pos))
	places := vector.Values[int64](child)
	for i, p := range pos {
		places[i] = int64(p) + 1
	}
	return nil
}

// bindListSort types a sort whose order the constants behind the list say: ASC or
// DESC, then NULLS FIRST or NULLS LAST.
func bindListSort(reverse, places bool) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		elem, err := elementType(args[0])
		if err != nil {
			return nil, err
		}
		o := listOrder{desc: reverse, places: places}
		for i, v := range consts[1:] {
			if v == nil || v.IsNull {
				return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the order of a sort must be a constant")
			}
			words := strings.Join(strings.Fields(strings.ToUpper(v.S)), " ")
			switch {
			case i == 0 && !reverse && (words == "ASC" || words == "DESC" || words == "DEFAULT" || words == "ORDER_DEFAULT"):
				o.desc = words == "DESC"
			case i == len(consts)-2 && (i == 1 || reverse) && words == "NULLS FIRST":
				o.nullsFirst = true
			case i == len(consts)-2 && (i == 1 || reverse) && words == "NULLS LAST":
			default:
				return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "%q is no order of a sort", v.S)
			}
		}
		t := types.ListOf(elem)
		params := []types.Type{t}
		for range consts[1:] {
			params = append(params, varchar)
		}
		b := &function.Bound{Params: params, Return: t, Kernel: runListSort, Data: o}
		if places {
			b.Return = types.ListOf(bigint)
		}
		return b, nil
	}
}

func sorting(name string, aliases []string, what, example, result string, reverse, places bool) *function.Scalar {
	bind := bindListSort(reverse, places)
	f := &function.Scalar{Name: name, Aliases: aliases, Category: "list", Description: what, Example: example, Result: result,
		Overloads: []function.Overload{binding(bind, anyList), binding(bind, anyList, varchar)}}
	if !reverse {
		f.Overloads = append(f.Overloads, binding(bind, anyList, varchar, varchar))
	}
	return f
}

var listSorts = []*function.Scalar{
	sorting("list_sort", []string{"array_sort"}, "The elements sorted, NULLs last; in the order that 'ASC' or 'DESC' and 'NULLS FIRST' or 'NULLS LAST' say.", "list_sort([2, 1], 'DESC')", "[2, 1]", false, false),
	sorting("list_reverse_sort", []string{"array_reverse_sort"}, "The elements sorted from the greatest, NULLs last or as 'NULLS FIRST' says.", "list_reverse_sort([1, 2])", "[2, 1]", true, false),
	sorting("list_grade_up", []string{"array_grade_up", "grade_up"}, "The places of the elements, from 1, in the order in which list_sort has them.", "list_grade_up([30, 10, 20])", "[2, 3, 1]", false, true),
}
