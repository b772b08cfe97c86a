package scalar

import (
	"cmp"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// members finds out which elements a list has, NULLs apart: short lists are looked
// through, longer ones are sorted by hash.
type members struct {
	elems  *vector.Vector
	cache  kernel.HashCache
	hashes []uint64 // by position; of the list's elements, when there are many
	own    []uint32 // the list's elements that are not NULL
	many   bool
}

// set makes m the elements of list e.
func (m *members) set(e types.ListEntry) {
	m.own = m.own[:0]
	for i := e.Offset; i < e.Offset+e.Length; i++ {
		if !m.elems.IsNull(int(i)) {
			m.own = append(m.own, i)
		}
	}
	if m.many = len(m.own) > fewElements; !m.many {
		return
	}
	if m.hashes == nil {
		m.hashes = make([]uint64, m.elems.Len)
	}
	kernel.Hash(m.elems, len(m.own), m.own, 0, m.hashes, false, &m.cache)
	slices.SortFunc(m.own, func(a, b uint32) int { return cmp.Or(cmp.Compare(m.hashes[a], m.hashes[b]), cmp.Compare(a, b)) })
}

// probes are the elements of lists that are looked for in members.
type probes struct {
	elems  *vector.Vector
	cache  kernel.HashCache
	hashes []uint64
	pos    []uint32
}

// set makes p the elements of list e that are not NULL, and hashes them if m wants
// that.
func (p *probes) set(e types.ListEntry, m *members) {
	p.pos = p.pos[:0]
	for i := e.Offset; i < e.Offset+e.Length; i++ {
		if !p.elems.IsNull(int(i)) {
			p.pos = append(p.pos, i)
		}
	}
	if !m.many || len(p.pos) == 0 {
		return
	}
	if p.hashes == nil {
		p.hashes = make([]uint64, p.elems.Len)
	}
	kernel.Hash(p.elems, len(p.pos), p.pos, 0, p.hashes, false, &p.cache)
}

// has reports whether m has element i of p.
func (m *members) has(p *probes, i uint32) bool {
	if !m.many {
		for _, o := range m.own {
			if kernel.CompareAt(m.elems, int(o), p.elems, int(i)) == 0 {
				return true
			}
		}
		return false
	}
	h := p.hashes[i]
	at, _ := slices.BinarySearchFunc(m.own, h, func(o uint32, h uint64) int { return cmp.Compare(m.hashes[o], h) })
	for ; at < len(m.own) && m.hashes[m.own[at]] == h; at++ {
		if kernel.CompareAt(m.elems, int(m.own[at]), p.elems, int(i)) == 0 {
			return true
		}
	}
	return false
}

// runListHas asks whether a list has any, or all, of the elements of another that
// are not NULL.
func runListHas(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	all := c.Bound.Data.(bool)
	lists, others, r := numArg[types.ListEntry](c, args, 0), numArg[types.ListEntry](c, args, 1), living(c)
	m, p := members{elems: flatElements(lists.view.Children[0])}, probes{elems: flatElements(others.view.Children[0])}
	for k := range r.n {
		at := r.at(k)
		if lists.null(at) || others.null(at) {
			continue
		}
		m.set(lists.at(at))
		p.set(others.at(at), &m)
		found := all
		for _, i := range p.pos {
			if found = m.has(&p, i); found != all {
				break
			}
		}
		out.Data[at] = flag(found)
	}
	return nil
}

// runListIntersect keeps of the longer list, the second of two as long, the
// different elements that the other has too.
func runListIntersect(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, others, r := numArg[types.ListEntry](c, args, 0), numArg[types.ListEntry](c, args, 1), living(c)
	dst, child := vector.Values[types.ListEntry](out), out.Children[0]
	x, y := flatElements(lists.view.Children[0]), flatElements(others.view.Children[0])
	set := [2]members{{elems: x}, {elems: y}}
	probe := [2]probes{{elems: y}, {elems: x}}
	var keep []uint32
	for k := range r.n {
		at := r.at(k)
		if lists.null(at) || others.null(at) {
			continue
		}
		short, long, side := lists.at(at), others.at(at), 0
		if short.Length > long.Length {
			short, long, side = long, short, 1
		}
		m, p := &set[side], &probe[side]
		m.set(short)
		p.set(long, m)
		keep = keep[:0]
	element:
		for _, i := range p.pos {
			if !m.has(p, i) {
				continue
			}
			for _, o := range keep {
				if kernel.CompareAt(p.elems, int(o), p.elems, int(i)) == 0 {
					continue element
				}
			}
			keep = append(keep, i)
		}
		dst[at] = types.ListEntry{Offset: uint32(child.Len), Length: uint32(len(keep))}
		kernel.Copy(child, child.Len, p.elems, keep, len(keep))
	}
	return nil
}

// runListUnique counts the different elements, NULLs apart.
func runListUnique(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, r := numArg[types.ListEntry](c, args, 0), living(c)
	m, dst := members{elems: flatElements(lists.view.Children[0])}, vector.Values[uint64](out)
	for k := range r.n {
		at := r.at(k)
		if lists.null(at) {
			continue
		}
		m.set(lists.at(at))
		n := uint64(0)
		for i, a := range m.own {
			again := false
			for j := i - 1; j >= 0 && !again && (!m.many || m.hashes[m.own[j]] == m.hashes[a]); j-- {
				again = kernel.CompareAt(m.elems, int(m.own[j]), m.elems, int(a)) == 0
			}
			if !again {
				n++
			}
		}
		dst[at] = n
	}
	return nil
}

func bindListPosition(args []types.Type, consts []*types.Value) (*function.Bound, error) {
	b, err := bindListContains(args, consts)
	if err != nil {
		return nil, err
	}
	b.Return, b.Kernel, b.Nulls = integer, runListPosition, function.Special
	return b, nil
}

// bindTwoLists types a function of two lists, which get elements of the same type.
func bindTwoLists(args []types.Type) (types.Type, error) {
	x, err := elementType(args[0])
	if err != nil {
		return x, err
	}
	y, err := elementType(args[1])
	if err != nil {
		return y, err
	}
	t, ok := types.CommonType(x, y)
	if !ok {
		return t, sqlerr.New(sqlerr.CodeUndefinedFunction, "lists of %s and of %s have nothing in common", x, y)
	}
	return types.ListOf(t), nil
}

func bindListHas(all bool) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		t, err := bindTwoLists(args)
		return &function.Bound{Params: []types.Type{t, t}, Return: boolean, Kernel: runListHas, Data: all}, err
	}
}

func bindListIntersect(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	t, err := bindTwoLists(args)
	return &function.Bound{Params: []types.Type{t, t}, Return: t, Kernel: runListIntersect}, err
}

func bindListUnique(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	return &function.Bound{Params: []types.Type{types.ListOf(elem)}, Return: ubigint, Kernel: runListUnique}, err
}

var listFinds = []*function.Scalar{
	{Name: "list_position", Aliases: []string{"list_indexof", "array_position", "array_indexof"}, Category: "list", Description: "The place of the first element that equals a value, from 1; NULL when there is none.", Example: "list_position([1, 2], 2)", Result: "2", Overloads: []function.Overload{binding(bindListPosition, anyList, anyType)}},
	{Name: "list_has_any", Aliases: []string{"array_has_any"}, Category: "list", Description: "Whether two lists have an element in common.", Example: "list_has_any([1, 2], [2, 3])", Result: "true", Overloads: []function.Overload{binding(bindListHas(false), anyList, anyList)}},
	{Name: "list_has_all", Aliases: []string{"array_has_all"}, Category: "list", Description: "Whether a list has all elements of another.", Example: "list_has_all([1, 2], [2])", Result: "true", Overloads: []function.Overload{binding(bindListHas(true), anyList, anyList)}},
	{Name: "list_intersect", Aliases: []string{"array_intersect"}, Category: "list", Description: "The different elements that two lists have in common.", Example: "list_intersect([1, 2], [2, 3])", Result: "[2]", Overloads: []function.Overload{binding(bindListIntersect, anyList, anyList)}},
	{Name: "list_unique", Aliases: []string{"array_unique"}, Category: "list", Description: "How many different elements a list has, without NULLs.", Example: "list_unique([1, 1, NULL])", Result: "1", Overloads: []function.Overload{binding(bindListUnique, anyList)}},
}
