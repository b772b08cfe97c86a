package budget

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

const (
	// waitTick is how often a waiter looks around: what it waits for wakes it
	// earlier.
	waitTick = 10 * time.Millisecond
	// stuckTicks is for how many ticks in a row all workers must wait before a
	// waiter takes it that nobody is able to give. Readers of other queries may
	// still be about to: they get more.
	stuckTicks, readerTicks = 4, 100
	// quietTicks is for how many ticks nothing must come back before a waiter asks
	// everybody.
	quietTicks = 1
	// patience is how long a waiter looks on while others work and give nothing
	// back.
	patience = 20 * time.Second
	// stepPart of the limit is the least that a holder is asked for: giving means
	// writing, and a page at a time would be many small writes.
	stepPart = 64
)

// Workers is what a budget has to know of those that run the tasks of queries:
// one that waits for memory must not keep others from giving it back.
type Workers interface {
	// Pause says that the calling goroutine is about to wait. Another worker may
	// run tasks in its place until resume is called.
	Pause() (resume func())
	// Stuck reports whether all workers wait and no task waits for a worker.
	Stuck() bool
	// Relieve lets tasks that wait for others of their query, without a worker, give
	// what is Wanted of their reservations, in the calling goroutine.
	Relieve()
}

// SetWorkers lets those that wait for memory pause their worker. Without, nobody
// waits. It is called before the first query.
func (b *Budget) SetWorkers(w Workers) { b.workers.Store(&w) }

// Bind makes ctx end what the query of this view waits for. Before it, and in a
// view that is no query's, nobody waits.
func (b *Budget) Bind(ctx context.Context) {
	if b.query != nil {
		b.query.ctx.Store(&ctx)
	}
}

// Attend says that a worker looks at Wanted between two chunks, and spills; Leave
// that it does no more. There may be several.
func (r *Reservation) Attend() { r.attending.Add(1) }

// Leave ends what Attend began.
func (r *Reservation) Leave() { r.attending.Add(-1) }

// Wanted returns how many bytes others ask of this reservation, almost always 0.
// Workers that attend look at it between two chunks and shrink the reservation by
// about as much, in their own goroutine; Shrink counts it down.
func (r *Reservation) Wanted() int64 { return r.wanted.Load() }

// Gives names a function that moves state to disk which no worker is using, and
// returns how many bytes that freed. Whoever cannot go on without memory calls it,
// from its own goroutine, also under locks of its own. So it must not take a lock
// that somebody may hold who asks for memory or waits for its worker, not even
// its operator's (use TryLock), nor ask for memory itself beyond TryGrowIdle. It
// may be called while the reservation's owner works, and until Close returns.
func (r *Reservation) Gives(give func(n int64) int64) {
	r.give.Store(&give)
}

// short is called when a request was refused for the sake of others. Those that
// have more than their part are asked to give when this reservation has less than
// its floor, or its query less than half of its part. It reports whether something
// was freed at once.
func (r *Reservation) short(n int64) bool {
	b := r.b
	needy := r.Held()+n <= max(r.floor, r.promise.Load())
	poor := r.isOfQuery() && b.queries.Load() > 1 && r.query.used.Load()+n <= b.quota()/2
	if !needy && !poor {
		return false
	}
	if needy {
		return r.ask(n, aboveFloor) > 0
	}
	return r.ask(n, abovePart) > 0
}

// press is called before a spilling reservation takes n bytes whatever its share. Where
// that is memory which somebody was promised, those that have more than their floor
// are asked to give as much back, the reservation's own workers included.
func (r *Reservation) press(n int64) {
	b := r.b
	owed := b.owed()
	if owed == 0 || b.used.Load()+n <= b.limit.Load()-owed {
		return
	}
	if r.attending.Load() > 0 && r.Held() > r.floor {
		storeMax(&r.wanted, n)
	}
	r.ask(n, aboveFloor)
}

// urgency says who is asked for memory.
type urgency uint8

const (
	abovePart  urgency = iota // queries that have more than their part
	aboveFloor                // those that have more than their floor
	everybody                 // floors do not count either: nobody else has any
)

// ask turns to those that can give, those with the most above their part first:
// what no worker uses is freed at once, workers are told what is wanted. It returns
// how many bytes were freed.
func (r *Reservation) ask(n int64, how urgency) (freed int64) {
	want := max(n, r.b.Limit()/stepPart)
	for _, h := range r.holders(how) {
		if want <= 0 || freed >= n {
			break
		}
		if g := h.give.Load(); g != nil {
			k := (*g)(want)
			freed += k
			want -= k
		}
		if want > 0 && h.attending.Load() > 0 {
			storeMax(&h.wanted, want)
			want -= h.spare(how) // the next one is asked for the rest
		}
	}
	return freed
}

// spare is how much the reservation may be asked for.
func (r *Reservation) spare(how urgency) int64 {
	switch {
	case how == everybody:
		return r.Held() - r.least.Load()
	case r.spilling:
		return r.Held() - r.floor
	}
	return r.Held() - max(r.b.Part(), r.least.Load()) // buffers, less of which makes slow
}

// Keeps says how much of what the reservation holds nobody can have, so that it is
// not asked for that.
func (r *Reservation) Keeps(n int64) { r.least.Store(n) }

// holders lists the reservations that can give, those with the most above their
// part first: between queries what the query has above its part of the limit
// counts, within a query what the reservation can spare.
func (r *Reservation) holders(how urgency) []*Reservation {
	b := r.b
	quota := b.quota()
	type holder struct {
		r            *Reservation
		over, excess int64
	}
	var hs []holder
	b.mu.Lock()
	for x := range b.open {
		if x == r || x.attending.Load() <= 0 && x.give.Load() == nil {
			continue
		}
		h := holder{r: x, excess: x.spare(how)}
		if x.query != nil && x.query != r.query {
			h.over = max(x.query.used.Load()-quota, 0)
		}
		if h.excess <= 0 || how == abovePart && h.over == 0 {
			continue
		}
		hs = append(hs, h)
	}
	b.mu.Unlock()
	slices.SortFunc(hs, func(x, y holder) int {
		return cmp.Or(cmp.Compare(y.over, x.over), cmp.Compare(y.excess, x.excess), cmp.Compare(x.r.tag, y.r.tag))
	})
	out := make([]*Reservation, len(hs))
	for i, h := range hs {
		out[i] = h.r
	}
	return out
}

// wait is the end of a Grow that was refused: it asks others to give and waits
// until there is memory, nobody is left who could give any, or the query ends.
//
// relieve, when there is one, gives what the caller's own worker holds, as long as
// others ask for it: nobody else can while the worker waits here.
func (r *Reservation) wait(n int64, relieve func() error) error {
	b := r.b
	if n > b.Limit() || r.held.Load() < 0 {
		return r.refusal(n)
	}
	if r.growFrom(n, aboveFloor) {
		return nil
	}
	workers, ctx := b.workers.Load(), r.context()
	if workers == nil || ctx == nil || r.attending.Load() < 2 && !b.othersHold(r, true) {
		if r.growFrom(n, everybody) {
			return nil
		}
		return r.refusal(n)
	}
	resume := (*workers).Pause()
	defer func() { resume() }()
	b.waiters.Add(1)
	b.waiting.Add(n)
	defer func() {
		b.waiting.Add(-n)
		b.waiters.Add(-1)
	}()
	turn := b.turns.Add(1)
	b.inLine(turn)
	defer b.outOfLine(turn)
	tick := time.NewTicker(waitTick)
	defer tick.Stop()
	moves, still, quiet, since := b.moves.Load(), 0, 0, time.Now()
	for {
		freed := b.freedSignal()
		if r.grow(n, false) {
			return nil
		}
		if r.held.Load() < 0 {
			return r.refusal(n)
		}
		select {
		case <-ctx.Done():
			return sqlerr.FromContext(ctx)
		case <-freed:
		case <-tick.C:
			how := aboveFloor
			if quiet++; quiet > quietTicks {
				how = everybody
			}
			r.ask(n, how)
			if how != everybody {
				break
			}
			if r.attending.Load() > 0 && r.spare(everybody) > 0 {
				storeMax(&r.wanted, n) // of what its other workers hold
			}
			resume() // it works, and may wait itself
			(*workers).Relieve()
			var err error
			if relieve != nil {
				err = relieve()
			}
			resume = (*workers).Pause()
			if err != nil {
				return err
			}
		}
		if m := b.moves.Load(); m != moves {
			moves, still, quiet, since = m, 0, 0, time.Now()
			continue
		}
		if !(*workers).Stuck() {
			still = 0
			if time.Since(since) > patience {
				return r.refusal(n)
			}
			continue
		}
		// All wait. The one that came last gives up, so that the others go on
		// with what its query gives back.
		still++
		if b.lastInLine(turn) && (still >= readerTicks || still >= stuckTicks && !b.othersHold(r, false)) {
			return r.refusal(n)
		}
	}
}

// growFrom asks for as long as that frees something and is not enough.
func (r *Reservation) growFrom(n int64, how urgency) bool {
	for r.ask(n, how) > 0 {
		if r.grow(n, false) {
			return true
		}
	}
	return false
}

// context is what ends waiting; nil: nobody waits.
func (r *Reservation) context() context.Context {
	if r.query == nil {
		return nil
	}
	if c := r.query.ctx.Load(); c != nil {
		return *c
	}
	return nil
}

// othersHold reports whether other queries, or with all others of this one, hold
// memory, which will come back.
func (b *Budget) othersHold(r *Reservation, all bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for x := range b.open {
		if x != r && x.query != nil && (all || x.query != r.query) && x.Held() > 0 {
			return true
		}
	}
	return false
}

// line is who waits, by when it came, and the signal that they wait for.
type line struct {
	turns  atomic.Uint64
	in     []uint64      // guarded by state.mu
	signal chan struct{} // closed when memory came back; nil: nobody listens; guarded by state.mu
}

func (b *Budget) inLine(turn uint64) {
	b.mu.Lock()
	b.in = append(b.in, turn)
	b.mu.Unlock()
}

func (b *Budget) outOfLine(turn uint64) {
	b.mu.Lock()
	if i := slices.Index(b.in, turn); i >= 0 {
		b.in = slices.Delete(b.in, i, i+1)
	}
	b.mu.Unlock()
}

func (b *Budget) lastInLine(turn uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return turn == slices.Max(b.in)
}

// freedSignal returns a channel that is closed when memory comes back after the
// call.
func (b *Budget) freedSignal() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.signal == nil {
		b.signal = make(chan struct{})
	}
	return b.signal
}

// freed tells those that wait that memory came back.
func (s *state) freed() {
	if s.waiters.Load() == 0 {
		return
	}
	s.moves.Add(1)
	s.mu.Lock()
	if s.signal != nil {
		close(s.signal)
		s.signal = nil
	}
	s.mu.Unlock()
}

// served counts down what is wanted when n bytes were given back.
func (r *Reservation) served(n int64) {
	for {
		w := r.wanted.Load()
		if w <= 0 || r.wanted.CompareAndSwap(w, max(w-n, 0)) {
			return
		}
	}
}
