package kernel

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// ArithOp is an arithmetic operation of two numbers.
type ArithOp uint8

// The operations. Div of integers truncates, of floats is /; Mod takes the
// dividend's sign.
const (
	Add ArithOp = iota
	Sub
	Mul
	Div
	Mod
)

var (
	arithSigns = [...]string{"+", "-", "*", "/", "%"}
	arithNames = [...]string{"addition", "subtraction", "multiplication", "division", "division"}
)

// ArithCache is scratch memory for one arithmetic call site of one worker. The
// zero value is ready.
type ArithCache struct{ a, b vector.Vector }

// side is an operand as the loops see it: data and the step from one position
// to the next, 0 for a constant.
type side struct {
	data []byte
	step int
}

// operand brings v to flat or constant form; n positions are enough.
func operand(v, tmp *vector.Vector, n int) side {
	switch v.Form {
	case vector.Flat:
		return side{v.Data, 1}
	case vector.Constant:
		return side{v.Data, 0}
	}
	tmp.Type = v.Type
	Take(tmp, v, nil, n)
	return side{tmp.Data, 1}
}

// sparse says whether a selection is so thin that computing all size positions
// costs more than following it.
func sparse(sel []uint32, size int) bool { return sel != nil && len(sel)*4 < size }

func operands(a, b, out *vector.Vector, cache *ArithCache) (x, y side) {
	x, y = operand(a, &cache.a, out.Len), operand(b, &cache.b, out.Len)
	if x.step == 0 && y.step == 0 && out.Len == 1 {
		x.step, y.step = 1, 1
	}
	return x, y
}

// Arith computes out = a op b, op being Add, Sub or Mul, for numbers, decimals
// and other integer layouts. a, b and out have the same layout; out is flat
// and sized by the caller, and two constants are computed for one position.
// Validity is ignored and not set.
//
// With checked, integers and 128-bit integers that overflow at one of the
// positions (sel, n), from which the caller has removed NULLs, give error
// 22003; overflow elsewhere is harmless. Floats follow IEEE 754. Without, the
// result wraps around: for operands known to be small, like decimals of
// limited width. Positions that are not selected hold garbage. cache may be
// nil.
func Arith(op ArithOp, checked bool, a, b, out *vector.Vector, sel []uint32, n int, cache *ArithCache) error {
	if n == 0 {
		return nil
	}
	if cache == nil {
		cache = new(ArithCache)
	}
	x, y := operands(a, b, out, cache)
	if sel != nil {
		sel = sel[:n]
	}
	if sel == nil && n < out.Len {
		sel = copySel(nil, n, make([]uint32, n))
	}
	switch out.Type.Physical() {
	case types.PInt8:
		return arithNarrow(arithSigned[int8], op, checked, x, y, out, sel, n)
	case types.PInt16:
		return arithNarrow(arithSigned[int16], op, checked, x, y, out, sel, n)
	case types.PInt32:
		return arithNarrow(arithSigned[int32], op, checked, x, y, out, sel, n)
	case types.PInt64:
		return arithNarrow(arithInt64[int64], op, checked, x, y, out, sel, n)
	case types.PUint8:
		return arithNarrow(arithUnsigned[uint8], op, checked, x, y, out, sel, n)
	case types.PUint16:
		return arithNarrow(arithUnsigned[uint16], op, checked, x, y, out, sel, n)
	case types.PUint32:
		return arithNarrow(arithUnsigned[uint32], op, checked, x, y, out, sel, n)
	case types.PUint64:
		return arithNarrow(arithUint64[uint64], op, checked, x, y, out, sel, n)
	case types.PFloat32:
		arithPlain(op, cast[float32](x.data), cast[float32](y.data), cast[float32](out.Data), x.step, y.step, thin(sel, out.Len))
		return nil
	case types.PFloat64:
		arithPlain(op, cast[float64](x.data), cast[float64](y.data), cast[float64](out.Data), x.step, y.step, thin(sel, out.Len))
		return nil
	case types.PInt128:
		return arith128(op, checked, x, y, out, sel, n)
	case types.PUint128:
		return arithU128(op, checked, x, y, out, sel, n)
	}
	return sqlerr.New(sqlerr.CodeInternal, "no arithmetic for %s", out.Type)
}

// thin returns sel when it is worth following, else nil for all positions.
func thin(sel []uint32, size int) []uint32 {
	if sparse(sel, size) {
		return sel
	}
	return nil
}

// arithNarrow runs the loop over an integer type of at most 64 bits and, when
// some row overflowed, looks for a selected one. loop is called once a chunk.
func arithNarrow[T integer](loop func(op ArithOp, xs, ys, rs []T, sx, sy int, sel []uint32) uint64, op ArithOp, checked bool, x, y side, out *vector.Vector, sel []uint32, n int) error {
	xs, ys, rs := cast[T](x.data), cast[T](y.data), cast[T](out.Data)
	if !checked {
		arithPlain(op, xs, ys, rs, x.step, y.step, thin(sel, out.Len))
		return nil
	}
	if loop(op, xs, ys, rs, x.step, y.step, thin(sel, out.Len)) == 0 {
		return nil
	}
	one := make([]T, 3)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		a, b := xs[p*x.step], ys[p*y.step]
		one[0], one[1] = a, b
		if loop(op, one[:1], one[1:2], one[2:], 1, 1, nil) != 0 {
			return overflow(op, out.Type, fmt.Sprint(a), fmt.Sprint(b))
		}
	}
	return nil
}

// overflow is the error of an operation whose result does not fit.
func overflow(op ArithOp, t types.Type, a, b string) error {
	if op == Div || op == Mod {
		return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in division of %s / %s", a, b)
	}
	return sqlerr.New(sqlerr.CodeNumericOutOfRange, "overflow in %s of %s (%s %s %s)", arithNames[op], layoutName(t), a, arithSigns[op], b)
}

func layoutName(t types.Type) string {
	if t.ID == types.Decimal {
		return fmt.Sprintf("DECIMAL(%d)", t.Width)
	}
	return [...]string{
		types.PInt8: "INT8", types.PInt16: "INT16", types.PInt32: "INT32", types.PInt64: "INT64", types.PInt128: "INT128",
		types.PUint8: "UINT8", types.PUint16: "UINT16", types.PUint32: "UINT32", types.PUint64: "UINT64", types.PUint128: "UINT128",
		types.PFloat32: "FLOAT", types.PFloat64: "DOUBLE", types.PStruct: "",
	}[t.Physical()]
}

func arith128(op ArithOp, checked bool, x, y side, out *vector.Vector, sel []uint32, n int) error {
	xs, ys, rs := cast[types.Int128](x.data), cast[types.Int128](y.data), cast[types.Int128](out.Data)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		a, b := xs[p*x.step], ys[p*y.step]
		var r types.Int128
		ok := true
		switch op {
		case Add:
			r, ok = a.AddOK(b)
		case Sub:
			r, ok = a.SubOK(b)
		case Mul:
			if a.IsInt64() && b.IsInt64() {
				r = types.Mul64(int64(a.Lo), int64(b.Lo))
			} else if checked {
				r, ok = a.MulOK(b)
			} else {
				r = a.Mul(b)
			}
		}
		rs[p] = r
		if !ok && checked {
			return overflow(op, out.Type, a.String(), b.String())
		}
	}
	return nil
}

func arithU128(op ArithOp, checked bool, x, y side, out *vector.Vector, sel []uint32, n int) error {
	xs, ys, rs := cast[types.Uint128](x.data), cast[types.Uint128](y.data), cast[types.Uint128](out.Data)
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		a, b := xs[p*x.step], ys[p*y.step]
		var r types.Uint128
		ok := true
		switch op {
		case Add:
			r, ok = a.AddOK(b)
		case Sub:
			r, ok = a.SubOK(b)
		case Mul:
			r, ok = a.MulOK(b)
		}
		rs[p] = r
		if !ok && checked {
			return overflow(op, out.Type, a.String(), b.String())
		}
	}
	return nil
}

// MulWide computes out = a * b where out's layout holds every product of a's
// and b's: 16 bits into 32 or 64, 32 into 64, 64 into 128. It cannot overflow.
// Shapes as Arith.
func MulWide(a, b, out *vector.Vector, sel []uint32, n int, cache *ArithCache) error {
	if cache == nil {
		cache = new(ArithCache)
	}
	if n == 0 {
		return nil
	}
	x, y := operands(a, b, out, cache)
	if sel == nil && n < out.Len {
		sel = copySel(nil, n, make([]uint32, n))
	}
	from, to := a.Type.Physical(), out.Type.Physical()
	switch {
	case from == types.PInt16 && to == types.PInt32:
		mulWide(cast[int16](x.data), cast[int16](y.data), cast[int32](out.Data), x.step, y.step, thin(sel, out.Len))
	case from == types.PInt16 && to == types.PInt64:
		mulWide(cast[int16](x.data), cast[int16](y.data), cast[int64](out.Data), x.step, y.step, thin(sel, out.Len))
	case from == types.PInt32 && to == types.PInt64:
		mulWide(cast[int32](x.data), cast[int32](y.data), cast[int64](out.Data), x.step, y.step, thin(sel, out.Len))
	case from == types.PInt64 && to == types.PInt128:
		mulWide128(cast[int64](x.data), cast[int64](y.data), cast[types.Int128](out.Data), x.step, y.step, thin(sel, out.Len))
	default:
		return sqlerr.New(sqlerr.CodeInternal, "no product of %s in %s", a.Type, out.Type)
	}
	return nil
}

func mulWide[T int16 | int32, R int32 | int64](xs, ys []T, rs []R, sx, sy int, sel []uint32) {
	if sel != nil {
		for _, p := range sel {
			rs[p] = R(xs[int(p)*sx]) * R(ys[int(p)*sy])
		}
		return
	}
	switch {
	case sx == 0:
		x := R(xs[0])
		ys = ys[:len(rs)]
		for i := range rs {
			rs[i] = x * R(ys[i])
		}
	case sy == 0:
		y := R(ys[0])
		xs = xs[:len(rs)]
		for i := range rs {
			rs[i] = R(xs[i]) * y
		}
	default:
		xs, ys = xs[:len(rs)], ys[:len(rs)]
		for i := range rs {
			rs[i] = R(xs[i]) * R(ys[i])
		}
	}
}

func mulWide128(xs, ys []int64, rs []types.Int128, sx, sy int, sel []uint32) {
	if sel != nil {
		for _, p := range sel {
			rs[p] = product(xs[int(p)*sx], ys[int(p)*sy])
		}
		return
	}
	switch {
	case sx == 0:
		x := xs[0]
		ys = ys[:len(rs)]
		for i := range rs {
			rs[i] = product(x, ys[i])
		}
	case sy == 0:
		y := ys[0]
		xs = xs[:len(rs)]
		for i := range rs {
			rs[i] = product(xs[i], y)
		}
	default:
		xs, ys = xs[:len(rs)], ys[:len(rs)]
		for i := range rs {
			rs[i] = product(xs[i], ys[i])
		}
	}
}

func product(x, y int64) types.Int128 {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
	return types.Int128{Lo: lo, Hi: int64(hi)}
}

// CheckDecimal reports, as error 22003, the first position of (sel, n) of the
// flat result out = a op b whose value has more digits than the DECIMAL type
// of out: for operations whose layout cannot overflow though the width can.
func CheckDecimal(op ArithOp, a, b, out *vector.Vector, sel []uint32, n int) error {
	bad := -1
	switch out.Type.Physical() {
	case types.PInt16:
		bad = outside(vector.Values[int16](out), int16(pow10[min(out.Type.Width, 4)]), sel, n)
	case types.PInt32:
		bad = outside(vector.Values[int32](out), int32(pow10[min(out.Type.Width, 9)]), sel, n)
	case types.PInt64:
		bad = outside(vector.Values[int64](out), pow10[min(out.Type.Width, 18)], sel, n)
	case types.PInt128:
		w := int(out.Type.Width)
		for i, x := range vector.Values[types.Int128](out) {
			if sel != nil {
				if i == n {
					break
				}
				i = int(sel[i])
				x = vector.Values[types.Int128](out)[i]
			} else if i == n {
				break
			}
			if !types.FitsDecimal(x, w) {
				bad = i
				break
			}
		}
	}
	if bad < 0 {
		return nil
	}
	return overflow(op, out.Type, payload(a, bad), payload(b, bad))
}

// outside returns the first selected position whose value is not between
// -limit and limit, both excluded, or -1.
func outside[T int16 | int32 | int64](x []T, limit T, sel []uint32, n int) int {
	if sel == nil {
		for i, v := range x[:n] {
			if v >= limit || v <= -limit {
				return i
			}
		}
		return -1
	}
	for _, p := range sel[:n] {
		if v := x[p]; v >= limit || v <= -limit {
			return int(p)
		}
	}
	return -1
}

var pow10 = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

func payload(v *vector.Vector, p int) string { return v.Value(p).Int128().String() }

// DivFloat computes out = a / b for FLOAT or DOUBLE, by IEEE 754: division by
// zero gives an infinity or NaN. Shapes as Arith.
func DivFloat(a, b, out *vector.Vector, sel []uint32, n int, cache *ArithCache) {
	if n == 0 {
		return
	}
	if cache == nil {
		cache = new(ArithCache)
	}
	x, y := operands(a, b, out, cache)
	if sel == nil && n < out.Len {
		sel = copySel(nil, n, make([]uint32, n))
	}
	sel = thin(sel, out.Len)
	if out.Type.Physical() == types.PFloat32 {
		divFloat(cast[float32](x.data), cast[float32](y.data), cast[float32](out.Data), x.step, y.step, sel)
	} else {
		divFloat(cast[float64](x.data), cast[float64](y.data), cast[float64](out.Data), x.step, y.step, sel)
	}
}

func divFloat[T float](xs, ys, rs []T, sx, sy int, sel []uint32) {
	if sel != nil {
		for _, p := range sel {
			rs[p] = xs[int(p)*sx] / ys[int(p)*sy]
		}
		return
	}
	switch {
	case sx == 0:
		x := xs[0]
		ys = ys[:len(rs)]
		for i := range rs {
			rs[i] = x / ys[i]
		}
	case sy == 0:
		y := ys[0]
		xs = xs[:len(rs)]
		for i := range rs {
			rs[i] = xs[i] / y
		}
	default:
		xs, ys = xs[:len(rs)], ys[:len(rs)]
		for i := range rs {
			rs[i] = xs[i] / ys[i]
		}
	}
}

// ModFloat computes out = a % b for FLOAT or DOUBLE, with a's sign; NaN when b
// is zero. Shapes as Arith.
func ModFloat(a, b, out *vector.Vector, sel []uint32, n int, cache *ArithCache) {
	if n == 0 {
		return
	}
	if cache == nil {
		cache = new(ArithCache)
	}
	x, y := operands(a, b, out, cache)
	if out.Type.Physical() == types.PFloat32 {
		modFloat(cast[float32](x.data), cast[float32](y.data), cast[float32](out.Data), x.step, y.step, sel, n)
	} else {
		modFloat(cast[float64](x.data), cast[float64](y.data), cast[float64](out.Data), x.step, y.step, sel, n)
	}
}

func modFloat[T float](xs, ys, rs []T, sx, sy int, sel []uint32, n int) {
	for i := range n {
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		rs[p] = T(math.Mod(float64(xs[p*sx]), float64(ys[p*sy])))
	}
}
