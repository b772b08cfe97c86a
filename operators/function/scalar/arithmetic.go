package scalar

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// arith is the Data of an arithmetic call.
type arith struct {
	op      kernel.ArithOp
	checked bool // operands may leave the layout
	digits  bool // the result may leave the decimal's width
	wide    bool // the result's layout is wider than the operands'
}

// arithScratch is what an arithmetic call keeps between chunks.
type arithScratch struct{ cache kernel.ArithCache }

func arithLocal(c *function.Call) *arithScratch {
	s, ok := c.Local.(*arithScratch)
	if !ok {
		s = &arithScratch{}
		c.Local = s
	}
	return s
}

// runArith is the kernel of +, - and * over numbers.
func runArith(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	a := c.Bound.Data.(arith)
	r := living(c)
	s := arithLocal(c)
	if a.wide {
		return kernel.MulWide(args[0], args[1], out, r.sel, r.n, &s.cache)
	}
	if err := kernel.Arith(a.op, a.checked, args[0], args[1], out, r.sel, r.n, &s.cache); err != nil {
		return err
	}
	if a.digits {
		return kernel.CheckDecimal(a.op, args[0], args[1], out, r.sel, r.n)
	}
	return nil
}

// runDivInt is the kernel of // and % over integers and of % over decimals.
func runDivInt(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r := living(c)
	return kernel.DivInt(c.Bound.Data.(arith).op, args[0], args[1], out, r.sel, r.n, &arithLocal(c).cache)
}

// runDivFloat is the kernel of /.
func runDivFloat(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r := living(c)
	kernel.DivFloat(args[0], args[1], out, r.sel, r.n, &arithLocal(c).cache)
	return nil
}

// runModFloat is the kernel of % over floats: NaN for zero, as in DuckDB.
func runModFloat(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r := living(c)
	kernel.ModFloat(args[0], args[1], out, r.sel, r.n, &arithLocal(c).cache)
	return nil
}

// runDivFloatNull is the kernel of // over floats: NULL for zero.
func runDivFloatNull(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r := living(c)
	kernel.DivFloat(args[0], args[1], out, r.sel, r.n, &arithLocal(c).cache)
	if args[1].Type.ID == types.Float {
		nullWhereZero(c, numArg[float32](c, args, 1), out)
	} else {
		nullWhereZero(c, numArg[float64](c, args, 1), out)
	}
	return nil
}

func nullWhereZero[T float32 | float64](c *function.Call, y numbers[T], out *vector.Vector) {
	r := living(c)
	for k := range r.n {
		if p := r.at(k); y.at(p) == 0 {
			out.SetNull(p)
		}
	}
}

// bindAdd types + and - of decimals: as many digits behind the point as the
// longer has, one more in front; 18 digits stay 18 and are checked.
func bindAdd(op kernel.ArithOp) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		a, b := types.AsDecimal(args[0]), types.AsDecimal(args[1])
		scale := max(a.Scale, b.Scale)
		width := max(scale+max(a.Width-a.Scale, b.Width-b.Scale), a.Width, b.Width) + 1
		width, capped := capWidth(width, max(a.Width, b.Width))
		ret := types.DecimalOf(width, scale)
		d := arith{op: op, digits: capped, checked: capped && width > types.MaxDecimal64}
		return &function.Bound{
			Params: []types.Type{sameLayout(a, ret), sameLayout(b, ret)}, Return: ret,
			CanFail: capped, Kernel: runArith, Data: d,
		}, nil
	}
}

// capWidth limits the width of a result to 18 digits when the operands have no
// more, else to 38.
func capWidth(width, operand uint8) (uint8, bool) {
	switch {
	case width > types.MaxDecimal64 && operand <= types.MaxDecimal64:
		return types.MaxDecimal64, true
	case width > types.MaxDecimalWidth:
		return types.MaxDecimalWidth, true
	}
	return width, false
}

// sameLayout returns what an operand of type t is cast to for a sum of type
// ret: t itself when scale and layout agree.
func sameLayout(t, ret types.Type) types.Type {
	if t.Scale == ret.Scale && t.Physical() == ret.Physical() {
		return t
	}
	return ret
}

// bindMul types the product of decimals: widths and scales add up.
func bindMul(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	a, b := types.AsDecimal(args[0]), types.AsDecimal(args[1])
	scale := a.Scale + b.Scale
	if scale > types.MaxDecimalWidth {
		return nil, sqlerr.New(sqlerr.CodeNumericOutOfRange, "the product of %s and %s needs scale %d, beyond the 38 digits of DECIMAL", a, b, scale).
			WithHint("cast to DOUBLE, or to decimals of smaller scale")
	}
	width := a.Width + b.Width
	capped := false
	if width > types.MaxDecimal64 && max(a.Width, b.Width) <= types.MaxDecimal64 && scale < types.MaxDecimal64 {
		width, capped = types.MaxDecimal64, true
	} else if width > types.MaxDecimalWidth {
		width, capped = types.MaxDecimalWidth, true
	}
	ret := types.DecimalOf(width, scale)
	d := arith{op: kernel.Mul, checked: capped, digits: capped}
	params := []types.Type{a, b}
	from, to := a.Physical(), ret.Physical()
	if !capped && from == b.Physical() && widens(from, to) {
		d.wide = true
	} else {
		for i, t := range params {
			if t.Physical() != to {
				params[i] = types.DecimalOf(width, t.Scale)
			}
		}
	}
	return &function.Bound{Params: params, Return: ret, CanFail: capped, Kernel: runArith, Data: d}, nil
}

// widens reports whether kernel.MulWide multiplies from into to.
func widens(from, to types.Physical) bool {
	return from == types.PInt16 && (to == types.PInt32 || to == types.PInt64) ||
		from == types.PInt32 && to == types.PInt64 || from == types.PInt64 && to == types.PInt128
}

// bindMod types % of decimals: both at the longer scale.
func bindMod(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	a, b := types.AsDecimal(args[0]), types.AsDecimal(args[1])
	scale := max(a.Scale, b.Scale)
	width := scale + max(a.Width-a.Scale, b.Width-b.Scale)
	if width > types.MaxDecimalWidth {
		return &function.Bound{Params: []types.Type{double, double}, Return: double, Kernel: runModFloat}, nil
	}
	ret := types.DecimalOf(width, scale)
	return &function.Bound{
		Params: []types.Type{sameLayout(a, ret), sameLayout(b, ret)}, Return: ret,
		CanFail: true, Kernel: runDivInt, Data: arith{op: kernel.Mod},
	}, nil
}

// numericOverloads lists the overloads of +, - or * over numbers.
func numericOverloads(op kernel.ArithOp) []function.Overload {
	var out []function.Overload
	for _, t := range allInts {
		out = append(out, with(arith{op: op, checked: true}, failing(sig(t, runArith, t, t))))
	}
	for _, t := range floats {
		out = append(out, with(arith{op: op}, sig(t, runArith, t, t)))
	}
	if op == kernel.Mul {
		return append(out, binding(bindMul, decimal, decimal))
	}
	return append(out, binding(bindAdd(op), decimal, decimal))
}

func divOverloads(op kernel.ArithOp) []function.Overload {
	var out []function.Overload
	for _, t := range allInts {
		out = append(out, with(arith{op: op}, failing(sig(t, runDivInt, t, t))))
	}
	for _, t := range floats {
		if op == kernel.Mod {
			out = append(out, sig(t, runModFloat, t, t))
		} else {
			out = append(out, sig(t, runDivFloatNull, t, t))
		}
	}
	if op == kernel.Mod {
		out = append(out, binding(bindMod, decimal, decimal))
	}
	return out
}

// identity shows its argument.
func identity(_ *function.Call, args []*vector.Vector, out *vector.Vector) error {
	t := out.Type
	out.Reference(args[0])
	out.Type = t
	return nil
}

// bindSame binds a function of one decimal that keeps its type.
func bindSame(k function.Kernel, fail bool) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		return &function.Bound{Params: args, Return: args[0], CanFail: fail, Kernel: k}, nil
	}
}

type signedNumber interface {
	int8 | int16 | int32 | int64 | float32 | float64
}

func negate[T signedNumber](c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := numArg[T](c, args, 0), vector.Values[T](out), living(c)
	for k := range r.n {
		p := r.at(k)
		v := x.at(p)
		if v == -v && v != 0 {
			return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in negation of %s: %s", out.Type, args[0].Value(p))
		}
		dst[p] = -v
	}
	return nil
}

func negate128(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := numArg[types.Int128](c, args, 0), vector.Values[types.Int128](out), living(c)
	for k := range r.n {
		p := r.at(k)
		v := x.at(p)
		if v == types.MinInt128 {
			return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in negation of HUGEINT: %s", v)
		}
		dst[p] = v.Neg()
	}
	return nil
}

func absolute[T signedNumber](c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := numArg[T](c, args, 0), vector.Values[T](out), living(c)
	for k := range r.n {
		p := r.at(k)
		v := x.at(p)
		if v <= 0 {
			if v = 0 - v; v < 0 {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow on abs(%s)", args[0].Value(p))
			}
		}
		dst[p] = v
	}
	return nil
}

func absolute128(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, dst, r := numArg[types.Int128](c, args, 0), vector.Values[types.Int128](out), living(c)
	for k := range r.n {
		p := r.at(k)
		v := x.at(p)
		if v.IsNeg() {
			if v = v.Neg(); v.IsNeg() {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow on abs(%s)", v)
			}
		}
		dst[p] = v
	}
	return nil
}

// signedKernels are the instances of a function over signed numbers by layout.
type signedKernels [6]function.Kernel

var (
	negateKernels   = signedKernels{negate[int8], negate[int16], negate[int32], negate[int64], negate[float32], negate[float64]}
	absoluteKernels = signedKernels{absolute[int8], absolute[int16], absolute[int32], absolute[int64], absolute[float32], absolute[float64]}
)

// pick returns the instance for t.
func (ks signedKernels) pick(t types.Type, wide function.Kernel) function.Kernel {
	switch t.Physical() {
	case types.PInt8:
		return ks[0]
	case types.PInt16:
		return ks[1]
	case types.PInt32:
		return ks[2]
	case types.PInt64:
		return ks[3]
	case types.PFloat32:
		return ks[4]
	case types.PFloat64:
		return ks[5]
	}
	return wide
}

// signedOverloads lists the overloads of a function over signed numbers that
// keeps their type.
func signedOverloads(ks signedKernels, wide function.Kernel) []function.Overload {
	var out []function.Overload
	for _, t := range append(append([]types.Type{}, signedInts...), floats...) {
		out = append(out, failing(sig(t, ks.pick(t, wide), t)))
	}
	return append(out, binding(func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		return &function.Bound{Params: args, Return: args[0], CanFail: true, Kernel: ks.pick(args[0], wide)}, nil
	}, decimal))
}

// sameOverloads lists overloads that show their argument, for types.
func sameOverloads(ts []types.Type) []function.Overload {
	var out []function.Overload
	for _, t := range ts {
		out = append(out, sig(t, identity, t))
	}
	return out
}

// negateUnsigned wraps around, as DuckDB does.
func negateUnsigned(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	r := living(c)
	switch out.Type.Physical() {
	case types.PUint8:
		wrapNegate[uint8](c, args, out, r)
	case types.PUint16:
		wrapNegate[uint16](c, args, out, r)
	case types.PUint32:
		wrapNegate[uint32](c, args, out, r)
	case types.PUint64:
		wrapNegate[uint64](c, args, out, r)
	default:
		x, dst := numArg[types.Int128](c, args, 0), vector.Values[types.Int128](out)
		for k := range r.n {
			p := r.at(k)
			dst[p] = x.at(p).Neg()
		}
	}
	return nil
}

func wrapNegate[T uint8 | uint16 | uint32 | uint64](c *function.Call, args []*vector.Vector, out *vector.Vector, r positions) {
	x, dst := numArg[T](c, args, 0), vector.Values[T](out)
	for k := range r.n {
		p := r.at(k)
		dst[p] = -x.at(p)
	}
}

func minusOverloads() []function.Overload {
	out := append(numericOverloads(kernel.Sub), signedOverloads(negateKernels, negate128)...)
	for _, t := range unsignedInts {
		out = append(out, sig(t, negateUnsigned, t))
	}
	return append(out, temporalMinus()...)
}

var arithmetic = []*function.Scalar{
	{Name: "+", Aliases: []string{"add"}, Category: "numeric", Description: "The sum; a date or timestamp moved by days or an interval.", Example: "1 + 2", Result: "3",
		Overloads: append(append(append(numericOverloads(kernel.Add), sameOverloads(append(append([]types.Type{}, allInts...), floats...))...),
			binding(bindSame(identity, false), decimal)), temporalPlus()...)},
	{Name: "-", Aliases: []string{"subtract"}, Category: "numeric", Description: "The difference, or the negative of one argument; days between dates, an interval between timestamps.", Example: "1 - 2.5", Result: "-1.5", Overloads: minusOverloads()},
	{Name: "*", Aliases: []string{"multiply"}, Category: "numeric", Description: "The product.", Example: "1.5 * 2.25", Result: "3.375", Overloads: append(numericOverloads(kernel.Mul), temporalTimes()...)},
	{Name: "/", Category: "numeric", Description: "The quotient as DOUBLE.", Example: "7 / 2", Result: "3.5",
		Overloads: []function.Overload{sig(float, runDivFloat, float, float), sig(double, runDivFloat, double, double), failing(sig(interval, intervalOverFloat, interval, double))}},
	{Name: "//", Aliases: []string{"divide"}, Category: "numeric", Description: "The quotient of integers, cut towards zero; NULL when the divisor is zero.", Example: "-7 // 2", Result: "-3", Overloads: divOverloads(kernel.Div)},
	{Name: "%", Aliases: []string{"mod"}, Category: "numeric", Description: "The remainder, with the dividend's sign; NULL when the divisor is zero.", Example: "-7 % 3", Result: "-1", Overloads: divOverloads(kernel.Mod)},
	{Name: "abs", Aliases: []string{"@"}, Category: "numeric", Description: "The absolute value.", Example: "abs(-1.5)", Result: "1.5", Overloads: append(signedOverloads(absoluteKernels, absolute128), sameOverloads(unsignedInts)...)},
	{Name: "fdiv", Category: "numeric", Description: "The quotient rounded down, as DOUBLE.", Example: "fdiv(7, 2)", Result: "3.0", Overloads: []function.Overload{with(opFloorDiv, sig(double, mathBinary, double, double))}},
	{Name: "fmod", Category: "numeric", Description: "The remainder of fdiv.", Example: "fmod(7.5, 2)", Result: "1.5", Overloads: []function.Overload{with(opFloorMod, sig(double, mathBinary, double, double))}},
}

// intervalOverFloat divides an interval; by zero it is NULL.
func intervalOverFloat(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	x, y, dst, r := numArg[types.Interval](c, args, 0), numArg[float64](c, args, 1), vector.Values[types.Interval](out), living(c)
	for k := range r.n {
		p := r.at(k)
		f := y.at(p)
		if f == 0 || math.IsNaN(f) {
			out.SetNull(p)
			continue
		}
		iv, ok := x.at(p).MulFloat(1 / f)
		if !ok {
			return errInterval()
		}
		dst[p] = iv
	}
	return nil
}

func errInterval() error {
	return sqlerr.New(sqlerr.CodeIntervalOverflow, "interval value is out of range")
}
