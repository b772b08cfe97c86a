package types

import "math"

// MaxDecimalWidth is the most digits of a decimal; MaxDecimal64 the most that
// 64 bits hold.
const (
	MaxDecimalWidth = 38
	MaxDecimal64    = 18
)

// Pow10 holds the powers of ten that 64 signed bits hold.
var Pow10 = [19]int64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// Pow10Int128 holds the powers of ten that 128 signed bits hold.
var Pow10Int128 = func() (t [39]Int128) {
	t[0] = Int128From(1)
	for i := 1; i < len(t); i++ {
		t[i] = t[i-1].Mul(Int128From(10))
	}
	return t
}()

// Pow10Float holds the powers of ten as float64, exact up to 10^22.
var Pow10Float = [39]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
	1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38,
}

// FitsDecimal reports whether x has at most width digits.
func FitsDecimal(x Int128, width int) bool {
	p := Pow10Int128[width]
	return x.Less(p) && p.Neg().Less(x)
}

// RescaleDecimal returns x, a decimal of scale from, at scale to, rounding
// half away from zero, and whether 128 bits hold it.
func RescaleDecimal(x Int128, from, to int) (Int128, bool) {
	if to >= from {
		return x.MulOK(Pow10Int128[to-from])
	}
	p := Pow10Int128[from-to]
	q, r := x.DivMod(p)
	if half := (Uint128{p.Lo, uint64(p.Hi)}).half(); !r.Abs().Less(half) {
		if x.Hi < 0 {
			q = q.Sub(Int128From(1))
		} else {
			q = q.Add(Int128From(1))
		}
	}
	return q, true
}

func (a Uint128) half() Uint128 { return Uint128{a.Lo>>1 | a.Hi<<63, a.Hi >> 1} }

// DecimalFloat64 returns the float64 that DuckDB gives for the decimal x of
// the given scale: the quotient when x is exact in a float64, else integer and
// fractional part apart.
func DecimalFloat64(x Int128, scale int) float64 {
	if scale == 0 || x.IsInt64() && int64(x.Lo) >= -1<<53 && int64(x.Lo) <= 1<<53 {
		return x.Float64() / Pow10Float[scale]
	}
	q, r := x.DivMod(Pow10Int128[scale])
	return q.Float64() + r.Float64()/Pow10Float[scale]
}

// DecimalFromFloat returns f as a decimal of width and scale, rounded half
// away from zero, and whether it fits.
func DecimalFromFloat(f float64, width, scale int) (Int128, bool) {
	f = math.Round(f * Pow10Float[scale])
	if limit := Pow10Float[width]; !(f > -limit && f < limit) {
		return Int128{}, false
	}
	x, ok := Int128FromFloat(f)
	return x, ok && FitsDecimal(x, width)
}

// AppendDecimal appends the decimal x of the given width and scale. Like
// DuckDB it writes no zero before the point when the type has no room for one
// (width == scale).
func AppendDecimal(dst []byte, x Int128, width, scale int) []byte {
	if x.IsInt64() {
		return appendDecimal64(dst, int64(x.Lo), width, scale)
	}
	if x.Hi < 0 {
		dst = append(dst, '-')
	}
	var buf [40]byte
	digits := buf[putUint128(&buf, x.Abs()):]
	return appendPoint(dst, digits, width, scale)
}

func appendDecimal64(dst []byte, x int64, width, scale int) []byte {
	u := uint64(x)
	if x < 0 {
		dst = append(dst, '-')
		u = -u
	}
	var buf [20]byte
	i := len(buf)
	for u > 0 || i == len(buf) {
		i--
		buf[i] = byte('0' + u%10)
		u /= 10
	}
	return appendPoint(dst, buf[i:], width, scale)
}

// appendPoint appends digits with a point before the last scale of them.
func appendPoint(dst, digits []byte, width, scale int) []byte {
	if scale == 0 {
		return append(dst, digits...)
	}
	if n := len(digits) - scale; n > 0 {
		dst = append(dst, digits[:n]...)
		digits = digits[n:]
	} else if width > scale {
		dst = append(dst, '0')
	}
	dst = append(dst, '.')
	for range scale - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// FormatDecimal returns the decimal x of the given scale as text, with a zero
// before a bare point.
func FormatDecimal(x Int128, scale int) string {
	return string(AppendDecimal(nil, x, MaxDecimalWidth+1, scale))
}

// IntegerDigits returns how many digits DECIMAL needs for every value of the
// integer type t (DuckDB's numbers), 0 when t is not an integer.
func IntegerDigits(t Type) uint8 {
	switch t.ID {
	case TinyInt, UTinyInt:
		return 3
	case SmallInt, USmallInt:
		return 5
	case Integer, UInteger:
		return 10
	case BigInt:
		return 19
	case UBigInt:
		return 20
	case HugeInt, UHugeInt:
		return 38
	}
	return 0
}
