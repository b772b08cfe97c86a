package budget

import "testing"

// TestPromise: what was promised is left free by spilling reservations, up to half
// of the limit with what is held already, until less is promised.
func TestPromise(t *testing.T) {
	b := New(1000)
	w := b.ReserveWorking("scan", 300)
	s := b.ReserveSpilling("sort", 0)
	share := func(want int64) {
		t.Helper()
		if n := s.Share(); n != want {
			t.Errorf("the sort may hold %d bytes, want %d", n, want)
		}
	}
	share((1000 - 300) * 7 / 10)
	w.Promise(900)
	share((1000 - 500) * 7 / 10)
	grow(t, w, 400)
	share((1000 - 500) * 7 / 10)
	grow(t, w, 200) // more than binds
	share((1000 - 600) * 7 / 10)
	w.Shrink(600)
	w.Promise(0)
	share(700)
	w.Promise(100)
	w.Close()
	share(700)
	w.Promise(100) // nobody's
	share(700)
	if b.promised.Load() != 0 || b.kept.Load() != 0 {
		t.Errorf("%d bytes are promised, %d kept", b.promised.Load(), b.kept.Load())
	}
	s.Close()
	checkSum(t, b)
}

// TestFloorsLeavePromises: floors are made of what promises leave.
func TestFloorsLeavePromises(t *testing.T) {
	b := New(1 << 20)
	w := b.ReserveWorking("scan", 1<<20)
	defer w.Close()
	sum := int64(0)
	for range 20 {
		r := b.ReserveSpilling("join", 1<<20)
		defer r.Close()
		sum += r.floor
	}
	if sum > 1<<19 || sum < 1<<18 {
		t.Errorf("floors of %d bytes beside a promise of half of 1 MiB", sum)
	}
}

// TestPart: queries with state or promises divide a part of the limit, others do not
// count.
func TestPart(t *testing.T) {
	b := New(1200)
	part := func(want int64) {
		t.Helper()
		if n := b.Part(); n != want {
			t.Errorf("a part of %d bytes, want %d", n, want)
		}
	}
	part(600)
	x, y, z := b.ForQuery(), b.ForQuery(), b.ForQuery()
	z.Reserve("result")
	scan, sort := x.ReserveWorking("scan", 10), x.ReserveSpilling("sort", 10)
	part(600)
	other := y.ReserveWorking("scan", 10)
	part(300)
	scan.Close()
	part(300)
	sort.Close()
	part(600)
	other.Close()
	part(600)
	b.SetLimit(16 << 20)
	part(10 << 20)
	b.SetLimit(9 << 20)
	part(5 << 20)
}

// TestPressed: who takes what was promised makes those above their floor give.
func TestPressed(t *testing.T) {
	b := New(1000)
	w := b.ReserveWorking("scan", 400)
	holder, r := b.ReserveSpilling("sort", 0), b.ReserveSpilling("join", 0)
	for _, x := range []*Reservation{w, holder, r} {
		defer x.Close()
	}
	grow(t, holder, 400)
	holder.Attend()
	grow(t, r, 100)
	if n := holder.Wanted(); n != 0 {
		t.Errorf("%d bytes are wanted of what nobody was promised", n)
	}
	r.Attend()
	grow(t, r, 200)
	if holder.Wanted() < 200 || r.Wanted() < 200 {
		t.Errorf("%d and %d bytes are wanted", holder.Wanted(), r.Wanted())
	}
}

// TestRelieved: a worker that waits gives what it holds itself.
func TestRelieved(t *testing.T) {
	_, b, q, _ := brokered(t, 1000, 1, 1)
	own, r := q[0].ReserveSpilling("aggregation", 100), q[0].Reserve("scan")
	grow(t, own, 900)
	own.Attend()
	calls := 0
	err := r.GrowOr(950, func() error {
		calls++
		own.Shrink(min(own.Wanted(), own.Held()))
		return nil
	})
	if err != nil || calls == 0 || own.Held() > 50 {
		t.Errorf("%v after %d calls, %d bytes are held", err, calls, own.Held())
	}
	own.Close()
	r.Close()
	checkSum(t, b)
}

// TestAlone: the only operator that may hold much gets nine tenths of what is free,
// until a second query can spill or a second operator is expected.
func TestAlone(t *testing.T) {
	b := New(1000 << 20)
	x, y := b.ForQuery(), b.ForQuery()
	r := x.ReserveSpilling("aggregation", 0)
	defer r.Close()
	share := func(want int64) {
		t.Helper()
		if n := r.Share(); n != want {
			t.Errorf("a share of %d bytes, want %d", n, want)
		}
	}
	share(700 << 20) // nobody has said anything
	x.Expect(0)
	share(700 << 20)
	x.Expect(1)
	share(900 << 20)
	small := x.ReserveSpilling("aggregation", 0) // one row
	share(900 << 20)
	small.Close()
	other := y.ReserveSpilling("sort", 0)
	share(450 << 20 / 10 * 7)
	other.Close()
	share(900 << 20)
	b.SetLimit(100 << 20)
	share(84 << 20)
	b.SetLimit(20 << 20)
	share(14 << 20)
	b.SetLimit(1000 << 20)
	x.Expect(1)
	share(700 << 20)
}
