package agg

import (
	"context"
	"math"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// groups is the source of a finalized Hash. A morsel is a partition.
type groups struct {
	h *Hash

	mu    sync.Mutex
	todo  []part // guarded by mu
	busy  int    // workers that have one; guarded by mu
	batch int64  // guarded by mu
	once  sync.Once
}

// part is a partition to put out.
type part struct {
	set   *mergeSet
	index int
}

// bytes returns what the rows take while they are put out, with the directory
// that merges them and what states may grow by.
func (p *part) bytes() int64 {
	rp := p.set.Partition(p.index)
	n := rp.Bytes()
	if p.set.merge {
		if p.set.Layout().HasStateRefs {
			n += n / 2
		}
		n += 8 * int64(entriesFor(rp.NumRows()))
	}
	return n
}

// mergeSet is a set whose partitions are being put out. The main set belongs
// to the Hash, others are closed after their last partition.
type mergeSet struct {
	*rowset.Reading
	merge bool // a group may have several rows
}

var _ operators.Source = (*groups)(nil)

// Source returns the source of the groups. It may be called once, and used
// after Finalize. The Hash is closed after the source.
func (h *Hash) Source() operators.Source { return &groups{h: h} }

// Types implements operators.Source.
func (g *groups) Types() []types.Type { return g.h.types }

// start lists the partitions.
func (g *groups) start() {
	h := g.h
	h.mu.Lock()
	merge := h.locals > 1 || h.forgot.Load()
	h.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.push(&mergeSet{h.live.Read(h.set, false), merge})
}

// push adds the partitions of s that have rows, those in memory last: they are
// put out first, which makes room for the others. mu is held.
func (g *groups) push(s *mergeSet) {
	for _, resident := range []bool{false, true} {
		for i := range s.Partitions() {
			if p := s.Partition(i); p.NumRows() > 0 && p.Resident() == resident {
				g.todo = append(g.todo, part{s, i})
				s.Expect()
			}
		}
	}
	s.Start()
}

// Workers implements operators.Source: as many as there are partitions, and
// as may be in memory at once.
func (g *groups) Workers() int {
	if !g.h.sealed.Load() {
		return g.h.env.Threads // a guess, before Finalize
	}
	g.once.Do(g.start)
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(g.h.env.Threads, len(g.todo))
	var most int64
	for _, p := range g.todo {
		most = max(most, p.bytes())
	}
	// What is in memory already is counted in the share.
	for n > 1 && int64(n)*most > g.h.mem.Share() {
		n--
	}
	return max(n, 1)
}

// NewLocal implements operators.Source.
func (g *groups) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	g.once.Do(g.start)
	l := &groupsLocal{g: g, rows: make([]raw.Addr, vector.Capacity), drop: g.h.call(nil)}
	for i := range g.h.plan.Aggs {
		l.calls = append(l.calls, g.h.call(g.h.plan.Aggs[i].Fn))
	}
	return l, nil
}

// Close implements operators.Source.
func (g *groups) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.todo {
		p.set.End()
	}
	g.todo = nil
}

// next takes a partition; those of the smallest sets come first, so that
// memory and disk space of nested sets are soon free.
func (g *groups) next() (part, int64, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.todo) == 0 {
		return part{}, 0, false
	}
	p := g.todo[len(g.todo)-1]
	g.todo = g.todo[:len(g.todo)-1]
	g.batch++
	g.busy++
	return p, g.batch - 1, true
}

// yield puts a partition back for the other workers, if any has one: it gives up
// memory soon and comes for it.
func (g *groups) yield(p part) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy < 2 {
		return false
	}
	g.busy--
	g.todo = append(g.todo, p)
	return true
}

// done says that a partition needs its set no more.
func (g *groups) done(p part) {
	g.mu.Lock()
	g.busy--
	g.mu.Unlock()
	p.set.Done()
}

// groupsLocal puts out partitions for one worker.
type groupsLocal struct {
	g     *groups
	calls []*function.AggCall
	drop  *function.AggCall
	rows  []raw.Addr
	merge *merger

	cur    part
	open   bool
	loaded *rowset.Loaded    // merged in place, or
	pages  []rowset.PageRows // what is left of it
	marked bool              // some of its rows are merged into others
	scan   *rowset.Scanner   // read page by page
	page   rowset.PageRows   // what is left of the present page
	direct directHeap
}

// directHeap resolves the references of rows that a scanner reads.
type directHeap struct{ scan *rowset.Scanner }

func (d *directHeap) Put(raw.Addr, []byte) (types.StringRef, error) {
	return types.StringRef{}, sqlerr.New(sqlerr.CodeInternal, "aggregate keeps bytes while it is finalized")
}

func (d *directHeap) Bufs() [][]byte { return d.scan.Bufs() }

// NextMorsel implements operators.SourceLocal.
func (l *groupsLocal) NextMorsel(ctx context.Context) (int64, bool, error) {
	for {
		l.finish()
		if err := sqlerr.FromContext(ctx); err != nil {
			return 0, false, err
		}
		p, batch, ok := l.g.next()
		if !ok {
			return 0, false, nil
		}
		l.cur, l.open = p, true
		what, err := l.prepare(ctx, p)
		switch {
		case err != nil:
			return 0, false, err
		case what == ready:
			return batch, true, nil
		case what == yielded:
			l.open = false
			return 0, false, nil
		}
	}
}

// outcome is what became of a partition.
type outcome int

const (
	ready   outcome = iota // to be put out: it is read, or merged in place
	yielded                // left to the other workers
	moved                  // to a set of its own, whose partitions come first
)

// prepare makes a partition ready to be put out, if it can.
func (l *groupsLocal) prepare(ctx context.Context, p part) (outcome, error) {
	rp := p.set.Partition(p.index)
	if !p.set.merge {
		l.scan = rp.Scan(l.g.h.mem, true)
		return ready, nil
	}
	if l.merge == nil {
		l.merge = newMerger(l.g.h)
	}
	fits, err := l.fits(ctx, p, rp)
	if err != nil {
		return 0, err
	}
	if fits {
		loaded, ok, err := rp.Load(ctx, l.g.h.mem)
		if err != nil {
			return 0, err
		}
		if ok {
			done, err := l.merge.inPlace(ctx, loaded)
			if err != nil {
				loaded.Close()
				return 0, err
			}
			if done {
				l.loaded, l.marked = loaded, true
				l.pages = loaded.Pages
				return ready, nil
			}
			loaded.Close()
		}
		// Others were faster, but the memory would do for this one alone.
		l.merge.release()
		if l.g.yield(p) {
			return yielded, nil
		}
	}
	sub, merge, err := l.merge.move(ctx, p.set.Set, rp)
	if err != nil {
		return 0, err
	}
	g := l.g
	next := &mergeSet{g.h.live.Read(sub, true), merge}
	g.mu.Lock()
	g.push(next)
	g.mu.Unlock()
	return moved, nil
}

// fits makes room for all of a partition, at the cost of those that wait: they
// are written at most once for that, while a partition that is moved is read and
// written as a whole. False when the memory would not even do for it alone.
func (l *groupsLocal) fits(ctx context.Context, p part, rp *rowset.Partition) (bool, error) {
	if rp.Resident() {
		return true, nil
	}
	mem, want := l.g.h.mem, p.bytes()
	for {
		share := mem.Share()
		if want > share {
			return false, nil
		}
		lacks := want - (share - mem.Held())
		if lacks <= 0 {
			return true, nil
		}
		if freed, err := p.set.SpillResident(ctx, lacks); err != nil || freed == 0 {
			return true, err // it may be free by now, or others have it
		}
	}
}

// finish gives up the partition that was put out.
func (l *groupsLocal) finish() {
	if !l.open {
		return
	}
	l.open = false
	if l.loaded != nil {
		l.loaded.Close()
		l.loaded = nil
	}
	if l.scan != nil {
		l.scan.Close()
		l.scan = nil
	}
	l.page, l.pages = rowset.PageRows{}, nil
	l.cur.set.Partition(l.cur.index).Drop()
	l.g.done(l.cur)
}

// Next implements operators.SourceLocal. Strings in out refer to pages that
// stay until the next call.
func (l *groupsLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return false, err
	}
	rows, err := l.nextRows(ctx)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	h := l.g.h
	var heap function.StateHeap = l.loaded
	if l.loaded == nil {
		l.direct.scan = l.scan
		heap = &l.direct
	}
	keys := len(h.plan.Groups)
	for i := range keys {
		col := out.Cols[i]
		col.Type = h.types[i]
		col.Resize(len(rows))
		h.layout.Gather(i, rows, heap.Bufs(), col, nil)
	}
	for i := range h.plan.Aggs {
		l.calls[i].Ctx, l.calls[i].Heap = ctx, heap
		if err := l.results(ctx, i, rows, out.Cols[keys+i]); err != nil {
			return false, err
		}
	}
	for k := range h.states {
		if s := &h.states[k]; s.fn.Drop != nil {
			s.fn.Drop(l.drop, rows, s.off)
		}
	}
	out.Len, out.Sel = len(rows), nil
	h.profile.Rows.Add(int64(len(rows)))
	return true, nil
}

// results writes the results of aggregate i. When there is no memory for them,
// partitions that wait go to disk.
func (l *groupsLocal) results(ctx context.Context, i int, rows []raw.Addr, out *vector.Vector) error {
	h := l.g.h
	for again := false; ; again = true {
		out.Type = h.types[len(h.plan.Groups)+i]
		out.Resize(len(rows))
		err := h.plan.Aggs[i].Fn.Finalize(l.calls[i], rows, h.offsets[i], out, 0)
		if err == nil || again || !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			return err
		}
		freed, spillErr := l.cur.set.SpillResident(ctx, math.MaxInt64)
		if spillErr != nil {
			return spillErr
		}
		more, spillErr := h.spillPieces(ctx, math.MaxInt64)
		if spillErr != nil {
			return spillErr
		}
		if freed+more == 0 {
			return err
		}
	}
}

// nextRows returns the addresses of the next groups, at most the fill limit;
// none at the end of the partition.
func (l *groupsLocal) nextRows(ctx context.Context) ([]raw.Addr, error) {
	limit := min(max(l.g.h.env.FillLimit, 1), vector.Capacity)
	width := l.g.h.layout.Width
	for {
		if n := l.page.Take(l.rows[:limit], width); n > 0 {
			rows := l.rows[:n]
			if l.marked && l.loaded != nil {
				if rows = unmarked(rows, l.g.h.layout.MatchOffset()); len(rows) == 0 {
					continue
				}
			}
			return rows, nil
		}
		if l.loaded != nil {
			if len(l.pages) == 0 {
				return nil, nil
			}
			l.page, l.pages = l.pages[0], l.pages[1:]
			continue
		}
		page, ok, err := l.scan.Next(ctx)
		if err != nil || !ok {
			return nil, err
		}
		l.page = page
	}
}

// unmarked drops the rows that were merged into others, in place.
func unmarked(rows []raw.Addr, flag uintptr) []raw.Addr {
	n := 0
	for _, r := range rows {
		rows[n] = r
		n += 1 - int(*raw.At[uint8](r, flag)&1)
	}
	return rows[:n]
}

// Close implements operators.SourceLocal.
func (l *groupsLocal) Close() {
	l.finish()
	if l.merge != nil {
		l.merge.release()
	}
}
