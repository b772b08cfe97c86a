package aggregate

import (
	"slices"
	"strconv"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

var list = &function.Aggregate{
	Name:        "list",
	Aliases:     []string{"array_agg"},
	Overloads:   []function.AggOverload{{Params: []types.Type{types.Of(types.Any)}, Bind: bindList}},
	Description: "a list of all values, NULL included",
	Example:     "SELECT list(x) FROM (VALUES (3), (NULL), (1)) t(x)",
	Result:      "[3, NULL, 1]",
	Category:    "aggregate",
}

var stringAgg = &function.Aggregate{
	Name:    "string_agg",
	Aliases: []string{"group_concat", "listagg"},
	Overloads: []function.AggOverload{
		{Params: []types.Type{types.Of(types.Any)}, Bind: bindStringAgg},
		{Params: []types.Type{types.Of(types.Any), types.Of(types.Varchar)}, Bind: bindStringAgg},
	},
	Description: "the texts that are not NULL, one behind the other, with a constant separator between them",
	Example:     "SELECT string_agg(x, '-') FROM (VALUES ('a'), (NULL), ('b')) t(x)",
	Result:      "a-b",
	Category:    "aggregate",
}

func bindList(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
	t := args[0]
	b := &function.BoundAgg{Name: "list", Params: []types.Type{t}, Return: types.ListOf(t), OrderDependent: true}
	bagOf(b, func(_ *function.AggCall, dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
		return rowfmt.AppendElement(dst, args[0], pos), true
	})
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		return finalizeLists(c, rows, off, out, from, func(f *finish, s *bagState) error {
			f.buf = append(f.buf, s.bytes(bufs)...)
			return nil
		})
	}
	b.Ordered = func(keys []function.OrderKey) (*function.BoundAgg, error) { return orderedList(t, keys), nil }
	return b, nil
}

// finalizeLists writes a list per row, whose elements elems appends.
func finalizeLists(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int, elems func(f *finish, s *bagState) error) error {
	f := newFinish(c, len(rows))
	defer f.release()
	for i, r := range rows {
		s := raw.At[bagState](r, off)
		if s.items == 0 {
			continue
		}
		if s.items > 1<<31-1 {
			return sqlerr.New(sqlerr.CodeLimitExceeded, "a list takes more than %d elements", 1<<31-1)
		}
		f.begin()
		f.buf = listBlob(f.buf, int(s.items))
		if err := elems(f, s); err != nil {
			return err
		}
		if err := f.end(i); err != nil {
			return err
		}
	}
	return f.write(out, from)
}

// orderedRecords are what an aggregate with ORDER BY collects: the keys and
// the value of a row, each as an element.
type orderedRecords struct {
	keys  []function.OrderKey
	value types.Type
}

func (o *orderedRecords) put(dst []byte, args []*vector.Vector, pos, value int) []byte {
	for k := range o.keys {
		dst = rowfmt.AppendElement(dst, args[len(args)-len(o.keys)+k], pos)
	}
	return rowfmt.AppendElement(dst, args[value], pos)
}

// compare orders two records by their keys.
func (o *orderedRecords) compare(a, b []byte) int {
	for i := range o.keys {
		k := &o.keys[i]
		var c int
		// Descending turns the order of NULLs around as well.
		c, a, b = rowfmt.CompareElements(k.Type, a, b, k.NullsFirst != k.Desc)
		if c != 0 {
			if k.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// valueOf returns the value's element of a record.
func (o *orderedRecords) valueOf(rec []byte) []byte {
	for i := range o.keys {
		rec = rowfmt.SkipElement(o.keys[i].Type, rec)
	}
	return rec
}

// sorted lists the records in b in order; those with equal keys stay as they
// are.
func (o *orderedRecords) sorted(b []byte, n int64) [][]byte {
	recs := make([][]byte, 0, n)
	for len(b) > 0 {
		rest := rowfmt.SkipElement(o.value, o.valueOf(b))
		recs = append(recs, b[:len(b)-len(rest)])
		b = rest
	}
	slices.SortStableFunc(recs, o.compare)
	return recs
}

func orderedParams(first []types.Type, keys []function.OrderKey) []types.Type {
	out := slices.Clone(first)
	for _, k := range keys {
		out = append(out, k.Type)
	}
	return out
}

func orderedList(t types.Type, keys []function.OrderKey) *function.BoundAgg {
	o := &orderedRecords{keys, t}
	b := &function.BoundAgg{Name: "list", Params: orderedParams([]types.Type{t}, keys), Return: types.ListOf(t), OrderDependent: true}
	bagOf(b, func(_ *function.AggCall, dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
		return o.put(dst, args, pos, 0), true
	})
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		return finalizeLists(c, rows, off, out, from, func(f *finish, s *bagState) error {
			if err := f.charge(s.items * sliceBytes); err != nil {
				return err
			}
			for _, rec := range o.sorted(s.bytes(bufs), s.items) {
				f.buf = append(f.buf, o.valueOf(rec)...)
			}
			f.c.Shrink(s.items * sliceBytes)
			f.charged -= s.items * sliceBytes
			return nil
		})
	}
	return b
}

func bindStringAgg(args []types.Type, consts []*types.Value) (*function.BoundAgg, error) {
	text := types.Of(types.Varchar)
	sep := ","
	params := []types.Type{text}
	name := "string_agg"
	null := false // a separator of NULL makes every text NULL
	if len(args) > 1 {
		if consts[1] == nil {
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "the separator of string_agg must be a constant")
		}
		if consts[1].IsNull {
			null, sep = true, "NULL"
			name += " "
		} else {
			sep = consts[1].S
		}
		name += strconv.Quote(sep) // equal calls are found by name
	}
	b := &function.BoundAgg{Name: name, Params: params, Return: text, OrderDependent: true}
	bagOf(b, func(_ *function.AggCall, dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
		if null || args[0].IsNull(pos) {
			return dst, false
		}
		return rowfmt.AppendValue(dst, args[0], pos), true
	})
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		return finalizeTexts(c, rows, off, out, from, len(sep), func(s *bagState, dst []byte) []byte {
			all := s.bytes(bufs)
			for rest := all; len(rest) > 0; {
				if len(rest) < len(all) {
					dst = append(dst, sep...)
				}
				next := rowfmt.SkipValue(text, rest)
				dst = append(dst, rest[4:len(rest)-len(next)]...)
				rest = next
			}
			return dst
		})
	}
	b.Ordered = func(keys []function.OrderKey) (*function.BoundAgg, error) {
		o := &orderedRecords{keys, text}
		b := &function.BoundAgg{Name: name, Params: orderedParams(params, keys), Return: text, OrderDependent: true}
		bagOf(b, func(_ *function.AggCall, dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
			if null || args[0].IsNull(pos) {
				return dst, false
			}
			return o.put(dst, args, pos, 0), true
		})
		b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
			bufs := c.Heap.Bufs()
			return finalizeTexts(c, rows, off, out, from, len(sep)+sliceBytes, func(s *bagState, dst []byte) []byte {
				for i, rec := range o.sorted(s.bytes(bufs), s.items) {
					if i > 0 {
						dst = append(dst, sep...)
					}
					dst = append(dst, o.valueOf(rec)[5:]...)
				}
				return dst
			})
		}
		return b, nil
	}
	return b, nil
}

// finalizeTexts writes a text per row, NULL where there was no value; text
// appends it. Each value takes each bytes beside its own.
func finalizeTexts(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from, each int, text func(s *bagState, dst []byte) []byte) error {
	total, most := int64(0), int64(0)
	for _, r := range rows {
		s := raw.At[bagState](r, off)
		n := s.used + s.items*int64(each)
		total += n
		most = max(most, n)
	}
	// One text is made at a time, and all are copied into out.
	if err := c.Grow(2 * most); err != nil {
		return err
	}
	defer c.Shrink(2 * most)
	if err := c.Hold(total); err != nil {
		return err
	}
	var buf []byte
	for i, r := range rows {
		s := raw.At[bagState](r, off)
		if s.items == 0 {
			out.SetNull(from + i)
			continue
		}
		buf = text(s, buf[:0])
		if len(buf) > 1<<31-1 {
			return sqlerr.New(sqlerr.CodeLimitExceeded, "a text takes more than %d bytes", 1<<31-1)
		}
		out.PutString(from+i, buf)
	}
	return nil
}
