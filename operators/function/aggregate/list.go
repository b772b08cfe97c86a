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
		{Params: []types.Type{types.Of(types.Varchar)}, Bind: bindStringAgg},
		{Params: []types.Type{types.Of(types.Varchar), types.Of(types.Varchar)}, Bind: bindStringAgg},
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
		return finalizeLists(rows, off, out, from, func(s *bagState, dst []byte) []byte { return append(dst, s.bytes(bufs)...) })
	}
	b.Ordered = func(keys []function.OrderKey) (*function.BoundAgg, error) { return orderedList(t, keys), nil }
	return b, nil
}

// finalizeLists writes a list per row, whose elements elems appends.
func finalizeLists(rows []raw.Addr, off uintptr, out *vector.Vector, from int, elems func(s *bagState, dst []byte) []byte) error {
	blobs := make([][]byte, len(rows))
	var all []byte
	for i, r := range rows {
		s := raw.At[bagState](r, off)
		if s.items == 0 {
			continue
		}
		if s.items > 1<<31-1 {
			return sqlerr.New(sqlerr.CodeLimitExceeded, "a list takes more than %d elements", 1<<31-1)
		}
		at := len(all)
		all = elems(s, listBlob(all, int(s.items)))
		blobs[i] = all[at:len(all):len(all)]
	}
	blobValues(out, from, blobs)
	return nil
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
		return finalizeLists(rows, off, out, from, func(s *bagState, dst []byte) []byte {
			for _, rec := range o.sorted(s.bytes(bufs), s.items) {
				dst = append(dst, o.valueOf(rec)...)
			}
			return dst
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
	join := func(dst, blob []byte) []byte {
		if len(dst) > 0 || dst != nil {
			dst = append(dst, sep...)
		}
		return append(dst, blob...)
	}
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		bufs := c.Heap.Bufs()
		return finalizeTexts(rows, off, out, from, func(s *bagState) (dst []byte) {
			for rest := s.bytes(bufs); len(rest) > 0; {
				next := rowfmt.SkipValue(text, rest)
				dst = join(dst, rest[4:len(rest)-len(next)])
				if dst == nil {
					dst = []byte{}
				}
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
			return finalizeTexts(rows, off, out, from, func(s *bagState) (dst []byte) {
				for _, rec := range o.sorted(s.bytes(bufs), s.items) {
					dst = join(dst, o.valueOf(rec)[5:])
					if dst == nil {
						dst = []byte{}
					}
				}
				return dst
			})
		}
		return b, nil
	}
	return b, nil
}

// finalizeTexts writes a text per row, NULL where there was no value.
func finalizeTexts(rows []raw.Addr, off uintptr, out *vector.Vector, from int, text func(s *bagState) []byte) error {
	for i, r := range rows {
		s := raw.At[bagState](r, off)
		if s.items == 0 {
			out.SetNull(from + i)
			continue
		}
		out.PutString(from+i, text(s))
	}
	return nil
}
