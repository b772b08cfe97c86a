package types

import (
	"math"
	"math/bits"
)

// Bounds of the 128-bit integers.
var (
	MaxInt128  = Int128{Lo: math.MaxUint64, Hi: math.MaxInt64}
	MinInt128  = Int128{Lo: 0, Hi: math.MinInt64}
	MaxUint128 = Uint128{Lo: math.MaxUint64, Hi: math.MaxUint64}
)

// Int128From returns x sign-extended.
func Int128From(x int64) Int128 { return Int128{Lo: uint64(x), Hi: x >> 63} }

// Int128FromUint returns x.
func Int128FromUint(x uint64) Int128 { return Int128{Lo: x} }

// IsInt64 reports whether a fits 64 signed bits; Lo is its value then.
func (a Int128) IsInt64() bool { return a.Hi == int64(a.Lo)>>63 }

// IsNeg reports whether a < 0.
func (a Int128) IsNeg() bool { return a.Hi < 0 }

// IsZero reports whether a is 0.
func (a Int128) IsZero() bool { return a.Lo|uint64(a.Hi) == 0 }

// Sign returns -1, 0 or 1.
func (a Int128) Sign() int {
	if a.Hi < 0 {
		return -1
	}
	if a.IsZero() {
		return 0
	}
	return 1
}

// Cmp returns -1, 0 or 1 as a is below, equal to or above b.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi < b.Hi, a.Hi == b.Hi && a.Lo < b.Lo:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// Less reports whether a < b.
func (a Int128) Less(b Int128) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// Neg returns -a, wrapping at the minimum.
func (a Int128) Neg() Int128 {
	lo, borrow := bits.Sub64(0, a.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(a.Hi), borrow)
	return Int128{lo, int64(hi)}
}

// Abs returns the magnitude of a, which always fits.
func (a Int128) Abs() Uint128 {
	if a.Hi < 0 {
		a = a.Neg()
	}
	return Uint128{a.Lo, uint64(a.Hi)}
}

// Add returns a+b, wrapping.
func (a Int128) Add(b Int128) Int128 {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), carry)
	return Int128{lo, int64(hi)}
}

// Sub returns a-b, wrapping.
func (a Int128) Sub(b Int128) Int128 {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(uint64(a.Hi), uint64(b.Hi), borrow)
	return Int128{lo, int64(hi)}
}

// AddOK returns a+b and whether it fits.
func (a Int128) AddOK(b Int128) (Int128, bool) {
	r := a.Add(b)
	return r, (a.Hi^r.Hi)&(b.Hi^r.Hi) >= 0
}

// SubOK returns a-b and whether it fits.
func (a Int128) SubOK(b Int128) (Int128, bool) {
	r := a.Sub(b)
	return r, (a.Hi^b.Hi)&(a.Hi^r.Hi) >= 0
}

// Mul returns a*b, wrapping.
func (a Int128) Mul(b Int128) Int128 {
	hi, lo := bits.Mul64(a.Lo, b.Lo)
	hi += uint64(a.Hi)*b.Lo + a.Lo*uint64(b.Hi)
	return Int128{lo, int64(hi)}
}

// MulOK returns a*b and whether it fits.
func (a Int128) MulOK(b Int128) (Int128, bool) {
	if a.IsInt64() && b.IsInt64() {
		return mulInt64(int64(a.Lo), int64(b.Lo)), true
	}
	m, ok := a.Abs().MulOK(b.Abs())
	if !ok {
		return a.Mul(b), false
	}
	return signed(m, (a.Hi^b.Hi) < 0)
}

// mulInt64 is the full product of two 64-bit integers.
func mulInt64(x, y int64) Int128 {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
	return Int128{lo, int64(hi)}
}

// Mul64 returns the full 128-bit product of x and y; it always fits.
func Mul64(x, y int64) Int128 { return mulInt64(x, y) }

// signed applies a sign to a magnitude and reports whether the result fits.
func signed(m Uint128, neg bool) (Int128, bool) {
	r := Int128{m.Lo, int64(m.Hi)}
	if neg {
		return r.Neg(), m.Hi < 1<<63 || m.Hi == 1<<63 && m.Lo == 0
	}
	return r, m.Hi < 1<<63
}

// Signed returns m, negated when neg, and whether the result fits.
func (a Uint128) Signed(neg bool) (Int128, bool) { return signed(a, neg) }

// DivMod returns quotient and remainder, truncated towards zero as Go and SQL
// do. b must not be 0. The minimum divided by -1 wraps.
func (a Int128) DivMod(b Int128) (q, r Int128) {
	if a.IsInt64() && b.IsInt64() && a != (Int128{1 << 63, -1}) {
		x, y := int64(a.Lo), int64(b.Lo)
		return Int128From(x / y), Int128From(x % y)
	}
	uq, ur := a.Abs().DivMod(b.Abs())
	q, _ = signed(uq, (a.Hi^b.Hi) < 0)
	r, _ = signed(ur, a.Hi < 0)
	return q, r
}

// Float64 returns the nearest float64.
func (a Int128) Float64() float64 {
	if a.IsInt64() {
		return float64(int64(a.Lo))
	}
	f := a.Abs().Float64()
	if a.Hi < 0 {
		return -f
	}
	return f
}

// Int128FromFloat returns f rounded half to even, and whether it fits; NaN and
// infinities do not.
func Int128FromFloat(f float64) (Int128, bool) {
	f = math.RoundToEven(f)
	if !(f >= -0x1p127 && f < 0x1p127) {
		return Int128{}, false
	}
	m, _ := Uint128FromFloat(math.Abs(f))
	return signed(m, f < 0)
}

// And, Or, Xor and Not work bit by bit on the two's complement.
func (a Int128) And(b Int128) Int128 { return Int128{a.Lo & b.Lo, a.Hi & b.Hi} }

// Or returns a | b.
func (a Int128) Or(b Int128) Int128 { return Int128{a.Lo | b.Lo, a.Hi | b.Hi} }

// Xor returns a ^ b.
func (a Int128) Xor(b Int128) Int128 { return Int128{a.Lo ^ b.Lo, a.Hi ^ b.Hi} }

// Not returns ^a.
func (a Int128) Not() Int128 { return Int128{^a.Lo, ^a.Hi} }

// Uint128From returns x.
func Uint128From(x uint64) Uint128 { return Uint128{Lo: x} }

// Cmp returns -1, 0 or 1 as a is below, equal to or above b.
func (a Uint128) Cmp(b Uint128) int {
	switch {
	case a.Hi < b.Hi, a.Hi == b.Hi && a.Lo < b.Lo:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// Less reports whether a < b.
func (a Uint128) Less(b Uint128) bool { return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo }

// IsZero reports whether a is 0.
func (a Uint128) IsZero() bool { return a.Lo|a.Hi == 0 }

// AddOK returns a+b (wrapped) and whether it fits.
func (a Uint128) AddOK(b Uint128) (Uint128, bool) {
	lo, c := bits.Add64(a.Lo, b.Lo, 0)
	hi, c := bits.Add64(a.Hi, b.Hi, c)
	return Uint128{lo, hi}, c == 0
}

// SubOK returns a-b (wrapped) and whether it fits.
func (a Uint128) SubOK(b Uint128) (Uint128, bool) {
	lo, c := bits.Sub64(a.Lo, b.Lo, 0)
	hi, c := bits.Sub64(a.Hi, b.Hi, c)
	return Uint128{lo, hi}, c == 0
}

// MulOK returns a*b (wrapped) and whether it fits.
func (a Uint128) MulOK(b Uint128) (Uint128, bool) {
	hi, lo := bits.Mul64(a.Lo, b.Lo)
	h1, l1 := bits.Mul64(a.Hi, b.Lo)
	h2, l2 := bits.Mul64(a.Lo, b.Hi)
	hi, c1 := bits.Add64(hi, l1, 0)
	hi, c2 := bits.Add64(hi, l2, 0)
	return Uint128{lo, hi}, h1|h2|c1|c2 == 0 && (a.Hi == 0 || b.Hi == 0)
}

// DivMod returns quotient and remainder; b must not be 0.
func (a Uint128) DivMod(b Uint128) (q, r Uint128) {
	if b.Hi == 0 {
		q.Hi, r.Lo = a.Hi/b.Lo, a.Hi%b.Lo
		q.Lo, r.Lo = bits.Div64(r.Lo, a.Lo, b.Lo)
		return q, r
	}
	// The divisor has more than 64 bits, so the quotient has at most 64: divide
	// the halved dividend by the divisor's upper 64 bits and correct by one
	// (Warren, Hacker's Delight, 2nd edition, section 9-5).
	n := uint(bits.LeadingZeros64(b.Hi))
	v1 := b.Hi<<n | b.Lo>>(64-n)
	if n == 0 {
		v1 = b.Hi
	}
	tq, _ := bits.Div64(a.Hi>>1, a.Hi<<63|a.Lo>>1, v1)
	tq >>= 63 - n
	if tq != 0 {
		tq--
	}
	q.Lo = tq
	p, _ := Uint128{Lo: tq}.MulOK(b)
	r, _ = a.SubOK(p)
	if !r.Less(b) {
		q.Lo++
		r, _ = r.SubOK(b)
	}
	return q, r
}

// Float64 returns the nearest float64, ties to even.
func (a Uint128) Float64() float64 {
	if a.Hi == 0 {
		return float64(a.Lo)
	}
	// Keep 64 leading bits and fold the rest into a sticky bit: the conversion
	// of those 64 bits then rounds as the whole number would.
	n := uint(bits.LeadingZeros64(a.Hi))
	top := a.Hi<<n | a.Lo>>(64-n)
	if n == 0 {
		top = a.Hi
	}
	if a.Lo<<n != 0 {
		top |= 1
	}
	return math.Ldexp(float64(top), int(64-n))
}

// Uint128FromFloat returns f rounded half to even, and whether it fits.
func Uint128FromFloat(f float64) (Uint128, bool) {
	f = math.RoundToEven(f)
	if !(f >= 0 && f < 0x1p128) {
		return Uint128{}, false
	}
	hi := uint64(f / 0x1p64)
	return Uint128{Lo: uint64(f - float64(hi)*0x1p64), Hi: hi}, true
}

// AppendInt128 appends a in decimal.
func AppendInt128(dst []byte, a Int128) []byte {
	if a.Hi < 0 {
		dst = append(dst, '-')
	}
	return AppendUint128(dst, a.Abs())
}

// AppendUint128 appends a in decimal.
func AppendUint128(dst []byte, a Uint128) []byte {
	var buf [40]byte
	return append(dst, buf[putUint128(&buf, a):]...)
}

// putUint128 writes a's decimal digits to the end of buf and returns where
// they start.
func putUint128(buf *[40]byte, a Uint128) int {
	i := len(buf)
	for a.Hi != 0 {
		var r uint64
		q := Uint128{Hi: a.Hi / 1e19}
		q.Lo, r = bits.Div64(a.Hi%1e19, a.Lo, 1e19)
		a = q
		for range 19 {
			i--
			buf[i] = byte('0' + r%10)
			r /= 10
		}
	}
	x := a.Lo
	for {
		i--
		buf[i] = byte('0' + x%10)
		x /= 10
		if x == 0 {
			return i
		}
	}
}

// String returns a in decimal.
func (a Int128) String() string { return string(AppendInt128(nil, a)) }

// String returns a in decimal.
func (a Uint128) String() string { return string(AppendUint128(nil, a)) }
