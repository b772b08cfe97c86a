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
	elementsOf(b, t)
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		return finalizeLists(c, rows, off, out, from, func(f *finish, s *bagState) error {
			if err := f.reserve(int(s.size())); err != nil {
				return err
			}
			return s.each(c, func(b []byte) error {
				f.buf = append(f.buf, b...)
				return nil
			})
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
	bagOf(b, func(dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
		return o.put(dst, args, pos, 0), true
	})
	in := orderOfRecords(keys, []types.Type{t})
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		return finalizeLists(c, rows, off, out, from, func(f *finish, s *bagState) error {
			return in.eachOf(c, s, nil, func(rec []byte) error {
				e := o.valueOf(rec)
				if err := f.reserve(len(e)); err != nil {
					return err
				}
				f.buf = append(f.buf, e...)
				return nil
			})
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
	if null {
		bagOf(b, func(dst []byte, _ []*vector.Vector, _ int) ([]byte, bool) { return dst, false })
	} else {
		valuesOf(b, text, nil)
	}
	b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
		return finalizeTexts(c, rows, off, out, from, len(sep), func(s *bagState, t *texts) error {
			return s.each(c, func(b []byte) error {
				for len(b) > 0 {
					next := rowfmt.SkipValue(text, b)
					if err := t.add(b[4:len(b)-len(next)], sep); err != nil {
						return err
					}
					b = next
				}
				return nil
			})
		})
	}
	b.Ordered = func(keys []function.OrderKey) (*function.BoundAgg, error) {
		o := &orderedRecords{keys, text}
		b := &function.BoundAgg{Name: name, Params: orderedParams(params, keys), Return: text, OrderDependent: true}
		bagOf(b, func(dst []byte, args []*vector.Vector, pos int) ([]byte, bool) {
			if null || args[0].IsNull(pos) {
				return dst, false
			}
			return o.put(dst, args, pos, 0), true
		})
		in := orderOfRecords(keys, []types.Type{text})
		b.Finalize = func(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
			return finalizeTexts(c, rows, off, out, from, len(sep), func(s *bagState, t *texts) error {
				return in.eachOf(c, s, nil, func(rec []byte) error { return t.add(o.valueOf(rec)[5:], sep) })
			})
		}
		return b, nil
	}
	return b, nil
}

// texts puts a text together. Its memory is charged before it is used.
type texts struct {
	c       *function.AggCall
	buf     []byte
	some    bool
	charged int64
}

// add appends a part, and the separator when it is not the first.
func (t *texts) add(part []byte, sep string) error {
	n := len(part) + len(sep)
	if cap(t.buf)-len(t.buf) < n {
		size := max(2*cap(t.buf), len(t.buf)+n, 64)
		if size > 1<<31-1 {
			if size = 1<<31 - 1; len(t.buf)+n > size {
				return sqlerr.New(sqlerr.CodeLimitExceeded, "a text takes more than %d bytes", size)
			}
		}
		if err := t.c.Grow(int64(size)); err != nil {
			return err
		}
		t.c.Shrink(t.charged)
		t.charged = int64(size)
		t.buf = append(make([]byte, 0, size), t.buf...)
	}
	if t.some {
		t.buf = append(t.buf, sep...)
	}
	t.some = true
	t.buf = append(t.buf, part...)
	return nil
}

// finalizeTexts writes a text per row, NULL where there was no value; text adds
// its parts, each with sep bytes beside its own.
func finalizeTexts(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from, sep int, text func(s *bagState, t *texts) error) error {
	total := int64(0)
	for _, r := range rows {
		s := raw.At[bagState](r, off)
		total += s.size() + s.items*int64(sep)
	}
	// All are copied into out.
	if err := c.Hold(total); err != nil {
		return err
	}
	t := &texts{c: c}
	defer func() { c.Shrink(t.charged) }()
	for i, r := range rows {
		s := raw.At[bagState](r, off)
		if s.items == 0 {
			out.SetNull(from + i)
			continue
		}
		t.buf, t.some = t.buf[:0], false
		if err := text(s, t); err != nil {
			return err
		}
		out.PutString(from+i, t.buf)
	}
	return nil
}
