package agg

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
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
	batch int64  // guarded by mu
	once  sync.Once
}

// part is a partition to put out.
type part struct {
	set   *mergeSet
	index int
}

// mergeSet is a set whose partitions are being put out. The main set belongs
// to the Hash, others are closed after their last partition.
type mergeSet struct {
	*rowset.Set
	merge bool // a group may have several rows
	own   bool
	left  int // partitions not yet finished; guarded by groups.mu
}

var _ operators.Source = (*groups)(nil)

// Source returns the source of the groups. It may be called once, after
// Finalize; Close of the Hash ends it as well.
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
	g.push(&mergeSet{Set: h.set, merge: merge})
}

// push adds the partitions of s that have rows. mu is held.
func (g *groups) push(s *mergeSet) {
	for i := range s.Partitions() {
		if s.Partition(i).NumRows() > 0 {
			g.todo = append(g.todo, part{s, i})
			s.left++
		}
	}
	if s.left == 0 && s.own {
		s.Close()
	}
}

// Workers implements operators.Source: as many as there are partitions, and
// as may be in memory at once.
func (g *groups) Workers() int {
	g.once.Do(g.start)
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(g.h.env.Threads, len(g.todo))
	var most int64
	for _, p := range g.todo {
		most = max(most, p.set.Partition(p.index).Bytes())
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
	l := &groupsLocal{g: g, rows: make([]raw.Addr, vector.Capacity)}
	for i := range g.h.plan.Aggs {
		l.calls = append(l.calls, &function.AggCall{Session: g.h.env.Session, Bound: g.h.plan.Aggs[i].Fn})
	}
	return l, nil
}

// Close implements operators.Source.
func (g *groups) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.todo {
		if p.set.own {
			p.set.Close()
		}
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
	return p, g.batch - 1, true
}

// done says that a partition needs its set no more.
func (g *groups) done(p part) {
	g.mu.Lock()
	p.set.left--
	last := p.set.left == 0 && p.set.own
	g.mu.Unlock()
	if last {
		g.h.noteSpilled(p.set.Set)
		p.set.Close()
	}
}

// noteSpilled adds what a nested set wrote to the profile.
func (h *Hash) noteSpilled(s *rowset.Set) {
	h.nested.Add(s.Stats().SpilledBytes)
}

// groupsLocal puts out partitions for one worker.
type groupsLocal struct {
	g     *groups
	calls []*function.AggCall
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
		ready, err := l.prepare(ctx, p)
		if err != nil {
			return 0, false, err
		}
		if ready {
			return batch, true, nil
		}
	}
}

// prepare makes a partition ready to be put out: reading it, or merged in
// place. When it had to be moved to a set of its own that comes first, ready is
// false.
func (l *groupsLocal) prepare(ctx context.Context, p part) (ready bool, err error) {
	rp := p.set.Partition(p.index)
	if !p.set.merge {
		l.scan = rp.Scan(l.g.h.mem, true)
		return true, nil
	}
	if l.merge == nil {
		l.merge = newMerger(l.g.h)
	}
	if rp.Resident() {
		loaded, ok, err := rp.Load(ctx, l.g.h.mem)
		if err != nil {
			return false, err
		}
		if ok {
			done, err := l.merge.inPlace(ctx, loaded)
			if err != nil {
				loaded.Close()
				return false, err
			}
			if done {
				l.loaded, l.marked = loaded, true
				l.pages = loaded.Pages
				return true, nil
			}
			loaded.Close()
		}
	}
	sub, merge, err := l.merge.move(ctx, p.set.Set, rp)
	if err != nil {
		return false, err
	}
	g := l.g
	g.mu.Lock()
	g.push(&mergeSet{Set: sub, merge: merge, own: true})
	g.mu.Unlock()
	return false, nil
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
		col := out.Cols[keys+i]
		col.Type = h.types[keys+i]
		col.Resize(len(rows))
		l.calls[i].Heap = heap
		if err := h.plan.Aggs[i].Fn.Finalize(l.calls[i], rows, h.layout.StateOffset(i), col, 0); err != nil {
			return false, err
		}
	}
	out.Len, out.Sel = len(rows), nil
	h.profile.Rows.Add(int64(len(rows)))
	return true, nil
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

// merger finds the rows of one group and makes them one.
type merger struct {
	h     *Hash
	dir   directory
	probe *prober
	src   []raw.Addr
	a, b  []raw.Addr
	calls []*function.AggCall
}

func newMerger(h *Hash) *merger {
	m := &merger{h: h, probe: newProber()}
	all := make([]raw.Addr, 3*vector.Capacity)
	m.src, m.a, m.b = all[:vector.Capacity], all[vector.Capacity:2*vector.Capacity], all[2*vector.Capacity:]
	for i := range h.plan.Aggs {
		m.calls = append(m.calls, &function.AggCall{Session: h.env.Session, Bound: h.plan.Aggs[i].Fn})
	}
	return m
}

func (m *merger) release() { m.dir.release() }

// heapOf points the calls at the heaps of source and destination.
func (m *merger) heapOf(dst function.StateHeap, srcBufs [][]byte) {
	for _, c := range m.calls {
		c.Heap, c.SrcBufs = dst, srcBufs
	}
}

// combine adds the states of a's rows to those of b.
func (m *merger) combine(a, b []raw.Addr) error {
	for i, c := range m.calls {
		if err := m.h.plan.Aggs[i].Fn.Combine(c, a, b, m.h.layout.StateOffset(i)); err != nil {
			return err
		}
	}
	return nil
}

// inPlace merges the rows of a loaded partition: of each group one row stays,
// with the states of all; the flags of the others are set. False when memory
// for the directory was refused; rows with flags set are merged all the same.
func (m *merger) inPlace(ctx context.Context, l *rowset.Loaded) (bool, error) {
	rows := 0
	for _, p := range l.Pages {
		rows += p.Count
	}
	entries := minEntries
	for 2*entries < 3*rows {
		entries *= 2
	}
	// The directory of the last partition will often do, and is in the cache.
	if have := len(m.dir.entries); have < entries || have > 4*entries {
		m.dir.release()
		if !m.dir.resize(m.h.env.Pool, m.h.mem, entries) {
			return false, nil
		}
	} else {
		m.dir.clear()
	}
	layout := m.h.layout
	flag := layout.MatchOffset()
	for _, page := range l.Pages {
		for page.Count > 0 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return false, err
			}
			n := page.Take(m.src, layout.Width)
			m.heapOf(l, l.Bufs())
			err := m.find(m.src[:n], l.Bufs(), l.Bufs, func(fresh []raw.Addr) (bool, error) {
				copy(m.probe.added, fresh)
				return true, nil
			}, nil)
			if err != nil {
				return false, err
			}
			for k, r := range m.src[:n] {
				if m.probe.rows[k] != r {
					*raw.At[uint8](r, flag) = 1
				}
			}
		}
	}
	return true, nil
}

// find looks for the groups of src, rows that srcBufs resolves, in the
// directory, whose rows dstBufs resolves, and adds their states to them. add is
// called for those without a group and puts their rows into probe.added; false
// means refused, and refused is called to make room, for which it may empty the
// directory, before it is tried again with the rows that are left.
func (m *merger) find(src []raw.Addr, srcBufs [][]byte, dstBufs func() [][]byte, add func(fresh []raw.Addr) (bool, error), refused func() error) error {
	p, layout := m.probe, m.h.layout
	hashOff := layout.HashOffset()
	for k, r := range src {
		p.hashes[k] = *raw.At[uint64](r, hashOff)
	}
	cand, rest := p.begin(&m.dir, len(src))
	for {
		equal, miss := layout.MatchRows(len(m.h.plan.Groups), src, p.rows, cand, srcBufs, dstBufs(), p.miss[:0])
		for j, k := range equal {
			m.a[j], m.b[j] = src[k], p.rows[k]
		}
		if len(equal) > 0 {
			if err := m.combine(m.a[:len(equal)], m.b[:len(equal)]); err != nil {
				return err
			}
		}
		if rest = p.next(&m.dir, rest, miss); len(rest) == 0 {
			return nil
		}
		var fresh []uint32
		fresh, cand = p.advance(&m.dir, rest)
		if len(fresh) > 0 {
			for j, k := range fresh {
				m.a[j] = src[k]
			}
			ok, err := add(m.a[:len(fresh)])
			if err != nil {
				return err
			}
			if !ok {
				p.abandon(&m.dir, fresh)
				// What has its group is done; the others begin again.
				left := append(append(p.ident[:0:0], fresh...), cand...)
				again := make([]raw.Addr, len(left))
				for j, k := range left {
					again[j] = src[k]
				}
				if err := refused(); err != nil {
					return err
				}
				return m.find(again, srcBufs, dstBufs, add, refused)
			}
			p.settle(&m.dir, fresh)
		}
		p.load(&m.dir, cand)
		rest = p.rest[:0]
	}
}

// move merges the rows of a partition into a new set, reading it page by page
// and giving up what was read. merge is true when the new set has to be merged
// again: it did not fit, and was divided by further bits of the hash.
func (m *merger) move(ctx context.Context, from *rowset.Set, p *rowset.Partition) (sub *rowset.Set, merge bool, err error) {
	h := m.h
	shift := from.Shift() + from.Bits()
	last := shift >= rowset.MaxBits
	sub = rowset.New(h.config(shift))
	w := sub.NewWriter()
	defer w.Close()
	scan := p.Scan(h.mem, true)
	defer scan.Close()
	m.dir.release()
	defer m.dir.release()
	defer func() {
		if err != nil {
			w.Close()
			sub.Close()
			sub = nil
		}
	}()
	if !m.dir.resize(h.env.Pool, h.mem, minEntries) {
		if err := m.dir.force(h.env.Pool, h.mem, minEntries); err != nil {
			return nil, false, err
		}
	}
	forgot, force := false, false
	add := func(fresh []raw.Addr) (bool, error) {
		ok, err := w.AppendRows(ctx, fresh, scan.Bufs(), m.probe.added, force)
		force = false
		return ok, err
	}
	refused := func() error {
		// Partitions that wait are the first to go: they need not be divided.
		freed, err := from.SpillResident(ctx, max(h.mem.Share()/8, 2*block.Size))
		if err != nil || freed > 0 {
			return err
		}
		if last {
			force = true // these groups have to fit
			return nil
		}
		m.dir.clear()
		forgot = forgot || w.NumRows() > 0
		freed, err = w.Spill(ctx, max(w.Bytes()/2, 1))
		force = freed == 0
		return err
	}
	flag := h.layout.MatchOffset()
	for {
		page, ok, err := scan.Next(ctx)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			break
		}
		for page.Count > 0 {
			n := page.Take(m.src, h.layout.Width)
			live := unmarked(m.src[:n], flag)
			gen := w.Generation()
			if err := w.Adapt(ctx); err != nil {
				return nil, false, err
			}
			if gen != w.Generation() && m.dir.count > 0 {
				m.dir.clear()
				if m.dir.full(int(w.NumRows())) {
					forgot = true
				} else {
					m.dir.insertPages(w.AppendPages(nil), h.layout.Width, h.layout.HashOffset())
				}
			}
			if m.dir.full(len(live)) {
				emptied, err := m.enlarge(ctx, w, forgot, last)
				if err != nil {
					return nil, false, err
				}
				forgot = forgot || emptied
			}
			m.heapOf(w, scan.Bufs())
			if err := m.find(live, scan.Bufs(), w.Bufs, add, refused); err != nil {
				return nil, false, err
			}
		}
	}
	merge = forgot
	if err := sub.Combine(ctx, w); err != nil {
		return nil, false, err
	}
	return sub, merge, sub.Seal(ctx)
}

// enlarge doubles the directory. When memory is refused it is emptied instead,
// and w divided, so that the next merge has less to do; emptied is true then.
// The last level has to have its memory.
func (m *merger) enlarge(ctx context.Context, w *rowset.Writer, forgot, last bool) (emptied bool, err error) {
	h := m.h
	var bigger directory
	if !bigger.resize(h.env.Pool, h.mem, 2*len(m.dir.entries)) {
		if !last {
			m.dir.clear()
			return true, w.Divide(ctx)
		}
		if err := bigger.force(h.env.Pool, h.mem, 2*len(m.dir.entries)); err != nil {
			return false, err
		}
	}
	if forgot {
		bigger.insertEntries(m.dir.entries, h.layout.HashOffset())
	} else {
		bigger.insertPages(w.AppendPages(nil), h.layout.Width, h.layout.HashOffset())
	}
	m.dir.release()
	m.dir = bigger
	return false, nil
}
