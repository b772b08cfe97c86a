package agg

import (
	"context"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

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
	for i := range h.states {
		m.calls = append(m.calls, h.call(h.states[i].fn))
	}
	return m
}

func (m *merger) release() { m.dir.release() }

// heapOf points the calls at the heaps of source and destination.
func (m *merger) heapOf(ctx context.Context, dst function.StateHeap, srcBufs [][]byte) {
	for _, c := range m.calls {
		c.Ctx, c.Heap, c.SrcBufs = ctx, dst, srcBufs
	}
}

// combine adds the states of a's rows to those of b.
func (m *merger) combine(a, b []raw.Addr) error {
	for i, c := range m.calls {
		s := &m.h.states[i]
		if err := s.fn.Combine(c, a, b, s.off); err != nil {
			return err
		}
	}
	return nil
}

// entriesFor returns how many entries a directory of so many rows has.
func entriesFor(rows int64) int {
	entries := minEntries
	for 2*int64(entries) < 3*rows {
		entries *= 2
	}
	return entries
}

// inPlace merges the rows of a loaded partition: of each group one row stays,
// with the states of all; the flags of the others are set. False when memory
// for the directory was refused; rows with flags set are merged all the same.
func (m *merger) inPlace(ctx context.Context, l *rowset.Loaded) (bool, error) {
	rows := int64(0)
	for _, p := range l.Pages {
		rows += int64(p.Count)
	}
	entries := entriesFor(rows)
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
			m.heapOf(ctx, l, l.Bufs())
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
	to := rowset.New(h.config(shift, p.NumRows()))
	w := to.NewWriter()
	defer w.Close()
	scan := p.Scan(h.mem, true)
	defer scan.Close()
	m.dir.release()
	defer m.dir.release()
	defer func() {
		if err != nil {
			w.Close()
			to.Close()
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
		want := max(h.mem.Share()/8, 2*block.Size)
		freed, err := from.SpillResident(ctx, want)
		if err != nil || freed > 0 {
			return err
		}
		if freed, err = h.spillPieces(ctx, want); err != nil || freed > 0 {
			return err
		}
		if last {
			force = true // these groups have to fit
			return nil
		}
		m.dir.clear()
		forgot = forgot || w.NumRows() > 0
		freed, err = w.Spill(ctx, max(w.Bytes()/roomPart, min(w.Bytes(), leastSpill)))
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
			gen, rows := w.Generation(), w.NumRows()
			if err := w.Adapt(ctx); err != nil {
				return nil, false, err
			}
			forgot = forgot || w.NumRows() < rows // some went to disk
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
			m.heapOf(ctx, w, scan.Bufs())
			if err := m.find(live, scan.Bufs(), w.Bufs, add, refused); err != nil {
				return nil, false, err
			}
		}
	}
	if err := to.Combine(ctx, w); err != nil {
		return nil, false, err
	}
	return to, forgot, to.Seal(ctx)
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
