package aggregate

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// heap is a function.StateHeap on the Go heap.
type heap struct{ bufs [][]byte }

func (h *heap) Put(_ raw.Addr, b []byte) (types.StringRef, error) {
	if len(b) <= types.MaxInline {
		return types.InlineRef(b), nil
	}
	h.bufs = append(h.bufs, append([]byte(nil), b...))
	return types.LongRef(b, len(h.bufs)-1, 0), nil
}

func (h *heap) Bufs() [][]byte { return h.bufs }

// states are n states of one aggregate, each in a row of its own with junk
// before and behind.
type states struct {
	b    *function.BoundAgg
	mem  []uint64
	rows []raw.Addr
	call *function.AggCall
}

const off = 16

func newStates(b *function.BoundAgg, n int) *states {
	width := off + b.Size + 8
	s := &states{b: b, mem: make([]uint64, n*width/8+1), rows: make([]raw.Addr, n)}
	base := raw.Of(raw.Bytes(s.mem))
	for i := range s.rows {
		s.rows[i] = base + raw.Addr(i*width)
		*raw.At[uint64](s.rows[i], 8) = 0xabababab
		*raw.At[uint64](s.rows[i], uintptr(off+b.Size)) = 0xabababab
	}
	if b.Init != nil {
		b.Init(s.rows, off)
	}
	s.call = &function.AggCall{Heap: &heap{}, Bound: b, Session: &function.Session{}}
	return s
}

func (s *states) results(t *testing.T) []types.Value {
	t.Helper()
	out := vector.New(s.b.Return)
	out.Resize(len(s.rows) + 1)
	if err := s.b.Finalize(s.call, s.rows, off, out, 1); err != nil {
		t.Fatal(err)
	}
	vals := make([]types.Value, len(s.rows))
	for i, r := range s.rows {
		if *raw.At[uint64](r, 8) != 0xabababab || *raw.At[uint64](r, uintptr(off+s.b.Size)) != 0xabababab {
			t.Fatalf("%s wrote beside its state", s.b.Name)
		}
		vals[i] = out.Value(1 + i)
	}
	return vals
}

func find(name string) *function.Aggregate {
	for _, a := range Builtins {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// bind binds the first overload that takes the types.
func bind(name string, args ...types.Type) *function.BoundAgg {
	for _, o := range find(name).Overloads {
		if len(o.Params) != len(args) {
			continue
		}
		ok := true
		for i, p := range o.Params {
			ok = ok && (p.ID == types.Any || p.ID == args[i].ID)
		}
		if ok {
			if b, err := o.Bind(args, make([]*types.Value, len(args))); err == nil {
				return b
			}
		}
	}
	return nil
}

var allTypes = []types.Type{
	types.Of(types.Boolean), types.Of(types.TinyInt), types.Of(types.SmallInt), types.Of(types.Integer), types.Of(types.BigInt),
	types.Of(types.HugeInt), types.Of(types.UTinyInt), types.Of(types.USmallInt), types.Of(types.UInteger), types.Of(types.UBigInt),
	types.Of(types.UHugeInt), types.Of(types.Float), types.Of(types.Double), types.DecimalOf(4, 1), types.DecimalOf(9, 2),
	types.DecimalOf(18, 3), types.DecimalOf(38, 5), types.Of(types.Varchar), types.Of(types.Blob), types.Of(types.Date),
	types.Of(types.Timestamp), types.Of(types.TimeTZ), types.Of(types.IntervalID), types.Of(types.UUID),
	types.EnumOf(&types.EnumDict{Labels: []string{"x", "y", "z"}}),
	types.ListOf(types.Of(types.Varchar)), types.StructOf(types.Field{Name: "a", Type: types.Of(types.Double)}),
}

var words = []string{"", "a", "ab", "twelve bytes", "thirteen bytes", "thirteen bytez", strings.Repeat("z long ", 9), strings.Repeat("a long ", 9)}

func randomValue(r *rand.Rand, t types.Type) types.Value {
	v := types.Value{Type: t}
	x := r.Uint64()
	if r.IntN(2) == 0 {
		x = uint64(r.Int64N(9) - 4)
	}
	switch t.Physical() {
	case types.PBool:
		v.I = int64(x & 1)
	case types.PUint8:
		if v.I = int64(uint8(x)); t.ID == types.Enum {
			v.I = int64(x % 3)
		}
	case types.PInt8:
		v.I = int64(int8(x))
	case types.PInt16:
		if v.I = int64(int16(x)); t.ID == types.Decimal {
			v.I %= 9999
		}
	case types.PUint16:
		v.I = int64(uint16(x))
	case types.PInt32:
		v.I = int64(int32(x))
	case types.PUint32:
		v.I = int64(uint32(x))
	case types.PInt64:
		if v.I = int64(x); t.ID == types.TimeTZ {
			v.I = r.Int64N(5)*1e9<<24 | r.Int64N(3)*3600
		}
	case types.PUint64:
		v.I = int64(x)
		return v
	case types.PInt128, types.PUint128:
		v.I, v.Hi = int64(x), r.Int64N(1000)-500
		return v
	case types.PFloat32, types.PFloat64:
		v.F = float64(r.IntN(64))/4 - 3
		if r.IntN(20) == 0 {
			v.F = []float64{math.Inf(1), math.Inf(-1), math.NaN()}[r.IntN(3)]
		}
		return v
	case types.PString:
		v.S = words[r.IntN(len(words))]
		return v
	case types.PInterval:
		v.Iv = types.Interval{Months: int32(r.IntN(3)), Days: int32(r.IntN(70)), Micros: r.Int64N(3) * types.MicrosPerDay}
		return v
	case types.PList:
		for range r.IntN(3) {
			v.Children = append(v.Children, randomOrNull(r, *t.Ext.Child, 5))
		}
		return v
	case types.PStruct:
		v.Children = []types.Value{types.FloatValue(float64(r.IntN(3)))}
		return v
	}
	v.Hi = v.I >> 63
	return v
}

func randomOrNull(r *rand.Rand, t types.Type, nulls int) types.Value {
	if nulls > 0 && r.IntN(nulls) == 0 {
		return types.NullOf(t)
	}
	return randomValue(r, t)
}

func randomVector(r *rand.Rand, t types.Type, n int) *vector.Vector {
	v := vector.New(t)
	flat := func(n, nulls int) *vector.Vector {
		v := vector.New(t)
		v.Resize(n)
		for i := range n {
			v.SetValue(i, randomOrNull(r, t, nulls))
		}
		return v
	}
	switch r.IntN(6) {
	case 0:
		v.SetConstant(randomOrNull(r, t, 5), n)
	case 1:
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(r.IntN(9))
		}
		v.SetDictionary(flat(9, 4), codes, 0)
	case 2:
		if t.Physical() == types.PInt64 && t.ID != types.TimeTZ {
			v.SetSequence(3, -1, n)
			return v
		}
		return flat(n, 0)
	case 3:
		return flat(n, 0)
	default:
		return flat(n, 3)
	}
	return v
}

// naive computes an aggregate over the rows (argument values) in order.
func naive(name string, t types.Type, rows [][]types.Value) (types.Value, bool) {
	null := types.NullOf(t)
	var vals []types.Value
	for _, r := range rows {
		if len(r) > 0 && !r[0].IsNull {
			vals = append(vals, r[0])
		}
	}
	float := func(v types.Value) float64 {
		if v.Type.IsFloat() {
			return v.F
		}
		return types.DecimalFloat64(v.Int128(), int(v.Type.Scale))
	}
	switch name {
	case "count_star":
		return types.IntValue(t, int64(len(rows))), true
	case "count":
		return types.IntValue(t, int64(len(vals))), true
	case "first", "last":
		if len(rows) == 0 {
			return null, true
		}
		if name == "first" {
			return rows[0][0], true
		}
		return rows[len(rows)-1][0], true
	case "any_value":
		if len(vals) == 0 {
			return null, true
		}
		return vals[0], true
	case "arg_min", "arg_max", "arg_min_null", "arg_max_null":
		best := -1
		for i, r := range rows {
			if r[1].IsNull || r[0].IsNull && !strings.HasSuffix(name, "null") {
				continue
			}
			if best < 0 {
				best = i
				continue
			}
			c := types.Compare(r[1], rows[best][1])
			if strings.HasPrefix(name, "arg_min") && c < 0 || strings.HasPrefix(name, "arg_max") && c > 0 {
				best = i
			}
		}
		if best < 0 {
			return null, true
		}
		return rows[best][0], true
	}
	if len(vals) == 0 {
		return null, true
	}
	switch name {
	case "sum", "count_if", "avg":
		if vals[0].Type.IsFloat() {
			s := 0.0
			for _, v := range vals {
				s += v.F
			}
			if name == "avg" {
				s /= float64(len(vals))
			}
			return types.FloatValue(s), true
		}
		s := new(big.Int)
		for _, v := range vals {
			s.Add(s, bigOf(v))
		}
		if name == "avg" {
			f, _ := new(big.Float).SetInt(s).Float64()
			return types.FloatValue(f / (float64(len(vals)) * types.Pow10Float[vals[0].Type.Scale])), true
		}
		lo := new(big.Int).And(s, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
		hi := new(big.Int).Rsh(s, 64).Int64()
		return types.Int128Value(t, types.Int128{Lo: lo, Hi: hi}), true
	case "min", "max", "bool_and", "bool_or":
		best := vals[0]
		for _, v := range vals {
			c := types.Compare(v, best)
			if (name == "min" || name == "bool_and") && c < 0 || (name == "max" || name == "bool_or") && c > 0 {
				best = v
			}
		}
		return best, true
	case "bit_and", "bit_or", "bit_xor":
		x := vals[0]
		for _, v := range vals[1:] {
			switch name {
			case "bit_and":
				x.I, x.Hi = x.I&v.I, x.Hi&v.Hi
			case "bit_or":
				x.I, x.Hi = x.I|v.I, x.Hi|v.Hi
			default:
				x.I, x.Hi = x.I^v.I, x.Hi^v.Hi
			}
		}
		return x, true
	case "product", "fsum", "favg":
		x := 0.0
		if name == "product" {
			x = 1
		}
		for _, v := range vals {
			if name == "product" {
				x *= float(v)
			} else {
				x += float(v)
			}
		}
		if name == "favg" {
			x /= float64(len(vals))
		}
		return types.FloatValue(x), true
	}
	for _, s := range spreads {
		if s.name != name {
			continue
		}
		n := float64(len(vals))
		mean, m2 := 0.0, 0.0
		for _, v := range vals {
			mean += float(v) / n
		}
		for _, v := range vals {
			m2 += (float(v) - mean) * (float(v) - mean)
		}
		if s.sample {
			n--
		}
		if n == 0 {
			return null, true
		}
		x := m2 / n
		if s.root {
			x = math.Sqrt(x)
		}
		if s.byRoot {
			x /= math.Sqrt(float64(len(vals)))
		}
		return types.FloatValue(x), true
	}
	return null, false
}

func bigOf(v types.Value) *big.Int {
	if v.Type.ID == types.UBigInt {
		return new(big.Int).SetUint64(uint64(v.I))
	}
	x, ok := new(big.Int).SetString(v.Int128().String(), 10)
	if !ok {
		panic("not a number")
	}
	return x
}

// equal compares as grouping does, floats up to rounding.
func equal(a, b types.Value) bool {
	if a.IsNull || b.IsNull {
		return a.IsNull == b.IsNull
	}
	switch a.Type.Physical() {
	case types.PFloat32, types.PFloat64:
		d := math.Abs(a.F - b.F)
		return a.F == b.F || a.F != a.F && b.F != b.F || d <= 1e-9*(1+math.Abs(b.F))
	case types.PInt128, types.PUint128:
		return a.I == b.I && a.Hi == b.Hi
	case types.PString:
		return a.S == b.S
	case types.PInterval:
		return a.Iv.Cmp(b.Iv) == 0
	case types.PList, types.PStruct:
		if len(a.Children) != len(b.Children) {
			return false
		}
		for i := range a.Children {
			if !equal(a.Children[i], b.Children[i]) {
				return false
			}
		}
		return true
	}
	return a.I == b.I
}

// cases calls f for every function with every type of argument it takes.
// needsConstant are functions that cannot be bound by types alone; SQL tests
// cover them.
var needsConstant = map[string]bool{"quantile_cont": true, "quantile_disc": true, "approx_quantile": true, "reservoir_quantile": true,
	"histogram_exact": true, "bitstring_agg": true}

// numbered are functions whose second argument is a number of results.
var numbered = map[string]bool{"min": true, "max": true, "approx_top_k": true}

// refusesInfinity are functions that fail for what the random values make of
// them; SQL tests cover them.
var refusesInfinity = map[string]bool{"skewness": true, "kurtosis": true, "kurtosis_pop": true, "corr": true,
	"regr_intercept": true, "regr_r2": true, "regr_slope": true, "regr_sxx": true, "regr_syy": true}

// noReference are functions for which the ways to fill a state are only held
// against each other.
var noReference = map[string]bool{
	"arg_max_nulls_last": true, "arg_min_nulls_last": true, "list": true, "string_agg": true, "median": true, "mad": true, "mode": true, "entropy": true, "histogram": true,
	"approx_count_distinct": true, "corr": true, "covar_pop": true,
	"covar_samp": true, "regr_avgx": true, "regr_avgy": true, "regr_count": true, "regr_intercept": true, "regr_r2": true,
	"regr_slope": true, "regr_sxx": true, "regr_sxy": true, "regr_syy": true,
}

func cases(t *testing.T, f func(t *testing.T, name string, b *function.BoundAgg, args []types.Type)) {
	for _, a := range Builtins {
		if refusesInfinity[a.Name] {
			continue
		}
		seen := false
		for _, typ := range allTypes {
			for _, args := range [][]types.Type{{}, {typ}, {typ, typ}, {typ, allTypes[(len(typ.String())*5+int(typ.ID))%len(allTypes)]}} {
				if len(args) == 0 && typ.ID != types.Boolean || a.Name == "count" && len(args) == 0 {
					continue
				}
				b := bind(a.Name, args...)
				if b == nil || !slices.EqualFunc(b.Params, args, types.Type.Equal) {
					continue // what takes another type after a cast
				}
				if len(args) == 2 && numbered[a.Name] {
					seen = true
					continue // the second argument is how many results there are
				}
				seen = true
				t.Run(fmt.Sprint(a.Name, args), func(t *testing.T) { f(t, a.Name, b, args) })
			}
		}
		if !seen && !needsConstant[a.Name] {
			t.Errorf("%s takes none of the types", a.Name)
		}
	}
}

// Every way to fill states must give what a naive computation gives: rows in
// groups, one group at once, and parts that are combined in any order.
func TestStatesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	cases(t, func(t *testing.T, name string, b *function.BoundAgg, args []types.Type) {
		if b.Size%8 != 0 || b.Size == 0 {
			t.Fatalf("a state of %d bytes", b.Size)
		}
		for _, n := range []int{0, 1, 2, 70, 700} {
			groups := 1 + r.IntN(5)
			cols := make([]*vector.Vector, len(args))
			for i, typ := range args {
				cols[i] = randomVector(r, typ, n)
			}
			var sel []uint32
			if r.IntN(2) == 0 {
				sel = []uint32{}
				for i := range n {
					if r.IntN(3) > 0 {
						sel = append(sel, uint32(i))
					}
				}
			}
			k := n
			if sel != nil {
				k = len(sel)
			}
			of := make([]int, k)
			rows := make([][][]types.Value, groups)
			for i := range of {
				of[i] = r.IntN(groups)
				var row []types.Value
				for _, c := range cols {
					row = append(row, c.Value(position(sel, i)))
				}
				rows[of[i]] = append(rows[of[i]], row)
			}
			want := make([]types.Value, groups)
			finite := true
			for g := range want {
				if noReference[name] {
					continue
				}
				v, ok := naive(name, b.Return, rows[g])
				if !ok {
					t.Fatalf("no reference for %s", name)
				}
				want[g] = v
				finite = finite && !(v.F != v.F || math.IsInf(v.F, 0))
			}
			if !finite && strings.Contains(b.Name, "v") && b.Return.ID == types.Double && name != "avg" && name != "favg" && name != "any_value" {
				continue // variances refuse infinities
			}
			if name == "sem" && !finite {
				continue
			}
			check := func(how string, s *states) {
				t.Helper()
				for g, v := range s.results(t) {
					if noReference[name] && (v.F != v.F || math.IsInf(v.F, 0) || want[g].F != want[g].F || math.IsInf(want[g].F, 0)) {
						continue
					}
					if !equal(v, want[g]) {
						t.Fatalf("%s of %d rows, group %d: %v, want %v (input %v)", how, n, g, v, want[g], rows[g])
					}
				}
			}

			many := newStates(b, groups)
			addrs := make([]raw.Addr, k)
			for i, g := range of {
				addrs[i] = many.rows[g]
			}
			if err := b.Update(many.call, cols, addrs, off, sel, k); err != nil {
				t.Fatal(err)
			}
			if noReference[name] {
				want = many.results(t)
			}
			check("update", many)

			one := newStates(b, groups)
			for g := range groups {
				pos := []uint32{}
				for i := range of {
					if of[i] == g {
						pos = append(pos, uint32(position(sel, i)))
					}
				}
				// In two pieces.
				h := len(pos) / 2
				for _, p := range [][]uint32{pos[:h], pos[h:]} {
					if err := b.UpdateOne(one.call, cols, one.rows[g], off, p, len(p)); err != nil {
						t.Fatal(err)
					}
				}
			}
			check("update one", one)

			// Parts of consecutive rows, combined pairwise: in order for those
			// that depend on it, otherwise in any order and shape.
			const parts = 4
			piece := newStates(b, groups*parts)
			for i, g := range of {
				addrs[i] = piece.rows[g*parts+i*parts/max(k, 1)]
			}
			if err := b.Update(piece.call, cols, addrs, off, sel, k); err != nil {
				t.Fatal(err)
			}
			for _, shared := range []bool{true, false} {
				total := newStates(b, groups)
				if shared {
					total.call.Heap = piece.call.Heap
				}
				total.call.SrcBufs = piece.call.Heap.Bufs()
				for g := range groups {
					order := []int{0, 1, 2, 3}
					if !b.OrderDependent {
						order = r.Perm(parts)
					}
					for _, p := range order {
						if err := b.Combine(total.call, []raw.Addr{piece.rows[g*parts+p]}, []raw.Addr{total.rows[g]}, off); err != nil {
							t.Fatal(err)
						}
						if shared {
							total.call.SrcBufs = total.call.Heap.Bufs()
						}
					}
				}
				check(fmt.Sprintf("combine (shared heap %v)", shared), total)
			}
		}
	})
}

// Combine must not care how parts are grouped: (a+b)+(c+d) = ((a+b)+c)+d.
func TestCombineIsAssociative(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 12))
	cases(t, func(t *testing.T, name string, b *function.BoundAgg, args []types.Type) {
		cols := make([]*vector.Vector, len(args))
		for i, typ := range args {
			v := vector.New(typ)
			v.Resize(40)
			for k := range 40 {
				x := randomOrNull(r, typ, 4)
				if math.IsInf(x.F, 0) || x.F != x.F {
					x.F = 1
				}
				v.SetValue(k, x)
			}
			cols[i] = v
		}
		fill := func() *states {
			s := newStates(b, 4)
			rows := make([]raw.Addr, 40)
			for i := range rows {
				rows[i] = s.rows[i/10]
			}
			if err := b.Update(s.call, cols, rows, off, nil, 40); err != nil {
				t.Fatal(err)
			}
			return s
		}
		add := func(s *states, src, dst int) {
			s.call.SrcBufs = s.call.Heap.Bufs()
			if err := b.Combine(s.call, s.rows[src:src+1], s.rows[dst:dst+1], off); err != nil {
				t.Fatal(err)
			}
		}
		left, tree := fill(), fill()
		add(left, 1, 0)
		add(left, 2, 0)
		add(left, 3, 0)
		add(tree, 3, 2)
		add(tree, 1, 0)
		add(tree, 2, 0)
		a, z := left.results(t)[0], tree.results(t)[0]
		if !equal(a, z) {
			t.Fatalf("%v against %v", a, z)
		}
	})
}

func TestOverflow(t *testing.T) {
	huge := types.Of(types.HugeInt)
	v := vector.New(huge)
	v.Resize(2)
	v.SetValue(0, types.Int128Value(huge, types.Int128{Lo: math.MaxUint64, Hi: math.MaxInt64}))
	v.SetValue(1, types.IntValue(huge, 1))
	b := bind("sum", huge)
	s := newStates(b, 2)
	err := b.UpdateOne(s.call, []*vector.Vector{v}, s.rows[0], off, nil, 2)
	if sqlerr.Code(err) != sqlerr.CodeNumericOutOfRange {
		t.Fatalf("update one: %v", err)
	}
	s = newStates(b, 2)
	if err := b.Update(s.call, []*vector.Vector{v}, []raw.Addr{s.rows[0], s.rows[0]}, off, nil, 2); sqlerr.Code(err) != sqlerr.CodeNumericOutOfRange {
		t.Fatalf("update: %v", err)
	}
	s = newStates(b, 2)
	if err := b.Update(s.call, []*vector.Vector{v}, s.rows, off, nil, 2); err != nil {
		t.Fatal(err)
	}
	if err := b.Combine(s.call, s.rows[:1], s.rows[1:], off); sqlerr.Code(err) != sqlerr.CodeNumericOutOfRange {
		t.Fatalf("combine: %v", err)
	}

	wide := types.DecimalOf(38, 0)
	b = bind("sum", wide)
	d := vector.New(wide)
	d.SetConstant(types.Int128Value(wide, types.Pow10Int128[37]), 20)
	s = newStates(b, 1)
	if err := b.UpdateOne(s.call, []*vector.Vector{d}, s.rows[0], off, nil, 10); err != nil {
		t.Fatal(err)
	}
	out := vector.New(b.Return)
	out.Resize(1)
	if err := b.Finalize(s.call, s.rows, off, out, 0); sqlerr.Code(err) != sqlerr.CodeNumericOutOfRange {
		t.Fatalf("39 digits: %v", err)
	}

	b = bind("stddev_samp", types.Of(types.Double))
	f := vector.New(types.Of(types.Double))
	f.Resize(2)
	f.SetValue(0, types.FloatValue(1e308))
	f.SetValue(1, types.FloatValue(-1e308))
	s = newStates(b, 1)
	if err := b.UpdateOne(s.call, []*vector.Vector{f}, s.rows[0], off, nil, 2); err != nil {
		t.Fatal(err)
	}
	if err := b.Finalize(s.call, s.rows, off, f, 0); sqlerr.Code(err) != sqlerr.CodeNumericOutOfRange {
		t.Fatalf("stddev: %v", err)
	}
}

// avg of exact numbers is the exact quotient, rounded once.
func TestAverageIsRoundedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		x := types.Int128{Lo: r.Uint64(), Hi: r.Int64() >> r.IntN(64)}
		if r.IntN(3) == 0 {
			x = types.Int128From(r.Int64() >> r.IntN(63))
		}
		n, scale := 1+r.Int64N(1<<40)>>r.IntN(40), r.IntN(20)
		q := new(big.Rat).SetFrac(bigOf(types.Int128Value(types.Of(types.HugeInt), x)),
			new(big.Int).Mul(big.NewInt(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		want, _ := q.Float64()
		if got := quotient(x, float64(n), types.Pow10Float[scale]); got != want {
			t.Fatalf("%v / (%d * 10^%d) = %v, want %v", x, n, scale, got, want)
		}
	}
}

// A zone further west is a later instant at the same clock time, and the
// values survive the way to keys and back.
func TestTimeTZOrder(t *testing.T) {
	const noon = 12 * 3600 * int64(types.MicrosPerSecond)
	east, west := noon<<24, noon<<24|7200
	keys := make([]int64, 2)
	data := raw.Bytes([]int64{east, west})
	timeTZKeys(keys, data, []uint32{0, 1})
	if keys[0] >= keys[1] {
		t.Fatal("order of zones")
	}
	back := make([]int64, 2)
	timeTZValues(raw.Bytes(back), keys)
	if back[0] != east || back[1] != west {
		t.Fatalf("%x became %x", []int64{east, west}, back)
	}
}

func TestDocumented(t *testing.T) {
	names := map[string]bool{}
	for _, a := range Builtins {
		if a.Description == "" || a.Example == "" || a.Result == "" || a.Category == "" || len(a.Overloads) == 0 {
			t.Errorf("%s is not documented", a.Name)
		}
		for _, n := range append([]string{a.Name}, a.Aliases...) {
			if names[n] || n != strings.ToLower(n) {
				t.Errorf("the name %s is taken or not lower case", n)
			}
			names[n] = true
		}
	}
	function.NewRegistry(nil, Builtins)
}

func TestLoopsDoNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 12))
	for _, c := range []struct {
		name string
		typ  types.Type
	}{{"sum", types.DecimalOf(15, 2)}, {"avg", types.Of(types.Integer)}, {"min", types.Of(types.Double)}, {"max", types.Of(types.Varchar)}, {"count", types.Of(types.Varchar)}} {
		b := bind(c.name, c.typ)
		v := vector.New(c.typ)
		v.Resize(500)
		for i := range 500 {
			v.SetValue(i, randomOrNull(r, c.typ, 9))
		}
		s := newStates(b, 1)
		rows := make([]raw.Addr, 500)
		for i := range rows {
			rows[i] = s.rows[0]
		}
		args := []*vector.Vector{v}
		if n := testing.AllocsPerRun(5, func() {
			if b.Update(s.call, args, rows, off, nil, 500) != nil || b.UpdateOne(s.call, args, s.rows[0], off, nil, 500) != nil {
				t.Fatal("update failed")
			}
		}); n > 0 {
			t.Errorf("%s(%s): %v allocations", c.name, c.typ, n)
		}
	}
}
