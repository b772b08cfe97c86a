package types

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func (a Int128) big() *big.Int {
	x := new(big.Int).Lsh(big.NewInt(a.Hi), 64)
	return x.Add(x, new(big.Int).SetUint64(a.Lo))
}

func (a Uint128) big() *big.Int {
	x := new(big.Int).Lsh(new(big.Int).SetUint64(a.Hi), 64)
	return x.Add(x, new(big.Int).SetUint64(a.Lo))
}

// samples are the edges and a few numbers of every magnitude.
func samples(r *rand.Rand) []Int128 {
	out := []Int128{MaxInt128, MinInt128, {}, Int128From(1), Int128From(-1), Int128From(math.MaxInt64), Int128From(math.MinInt64),
		{Lo: math.MaxUint64}, {Lo: 0, Hi: 1}, {Lo: 1, Hi: -1}, Pow10Int128[38], Pow10Int128[19]}
	for range 60 {
		x := Int128{r.Uint64(), int64(r.Uint64())}
		s := r.UintN(127)
		// Shift down to a random magnitude.
		for range s {
			x = Int128{x.Lo>>1 | uint64(x.Hi)<<63, x.Hi >> 1}
		}
		out = append(out, x)
	}
	return out
}

func fits(x *big.Int, signed bool) bool {
	if signed {
		return x.Cmp(MaxInt128.big()) <= 0 && x.Cmp(MinInt128.big()) >= 0
	}
	return x.Sign() >= 0 && x.Cmp(MaxUint128.big()) <= 0
}

func TestInt128AgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	xs := samples(r)
	for _, a := range xs {
		if got := a.String(); got != a.big().String() {
			t.Fatalf("String(%v) = %s", a.big(), got)
		}
		if p, ok := ParseInt128([]byte(a.String())); !ok || p != a {
			t.Fatalf("ParseInt128(%s) = %s, %v", a, p, ok)
		}
		f, _ := new(big.Float).SetInt(a.big()).Float64()
		if a.Float64() != f {
			t.Fatalf("Float64(%s) = %v, want %v", a, a.Float64(), f)
		}
		for _, b := range xs {
			check := func(name string, got Int128, ok bool, want *big.Int) {
				if ok != fits(want, true) || ok && got.big().Cmp(want) != 0 {
					t.Fatalf("%s(%s, %s) = %s, %v; want %s", name, a, b, got, ok, want)
				}
			}
			s, ok := a.AddOK(b)
			check("add", s, ok, new(big.Int).Add(a.big(), b.big()))
			s, ok = a.SubOK(b)
			check("sub", s, ok, new(big.Int).Sub(a.big(), b.big()))
			s, ok = a.MulOK(b)
			check("mul", s, ok, new(big.Int).Mul(a.big(), b.big()))
			if a.Cmp(b) != a.big().Cmp(b.big()) || a.Less(b) != (a.Cmp(b) < 0) {
				t.Fatalf("cmp(%s, %s) = %d", a, b, a.Cmp(b))
			}
			if !b.IsZero() && !(a == MinInt128 && b == Int128From(-1)) {
				q, m := a.DivMod(b)
				bq, bm := new(big.Int).QuoRem(a.big(), b.big(), new(big.Int))
				if q.big().Cmp(bq) != 0 || m.big().Cmp(bm) != 0 {
					t.Fatalf("divmod(%s, %s) = %s, %s", a, b, q, m)
				}
			}
			ua, ub := Uint128{a.Lo, uint64(a.Hi)}, Uint128{b.Lo, uint64(b.Hi)}
			if !ub.IsZero() {
				q, m := ua.DivMod(ub)
				bq, bm := new(big.Int).QuoRem(ua.big(), ub.big(), new(big.Int))
				if q.big().Cmp(bq) != 0 || m.big().Cmp(bm) != 0 {
					t.Fatalf("unsigned divmod(%s, %s) = %s, %s", ua, ub, q, m)
				}
			}
			u, ok := ua.MulOK(ub)
			if w := new(big.Int).Mul(ua.big(), ub.big()); ok != fits(w, false) || ok && u.big().Cmp(w) != 0 {
				t.Fatalf("unsigned mul(%s, %s) = %s, %v", ua, ub, u, ok)
			}
		}
	}
}

func TestFloatToInt128(t *testing.T) {
	for _, c := range []struct {
		f    float64
		want string
		ok   bool
	}{{2.5, "2", true}, {3.5, "4", true}, {-2.5, "-2", true}, {1e30, "1000000000000000019884624838656", true},
		{1e39, "", false}, {math.NaN(), "", false}, {math.Inf(-1), "", false}, {-0x1p127, MinInt128.String(), true}, {0x1p127, "", false}} {
		x, ok := Int128FromFloat(c.f)
		if ok != c.ok || ok && x.String() != c.want {
			t.Errorf("Int128FromFloat(%v) = %s, %v", c.f, x, ok)
		}
	}
}

func TestRescaleRoundsHalfAwayFromZero(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		x := Int128{r.Uint64(), int64(r.Uint64()) >> (r.UintN(64))}
		n := 1 + r.IntN(38)
		got, ok := RescaleDecimal(x, n, 0)
		p := Pow10Int128[n].big()
		half := new(big.Int).Rsh(p, 1)
		if x.IsNeg() {
			half.Neg(half)
		}
		want := new(big.Int).Quo(new(big.Int).Add(x.big(), half), p)
		if !ok || got.big().Cmp(want) != 0 {
			t.Fatalf("rescale %s by %d: %s, want %s", x, n, got, want)
		}
	}
}
