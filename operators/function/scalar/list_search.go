package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// places finds for every living position the place of the first element of its
// list that equals the second argument, from 1; 0: there is none. Where the list or
// the value is NULL it leaves 0.
func places(c *function.Call, args []*vector.Vector) []uint32 {
	lists, elems := numArg[types.ListEntry](c, args, 0), flatElements(args[0].View(nil).Children[0])
	out := make([]uint32, c.N)
	switch p := elems.Type.Physical(); {
	case elems.Type.ID == types.TimeTZ:
		placesOfAny(c, args, &lists, elems, out)
	case p == types.PInt64 || p == types.PUint64:
		placesOfBits[uint64](c, args, &lists, elems, out)
	case p == types.PInt32 || p == types.PUint32:
		placesOfBits[uint32](c, args, &lists, elems, out)
	case p == types.PInt16 || p == types.PUint16:
		placesOfBits[uint16](c, args, &lists, elems, out)
	case p == types.PInt8 || p == types.PUint8 || p == types.PBool:
		placesOfBits[uint8](c, args, &lists, elems, out)
	case p == types.PString:
		placesOfTexts(c, args, &lists, elems, out)
	default:
		placesOfAny(c, args, &lists, elems, out)
	}
	return out
}

// placesOfBits is places for values that are equal when their bits are.
func placesOfBits[T uint8 | uint16 | uint32 | uint64](c *function.Call, args []*vector.Vector, lists *numbers[types.ListEntry], elems *vector.Vector, out []uint32) {
	r, want, data := living(c), numArg[T](c, args, 1), raw.Cast[T](elems.Data)
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) || want.null(p) {
			continue
		}
		e, x := lists.at(p), want.at(p)
		for i, y := range data[e.Offset : e.Offset+e.Length] {
			if x == y && !elems.IsNull(int(e.Offset)+i) {
				out[p] = uint32(i) + 1
				break
			}
		}
	}
}

func placesOfTexts(c *function.Call, args []*vector.Vector, lists *numbers[types.ListEntry], elems *vector.Vector, out []uint32) {
	r, want, refs := living(c), textArg(c, args, 1), raw.Cast[types.StringRef](elems.Data)
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) || want.null(p) {
			continue
		}
		e, x := lists.at(p), &want.refs[want.index(p)]
		for i := e.Offset; i < e.Offset+e.Length; i++ {
			if kernel.EqualRefs(x, &refs[i], want.view.Bufs, elems.Bufs) && !elems.IsNull(int(i)) {
				out[p] = i - e.Offset + 1
				break
			}
		}
	}
}

func placesOfAny(c *function.Call, args []*vector.Vector, lists *numbers[types.ListEntry], elems *vector.Vector, out []uint32) {
	r, want := living(c), arg(c, args, 1)
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) || want.null(p) {
			continue
		}
		e := lists.at(p)
		for i := e.Offset; i < e.Offset+e.Length; i++ {
			if kernel.CompareAt(elems, int(i), args[1], p) == 0 {
				out[p] = i - e.Offset + 1
				break
			}
		}
	}
}

// listContains asks whether a value is an element; NULL elements never are.
func listContains(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r, found := living(c), places(c, args)
	for k := range r.n {
		p := r.at(k)
		out.Data[p] = flag(found[p] > 0)
	}
	return nil
}

// runListPosition gives the place of the first element equal to a value, from 1;
// NULL is equal to NULL. NULL when there is none.
func runListPosition(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r, found, dst := living(c), places(c, args), vector.Values[int32](out)
	lists, want := numArg[types.ListEntry](c, args, 0), arg(c, args, 1)
	var elems *vector.Vector
	for k := range r.n {
		p := r.at(k)
		if !lists.null(p) && want.null(p) {
			if elems == nil {
				elems = flatElements(lists.view.Children[0])
			}
			e := lists.at(p)
			for i := range e.Length {
				if elems.IsNull(int(e.Offset + i)) {
					found[p] = i + 1
					break
				}
			}
		}
		if dst[p] = int32(found[p]); found[p] == 0 {
			out.SetNull(p)
		}
	}
	return nil
}
