package sortkey

import (
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// TestWordOf tells the words of rows from their columns.
func TestWordOf(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	value := func(typ types.Type) types.Value {
		some := []int64{0, 1, -1, 127, -128, 1 << 62, -1 << 62, math.MaxInt64, math.MinInt64}
		switch typ.ID {
		case types.Varchar:
			return types.StringValue(strings.Repeat("ab\x00ü", r.IntN(6)))
		case types.Float, types.Double:
			return types.Value{Type: typ, F: []float64{0, math.Copysign(0, -1), 1.5, -2, math.Inf(1), math.Inf(-1), math.NaN()}[r.IntN(7)]}
		case types.HugeInt, types.UHugeInt:
			return types.Int128Value(typ, types.Int128{Lo: r.Uint64(), Hi: some[r.IntN(len(some))]})
		case types.IntervalID:
			return types.Value{Type: typ, Iv: types.Interval{Months: int32(r.IntN(5) - 2), Days: int32(r.IntN(70) - 35), Micros: r.Int64N(1 << 40)}}
		case types.BigInt, types.UBigInt, types.Timestamp, types.TimeTZ:
			return types.IntValue(typ, some[r.IntN(len(some))])
		case types.Boolean:
			return types.BoolValue(r.IntN(2) == 0)
		}
		return types.IntValue(typ, some[r.IntN(3)]&127)
	}
	var ts []types.Type
	for _, id := range []types.ID{
		types.Boolean, types.TinyInt, types.SmallInt, types.Integer, types.BigInt, types.HugeInt, types.UTinyInt,
		types.USmallInt, types.UInteger, types.UBigInt, types.UHugeInt, types.Float, types.Double, types.Varchar,
		types.Date, types.Timestamp, types.TimeTZ, types.IntervalID,
	} {
		ts = append(ts, types.Of(id))
	}
	const n = 200
	c := vector.NewChunk(ts)
	c.Len = n
	for k, v := range c.Cols {
		v.Resize(n)
		for i := range n {
			if v.SetValue(i, value(ts[k])); r.IntN(8) == 0 {
				v.SetValue(i, types.NullOf(ts[k]))
			}
		}
	}
	for _, desc := range []bool{false, true} {
		for _, first := range []bool{false, true} {
			var keys []Key
			for k := range ts {
				keys = append(keys, Key{Col: k, Desc: desc, NullsFirst: first})
			}
			rows, err := NewSortRows(ts, keys)
			if err != nil {
				t.Fatal(err)
			}
			if rows.Stored.Width+8*uintptr(len(rows.Words)) != rows.Layout.Width {
				t.Errorf("%d bytes in memory, %d on disk", rows.Layout.Width, rows.Stored.Width)
			}
			var words [][]uint64
			for range rows.Words {
				words = append(words, make([]uint64, vector.Capacity))
			}
			tmp := vector.New(types.Of(types.BigInt))
			for i := range rows.Keys {
				rows.Keys[i].Encode(c.Cols[i], nil, n, words, tmp)
			}
			const room = 64
			memory, bytes := make([]uint64, n*rows.Layout.Width/8), make([]byte, n*room)
			addrs := make([]raw.Addr, n)
			heap := rowfmt.Heap{Addr: make([]raw.Addr, n), Ref: make([]uint64, n)}
			for i := range n {
				addrs[i] = raw.Of(raw.Bytes(memory)) + raw.Addr(uintptr(i)*rows.Layout.Width)
				heap.Addr[i], heap.Ref[i] = raw.Of(bytes)+raw.Addr(i*room), uint64(i*room)<<32
			}
			var in rowfmt.Input
			in.Set(c.Cols)
			rows.Layout.Scatter(&in, nil, n, nil, addrs, &heap)
			rows.PutWords(addrs, nil, words)
			for k := range rows.Keys {
				e := &rows.Keys[k]
				if rows.Layout.ColOffset(e.Col) != rows.Stored.ColOffset(e.Col) {
					t.Errorf("column %d is elsewhere on disk", e.Col)
				}
				for i := range e.Words {
					for j, a := range addrs {
						if got, want := rows.WordOf(k, i, a, [][]byte{bytes}), rows.Word(a, e.First+i); got != want {
							t.Fatalf("%v, descending %v, NULL first %v: word %d of %v is %x, want %x", ts[k], desc, first, i, c.Cols[k].Value(j), got, want)
						}
					}
				}
			}
			runtime.KeepAlive(memory)
		}
	}
}
