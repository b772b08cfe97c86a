package scalar

import (
	"math"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// roundCall is the Data of round, ceil, floor and trunc of decimals: keep is
// the scale of the result, negative to round before the point.
type roundCall struct {
	op   mathOp
	from int
	keep int
}

// roundDecimal rounds a decimal of from digits behind the point to keep.
func roundDecimal(op mathOp, x types.Int128, d int) types.Int128 {
	// d digits go; the result is in units of 10^d.
	if d > types.MaxDecimalWidth {
		return types.Int128{}
	}
	p := types.Pow10Int128[d]
	q, r := x.DivMod(p)
	one := types.Int128From(1)
	switch {
	case r.IsZero() || op == opTrunc:
	case op == opRound:
		q, _ = types.RescaleDecimal(x, d, 0)
	case op == opCeil && r.Sign() > 0:
		q = q.Add(one)
	case op == opFloor && r.Sign() < 0:
		q = q.Sub(one)
	}
	return q
}

// runRoundDecimal works on DECIMAL(38) operands; the result's layout is
// whatever its type says.
func runRoundDecimal(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	d := c.Bound.Data.(roundCall)
	xs, r := numArg[types.Int128](c, args, 0), living(c)
	back := types.Int128From(1)
	if d.keep < 0 {
		back = types.Pow10Int128[min(-d.keep, 38)]
	}
	for k := range r.n {
		p := r.at(k)
		q := roundDecimal(d.op, xs.at(p), d.from-d.keep)
		if d.keep < 0 {
			var ok bool
			if q, ok = q.MulOK(back); !ok {
				return outsideDomain("round value is out of range")
			}
		}
		if !types.FitsDecimal(q, int(out.Type.Width)) {
			return outsideDomain("the result of %s is out of range for %s", c.Bound.Name, out.Type)
		}
		putDecimal(out, p, q)
	}
	return nil
}

func putDecimal(out *vector.Vector, p int, x types.Int128) {
	switch out.Type.Physical() {
	case types.PInt16:
		vector.Values[int16](out)[p] = int16(x.Lo)
	case types.PInt32:
		vector.Values[int32](out)[p] = int32(x.Lo)
	case types.PInt64:
		vector.Values[int64](out)[p] = int64(x.Lo)
	default:
		vector.Values[types.Int128](out)[p] = x
	}
}

// bindRoundDecimal types round(decimal[, digits]) and its like: the digits must
// be constant, else the value is taken as DOUBLE.
func bindRoundDecimal(op mathOp, name string) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		t := types.AsDecimal(args[0])
		keep := 0
		params := []types.Type{types.DecimalOf(38, t.Scale)}
		if len(args) == 2 {
			if consts[1] == nil || consts[1].IsNull {
				return &function.Bound{Name: name, Params: []types.Type{double, integer}, Return: double, Kernel: runRoundDigits, Data: op}, nil
			}
			keep = int(max(min(consts[1].I, 38), -38))
			params = append(params, integer)
		}
		if keep >= int(t.Scale) {
			return &function.Bound{Name: name, Params: append([]types.Type{t}, params[1:]...), Return: t, Kernel: identity}, nil
		}
		ret := types.DecimalOf(t.Width, uint8(max(keep, 0)))
		return &function.Bound{Name: name, Params: params, Return: ret, Kernel: runRoundDecimal, CanFail: true, Data: roundCall{op, int(t.Scale), keep}}, nil
	}
}

// runRoundDigits rounds DOUBLE to digits behind the point.
func runRoundDigits(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(mathOp)
	xs, ds, dst, r := numArg[float64](c, args, 0), numArg[int32](c, args, 1), vector.Values[float64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		dst[p] = roundDigits(op, xs.at(p), int(ds.at(p)))
	}
	return nil
}

func roundDigits(op mathOp, x float64, digits int) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	f := math.Pow(10, math.Abs(float64(digits)))
	var y float64
	if digits >= 0 {
		y = x * f
	} else {
		y = x / f
	}
	if op == opTrunc {
		y = math.Trunc(y)
	} else {
		y = math.Round(y)
	}
	if digits >= 0 {
		y /= f
	} else {
		y *= f
	}
	if math.IsInf(y, 0) || math.IsNaN(y) {
		if digits < 0 {
			return 0
		}
		return x
	}
	return y
}

func runRoundDigits32(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(mathOp)
	xs, ds, dst, r := numArg[float32](c, args, 0), numArg[int32](c, args, 1), vector.Values[float32](out), living(c)
	for k := range r.n {
		p := r.at(k)
		dst[p] = float32(roundDigits(op, float64(xs.at(p)), int(ds.at(p))))
	}
	return nil
}

// runRoundInt rounds integers before the point when digits are negative.
func runRoundInt(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(mathOp)
	ds, r := numArg[int32](c, args, 1), living(c)
	xs := numArg[types.Int128](c, args, 0)
	dst := vector.Values[types.Int128](out)
	for k := range r.n {
		p := r.at(k)
		x, d := xs.at(p), int(ds.at(p))
		if d < 0 {
			q := roundDecimal(op, x, min(-d, 39))
			if d >= -38 {
				x, _ = q.MulOK(types.Pow10Int128[-d])
			} else {
				x = types.Int128{}
			}
		}
		dst[p] = x
	}
	return nil
}

func runRoundNarrow[T int8 | int16 | int32 | int64](c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(mathOp)
	xs, ds, dst, r := numArg[T](c, args, 0), numArg[int32](c, args, 1), vector.Values[T](out), living(c)
	for k := range r.n {
		p := r.at(k)
		x, d := xs.at(p), int(ds.at(p))
		if d < 0 {
			v, _ := roundDecimal(op, types.Int128From(int64(x)), min(-d, 39)).MulOK(types.Pow10Int128[min(-d, 38)])
			x = T(v.Lo)
			if !v.IsInt64() || int64(x) != int64(v.Lo) {
				return outsideDomain("round value is out of range for %s", out.Type)
			}
		}
		dst[p] = x
	}
	return nil
}

// mathUnary32 is the kernel of roundings of FLOAT.
func mathUnary32(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(mathOp)
	xs, dst, r := numArg[float32](c, args, 0), vector.Values[float32](out), living(c)
	for k := range r.n {
		p := r.at(k)
		x := float64(xs.at(p))
		switch op {
		case opCeil:
			x = math.Ceil(x)
		case opFloor:
			x = math.Floor(x)
		case opTrunc:
			x = math.Trunc(x)
		default:
			x = math.Round(x)
		}
		dst[p] = float32(x)
	}
	return nil
}

// roundOverloads lists the overloads of a rounding; integers stay as they are,
// save under ceil and floor, which make them DOUBLE as in DuckDB.
func roundOverloads(op mathOp, name string) []function.Overload {
	out := []function.Overload{
		with(op, sig(float, mathUnary32, float)), with(op, sig(double, mathUnary, double)),
		binding(bindRoundDecimal(op, name), decimal),
	}
	if op == opCeil || op == opFloor {
		return out
	}
	out = append(out, sameOverloads(allInts)...)
	return append(out,
		with(op, failing(sig(tinyint, runRoundNarrow[int8], tinyint, integer))),
		with(op, failing(sig(smallint, runRoundNarrow[int16], smallint, integer))),
		with(op, failing(sig(integer, runRoundNarrow[int32], integer, integer))),
		with(op, failing(sig(bigint, runRoundNarrow[int64], bigint, integer))),
		with(op, sig(hugeint, runRoundInt, hugeint, integer)),
		with(op, sig(float, runRoundDigits32, float, integer)), with(op, sig(double, runRoundDigits, double, integer)),
		binding(bindRoundDecimal(op, name), decimal, integer))
}

var roundings = []*function.Scalar{
	{Name: "round", Category: "numeric", Description: "The nearest number with so many digits behind the point, half away from zero.", Example: "round(1.567, 1)", Result: "1.6", Overloads: roundOverloads(opRound, "round")},
	{Name: "trunc", Category: "numeric", Description: "The number cut to so many digits behind the point.", Example: "trunc(-1.75, 1)", Result: "-1.7", Overloads: roundOverloads(opTrunc, "trunc")},
	{Name: "ceil", Aliases: []string{"ceiling"}, Category: "numeric", Description: "The least integer that is not smaller.", Example: "ceil(1.2)", Result: "2", Overloads: roundOverloads(opCeil, "ceil")},
	{Name: "floor", Category: "numeric", Description: "The greatest integer that is not larger.", Example: "floor(-1.2)", Result: "-2", Overloads: roundOverloads(opFloor, "floor")},
}
