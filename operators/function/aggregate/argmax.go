package aggregate

import (
	"encoding/binary"
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	argMax          = argFunction("arg_max", []string{"argmax", "max_by"}, true, argPlain)
	argMin          = argFunction("arg_min", []string{"argmin", "min_by"}, false, argPlain)
	argMaxNull      = argFunction("arg_max_null", nil, true, argKeepsNull)
	argMinNull      = argFunction("arg_min_null", nil, false, argKeepsNull)
	argMaxNullsLast = argFunction("arg_max_nulls_last", nil, true, argNullsLast)
	argMinNullsLast = argFunction("arg_min_nulls_last", nil, false, argNullsLast)
)

// argNulls tells which rows count.
type argNulls uint8

const (
	argPlain     argNulls = iota // those where neither is NULL
	argKeepsNull                 // those whose value is not NULL
	argNullsLast                 // all: NULL values are behind all others
)

func argFunction(name string, aliases []string, greatest bool, nulls argNulls) *function.Aggregate {
	which := "smallest"
	if greatest {
		which = "greatest"
	}
	a := &function.Aggregate{
		Name:        name,
		Aliases:     aliases,
		Description: "the first argument where the second is " + which,
		Example:     "SELECT " + name + "(x, y) FROM (VALUES ('a', 1), ('b', 1)) t(x, y)",
		Result:      "a",
		Category:    "aggregate",
	}
	switch nulls {
	case argPlain:
		a.Description += "; rows where either is NULL do not count"
	case argKeepsNull:
		a.Description += ", NULL or not"
	case argNullsLast:
		a.Description += ", NULL or not; NULL is behind all other values of the second"
	}
	a.Overloads = []function.AggOverload{{
		Params: []types.Type{types.Of(types.Any), types.Of(types.Any)},
		Bind: func(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
			b := bindArg(name, args[0], known(args[1]), greatest, nulls)
			b.Ordered = sortable(b)
			return b, nil
		},
	}}
	if nulls != argKeepsNull {
		a.Description += "; with a number n, a list of the first n"
		a.Overloads = append(a.Overloads, function.AggOverload{
			Params: []types.Type{types.Of(types.Any), types.Of(types.Any), types.Of(types.BigInt)},
			Bind: func(args []types.Type, _ []*types.Value) (*function.BoundAgg, error) {
				return bindExtremes(name, &extremes{
					arg: args[0], val: known(args[1]), withArg: true, greatest: greatest,
					nullVal: nulls == argNullsLast, nullArg: nulls == argNullsLast,
				}), nil
			},
		})
	}
	return a
}

// argState keeps the best value so far, as a key or in front of the blob, and
// the argument that came with it, in arg or at the end of the blob.
//
// The blob: length of the value's part (4 bytes), the value, the argument; a
// part is empty when it is kept elsewhere.
type argState struct {
	blob types.StringRef
	key  int64
	arg  types.Int128
	seen int64 // 0 nothing, 1 an argument, 2 a NULL argument; with argWeak
}

// argWeak marks an argument that came with a NULL value, which any other
// replaces.
const argWeak = 4

const argSize = 48

// argExtreme is a bound arg_min or arg_max.
type argExtreme struct {
	arg, val types.Type
	keys     func(keys []int64, data []byte, at []uint32) // nil: the value is in the blob
	flip     int64                                        // of keys, as in bindExtreme
	argWidth int                                          // 0: the argument is in the blob
	nulls    argNulls
}

func bindArg(name string, arg, val types.Type, greatest bool, nulls argNulls) *function.BoundAgg {
	m := &argExtreme{arg: arg, val: val, keys: keysOf(val), nulls: nulls}
	if greatest {
		m.flip = -1
	}
	if arg.Physical() != types.PString && !arg.IsNested() {
		m.argWidth = arg.Physical().Width()
	}
	return &function.BoundAgg{
		Name: name, Params: []types.Type{arg, val}, Return: arg, Size: argSize,
		HeapState: m.keys == nil || m.argWidth == 0,
		// Of equal values the first wins.
		OrderDependent: true,
		Update:         m.update,
		UpdateOne: func(c *function.AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error {
			rows := scratchRows(c, 1, n)
			for i := range rows {
				rows[i] = row
			}
			return m.update(c, args, rows, off, sel, n)
		},
		Combine: m.combine, Finalize: m.finalize,
	}
}

// keysOf returns the function that maps values of t to integers of the same
// order, nil when there is none.
func keysOf(t types.Type) func(keys []int64, data []byte, at []uint32) {
	switch t.Physical() {
	case types.PBool, types.PUint8:
		return intKeys[uint8]
	case types.PInt8:
		return intKeys[int8]
	case types.PInt16:
		return intKeys[int16]
	case types.PUint16:
		return intKeys[uint16]
	case types.PInt32:
		return intKeys[int32]
	case types.PUint32:
		return intKeys[uint32]
	case types.PInt64:
		if t.ID == types.TimeTZ {
			return timeTZKeys
		}
		return intKeys[int64]
	case types.PUint64:
		return uint64Keys
	case types.PFloat32:
		return float32Keys
	case types.PFloat64:
		return float64Keys
	}
	return nil
}

func intKeys[T integer](keys []int64, data []byte, at []uint32) {
	vals := raw.Cast[T](data)
	for i, e := range at {
		keys[i] = int64(vals[e])
	}
}

func uint64Keys(keys []int64, data []byte, at []uint32) {
	vals := raw.Cast[int64](data)
	for i, e := range at {
		keys[i] = vals[e] ^ math.MinInt64
	}
}

func (m *argExtreme) update(c *function.AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error {
	val, arg := args[1], args[0]
	w := view(c, 1, val)
	at := elements(c, 1, &w, sel, n)
	var keys []int64
	if m.keys != nil {
		keys = scratchKeys(c, n)
		m.keys(keys, w.Data, at)
	}
	argNulls := arg.MayHaveNulls()
	for i, e := range at {
		s := raw.At[argState](rows[i], off)
		pos := position(sel, i)
		if w.Valid != nil && !w.Valid.Get(int(e)) {
			if m.nulls == argNullsLast && s.seen == 0 {
				if err := m.storeWeak(c, s, rows[i], args, pos); err != nil {
					return err
				}
			}
			continue
		}
		if s.seen&argWeak != 0 {
			s.seen = 0
		}
		if keys != nil {
			if s.seen != 0 && keys[i]^m.flip >= s.key {
				continue
			}
		} else if s.seen != 0 && !m.better(blobOf(c, val, pos), m.value(s, c.Heap.Bufs())) {
			continue
		}
		null := argNulls && arg.IsNull(pos)
		if null && m.nulls == argPlain {
			continue
		}
		if keys != nil {
			s.key = keys[i] ^ m.flip
		}
		if err := m.store(c, s, rows[i], args, pos, null); err != nil {
			return err
		}
	}
	return nil
}

func (m *argExtreme) better(a, b []byte) bool {
	c := rowfmt.CompareValues(m.val, a, b)
	if m.flip != 0 {
		return c > 0
	}
	return c < 0
}

// value returns the part of a state's blob that is the value.
func (m *argExtreme) value(s *argState, bufs [][]byte) []byte {
	b := vector.Str(&s.blob, bufs)
	return b[4 : 4+binary.LittleEndian.Uint32(b)]
}

// storeWeak keeps the argument at pos, whose value is NULL.
func (m *argExtreme) storeWeak(c *function.AggCall, s *argState, row raw.Addr, args []*vector.Vector, pos int) error {
	err := m.storeParts(c, s, row, args, pos, args[0].IsNull(pos), false)
	s.seen |= argWeak
	return err
}

// store keeps the argument at pos and, when it has no key, the value.
func (m *argExtreme) store(c *function.AggCall, s *argState, row raw.Addr, args []*vector.Vector, pos int, null bool) error {
	return m.storeParts(c, s, row, args, pos, null, m.keys == nil)
}

// storeParts keeps the argument at pos, NULL or not, and the value if withValue
// is set.
func (m *argExtreme) storeParts(c *function.AggCall, s *argState, row raw.Addr, args []*vector.Vector, pos int, null, withValue bool) error {
	s.seen = 1
	if null {
		s.seen = 2
	} else if m.argWidth > 0 {
		w := view(c, 0, args[0])
		e := w.Index(pos)
		s.arg = types.Int128{}
		copy(raw.Within(&s.arg, 0, 16), w.Data[e*m.argWidth:(e+1)*m.argWidth])
	}
	if m.keys != nil && m.argWidth > 0 {
		return nil
	}
	tmp := scratch(c, 6)
	tmp.Type = types.Of(types.Blob)
	b := append(tmp.Data[:0], 0, 0, 0, 0)
	if withValue {
		b = rowfmt.AppendValue(b, args[1], pos)
		binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	}
	if m.argWidth == 0 && !null {
		b = rowfmt.AppendValue(b, args[0], pos)
	}
	tmp.Data = b
	ref, err := putBytes(c, row, s.blob, b)
	s.blob = ref
	return err
}

func (m *argExtreme) combine(c *function.AggCall, src, dst []raw.Addr, off uintptr) error {
	for i, r := range src {
		s, d := raw.At[argState](r, off), raw.At[argState](dst[i], off)
		if s.seen == 0 {
			continue
		}
		if s.seen&argWeak != 0 && d.seen != 0 {
			continue
		}
		if d.seen != 0 && d.seen&argWeak == 0 {
			if m.keys != nil && s.key >= d.key {
				continue
			}
			if m.keys == nil && !m.better(m.value(s, c.SrcBufs), m.value(d, c.Heap.Bufs())) {
				continue
			}
		}
		*d = *s
		if s.blob.Inline() || sameHeap(c) {
			continue
		}
		ref, err := c.Heap.Put(dst[i], vector.Str(&s.blob, c.SrcBufs))
		d.blob = ref
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *argExtreme) finalize(c *function.AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error {
	if m.argWidth > 0 {
		for i, r := range rows {
			s := raw.At[argState](r, off)
			p := (from + i) * m.argWidth
			copy(out.Data[p:p+m.argWidth], raw.Within(&s.arg, 0, m.argWidth))
			if s.seen&^argWeak != 1 {
				out.SetNull(from + i)
			}
		}
		return nil
	}
	bufs := c.Heap.Bufs()
	var b rowfmt.Builder
	b.Prepare(out)
	for _, r := range rows {
		if s := raw.At[argState](r, off); s.seen&^argWeak == 1 {
			b.Count(argPart(s, bufs))
		}
	}
	b.Resize()
	for i, r := range rows {
		if s := raw.At[argState](r, off); s.seen&^argWeak == 1 {
			b.Fill(argPart(s, bufs), from+i)
		} else {
			out.SetNull(from + i)
		}
	}
	return nil
}

func argPart(s *argState, bufs [][]byte) []byte {
	b := vector.Str(&s.blob, bufs)
	return b[4+binary.LittleEndian.Uint32(b):]
}
