package scalar

import (
	"math"
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Bounds of a slice that were left out: x[:2], x[2:].
const (
	sliceFirst = math.MinInt64
	sliceLast  = math.MaxInt64
)

// sliceBounds returns the first and last place, from 1, of a slice of n things
// by step; there are none when the last lies before the first. Negative bounds
// count from the end.
func sliceBounds(n, lo, hi, step int64) (first, last int64) {
	if step < 0 {
		// Backwards: absent bounds are the other ends.
		if lo == sliceFirst {
			lo = sliceLast
		}
		if hi == sliceLast {
			hi = 1
		}
	}
	place := func(b int64) int64 {
		if b < 0 && b != sliceFirst {
			b += n + 1
		}
		return b
	}
	lo, hi = place(lo), place(hi)
	if step < 0 {
		return min(lo, n), max(hi, 1)
	}
	return max(lo, 1), min(hi, n)
}

// runListSlice cuts lists; with a step of 1 the elements stay where they are.
func runListSlice(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	col, lo, hi, r := arg(c, args, 0), numArg[int64](c, args, 1), numArg[int64](c, args, 2), living(c)
	entries, dst := numArg[types.ListEntry](c, args, 0), vector.Values[types.ListEntry](out)
	child := col.view.Children[0]
	if len(args) == 3 {
		for k := range r.n {
			p := r.at(k)
			if col.null(p) {
				continue
			}
			e := entries.at(p)
			first, last := sliceBounds(int64(e.Length), lo.at(p), hi.at(p), 1)
			if last >= first {
				dst[p] = types.ListEntry{Offset: e.Offset + uint32(first-1), Length: uint32(last - first + 1)}
			}
		}
		out.Children[0].Reference(child)
		return nil
	}
	by := numArg[int64](c, args, 3)
	var pos []uint32
	for k := range r.n {
		p := r.at(k)
		if col.null(p) || by.null(p) {
			continue
		}
		e, step := entries.at(p), by.at(p)
		if step == 0 {
			return sqlerr.New(sqlerr.CodeArraySubscript, "the step of a slice must not be 0")
		}
		first, last := sliceBounds(int64(e.Length), lo.at(p), hi.at(p), step)
		from := len(pos)
		for i := first; step > 0 && i <= last || step < 0 && i >= last; {
			pos = append(pos, e.Offset+uint32(i-1))
			if step > 0 && i > last-step || step < 0 && i < last-step {
				break // the next one would lie beyond, or overflow
			}
			i += step
		}
		dst[p] = types.ListEntry{Offset: uint32(from), Length: uint32(len(pos) - from)}
	}
	to := out.Children[0]
	kernel.Copy(to, to.Len, child, pos, len(pos))
	return nil
}

func bindListSlice(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	elem, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	t := types.ListOf(elem)
	return &function.Bound{
		Params: append([]types.Type{t}, []types.Type{bigint, bigint, bigint}[:len(args)-1]...), Return: t,
		CanFail: len(args) == 4, Kernel: runListSlice,
	}, nil
}

// runTextSlice cuts texts by characters.
func runTextSlice(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, lo, hi, r := textArg(c, args, 0), numArg[int64](c, args, 1), numArg[int64](c, args, 2), living(c)
	for k := range r.n {
		p := r.at(k)
		if s.null(p) {
			continue
		}
		t := s.at(p)
		first, last := sliceBounds(int64(utf8.RuneCount(t)), lo.at(p), hi.at(p), 1)
		out.PutString(p, slice(t, first-1, last))
	}
	return nil
}

// runBlobSlice cuts blobs by bytes.
func runBlobSlice(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, lo, hi, r := textArg(c, args, 0), numArg[int64](c, args, 1), numArg[int64](c, args, 2), living(c)
	for k := range r.n {
		p := r.at(k)
		if s.null(p) {
			continue
		}
		t := s.at(p)
		first, last := sliceBounds(int64(len(t)), lo.at(p), hi.at(p), 1)
		if last < first {
			t = nil
		} else {
			t = t[first-1 : last]
		}
		out.PutString(p, t)
	}
	return nil
}

var listSlices = []*function.Scalar{
	{Name: "array_slice", Aliases: []string{"list_slice"}, Category: "list", Description: "The elements from one place to another, counted from 1, or from the end when negative; by a step if one is given. Of a text, the characters.", Example: "array_slice([1, 2, 3, 4], 2, -2)", Result: "[2, 3]",
		Overloads: []function.Overload{
			binding(bindListSlice, anyList, bigint, bigint), binding(bindListSlice, anyList, bigint, bigint, bigint),
			sig(varchar, runTextSlice, varchar, bigint, bigint), sig(blob, runBlobSlice, blob, bigint, bigint),
		}},
}
