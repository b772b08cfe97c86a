package scalar

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// mathOp is a function of one or two DOUBLEs.
type mathOp uint8

const (
	opSqrt mathOp = iota
	opCbrt
	opExp
	opLn
	opLog10
	opLog2
	opSin
	opCos
	opTan
	opCot
	opAsin
	opAcos
	opAtan
	opSinh
	opCosh
	opTanh
	opAsinh
	opAcosh
	opAtanh
	opDegrees
	opRadians
	opCeil
	opFloor
	opTrunc
	opRound
	opEven
	opGamma
	opLgamma
	opPow
	opAtan2
	opLogBase
	opNextAfter
	opFloorDiv
	opFloorMod
)

func outsideDomain(format string, a ...any) error {
	return sqlerr.New(sqlerr.CodeNumericOutOfRange, format, a...)
}

func logDomain(x float64) error {
	if x < 0 {
		return sqlerr.New(sqlerr.CodeInvalidArgumentForLog, "cannot take logarithm of a negative number")
	}
	if x == 0 {
		return sqlerr.New(sqlerr.CodeInvalidArgumentForLog, "cannot take logarithm of zero")
	}
	return nil
}

// mathUnary is the kernel of functions of one DOUBLE.
func mathUnary(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(mathOp)
	xs, dst, r := numArg[float64](c, args, 0), vector.Values[float64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		x := xs.at(p)
		var y float64
		switch op {
		case opSqrt:
			if x < 0 {
				return outsideDomain("cannot take square root of a negative number")
			}
			y = math.Sqrt(x)
		case opCbrt:
			y = math.Cbrt(x)
		case opExp:
			y = math.Exp(x)
		case opLn, opLog10, opLog2:
			if x <= 0 {
				return logDomain(x)
			}
			switch op {
			case opLn:
				y = math.Log(x)
			case opLog10:
				y = math.Log10(x)
			default:
				y = math.Log2(x)
			}
		case opSin, opCos, opTan, opCot:
			if math.IsInf(x, 0) {
				return outsideDomain("input value %v is out of range for a trigonometric function", x)
			}
			switch op {
			case opSin:
				y = math.Sin(x)
			case opCos:
				y = math.Cos(x)
			case opTan:
				y = math.Tan(x)
			default:
				y = 1 / math.Tan(x)
			}
		case opAsin, opAcos:
			if x < -1 || x > 1 {
				return outsideDomain("asin and acos are undefined outside [-1,1]")
			}
			if op == opAsin {
				y = math.Asin(x)
			} else {
				y = math.Acos(x)
			}
		case opAtan:
			y = math.Atan(x)
		case opSinh:
			y = math.Sinh(x)
		case opCosh:
			y = math.Cosh(x)
		case opTanh:
			y = math.Tanh(x)
		case opAsinh:
			y = math.Asinh(x)
		case opAcosh:
			y = math.Acosh(x)
		case opAtanh:
			if x < -1 || x > 1 {
				return outsideDomain("atanh is undefined outside [-1,1]")
			}
			y = math.Atanh(x)
		case opDegrees:
			y = x * (180 / math.Pi)
		case opRadians:
			y = x * (math.Pi / 180)
		case opCeil:
			y = math.Ceil(x)
		case opFloor:
			y = math.Floor(x)
		case opTrunc:
			y = math.Trunc(x)
		case opRound:
			y = math.Round(x)
		case opEven:
			// The next even number away from zero.
			y = math.Ceil(math.Abs(x)/2) * 2
			y = math.Copysign(y, x)
		case opGamma:
			if x == 0 {
				return outsideDomain("cannot take gamma of zero")
			}
			y = math.Gamma(x)
		case opLgamma:
			if x == 0 {
				return outsideDomain("cannot take log gamma of zero")
			}
			y, _ = math.Lgamma(x)
		}
		dst[p] = y
	}
	return nil
}

// mathBinary is the kernel of functions of two DOUBLEs.
func mathBinary(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(mathOp)
	xs, ys, dst, r := numArg[float64](c, args, 0), numArg[float64](c, args, 1), vector.Values[float64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		x, y := xs.at(p), ys.at(p)
		var z float64
		switch op {
		case opPow:
			z = math.Pow(x, y)
		case opAtan2:
			z = math.Atan2(x, y)
		case opNextAfter:
			z = math.Nextafter(x, y)
		case opFloorDiv:
			z = math.Floor(x / y)
		case opFloorMod:
			z = x - y*math.Floor(x/y)
		case opLogBase:
			if x <= 0 {
				return logDomain(x)
			}
			if y <= 0 {
				return logDomain(y)
			}
			b := math.Log(x)
			if b == 0 {
				return outsideDomain("cannot take logarithm to the base 1")
			}
			z = math.Log2(y) / math.Log2(x)
		}
		dst[p] = z
	}
	return nil
}

func math1(name string, aliases []string, what, example, result string, op mathOp, fail bool) *function.Scalar {
	o := sig(double, mathUnary, double)
	o.CanFail = fail
	return &function.Scalar{Name: name, Aliases: aliases, Category: "numeric", Description: what, Example: example, Result: result, Overloads: []function.Overload{with(op, o)}}
}

func math2(name string, aliases []string, what, example, result string, op mathOp) *function.Scalar {
	return &function.Scalar{Name: name, Aliases: aliases, Category: "numeric", Description: what, Example: example, Result: result, Overloads: []function.Overload{with(op, sig(double, mathBinary, double, double))}}
}

// floatTest asks one of three questions about a number.
type floatTest uint8

const (
	isNaN floatTest = iota
	isInf
	isFinite
	isSigned
)

func runFloatTest(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(floatTest)
	xs, r := numArg[float64](c, args, 0), living(c)
	for k := range r.n {
		p := r.at(k)
		x := xs.at(p)
		var yes bool
		switch op {
		case isNaN:
			yes = math.IsNaN(x)
		case isInf:
			yes = math.IsInf(x, 0)
		case isFinite:
			yes = !math.IsNaN(x) && !math.IsInf(x, 0)
		case isSigned:
			yes = math.Signbit(x)
		}
		out.Data[p] = flag(yes)
	}
	return nil
}

// runFiniteDate asks whether dates and timestamps are (in)finite.
func runFiniteDate(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	want := c.Bound.Data.(floatTest) == isFinite
	r := living(c)
	if args[0].Type.ID == types.Date {
		d := numArg[int32](c, args, 0)
		for k := range r.n {
			p := r.at(k)
			out.Data[p] = flag(types.DateFinite(d.at(p)) == want)
		}
		return nil
	}
	t := numArg[int64](c, args, 0)
	for k := range r.n {
		p := r.at(k)
		out.Data[p] = flag(types.TimestampFinite(t.at(p)) == want)
	}
	return nil
}

func testOverloads(op floatTest) []function.Overload {
	out := []function.Overload{with(op, sig(boolean, runFloatTest, double))}
	if op == isInf || op == isFinite {
		for _, t := range []types.Type{date, timestamp, instant} {
			out = append(out, with(op, sig(boolean, runFiniteDate, t)))
		}
	}
	return out
}

func gcd(a, b int64) int64 {
	for b != 0 {
		if b == -1 {
			return 1
		}
		a, b = b, a%b
	}
	if a < 0 {
		return -a
	}
	return a
}

// runGCD is gcd, or lcm when Data is true.
func runGCD(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	lcm := c.Bound.Data.(bool)
	xs, ys, dst, r := numArg[int64](c, args, 0), numArg[int64](c, args, 1), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		x, y := xs.at(p), ys.at(p)
		if lcm && (x == 0 || y == 0) {
			dst[p] = 0
			continue
		}
		g := gcd(x, y)
		switch {
		case g < 0:
			return outsideDomain("gcd value is out of range")
		case !lcm:
			dst[p] = g
		default:
			m := types.Mul64(x/g, y)
			if m.IsNeg() {
				m = m.Neg()
			}
			if !m.IsInt64() || m.IsNeg() {
				return outsideDomain("lcm value is out of range")
			}
			dst[p] = int64(m.Lo)
		}
	}
	return nil
}

func runFactorial(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	xs, dst, r := numArg[int32](c, args, 0), vector.Values[types.Int128](out), living(c)
	for k := range r.n {
		p := r.at(k)
		n := xs.at(p)
		if n < 0 {
			return outsideDomain("factorial of a negative number is undefined")
		}
		if n > 33 {
			return outsideDomain("factorial value is out of range")
		}
		f := types.Int128From(1)
		for i := int64(2); i <= int64(n); i++ {
			f = f.Mul(types.Int128From(i))
		}
		dst[p] = f
	}
	return nil
}

func runSign(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	dst, r := vector.Values[int8](out), living(c)
	if args[0].Type.ID == types.HugeInt || args[0].Type.ID == types.Decimal {
		xs := numArg[types.Int128](c, args, 0)
		for k := range r.n {
			p := r.at(k)
			dst[p] = int8(xs.at(p).Sign())
		}
		return nil
	}
	xs := numArg[float64](c, args, 0)
	for k := range r.n {
		p := r.at(k)
		switch x := xs.at(p); {
		case x > 0:
			dst[p] = 1
		case x < 0:
			dst[p] = -1
		default:
			dst[p] = 0
		}
	}
	return nil
}

func constantPi(c *function.Call, _ []*vector.Vector, out *vector.Vector) error {
	out.SetConstant(types.FloatValue(math.Pi), c.N)
	return nil
}

var maths = []*function.Scalar{
	math1("sqrt", nil, "The square root.", "sqrt(2)", "1.4142135623730951", opSqrt, true),
	math1("cbrt", nil, "The cube root.", "cbrt(27)", "3.0", opCbrt, false),
	math1("exp", nil, "e to the power of the argument.", "exp(1)", "2.718281828459045", opExp, false),
	math1("ln", nil, "The natural logarithm.", "ln(1)", "0.0", opLn, true),
	math1("log10", nil, "The logarithm to the base 10.", "log10(1000)", "3.0", opLog10, true),
	math1("log2", nil, "The logarithm to the base 2.", "log2(8)", "3.0", opLog2, true),
	{Name: "log", Category: "numeric", Description: "The logarithm to the base 10, or to a given base.", Example: "log(2, 8)", Result: "3.0", Overloads: []function.Overload{
		with(opLog10, failing(sig(double, mathUnary, double))), with(opLogBase, failing(sig(double, mathBinary, double, double)))}},
	math1("sin", nil, "The sine.", "sin(1)", "0.8414709848078965", opSin, true),
	math1("cos", nil, "The cosine.", "cos(0)", "1.0", opCos, true),
	math1("tan", nil, "The tangent.", "tan(0)", "0.0", opTan, true),
	math1("cot", nil, "The cotangent.", "round(cot(1), 4)", "0.6421", opCot, true),
	math1("asin", nil, "The arc sine.", "asin(0)", "0.0", opAsin, true),
	math1("acos", nil, "The arc cosine.", "acos(1)", "0.0", opAcos, true),
	math1("atan", nil, "The arc tangent.", "atan(0)", "0.0", opAtan, false),
	math1("sinh", nil, "The hyperbolic sine.", "sinh(0)", "0.0", opSinh, false),
	math1("cosh", nil, "The hyperbolic cosine.", "cosh(0)", "1.0", opCosh, false),
	math1("tanh", nil, "The hyperbolic tangent.", "tanh(0)", "0.0", opTanh, false),
	math1("asinh", nil, "The inverse hyperbolic sine.", "asinh(0)", "0.0", opAsinh, false),
	math1("acosh", nil, "The inverse hyperbolic cosine.", "acosh(1)", "0.0", opAcosh, false),
	math1("atanh", nil, "The inverse hyperbolic tangent.", "atanh(0)", "0.0", opAtanh, true),
	math1("degrees", nil, "Radians as degrees.", "degrees(pi())", "180.0", opDegrees, false),
	math1("radians", nil, "Degrees as radians.", "radians(180)", "3.141592653589793", opRadians, false),
	math1("even", nil, "The next even number away from zero.", "even(1.5)", "2.0", opEven, false),
	math1("gamma", nil, "The gamma function.", "gamma(5)", "24.0", opGamma, true),
	math1("lgamma", nil, "The logarithm of the gamma function.", "lgamma(1)", "0.0", opLgamma, true),
	math2("pow", []string{"power", "**", "^"}, "The first argument to the power of the second.", "pow(2, 3)", "8.0", opPow),
	math2("atan2", nil, "The angle of the point (second, first).", "atan2(0, 1)", "0.0", opAtan2),
	math2("nextafter", nil, "The next DOUBLE towards the second argument.", "nextafter(1, 2)", "1.0000000000000002", opNextAfter),
	{Name: "pi", Category: "numeric", Description: "The ratio of a circle's circumference to its diameter.", Example: "pi()", Result: "3.141592653589793", Overloads: []function.Overload{sig(double, constantPi)}},
	{Name: "isnan", Category: "numeric", Description: "Whether a number is NaN.", Example: "isnan('nan'::DOUBLE)", Result: "true", Overloads: testOverloads(isNaN)},
	{Name: "isinf", Category: "numeric", Description: "Whether a number or date is infinite.", Example: "isinf('inf'::DOUBLE)", Result: "true", Overloads: testOverloads(isInf)},
	{Name: "isfinite", Category: "numeric", Description: "Whether a number or date is finite.", Example: "isfinite(DATE 'infinity')", Result: "false", Overloads: testOverloads(isFinite)},
	{Name: "signbit", Category: "numeric", Description: "Whether the sign bit is set.", Example: "signbit(-1.0::DOUBLE)", Result: "true", Overloads: testOverloads(isSigned)},
	{Name: "gcd", Aliases: []string{"greatest_common_divisor"}, Category: "numeric", Description: "The greatest common divisor.", Example: "gcd(12, 18)", Result: "6", Overloads: []function.Overload{with(false, failing(sig(bigint, runGCD, bigint, bigint)))}},
	{Name: "lcm", Aliases: []string{"least_common_multiple"}, Category: "numeric", Description: "The least common multiple.", Example: "lcm(4, 6)", Result: "12", Overloads: []function.Overload{with(true, failing(sig(bigint, runGCD, bigint, bigint)))}},
	{Name: "factorial", Category: "numeric", Description: "The product of the integers up to the argument.", Example: "factorial(5)", Result: "120", Overloads: []function.Overload{failing(sig(hugeint, runFactorial, integer))}},
	{Name: "sign", Category: "numeric", Description: "-1, 0 or 1 as the argument is negative, zero or positive.", Example: "sign(-5.5)", Result: "-1", Overloads: []function.Overload{
		sig(tinyint, runSign, double), sig(tinyint, runSign, hugeint), binding(func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
			return &function.Bound{Params: []types.Type{types.DecimalOf(38, args[0].Scale)}, Return: tinyint, Kernel: runSign}, nil
		}, decimal)}},
}
