package window

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
)

// reader reads parts, chunks and ranges for one worker.
type reader struct {
	s      *source
	w      *Window
	calls  []caller
	frame  frames
	before frames // of the row before a chunk

	cur      claim
	open     bool // cur is not done
	making   bool // cur may become other jobs
	entering bool // other ranges may wait for that of cur
	sec      *section
	at, to   int  // indices of the next row and of the end
	far      *far // of a part in ranges; nil: sec is all of the part
	b        batch
}

// batch is a chunk of rows that calls are computed for.
type batch struct {
	s    *section
	far  *far // the other ranges of the part; nil: there are none
	call *function.WinCall
	// turns: other workers compute other chunks of s, of which this is one.
	turns  bool
	number int64
}

// caller computes one call, chunk by chunk of a section.
type caller interface {
	// begin comes before the first chunk that the worker computes of a section.
	begin(ctx context.Context, s *section) error
	// eval computes the results of the rows of b. They follow those of the last
	// call, unless b has turns.
	eval(ctx context.Context, b *batch, out *vector.Vector) error
	// end releases what the worker took. Idempotent.
	end()
}

var _ operators.SourceLocal = (*reader)(nil)

func newReader(s *source) *reader {
	r := &reader{s: s, w: s.w}
	r.frame.w, r.before.w = r.w, r.w
	for i := range r.w.plan.Calls {
		c := &r.w.plan.Calls[i]
		switch {
		case c.Fn != nil:
			r.calls = append(r.calls, newPositional(r.w, i))
		case c.ranks():
			r.calls = append(r.calls, newRanked(r.w, i))
		default:
			r.calls = append(r.calls, newAggregate(r.w, i))
		}
	}
	return r
}

// NextMorsel implements operators.SourceLocal.
func (r *reader) NextMorsel(ctx context.Context) (int64, bool, error) {
	for {
		r.finish()
		if err := sqlerr.FromContext(ctx); err != nil {
			return 0, false, err
		}
		c, ok := r.s.next()
		if !ok {
			r.leave()
			return 0, false, nil
		}
		r.cur, r.open = c, true
		what, err := r.prepare(ctx, c)
		switch {
		case err != nil:
			return 0, false, err
		case what == ready:
			return c.batch, true, nil
		case what == yielded:
			r.leave()
			return 0, false, nil
		}
	}
}

// outcome is what became of a piece of work.
type outcome int

const (
	ready   outcome = iota
	yielded         // left to the other workers
	divided         // into smaller ones
)

func (r *reader) prepare(ctx context.Context, c claim) (outcome, error) {
	if c.huge != nil {
		return r.prepareRange(ctx, c)
	}
	r.drop()
	if c.whole != nil {
		w := c.whole
		r.sec = w.s
		r.at = c.piece * w.size
		r.to = min(r.at+w.size, w.s.n)
		r.b.turns, r.b.number = true, int64(c.piece)
		return ready, r.begin(ctx)
	}
	return r.preparePart(ctx, c)
}

// preparePart loads a part. When it does not fit, it is left to another worker or
// divided.
func (r *reader) preparePart(ctx context.Context, c claim) (outcome, error) {
	rp := c.partition()
	r.making = true
	for attempt := 0; ; attempt++ {
		sec, ok, err := r.w.loadPart(ctx, rp, nil)
		if err != nil {
			return 0, err
		}
		if ok {
			r.sec, r.at, r.to = sec, 0, sec.n
			r.b.turns = false
			err = r.begin(ctx)
			if err == nil {
				r.making = false
				r.s.made()
				return ready, nil
			}
			r.release()
			_, can := r.w.needs()
			if !sqlerr.Is(err, sqlerr.CodeOutOfMemory) || attempt > 0 && !can {
				return 0, err
			}
		}
		if r.s.yield(c) {
			r.open, r.making = false, false
			return yielded, nil
		}
		if attempt > 0 {
			break
		}
		if err := r.w.makeRoom(ctx, 1<<62); err != nil {
			return 0, err
		}
	}
	if len(r.w.plan.Partition) > 0 && c.set.Divisible() {
		sub, err := c.set.Repartition(ctx, c.index, 3)
		if err != nil {
			return 0, err
		}
		r.open, r.making = false, false
		r.s.done(c, r.w.live.Read(sub, true))
		return divided, nil
	}
	h, err := r.w.divide(ctx, rp)
	if err != nil {
		return 0, err
	}
	r.open, r.making = false, false
	r.s.spread(c, h)
	return divided, nil
}

// prepareRange loads a range of a part that does not fit into memory, and finds
// out what comes before it.
func (r *reader) prepareRange(ctx context.Context, c claim) (outcome, error) {
	h := c.huge
	if r.far == nil || r.far.h != h {
		r.drop()
		r.far = newFar(h)
	}
	r.far.here = c.piece
	r.far.done()
	r.entering = true
	sec, ok, err := r.far.load(ctx, c.piece)
	if err == nil && !ok {
		r.far.forget()
		if err = r.w.makeRoom(ctx, h.ranges[c.piece].bytes()); err == nil {
			sec, ok, err = r.far.load(ctx, c.piece)
		}
	}
	if err == nil && !ok {
		if r.s.yield(c) {
			r.open, r.entering = false, false
			return yielded, nil
		}
		sec, err = r.far.need(ctx, c.piece)
	}
	if err == nil {
		ok, err = h.enter(ctx, r, c.piece, sec)
	}
	if err != nil {
		return 0, err
	}
	if !ok {
		// A range before was left by the worker that had it: it comes first.
		r.far.forget()
		r.open, r.entering = false, false
		r.s.again(c)
		return divided, nil
	}
	r.entering = false
	r.sec, r.at, r.to = sec, 0, sec.n
	r.b.turns = false
	if err := r.begin(ctx); err != nil {
		return 0, err
	}
	h.seed(r, c.piece)
	return ready, nil
}

func (r *reader) begin(ctx context.Context) error {
	for _, c := range r.calls {
		if err := c.begin(ctx, r.sec); err != nil {
			return err
		}
	}
	return nil
}

// release gives up the section, unless others hold it.
func (r *reader) release() {
	if r.sec != nil && r.far == nil && r.cur.whole == nil {
		r.sec.close()
	}
	r.sec = nil
}

// leave gives up what the worker took for good.
func (r *reader) leave() {
	r.drop()
	for _, c := range r.calls {
		c.end()
	}
}

// drop gives up the ranges of another part.
func (r *reader) drop() {
	if r.far != nil {
		r.far.close()
		r.far = nil
	}
}

// finish gives up the present work.
func (r *reader) finish() {
	if r.sec != nil && r.b.turns {
		for i := range r.sec.shares {
			r.sec.shares[i].turns.fail(r.b.number)
		}
	}
	if r.sec != nil && r.far != nil {
		r.cur.huge.leave(r, r.cur.piece, r.at == r.to)
	}
	r.release()
	if r.making {
		r.making = false
		r.s.made()
	}
	if r.entering {
		r.entering = false
		r.cur.huge.fail()
	}
	if r.open {
		r.open = false
		if r.far != nil && (!r.far.h.needs.far || r.far.h.exhausted()) {
			r.far.forget()
		}
		r.s.done(r.cur, nil)
	}
	r.cur = claim{}
}

// Next implements operators.SourceLocal. Strings in out refer to pages that
// stay until the next call.
func (r *reader) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return false, err
	}
	s := r.sec
	if s == nil || r.at == r.to {
		return false, nil
	}
	n := min(max(r.w.env.FillLimit, 1), vector.Capacity, r.to-r.at)
	from, to := r.at, r.at+n
	rows, bufs := s.rows[from:to], s.loaded.Bufs()
	kept := len(r.w.plan.Output)
	for i, c := range r.w.plan.Output {
		v := out.Cols[i]
		v.Type = r.w.types[i]
		v.Resize(n)
		r.w.rows.Layout.Gather(c, rows, bufs, v, nil)
	}
	r.frame.begin(ctx, s, r.far, from, to)
	if r.b.turns && from > 0 {
		r.before.begin(ctx, s, nil, from-1, from)
	}
	r.b.s, r.b.far, r.b.call = s, r.far, &r.frame.call
	for i, c := range r.calls {
		call := &r.w.plan.Calls[i]
		r.frame.call.Frames = nil
		if r.far != nil {
			r.far.done()
		}
		if call.Agg != nil || call.Fn.UsesFrame || len(call.Order) > 0 {
			if err := r.frame.compute(&call.Frame); err != nil {
				return false, err
			}
		}
		if a, ok := c.(*aggregate); ok && r.b.turns {
			a.started = false
			if from > 0 && call.follows() {
				if err := r.before.compute(&call.Frame); err != nil {
					return false, err
				}
				f := &r.before.call.Frames[0]
				a.started, a.lastStart, a.lastEnd = true, f.Start[0], f.End[0]
			}
		}
		v := out.Cols[kept+i]
		v.Type = r.w.types[kept+i]
		v.Resize(n)
		if err := c.eval(ctx, &r.b, v); err != nil {
			return false, err
		}
	}
	r.at = to
	out.Len, out.Sel = n, nil
	return true, nil
}

// Close implements operators.SourceLocal.
func (r *reader) Close() {
	r.finish()
	r.leave()
}
