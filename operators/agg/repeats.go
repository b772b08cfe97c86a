package agg

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sketch"
)

const (
	// While rows are appended as they come, it is judged after windowRows, or one
	// in windowShare of the groups there are if that is more, whether their groups
	// were there before.
	windowRows  = 512 << 10
	windowShare = 8
	// repeatRows of repeatGroups different groups are worth being merged.
	repeatRows, repeatGroups = 3, 2
)

// repeats is what a worker knows of all the rows that it has made, those on disk
// included.
type repeats struct {
	sketch sketch.HLL // of their hashes
	rows   int64

	// A window, in which rows are appended without looking for their group, began
	// after so many rows of so many groups and lasts until there are end rows; 0:
	// there is none.
	began  int64
	groups int64
	end    int64
}

// add counts rows that were made, at positions sel of hashes.
func (r *repeats) add(hashes []uint64, sel []uint32, n int) {
	r.sketch.Add(hashes, sel, n)
	r.rows += int64(n)
}

// estimate returns about how many different groups the rows have.
func (r *repeats) estimate() int64 { return int64(r.sketch.Estimate()) }

// begin begins a window; groups are estimated.
func (r *repeats) begin(groups int64) {
	r.began, r.groups = r.rows, groups
	r.end = r.rows + max(windowRows, groups/windowShare)
}

// worthMerging reports whether so many rows have groups in common, when there are
// so many groups.
func worthMerging(rows, groups int64) bool { return rows*repeatGroups >= groups*repeatRows }

// reconsider decides at the end of a window how to go on: when half of its rows
// belong to groups that were there before, these are worth looking for, as long as
// a directory may hold them all.
func (l *local) reconsider(ctx context.Context) error {
	r := &l.seen
	groups := r.estimate()
	rows, fresh := r.rows-r.began, groups-r.groups
	if 2*fresh > rows || entriesFor(groups) > mostEntries {
		r.begin(groups)
		return nil
	}
	r.end = 0
	l.tried, l.triedNew = int(rows), int(max(fresh, 0))
	l.trial, l.newRows = 0, 0
	return l.gather(ctx)
}

// repeated reports whether many of the rows held belong to groups that a directory
// has room for.
func (l *local) repeated() bool {
	held := l.w.NumRows()
	if !worthMerging(held, int64(len(l.dir.entries)/2)) {
		return false // the estimate takes some microseconds
	}
	groups := l.seen.estimate()
	return worthMerging(held, groups) && entriesFor(groups) <= mostEntries
}

// gather makes the directory lead to all rows that the writer holds, and merges
// those of one group before if they are many. The directory is empty afterwards
// when it has no memory.
func (l *local) gather(ctx context.Context) error {
	if _, err := l.mergeHeld(ctx, math.MaxInt64); err != nil {
		return err
	}
	entries := entriesFor(l.w.NumRows() + vector.Capacity)
	if entries > len(l.dir.entries) && entries <= mostEntries {
		var bigger directory
		if bigger.resize(l.h.env.Pool, l.h.mem, entries) {
			l.dir.release()
			l.dir = bigger
		}
	}
	l.enter()
	return nil
}

// mergeHeld makes one row of the rows of each group that the writer holds, in the
// partitions where that gives most, until want bytes are free. Where rows are hardly
// repeated, nothing is done. The directory is empty afterwards if something was.
// States with a heap are left alone: they need memory to be merged.
func (l *local) mergeHeld(ctx context.Context, want int64) (freed int64, err error) {
	groups := l.seen.estimate()
	if l.h.layout.HasStateRefs || !worthMerging(l.w.NumRows(), groups/int64(l.w.Partitions())) {
		return 0, nil
	}
	if err := l.w.Divide(ctx); err != nil {
		return 0, err
	}
	type candidate struct {
		part int
		gain int64
	}
	var parts []candidate
	groups /= int64(l.w.Partitions())
	for i := range l.w.Partitions() {
		if n := l.w.PartRows(i); n > 0 && worthMerging(n, groups) {
			parts = append(parts, candidate{i, n - groups})
		}
	}
	slices.SortFunc(parts, func(a, b candidate) int { return cmp.Compare(b.gain, a.gain) })
	if len(parts) == 0 || !l.roomFor(groups+groups/8) {
		return 0, nil
	}
	held := l.w.Bytes()
	for _, c := range parts {
		if freed >= want {
			break
		}
		if err := l.mergePart(ctx, c.part); err != nil {
			return 0, err
		}
		freed = held - l.w.Bytes()
	}
	l.dir.clear()
	l.forgot, l.stray = true, true
	return freed, nil
}

// roomFor makes the directory, whose entries are forgotten, large enough for so
// many groups; false when memory was refused.
func (l *local) roomFor(groups int64) bool {
	entries := entriesFor(groups + vector.Capacity)
	return entries <= len(l.dir.entries) || entries <= mostEntries && l.dir.resize(l.h.env.Pool, l.h.mem, entries)
}

// mergePart makes one row of the rows of each group in a partition of the writer.
func (l *local) mergePart(ctx context.Context, part int) error {
	if l.merge == nil {
		l.merge = newMerger(l.h)
	}
	m := l.merge
	m.dir, l.dir = l.dir, directory{}
	defer func() { l.dir, m.dir = m.dir, directory{} }()
	m.dir.clear()
	force, full := false, false
	add := func(fresh []raw.Addr) (bool, error) {
		ok, err := l.w.AppendRows(ctx, fresh, l.w.Bufs(), m.probe.added, force)
		force = false
		if full = sqlerr.Is(err, sqlerr.CodeOutOfMemory) && l.w.NumRows() > 0; full {
			return false, nil
		}
		return ok, err
	}
	refused := func() error {
		force = true // what a page takes is soon free again
		if !full {
			return nil
		}
		m.dir.clear()
		_, err := l.w.Spill(ctx, math.MaxInt64)
		return err
	}
	return l.w.Rewrite(ctx, part, func(ctx context.Context, page rowset.PageRows) error {
		for page.Count > 0 {
			n := page.Take(m.src, l.h.layout.Width)
			if m.dir.full(n) {
				m.dir.clear()
			}
			m.heapOf(ctx, l.w, l.w.Bufs())
			if err := m.find(m.src[:n], l.w.Bufs(), l.w.Bufs, add, refused); err != nil {
				return err
			}
		}
		return nil
	})
}
