package window

import (
	"bytes"
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
)

// Top says that only the rows are asked for whose number, by Kind, is at most N.
// A Window may leave out others: of those that come out nevertheless the number
// is greater than N, but it may not be right. All calls of the plan number rows
// by those before them, or by their peers.
type Top struct {
	Kind TopKind
	N    int64 // 0: all rows
}

// TopKind is how Top counts rows.
type TopKind uint8

// The kinds of Top.
const (
	TopRows   TopKind = iota // row_number
	TopRank                  // rank
	TopGroups                // dense_rank
)

// What a Top may ask for, so that looking through the keys of a group by group of
// peers stays cheap.
const (
	maxTop       = 1 << 16
	maxTopGroups = 64
)

// top keeps, for one worker, the best keys of each partition seen, and so knows
// of most rows that they are not among the first N. It is a help only: what it
// forgets, for want of memory, costs time. Rows that it let pass and that better
// ones have put out of the first N since are dropped by compact.
//
// A group is an entry of words, found by the hash of the partition through a
// linear-probing table:
//
//	0  hash
//	1  number of keys in the heap; room in the heap << 32
//	2  address of the heap: a binary heap of keys, the greatest first, once it
//	   has N of them
//	3  address and
//	4  length of the bytes of partition keys whose words are not all of them
//	5  the words of the partition, then the worst key, if there are N
//
// A key is the words of ORDER BY and the row's ordinal.
type top struct {
	w        *Window
	n        int
	ties     bool // rows equal to the worst key stay
	distinct bool // keys are counted once
	parts    int  // words of the partition
	keys     int  // words of a key, with the ordinal
	stride   int

	dirBlk, entryBlk *block.Block
	dir              []uint32 // 1 + number of the entry, 0 none
	entries          []uint64
	count            int

	arena []*block.Block
	free  []byte

	row     []uint64 // of the row at hand: words of the partition, then its key
	long    []byte   // of the row at hand: see word 3
	out     []uint32
	slots   []uint32
	found   []uint64
	epoch   uint64 // how often everything was forgotten
	seen    int64  // rows since the last judgement
	fresh   int64  // of them, those that filled a heap
	skip    int64  // rows to let pass without looking
	total   int64
	kept    int64 // rows of the writer after the last compact
	longKey bool  // some key may have words that are not all of it
}

const (
	entryHash = iota
	entrySize
	entryHeap
	entryLong
	entryLongLen
	entryWords
)

// limited reports whether rows beyond the first are left out.
func (p *Plan) limited() bool {
	return p.Top.N > 0 && p.Top.N <= maxTop && (p.Top.Kind != TopGroups || p.Top.N <= maxTopGroups) && len(p.Order) > 0 && p.numbersOnly()
}

// newTop returns nil when the plan asks for all rows, or for too many.
func newTop(w *Window) *top {
	p := &w.plan
	if !p.limited() {
		return nil
	}
	t := &top{w: w, n: int(p.Top.N), ties: p.Top.Kind != TopRows, distinct: p.Top.Kind == TopGroups}
	for k := range w.rows.Keys {
		e := &w.rows.Keys[k]
		if k < len(p.Partition) {
			t.parts += e.Words
		} else {
			t.keys += e.Words
		}
		t.longKey = t.longKey || e.HasLong()
	}
	t.keys++
	t.stride = entryWords + t.parts + t.keys
	t.row = make([]uint64, t.parts+t.keys)
	t.out, t.slots = make([]uint32, vector.Capacity), make([]uint32, vector.Capacity)
	t.found = make([]uint64, vector.Capacity)
	return t
}

// Trials: after topTrial rows it is judged whether too many fill heaps, once
// topWarm have been seen; then topSkip rows pass without a look.
const (
	topTrial = 128 << 10
	topWarm  = 1 << 20
	topSkip  = 1 << 20
	// topSlack is how many rows more than those kept the writer has before they
	// are looked through.
	topSlack = 64 << 10
)

// filter returns the positions of those of the n rows sel that may be among the
// first; it may be sel itself. in are the input's columns, words by word and
// position. It notes the group of each row in groups, by position, for compact.
//
// It goes through the rows in stages, of which those that wait for memory are
// loops of their own.
func (t *top) filter(in []*vector.Vector, ordinals, groups []uint64, words [][]uint64, hashes []uint64, sel []uint32, n int) ([]uint32, int) {
	t.total += int64(n)
	if t.skip > 0 {
		t.skip -= int64(n)
		t.ungrouped(groups, sel, 0, n)
		return sel, n
	}
	at := t.out[:n]
	if sel == nil {
		for i := range at {
			at[i] = uint32(i)
		}
	} else {
		copy(at, sel)
	}
	slots, found := t.slots[:n], t.found[:n]
	clear(slots)
	if hashes != nil && len(t.dir) > 0 {
		mask := uint64(len(t.dir) - 1)
		for i, p := range at {
			slots[i] = t.dir[hashes[p]&mask]
		}
		for i, s := range slots {
			found[i] = t.entries[max(int(s)-1, 0)*t.stride]
		}
	}
	own := len(t.row) - 1
	words = words[:own]
	epoch := t.epoch << 32
	k := 0
	for i, p := range at {
		hash := uint64(0)
		if hashes != nil {
			hash = hashes[p]
		}
		for j, w := range words {
			t.row[j] = w[p]
		}
		t.row[own] = ordinals[p]
		if t.longKey {
			t.longOf(in, int(p))
		}
		number := int(slots[i]) - 1
		if number < 0 || found[i] != hash || !t.same(t.entry(number)) {
			var ok bool
			if number, ok = t.find(hash); !ok {
				t.forget()
				t.ungrouped(groups, at, i, n)
				k += copy(t.out[k:], at[i:])
				break
			}
		}
		if t.admit(t.entry(number)) {
			groups[p] = epoch | uint64(number)
			t.out[k] = p
			k++
		}
	}
	if t.seen += int64(n); t.seen >= topTrial {
		if t.total >= topWarm && t.fresh > t.seen-t.seen/4 {
			t.forget()
			t.skip = topSkip
		}
		t.seen, t.fresh = 0, 0
	}
	return t.out[:k], k
}

// ungrouped notes that the rows from to n-1 of sel belong to no group.
func (t *top) ungrouped(groups []uint64, sel []uint32, from, n int) {
	for i := from; i < n; i++ {
		if sel == nil {
			groups[i] = noGroup
		} else {
			groups[sel[i]] = noGroup
		}
	}
}

// noGroup is the group of rows that pass unlooked at: of an epoch that never is.
const noGroup = ^uint64(0)

// entry returns entry number i.
func (t *top) entry(i int) []uint64 { return t.entries[i*t.stride:][:t.stride] }

// longOf collects the bytes of the partition keys at position p whose words are
// not all of them.
func (t *top) longOf(in []*vector.Vector, p int) {
	t.long = t.long[:0]
	for k := range t.w.plan.Partition {
		e := &t.w.rows.Keys[k]
		if e.HasLong() && e.Long(t.row[e.First+e.Words-1]) {
			t.long = rowfmt.AppendValue(t.long, in[e.Col], p)
		}
	}
}

// find returns the number of the entry of the row at hand, making it if need be;
// false when memory for it was refused.
func (t *top) find(hash uint64) (int, bool) {
	if 2*t.count >= len(t.dir) && !t.grow() {
		return 0, false
	}
	mask := uint64(len(t.dir) - 1)
	at := hash & mask
	for ; t.dir[at] != 0; at = (at + 1) & mask {
		number := int(t.dir[at] - 1)
		if e := t.entry(number); e[entryHash] == hash && t.same(e) {
			return number, true
		}
	}
	e := t.entry(t.count)
	clear(e)
	e[entryHash] = hash
	if len(t.long) > 0 {
		b, ok := t.alloc(len(t.long))
		if !ok {
			return 0, false
		}
		copy(b, t.long)
		e[entryLong], e[entryLongLen] = uint64(raw.Of(b)), uint64(len(b))
	}
	copy(e[entryWords:], t.row[:t.parts])
	t.count++
	t.dir[at] = uint32(t.count)
	return t.count - 1, true
}

// same reports whether the row at hand is in e's partition.
func (t *top) same(e []uint64) bool {
	own := e[entryWords:][:t.parts]
	for i, w := range t.row[:t.parts] {
		if own[i] != w {
			return false
		}
	}
	n := int(e[entryLongLen])
	if n != len(t.long) {
		return false
	}
	return n == 0 || bytes.Equal(t.long, raw.Slice(raw.Addr(e[entryLong]), 0, n))
}

// minTopEntries is how many groups the tables begin with room for.
const minTopEntries = 1 << 10

// grow doubles the tables; false when memory was refused.
func (t *top) grow() bool {
	room := max(minTopEntries, len(t.dir))
	if room >= 1<<30 {
		return false
	}
	dirBlk, ok := t.block(int64(room) * 2 * 4)
	if !ok {
		return false
	}
	entryBlk, ok := t.block(int64(room) * int64(t.stride) * 8)
	if !ok {
		dirBlk.Release()
		return false
	}
	dir := raw.Cast[uint32](dirBlk.Bytes)[:2*room]
	clear(dir)
	entries := raw.Cast[uint64](entryBlk.Bytes)[:room*t.stride]
	copy(entries, t.entries[:t.count*t.stride])
	mask := uint64(len(dir) - 1)
	for i := range t.count {
		at := entries[i*t.stride+entryHash] & mask
		for dir[at] != 0 {
			at = (at + 1) & mask
		}
		dir[at] = uint32(i + 1)
	}
	if t.dirBlk != nil {
		t.dirBlk.Release()
		t.entryBlk.Release()
	}
	t.dirBlk, t.entryBlk, t.dir, t.entries = dirBlk, entryBlk, dir, entries
	return true
}

func (t *top) block(n int64) (*block.Block, bool) {
	if n <= block.Size {
		return t.w.env.Pool.Get(t.w.mem)
	}
	return t.w.env.Pool.GetSized(t.w.mem, n)
}

// alloc takes n bytes that stay until forget.
func (t *top) alloc(n int) ([]byte, bool) {
	size := (n + 7) &^ 7
	if len(t.free) < size {
		b, ok := t.block(int64(max(size, block.Size)))
		if !ok {
			return nil, false
		}
		t.arena = append(t.arena, b)
		t.free = b.Bytes
	}
	out := t.free[:n:size]
	t.free = t.free[size:]
	return out, true
}

// forget gives up all groups.
func (t *top) forget() {
	if t.dirBlk != nil {
		t.dirBlk.Release()
		t.entryBlk.Release()
	}
	for _, b := range t.arena {
		b.Release()
	}
	t.dirBlk, t.entryBlk, t.arena, t.free = nil, nil, nil, nil
	t.dir, t.entries, t.count = nil, nil, 0
	t.epoch++
}

// worst is the worst key of an entry that has N.
func (t *top) worst(e []uint64) []uint64 { return e[entryWords+t.parts:][:t.keys] }

// compare orders two keys, without their ordinals. Behind a text that goes on beyond
// its words nothing is known: the words of later keys do not count there.
func (t *top) compare(a, b []uint64) int {
	if !t.longKey {
		return slices.Compare(a[:t.keys-1], b[:t.keys-1])
	}
	for k := len(t.w.plan.Partition); k < len(t.w.rows.Keys); k++ {
		e := &t.w.rows.Keys[k]
		from, to := e.First-t.parts, e.First-t.parts+e.Words
		if c := slices.Compare(a[from:to], b[from:to]); c != 0 {
			return c
		}
		if e.HasLong() && e.Long(a[to-1]) {
			return 0
		}
	}
	return 0
}

// beyond reports whether a key comes behind the first N of the entry.
func (t *top) beyond(e, key []uint64) bool {
	if int(uint32(e[entrySize])) < t.n {
		return false
	}
	worst := t.worst(e)
	c := t.compare(key, worst)
	if c == 0 && !t.ties && !t.vague(worst) {
		return key[t.keys-1] > worst[t.keys-1]
	}
	return c > 0
}

// vague reports whether keys with the words of key may differ.
func (t *top) vague(key []uint64) bool {
	if !t.longKey {
		return false
	}
	for k := len(t.w.plan.Partition); k < len(t.w.rows.Keys); k++ {
		e := &t.w.rows.Keys[k]
		if e.HasLong() && e.Long(key[e.First+e.Words-1-t.parts]) {
			return true
		}
	}
	return false
}

// admit takes the key of the row at hand into the entry if it is one of the best,
// and reports whether the row may be among the first.
func (t *top) admit(e []uint64) bool {
	key := t.row[t.parts:]
	size := int(uint32(e[entrySize]))
	full := size >= t.n
	if full && t.beyond(e, key) {
		return false
	}
	if t.n == 1 {
		worst := t.worst(e)
		if !full {
			e[entrySize] = 1
			t.fresh++
			copy(worst, key)
		} else if c := t.compare(key, worst); c < 0 || c == 0 && key[t.keys-1] < worst[t.keys-1] {
			copy(worst, key)
		}
		return true
	}
	heap := raw.Cast[uint64](raw.Slice(raw.Addr(e[entryHeap]), 0, size*t.keys*8))
	if size == 0 {
		heap = nil
	}
	if t.distinct && t.has(heap, key) {
		return true
	}
	if full {
		if c := t.compare(key, heap[:t.keys]); c > 0 || c == 0 && key[t.keys-1] >= heap[t.keys-1] {
			return true // a tie
		}
		copy(heap, key)
		t.down(heap, 0)
		copy(t.worst(e), heap[:t.keys])
		return true
	}
	t.fresh++
	room := int(e[entrySize] >> 32)
	if size == room {
		room = min(max(2*room, 4), t.n)
		b, ok := t.alloc(room * t.keys * 8)
		if !ok {
			return true // the heap stays as it is, and nothing is dropped
		}
		bigger := raw.Cast[uint64](b)
		copy(bigger, heap)
		e[entryHeap] = uint64(raw.Of(b))
	}
	heap = raw.Cast[uint64](raw.Slice(raw.Addr(e[entryHeap]), 0, (size+1)*t.keys*8))
	copy(heap[size*t.keys:], key)
	size++
	e[entrySize] = uint64(size) | uint64(room)<<32
	if size == t.n {
		for i := size/2 - 1; i >= 0; i-- {
			t.down(heap, i)
		}
		copy(t.worst(e), heap[:t.keys])
	}
	return true
}

// has reports whether the heap has the key.
func (t *top) has(heap, key []uint64) bool {
	for ; len(heap) > 0; heap = heap[t.keys:] {
		if t.compare(heap[:t.keys], key) == 0 {
			return true
		}
	}
	return false
}

// down restores the order of the heap below key i.
func (t *top) down(heap []uint64, i int) {
	n, w := len(heap)/t.keys, t.keys
	at := func(i int) []uint64 { return heap[i*w : (i+1)*w] }
	for {
		c := 2*i + 1
		if c >= n {
			return
		}
		if c+1 < n && t.worse(at(c+1), at(c)) {
			c++
		}
		if !t.worse(at(c), at(i)) {
			return
		}
		for k := range w {
			heap[i*w+k], heap[c*w+k] = heap[c*w+k], heap[i*w+k]
		}
		i = c
	}
}

// worse reports whether key a comes behind b.
func (t *top) worse(a, b []uint64) bool {
	c := t.compare(a, b)
	return c > 0 || c == 0 && a[len(a)-1] > b[len(b)-1]
}

// compact drops the rows of l's writer that are not among the first any more.
// When final is not set it waits until that is worth while. Rows that went to
// disk stay, and so do all when there is no memory for a copy.
func (t *top) compact(ctx context.Context, l *local, final bool) error {
	slack := 3*t.kept + topSlack
	if final {
		slack = t.kept/4 + vector.Capacity
	}
	if t.count == 0 || l.out.NumRows() <= t.kept+slack {
		return nil
	}
	pages := l.out.AppendPages(nil)
	rows := int64(0)
	for _, p := range pages {
		rows += int64(p.Count)
	}
	if rows < l.out.NumRows() {
		t.kept = l.out.NumRows()
		return nil
	}
	layout := l.w.rows.Layout
	to := l.w.set.NewWriter()
	defer func() { to.Close() }()
	src, dst := l.rows, make([]raw.Addr, vector.Capacity)
	own := len(t.row) - 1
	words := t.w.rows.Words[:own]
	bufs := l.out.Bufs()
	entry, worst := t.slots, t.found
	for _, page := range pages {
		for page.Count > 0 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			n := page.Take(src, layout.Width)
			for i, r := range src[:n] {
				g := *raw.At[uint64](r, t.w.group)
				entry[i] = uint32(g)
				if g>>32 != t.epoch {
					entry[i] = ^uint32(0)
				}
			}
			for i, e := range entry[:n] {
				worst[i] = 0
				if e != ^uint32(0) {
					worst[i] = t.entries[int(e)*t.stride+entryWords+t.parts]
				}
			}
			live := src[:0]
			for i, r := range src[:n] {
				if entry[i] != ^uint32(0) {
					e := t.entry(int(entry[i]))
					first := *raw.At[uint64](r, words[t.parts])
					if int(uint32(e[entrySize])) >= t.n && first > worst[i] {
						continue
					}
					for j, off := range words[t.parts:] {
						t.row[t.parts+j] = *raw.At[uint64](r, off)
					}
					t.row[own] = *raw.At[uint64](r, t.w.ordinal)
					if t.beyond(e, t.row[t.parts:]) {
						continue
					}
				}
				live = append(live, r)
			}
			ok, err := to.AppendRows(ctx, live, bufs, dst, false)
			if err != nil {
				return err
			}
			if !ok {
				t.kept = l.out.NumRows()
				return nil
			}
		}
	}
	l.out, to = to, l.out
	t.kept = l.out.NumRows()
	return nil
}

// numbersOnly reports whether all calls number rows by those before them or by
// their peers, so that rows behind do not matter.
func (p *Plan) numbersOnly() bool {
	return !slices.ContainsFunc(p.Calls, func(c Call) bool {
		return c.Fn == nil || len(c.Order) > 0 || c.Fn.Name != "row_number" && c.Fn.Name != "rank" && c.Fn.Name != "dense_rank"
	})
}

// TopOf asks for the rows in which fn gives at most n; for all when fn is none of
// row_number, rank and dense_rank.
func TopOf(fn *function.BoundWindow, n int64) Top {
	switch fn.Name {
	case "row_number":
		return Top{TopRows, n}
	case "rank":
		return Top{TopRank, n}
	case "dense_rank":
		return Top{TopGroups, n}
	}
	return Top{}
}
