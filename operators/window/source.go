package window

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// source reads a finalized Window. A morsel is a part of the rows.
type source struct {
	w    *Window
	once sync.Once

	mu    sync.Mutex
	todo  []part // guarded by mu
	busy  int    // workers that hold a section; guarded by mu
	batch int64  // guarded by mu
}

// part is a partition of a row set.
type part struct {
	set   *partSet
	index int
}

// partSet is a set whose parts are being read. Sets other than the Window's own
// are closed after their last part.
type partSet struct {
	*rowset.Set
	own  bool
	left int // parts not yet finished; guarded by source.mu
}

var _ operators.Source = (*source)(nil)

// Source returns the source of rows and results. It may be called once, and
// used after Finalize. The Window is closed after the source.
func (w *Window) Source() operators.Source { return &source{w: w} }

// Types implements operators.Source.
func (s *source) Types() []types.Type { return s.w.types }

func (s *source) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.push(&partSet{Set: s.w.set})
}

// push adds the parts of a set that have rows. mu is held.
func (s *source) push(set *partSet) {
	for i := set.Partitions() - 1; i >= 0; i-- {
		if set.Partition(i).NumRows() > 0 {
			s.todo = append(s.todo, part{set, i})
			set.left++
		}
	}
	if set.left == 0 && set.own {
		set.Close()
		return
	}
	s.w.enlist(set.Set)
}

// Workers implements operators.Source.
func (s *source) Workers() int {
	if !s.w.sealed.Load() {
		return s.w.env.Threads // a guess, before Finalize
	}
	s.once.Do(s.start)
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(min(s.w.env.Threads, len(s.todo)), 1)
}

// NewLocal implements operators.Source.
func (s *source) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	s.once.Do(s.start)
	return newReader(s), nil
}

// Close implements operators.Source.
func (s *source) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.todo {
		s.w.retire(p.set.Set)
		if p.set.own {
			p.set.Close()
		}
	}
	s.todo = nil
}

// next takes a part.
func (s *source) next() (part, int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.todo) == 0 {
		return part{}, 0, false
	}
	p := s.todo[len(s.todo)-1]
	s.todo = s.todo[:len(s.todo)-1]
	s.batch++
	s.busy++
	return p, s.batch - 1, true
}

// yield puts a part back for the others, if there are any at work: they give
// up memory soon and come for it.
func (s *source) yield(p part) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy < 2 {
		return false
	}
	s.busy--
	s.todo = append(s.todo, p)
	return true
}

// done says that a part was read, or divided into those of sub.
func (s *source) done(p part, sub *partSet) {
	p.set.Partition(p.index).Drop()
	s.mu.Lock()
	s.busy--
	if sub != nil {
		s.push(sub)
	}
	p.set.left--
	last := p.set.left == 0
	s.mu.Unlock()
	if last {
		s.w.retire(p.set.Set)
	}
	if last && p.set.own {
		s.w.nested.Add(p.set.Stats().SpilledBytes)
		p.set.Close()
	}
}

// reader reads parts for one worker.
type reader struct {
	s     *source
	w     *Window
	calls []caller
	frame frames

	cur  part
	open bool
	sec  *section
	at   int   // next row
	huge *huge // of which sec is a section; nil: sec is the part
}

func newReader(s *source) *reader {
	r := &reader{s: s, w: s.w}
	r.frame.w = r.w
	for i := range r.w.plan.Calls {
		c := &r.w.plan.Calls[i]
		if c.Fn != nil {
			r.calls = append(r.calls, newPositional(r.w, c, r.w.orders[i]))
		} else if c.ranks() {
			r.calls = append(r.calls, newRanked(r.w, c, r.w.orders[i]))
		} else {
			r.calls = append(r.calls, newAggregate(r.w, c))
		}
	}
	return r
}

// caller computes one call, chunk by chunk of a section.
type caller interface {
	// begin comes before the first chunk of a section.
	begin(ctx context.Context, s *section) error
	// eval computes the results of the rows of p, which follow those of the
	// last call.
	eval(ctx context.Context, s *section, p *function.WinCall, out *vector.Vector) error
	// goOn comes before the first chunk of a section that goes on after one of n
	// rows, instead of begin.
	goOn(n int)
	// end releases what the section took. Idempotent.
	end()
}

// NextMorsel implements operators.SourceLocal.
func (r *reader) NextMorsel(ctx context.Context) (int64, bool, error) {
	for {
		r.finish()
		if err := sqlerr.FromContext(ctx); err != nil {
			return 0, false, err
		}
		p, batch, ok := r.s.next()
		if !ok {
			return 0, false, nil
		}
		r.cur, r.open = p, true
		what, err := r.prepare(ctx, p)
		switch {
		case err != nil:
			return 0, false, err
		case what == ready:
			return batch, true, nil
		case what == yielded:
			r.open = false
			return 0, false, nil
		}
	}
}

// outcome is what became of a part.
type outcome int

const (
	ready   outcome = iota
	yielded         // left to the other workers
	divided         // into smaller ones
)

// prepare loads a part. When it does not fit, it is left to another worker or
// divided.
func (r *reader) prepare(ctx context.Context, p part) (outcome, error) {
	rp := p.set.Partition(p.index)
	for attempt := 0; ; attempt++ {
		sec, ok, err := r.w.load(ctx, rp)
		if err != nil {
			return 0, err
		}
		if ok {
			r.sec, r.at = sec, 0
			err = r.begin(ctx)
			if err == nil {
				return ready, nil
			}
			r.release()
			if !sqlerr.Is(err, sqlerr.CodeOutOfMemory) || attempt > 0 {
				return 0, err
			}
		}
		if r.s.yield(p) {
			return yielded, nil
		}
		if attempt > 0 {
			break
		}
		if err := r.w.makeRoom(ctx, 1<<62); err != nil {
			return 0, err
		}
	}
	if p.set.Divisible() && r.w.rows.Layout.HasHash() {
		sub, err := p.set.Repartition(ctx, p.index, 3)
		if err != nil {
			return 0, err
		}
		r.open = false
		r.s.done(p, &partSet{Set: sub, own: true})
		return divided, nil
	}
	return r.prepareHuge(ctx, rp)
}

// prepareHuge divides a part by its order, if the calls allow that.
func (r *reader) prepareHuge(ctx context.Context, p *rowset.Partition) (_ outcome, err error) {
	rows, bytes := p.NumRows(), p.Bytes()
	if r.huge, err = r.w.divide(ctx, p); err != nil {
		return 0, err
	}
	if r.huge == nil {
		return 0, errHuge(rows, bytes)
	}
	if r.sec, err = r.huge.section(ctx, nil); err != nil {
		return 0, err
	}
	r.at = 0
	return ready, r.begin(ctx)
}

// goOn goes to the next section of a part that was divided by its order; false
// at its end.
func (r *reader) goOn(ctx context.Context) (bool, error) {
	before := r.sec
	if r.huge == nil || before == nil {
		return false, nil
	}
	n := before.n
	var err error
	if r.sec, err = r.huge.section(ctx, before); r.sec == nil || err != nil {
		return false, err
	}
	r.at = 0
	for _, c := range r.calls {
		c.goOn(n)
	}
	return true, nil
}

func (r *reader) begin(ctx context.Context) error {
	for _, c := range r.calls {
		if err := c.begin(ctx, r.sec); err != nil {
			return err
		}
	}
	return nil
}

// release gives up the section.
func (r *reader) release() {
	for _, c := range r.calls {
		c.end()
	}
	if r.sec != nil {
		r.sec.close()
		r.sec = nil
	}
}

// finish gives up the present part.
func (r *reader) finish() {
	r.release()
	if r.huge != nil {
		r.huge.close()
		r.huge = nil
	}
	if r.open {
		r.open = false
		r.s.done(r.cur, nil)
	}
}

// Next implements operators.SourceLocal. Strings in out refer to pages that
// stay until the next call.
func (r *reader) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return false, err
	}
	s := r.sec
	if s == nil {
		return false, nil
	}
	if r.at == s.n {
		if ok, err := r.goOn(ctx); !ok || err != nil {
			return false, err
		}
		s = r.sec
	}
	n := min(max(r.w.env.FillLimit, 1), vector.Capacity, s.n-r.at)
	from, to := r.at, r.at+n
	r.at = to
	rows, bufs := s.rows[from:to], s.loaded.Bufs()
	kept := len(r.w.plan.Output)
	for i, c := range r.w.plan.Output {
		v := out.Cols[i]
		v.Type = r.w.types[i]
		v.Resize(n)
		r.w.rows.Layout.Gather(c, rows, bufs, v, nil)
	}
	r.frame.begin(s, from, to)
	for i, c := range r.calls {
		call := &r.w.plan.Calls[i]
		r.frame.call.Frames = nil
		if call.Agg != nil || call.Fn.UsesFrame || len(call.Order) > 0 {
			if err := r.frame.compute(&call.Frame); err != nil {
				return false, err
			}
		}
		v := out.Cols[kept+i]
		v.Type = r.w.types[kept+i]
		v.Resize(n)
		if err := c.eval(ctx, s, &r.frame.call, v); err != nil {
			return false, err
		}
		if r.huge != nil && from == 0 && call.Fn != nil && call.Fn.Name == "lag" {
			r.huge.lagOver(call, s, v)
		}
	}
	out.Len, out.Sel = n, nil
	return true, nil
}

// Close implements operators.SourceLocal.
func (r *reader) Close() { r.finish() }
