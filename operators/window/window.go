package window

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// floorBytes is what a window may hold in any case: a page for each of 16
// parts.
const floorBytes = 4 << 20

// Window is the sink of window functions and, once finalized, has their
// source.
type Window struct {
	env   *operators.Env
	plan  Plan
	types []types.Type
	rows  *sortkey.Rows // keys of partitions and order
	// orders are the keys of ORDER BY within the arguments of calls, by call.
	orders []*sortkey.Rows
	stored *sortkey.Rows // all keys of rows and orders
	// bounds encode the offset columns of RANGE frames like the order key; by
	// column.
	bounds map[int]*sortkey.Encoder
	// ordinal is the offset of a row's number in the order of the input.
	ordinal   uintptr
	byOrdinal bool // it orders rows that are equal in all keys
	// group is the offset of a row's group of top; 0 without.
	group uintptr

	mu     sync.Mutex
	mem    *budget.Reservation // pages; nil before first use; guarded by mu
	work   *budget.Reservation // sections; as mem
	set    *rowset.Set         // as mem
	closed bool                // guarded by mu

	wholes map[int]*section // parts that are sorted already; nil once taken

	// inRanges: rows have no partitions; they are divided by their order when memory
	// is refused.
	inRanges bool
	division division
	ranges   *huge // what became of it; nil: all rows are in memory, or once taken

	live   rowset.Live // the sets whose parts wait to be read
	sealed atomic.Bool // Finalize is done
	stats  Stats       // at Close; guarded by mu
}

var _ operators.Sink = (*Window)(nil)

// New makes a window. It reserves no memory. Errors: 54011 when rows are too
// wide.
func New(env *operators.Env, plan Plan) (*Window, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	plan.Calls = slices.Clone(plan.Calls)
	for i := range plan.Calls {
		plan.Calls[i].Frame.simplify(len(plan.Order) == 0)
	}
	var keys []sortkey.Key
	for _, c := range plan.Partition {
		keys = append(keys, sortkey.Key{Col: c})
	}
	keys = append(keys, plan.Order...)
	ts := append(append([]types.Type{}, plan.Input...), types.Of(types.UBigInt))
	limited := plan.limited()
	if limited {
		ts = append(ts, types.Of(types.UBigInt))
	}
	own := len(keys)
	for i := range plan.Calls {
		keys = append(keys, plan.Calls[i].orderKeys()...)
	}
	w := &Window{env: env, plan: plan, types: plan.Types(), bounds: map[int]*sortkey.Encoder{}}
	_, w.inRanges = w.needs()
	w.inRanges = w.inRanges && len(plan.Partition) == 0
	rows, err := sortkey.NewRows(ts, keys, rowfmt.Options{Hash: w.inRanges || len(plan.Partition) > 0})
	if err != nil {
		return nil, err
	}
	w.stored = rows
	w.rows = someKeys(rows, 0, own)
	for i := range plan.Calls {
		n := len(plan.Calls[i].orderKeys())
		w.orders = append(w.orders, someKeys(rows, own, own+n))
		own += n
	}
	w.ordinal = rows.Layout.ColOffset(len(plan.Input))
	if limited {
		w.group = rows.Layout.ColOffset(len(plan.Input) + 1)
	}
	w.byOrdinal = plan.needsOrdinals()
	for i := range plan.Calls {
		f := &plan.Calls[i].Frame
		for _, b := range []Bound{f.Start, f.End} {
			if !f.offsetBound(b) || w.bounds[b.Offset] != nil {
				continue
			}
			k := plan.Order[0]
			k.Col = b.Offset
			enc, _, err := sortkey.NewEncoders(ts, []sortkey.Key{k})
			if err != nil {
				return nil, err
			}
			w.bounds[b.Offset] = &enc[0]
		}
	}
	return w, nil
}

// someKeys is r with the keys from to to-1 only.
func someKeys(r *sortkey.Rows, from, to int) *sortkey.Rows {
	out := &sortkey.Rows{Layout: r.Layout}
	if from == to {
		return out
	}
	first := r.Keys[from].First
	for _, k := range r.Keys[from:to] {
		k.First -= first
		out.Keys = append(out.Keys, k)
	}
	last := &r.Keys[to-1]
	out.Words = r.Words[first : last.First+last.Words]
	return out
}

// Types lists the output columns: those of the input that come out, then the
// results.
func (w *Window) Types() []types.Type { return w.types }

// Stats is what a window did.
type Stats struct {
	PeakBytes, SpilledBytes int64
}

// Stats returns what the window did so far.
func (w *Window) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current()
}

// current needs mu.
func (w *Window) current() Stats {
	if w.mem == nil || w.closed {
		return w.stats
	}
	return Stats{PeakBytes: w.mem.Peak() + w.work.Peak(), SpilledBytes: w.set.Stats().SpilledBytes + w.live.ClosedBytes()}
}

// open makes reservations and set at the first use.
func (w *Window) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mem != nil || w.closed {
		return
	}
	w.mem = w.env.Budget.ReserveSpilling("window", floorBytes)
	w.work = w.env.Budget.ReserveWorking("window section", floorBytes)
	cfg := rowset.Config{Layout: w.rows.Layout, Pool: w.env.Pool, Mem: w.mem, Spill: w.env.Spill, Tag: "window"}
	if w.inRanges {
		// Divided when it must be, into as many ranges as there is memory to fill.
		cfg.Stable, cfg.Rows = true, manyRows
	}
	w.set = rowset.New(cfg)
	w.mem.Gives(w.live.Give)
}

// manyRows is more rows than any memory holds.
const manyRows = 1 << 40

// roomBytes is how much is moved to disk at least when memory is refused.
const roomBytes = 1 << 20

// makeRoom moves parts that nobody reads to disk until want bytes are free.
func (w *Window) makeRoom(ctx context.Context, want int64) error {
	_, err := w.live.Spill(ctx, want)
	return err
}

// NewLocal implements operators.Sink.
func (w *Window) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	w.open()
	return newLocal(w, t), nil
}

// Finalize implements operators.Sink.
func (w *Window) Finalize(ctx context.Context) error {
	w.open()
	if err := w.combineEnded(ctx); err != nil {
		return err
	}
	if err := w.set.Seal(ctx); err != nil {
		return err
	}
	var err error
	if w.division.table != nil {
		w.ranges, err = w.divided(ctx)
	} else {
		err = w.sortLarge(ctx)
	}
	w.sealed.Store(err == nil)
	return err
}

// combineEnded hands the set the rows of workers that ended before memory was
// refused.
func (w *Window) combineEnded(ctx context.Context) error {
	d := &w.division
	for len(d.ended) > 0 {
		out := d.ended[0]
		if d.table != nil {
			var c coder
			if err := c.divide(ctx, w, out); err != nil {
				return err
			}
		}
		if err := w.set.Combine(ctx, out); err != nil {
			return err
		}
		d.ended = d.ended[1:]
	}
	return nil
}

// parallelRows is from how many rows on a part is sorted and computed by all
// workers, when it is most of the rows.
const parallelRows = 1 << 15

// sortLarge sorts the part that holds most of the rows, if there is one and it
// fits into memory.
func (w *Window) sortLarge(ctx context.Context) error {
	if w.env.Run == nil || w.env.Threads < 2 {
		return nil
	}
	total := w.set.NumRows()
	for i := range w.set.Partitions() {
		p := w.set.Partition(i)
		if n := p.NumRows(); n < parallelRows || n <= total/2 {
			continue
		}
		s, ok, err := w.loadPart(ctx, p, w.env.Run)
		if err != nil {
			return err
		}
		for k := range w.plan.Calls {
			if c := &w.plan.Calls[k]; ok && c.follows() {
				ok = s.shares[k].turns.open(w, c.Agg.Size) == nil
			}
		}
		switch {
		case ok:
			w.wholes = map[int]*section{i: s}
		case s != nil:
			s.close()
		}
	}
	return nil
}

// takeRanges returns the ranges that rows were divided into; nil if they were not.
// Their new owner closes them.
func (w *Window) takeRanges() *huge {
	h := w.ranges
	w.ranges = nil
	return h
}

// takeWholes returns the parts that are sorted already, by number; their new owner
// closes them.
func (w *Window) takeWholes() map[int]*section {
	m := w.wholes
	w.wholes = nil
	return m
}

// Close implements operators.Sink.
func (w *Window) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.stats = w.current()
	w.closed = true
	for _, s := range w.wholes {
		s.close()
	}
	if w.ranges != nil {
		w.ranges.close()
	}
	w.division.close()
	if w.mem != nil {
		w.set.Close()
		w.mem.Close()
		w.work.Close()
	}
}
