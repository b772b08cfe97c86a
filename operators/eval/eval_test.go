package eval

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

var (
	ctx     = context.Background()
	bigint  = types.Of(types.BigInt)
	varchar = types.Of(types.Varchar)
	errBoom = errors.New("boom")
)

func intVal(x int64) types.Value { return types.IntValue(bigint, x) }

// plus adds; it propagates NULL and cannot fail.
var plus = &function.Bound{
	Name: "+", Params: []types.Type{bigint, bigint}, Return: bigint,
	Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
		n := c.N
		if c.Sel != nil {
			n = len(c.Sel)
		}
		return kernel.Arith(kernel.Add, false, args[0], args[1], out, c.Sel, n, nil)
	},
}

// boom is its argument, and fails on 3.
var boom = &function.Bound{
	Name: "boom", Params: []types.Type{bigint}, Return: bigint, CanFail: true,
	Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
		v := args[0].View(c.Tmp[0])
		x, r := kernelInts(v.Data), vector.Values[int64](out)
		each(c, func(p int) {
			if r[p] = x[v.Index(p)]; v.IsNull(p) {
				panic("a NULL row reached a kernel that can fail")
			}
		})
		var err error
		each(c, func(p int) {
			if r[p] == 3 {
				err = errBoom
			}
		})
		return err
	},
}

// orSeven replaces NULL by 7.
var orSeven = &function.Bound{
	Name: "or7", Params: []types.Type{bigint}, Return: bigint, Nulls: function.Special,
	Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
		v := args[0].View(c.Tmp[0])
		x, r := kernelInts(v.Data), vector.Values[int64](out)
		each(c, func(p int) {
			if v.IsNull(p) {
				r[p] = 7
			} else {
				r[p] = x[v.Index(p)]
			}
		})
		return nil
	},
}

// same references its first argument.
var sameAs = &function.Bound{
	Name: "same", Params: []types.Type{bigint, bigint}, Return: bigint,
	Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
		out.Reference(args[0])
		return nil
	},
}

func kernelInts(data []byte) []int64 {
	v := vector.Vector{Data: data}
	return vector.Values[int64](&v)
}

func each(c *function.Call, f func(p int)) {
	if c.Sel == nil {
		for p := range c.N {
			f(p)
		}
		return
	}
	for _, p := range c.Sel {
		f(int(p))
	}
}

// lazyCalls makes value leave out arguments behind a NULL one, which the
// evaluation does only sometimes.
var lazyCalls bool

// value is the boxed reference. pick asks with the laziness of a filter, where
// a NULL conjunct ends a conjunction.
func value(e Expr, row []types.Value, pick bool) (types.Value, error) {
	null := types.NullOf(e.Type())
	switch e := e.(type) {
	case *Column:
		return row[e.pos], nil
	case *Const:
		return e.value, nil
	case *Call:
		var args []types.Value
		anyNull := false
		for _, a := range e.args {
			v, err := value(a, row, false)
			if err != nil {
				return v, err
			}
			if anyNull = anyNull || v.IsNull; anyNull && lazyCalls && e.fn != orSeven {
				return null, nil
			}
			args = append(args, v)
		}
		if e.fn == orSeven {
			if anyNull {
				return intVal(7), nil
			}
			return args[0], nil
		}
		if anyNull {
			return null, nil
		}
		switch e.fn {
		case plus:
			return intVal(args[0].I + args[1].I), nil
		case boom:
			if args[0].I == 3 {
				return null, errBoom
			}
		}
		return args[0], nil
	case *Compare:
		a, err := value(e.left, row, false)
		if err != nil {
			return a, err
		}
		b, err := value(e.right, row, false)
		if err != nil {
			return b, err
		}
		return compareValues(e.op, a, b), nil
	case *IsNull:
		v, err := value(e.arg, row, false)
		return types.BoolValue(v.IsNull != e.negated), err
	case *Not:
		v, err := value(e.arg, row, false)
		if err == nil && !v.IsNull {
			v = types.BoolValue(v.I == 0)
		}
		return v, err
	case *Logic:
		out := types.BoolValue(!e.or)
		for _, a := range e.args {
			v, err := value(a, row, pick)
			if err != nil {
				return v, err
			}
			if v.IsNull {
				out = null
				if pick && !e.or {
					return out, nil
				}
			} else if (v.I == 1) == e.or {
				return v, nil
			}
		}
		return out, nil
	case *In:
		v, err := value(e.arg, row, false)
		if err != nil {
			return v, err
		}
		return inValue(e, v, row)
	case *Case:
		for _, w := range e.whens {
			c, err := value(w.Cond, row, true)
			if err != nil {
				return c, err
			}
			if !c.IsNull && c.I == 1 {
				return value(w.Then, row, false)
			}
		}
		return value(e.other, row, false)
	case *Coalesce:
		for _, a := range e.args {
			if v, err := value(a, row, false); err != nil || !v.IsNull {
				return v, err
			}
		}
		return null, nil
	}
	panic(fmt.Sprintf("%T", e))
}

func inValue(e *In, v types.Value, row []types.Value) (types.Value, error) {
	one := vector.New(v.Type)
	one.SetConstant(v, 1)
	var cache kernel.SetCache
	found := len(e.set.Select(one, nil, 1, make([]uint32, 1), &cache)) == 1
	unknown := e.hasNull || v.IsNull
	for _, o := range e.others {
		if found {
			break
		}
		w, err := value(o, row, false)
		if err != nil {
			return w, err
		}
		unknown = unknown || w.IsNull
		found = !w.IsNull && !v.IsNull && w.I == v.I
	}
	switch {
	case found:
		return types.BoolValue(!e.negated), nil
	case unknown && !e.empty:
		return types.NullOf(boolean), nil
	}
	return types.BoolValue(e.negated), nil
}

func compareValues(op kernel.CompareOp, a, b types.Value) types.Value {
	va, vb := vector.New(a.Type), vector.New(b.Type)
	va.SetConstant(a, 1)
	vb.SetConstant(b, 1)
	if op < kernel.Distinct && (a.IsNull || b.IsNull) {
		return types.NullOf(boolean)
	}
	c := kernel.CompareAt(va, 0, vb, 0)
	return types.BoolValue([...]bool{c == 0, c != 0, c < 0, c <= 0, c > 0, c >= 0, c != 0, c == 0}[op])
}

// randomExpr builds an expression over columns 0-3 (BIGINT) and 4-5 (BOOLEAN).
func randomExpr(r *rand.Rand, t types.Type, depth int) Expr {
	if depth == 0 || r.IntN(6) == 0 {
		if r.IntN(4) == 0 {
			if r.IntN(4) == 0 {
				return NewConst(types.NullOf(t))
			}
			if t.ID == types.Boolean {
				return NewConst(types.BoolValue(r.IntN(2) == 0))
			}
			return NewConst(intVal(int64(r.IntN(6))))
		}
		if t.ID == types.Boolean {
			return NewColumn(4+r.IntN(2), t)
		}
		return NewColumn(r.IntN(4), t)
	}
	sub := func(t types.Type) Expr { return randomExpr(r, t, depth-1) }
	list := func(t types.Type) (es []Expr) {
		for range 2 + r.IntN(3) {
			es = append(es, sub(t))
		}
		return es
	}
	branches := func() Expr {
		var ws []When
		for range 1 + r.IntN(3) {
			ws = append(ws, When{sub(boolean), sub(t)})
		}
		if r.IntN(3) == 0 {
			return NewCase(ws, nil)
		}
		return NewCase(ws, sub(t))
	}
	if t.ID == types.BigInt {
		switch r.IntN(6) {
		case 0:
			return NewCall(plus, sub(t), sub(t))
		case 1:
			if r.IntN(3) == 0 {
				return NewCall(boom, sub(t))
			}
			return NewCall(orSeven, sub(t))
		case 2:
			return NewCall(sameAs, sub(t), sub(t))
		case 3:
			return NewCoalesce(list(t)...)
		}
		return branches()
	}
	switch r.IntN(9) {
	case 0:
		return NewAnd(list(t)...)
	case 1:
		return NewOr(list(t)...)
	case 2:
		return NewNot(sub(t))
	case 3:
		return NewIsNull(sub(bigint), r.IntN(2) == 0)
	case 4:
		var es []Expr
		for range r.IntN(12) {
			es = append(es, NewConst(intVal(int64(r.IntN(20)))))
		}
		if r.IntN(2) == 0 {
			es = append(es, list(bigint)...)
		}
		return NewIn(sub(bigint), es, r.IntN(2) == 0)
	case 5:
		return branches()
	}
	return NewCompare(kernel.CompareOp(r.IntN(8)), sub(bigint), sub(bigint))
}

func randomColumn(r *rand.Rand, t types.Type, n int) *vector.Vector {
	val := func(nulls bool) types.Value {
		if nulls && r.IntN(4) == 0 {
			return types.NullOf(t)
		}
		if t.ID == types.Boolean {
			return types.BoolValue(r.IntN(2) == 0)
		}
		return types.IntValue(t, int64(r.IntN(8)))
	}
	v := vector.New(t)
	nulls := r.IntN(2) == 0
	flat := func(n int) *vector.Vector {
		f := vector.New(t)
		f.Resize(n)
		for i := range n {
			f.SetValue(i, val(nulls))
		}
		return f
	}
	switch r.IntN(5) {
	case 0:
		v.SetConstant(val(nulls), n)
		return v
	case 1:
		size := []int{3, 8, 3000}[r.IntN(3)]
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(r.IntN(size))
		}
		id := uint64(0)
		if r.IntN(2) == 0 {
			id = vector.NewDictID()
		}
		v.SetDictionary(flat(size), codes, id)
		return v
	case 2:
		if t.ID == types.BigInt {
			v.SetSequence(int64(r.IntN(4)), 1, n)
			return v
		}
	}
	return flat(n)
}

func randomChunk(r *rand.Rand, n int) *vector.Chunk {
	ch := &vector.Chunk{Len: n}
	for i := range 6 {
		t := bigint
		if i >= 4 {
			t = boolean
		}
		ch.Cols = append(ch.Cols, randomColumn(r, t, n))
	}
	if r.IntN(3) > 0 {
		ch.Sel = []uint32{}
		keep := r.Float64()
		for i := range n {
			if r.Float64() < keep {
				ch.Sel = append(ch.Sel, uint32(i))
			}
		}
	}
	return ch
}

func TestRandomExpressions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	raised := 0
	for round := range 3000 {
		typ := boolean
		if r.IntN(3) == 0 {
			typ = bigint
		}
		e := randomExpr(r, typ, 1+r.IntN(4))
		c := NewContext(nil, e)
		for range 3 {
			n := []int{0, 1, 5, 63, 65, 130}[r.IntN(6)]
			if round%100 == 0 {
				n = 2048
			}
			in := randomChunk(r, n)
			raised += checkExpr(t, c, e, in)
			if t.Failed() {
				t.Fatalf("round %d", round)
			}
		}
	}
	if raised < 50 {
		t.Errorf("only %d evaluations raised", raised)
	}
}

func checkExpr(t *testing.T, c *Context, e Expr, in *vector.Chunk) (raised int) {
	t.Helper()
	rows := map[int][]types.Value{}
	for i := range in.NumRows() {
		p := in.Position(i)
		for _, col := range in.Cols {
			rows[p] = append(rows[p], col.Value(p))
		}
	}
	mayRaise, mustRaise := false, false
	var want []uint32
	for i := range in.NumRows() {
		p := in.Position(i)
		if _, err := value(e, rows[p], false); err != nil {
			mayRaise = true
		}
		lazyCalls = true
		if _, err := value(e, rows[p], false); err != nil {
			mustRaise = true
		}
		lazyCalls = false
		v, err := value(e, rows[p], true)
		if err == nil && !v.IsNull && v.I == 1 {
			want = append(want, uint32(p))
		}
	}
	out, err := c.Eval(ctx, 0, in)
	if err != nil {
		if !mayRaise || !errors.Is(err, errBoom) {
			t.Errorf("%v though no row raises", err)
		}
		raised++
	} else {
		if mustRaise {
			t.Errorf("nothing raised")
			return
		}
		for p, row := range rows {
			want, err := value(e, row, false)
			if err != nil {
				continue
			}
			got := out.Value(p)
			if got.IsNull != want.IsNull || !got.IsNull && got.I != want.I {
				t.Errorf("position %d: %+v, want %+v", p, got, want)
				return
			}
		}
	}
	if e.Type().ID != types.Boolean {
		return
	}
	got, err := c.Select(ctx, 0, in, make([]uint32, in.NumRows()))
	if err != nil {
		if !mayRaise {
			t.Errorf("select: %v though no row raises", err)
		}
		return
	}
	if !slices.Equal(got, want) && !mayRaise {
		t.Errorf("selected %v, want %v", got, want)
	}
	return raised
}

func TestTruthTables(t *testing.T) {
	vals := []types.Value{types.BoolValue(true), types.BoolValue(false), types.NullOf(boolean)}
	in := &vector.Chunk{Len: 27}
	for k := range 3 {
		v := vector.New(boolean)
		v.Resize(27)
		for i := range 27 {
			v.SetValue(i, vals[i/[]int{1, 3, 9}[k]%3])
		}
		in.Cols = append(in.Cols, v)
	}
	cols := []Expr{NewColumn(0, boolean), NewColumn(1, boolean), NewColumn(2, boolean)}
	for name, e := range map[string]Expr{
		"and": NewAnd(cols...), "or": NewOr(cols...), "not": NewNot(cols[0]), "not and": NewNot(NewAnd(cols...)),
		"mixed": NewOr(NewAnd(cols[0], cols[1]), NewNot(cols[2])),
	} {
		t.Run(name, func(t *testing.T) { checkExpr(t, NewContext(nil, e), e, in) })
	}
}

func TestConjunctionStaysBehindItsGuard(t *testing.T) {
	in := &vector.Chunk{Len: 1000}
	v := vector.New(bigint)
	v.Resize(1000)
	for i := range 1000 {
		v.SetValue(i, intVal(int64(i%5)))
	}
	in.Cols = []*vector.Vector{v}
	x := NewColumn(0, bigint)
	e := NewAnd(
		NewCompare(kernel.Lt, x, NewConst(intVal(10))), // passes all
		NewCompare(kernel.Ne, x, NewConst(intVal(3))),  // the guard
		NewCompare(kernel.Eq, NewCall(boom, x), NewConst(intVal(1))),
	)
	c := NewContext(nil, e)
	for range 500 {
		got, err := c.Select(ctx, 0, in, make([]uint32, 1000))
		if err != nil || len(got) != 200 {
			t.Fatal(len(got), err)
		}
	}
	if seq := c.roots[0].(*andNode).order.seq; !slices.Equal(seq, []int{1, 0, 2}) {
		t.Errorf("order %v", seq)
	}
}

func TestDictionaryCalls(t *testing.T) {
	var calls, rows int
	shout := &function.Bound{
		Name: "shout", Params: []types.Type{varchar}, Return: varchar, CanFail: true,
		Kernel: func(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
			calls++
			v := args[0].View(c.Tmp[0])
			var err error
			each(c, func(p int) {
				rows++
				src := args[0].Value(p).S
				if src == "poison" {
					err = errBoom
				}
				out.PutString(p, []byte(strings.ToUpper(src)+" and some more bytes"))
				_ = v
			})
			return err
		},
	}
	dict := vector.New(varchar)
	dict.Resize(3)
	for i, s := range []string{"a", "poison", "c"} {
		dict.PutString(i, []byte(s))
	}
	dict.SetNull(2)
	in := func(d *vector.Vector, id uint64, codes ...uint32) *vector.Chunk {
		v := vector.New(varchar)
		v.SetDictionary(d, codes, id)
		return &vector.Chunk{Cols: []*vector.Vector{v}, Len: len(codes)}
	}
	c := NewContext(nil, NewCall(shout, NewColumn(0, varchar)))
	// An entry that no row uses does not raise.
	for range 3 {
		v, err := c.Eval(ctx, 0, in(dict, 5, 0, 0, 2, 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Value(3).S; got != "A and some more bytes" || !v.IsNull(2) {
			t.Errorf("%q", got)
		}
	}
	if _, err := c.Eval(ctx, 0, in(dict, 5, 0, 0, 2, 0, 1)); err != errBoom {
		t.Error(err)
	}
	// A dictionary without such an entry is computed once.
	good := vector.New(varchar)
	good.Resize(5)
	for i := range 5 {
		good.PutString(i, fmt.Append(nil, "entry ", i))
	}
	good.SetNull(4)
	calls, rows = 0, 0
	var id uint64
	for i := range 10 {
		v, err := c.Eval(ctx, 0, in(good, 6, 0, 1, 2, 3, 4, 3, 2))
		if err != nil {
			t.Fatal(err)
		}
		if v.Form != vector.Dictionary || v.DictID == 0 || i > 0 && v.DictID != id {
			t.Fatalf("%v %d", v.Form, v.DictID)
		}
		id = v.DictID
		if v.Value(5).S != "ENTRY 3 and some more bytes" || !v.IsNull(4) {
			t.Errorf("%+v", v.Value(5))
		}
	}
	if calls != 1 || rows != 4 {
		t.Errorf("%d calls over %d rows", calls, rows)
	}
}

func TestFold(t *testing.T) {
	v, err := Fold(ctx, nil, NewCall(plus, NewConst(intVal(2)), NewConst(intVal(3))))
	if err != nil || v.I != 5 {
		t.Error(v, err)
	}
	if _, err := Fold(ctx, nil, NewCall(boom, NewConst(intVal(3)))); err != errBoom {
		t.Error(err)
	}
	if v, err := Fold(ctx, nil, NewCall(boom, NewConst(types.NullOf(bigint)))); err != nil || !v.IsNull {
		t.Error(v, err)
	}
	if _, err := Fold(ctx, nil, NewColumn(0, bigint)); err == nil {
		t.Error("folded a column")
	}
	e, err := NewCast(NewConst(types.IntValue(types.Of(types.Integer), 7)), varchar, false)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Fold(ctx, nil, e); err != nil || v.S != "7" {
		t.Error(v, err)
	}
}

func TestSelector(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	x := NewColumn(0, bigint)
	for _, e := range []Expr{
		NewCompare(kernel.Lt, x, NewConst(intVal(4))),
		NewOr(NewIsNull(x, false), NewIn(x, []Expr{NewConst(intVal(1)), NewConst(intVal(5))}, false)),
		NewAnd(NewCompare(kernel.Ne, x, NewConst(intVal(3))), NewCompare(kernel.Gt, NewCall(boom, x), NewConst(intVal(1)))),
		NewCompare(kernel.Gt, NewCall(boom, x), NewConst(intVal(1))),
	} {
		s := NewSelector(nil, e)
		for range 200 {
			in := randomChunk(r, r.IntN(200))
			v := in.Cols[0]
			n := in.NumRows()
			var want []uint32
			raises := false
			for i := range n {
				p := in.Position(i)
				b, err := value(e, []types.Value{v.Value(p)}, true)
				raises = raises || err != nil
				if err == nil && !b.IsNull && b.I == 1 {
					want = append(want, uint32(p))
				}
			}
			sel := slices.Clone(in.Sel)
			out := sel
			if sel == nil {
				out = make([]uint32, n)
			}
			got, err := s.Select(v, sel, n, out)
			if (err != nil) != raises {
				t.Fatalf("%v, raises %v", err, raises)
			}
			if err == nil && !slices.Equal(got, want) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
	}
}

func TestNothingIsAllocatedInSteadyState(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	x, y, b := NewColumn(0, bigint), NewColumn(1, bigint), NewColumn(4, boolean)
	five := NewConst(intVal(5))
	cond := NewCompare(kernel.Lt, NewCall(orSeven, NewCall(sameAs, x, y)), five)
	for i, e := range []Expr{
		cond,
		NewAnd(cond, b, NewIsNull(y, true)),
		NewOr(cond, b, NewNot(b), NewIn(x, []Expr{five, NewConst(intVal(1)), y}, true)),
		NewCase([]When{{cond, x}, {b, five}}, y),
		NewCoalesce(x, y, five),
	} {
		for range 20 {
			in := randomChunk(r, 2048)
			out := make([]uint32, 2048)
			c := NewContext(nil, e)
			run := func() {
				if _, err := c.Eval(ctx, 0, in); err != nil {
					t.Fatal(err)
				}
				if e.Type().ID == types.Boolean {
					if _, err := c.Select(ctx, 0, in, out); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 5 {
				run()
			}
			if a := testing.AllocsPerRun(5, run); a > 0 {
				t.Errorf("expression %d: %v allocations", i, a)
			}
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	v := vector.New(bigint)
	v.Resize(2048)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 2048 {
		v.SetValue(i, intVal(r.Int64N(100)))
	}
	in := &vector.Chunk{Cols: []*vector.Vector{v, v}, Len: 2048}
	x := NewColumn(0, bigint)
	c := NewContext(nil, NewAnd(
		NewCompare(kernel.Ge, x, NewConst(intVal(20))),
		NewCompare(kernel.Lt, x, NewConst(intVal(30))),
	))
	out := make([]uint32, 2048)
	for b.Loop() {
		if _, err := c.Select(ctx, 0, in, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2048, "ns/row")
}
