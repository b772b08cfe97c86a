package agg

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// floorBytes is what an aggregation works with at a bearable speed while it
// spills: a page for each of 16 partitions.
const floorBytes = 4 << 20

// leastShare is the memory from which on groups are divided as the plan expects.
const leastShare = 32 << 20

// Hash is a hash aggregation: the sink of one pipeline and, once finalized,
// the source of another. Without aggregates it is DISTINCT.
type Hash struct {
	env      *operators.Env
	plan     Plan
	types    []types.Type
	layout   *rowfmt.Layout
	offsets  []uintptr  // of each aggregate's state
	strings  []uintptr  // of the keys that are strings
	states   []boundAgg // what fills each state
	main     binding
	distinct []*distinctSet
	profile  operators.Profile

	mu     sync.Mutex
	mem    *budget.Reservation // nil before first use; guarded by mu
	set    *rowset.Set         // as mem
	pieces *chain.Store        // of large states; as mem, nil when no state has a heap
	locals int                 // that hold rows; guarded by mu
	closed bool                // guarded by mu

	live   rowset.Live // the set and those of the merge
	forgot atomic.Bool // some group may have several rows of one worker
	sealed atomic.Bool // Finalize is done
}

var _ operators.Sink = (*Hash)(nil)

// New makes an aggregation. It reserves no memory. Errors: 54011 when the row
// of a group is too wide.
func New(env *operators.Env, plan Plan) (*Hash, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	stateOf, owners := plan.shareStates()
	l, err := plan.layout(owners)
	if err != nil {
		return nil, err
	}
	h := &Hash{env: env, plan: plan, types: plan.Types(), layout: l}
	for _, k := range stateOf {
		h.offsets = append(h.offsets, l.StateOffset(k))
	}
	for i, t := range plan.keyTypes() {
		if t.Physical() == types.PString {
			h.strings = append(h.strings, l.ColOffset(i))
		}
	}
	h.main = binding{groups: plan.Groups, bounds: plan.keyBounds()}
	for k, o := range owners {
		a := &plan.Aggs[o]
		h.states = append(h.states, boundAgg{fn: a.Fn, off: l.StateOffset(k), args: a.Args, filter: a.Filter})
		if !a.Distinct {
			h.main.aggs = append(h.main.aggs, h.states[k])
		} else if err := h.addDistinct(&h.states[k], a.EstGroups); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Types lists the output columns: keys, then aggregates.
func (h *Hash) Types() []types.Type { return h.types }

// Profile returns the counters of EXPLAIN ANALYZE: rows put out, peak and
// spilled bytes, those of DISTINCT sets included.
func (h *Hash) Profile() *operators.Profile {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.updateProfile()
	return &h.profile
}

// updateProfile needs mu.
func (h *Hash) updateProfile() {
	if h.mem == nil {
		return
	}
	peak, spilled := h.mem.Peak(), h.set.Stats().SpilledBytes+h.live.ClosedBytes()
	if h.pieces != nil {
		spilled += h.pieces.SpilledBytes()
	}
	for _, d := range h.distinct {
		p := d.hash.Profile()
		peak += p.PeakBytes.Load()
		spilled += p.SpillBytes.Load()
	}
	h.profile.PeakBytes.Store(max(peak, h.profile.PeakBytes.Load()))
	h.profile.SpillBytes.Store(max(spilled, h.profile.SpillBytes.Load()))
}

// open makes reservation and set at the first use.
func (h *Hash) open() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mem != nil || h.closed {
		return
	}
	h.mem = h.env.Budget.ReserveSpilling("aggregation", floorBytes)
	h.set = rowset.New(h.config(0, h.expected()))
	if h.layout.HasStateRefs {
		h.pieces = chain.New(chain.Config{Pool: h.env.Pool, Mem: h.mem, Spill: h.env.Spill, Tag: "aggregation"})
	}
	h.live.Add(h.set)
	h.mem.Gives(h.give)
}

// give moves partitions that wait for their turn to disk for those who want
// memory; what cannot be written stays.
func (h *Hash) give(n int64) (freed int64) {
	freed = h.live.Give(n)
	if freed < n && h.pieces != nil {
		freed += h.pieces.Give(n - freed)
	}
	return freed
}

// expected is how many groups the set is divided for at first: not for so many
// that the pages of its partitions become small.
func (h *Hash) expected() int64 {
	share := h.mem.Share()
	if share < leastShare {
		return 0
	}
	return int64(min(h.plan.EstGroups, 6*float64(share)/float64(h.layout.Width)))
}

// config describes a set for about so many rows, 0 if that is not known.
func (h *Hash) config(shift int, rows int64) rowset.Config {
	return rowset.Config{
		Layout: h.layout, Pool: h.env.Pool, Mem: h.mem, Spill: h.env.Spill,
		Tag: "aggregation", Shift: shift, Rows: rows, Stable: true,
	}
}

// NewLocal implements operators.Sink.
func (h *Hash) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	h.open()
	l := newLocal(h, &h.main)
	l.w.OnWait(t.OnWait())
	for _, d := range h.distinct {
		dl, err := d.newLocal(t)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.distinct = append(l.distinct, dl)
	}
	return l, nil
}

// Finalize implements operators.Sink.
func (h *Hash) Finalize(ctx context.Context) error {
	h.open()
	for _, d := range h.distinct {
		if err := d.finalize(ctx, h); err != nil {
			return err
		}
	}
	if len(h.plan.Groups) == 0 && h.set.NumRows() == 0 {
		if err := h.addEmptyGroup(ctx); err != nil {
			return err
		}
	}
	if err := h.set.Seal(ctx); err != nil {
		return err
	}
	h.sealed.Store(true)
	return nil
}

// addEmptyGroup makes the one group of an aggregation without keys and
// without input.
func (h *Hash) addEmptyGroup(ctx context.Context) error {
	l := newLocal(h, &binding{})
	defer l.Close()
	if err := l.single(ctx); err != nil {
		return err
	}
	return l.Combine(ctx)
}

// call makes what aggregate functions need beside states.
func (h *Hash) call(fn *function.BoundAgg) *function.AggCall {
	return &function.AggCall{Session: h.env.Session, Bound: fn, Mem: h.mem, Pieces: h.pieces}
}

// spillPieces moves parts of large states to disk.
func (h *Hash) spillPieces(ctx context.Context, want int64) (freed int64, err error) {
	if h.pieces == nil {
		return 0, nil
	}
	return h.pieces.Spill(ctx, want)
}

// initStates initialises the states of new rows.
func (h *Hash) initStates(rows []raw.Addr) {
	for i := range h.states {
		if s := &h.states[i]; s.fn.Init != nil {
			s.fn.Init(rows, s.off)
		}
	}
}

// Close implements operators.Sink.
func (h *Hash) Close() {
	for _, d := range h.distinct {
		d.hash.Close()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	h.updateProfile()
	if h.mem != nil {
		h.live.Remove(h.set)
		h.set.Close()
		if h.pieces != nil {
			h.pieces.Close()
		}
		h.mem.Close()
	}
}
