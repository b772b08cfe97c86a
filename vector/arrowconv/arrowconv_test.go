package arrowconv

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var all = []types.Type{
	types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.SmallInt), types.Of(types.Integer), types.Of(types.BigInt),
	types.Of(types.UTinyInt), types.Of(types.USmallInt), types.Of(types.UInteger), types.Of(types.UBigInt),
	types.Of(types.HugeInt), types.Of(types.UUID), types.Of(types.Float), types.Of(types.Double),
	types.DecimalOf(4, 1), types.DecimalOf(9, 2), types.DecimalOf(18, 3), types.DecimalOf(38, 5),
	types.Of(types.Varchar), types.Of(types.Blob), types.Of(types.Date), types.Of(types.Time),
	types.Of(types.TimestampS), types.Of(types.TimestampMS), types.Of(types.Timestamp), types.Of(types.TimestampNS), types.Of(types.TimestampTZ),
	types.Of(types.IntervalID), types.EnumOf(&types.EnumDict{Labels: []string{"red", "green", "a label of some length"}}),
	types.ListOf(types.Of(types.Integer)), types.ListOf(types.ListOf(types.Of(types.Varchar))),
	types.ArrayOf(types.Of(types.Varchar), 2), types.MapOf(types.Of(types.Varchar), types.Of(types.BigInt)),
	types.StructOf(types.Field{Name: "a", Type: types.Of(types.Boolean)}, types.Field{Name: "b", Type: types.ListOf(types.DecimalOf(5, 1))}),
}

func randomValue(r *rand.Rand, t types.Type, nulls bool) types.Value {
	if nulls && r.IntN(4) == 0 {
		return types.NullOf(t)
	}
	v := types.Value{Type: t}
	switch t.Physical() {
	case types.PString:
		v.S = []string{"", "x", "twelve bytes", "more than twelve bytes", "ünïcödé in a long string"}[r.IntN(5)]
	case types.PFloat32, types.PFloat64:
		v.F = float64(r.IntN(100)) / 4
	case types.PInterval:
		v.Iv = types.Interval{Months: int32(r.IntN(9)) - 4, Days: int32(r.IntN(9)), Micros: r.Int64N(1e9) - 5e8}
	case types.PList:
		child := types.StructOf(t.Ext.Fields...)
		if t.ID == types.List {
			child = *t.Ext.Child
		}
		for range r.IntN(4) {
			x := randomValue(r, child, t.ID == types.List)
			if t.ID == types.Map {
				x.Children[0] = randomValue(r, t.Ext.Fields[0].Type, false)
			}
			v.Children = append(v.Children, x)
		}
	case types.PArray:
		for range t.Ext.Size {
			v.Children = append(v.Children, randomValue(r, *t.Ext.Child, true))
		}
	case types.PStruct:
		for _, f := range t.Ext.Fields {
			v.Children = append(v.Children, randomValue(r, f.Type, true))
		}
	default:
		if v.I = int64(r.IntN(3)); t.ID == types.Boolean {
			v.I &= 1
		}
		if t.ID == types.BigInt || t.ID == types.Timestamp || t.ID == types.HugeInt || t.Physical() == types.PInt128 {
			v.I = -r.Int64()
		}
		v.Hi = v.I >> 63
	}
	return v
}

func text(v types.Value) string {
	if v.IsNull {
		return "NULL"
	}
	s := fmt.Sprint(v.I, v.Hi, v.F, v.S, v.Iv, "(")
	for _, c := range v.Children {
		s += text(c) + ","
	}
	return s + ")"
}

func randomChunk(r *rand.Rand, n int) *vector.Chunk {
	ch := &vector.Chunk{Len: n}
	for _, t := range all {
		flat := vector.New(t)
		flat.Resize(n)
		nulls := r.IntN(2) == 0
		for i := range n {
			flat.SetValue(i, randomValue(r, t, nulls))
		}
		v := flat
		switch r.IntN(4) {
		case 0:
			v = vector.New(t)
			v.SetConstant(randomValue(r, t, true), n)
		case 1:
			if n > 0 {
				codes := make([]uint32, n)
				for i := range codes {
					codes[i] = uint32(r.IntN(n))
				}
				v = vector.New(t)
				v.SetDictionary(flat, codes, 0)
			}
		}
		ch.Cols = append(ch.Cols, v)
	}
	if r.IntN(2) == 0 {
		ch.Sel = []uint32{}
		for i := range n {
			if r.IntN(2) == 0 {
				ch.Sel = append(ch.Sel, uint32(i))
			}
		}
	}
	return ch
}

func TestRoundTrip(t *testing.T) {
	names := make([]string, len(all))
	for i := range names {
		names[i] = fmt.Sprint("c", i)
	}
	schema, err := Schema(names, all)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 7, 64, 65, 300, 2048} {
		for range 6 {
			ch := randomChunk(r, n)
			released := 0
			rec, err := Record(schema, ch, func() { released++ })
			if err != nil {
				t.Fatal(err)
			}
			if int(rec.NumRows()) != ch.NumRows() {
				t.Fatalf("%d rows, want %d", rec.NumRows(), ch.NumRows())
			}
			for i, typ := range all {
				arr := rec.Column(i)
				if v, ok := arr.(interface{ ValidateFull() error }); ok {
					if err := v.ValidateFull(); err != nil {
						t.Fatalf("%v: %v", typ, err)
					}
				}
				back, err := Type(arr.DataType())
				if err != nil {
					t.Fatal(err)
				}
				if typ.ID == types.UUID {
					back = typ // the field's metadata tells
				}
				from := r.IntN(ch.NumRows() + 1)
				count := ch.NumRows() - from
				sliced := array.NewSlice(arr, int64(from), int64(from+count))
				v := vector.New(back)
				if err := Import(sliced, 0, count, v); err != nil {
					t.Fatalf("%v: %v", typ, err)
				}
				for k := range count {
					want := ch.Cols[i].Value(ch.Position(from + k))
					got := v.Value(k)
					if typ.ID == types.Enum && !want.IsNull {
						want = types.StringValue(typ.Ext.Enum.Labels[want.I])
					}
					if text(got) != text(want) {
						t.Fatalf("%v row %d: %s, want %s", typ, k, text(got), text(want))
					}
				}
				sliced.Release()
			}
			rec.Retain()
			rec.Release()
			if released != 0 && n > 0 {
				t.Fatal("released while in use")
			}
			rec.Release()
			if released != 1 {
				t.Fatalf("released %d times", released)
			}
		}
	}
}

func TestUHugeInt(t *testing.T) {
	typ := types.Of(types.UHugeInt)
	schema, err := Schema([]string{"x"}, []types.Type{typ})
	if err != nil {
		t.Fatal(err)
	}
	v := vector.New(typ)
	v.SetConstant(types.Value{Type: typ, I: -1, Hi: -1}, 2)
	rec, err := Record(schema, &vector.Chunk{Cols: []*vector.Vector{v}, Len: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := rec.Column(0).ValueStr(1); got != "340282366920938463463374607431768211455" {
		t.Error(got)
	}
}

func TestImportOfOtherArrowTypes(t *testing.T) {
	mem := memory.DefaultAllocator
	check := func(dt arrow.DataType, json string, want ...string) {
		t.Helper()
		arr, _, err := array.FromJSON(mem, dt, stringReader(json))
		if err != nil {
			t.Fatal(dt, err)
		}
		typ, err := Type(dt)
		if err != nil {
			t.Fatal(err)
		}
		v := vector.New(typ)
		if err := Import(arr, 0, arr.Len(), v); err != nil {
			t.Fatal(dt, err)
		}
		for i, w := range want {
			x := v.Value(i)
			got := "NULL"
			if !x.IsNull {
				got = fmt.Sprint(x.I, " ", x.S, " ", x.Iv.Micros)
			}
			if got != w {
				t.Errorf("%s row %d: %q, want %q", dt, i, got, w)
			}
		}
	}
	check(arrow.BinaryTypes.String, `["a", null, "longer than twelve"]`, "0 a 0", "NULL", "0 longer than twelve 0")
	check(arrow.BinaryTypes.LargeString, `["a", null, "longer than twelve"]`, "0 a 0", "NULL", "0 longer than twelve 0")
	check(&arrow.FixedSizeBinaryType{ByteWidth: 3}, `["YWJj", null]`, "0 abc 0", "NULL")
	check(arrow.FixedWidthTypes.Date64, `["1969-12-31", null]`, "-1  0", "NULL")
	check(arrow.FixedWidthTypes.Time32s, `["00:00:02"]`, "2000000  0")
	check(&arrow.TimestampType{Unit: arrow.Second, TimeZone: "UTC"}, `["1970-01-01T00:00:03Z", null]`, "3000000  0", "NULL")
	check(arrow.FixedWidthTypes.Duration_ms, `["5ms"]`, "0  5000")
	check(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String}, `["x", null, "y", "x"]`, "0 x 0", "NULL", "0 y 0", "0 x 0")
	check(arrow.Null, `[null, null]`, "NULL", "NULL")
}

func TestMalformedArrays(t *testing.T) {
	buf := func(b ...byte) *memory.Buffer { return memory.NewBufferBytes(b) }
	long := func(idx, off byte) *memory.Buffer {
		return buf(20, 0, 0, 0, 'a', 'b', 'c', 'd', idx, 0, 0, 0, off, 0, 0, 0)
	}
	ints := array.NewData(arrow.PrimitiveTypes.Int32, 1, []*memory.Buffer{nil, buf(1, 0, 0, 0)}, nil, 0, 0)
	for name, d := range map[string]arrow.ArrayData{
		"short data":         array.NewData(arrow.PrimitiveTypes.Int64, 2, []*memory.Buffer{nil, buf(1, 2, 3)}, nil, 0, 0),
		"no buffer":          array.NewData(arrow.PrimitiveTypes.Int64, 2, []*memory.Buffer{nil, nil}, nil, 0, 0),
		"short validity":     array.NewData(arrow.PrimitiveTypes.Int8, 9, []*memory.Buffer{buf(1), buf(make([]byte, 9)...)}, nil, 3, 0),
		"view buffer":        array.NewData(arrow.BinaryTypes.StringView, 1, []*memory.Buffer{nil, long(7, 0), buf(make([]byte, 40)...)}, nil, 0, 0),
		"view offset":        array.NewData(arrow.BinaryTypes.StringView, 1, []*memory.Buffer{nil, long(0, 30), buf(make([]byte, 40)...)}, nil, 0, 0),
		"view length":        array.NewData(arrow.BinaryTypes.StringView, 1, []*memory.Buffer{nil, buf(255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), buf(1)}, nil, 0, 0),
		"view not UTF-8":     array.NewData(arrow.BinaryTypes.StringView, 1, []*memory.Buffer{nil, buf(1, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)}, nil, 0, 0),
		"string offsets":     array.NewData(arrow.BinaryTypes.String, 2, []*memory.Buffer{nil, buf(0, 0, 0, 0, 9, 0, 0, 0, 2, 0, 0, 0), buf(1, 2)}, nil, 0, 0),
		"negative offset":    array.NewData(arrow.BinaryTypes.String, 1, []*memory.Buffer{nil, buf(255, 255, 255, 255, 1, 0, 0, 0), buf(1, 2)}, nil, 0, 0),
		"list beyond child":  array.NewData(arrow.ListOf(arrow.PrimitiveTypes.Int32), 1, []*memory.Buffer{nil, buf(0, 0, 0, 0, 5, 0, 0, 0)}, []arrow.ArrayData{ints}, 0, 0),
		"list without child": array.NewData(arrow.ListOf(arrow.PrimitiveTypes.Int32), 1, []*memory.Buffer{nil, buf(0, 0, 0, 0, 1, 0, 0, 0)}, nil, 0, 0),
		"index": array.NewDataWithDictionary(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int32}, 1,
			[]*memory.Buffer{nil, buf(255)}, 0, 0, ints),
		"no dictionary": array.NewDataWithDictionary(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int32}, 1,
			[]*memory.Buffer{nil, buf(0)}, 0, 0, nil),
		"wide decimal": array.NewData(&arrow.Decimal128Type{Precision: 4}, 1, []*memory.Buffer{nil, buf(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)}, nil, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			typ, err := Type(d.DataType())
			if err != nil {
				t.Fatal(err)
			}
			err = importData(d, 0, d.Len(), vector.New(typ))
			var e *sqlerr.Error
			if !errors.As(err, &e) || sqlerr.Class(e.Code) != "22" {
				t.Errorf("%v", err)
			}
		})
	}
}

func stringReader(s string) io.Reader { return strings.NewReader(s) }
