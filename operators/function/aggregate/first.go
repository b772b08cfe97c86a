package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var first = &function.Aggregate{
	Name:        "first",
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Any)}, Bind: bindFirst}},
	Description: "the first value, NULL or not, in the order of the input",
	Example:     "SELECT first(x) FROM (VALUES (3), (1)) t(x)",
	Result:      "3",
	Category:    "aggregate",
}

var last = &function.Aggregate{
	Name:        "last",
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Any)}, Bind: bindLast}},
	Description: "the last value, NULL or not, in the order of the input",
	Example:     "SELECT last(x) FROM (VALUES (3), (1)) t(x)",
	Result:      "1",
	Category:    "aggregate",
}

var anyValue = &function.Aggregate{
	Name:        "any_value",
	Aliases:     []string{"arbitrary"},
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Any)}, Bind: bindAnyValue}},
	Description: "the first value that is not NULL, in the order of the input",
	Example:     "SELECT any_value(x) FROM (VALUES (NULL), (3), (1)) t(x)",
	Result:      "3",
	Category:    "aggregate",
}

// pick says which value is kept.
type pick uint8

const (
	pickFirst pick = iota
	pickLast
	pickValid // first that is not NULL
)

func bindFirst(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindPick("first", args[0], pickFirst)
}

func bindLast(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindPick("last", args[0], pickLast)
}

func bindAnyValue(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	return bindPick("any_value", args[0], pickValid)
}

func bindPick(name string, t types.Type, p pick) (*function.BoundAgg, error) {
	b := &function.BoundAgg{Name: name, Params: []types.Type{t}, Return: t, OrderDependent: true}
	b.Ordered = func(keys []function.OrderKey) (*function.BoundAgg, error) { return orderedPick(name, t, p, keys), nil }
	switch w := t.Physical().Width(); {
	case t.Physical() == types.PString || t.IsNested():
		pickBytes(b, p)
	case w == 1:
		pickFixed[uint8](b, p)
	case w == 2:
		pickFixed[uint16](b, p)
	case w == 4:
		pickFixed[uint32](b, p)
	case w == 8:
		pickFixed[uint64](b, p)
	case w == 16:
		pickFixed[types.Int128](b, p)
	default:
		return nil, noSuch(name, t)
	}
	return b, nil
}

// pickState keeps a value of fixed width; seen as in bytesState.
type pickState[T any] struct {
	val  T
	seen int64
}

// chosen narrows the n positions sel to the ones that can matter for a single
// state: the first or the last. ok is false when none does.
func (p pick) chosen(v *vector.Vector, sel []uint32, n int, seen int64) (pos int, ok bool) {
	switch {
	case n == 0:
		return 0, false
	case p == pickLast:
		return position(sel, n-1), true
	case seen != 0:
		return 0, false
	case p == pickFirst:
		return position(sel, 0), true
	}
	for i := range n {
		if q := position(sel, i); !v.IsNull(q) {
			return q, true
		}
	}
	return 0, false
}

func pickFixed[T any](b *function.BoundAgg, p pick) {
	b.Size = 16
	if b.Return.Physical().Width() == 16 {
		b.Size = 24
	}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		if p == pickValid {
			w, at, rs := withRows(c, 0, args[0], rows, sel, n)
			vals := raw.Cast[T](w.Data)
			for i, e := range at {
				if s := raw.At[pickState[T]](rs[i], off); s.seen == 0 {
					s.val, s.seen = vals[e], 1
				}
			}
			return nil
		}
		w := view(c, 0, args[0])
		at := elements(c, 0, &w, sel, n)
		vals := raw.Cast[T](w.Data)
		for i, e := range at {
			s := raw.At[pickState[T]](rows[i], off)
			if p == pickFirst && s.seen != 0 {
				continue
			}
			s.val, s.seen = vals[e], 1
			if w.Valid != nil && !w.Valid.Get(int(e)) {
				s.seen = 2
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		s := raw.At[pickState[T]](row, off)
		pos, ok := p.chosen(args[0], sel, n, s.seen)
		if !ok {
			return nil
		}
		w := view(c, 0, args[0])
		e := w.Index(pos)
		s.val, s.seen = raw.Cast[T](w.Data)[e], 1
		if w.Valid != nil && !w.Valid.Get(e) {
			s.seen = 2
		}
		return nil
	}
	b.Combine = func(_ *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[pickState[T]](r, off), raw.At[pickState[T]](dst[i], off)
			if s.seen != 0 && (d.seen == 0 || p == pickLast) {
				*d = *s
			}
		}
		return nil
	}
	b.Finalize = func(_ *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		vals := vector.Values[T](out)[from : from+len(rows)]
		for i, r := range rows {
			s := raw.At[pickState[T]](r, off)
			if vals[i] = s.val; s.seen != 1 {
				out.SetNull(from + i)
			}
		}
		return nil
	}
}

// pickBytes is for strings and nested values.
func pickBytes(b *function.BoundAgg, p pick) {
	b.Size, b.HeapState = bytesSize, true
	isString := b.Return.Physical() == types.PString
	one := func(c *function.AggCall, v *vector.Vector, w *vector.View, pos int, row raw.Addr, off uintptr) error {
		s := raw.At[bytesState](row, off)
		if v.IsNull(pos) {
			if p != pickValid {
				s.seen = 2
			}
			return nil
		}
		if isString {
			return s.store(c, row, &raw.Cast[types.StringRef](w.Data)[w.Index(pos)], w.Bufs)
		}
		ref, err := putBytes(c, row, s.ref, blobOf(c, v, pos))
		s.ref, s.seen = ref, 1
		return err
	}
	b.Update = func(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
		w := view(c, 0, args[0])
		for i := range n {
			if p != pickLast && raw.At[bytesState](rows[i], off).seen != 0 {
				continue
			}
			if err := one(c, args[0], &w, position(sel, i), rows[i], off); err != nil {
				return err
			}
		}
		return nil
	}
	b.UpdateOne = func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
		pos, ok := p.chosen(args[0], sel, n, raw.At[bytesState](row, off).seen)
		if !ok {
			return nil
		}
		w := view(c, 0, args[0])
		return one(c, args[0], &w, pos, row, off)
	}
	b.Combine = func(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
		for i, r := range src {
			s, d := raw.At[bytesState](r, off), raw.At[bytesState](dst[i], off)
			if s.seen != 0 && (d.seen == 0 || p == pickLast) {
				if err := d.adopt(c, s, dst[i]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	b.Finalize = finalizeBytes
}
