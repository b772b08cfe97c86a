package agg

import (
	"context"
	"errors"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
)

const (
	// maxEntries of a worker's directory: 2 MiB. A larger one misses the caches
	// with every row; forgetting it and merging by partition, each of which
	// has a small directory again, is faster, unless more than one in helpShare
	// rows has found its group: then it may have up to mostEntries.
	maxEntries  = 1 << 18
	mostEntries = 1 << 22
	helpShare   = 4
	// trialRows are looked at before grouping is judged; when fewer than one
	// in trialShare is saved, the next ones are appended as they come, for as long
	// as repeats says.
	trialRows  = 128 << 10
	trialShare = 10
	// One in roomPart of a worker's bytes goes to disk at a refusal, but leastSpill
	// if there are so many; half of them when that does not do.
	roomPart   = 8
	leastSpill = 1 << 20
	// littlePart of the limit is what a worker holds at least before it gives for
	// the sake of others, where that is less than leastSpill; updatePart of it, but no
	// more than a block, is what should be free for states to grow in.
	littlePart = 16
	updatePart = 32
	// firstPart of a worker's memory is what its first directory takes at most.
	firstPart = 4
)

// local is one worker's part of an aggregation.
type local struct {
	h *Hash
	b *binding
	w *rowset.Writer

	dir   directory
	probe *prober
	in    rowfmt.Input
	keys  []*vector.Vector
	cache []kernel.HashCache
	hash  []uint64 // by position
	calls []*function.AggCall
	args  [][]*vector.Vector

	direct direct
	groups groupSplit

	filterSel  []uint32
	filterRows []raw.Addr

	one      raw.Addr // the row of an aggregation without keys
	forgot   bool     // some group may have several rows
	stray    bool     // the writer may hold rows that the directory has not
	trial    int      // rows and groups since the trial began
	tried    int      // those of the trial before
	triedNew int
	newRows  int
	seen     repeats
	merge    *merger // nil before first use
	attends  bool    // its worker gives memory to those who ask
	distinct []*distinctLocal
}

func newLocal(h *Hash, b *binding) *local {
	h.mem.Attend()
	l := &local{h: h, b: b, w: h.set.NewWriter(), attends: true}
	l.keys = make([]*vector.Vector, len(b.groups))
	l.cache = make([]kernel.HashCache, len(b.groups))
	l.calls = make([]*function.AggCall, len(b.aggs))
	l.args = make([][]*vector.Vector, len(b.aggs))
	for i := range b.aggs {
		l.calls[i] = h.call(b.aggs[i].fn)
		l.calls[i].Heap = l.w
		l.args[i] = make([]*vector.Vector, len(b.aggs[i].args))
	}
	return l
}

// Push implements operators.SinkLocal.
func (l *local) Push(ctx context.Context, in *vector.Chunk) (operators.Status, error) {
	for _, d := range l.distinct {
		if err := d.push(ctx, in); err != nil {
			return operators.Finished, err
		}
	}
	return operators.NeedInput, l.addPieces(ctx, in.Cols, in.Sel, in.NumRows())
}

// addPieces is add, in pieces when there is no memory for the groups of so many
// rows at once.
func (l *local) addPieces(ctx context.Context, cols []*vector.Vector, sel []uint32, n int) error {
	err := l.add(ctx, cols, sel, n)
	if err == nil {
		return nil
	}
	var full noRoom
	if !errors.As(err, &full) {
		return err
	}
	if n == 1 {
		return full.error
	}
	if sel == nil {
		sel = make([]uint32, n)
		for i := range sel {
			sel[i] = uint32(i)
		}
	}
	if err := l.addPieces(ctx, cols, sel[:n/2], n/2); err != nil {
		return err
	}
	return l.addPieces(ctx, cols, sel[n/2:n], n-n/2)
}

// noRoom is an error 53200 before which no state has been changed.
type noRoom struct{ error }

func (e noRoom) Unwrap() error { return e.error }

// EndBatch implements operators.SinkLocal.
func (l *local) EndBatch(context.Context) error { return nil }

// Combine implements operators.SinkLocal.
func (l *local) Combine(ctx context.Context) error {
	for _, d := range l.distinct {
		if err := d.local.Combine(ctx); err != nil {
			return err
		}
	}
	l.leave()
	l.releaseDirectories()
	h := l.h
	if l.forgot {
		h.forgot.Store(true)
	}
	if l.w.NumRows() > 0 || l.forgot {
		h.mu.Lock()
		h.locals++
		h.mu.Unlock()
	}
	return h.set.Combine(ctx, l.w)
}

// Close implements operators.SinkLocal.
func (l *local) Close() {
	for _, d := range l.distinct {
		d.local.Close()
	}
	l.leave()
	l.releaseDirectories()
	l.w.Close()
}

// leave ends what Attend began.
func (l *local) leave() {
	if l.attends {
		l.attends = false
		l.h.mem.Leave()
	}
}

func (l *local) releaseDirectories() {
	l.dir.release()
	l.direct.release()
}

// add aggregates the n rows at positions sel of cols.
func (l *local) add(ctx context.Context, cols []*vector.Vector, sel []uint32, n int) error {
	if n == 0 {
		return nil
	}
	if err := sqlerr.FromContext(ctx); err != nil {
		return err
	}
	for i := range l.b.aggs {
		l.calls[i].Ctx = ctx
		for j, c := range l.b.aggs[i].args {
			l.args[i][j] = cols[c]
		}
	}
	if len(l.b.groups) == 0 {
		if err := l.single(ctx); err != nil {
			return err
		}
		return l.updateOne(cols, l.one, sel, n)
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	for i, c := range l.b.groups {
		l.keys[i] = cols[c]
	}
	l.in.Set(l.keys)
	if done, err := l.tryDirect(ctx, cols, sel, n); done || err != nil {
		return err
	}
	if err := l.find(ctx, sel, n); err != nil {
		return err
	}
	rows := l.probe.rows[:n]
	if allEqual(rows) {
		return l.updateOne(cols, rows[0], sel, n)
	}
	return l.update(cols, rows, sel, n)
}

func allEqual(rows []raw.Addr) bool {
	first := rows[0]
	for _, r := range rows {
		if r != first {
			return false
		}
	}
	return true
}

// single makes the one row of an aggregation without keys.
func (l *local) single(ctx context.Context) error {
	if l.one != 0 {
		return nil
	}
	if err := sqlerr.FromContext(ctx); err != nil {
		return err
	}
	l.in.Set(nil)
	rows := make([]raw.Addr, 1)
	if err := l.w.AppendForce(ctx, &l.in, make([]uint64, 1), nil, 1, rows); err != nil {
		return err
	}
	l.h.initStates(rows)
	l.one = rows[0]
	return nil
}

// prepare makes the scratch memory, follows divisions of the set and makes
// room when states have taken more than the share.
func (l *local) prepare(ctx context.Context) error {
	if l.probe == nil {
		l.probe = newProber()
		l.hash = make([]uint64, vector.Capacity)
	}
	if l.seen.end > 0 && l.seen.rows >= l.seen.end {
		if err := l.reconsider(ctx); err != nil {
			return err
		}
	}
	gen, rows := l.w.Generation(), l.w.NumRows()
	if err := l.w.Adapt(ctx); err != nil {
		return err
	}
	if gen != l.w.Generation() {
		if l.w.NumRows() < rows {
			l.forgot = true // for want of memory, some went to disk
		}
		l.rebuild()
	}
	if l.shouldGive() {
		return l.makeRoom(ctx, roomPart)
	}
	return nil
}

// shouldGive reports whether rows should go to disk although nobody has refused
// anything yet.
func (l *local) shouldGive() bool {
	mem, held := l.h.mem, l.w.Bytes()
	limit := mem.Budget().Limit()
	if mem.Wanted() > 0 && held >= min(leastSpill, limit/littlePart) {
		return true
	}
	if !l.h.layout.HasStateRefs || held == 0 {
		return false
	}
	// States grow while they are updated, and then nothing can be moved any more.
	return held > rowset.RaiseAt(limit) && mem.Held() > mem.Share() ||
		mem.Budget().Free() < min(block.Size, limit/updatePart)
}

// rebuild enters the writer's rows anew, after they moved, those of one group
// that were forgotten before included: only the first is found.
func (l *local) rebuild() {
	if l.dir.count > 0 {
		l.enter()
	}
}

// enter empties the directory and enters all rows that the writer holds, if it has
// room for them.
func (l *local) enter() {
	l.dir.clear()
	if l.dir.full(int(l.w.NumRows())) {
		l.forget()
		return
	}
	l.dir.insertPages(l.w.AppendPages(nil), l.h.layout.Width, l.h.layout.HashOffset())
	l.stray = false
}

// forget empties the directory: rows stay, and groups may get another.
func (l *local) forget() {
	l.dir.clear()
	l.stray = l.w.NumRows() > 0
	l.forgot = l.forgot || l.stray
}

// makeRoom is what follows a refusal, or the wish of others: rows that are there
// more than once are merged; when that does not do, one in part of the writer's rows
// goes to disk, and what is held beyond the share or wanted, in whole partitions; or
// other rows that wait in memory. The groups of the rows that stay are still found.
// It is no error when there is nothing to move.
func (l *local) makeRoom(ctx context.Context, part int64) error {
	l.forgot = true
	over := max(l.h.mem.Held()-l.h.mem.Share(), l.h.mem.Wanted())
	want := max(l.w.Bytes()/part, min(l.w.Bytes(), leastSpill), 1) + max(over, 0)
	probing := l.dir.count > 0
	freed, err := l.mergeHeld(ctx, want)
	if idle := int64(len(l.dir.entries)) * 8; l.seen.end > 0 && idle >= l.w.Bytes() {
		// Rows are appended without being looked for, and there are too few to merge.
		l.dir.release()
		freed += idle
	}
	if err == nil && freed < want {
		var n int64
		n, err = l.w.Spill(ctx, want-freed)
		freed += n
	}
	if probing {
		l.enter()
	}
	if err != nil || freed > 0 {
		return err
	}
	if freed, err = l.h.spillPieces(ctx, max(want, block.Size)); err != nil || freed > 0 {
		return err
	}
	_, err = l.h.set.SpillResident(ctx, max(want, block.Size))
	return err
}

// find sets probe.rows[:n] to the rows of the groups of the n positions sel,
// making new ones.
func (l *local) find(ctx context.Context, sel []uint32, n int) error {
	for i, v := range l.keys {
		kernel.Hash(v, n, sel, l.h.env.Seed, l.hash, i > 0, &l.cache[i])
	}
	if l.seen.end > 0 {
		return l.appendAll(ctx, sel, n)
	}
	for part := int64(roomPart); part > 0; part /= roomPart / 2 {
		if ok, err := l.tryFind(ctx, sel, n); ok || err != nil {
			return err
		}
		if err := l.makeRoom(ctx, part); err != nil {
			return err
		}
	}
	if ok, err := l.tryFind(ctx, sel, n); ok || err != nil {
		return err
	}
	return l.forceAll(ctx, sel, n)
}

// findNew is find for rows of different groups that are new, as far as is known:
// they say nothing about whether grouping helps.
func (l *local) findNew(ctx context.Context, sel []uint32, n int) error {
	trial, newRows, end := l.trial, l.newRows, l.seen.end
	l.trial, l.newRows, l.seen.end = 0, 0, 0
	err := l.find(ctx, sel, n)
	l.trial, l.newRows, l.seen.end = trial, newRows, end
	return err
}

// tryFind is find; false when memory for new rows was refused.
func (l *local) tryFind(ctx context.Context, sel []uint32, n int) (bool, error) {
	if l.dir.full(n) {
		if err := l.enlarge(ctx); err != nil {
			return false, err
		}
	}
	p := l.probe
	if sel == nil {
		copy(p.hashes, l.hash[:n])
	} else {
		for k, pos := range sel[:n] {
			p.hashes[k] = l.hash[pos]
		}
	}
	before := l.dir.count
	cand, rest := p.begin(&l.dir, n)
	if before > farRows {
		for _, off := range l.h.strings {
			p.fetch(cand, off, l.w.Bufs())
		}
	}
	for {
		_, miss := l.h.layout.Match(&l.in, len(l.keys), sel, p.rows, cand, l.w.Bufs(), true, p.miss[:0])
		if rest = p.next(&l.dir, rest, miss); len(rest) == 0 {
			break
		}
		var fresh []uint32
		fresh, cand = p.advance(&l.dir, rest)
		if len(fresh) > 0 {
			ok, err := l.appendFresh(ctx, sel, fresh)
			if !ok || err != nil {
				return false, err
			}
		}
		p.load(&l.dir, cand)
		rest = p.rest[:0]
	}
	l.judge(n, l.dir.count-before)
	return true, nil
}

// appendFresh makes rows for the fresh ranks.
func (l *local) appendFresh(ctx context.Context, sel, fresh []uint32) (bool, error) {
	p := l.probe
	at := fresh
	if sel != nil {
		at = p.miss[:len(fresh)]
		for j, k := range fresh {
			at[j] = sel[k]
		}
	}
	ok, err := l.w.Append(ctx, &l.in, l.hash, at, len(at), p.added)
	if !ok || err != nil {
		p.abandon(&l.dir, fresh)
		return false, err
	}
	l.h.initStates(p.added[:len(fresh)])
	p.settle(&l.dir, fresh)
	l.seen.add(l.hash, at, len(at))
	return true, nil
}

// enlarge makes room for more groups in the directory: it doubles, or is
// forgotten when it must not or cannot, unless there are fewer groups than rows.
func (l *local) enlarge(ctx context.Context) error {
	h := l.h
	if l.dir.entries == nil {
		if l.dir.resize(h.env.Pool, h.mem, h.firstEntries()) || l.dir.resize(h.env.Pool, h.mem, minEntries) {
			return nil
		}
		err := l.dir.force(h.env.Pool, h.mem, minEntries)
		if !sqlerr.Is(err, sqlerr.CodeOutOfMemory) || l.w.Bytes() == 0 {
			return err
		}
		if err := l.makeRoom(ctx, 1); err != nil {
			return err
		}
		return l.dir.force(h.env.Pool, h.mem, minEntries)
	}
	if len(l.dir.entries) < maxEntries || len(l.dir.entries) < mostEntries && l.helps() {
		var bigger directory
		ok := bigger.resize(h.env.Pool, h.mem, 2*len(l.dir.entries))
		if !ok && len(l.dir.entries) < maxEntries {
			if err := l.makeRoom(ctx, roomPart); err != nil {
				return err
			}
			if !l.dir.full(vector.Capacity) {
				return nil
			}
			ok = bigger.resize(h.env.Pool, h.mem, 2*len(l.dir.entries))
		}
		if ok {
			if l.stray {
				bigger.insertEntries(l.dir.entries, h.layout.HashOffset())
			} else {
				// In the order of memory, which is faster.
				bigger.insertPages(l.w.AppendPages(nil), h.layout.Width, h.layout.HashOffset())
			}
			l.dir.release()
			l.dir = bigger
			return nil
		}
	}
	if l.repeated() {
		if err := l.gather(ctx); err != nil || !l.dir.full(vector.Capacity) {
			return err
		}
	}
	l.forget()
	return nil
}

// firstEntries is how many entries a directory has at first: for the groups that the
// planner expects, in a small part of memory, for rows are to have the rest.
func (h *Hash) firstEntries() int {
	entries := entriesFor(int64(min(h.plan.EstGroups, maxEntries/2)))
	most := h.mem.Share() / int64(firstPart*max(h.env.Threads, 1))
	for entries > minEntries && int64(entries)*8 > most {
		entries /= 2
	}
	return entries
}

// helps reports whether the directory finds the groups of many rows.
func (l *local) helps() bool {
	rows, fresh := l.trial, l.newRows
	if rows < trialRows/4 {
		rows, fresh = rows+l.tried, fresh+l.triedNew
	}
	return helpShare*fresh < (helpShare-1)*rows
}

// fewGroups reports whether the planner expects no more groups than a
// directory holds.
func (h *Hash) fewGroups() bool {
	return h.plan.EstGroups > 0 && h.plan.EstGroups < maxEntries/2
}

// judge ends the search for groups when it saves too little.
func (l *local) judge(n, fresh int) {
	l.trial += n
	l.newRows += fresh
	if l.trial < trialRows {
		return
	}
	if l.newRows > l.trial-l.trial/trialShare && !l.h.fewGroups() {
		l.seen.begin(l.seen.estimate())
		l.forget()
	}
	l.tried, l.triedNew = l.trial, l.newRows
	l.trial, l.newRows = 0, 0
}

// appendAll makes a row of every position.
func (l *local) appendAll(ctx context.Context, sel []uint32, n int) error {
	l.forgot, l.stray = true, true
	rows := l.probe.rows
	for part := int64(roomPart); ; part /= roomPart / 2 {
		ok, err := l.w.Append(ctx, &l.in, l.hash, sel, n, rows)
		if err != nil {
			return err
		}
		if ok {
			l.h.initStates(rows[:n])
			l.seen.add(l.hash, sel, n)
			return nil
		}
		if part == 0 {
			return l.forceAll(ctx, sel, n)
		}
		if err := l.makeRoom(ctx, part); err != nil {
			return err
		}
	}
}

// forceAll is appendAll when memory beyond the share has to be used.
func (l *local) forceAll(ctx context.Context, sel []uint32, n int) error {
	l.forgot, l.stray = true, true
	rows := l.probe.rows
	if err := l.w.AppendForce(ctx, &l.in, l.hash, sel, n, rows); err != nil {
		if sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			err = noRoom{err}
		}
		return err
	}
	l.h.initStates(rows[:n])
	l.seen.add(l.hash, sel, n)
	return nil
}

// update adds the n positions sel to the states of their rows.
func (l *local) update(cols []*vector.Vector, rows []raw.Addr, sel []uint32, n int) error {
	for i := range l.b.aggs {
		a := &l.b.aggs[i]
		s, r, k := sel, rows, n
		if a.filter >= 0 {
			if s, r = l.filtered(cols[a.filter], rows, sel, n); len(s) == 0 {
				continue
			}
			k = len(s)
		}
		if err := a.fn.Update(l.calls[i], l.args[i], r[:k], a.off, s, k); err != nil {
			return err
		}
	}
	return nil
}

// updateOne adds the n positions sel to the states of one row.
func (l *local) updateOne(cols []*vector.Vector, row raw.Addr, sel []uint32, n int) error {
	for i := range l.b.aggs {
		a := &l.b.aggs[i]
		s, k := sel, n
		if a.filter >= 0 {
			s = kernel.SelectTrue(cols[a.filter], sel, n, l.filterRoom())
			if k = len(s); k == 0 {
				continue
			}
		}
		if err := a.fn.UpdateOne(l.calls[i], l.args[i], row, a.off, s, k); err != nil {
			return err
		}
	}
	return nil
}

func (l *local) filterRoom() []uint32 {
	if l.filterSel == nil {
		l.filterSel = make([]uint32, vector.Capacity)
		l.filterRows = make([]raw.Addr, vector.Capacity)
	}
	return l.filterSel
}

// filtered returns the positions where the filter is true, and their rows.
func (l *local) filtered(filter *vector.Vector, rows []raw.Addr, sel []uint32, n int) ([]uint32, []raw.Addr) {
	pass := kernel.SelectTrue(filter, sel, n, l.filterRoom())
	out := l.filterRows[:len(pass)]
	if sel == nil {
		for j, p := range pass {
			out[j] = rows[p]
		}
		return pass, out
	}
	k := 0
	for j, p := range pass {
		for sel[k] != p {
			k++
		}
		out[j] = rows[k]
	}
	return pass, out
}
