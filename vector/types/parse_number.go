package types

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/gannetdb/gannet/vector/raw"
)

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c-'0' <= 9 }

// TrimSpace returns b without ASCII white space at its ends, sharing memory.
func TrimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// ParseBool reads a BOOLEAN: true, false, t, f, yes, no, y, n, 1, 0 in any
// case, without spaces around.
func ParseBool(b []byte) (v, ok bool) {
	switch len(b) {
	case 1:
		switch b[0] {
		case 't', 'T', 'y', 'Y', '1':
			return true, true
		case 'f', 'F', 'n', 'N', '0':
			return false, true
		}
	case 2:
		return false, equalFold(b, "no")
	case 3:
		return true, equalFold(b, "yes")
	case 4:
		return true, equalFold(b, "true")
	case 5:
		return false, equalFold(b, "false")
	}
	return false, false
}

// equalFold compares b with the lower-case ASCII word w, ignoring case.
func equalFold(b []byte, w string) bool {
	if len(b) != len(w) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != w[i] {
			return false
		}
	}
	return true
}

// ParseInt64 reads an integer as a cast to BIGINT does: spaces around, a sign,
// digits with single underscores between them, 0x and 0b prefixes, a fraction
// (rounded half away from zero) and an exponent. ok is false when b is not a
// number or does not fit.
func ParseInt64(b []byte) (int64, bool) {
	// The fast path takes what nearly all data is: a sign and up to 18 digits.
	if n := len(b); n > 0 && n <= 18 {
		i := 0
		neg := b[0] == '-'
		if neg && n > 1 {
			i = 1
		}
		var x uint64
		for ; i < n; i++ {
			d := b[i] - '0'
			if d > 9 {
				return parseIntSlow(b)
			}
			x = x*10 + uint64(d)
		}
		if neg {
			return -int64(x), true
		}
		return int64(x), true
	}
	return parseIntSlow(b)
}

func parseIntSlow(b []byte) (int64, bool) {
	neg, m, ok := parseExact(b, 0, true)
	if !ok || m.Hi != 0 {
		return 0, false
	}
	if neg {
		return -int64(m.Lo), m.Lo <= 1<<63
	}
	return int64(m.Lo), m.Lo < 1<<63
}

// ParseUint64 is ParseInt64 for UBIGINT; "-0" is 0.
func ParseUint64(b []byte) (uint64, bool) {
	if n := len(b); n > 0 && n <= 19 {
		var x uint64
		for i := range b {
			d := b[i] - '0'
			if d > 9 {
				return parseUintSlow(b)
			}
			x = x*10 + uint64(d)
		}
		return x, true
	}
	return parseUintSlow(b)
}

func parseUintSlow(b []byte) (uint64, bool) {
	neg, m, ok := parseExact(b, 0, true)
	if !ok || m.Hi != 0 || neg && m.Lo != 0 {
		return 0, false
	}
	return m.Lo, true
}

// ParseInt128 is ParseInt64 for HUGEINT.
func ParseInt128(b []byte) (Int128, bool) {
	neg, m, ok := parseExact(b, 0, true)
	if !ok {
		return Int128{}, false
	}
	return signed(m, neg)
}

// ParseUint128 is ParseInt64 for UHUGEINT.
func ParseUint128(b []byte) (Uint128, bool) {
	neg, m, ok := parseExact(b, 0, true)
	return m, ok && (!neg || m.IsZero())
}

// ParseDecimal reads a decimal of the given width and scale: spaces around, a
// sign, digits, a point, an exponent; digits beyond scale are rounded half
// away from zero. ok is false when b is not a number or has too many digits.
func ParseDecimal(b []byte, width, scale int) (Int128, bool) {
	if x, ok := parseDecimalFast(b, width, scale); ok {
		return Int128From(x), true
	}
	neg, m, ok := parseExact(b, scale, false)
	if !ok {
		return Int128{}, false
	}
	x, ok := signed(m, neg)
	return x, ok && FitsDecimal(x, width)
}

// ParseDecimal64 is ParseDecimal for widths up to 18.
func ParseDecimal64(b []byte, width, scale int) (int64, bool) {
	if x, ok := parseDecimalFast(b, width, scale); ok {
		return x, true
	}
	x, ok := ParseDecimal(b, width, scale)
	return int64(x.Lo), ok
}

// parseDecimalFast reads [-]digits[.digits] with no more digits behind the
// point than scale and no more than 18 in all; it gives up on anything else.
func parseDecimalFast(b []byte, width, scale int) (int64, bool) {
	n := len(b)
	if n == 0 || n > 18 || scale > 18 {
		return 0, false
	}
	i := 0
	neg := b[0] == '-'
	if neg {
		i = 1
	}
	var x uint64
	start := i
	for ; i < n; i++ {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		x = x*10 + uint64(d)
	}
	digits, frac := i-start, 0
	if i < n {
		if b[i] != '.' {
			return 0, false
		}
		i++
		for start = i; i < n; i++ {
			d := b[i] - '0'
			if d > 9 {
				return 0, false
			}
			x = x*10 + uint64(d)
		}
		frac = i - start
	}
	if digits+frac == 0 || frac > scale || digits+scale > 18 {
		return 0, false
	}
	x *= uint64(Pow10[scale-frac])
	if width <= 18 && x >= uint64(Pow10[width]) {
		return 0, false
	}
	if neg {
		return -int64(x), true
	}
	return int64(x), true
}

// parseExact reads a number and returns its sign and its magnitude times
// 10^scale, rounded half away from zero; ok is false on malformed text or when
// 128 bits do not suffice. radix allows 0x and 0b.
func parseExact(b []byte, scale int, radix bool) (neg bool, m Uint128, ok bool) {
	b = TrimSpace(b)
	if len(b) == 0 {
		return false, m, false
	}
	signedText := b[0] == '-' || b[0] == '+'
	if signedText {
		neg = b[0] == '-'
		b = b[1:]
	}
	if radix && !signedText && len(b) > 2 && b[0] == '0' {
		switch b[1] | 0x20 {
		case 'x':
			m, ok = parseRadix(b[2:], 4)
			return false, m, ok
		case 'b':
			m, ok = parseRadix(b[2:], 1)
			return false, m, ok
		}
	}
	// First pass: shape. intEnd..fracEnd are the digits around the point.
	i := scanDigits(b, 0)
	intPart := b[:i]
	var fracPart []byte
	if i < len(b) && b[i] == '.' {
		j := scanDigits(b, i+1)
		fracPart = b[i+1 : j]
		i = j
	}
	if i < 0 || len(intPart)+len(fracPart) == 0 {
		return false, m, false
	}
	exp := 0
	if i < len(b) && b[i]|0x20 == 'e' {
		e := b[i+1:]
		eneg := false
		if len(e) > 0 && (e[0] == '-' || e[0] == '+') {
			eneg = e[0] == '-'
			e = e[1:]
		}
		if len(e) == 0 {
			return false, m, false
		}
		for _, c := range e {
			if !isDigit(c) {
				return false, m, false
			}
			if exp < 1<<20 {
				exp = exp*10 + int(c-'0')
			}
		}
		if eneg {
			exp = -exp
		}
		i = len(b)
	}
	if i != len(b) || badUnderscore(intPart) || badUnderscore(fracPart) {
		return false, m, false
	}
	// Second pass: keep the first (integer digits + exp + scale) digits; the
	// one behind decides the rounding.
	digits := 0
	for _, c := range intPart {
		if c != '_' {
			digits++
		}
	}
	keep := digits + exp + scale
	if keep < 0 {
		return neg, Uint128{}, true
	}
	for part := range 2 {
		p := intPart
		if part == 1 {
			p = fracPart
		}
		for _, c := range p {
			if c == '_' {
				continue
			}
			if keep == 0 {
				if c >= '5' {
					var fits bool
					if m, fits = m.AddOK(Uint128{Lo: 1}); !fits {
						return neg, m, false
					}
				}
				return neg, m, true
			}
			keep--
			var fits bool
			if m, fits = m.times10plus(uint64(c - '0')); !fits {
				return neg, m, false
			}
		}
	}
	if m.IsZero() {
		return neg, m, true
	}
	for ; keep > 0; keep-- {
		var fits bool
		if m, fits = m.times10plus(0); !fits {
			return neg, m, false
		}
	}
	return neg, m, true
}

func (a Uint128) times10plus(d uint64) (Uint128, bool) {
	hi, lo := bits.Mul64(a.Lo, 10)
	over, hi2 := bits.Mul64(a.Hi, 10)
	lo, c := bits.Add64(lo, d, 0)
	hi, c = bits.Add64(hi, hi2, c)
	return Uint128{lo, hi}, over|c == 0
}

// scanDigits returns the end of the digits and underscores of b from i on.
func scanDigits(b []byte, i int) int {
	for i < len(b) && (isDigit(b[i]) || b[i] == '_') {
		i++
	}
	return i
}

// badUnderscore reports an underscore that is not between two digits.
func badUnderscore(p []byte) bool {
	for i, c := range p {
		if c == '_' && (i == 0 || i == len(p)-1 || p[i-1] == '_') {
			return true
		}
	}
	return false
}

func parseRadix(b []byte, shift uint) (m Uint128, ok bool) {
	for i, c := range b {
		var d uint64
		switch {
		case isDigit(c):
			d = uint64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = uint64(c|0x20-'a') + 10
		case c == '_' && i > 0 && i < len(b)-1 && b[i-1] != '_':
			continue
		default:
			return m, false
		}
		if d>>shift != 0 || m.Hi>>(64-shift) != 0 {
			return m, false
		}
		m = Uint128{m.Lo<<shift | d, m.Hi<<shift | m.Lo>>(64-shift)}
	}
	return m, len(b) > 0
}

// ParseFloat reads a DOUBLE: spaces around, a sign, digits with underscores, a
// point, an exponent; inf, infinity and nan in any case. Values beyond the
// range become infinite or zero. It does not allocate for texts of usual
// length.
func ParseFloat(b []byte) (float64, bool) {
	if f, ok := parseFloatFast(b); ok {
		return f, true
	}
	return parseFloatSlow(b, 64)
}

// ParseFloat32 is ParseFloat for FLOAT, rounding once.
func ParseFloat32(b []byte) (float32, bool) {
	f, ok := parseFloatSlow(b, 32)
	return float32(f), ok
}

// parseFloatFast takes [-]digits[.digits] whose digits fit 2^53 with at most
// 22 behind the point: one exact division rounds correctly (Clinger, "How to
// Read Floating Point Numbers Accurately", PLDI 1990).
func parseFloatFast(b []byte) (float64, bool) {
	n := len(b)
	if n == 0 || n > 19 {
		return 0, false
	}
	i := 0
	neg := b[0] == '-'
	if neg {
		i = 1
	}
	var x uint64
	point, digits := -1, 0
	for ; i < n; i++ {
		c := b[i]
		if d := c - '0'; d <= 9 {
			x = x*10 + uint64(d)
			digits++
		} else if c == '.' && point < 0 {
			point = i
		} else {
			return 0, false
		}
	}
	if digits == 0 || x > 1<<53 {
		return 0, false
	}
	f := float64(x)
	if point >= 0 {
		f /= Pow10Float[n-1-point]
	}
	if neg {
		f = -f
	}
	return f, true
}

func parseFloatSlow(b []byte, size int) (float64, bool) {
	b = TrimSpace(b)
	if len(b) == 0 {
		return 0, false
	}
	// Shape first: strconv takes hexadecimal and more that SQL does not.
	i := 0
	if b[0] == '-' || b[0] == '+' {
		i = 1
	}
	if i == len(b) {
		return 0, false
	}
	if c := b[i] | 0x20; c == 'i' || c == 'n' {
		word := b[i:]
		sign := 1.0
		if b[0] == '-' {
			sign = -1
		}
		switch {
		case equalFold(word, "inf"), equalFold(word, "infinity"):
			return math.Inf(int(sign)), true
		case equalFold(word, "nan"):
			return math.Copysign(math.NaN(), sign), true
		}
		return 0, false
	}
	j := scanDigits(b, i)
	intPart, k := b[i:j], j
	var fracPart []byte
	if j < len(b) && b[j] == '.' {
		k = scanDigits(b, j+1)
		fracPart = b[j+1 : k]
	}
	if len(intPart)+len(fracPart) == 0 || badUnderscore(intPart) || badUnderscore(fracPart) {
		return 0, false
	}
	if k < len(b) {
		if b[k]|0x20 != 'e' {
			return 0, false
		}
		e := k + 1
		if e < len(b) && (b[e] == '-' || b[e] == '+') {
			e++
		}
		if e == len(b) {
			return 0, false
		}
		for ; e < len(b); e++ {
			if !isDigit(b[e]) {
				return 0, false
			}
		}
	}
	for _, c := range b {
		if c == '_' {
			b = dropUnderscores(b)
			break
		}
	}
	// Out of range is not an error: strconv then gives infinity or zero.
	f, err := strconv.ParseFloat(raw.String(b), size)
	if err != nil && err.(*strconv.NumError).Err != strconv.ErrRange {
		return 0, false
	}
	return f, true
}

func dropUnderscores(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c != '_' {
			out = append(out, c)
		}
	}
	return out
}

// AppendFloat appends a DOUBLE as DuckDB writes it: the shortest digits that
// read back, with a point or an exponent; exponents from 10^16 and below
// 10^-4.
func AppendFloat(dst []byte, f float64) []byte { return appendFloat(dst, f, 64) }

// AppendFloat32 is AppendFloat for FLOAT.
func AppendFloat32(dst []byte, f float32) []byte { return appendFloat(dst, float64(f), 32) }

func appendFloat(dst []byte, f float64, size int) []byte {
	switch {
	case math.IsNaN(f):
		if math.Signbit(f) {
			return append(dst, "-nan"...)
		}
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	// Which notation depends on the decimal exponent of the rounded digits;
	// the bounds themselves are powers of ten that both sizes round well
	// enough to compare with.
	start := len(dst)
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e15) {
		dst = strconv.AppendFloat(dst, f, 'e', -1, size)
		e := len(dst) - 1
		for dst[e] != 'e' {
			e--
		}
		exp, _ := strconv.Atoi(raw.String(dst[e+1:]))
		if exp < -4 || exp >= 16 {
			return dst
		}
		dst = dst[:start]
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, size)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}
