package budget

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/vector/invariants"
)

// closed is the value of Reservation.held after Close. Being a value of held,
// it cannot race with a grant.
const closed = math.MinInt64

// Reservation is memory bought from a budget for one purpose. Its owner closes
// it; all methods are safe for concurrent use. After Close, TryGrow refuses,
// Grow fails and Shrink does nothing.
type Reservation struct {
	b        *Budget
	tag      string
	floor    int64 // of a spilling reservation
	spilling bool
	promises bool                // has a promise, of 0 bytes perhaps
	giveWay  func(n int64) int64 // nil: does not give way
	query    *account            // nil: no query's

	held atomic.Int64 // bytes, or closed
	peak atomic.Int64

	promise atomic.Int64
	owing   sync.Mutex
	owes    int64 // the reservation's part of state.promised; guarded by owing

	least     atomic.Int64                      // bytes that it cannot give
	attending atomic.Int32                      // workers that look at wanted
	wanted    atomic.Int64                      // bytes that others ask for
	give      atomic.Pointer[func(int64) int64] // nil: nothing lies about
}

// Budget returns the budget the reservation belongs to.
func (r *Reservation) Budget() *Budget { return r.b }

// Tag returns the purpose given at Reserve.
func (r *Reservation) Tag() string { return r.tag }

// Held returns the bytes held, 0 after Close.
func (r *Reservation) Held() int64 { return max(r.held.Load(), 0) }

// Peak returns the highest Held so far.
func (r *Reservation) Peak() int64 { return r.peak.Load() }

// TryGrow asks for n more bytes and says whether they were granted; false
// changes nothing. A spilling operator answers a refusal by spilling; others
// use Grow. n = 0 is granted while the reservation is open, n < 0 never.
func (r *Reservation) TryGrow(n int64) bool {
	switch {
	case n <= 0 || r.held.Load() < 0:
		return r.isNothing(n)
	case r.faulty(n):
		return false
	}
	if r.spilling {
		if c := r.b.chance.Load(); c != nil && c.refuses() {
			return false
		}
	}
	return r.grow(n, true) || r.short(n) && r.grow(n, true)
}

// TryGrowIdle is TryGrow for memory that nobody should give way for: it is granted
// only from what is free. It may be called under any lock.
func (r *Reservation) TryGrowIdle(n int64) bool {
	if n <= 0 {
		return r.isNothing(n)
	}
	if r.faulty(n) || n > r.allowed(0)-r.Held() {
		return false
	}
	used, ok := r.b.take(n)
	return ok && r.add(n, used, true)
}

// Grow asks for n more bytes, heeding only the limit: neither share nor spill
// cap. When there is no memory it asks others to give and, in a query, waits for
// it (see the package comment): the caller holds no lock that a worker needs
// between two chunks. Errors: 53200, whose Detail names the largest holders; 57014
// when the query ended.
func (r *Reservation) Grow(n int64) error { return r.GrowOr(n, nil) }

// Siblings returns how many spilling reservations the query of this one has open,
// at least one.
func (r *Reservation) Siblings() int {
	if r.query == nil {
		return 1
	}
	return int(max(r.query.spilling.Load(), 1))
}

// GrowOr is Grow for a worker that holds other memory, which nobody can ask it for
// while it waits here: relieve, nil for none, is then called from time to time, in
// the caller's goroutine and without a lock, and gives what is Wanted of it. Its
// error ends the waiting.
func (r *Reservation) GrowOr(n int64, relieve func() error) error {
	if n <= 0 && r.isNothing(n) {
		return nil
	}
	if n <= 0 || r.faulty(n) {
		return r.refusal(n)
	}
	if r.spilling {
		r.press(n)
	}
	if r.grow(n, false) {
		return nil
	}
	return r.wait(n, relieve)
}

// isNothing answers a request for no bytes, or less.
func (r *Reservation) isNothing(n int64) bool {
	invariants.Check(n >= 0, "budget: growing by a negative number of bytes")
	return n == 0 && r.held.Load() >= 0
}

// faulty reports whether a test refuses the request.
func (r *Reservation) faulty(n int64) bool {
	f := r.b.fault.Load()
	return f != nil && (*f)(r.tag, n)
}

// grow charges n bytes to the budget first and to the reservation second:
// giving back what was charged too early can only make others hear a refusal,
// never push used above the limit.
func (r *Reservation) grow(n int64, fair bool) bool {
	if fair && n > r.allowed(0)-r.Held() {
		return false // spares others the sight of bytes taken and given back
	}
	used, ok := r.b.take(n)
	for !ok {
		if r.b.makeRoom(n) == 0 {
			return false
		}
		used, ok = r.b.take(n)
	}
	return r.add(n, used, fair)
}

// add gives the reservation n bytes that were just taken, after which so many are
// used.
func (r *Reservation) add(n, used int64, fair bool) bool {
	for {
		held := r.held.Load()
		// Another goroutine may have grown or closed this reservation since.
		if held < 0 || (fair && n > r.allowed(n)-held) {
			r.b.used.Add(-n)
			r.b.freed()
			return false
		}
		if r.held.CompareAndSwap(held, held+n) {
			r.moved(held, held+n)
			storeMax(&r.peak, held+n)
			storeMax(&r.b.peak, used)
			return true
		}
	}
}

// moved keeps the sums over reservations when held went from a to b.
func (r *Reservation) moved(a, b int64) {
	if r.giveWay != nil {
		r.b.yielding.Add(b - a)
	}
	if r.query != nil {
		r.query.used.Add(b - a)
	}
	if d := min(b, r.floor) - min(a, r.floor); d != 0 {
		r.b.unfilled.Add(-d)
	}
	if r.promises {
		r.b.kept.Add(b - a)
		r.owe()
	}
}

// allowed returns how many bytes the rule of the package comment lets the
// reservation hold. pending bytes of used are its own but not yet in held.
func (r *Reservation) allowed(pending int64) int64 {
	b := r.b
	held := r.Held()
	others := max(b.used.Load()-pending-held, 0)
	if r.spilling {
		// What others give way with is there for the asking.
		yielding := b.yielding.Load()
		if r.giveWay != nil {
			yielding -= held
		}
		others = max(others-max(yielding, 0), 0)
	}
	bound := b.limit.Load() - others
	if !r.spilling {
		// Who tries can do with less: it leaves others what they begin with.
		unfilled := min(max(b.unfilled.Load(), 0), b.limit.Load()/unfilledPart)
		bound = max(bound-unfilled-b.waiting.Load(), min(bound, r.promise.Load()))
	} else {
		bound -= b.waiting.Load()
		bound -= b.owed()
		unfilled := max(b.unfilled.Load()-max(r.floor-held, 0), 0)
		free := max(bound-unfilled, 0)
		if r.isOfQuery() && b.queries.Load() > 1 {
			free = min(free, max(b.quota()-(r.query.used.Load()-held), 0))
		}
		share := tenths(free, shareNum)
		if r.alone() {
			share = max(share, min(tenths(free, aloneNum), free-aloneRest))
		}
		bound = min(bound, max(share, r.floor))
		if c := b.spillCap.Load(); c >= 0 {
			bound = min(bound, c)
		}
	}
	return max(bound, 0)
}

// tenths returns so many tenths of n.
func tenths(n, num int64) int64 { return n/shareDen*num + n%shareDen*num/shareDen }

// alone reports whether nobody else will want much: of the only query that can spill
// the only operator that may hold much.
func (r *Reservation) alone() bool {
	return r.isOfQuery() && r.b.queries.Load() <= 1 && r.query.expected.Load() == 1
}

// isOfQuery reports whether the reservation takes part in dividing the limit
// between queries.
func (r *Reservation) isOfQuery() bool { return r.query != nil && r.spilling && r.giveWay == nil }

// Share returns how many bytes the reservation may hold now, by the rule of
// TryGrow: for a working reservation all that others leave, for a spilling one
// its share, at least its floor if the limit allows, at most the spill cap. It
// can be less than Held, when others grew since. It is a snapshot.
func (r *Reservation) Share() int64 {
	if r.held.Load() < 0 {
		return 0
	}
	return r.allowed(0)
}

// Shrink gives back n bytes of those held. Giving back more than is held is a
// bug of the caller and gives back all.
func (r *Reservation) Shrink(n int64) {
	if n <= 0 {
		invariants.Check(n == 0, "budget: shrinking by a negative number of bytes")
		return
	}
	for {
		held := r.held.Load()
		if held < 0 {
			return
		}
		invariants.Check(n <= held, "budget: shrinking by more than is held")
		n := min(n, held)
		if r.held.CompareAndSwap(held, held-n) {
			r.moved(held, held-n)
			r.b.used.Add(-n)
			r.served(n)
			r.b.freed()
			return
		}
	}
}

// Transfer moves n of the bytes held to dst, a reservation of the same budget,
// for memory that changes its owner. It asks nothing of limit, share or cap,
// for Used stays the same. It returns false, and changes nothing, when either
// side is closed or r holds less than n.
func (r *Reservation) Transfer(dst *Reservation, n int64) bool {
	if r.b.state != dst.b.state || n < 0 {
		invariants.Check(false, "budget: transfer between budgets or of a negative number of bytes")
		return false
	}
	for {
		held := r.held.Load()
		if held < n { // closed is below every n
			return false
		}
		if r.held.CompareAndSwap(held, held-n) {
			r.moved(held, held-n)
			break
		}
	}
	if dst.receive(n) {
		return true
	}
	if !r.receive(n) {
		r.b.used.Add(-n) // both closed meanwhile
	}
	return false
}

// receive adds n bytes that are in used already.
func (r *Reservation) receive(n int64) bool {
	for {
		held := r.held.Load()
		if held < 0 {
			return false
		}
		if r.held.CompareAndSwap(held, held+n) {
			r.moved(held, held+n)
			storeMax(&r.peak, held+n)
			return true
		}
	}
}

// Close gives back everything and ends the reservation. Memory that is still
// in use by then is no longer counted: release first. Close is idempotent.
func (r *Reservation) Close() {
	held := r.held.Swap(closed)
	if held < 0 {
		return
	}
	// An ended reservation's floor is owed to nobody.
	if r.promises {
		r.b.kept.Add(-held)
		r.owe()
	}
	if r.spilling {
		r.b.unfilled.Add(-max(r.floor-held, 0))
		r.b.floors.Add(-r.floor)
	}
	if r.giveWay != nil {
		r.b.yielding.Add(-held)
	}
	if r.query != nil {
		r.query.used.Add(-held)
	}
	if r.isOfQuery() && r.query.spilling.Add(-1) == 0 {
		r.b.queries.Add(-1)
	}
	if r.hasPart() && r.query.parts.Add(-1) == 0 {
		r.b.parts.Add(-1)
	}
	r.b.used.Add(-held)
	r.b.mu.Lock()
	delete(r.b.open, r)
	r.b.mu.Unlock()
	r.b.freed()
}
