package order

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// floorBytes is what a sort may hold in any case.
const floorBytes = 4 << 20

func cancelled(ctx context.Context) error { return sqlerr.FromContext(ctx) }

// Key is one ORDER BY item over a column of the input.
type Key = sortkey.Key

// Sort is the sink of ORDER BY, with or without a limit. Its Source gives the
// rows in order once it is finalized.
type Sort struct {
	env    *operators.Env
	types  []types.Type
	rows   *sortkey.Rows
	space  space
	offset int64
	limit  int64 // rows behind offset, -1: all

	spilledBytes atomic.Int64

	// shared has the rows of workers of which nothing went to disk, so that their
	// pages have numbers of their own; nil with a limit.
	shared *rowset.Set

	mu    sync.Mutex
	runs  []*run // guarded by mu until Finalize
	heaps []heap // guarded by mu until Finalize
	whole *whole // instead of runs, when all rows are in memory; after Finalize
	// cuts divide the order into ranges, which are merged one by one: nil, one
	// range. They are chosen when the first run is spilled.
	cuts    *sortkey.Cuts
	divided bool
	kept    *rowset.Set // has the rows of cuts
	keeper  *rowset.Writer
	width   int // workers that can merge; after Finalize
	spread  bool
}

var _ operators.Sink = (*Sort)(nil)

// NewSort returns a sort of chunks of the given types. Errors: 54011 for rows
// that are too wide.
func NewSort(env *operators.Env, ts []types.Type, keys []Key) (*Sort, error) {
	return newSort(env, ts, keys, -1, 0)
}

// NewTopN returns a sort that gives count rows behind the first offset.
func NewTopN(env *operators.Env, ts []types.Type, keys []Key, count, offset int64) (*Sort, error) {
	return newSort(env, ts, keys, count, offset)
}

func newSort(env *operators.Env, ts []types.Type, keys []Key, count, offset int64) (*Sort, error) {
	r, err := sortkey.NewSortRows(ts, keys)
	if err != nil {
		return nil, err
	}
	s := &Sort{env: env, types: ts, rows: r, limit: count, offset: offset}
	s.space = space{
		env: env, rows: r,
		mem:  env.Budget.ReserveSpilling("sort", floorBytes),
		sort: env.Budget.Reserve("sort pairs"),
	}
	if count < 0 && offset == 0 {
		s.shared = s.space.newSet()
	}
	return s, nil
}

// Spread lets several workers read the Source, which give out rows out of turn: in
// order are the batches, and the rows of each. It is called before the first row
// comes.
func (s *Sort) Spread() { s.spread = true }

// keep is the number of rows of any run that can be in the answer, -1: all.
func (s *Sort) keep() int64 {
	if s.limit < 0 {
		return -1
	}
	return s.limit + min(s.offset, 1<<62-s.limit)
}

// Stats is what a sort did.
type Stats struct {
	PeakBytes, SpilledBytes int64
}

// Stats returns what the sort did so far.
func (s *Sort) Stats() Stats {
	return Stats{PeakBytes: s.space.mem.Peak() + s.space.sort.Peak(), SpilledBytes: s.spilledBytes.Load()}
}

// NewLocal implements operators.Sink.
func (s *Sort) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	s.space.mem.Attend()
	l := &sortLocal{s: s, onWait: t.OnWait(), attends: true, rows: make([]raw.Addr, vector.Capacity), sel: make([]uint32, vector.Capacity)}
	for range s.rows.Words {
		l.words = append(l.words, make([]uint64, vector.Capacity))
	}
	l.tmp = vector.New(types.Of(types.BigInt))
	return l, nil
}

// Finalize implements operators.Sink.
func (s *Sort) Finalize(ctx context.Context) error { return s.prepare(ctx) }

// Close implements operators.Sink.
func (s *Sort) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		r.close()
	}
	s.runs = nil
	for _, h := range s.heaps {
		h.w.Close()
		s.space.sort.Shrink(h.reserved)
	}
	s.heaps = nil
	if s.whole != nil {
		s.whole.close()
	}
	if s.shared != nil {
		s.shared.Close()
	}
	if s.keeper != nil {
		s.keeper.Close()
		s.kept.Close()
	}
	s.space.mem.Close()
	s.space.sort.Close()
}

// sortLocal collects one worker's rows into runs.
type sortLocal struct {
	s        *Sort
	w        *rowset.Writer
	set      *rowset.Set // of w; nil: Sort.shared
	spilled  bool        // rows went to disk: the others are a run, too
	reserved int64       // of the sort reservation, for the pairs of w's rows

	in    rowfmt.Input
	words [][]uint64
	rows  []raw.Addr
	sel   []uint32
	tmp   *vector.Vector

	onWait func() error // see operators.Task.OnWait

	attends bool // its worker gives memory to those who ask
	bounded bool // rows whose first word is above bound cannot be in the answer
	bound   uint64
}

// Push implements operators.SinkLocal.
func (l *sortLocal) Push(ctx context.Context, in *vector.Chunk) (operators.Status, error) {
	s := l.s
	if s.keep() == 0 {
		return operators.Finished, nil
	}
	if s.space.mem.Wanted() > 0 && l.w != nil && l.w.Bytes() >= leastRun {
		if err := l.spillRun(ctx); err != nil {
			return 0, err
		}
	}
	sel, n := in.Sel, in.NumRows()
	for i := range s.rows.Keys {
		e := &s.rows.Keys[i]
		e.Encode(in.Cols[e.Col], sel, n, l.words, l.tmp)
	}
	if l.bounded {
		if sel = l.within(sel, n); len(sel) == 0 {
			return operators.NeedInput, nil
		}
		n = len(sel)
	}
	l.in.Set(in.Cols)
	if err := l.append(ctx, sel, n); err != nil {
		return 0, err
	}
	s.rows.PutWords(l.rows[:n], sel, l.words)
	return operators.NeedInput, l.trim(ctx)
}

// within selects the rows that may still be in the answer.
func (l *sortLocal) within(sel []uint32, n int) []uint32 {
	out := l.sel[:n]
	k := 0
	first, bound := l.words[0], l.bound
	for i := range n {
		p := uint32(i)
		if sel != nil {
			p = sel[i]
		}
		out[k] = p
		if first[p] <= bound {
			k++
		}
	}
	return out[:k]
}

// begin makes a writer.
func (l *sortLocal) begin() {
	if s := l.s; s.shared != nil && !l.spilled {
		l.w = s.shared.NewWriter()
	} else {
		l.set = l.s.space.newSet()
		l.w = l.set.NewWriter()
	}
	l.w.OnWait(l.onWait)
}

// append stores rows and what sorting them will take, spilling the run so far
// when memory is refused.
func (l *sortLocal) append(ctx context.Context, sel []uint32, n int) error {
	s := &l.s.space
	if l.w == nil {
		l.begin()
	}
	need := int64(n) * pairBytes
	if l.reserved == 0 {
		need += pairSlack
	}
	// What a worker needs to begin anew, once it has spilled, must be there
	// even while others hold their runs.
	slack := s.slack()
	ok := s.sort.TryGrow(need + slack)
	if ok {
		s.sort.Shrink(slack)
		l.reserved += need
		stored, err := l.w.Append(ctx, &l.in, nil, sel, n, l.rows)
		if stored || err != nil {
			return err
		}
	}
	if l.w.NumRows() > 0 {
		if err := l.spillRun(ctx); err != nil {
			return err
		}
		l.begin()
	}
	if l.reserved == 0 {
		need = int64(n)*pairBytes + pairSlack
	}
	if l.reserved < need {
		if err := s.sort.Grow(need - l.reserved); err != nil {
			return err
		}
		l.reserved = need
	}
	return l.w.AppendForce(ctx, &l.in, nil, sel, n, l.rows)
}

// run sorts what was collected; nil when there is nothing.
func (l *sortLocal) run(ctx context.Context) (*run, error) {
	s := l.s
	set, w := l.set, l.w
	l.set, l.w = nil, nil
	held := l.reserved
	l.reserved = 0
	if w == nil {
		s.space.sort.Shrink(held)
		return nil, nil
	}
	return s.space.sorted(ctx, set, w, s.keep(), held)
}

// spillRun sorts what was collected and writes it to disk.
func (l *sortLocal) spillRun(ctx context.Context) error {
	r, err := l.run(ctx)
	if err != nil || r == nil {
		return err
	}
	l.spilled = true
	s := l.s
	s.mu.Lock()
	err = s.divide(ctx, r)
	cuts := s.cuts
	s.mu.Unlock()
	var out *run
	if err == nil {
		out, err = s.space.spilled(ctx, r, cuts)
	}
	if err != nil {
		r.close()
		return err
	}
	s.spilledBytes.Add(out.spilledBytes())
	s.add(out)
	return nil
}

func (s *Sort) add(r *run) {
	s.mu.Lock()
	s.runs = append(s.runs, r)
	s.mu.Unlock()
}

// trim drops rows that a limit excludes, once enough of them have come.
func (l *sortLocal) trim(ctx context.Context) error {
	keep := l.s.keep()
	// Divided, since four times a limit may be more than a number holds.
	if keep < 0 || len(l.words) == 0 || l.w.NumRows()/4 < max(keep, vector.Capacity) {
		return nil
	}
	r, err := l.run(ctx)
	if err != nil {
		return err
	}
	last := r.addrs[len(r.addrs)-1].Row
	if b := l.s.rows.Word(last, 0); !l.bounded || b < l.bound {
		l.bounded, l.bound = true, b
	}
	if l.set, l.w, err = l.s.space.copied(ctx, r); err != nil {
		r.close()
		return err
	}
	n := l.w.NumRows()*pairBytes + pairSlack
	if err := l.s.space.sort.Grow(n); err != nil {
		return err
	}
	l.reserved = n
	return nil
}

// EndBatch implements operators.SinkLocal.
func (l *sortLocal) EndBatch(context.Context) error { return nil }

// leave ends what Attend began.
func (l *sortLocal) leave() {
	if l.attends {
		l.attends = false
		l.s.space.mem.Leave()
	}
}

// Combine ends the worker's last rows, which are sorted when it is known with what.
func (l *sortLocal) Combine(ctx context.Context) error {
	l.leave()
	if mem := l.s.space.mem; mem.Held() > mem.Share() || mem.Wanted() > 0 {
		return l.spillRun(ctx)
	}
	if l.w != nil && l.set == nil {
		l.s.mu.Lock()
		l.s.heaps = append(l.s.heaps, heap{l.w, l.reserved})
		l.s.mu.Unlock()
		l.w, l.reserved = nil, 0
		return nil
	}
	r, err := l.run(ctx)
	if err != nil || r == nil {
		return err
	}
	l.s.add(r)
	return nil
}

// Close implements operators.SinkLocal.
func (l *sortLocal) Close() {
	l.leave()
	if l.w != nil {
		l.w.Close()
		l.w = nil
	}
	if l.set != nil {
		l.set.Close()
		l.set = nil
	}
	l.s.space.sort.Shrink(l.reserved)
	l.reserved = 0
}
