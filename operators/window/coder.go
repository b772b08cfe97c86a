package window

import (
	"context"
	"math"
	"slices"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// coder gives the rows of one worker codes of the order (borders), in the place of
// hashes, from when memory is refused.
type coder struct {
	words [][]uint64 // of a chunk: the words of w.rows, then ordinals; by position
	done  bool       // the worker's rows have codes
}

// divide gives rows that the worker holds in out codes, for which the division has
// a table, and puts them in the partitions of the set.
func (c *coder) divide(ctx context.Context, w *Window, out *rowset.Writer) error {
	if c.done {
		return nil
	}
	offs := w.wordsAndOrdinal()
	words := make([][]uint64, len(offs))
	for i := range words {
		words[i] = make([]uint64, vector.Capacity)
	}
	rows, hashes := make([]raw.Addr, vector.Capacity), make([]uint64, vector.Capacity)
	layout := w.rows.Layout
	at := layout.HashOffset()
	for _, page := range out.AppendPages(nil) {
		for page.Count > 0 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			n := page.Take(rows, layout.Width)
			for k, off := range offs {
				vals := words[k]
				for i, r := range rows[:n] {
					vals[i] = *raw.At[uint64](r, off)
				}
			}
			w.code(words, nil, n, hashes)
			for i, r := range rows[:n] {
				*raw.At[uint64](r, at) = hashes[i]
			}
		}
	}
	c.done = true
	return out.Divide(ctx)
}

// code sets hashes to the codes of rows at positions sel (nil: 0 to n-1) of words.
func (w *Window) code(words [][]uint64, sel []uint32, n int, hashes []uint64) {
	lo, hi := uint64(math.MaxUint64), uint64(0)
	first := words[0]
	if sel == nil {
		for _, x := range first[:n] {
			lo, hi = min(lo, x), max(hi, x)
		}
	} else {
		for _, p := range sel[:n] {
			lo, hi = min(lo, first[p]), max(hi, first[p])
		}
	}
	t := w.division.join(lo, hi, int64(n), w.set.Bits())
	t.hashes(words, sel, n, hashes)
}

// follow divides the worker's rows when others began to, and sets the codes of a
// chunk; 0 as long as no memory was refused.
func (l *local) follow(ctx context.Context, sel []uint32, n int) error {
	if !l.coder.done {
		if !l.w.division.begun() {
			return nil // hashes are 0
		}
		if err := l.coder.divide(ctx, l.w, l.out); err != nil {
			return err
		}
	}
	l.w.code(l.coder.words, sel, n, l.hashes)
	return nil
}

// divide is what comes before rows go to disk when there are no partitions: rows
// are divided by their order, of which those in memory, and the chunk that there
// is no memory for, are a sample. It sets the codes of the chunk.
func (l *local) divide(ctx context.Context, sel []uint32, n int) error {
	w := l.w
	if !w.inRanges || l.coder.done {
		return nil
	}
	if err := w.chooseBorders(ctx, l, sel, n); err != nil {
		return err
	}
	if err := l.coder.divide(ctx, w, l.out); err != nil {
		return err
	}
	if n > 0 {
		w.code(l.coder.words, sel, n, l.hashes)
	}
	return nil
}

// bordersSample is how many rows borders are chosen from.
const bordersSample = codes * samplesPerRange

// chooseBorders makes the table of the division, unless there is one. With peers
// that calls look at in one range each, unless they are too many, the other ranges
// need not be known before the first is computed.
func (w *Window) chooseBorders(ctx context.Context, l *local, sel []uint32, n int) error {
	d := &w.division
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.table != nil {
		return nil
	}
	offs := w.wordsAndOrdinal()
	words, rows := sampleRows(w, l.out, offs)
	if len(rows) < vector.Capacity {
		for i := range n {
			p := uint32(i)
			if sel != nil {
				p = sel[i]
			}
			rows = append(rows, 0)
			for _, vals := range l.coder.words {
				words = append(words, vals[p])
			}
		}
	}
	// Behind a text that goes on beyond its words neither the words of later keys
	// tell the order nor ordinals do.
	width, all, long := len(offs), len(offs), false
	for i := range w.rows.Keys {
		if e := &w.rows.Keys[i]; e.HasLong() {
			width, long = e.First+e.Words, true
			break
		}
	}
	needs, _ := w.needs()
	if !long && needs.peers && all > 1 {
		width--
	}
	d.choose(words, all, width, rows)
	if !long && width < all && d.largest(words, all) > len(rows)/8 {
		width = all
		d.choose(words, all, width, rows)
	}
	d.cross = needs.peers && width == all
	d.least = max(w.freeBytes()/w.rangesAtOnce(&needs)/(int64(w.rows.Layout.Width)+sectionBytes), vector.Capacity)
	if width < all {
		clear(d.table.rows[:])
		return nil
	}
	d.kept = w.newKeeper()
	for k, r := range d.table.rows[:d.table.n] {
		if r == 0 {
			continue
		}
		var err error
		if d.table.rows[k], err = d.kept.keep(ctx, r, l.out.Bufs()); err != nil {
			return err
		}
	}
	return nil
}

// wordsAndOrdinal are the offsets by which rows are told apart.
func (w *Window) wordsAndOrdinal() []uintptr {
	return append(slices.Clone(w.rows.Words), w.ordinal)
}

// sampleRows returns evenly spaced rows of out, and their values at offs.
func sampleRows(w *Window, out *rowset.Writer, offs []uintptr) (words []uint64, rows []raw.Addr) {
	step := max(out.NumRows()/bordersSample, 1)
	width := raw.Addr(w.rows.Layout.Width)
	at, want := int64(0), int64(0)
	for _, page := range out.AppendPages(nil) {
		for ; want < at+int64(page.Count); want += step {
			r := page.Base + raw.Addr(want-at)*width
			rows = append(rows, r)
			for _, off := range offs {
				words = append(words, *raw.At[uint64](r, off))
			}
		}
		at += int64(page.Count)
	}
	return words, rows
}
