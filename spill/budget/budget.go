package budget

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// So much of what is free may go to one spilling reservation, and so much to the only
// one of which a query says that it will hold much (Expect), when aloneRest is left.
const (
	shareNum, aloneNum, shareDen = 7, 9, 10
	aloneRest                    = 16 << 20
)

// floorPart of the limit is the most that one floor takes of it: a plan may have
// a dozen operators.
const floorPart = 8

// floorRest of what no other floor and no promise takes is the most that one takes:
// together they are never more than the limit.
const floorRest = 4

// quotaNum/quotaDen of the limit is divided between the queries that can spill;
// the rest is for working memory.
const quotaNum, quotaDen = 9, 10

// unfilledPart of the limit is the most that working reservations leave to the
// floors of spilling ones.
const unfilledPart = 4

// floorsOfQuery is how many floors a query's part of the limit is enough for.
const floorsOfQuery = 4

// promisedPart of the limit is the most that promises and what those hold that
// they were made to keep from spilling reservations.
const promisedPart = 2

// See Part.
const (
	partNum, partDen = 5, 8
	partRest         = 4 << 20
)

// maxFloor keeps the sum of floors far from overflow.
const maxFloor = 1 << 48

// faultFunc is the test hook of [Budget.SetFault].
type faultFunc func(tag string, n int64) bool

// Budget is the memory limit of a database and the count of what is in use, or
// the view of it that one query has (ForQuery). All methods are safe for
// concurrent use.
type Budget struct {
	*state
	query *account // nil: the database's own
}

// account is what the reservations of one query hold together.
type account struct {
	used     atomic.Int64
	spilling atomic.Int32 // open spilling reservations
	parts    atomic.Int32 // the same, and those with a promise
	expected atomic.Int32 // see Expect; 0: unknown
	ctx      atomic.Pointer[context.Context]
}

// state is what all views of a budget share.
type state struct {
	limit    atomic.Int64
	used     atomic.Int64
	peak     atomic.Int64
	unfilled atomic.Int64 // sum of max(0, floor − held) over spilling reservations
	promised atomic.Int64 // sum of max(0, promise − held) over working ones
	kept     atomic.Int64 // sum of held over reservations with a promise
	floors   atomic.Int64 // sum of floors of spilling reservations
	yielding atomic.Int64 // sum of held over reservations that give way
	queries  atomic.Int32 // accounts with open spilling reservations
	parts    atomic.Int32 // the same, and those with a promise
	spillCap atomic.Int64 // -1 = off
	chance   atomic.Pointer[chance]
	fault    atomic.Pointer[faultFunc]

	workers atomic.Pointer[Workers]
	waiters atomic.Int32  // calls of Grow that wait
	waiting atomic.Int64  // bytes they wait for
	moves   atomic.Uint64 // times that memory came back while somebody waited
	line

	mu   sync.Mutex
	open map[*Reservation]struct{} // guarded by mu
}

// New makes a budget of limitBytes; a negative limit means none.
func New(limitBytes int64) *Budget {
	b := &Budget{state: &state{open: make(map[*Reservation]struct{})}}
	b.spillCap.Store(-1)
	b.SetLimit(limitBytes)
	return b
}

// ForQuery returns a view of the budget for one query: what is reserved through it
// is fair between queries, too. Everything else it says is about the whole budget.
func (b *Budget) ForQuery() *Budget { return &Budget{state: b.state, query: &account{}} }

// Expect says that the query of this view has n more operators that may hold much,
// at whatever time. Before the first call it is taken to have many.
func (b *Budget) Expect(n int) {
	if b.query != nil {
		b.query.expected.Add(int32(n))
	}
}

// quota is what one of the queries that can spill may hold while others do, too.
func (b *Budget) quota() int64 {
	return b.Limit() / quotaDen * quotaNum / int64(max(b.queries.Load(), 1))
}

// Limit returns the limit in bytes, math.MaxInt64 when there is none.
func (b *Budget) Limit() int64 { return b.limit.Load() }

// SetLimit changes the limit; negative means none. What is in use above a new,
// lower limit stays in use, and nothing is granted until it was given back.
func (b *Budget) SetLimit(limitBytes int64) {
	if limitBytes < 0 {
		limitBytes = math.MaxInt64
	}
	b.limit.Store(limitBytes)
}

// Used returns the bytes held by all reservations.
func (b *Budget) Used() int64 { return b.used.Load() }

// Free returns how many bytes are left, those included that would give way.
func (b *Budget) Free() int64 { return b.Limit() - b.Used() + max(b.yielding.Load(), 0) }

// Peak returns the highest Used since New or ResetPeak.
func (b *Budget) Peak() int64 { return b.peak.Load() }

// ResetPeak starts a new measurement of Peak at the present Used.
func (b *Budget) ResetPeak() { b.peak.Store(b.used.Load()) }

// SetSpillCap makes TryGrow refuse any spilling reservation more than bytes,
// even below its floor, so that operators spill early; -1 switches it off.
// Grow is not affected: with a cap of 0 operators still finish.
func (b *Budget) SetSpillCap(bytes int64) {
	if bytes < 0 {
		bytes = -1
	}
	b.spillCap.Store(bytes)
}

// chance refuses every other request, by a seed.
type chance struct {
	seed  uint64
	count atomic.Uint64
}

// SetSpillSeed makes TryGrow refuse about half of what spilling reservations ask
// for, even below their floor: which requests, follows from the seed and their
// order. 0 switches it off. Grow is not affected.
func (b *Budget) SetSpillSeed(seed uint64) {
	if seed == 0 {
		b.chance.Store(nil)
		return
	}
	b.chance.Store(&chance{seed: seed})
}

// refuses decides the next request.
func (c *chance) refuses() bool {
	x := c.seed + c.count.Add(1)*0x9e3779b97f4a7c15
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	return x>>63 != 0
}

// SetFault installs a test hook that is asked before every request, by TryGrow
// and by Grow, from whatever goroutine makes it; when it returns true the
// request is refused. nil removes it.
func (b *Budget) SetFault(refuse func(tag string, n int64) bool) {
	if refuse == nil {
		b.fault.Store(nil)
		return
	}
	f := faultFunc(refuse)
	b.fault.Store(&f)
}

// Reserve opens a working reservation, holding nothing yet. The tag names its
// purpose in errors and in Holders ("parquet pages"). The caller closes it.
func (b *Budget) Reserve(tag string) *Reservation {
	return b.register(&Reservation{b: b, tag: tag})
}

// ReserveWorking is Reserve for memory that will be wanted later: Promise with
// promisedBytes.
func (b *Budget) ReserveWorking(tag string, promisedBytes int64) *Reservation {
	r := b.register(&Reservation{b: b, tag: tag, promises: true})
	r.Promise(promisedBytes)
	return r
}

// ReserveSpilling opens a reservation for an operator that can spill, holding
// nothing yet. floorBytes is what it needs to work at all at a bearable speed,
// of which a small budget grants less; the package comment has the rule. The
// caller closes it.
func (b *Budget) ReserveSpilling(tag string, floorBytes int64) *Reservation {
	rest := max(b.Limit()-b.floors.Load()-b.bound(), 0)
	floor := min(max(floorBytes, 0), maxFloor, b.Limit()/floorPart, b.quota()/floorsOfQuery, rest/floorRest)
	r := &Reservation{b: b, tag: tag, floor: floor, spilling: true}
	b.floors.Add(r.floor)
	b.unfilled.Add(r.floor)
	return b.register(r)
}

// ReserveYielding is ReserveSpilling for memory that its owner can move to disk at
// any moment, whoever needs it: rows of a table. giveWay is called, from whatever
// goroutine asks for memory that is not there, to free about n bytes; it returns
// how many it freed and shrinks the reservation by them. It must not ask this
// budget for memory, nor take a lock that somebody may hold who does.
func (b *Budget) ReserveYielding(tag string, floorBytes int64, giveWay func(n int64) int64) *Reservation {
	floor := min(max(floorBytes, 0), maxFloor, b.Limit()/floorPart)
	r := &Reservation{b: b, tag: tag, floor: floor, spilling: true, giveWay: giveWay}
	b.floors.Add(r.floor)
	b.unfilled.Add(r.floor)
	return b.register(r)
}

// makeRoom asks those who give way for n bytes, the largest first, and returns
// how many were freed.
func (b *Budget) makeRoom(n int64) int64 {
	if b.yielding.Load() <= 0 {
		return 0
	}
	b.mu.Lock()
	var rs []*Reservation
	for r := range b.open {
		if r.giveWay != nil && r.Held() > 0 {
			rs = append(rs, r)
		}
	}
	b.mu.Unlock()
	slices.SortFunc(rs, func(x, y *Reservation) int {
		return cmp.Or(cmp.Compare(y.Held(), x.Held()), cmp.Compare(x.tag, y.tag))
	})
	freed := int64(0)
	for _, r := range rs {
		if freed >= n {
			break
		}
		freed += r.giveWay(n - freed)
	}
	return freed
}

func (b *Budget) register(r *Reservation) *Reservation {
	r.query = b.query
	if r.isOfQuery() && r.query.spilling.Add(1) == 1 {
		b.queries.Add(1)
	}
	if r.hasPart() && r.query.parts.Add(1) == 1 {
		b.parts.Add(1)
	}
	b.mu.Lock()
	b.open[r] = struct{}{}
	b.mu.Unlock()
	return r
}

// take adds n > 0 to used unless that would exceed the limit, and returns the
// new used.
func (b *Budget) take(n int64) (int64, bool) {
	for {
		used := b.used.Load()
		if n > b.limit.Load()-used {
			return 0, false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return used + n, true
		}
	}
}

// storeMax raises a to v.
func storeMax(a *atomic.Int64, v int64) {
	for {
		old := a.Load()
		if v <= old || a.CompareAndSwap(old, v) {
			return
		}
	}
}

// Holder is one open reservation as Holders shows it.
type Holder struct {
	Tag      string
	Held     int64 // bytes held now
	Peak     int64 // highest Held so far
	Floor    int64 // or what is promised; 0 without either
	Spilling bool
}

// Holders lists the open reservations, the largest first, equal ones by tag.
func (b *Budget) Holders() []Holder {
	b.mu.Lock()
	hs := make([]Holder, 0, len(b.open))
	for r := range b.open {
		hs = append(hs, Holder{Tag: r.tag, Held: r.Held(), Peak: r.Peak(), Floor: max(r.floor, r.promise.Load()), Spilling: r.spilling})
	}
	b.mu.Unlock()
	slices.SortFunc(hs, func(x, y Holder) int {
		return cmp.Or(cmp.Compare(y.Held, x.Held), cmp.Compare(x.Tag, y.Tag), cmp.Compare(y.Peak, x.Peak))
	})
	return hs
}
