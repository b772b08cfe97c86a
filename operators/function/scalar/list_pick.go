package scalar

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// picker builds lists of elements of others by their positions, where gap stands
// for NULL.
type picker struct {
	out   *vector.Vector
	dst   []types.ListEntry
	elems *vector.Vector
	pos   []uint32
	gaps  []int // places in pos that are NULLs
}

func pick(out, elems *vector.Vector) picker {
	return picker{out: out, dst: vector.Values[types.ListEntry](out), elems: flatElements(elems)}
}

// begin starts the list at position p; end ends it.
func (b *picker) begin(p int) { b.dst[p].Offset = uint32(len(b.pos)) }
func (b *picker) end(p int)   { b.dst[p].Length = uint32(len(b.pos)) - b.dst[p].Offset }

func (b *picker) add(i uint32) { b.pos = append(b.pos, i) }

func (b *picker) gap() {
	b.gaps = append(b.gaps, len(b.pos))
	b.pos = append(b.pos, 0)
}

// done makes the elements.
func (b *picker) done() {
	child := b.out.Children[0]
	if b.elems.Len == 0 { // all are gaps
		child.Resize(len(b.pos))
	} else {
		kernel.Copy(child, 0, b.elems, b.pos, len(b.pos))
	}
	for _, i := range b.gaps {
		child.SetNull(i)
	}
}

// maxListLength bounds the lists that functions make longer.
const maxListLength = math.MaxInt32

// runListWhere keeps the elements beside true; beyond the list there are NULLs.
func runListWhere(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, masks, r := numArg[types.ListEntry](c, args, 0), numArg[types.ListEntry](c, args, 1), living(c)
	mask := flatElements(masks.view.Children[0])
	b := pick(out, lists.view.Children[0])
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) || masks.null(p) {
			continue
		}
		e, m := lists.at(p), masks.at(p)
		b.begin(p)
		for i := range m.Length {
			switch at := int(m.Offset + i); {
			case mask.IsNull(at):
				return sqlerr.New(sqlerr.CodeNullNotAllowed, "NULLs are not allowed in the mask of list_where")
			case mask.Data[at] == 0:
			case i < e.Length:
				b.add(e.Offset + i)
			default:
				b.gap()
			}
		}
		b.end(p)
	}
	b.done()
	return nil
}

// runListSelect gives the elements at places from 1 on; beyond the list there are
// NULLs.
func runListSelect(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, places, r := numArg[types.ListEntry](c, args, 0), numArg[types.ListEntry](c, args, 1), living(c)
	at := flatElements(places.view.Children[0])
	nums := raw.Cast[int64](at.Data)
	b := pick(out, lists.view.Children[0])
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) || places.null(p) {
			continue
		}
		e, s := lists.at(p), places.at(p)
		b.begin(p)
		for i := s.Offset; i < s.Offset+s.Length; i++ {
			switch {
			case at.IsNull(int(i)):
				return sqlerr.New(sqlerr.CodeNullNotAllowed, "NULLs are not allowed among the places of list_select")
			case nums[i] >= 1 && nums[i] <= int64(e.Length):
				b.add(e.Offset + uint32(nums[i]-1))
			default:
				b.gap()
			}
		}
		b.end(p)
	}
	b.done()
	return nil
}

// runListReverse turns lists around.
func runListReverse(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, r := numArg[types.ListEntry](c, args, 0), living(c)
	b := pick(out, lists.view.Children[0])
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) {
			continue
		}
		e := lists.at(p)
		b.begin(p)
		for i := e.Offset + e.Length; i > e.Offset; i-- {
			b.add(i - 1)
		}
		b.end(p)
	}
	b.done()
	return nil
}

// runListResize makes lists as long as wanted: what is missing is NULL or the third
// argument. A NULL length is 0.
func runListResize(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, sizes, r := numArg[types.ListEntry](c, args, 0), numArg[int64](c, args, 1), living(c)
	elems := flatElements(lists.view.Children[0])
	dst, child := vector.Values[types.ListEntry](out), out.Children[0]
	var pos []uint32
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) {
			out.SetNull(p)
			continue
		}
		e, n := lists.at(p), int64(0)
		if !sizes.null(p) {
			n = sizes.at(p)
		}
		if n < 0 || n > maxListLength-int64(child.Len) {
			return sqlerr.New(sqlerr.CodeNumericOutOfRange, "a list cannot be resized to %d elements", n)
		}
		pos = pos[:0]
		for i := e.Offset; i < e.Offset+uint32(min(int64(e.Length), n)); i++ {
			pos = append(pos, i)
		}
		from := child.Len
		dst[p] = types.ListEntry{Offset: uint32(from), Length: uint32(n)}
		if len(pos) > 0 {
			kernel.Copy(child, from, elems, pos, len(pos))
		}
		more := int(n) - len(pos)
		if more == 0 {
			continue
		}
		if len(args) < 3 {
			at := child.Len
			child.Grow(more)
			for i := range more {
				child.SetNull(at + i)
			}
			continue
		}
		pos = pos[:0]
		for range more {
			pos = append(pos, uint32(p))
		}
		kernel.Copy(child, child.Len, args[2], pos, more)
	}
	return nil
}

// runListZip makes lists of rows of the elements at the same places: as many as the
// longest list has, or, where the last argument is true, the shortest.
func runListZip(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r, n := living(c), len(out.Children[0].Children)
	lists := make([]numbers[types.ListEntry], n)
	for i := range lists {
		lists[i] = numArg[types.ListEntry](c, args, i)
	}
	var short *column
	if len(args) > n {
		x := arg(c, args, n)
		short = &x
	}
	dst, rows := vector.Values[types.ListEntry](out), out.Children[0]
	total := 0
	for k := range r.n {
		p := r.at(k)
		most, least := uint32(0), uint32(math.MaxUint32)
		for i := range lists {
			length := uint32(0)
			if !lists[i].null(p) {
				length = lists[i].at(p).Length
			}
			most, least = max(most, length), min(least, length)
		}
		if short != nil && !short.null(p) && short.view.Data[short.index(p)] != 0 {
			most = least
		}
		if int64(total)+int64(most) > maxListLength {
			return sqlerr.New(sqlerr.CodeNumericOutOfRange, "lists are too long to be zipped")
		}
		dst[p] = types.ListEntry{Offset: uint32(total), Length: most}
		total += int(most)
	}
	rows.Resize(total)
	for i := range lists {
		elems, to := flatElements(lists[i].view.Children[0]), rows.Children[i]
		var pos []uint32
		var gaps []int
		for k := range r.n {
			p := r.at(k)
			e := types.ListEntry{}
			if !lists[i].null(p) {
				e = lists[i].at(p)
			}
			for j := range dst[p].Length {
				if j < e.Length {
					pos = append(pos, e.Offset+j)
					continue
				}
				gaps = append(gaps, len(pos))
				pos = append(pos, 0)
			}
		}
		if elems.Len > 0 {
			kernel.Copy(to, 0, elems, pos, len(pos))
		}
		for _, g := range gaps {
			to.SetNull(g)
		}
	}
	return nil
}

// runArrayToString joins the texts of a list that are not NULL; NULL if all are,
// and there are some.
func runArrayToString(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lists, sep, r := numArg[types.ListEntry](c, args, 0), textArg(c, args, 1), living(c)
	elems, buf := flatElements(lists.view.Children[0]), bytesOf(c)
	refs := raw.Cast[types.StringRef](elems.Data)
	b := buf.b
	for k := range r.n {
		p := r.at(k)
		if lists.null(p) {
			out.SetNull(p)
			continue
		}
		between := []byte(",")
		if !sep.null(p) {
			between = sep.at(p)
		}
		e, some := lists.at(p), false
		b = b[:0]
		for i := e.Offset; i < e.Offset+e.Length; i++ {
			if elems.IsNull(int(i)) {
				continue
			}
			if some {
				b = append(b, between...)
			}
			some = true
			b = append(b, vector.Str(&refs[i], elems.Bufs)...)
		}
		if !some && e.Length > 0 {
			out.SetNull(p)
			continue
		}
		out.PutString(p, b)
	}
	buf.b = b
	return nil
}

func bindListWith(k function.Kernel, more ...types.Type) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		elem, err := elementType(args[0])
		t := types.ListOf(elem)
		return &function.Bound{Params: append([]types.Type{t}, more...), Return: t, CanFail: len(more) > 0, Kernel: k}, err
	}
}

func bindListResize(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	t := types.ListOf(elem)
	params := []types.Type{t, bigint}
	if len(args) > 2 {
		params = append(params, elem)
	}
	return &function.Bound{Params: params, Return: t, Nulls: function.Special, CanFail: true, Kernel: runListResize}, nil
}

func bindListZip(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	var params []types.Type
	var fields []types.Field
	for i, a := range args {
		if i > 0 && i == len(args)-1 && a.ID == types.Boolean {
			params = append(params, boolean)
			break
		}
		elem, err := elementType(a)
		if err != nil {
			return nil, err
		}
		params = append(params, types.ListOf(elem))
		fields = append(fields, types.Field{Type: elem})
	}
	return &function.Bound{Params: params, Return: types.ListOf(types.StructOf(fields...)), Nulls: function.Special, CanFail: true, Kernel: runListZip}, nil
}

func bindArrayToString(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	if _, err := elementType(args[0]); err != nil {
		return nil, err
	}
	return &function.Bound{Params: []types.Type{types.ListOf(varchar), varchar}, Return: varchar, Nulls: function.Special, CanFail: true, Kernel: runArrayToString}, nil
}

// bindArrayValue types array_value, whose length is that of its arguments.
func bindArrayValue(args []types.Type, consts []*types.Value) (*function.Bound, error) {
	b, err := bindListValue(args, consts)
	if err != nil {
		return nil, err
	}
	b.Return = types.ArrayOf(b.Params[0], len(args))
	b.Kernel = func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
		r, child := living(c), out.Children[0]
		one := make([]uint32, 1)
		for k := range r.n {
			p := r.at(k)
			one[0] = uint32(p)
			for i, a := range args {
				kernel.Copy(child, p*len(args)+i, a, one, 1)
			}
		}
		return nil
	}
	return b, nil
}

var listPicks = []*function.Scalar{
	{Name: "list_where", Aliases: []string{"array_where"}, Category: "list", Description: "The elements of a list beside which a list of booleans has true.", Example: "list_where([1, 2, 3], [true, false, true])", Result: "[1, 3]", Overloads: []function.Overload{binding(bindListWith(runListWhere, types.ListOf(boolean)), anyList, types.ListOf(boolean))}},
	{Name: "list_select", Aliases: []string{"array_select"}, Category: "list", Description: "The elements at places from 1 on; NULL where there is none.", Example: "list_select([1, 2, 3], [3, 1])", Result: "[3, 1]", Overloads: []function.Overload{binding(bindListWith(runListSelect, types.ListOf(bigint)), anyList, types.ListOf(bigint))}},
	{Name: "list_reverse", Aliases: []string{"array_reverse"}, Category: "list", Description: "The elements from last to first.", Example: "list_reverse([1, 2])", Result: "[2, 1]", Overloads: []function.Overload{binding(bindListWith(runListReverse), anyList)}},
	{Name: "list_resize", Aliases: []string{"array_resize"}, Category: "list", Description: "A list of so many elements; what is missing is NULL, or the third argument.", Example: "list_resize([1, 2], 3, 0)", Result: "[1, 2, 0]", Overloads: []function.Overload{binding(bindListResize, anyList, bigint), binding(bindListResize, anyList, bigint, anyType)}},
	{Name: "list_zip", Aliases: []string{"array_zip"}, Category: "list", Description: "Rows of the elements of lists at the same places, as many as the longest list has or, with true at the end, the shortest.", Example: "list_zip([1, 2], ['a', 'b'])", Result: "[(1, a), (2, b)]", Overloads: []function.Overload{variadic(binding(bindListZip, anyType))}},
	{Name: "array_to_string", Category: "list", Description: "The elements of a list as one text, with a separator between them, NULLs left out.", Example: "array_to_string([1, 2], '-')", Result: "1-2", Overloads: []function.Overload{binding(bindArrayToString, anyList, varchar)}},
	{Name: "array_value", Category: "list", Description: "An array of the arguments.", Example: "array_value(1, 2)", Result: "[1, 2]", Overloads: []function.Overload{variadic(binding(bindArrayValue, anyType))}},
}
