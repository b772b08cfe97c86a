package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Lengths and types that the property tests go through.
var lengths = []int{0, 1, 2, 63, 64, 65, 700, 2047, 2048}

var (
	enumSmall = types.EnumOf(&types.EnumDict{Labels: []string{"a", "b", "c"}})
	listInt   = types.ListOf(types.Of(types.Integer))
	listStr   = types.ListOf(types.Of(types.Varchar))
	pair      = types.StructOf(types.Field{Name: "a", Type: types.Of(types.BigInt)}, types.Field{Name: "b", Type: types.Of(types.Varchar)})
	nestedTyp = types.ListOf(types.StructOf(types.Field{Name: "x", Type: listStr}, types.Field{Name: "y", Type: types.ArrayOf(types.Of(types.SmallInt), 2)}))
)

var scalarTypes = []types.Type{
	types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.SmallInt), types.Of(types.Integer),
	types.Of(types.BigInt), types.Of(types.HugeInt), types.Of(types.UTinyInt), types.Of(types.USmallInt),
	types.Of(types.UInteger), types.Of(types.UBigInt), types.Of(types.UHugeInt), types.Of(types.Float),
	types.Of(types.Double), types.DecimalOf(4, 1), types.DecimalOf(9, 2), types.DecimalOf(18, 3), types.DecimalOf(38, 5),
	types.Of(types.Varchar), types.Of(types.Blob), types.Of(types.Date), types.Of(types.Timestamp),
	types.Of(types.TimeTZ), types.Of(types.IntervalID), types.Of(types.UUID), enumSmall,
}

var allTypes = append(append([]types.Type{}, scalarTypes...), listInt, listStr, pair, nestedTyp,
	types.ArrayOf(types.Of(types.Varchar), 3), types.MapOf(types.Of(types.Varchar), types.Of(types.Integer)))

var words = []string{"", "a", "ab", "abc", "abcd", "abcde", "twelve bytes", "thirteen byte", "thirteen bytes!", "abcd and then a longer one", "abcd and then a longer two", "zz", "\x00", "\x00\x00", "é", strings.Repeat("long ", 30)}

func randomValue(r *rand.Rand, t types.Type) types.Value {
	v := types.Value{Type: t}
	small := r.IntN(2) == 0
	bits := r.Uint64()
	if small {
		bits = uint64(int64(r.IntN(7)) - 3)
	}
	switch t.Physical() {
	case types.PBool:
		v.I = int64(bits & 1)
	case types.PInt8:
		v.I = int64(int8(bits))
	case types.PInt16:
		v.I = int64(int16(bits))
	case types.PInt32:
		v.I = int64(int32(bits))
	case types.PInt64:
		v.I = int64(bits)
		if t.ID == types.TimeTZ {
			v.I = int64(r.IntN(5))*1e9<<24 | int64(r.IntN(3)*3600)
		}
	case types.PUint8:
		v.I = int64(uint8(bits))
		if t.ID == types.Enum {
			v.I = int64(bits % 3)
		}
	case types.PUint16:
		v.I = int64(uint16(bits))
	case types.PUint32:
		v.I = int64(uint32(bits))
	case types.PUint64:
		v.I = int64(bits)
		return v
	case types.PInt128, types.PUint128:
		v.I = int64(bits)
		v.Hi = int64(r.IntN(5)) - 2
		if small {
			v.Hi = v.I >> 63
		}
		return v
	case types.PFloat32, types.PFloat64:
		fs := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1, -1, 1.5, float64(float32(r.Float64()))}
		v.F = fs[r.IntN(len(fs))]
		return v
	case types.PString:
		v.S = words[r.IntN(len(words))]
	case types.PInterval:
		v.Iv = types.Interval{Months: int32(r.IntN(3) - 1), Days: int32(r.IntN(64) - 32), Micros: int64(r.IntN(5)-2) * 12 * 3600 * 1e6}
	case types.PList:
		child := types.StructOf(t.Ext.Fields...)
		if t.ID == types.List {
			child = *t.Ext.Child
		}
		v.Children = make([]types.Value, r.IntN(4))
		for i := range v.Children {
			v.Children[i] = randomOrNull(r, child, 5)
		}
	case types.PArray:
		v.Children = make([]types.Value, t.Ext.Size)
		for i := range v.Children {
			v.Children[i] = randomOrNull(r, *t.Ext.Child, 5)
		}
	case types.PStruct:
		for _, f := range t.Ext.Fields {
			v.Children = append(v.Children, randomOrNull(r, f.Type, 5))
		}
	}
	v.Hi = v.I >> 63
	return v
}

// randomOrNull gives NULL once in nulls (0: never).
func randomOrNull(r *rand.Rand, t types.Type, nulls int) types.Value {
	if nulls > 0 && r.IntN(nulls) == 0 {
		return types.NullOf(t)
	}
	return randomValue(r, t)
}

func randomFlat(r *rand.Rand, t types.Type, n, nulls int) *vector.Vector {
	v := vector.New(t)
	v.Resize(n)
	for i := range n {
		v.SetValue(i, randomOrNull(r, t, nulls))
	}
	return v
}

type shaped struct {
	name string
	v    *vector.Vector
}

var nextDict uint64 = 100

// everyForm returns vectors of n positions of t in every form.
func everyForm(r *rand.Rand, t types.Type, n int) []shaped {
	out := []shaped{{"flat", randomFlat(r, t, n, 0)}, {"flat nulls", randomFlat(r, t, n, 4)}}
	c := vector.New(t)
	c.SetConstant(randomValue(r, t), n)
	cn := vector.New(t)
	cn.SetConstantNull(n)
	out = append(out, shaped{"constant", c}, shaped{"constant null", cn})
	for _, d := range []struct {
		name        string
		size, nulls int
	}{{"small dictionary", 5, 0}, {"small dictionary nulls", 5, 3}, {"large dictionary", 3000, 0}, {"large dictionary nulls", 3000, 4}} {
		dict := randomFlat(r, t, d.size, d.nulls)
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(r.IntN(d.size))
		}
		v := vector.New(t)
		nextDict++
		id := nextDict
		if r.IntN(2) == 0 {
			id = 0
		}
		v.SetDictionary(dict, codes, id)
		out = append(out, shaped{d.name, v})
	}
	if t.Physical() == types.PInt64 {
		s := vector.New(t)
		s.SetSequence(int64(r.IntN(5)-2), int64(r.IntN(3)), n)
		out = append(out, shaped{"sequence", s})
	}
	return out
}

// selections returns nil, none, all, a sparse and a dense one.
func selections(r *rand.Rand, n int) [][]uint32 {
	out := [][]uint32{nil, {}}
	for _, p := range []float64{1, 0.03, 0.7} {
		s := []uint32{}
		for i := range n {
			if r.Float64() < p {
				s = append(s, uint32(i))
			}
		}
		out = append(out, s)
	}
	return out
}

// chosen lists the positions of (sel, n).
func chosen(sel []uint32, n int) []uint32 {
	if sel != nil {
		return sel
	}
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

// same compares boxed values, NaN equal to itself and unset lists alike.
func same(a, b types.Value) bool {
	if a.IsNull || b.IsNull {
		return a.IsNull == b.IsNull
	}
	if len(a.Children) != len(b.Children) {
		return false
	}
	for i := range a.Children {
		if !same(a.Children[i], b.Children[i]) {
			return false
		}
	}
	a.Children, b.Children = nil, nil
	if math.Float64bits(a.F) != math.Float64bits(b.F) {
		return false
	}
	a.F, b.F = 0, 0
	a.Type, b.Type = types.Type{}, types.Type{}
	return reflect.DeepEqual(a, b)
}

func forAll(t *testing.T, ts []types.Type, body func(t *testing.T, r *rand.Rand, typ types.Type, n int, s shaped, sel []uint32)) {
	for _, typ := range ts {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(typ.ID)))
			for _, n := range lengths {
				if typ.IsNested() && n > 700 {
					continue
				}
				for _, s := range everyForm(r, typ, n) {
					for _, sel := range selections(r, n) {
						body(t, r, typ, n, s, sel)
						if t.Failed() {
							t.Fatalf("%s of %d positions, %d selected", s.name, n, len(sel))
						}
					}
				}
			}
		})
	}
}
