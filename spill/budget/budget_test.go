package budget

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// checkSum asserts that used is the sum of what is held and that the sum of
// unfilled floors is right; nobody may be inside a call.
func checkSum(t *testing.T, b *Budget) {
	t.Helper()
	var held, unfilled int64
	for _, h := range b.Holders() {
		held += h.Held
		unfilled += max(h.Floor-h.Held, 0)
	}
	if b.Used() != held {
		t.Fatalf("used %d, sum of held %d", b.Used(), held)
	}
	if got := b.unfilled.Load(); got != unfilled {
		t.Fatalf("unfilled %d, want %d", got, unfilled)
	}
}

func TestWorkingReservationsUseAllUpToTheLimit(t *testing.T) {
	b := New(1000)
	r := b.Reserve("a")
	s := b.Reserve("b")
	if !r.TryGrow(600) || !s.TryGrow(400) {
		t.Fatal("refused within the limit")
	}
	if r.TryGrow(1) {
		t.Fatal("granted above the limit")
	}
	if s.Share() != 400 || r.Share() != 600 {
		t.Fatalf("shares %d, %d", s.Share(), r.Share())
	}
	s.Shrink(100)
	if r.TryGrow(101) || !r.TryGrow(100) {
		t.Fatal("the freed bytes, no more, can be had")
	}
	if b.Peak() != 1000 || b.Used() != 1000 || r.Peak() != 700 || s.Peak() != 400 {
		t.Fatalf("peak %d used %d", b.Peak(), b.Used())
	}
	checkSum(t, b)
	r.Close()
	r.Close()
	if b.Used() != 300 {
		t.Fatalf("used %d after Close", b.Used())
	}
	b.ResetPeak()
	if b.Peak() != 300 {
		t.Fatalf("peak %d after ResetPeak", b.Peak())
	}
	s.Close()
	if b.Used() != 0 || len(b.Holders()) != 0 {
		t.Fatal("something left")
	}
}

func TestClosedReservation(t *testing.T) {
	b := New(100)
	r := b.ReserveSpilling("join", 50)
	if !r.TryGrow(10) {
		t.Fatal("refused")
	}
	r.Close()
	if r.TryGrow(1) || r.TryGrow(0) {
		t.Fatal("granted after Close")
	}
	if err := r.Grow(1); !sqlerr.Is(err, sqlerr.CodeInternal) {
		t.Fatalf("Grow after Close: %v", err)
	}
	r.Shrink(5)
	if r.Held() != 0 || r.Share() != 0 || b.Used() != 0 || b.unfilled.Load() != 0 {
		t.Fatal("something left")
	}
}

func TestRefusalNamesTheHolders(t *testing.T) {
	b := New(10 << 20)
	for _, tag := range []string{"sort", "scan", "scan"} {
		if err := b.Reserve(tag).Grow(3 << 20); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 6 {
		if err := b.Reserve(string(rune('p' + i))).Grow(1 << 10); err != nil {
			t.Fatal(err)
		}
	}
	err := b.Reserve("list states").Grow(2 << 20)
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Code != sqlerr.CodeOutOfMemory {
		t.Fatalf("got %v", err)
	}
	if want := "out of memory: list states needs 2.0 MiB more, memory limit 10.0 MiB, in use 9.0 MiB"; e.Message != want {
		t.Errorf("message %q", e.Message)
	}
	if want := "largest holders: scan 6.0 MiB (2×), sort 3.0 MiB, p 1.0 KiB, q 1.0 KiB, r 1.0 KiB, 3 more"; e.Detail != want {
		t.Errorf("detail %q", e.Detail)
	}
	if !strings.Contains(e.Hint, "memory_limit") {
		t.Errorf("hint %q", e.Hint)
	}
	hs := b.Holders()
	if hs[0].Tag != "scan" || hs[2].Tag != "sort" || hs[3].Tag != "p" || hs[len(hs)-1].Tag != "list states" {
		t.Errorf("holders %v", hs)
	}
	if b.Used() != 9<<20+6<<10 {
		t.Errorf("a refusal changed used to %d", b.Used())
	}
}

func TestFairnessOfSpillingReservations(t *testing.T) {
	b := New(1600)
	a := b.ReserveSpilling("a", 100)
	c := b.ReserveSpilling("c", 100)
	// a may have 0.7 of what c's floor leaves.
	if a.Share() != 1050 {
		t.Fatalf("share of a %d", a.Share())
	}
	if !a.TryGrow(1050) || a.TryGrow(1) {
		t.Fatal("a does not end at its share")
	}
	// c: 0.7 × 550 = 385
	if c.Share() != 385 || !c.TryGrow(385) || c.TryGrow(1) {
		t.Fatalf("share of c %d, held %d", c.Share(), c.Held())
	}
	// Now a is above its share, 0.7 × 1215 = 850: it keeps, but gets no more.
	if a.Share() != 850 || a.TryGrow(1) || a.Held() != 1050 {
		t.Fatalf("share of a %d", a.Share())
	}
	// There is room for working memory, up to the limit.
	w := b.Reserve("w")
	if !w.TryGrow(165) || w.TryGrow(1) {
		t.Fatal("working memory")
	}
	w.Shrink(165)
	// And for further operators: 0.7 × 165 = 115, then up to the floor where
	// the share, 0.7 × 50, is less.
	d := b.ReserveSpilling("d", 100)
	if !d.TryGrow(115) || d.TryGrow(1) {
		t.Fatal("share not granted")
	}
	e := b.ReserveSpilling("e", 100)
	if !e.TryGrow(40) || e.TryGrow(11) {
		t.Fatal("floor not granted")
	}
	// Grow ignores the share and heeds the limit.
	if d.Grow(10) != nil || d.Grow(1) == nil {
		t.Fatal("Grow")
	}
	checkSum(t, b)
	a.Close()
	// 0.7 × (1600 − 125 − 40 − 60)
	if c.Share() != 962 || !c.TryGrow(500) {
		t.Fatalf("share of c after a ended %d", c.Share())
	}
	checkSum(t, b)
}

func TestPromises(t *testing.T) {
	b := New(1600)
	w := b.ReserveWorking("scan", 600)
	a := b.ReserveSpilling("a", 100)
	// 0.7 × (1600 − 600)
	if a.Share() != 700 || a.TryGrow(701) || !a.TryGrow(700) {
		t.Fatalf("share of a %d", a.Share())
	}
	// What is promised is not given to floors either.
	c := b.ReserveSpilling("c", 100)
	d := b.ReserveSpilling("d", 100)
	if !c.TryGrow(100) || !d.TryGrow(100) || d.Share() != 140 {
		t.Fatal("floors not granted")
	}
	if !a.TryGrow(0) || a.TryGrow(1) {
		t.Fatal("a took what was promised")
	}
	// Filling the promise changes nothing for others; giving back renews it.
	if !w.TryGrow(600) || d.TryGrow(41) {
		t.Fatal("the promise was not kept")
	}
	if !w.TryGrow(100) || w.TryGrow(1) {
		t.Fatal("working memory ends at the limit")
	}
	w.Shrink(700)
	if b.promised.Load() != 600 {
		t.Fatalf("%d promised", b.promised.Load())
	}
	w.Close()
	if b.promised.Load() != 0 || !d.TryGrow(300) {
		t.Fatal("the promise outlived its reservation")
	}
	checkSum(t, b)
}

func TestFloorsBeyondTheLimit(t *testing.T) {
	b := New(1600)
	var rs []*Reservation
	for range 20 {
		rs = append(rs, b.ReserveSpilling("op", 200)) // an 8th of the limit
	}
	// Each one is kept to, those of latecomers are smaller.
	sum := int64(0)
	for i, r := range rs {
		if i > 0 && r.floor > rs[i-1].floor || i < 12 && r.floor == 0 {
			t.Errorf("floor %d is %d", i, r.floor)
		}
		if !r.TryGrow(r.floor) {
			t.Errorf("floor %d, %d bytes, is refused", i, r.floor)
		}
		sum += r.floor
	}
	if sum > 1600 || b.Used() != sum {
		t.Fatalf("floors of %d, used %d", sum, b.Used())
	}
	checkSum(t, b)
	huge := b.ReserveSpilling("huge", math.MaxInt64)
	huger := b.ReserveSpilling("huger", math.MaxInt64)
	if b.unfilled.Load() < 0 || huge.floor > 200 || huger.floor > 200 {
		t.Fatal("huge floors overflow")
	}
	for _, r := range append(rs, huge, huger) {
		r.Close()
	}
	if b.floors.Load() != 0 || b.unfilled.Load() != 0 {
		t.Errorf("floors of %d are left, %d unfilled", b.floors.Load(), b.unfilled.Load())
	}
}

func TestSpillCap(t *testing.T) {
	b := New(1000)
	r := b.ReserveSpilling("op", 500)
	w := b.Reserve("w")
	b.SetSpillCap(100)
	if r.Share() != 100 || r.TryGrow(101) || !r.TryGrow(100) || r.TryGrow(1) {
		t.Fatal("cap not heeded below the floor")
	}
	if !w.TryGrow(200) {
		t.Fatal("cap applied to working memory")
	}
	if r.Grow(10) != nil {
		t.Fatal("cap applied to Grow")
	}
	b.SetSpillCap(0)
	if r.TryGrow(1) || r.Share() != 0 {
		t.Fatal("cap 0")
	}
	b.SetSpillCap(-1)
	if !r.TryGrow(100) {
		t.Fatal("cap still on")
	}
}

func TestFault(t *testing.T) {
	b := New(1000)
	r := b.Reserve("victim")
	calls := 0
	b.SetFault(func(tag string, n int64) bool {
		calls++
		return tag == "victim" && n == 7
	})
	if r.TryGrow(7) || r.Grow(7) == nil || !r.TryGrow(8) {
		t.Fatal("fault not heeded")
	}
	if calls != 3 || b.Used() != 8 {
		t.Fatalf("%d calls, used %d", calls, b.Used())
	}
	b.SetFault(nil)
	if !r.TryGrow(7) {
		t.Fatal("fault still on")
	}
}

func TestLimits(t *testing.T) {
	b := New(-1)
	if b.Limit() != math.MaxInt64 {
		t.Fatal("negative is not unlimited")
	}
	r := b.ReserveSpilling("r", 0)
	if r.TryGrow(math.MaxInt64) {
		t.Fatal("0.7 of the address space, no more")
	}
	if err := r.Grow(math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if r.Grow(1) == nil || r.TryGrow(1) || r.TryGrow(math.MaxInt64) {
		t.Fatal("overflow")
	}
	r.Shrink(math.MaxInt64 - 500)
	b.SetLimit(100)
	if r.TryGrow(1) || b.Used() != 500 || r.Share() != 70 {
		t.Fatalf("after lowering the limit: used %d share %d", b.Used(), r.Share())
	}
	r.Shrink(450)
	if !r.TryGrow(20) || r.TryGrow(1) {
		t.Fatal("not granted after shrinking below the new limit")
	}
	zero := New(0).Reserve("z")
	if zero.TryGrow(1) || !zero.TryGrow(0) {
		t.Fatal("limit 0")
	}
}

func TestTransfer(t *testing.T) {
	b := New(100)
	a, c := b.ReserveSpilling("a", 30), b.ReserveSpilling("c", 60)
	if !a.TryGrow(25) || !a.Transfer(c, 20) || a.Held() != 5 || c.Held() != 20 || b.Used() != 25 {
		t.Fatal("transfer")
	}
	checkSum(t, b)
	if a.Transfer(c, 6) || a.Held() != 5 {
		t.Fatal("transfer of more than is held")
	}
	c.Close()
	if a.Transfer(c, 5) || a.Held() != 5 || b.Used() != 5 {
		t.Fatal("transfer to a closed reservation")
	}
	checkSum(t, b)
	a.Close()
	if a.Transfer(c, 0) || b.Used() != 0 {
		t.Fatal("transfer from a closed reservation")
	}
}

func TestQueriesDivideTheLimit(t *testing.T) {
	b := New(16000)
	first := b.ForQuery()
	a := first.ReserveSpilling("a", 0)
	if a.Share() != 11200 || !a.TryGrow(11200) {
		t.Fatalf("alone: share %d", a.Share())
	}
	// A second query may have its half of nine tenths: 0.7 of 4800 are free to it.
	second := b.ForQuery()
	c, d := second.ReserveSpilling("c", 0), second.ReserveSpilling("d", 0)
	if c.Share() != 3360 {
		t.Fatalf("second query: share %d", c.Share())
	}
	// The first keeps what it has, and gets no more until it is below its part.
	if a.TryGrow(1) || a.Held() != 11200 {
		t.Fatal("the first query grew above its part")
	}
	a.Shrink(9200)
	if want := int64(7200 * 7 / 10); a.Share() != want || c.Share() != want {
		t.Fatalf("shares %d and %d, want %d", a.Share(), c.Share(), want)
	}
	// What a query's operators hold counts against each other.
	if !c.TryGrow(5000) || d.Share() != 2200*7/10 {
		t.Fatalf("share of d %d", d.Share())
	}
	// Working memory counts as the query's, too, and is not refused.
	w := second.Reserve("w")
	if !w.TryGrow(2000) || d.Share() != 200*7/10 {
		t.Fatalf("share of d beside working memory %d", d.Share())
	}
	// The database's own reservations are no query's.
	own := b.ReserveSpilling("own", 0)
	if own.Share() != 4900 {
		t.Fatalf("own share %d", own.Share())
	}
	checkSum(t, b)
	for _, r := range []*Reservation{c, d, w} {
		r.Close()
	}
	if a.Share() != 11200 {
		t.Fatalf("alone again: share %d", a.Share())
	}
	a.Close()
	own.Close()
	if b.queries.Load() != 0 || first.query.used.Load() != 0 || second.query.used.Load() != 0 || b.Used() != 0 {
		t.Fatal("something is left")
	}
}

func TestSpillSeed(t *testing.T) {
	var runs [3]string
	for i, seed := range []uint64{5, 5, 6} {
		b := New(1000)
		b.SetSpillSeed(seed)
		r, w := b.ReserveSpilling("op", 500), b.Reserve("w")
		for range 100 {
			if r.TryGrow(1) {
				runs[i] += "y"
			} else {
				runs[i] += "n"
			}
			if !w.TryGrow(1) || w.Grow(1) != nil {
				t.Fatal("working memory refused")
			}
		}
		if r.Grow(1) != nil {
			t.Fatal("Grow refused")
		}
		b.SetSpillSeed(0)
		for range 50 {
			if !r.TryGrow(1) {
				t.Fatal("still on")
			}
		}
	}
	if n := strings.Count(runs[0], "y"); n < 25 || n > 75 {
		t.Errorf("%d of 100 granted", n)
	}
	if runs[0] != runs[1] || runs[0] == runs[2] {
		t.Error("the seed does not decide")
	}
}

func TestYielding(t *testing.T) {
	b := New(1000)
	var table *Reservation
	asked := int64(0)
	table = b.ReserveYielding("table", 0, func(n int64) int64 {
		asked = n
		freed := min(n+50, table.Held())
		table.Shrink(freed)
		return freed
	})
	if table.Share() != 700 || !table.TryGrow(700) {
		t.Fatalf("share %d", table.Share())
	}
	// To others it is free memory.
	s := b.ReserveSpilling("sort", 0)
	if s.Share() != 700 || !s.TryGrow(300) || asked != 0 {
		t.Fatalf("share of others %d, asked for %d", s.Share(), asked)
	}
	if !s.TryGrow(100) || asked != 100 || table.Held() != 550 {
		t.Fatalf("asked for %d, %d left", asked, table.Held())
	}
	w := b.Reserve("work")
	if err := w.Grow(600); err != nil || table.Held() != 0 {
		t.Fatalf("%v, %d left", err, table.Held())
	}
	if err := w.Grow(1); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		t.Fatalf("%v", err)
	}
	checkSum(t, b)
	table.Close()
	if b.yielding.Load() != 0 {
		t.Fatal("something is left")
	}
}

// TestRandomOperations runs a seeded sequence of operations and compares with
// a model of the rule after each.
func TestRandomOperations(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		limit := rng.Int64N(10000) + 1
		b := New(limit)
		var rs []*Reservation
		for range 2000 {
			switch op := rng.IntN(20); {
			case op == 0 || len(rs) == 0:
				if rng.IntN(3) == 0 {
					rs = append(rs, b.Reserve("w"))
				} else {
					rs = append(rs, b.ReserveSpilling("s", rng.Int64N(limit/4+1)))
				}
			case op == 1:
				i := rng.IntN(len(rs))
				rs[i].Close()
				rs = append(rs[:i], rs[i+1:]...)
			case op < 6:
				r := rs[rng.IntN(len(rs))]
				r.Shrink(rng.Int64N(r.Held() + 1))
			case op < 8:
				r := rs[rng.IntN(len(rs))]
				n := rng.Int64N(limit/8 + 1)
				if fits := b.Used()+n <= limit; (r.Grow(n) == nil) != fits {
					t.Fatalf("seed %d: Grow(%d)", seed, n)
				}
			case op < 9:
				r, s := rs[rng.IntN(len(rs))], rs[rng.IntN(len(rs))]
				r.Transfer(s, rng.Int64N(r.Held()+1))
			default:
				r := rs[rng.IntN(len(rs))]
				n := rng.Int64N(limit/8 + 1)
				want := modelTryGrow(b, rs, r, n)
				if got := r.TryGrow(n); got != want {
					t.Fatalf("seed %d: TryGrow(%d) = %v", seed, n, got)
				}
			}
			if b.Used() > limit {
				t.Fatalf("seed %d: used %d above the limit %d", seed, b.Used(), limit)
			}
			checkSum(t, b)
		}
		for _, r := range rs {
			r.Close()
		}
		if b.Used() != 0 || b.unfilled.Load() != 0 {
			t.Fatalf("seed %d: %d bytes left, %d unfilled", seed, b.Used(), b.unfilled.Load())
		}
	}
}

// modelTryGrow decides whether r.TryGrow(n) is to be granted, in the words of
// the package comment.
func modelTryGrow(b *Budget, rs []*Reservation, r *Reservation, n int64) bool {
	var others, unfilled int64
	for _, s := range rs {
		if s != r {
			others += s.Held()
			if s.spilling {
				unfilled += max(s.floor-s.Held(), 0)
			}
		}
	}
	total := r.Held() + n
	switch {
	case n == 0:
		return true
	case others+total > b.Limit():
		return false
	case !r.spilling:
		return others+total+min(unfilled, b.Limit()/unfilledPart) <= b.Limit()
	case total <= r.floor:
		return true
	}
	return 10*total <= 7*(b.Limit()-others-unfilled)
}

func TestConcurrent(t *testing.T) {
	const limit = 1 << 20
	b := New(limit)
	var wg sync.WaitGroup
	shared := b.ReserveSpilling("shared", limit/8)
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rng := rand.New(rand.NewPCG(uint64(g), 2))
			for range 20 {
				r := shared
				own := g%2 == 0
				if own {
					r = b.ReserveSpilling("own", rng.Int64N(limit/4))
				} else if g == 1 {
					r, own = b.Reserve("work"), true
				}
				var mine int64
				for range 500 {
					n := rng.Int64N(limit / 16)
					switch rng.IntN(4) {
					case 0:
						if r.Grow(n) == nil {
							mine += n
						}
					case 1:
						n = min(n, mine)
						r.Shrink(n)
						mine -= n
					default:
						if r.TryGrow(n) {
							mine += n
						}
					}
					if used := b.Used(); used > limit || used < 0 {
						t.Errorf("used %d", used)
						return
					}
				}
				if own {
					if r.Held() != mine {
						t.Errorf("held %d, want %d", r.Held(), mine)
					}
					if rng.IntN(2) == 0 && g != 1 {
						// Close while others still try.
						done := make(chan struct{})
						go func() {
							defer close(done)
							for range 100 {
								r.TryGrow(10)
								r.Shrink(0)
							}
						}()
						r.Close()
						<-done
					}
					r.Close()
				} else {
					r.Shrink(mine)
				}
				if b.Peak() > limit {
					t.Errorf("peak %d", b.Peak())
				}
				b.Holders()
			}
		}()
	}
	wg.Wait()
	if shared.Held() != 0 {
		t.Errorf("shared holds %d", shared.Held())
	}
	checkSum(t, b)
	shared.Close()
	if b.Used() != 0 || b.unfilled.Load() != 0 {
		t.Errorf("%d bytes left, %d unfilled", b.Used(), b.unfilled.Load())
	}
}

// TestNoOperatorStarves lets greedy operators grow in turns: each reaches at
// least its floor, whatever the order.
func TestNoOperatorStarves(t *testing.T) {
	const limit, ops, floor = 64000, 8, 2000
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		b := New(limit)
		rs := make([]*Reservation, ops)
		for i := range rs {
			rs[i] = b.ReserveSpilling("op", floor)
		}
		for range 5000 {
			rs[rng.IntN(ops)].TryGrow(rng.Int64N(500) + 1)
		}
		for i, r := range rs {
			for r.TryGrow(1) {
			}
			if r.Held() < floor {
				t.Fatalf("seed %d: operator %d got %d", seed, i, r.Held())
			}
		}
		checkSum(t, b)
	}
}

func BenchmarkGrowShrink(b *testing.B) {
	bud := New(1 << 30)
	r := bud.ReserveSpilling("op", 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		r.TryGrow(256 << 10)
		r.Shrink(256 << 10)
	}
}
