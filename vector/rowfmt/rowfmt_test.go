package rowfmt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	listInt  = types.ListOf(types.Of(types.Integer))
	pairType = types.StructOf(types.Field{Name: "a", Type: types.Of(types.Double)}, types.Field{Name: "b", Type: types.Of(types.Varchar)})
	deepType = types.ListOf(types.StructOf(types.Field{Name: "x", Type: types.ListOf(types.Of(types.Varchar))}, types.Field{Name: "y", Type: types.ArrayOf(types.Of(types.SmallInt), 2)}))
	allTypes = []types.Type{
		types.Of(types.Boolean), types.Of(types.SmallInt), types.Of(types.Integer), types.Of(types.BigInt),
		types.Of(types.HugeInt), types.Of(types.UUID), types.Of(types.Float), types.Of(types.Double), types.DecimalOf(30, 2),
		types.Of(types.Varchar), types.Of(types.Blob), types.Of(types.Date), types.Of(types.IntervalID), types.Of(types.Null),
		listInt, pairType, deepType, types.ArrayOf(types.Of(types.Varchar), 3), types.MapOf(types.Of(types.Varchar), types.Of(types.Float)),
	}
)

var words = []string{"", "a", "abcd", "abcdefgh", "twelve bytes", "thirteen bytes", "thirteen bytez", strings.Repeat("long ", 30), strings.Repeat("long ", 31)}

func randomValue(r *rand.Rand, t types.Type) types.Value {
	v := types.Value{Type: t, I: int64(r.IntN(5)) - 2}
	v.Hi = v.I >> 63
	switch t.Physical() {
	case types.PBool:
		v.I, v.Hi = int64(r.IntN(2)), 0
	case types.PFloat32, types.PFloat64:
		v.I, v.Hi = 0, 0
		v.F = []float64{0, math.Copysign(0, -1), 1.5, -2, math.NaN(), math.Inf(1)}[r.IntN(6)]
	case types.PString:
		v.I, v.Hi = 0, 0
		v.S = words[r.IntN(len(words))]
	case types.PInterval:
		v.I, v.Hi = 0, 0
		v.Iv = []types.Interval{{Months: 1}, {Days: 30}, {Days: 29, Micros: types.MicrosPerDay}, {Micros: -1}, {}}[r.IntN(5)]
	case types.PList:
		v.I, v.Hi = 0, 0
		c := childTypes(t)[0]
		for range r.IntN(4) {
			v.Children = append(v.Children, randomOrNull(r, c))
		}
	case types.PArray:
		v.I, v.Hi = 0, 0
		for range t.Ext.Size {
			v.Children = append(v.Children, randomOrNull(r, *t.Ext.Child))
		}
	case types.PStruct:
		v.I, v.Hi = 0, 0
		for _, c := range childTypes(t) {
			v.Children = append(v.Children, randomOrNull(r, c))
		}
	}
	return v
}

func randomOrNull(r *rand.Rand, t types.Type) types.Value {
	if r.IntN(5) == 0 || t.ID == types.Null {
		return types.NullOf(t)
	}
	return randomValue(r, t)
}

func flatOf(t types.Type, vals []types.Value) *vector.Vector {
	v := vector.New(t)
	v.Resize(len(vals))
	for i, x := range vals {
		v.SetValue(i, x)
	}
	return v
}

func randomFlat(r *rand.Rand, t types.Type, n int, nulls bool) *vector.Vector {
	vals := make([]types.Value, n)
	for i := range vals {
		if vals[i] = randomValue(r, t); nulls {
			vals[i] = randomOrNull(r, t)
		}
	}
	return flatOf(t, vals)
}

func forms(r *rand.Rand, t types.Type, n int) map[string]*vector.Vector {
	out := map[string]*vector.Vector{"nulls": randomFlat(r, t, n, true)}
	if t.ID != types.Null {
		out["flat"] = randomFlat(r, t, n, false)
		c := vector.New(t)
		c.SetConstant(randomValue(r, t), n)
		out["constant"] = c
	}
	codes := make([]uint32, n)
	for i := range codes {
		codes[i] = uint32(r.IntN(7))
	}
	d := vector.New(t)
	d.SetDictionary(randomFlat(r, t, 7, true), codes, 0)
	out["dictionary"] = d
	if t.Physical() == types.PInt64 {
		s := vector.New(t)
		s.SetSequence(-1, 1, n)
		out["sequence"] = s
	}
	return out
}

// same compares boxed values as grouping does; exact also tells -0 from 0 and
// one interval from an equal one.
func same(a, b types.Value, exact bool) bool {
	if a.IsNull || b.IsNull {
		return a.IsNull == b.IsNull
	}
	if len(a.Children) != len(b.Children) {
		return false
	}
	for i := range a.Children {
		if !same(a.Children[i], b.Children[i], exact) {
			return false
		}
	}
	if exact && (math.Float64bits(a.F) != math.Float64bits(b.F) || a.Iv != b.Iv) {
		return false
	}
	if !(a.F == b.F || a.F != a.F && b.F != b.F) || a.Iv.Cmp(b.Iv) != 0 {
		return false
	}
	return a.I == b.I && a.Hi == b.Hi && a.S == b.S
}

// store is a simple home for rows.
type store struct {
	l    *Layout
	mem  []uint64
	rows []raw.Addr
	heap []byte
	bufs [][]byte
}

func put(l *Layout, in *Input, sel []uint32, n int, hashes []uint64) *store {
	s := &store{l: l, mem: make([]uint64, int(l.Width)/8*n+1), rows: make([]raw.Addr, n)}
	for i := range s.mem {
		s.mem[i] = 0xdbdbdbdbdbdbdbdb
	}
	base := raw.Of(raw.Bytes(s.mem))
	for i := range s.rows {
		s.rows[i] = base + raw.Addr(i)*raw.Addr(l.Width)
	}
	sizes := make([]uint32, n)
	total := l.HeapSizes(in, sel, n, sizes)
	h := s.place(sizes, total)
	l.Scatter(in, sel, n, hashes, s.rows, h)
	return s
}

func (s *store) place(sizes []uint32, total uint64) *Heap {
	if total == 0 {
		return nil
	}
	s.heap = make([]byte, total)
	s.bufs = [][]byte{nil, nil, nil, s.heap}
	h := &Heap{Addr: make([]raw.Addr, len(sizes)), Ref: make([]uint64, len(sizes))}
	off := uint64(0)
	for i, size := range sizes {
		if size > 0 {
			h.Addr[i] = raw.Of(s.heap[off:])
			h.Ref[i] = 3 | off<<32
			off += uint64(size)
		}
	}
	return h
}

func selections(r *rand.Rand, n int) [][]uint32 {
	var some, all []uint32
	for i := range n {
		all = append(all, uint32(i))
		if r.IntN(3) == 0 {
			some = append(some, uint32(i))
		}
	}
	return [][]uint32{nil, all, some}
}

func TestScatterGatherMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, typ := range allTypes {
		l, err := NewLayout([]types.Type{types.Of(types.TinyInt), typ}, Options{Hash: true, Next: true, Match: true, States: []State{{Size: 12}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 65, 300} {
			for form, v := range forms(r, typ, n) {
				first := randomFlat(r, types.Of(types.TinyInt), n, true)
				hashes := make([]uint64, n)
				for i := range hashes {
					hashes[i] = r.Uint64()
				}
				var in Input
				in.Set([]*vector.Vector{first, v})
				for _, sel := range selections(r, n) {
					k := n
					if sel != nil {
						k = len(sel)
					}
					s := put(l, &in, sel, k, hashes)
					name := fmt.Sprintf("%s %s n=%d k=%d", typ, form, n, k)
					checkRows(t, name, l, s, sel, []*vector.Vector{first, v}, hashes, r)
					checkMatch(t, name, l, s, &in, sel, []*vector.Vector{first, v}, r)
					checkCopy(t, name, l, s)
				}
			}
		}
	}
}

func checkRows(t *testing.T, name string, l *Layout, s *store, sel []uint32, cols []*vector.Vector, hashes []uint64, r *rand.Rand) {
	t.Helper()
	at := func(i int) int {
		if sel != nil {
			return int(sel[i])
		}
		return i
	}
	for i, row := range s.rows {
		if h := *raw.At[uint64](row, l.HashOffset()); h != hashes[at(i)] {
			t.Fatalf("%s: hash of row %d is %x", name, i, h)
		}
		if f := *raw.At[uint8](row, l.MatchOffset()); f != 0 {
			t.Fatalf("%s: flag %d", name, f)
		}
		if b := raw.Slice(row, l.StateOffset(0), 16); !slices.Equal(b, make([]byte, 16)) {
			t.Fatalf("%s: state not zero", name)
		}
	}
	// With gaps, and at permuted positions.
	rows := slices.Clone(s.rows)
	for i := range rows {
		if r.IntN(6) == 0 {
			rows[i] = 0
		}
	}
	pos := make([]uint32, len(rows))
	for i, p := range r.Perm(len(rows)) {
		pos[i] = uint32(p)
	}
	for c, v := range cols {
		for _, p := range [][]uint32{nil, pos} {
			for _, from := range [][]raw.Addr{s.rows, rows} {
				out := vector.New(v.Type)
				out.Resize(len(from))
				l.Gather(c, from, s.bufs, out, p)
				for i := range from {
					want := types.NullOf(v.Type)
					if from[i] != 0 {
						want = v.Value(at(i))
					}
					k := i
					if p != nil {
						k = int(p[i])
					}
					if got := out.Value(k); !same(got, want, true) {
						t.Fatalf("%s: column %d row %d: %v, want %v", name, c, i, got, want)
					}
				}
			}
		}
	}
}

func checkMatch(t *testing.T, name string, l *Layout, s *store, in *Input, sel []uint32, cols []*vector.Vector, r *rand.Rand) {
	t.Helper()
	n := len(s.rows)
	if n == 0 {
		return
	}
	// Row rows[k] against position k of another order.
	rows := make([]raw.Addr, n)
	owner := make([]int, n)
	for k := range rows {
		owner[k] = k
		if r.IntN(3) > 0 {
			owner[k] = r.IntN(n)
		}
		rows[k] = s.rows[owner[k]]
	}
	at := func(i int) int {
		if sel != nil {
			return int(sel[i])
		}
		return i
	}
	for _, nullsEqual := range []bool{true, false} {
		var cand, wantEq, wantNe []uint32
		for k := range n {
			if r.IntN(4) == 0 {
				continue
			}
			cand = append(cand, uint32(k))
			eq := true
			for _, v := range cols {
				a, b := v.Value(at(k)), v.Value(at(owner[k]))
				eq = eq && same(a, b, false) && (nullsEqual || !a.IsNull)
			}
			if eq {
				wantEq = append(wantEq, uint32(k))
			} else {
				wantNe = append(wantNe, uint32(k))
			}
		}
		miss := make([]uint32, 0, n)
		c2 := slices.Clone(cand)
		eq, ne := l.Match(in, len(cols), sel, rows, c2, s.bufs, nullsEqual, miss)
		slices.Sort(ne)
		if !slices.Equal(eq, wantEq) || !slices.Equal(ne, wantNe) {
			t.Fatalf("%s: match nullsEqual=%v: %v %v, want %v %v", name, nullsEqual, eq, ne, wantEq, wantNe)
		}
		if nullsEqual {
			eq, ne = l.MatchRows(len(cols), s.rows, rows, slices.Clone(cand), s.bufs, s.bufs, miss[:0])
			slices.Sort(ne)
			if !slices.Equal(eq, wantEq) || !slices.Equal(ne, wantNe) {
				t.Fatalf("%s: match rows: %v %v, want %v %v", name, eq, ne, wantEq, wantNe)
			}
		}
	}
}

func checkCopy(t *testing.T, name string, l *Layout, s *store) {
	t.Helper()
	d := &store{l: l, mem: make([]uint64, len(s.mem)), rows: make([]raw.Addr, len(s.rows))}
	base := raw.Of(raw.Bytes(d.mem))
	for i := range d.rows {
		d.rows[len(d.rows)-1-i] = base + raw.Addr(i)*raw.Addr(l.Width)
	}
	sizes := make([]uint32, len(s.rows))
	total := l.RowHeapSizes(s.rows, sizes)
	if total != uint64(len(s.heap)) {
		t.Fatalf("%s: rows need %d heap bytes, were given %d", name, total, len(s.heap))
	}
	l.CopyRows(s.rows, d.rows, s.bufs, d.place(sizes, total))
	for c, typ := range l.Types {
		a, b := vector.New(typ), vector.New(typ)
		a.Resize(len(s.rows))
		b.Resize(len(s.rows))
		l.Gather(c, s.rows, s.bufs, a, nil)
		l.Gather(c, d.rows, d.bufs, b, nil)
		for i := range s.rows {
			if x, y := a.Value(i), b.Value(i); !same(x, y, true) {
				t.Fatalf("%s: copied column %d row %d: %v, want %v", name, c, i, y, x)
			}
		}
	}
}

func TestStateReferencesMove(t *testing.T) {
	l, err := NewLayout([]types.Type{types.Of(types.BigInt)}, Options{States: []State{{Size: 8}, {Size: 24, Ref: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if !l.HasHeap || !l.HasStateRefs {
		t.Fatal("a state with a reference needs a heap")
	}
	v := randomFlat(rand.New(rand.NewPCG(1, 1)), types.Of(types.BigInt), 2, false)
	var in Input
	in.Set([]*vector.Vector{v})
	s := put(l, &in, nil, 2, nil)
	long := []byte("a string that is long enough")
	s.heap = long
	s.bufs = [][]byte{long}
	*raw.At[types.StringRef](s.rows[1], l.StateOffset(1)) = types.LongRef(long, 0, 0)
	checkCopy(t, "states", l, s)
}

func TestWideRows(t *testing.T) {
	// More columns than a validity word, and too many.
	ts := make([]types.Type, 131)
	for i := range ts {
		ts[i] = allTypes[i%9]
	}
	l, err := NewLayout(ts, Options{Hash: true, Match: true, States: []State{{Size: 16}}})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	cols := make([]*vector.Vector, len(ts))
	for i := range cols {
		cols[i] = randomFlat(r, ts[i], 40, i%2 == 0)
	}
	var in Input
	in.Set(cols)
	s := put(l, &in, nil, 40, make([]uint64, 40))
	checkRows(t, "wide", l, s, nil, cols, make([]uint64, 40), r)
	checkMatch(t, "wide", l, s, &in, nil, cols, r)
	checkCopy(t, "wide", l, s)

	ts = make([]types.Type, MaxWidth/8+1)
	for i := range ts {
		ts[i] = types.Of(types.BigInt)
	}
	if _, err := NewLayout(ts, Options{}); err == nil {
		t.Fatal("a row wider than a page was accepted")
	}
}

func TestLayoutOffsets(t *testing.T) {
	l, err := NewLayout([]types.Type{types.Of(types.TinyInt), types.Of(types.Varchar), types.Of(types.BigInt), types.Of(types.Integer)},
		Options{Hash: true, Next: true, Match: true, States: []State{{Size: 4}, {Size: 16}}})
	if err != nil {
		t.Fatal(err)
	}
	got := []uintptr{l.MatchOffset(), l.HashOffset(), l.NextOffset(), l.ColOffset(2), l.ColOffset(1), l.ColOffset(3), l.ColOffset(0), l.StateOffset(0), l.StateOffset(1), l.Width}
	want := []uintptr{1, 8, 16, 24, 32, 48, 52, 56, 64, 80}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("offsets %v, want %v", got, want)
	}
	if l, err := NewLayout(nil, Options{}); err != nil || l.Width != 8 {
		t.Fatalf("empty layout: %v", err)
	}
}

func TestHotLoopsDoNotAllocate(t *testing.T) {
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.Varchar)}
	l, _ := NewLayout(ts, Options{Hash: true})
	r := rand.New(rand.NewPCG(3, 4))
	cols := []*vector.Vector{randomFlat(r, ts[0], 500, true), randomFlat(r, ts[1], 500, false)}
	var in Input
	in.Set(cols)
	hashes := make([]uint64, 500)
	s := put(l, &in, nil, 500, hashes)
	out := vector.New(ts[0])
	out.Resize(500)
	cand, miss := make([]uint32, 500), make([]uint32, 500)
	sizes := make([]uint32, 500)
	if n := testing.AllocsPerRun(10, func() {
		in.Set(cols)
		l.HeapSizes(&in, nil, 500, sizes)
		for i := range cand {
			cand[i] = uint32(i)
		}
		l.Match(&in, 2, nil, s.rows, cand, s.bufs, true, miss[:0])
		l.Gather(0, s.rows, s.bufs, out, nil)
	}); n > 1 { // the bitmap of out
		t.Fatalf("%v allocations", n)
	}
}
