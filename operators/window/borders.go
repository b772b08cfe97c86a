package window

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector/raw"
)

// Ranges of the order have codes, which ascend with it: the first bits of what a
// row has for a hash, so that the set divides rows by them. A set of fewer
// partitions has several ranges in each.
const (
	codeBits = 8
	codes    = 1 << codeBits
	// trendCodes is how many codes the rows in memory get when those that follow
	// are expected behind them; the others are for these.
	trendCodes = codes / 4
)

// borders divide the order of rows without partitions into ranges, by their key
// words and perhaps ordinals: a range begins with a border. They are not changed
// once made.
type borders struct {
	n     int
	first [codes]uint64 // first word of each, all bits set behind the last
	words []uint64      // all words of each, width for each
	width int
	code  [codes]uint8    // of the range before the first border, and of that behind each
	rows  [codes]raw.Addr // a copy of the row that a border is; 0: it is none
}

func (b *borders) border(k int) []uint64 { return b.words[k*b.width : (k+1)*b.width] }

// rangeOf returns how many borders are not above the row at position p of words.
func (b *borders) rangeOf(words [][]uint64, p uint32) int {
	x, k := words[0][p], 0
	for step := codes / 2; step > 0; step /= 2 {
		if b.first[k+step-1] <= x {
			k += step
		}
	}
	k = min(k, b.n)
	if b.width == 1 || k == 0 || b.first[k-1] != x {
		return k
	}
	lo, _ := slices.BinarySearch(b.first[:k], x)
	for lo < k {
		m := (lo + k) / 2
		if b.above(m, words, p) {
			k = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// above reports whether border k is above a row that has its first word.
func (b *borders) above(k int, words [][]uint64, p uint32) bool {
	for i, x := range b.border(k)[1:] {
		if y := words[i+1][p]; x != y {
			return x > y
		}
	}
	return false
}

// hashes sets out to the codes of the rows at positions sel (nil: 0 to n-1), in the
// place of hashes.
func (b *borders) hashes(words [][]uint64, sel []uint32, n int, out []uint64) {
	const shift = 64 - codeBits
	if sel == nil {
		for p := range uint32(n) {
			out[p] = uint64(b.code[b.rangeOf(words, p)]) << shift
		}
		return
	}
	for _, p := range sel[:n] {
		out[p] = uint64(b.code[b.rangeOf(words, p)]) << shift
	}
}

// put makes b a border behind the last one.
func (b *borders) put(words []uint64, row raw.Addr) {
	b.first[b.n], b.rows[b.n] = words[0], row
	b.words = append(b.words[:b.n*b.width:b.n*b.width], words...)
	b.n++
}

// trend is how rows arrive: in no order that shows, or in one that does.
type trend int

const (
	scattered trend = iota
	ascending
	descending
)

// trendOf looks at the first of width words of rows in the order in which they
// arrived.
func trendOf(sample []uint64, width int) trend {
	up, down := 0, 0
	for i := width; i < len(sample); i += width {
		switch c := cmp.Compare(sample[i-width], sample[i]); {
		case c < 0:
			up++
		case c > 0:
			down++
		}
	}
	most := len(sample) / width / 16
	switch {
	case up > 0 && down <= most:
		return ascending
	case down > 0 && up <= most:
		return descending
	}
	return scattered
}

// division is how a Window without partitions divides its rows into ranges of the
// order once memory is refused. All ranges grow at the same time, unless rows
// arrive in order: then ranges are added before or behind the others as they come.
type division struct {
	mu    sync.Mutex
	table *borders // nil: no memory was refused yet; guarded by mu
	trend trend    // guarded by mu
	// bound is the highest first word of rows that have a code or were in the
	// sample, or the lowest.
	bound uint64  // guarded by mu
	since int64   // rows that came since there is the last border; guarded by mu
	least int64   // rows that a partition is to have; guarded by mu
	cross bool    // borders may be between peers that calls look at; guarded by mu
	kept  *keeper // has the rows of the table; nil: none
	// Of workers that ended before there was a table.
	ended []*rowset.Writer // guarded by mu
}

// begun reports whether rows have codes.
func (d *division) begun() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.table != nil
}

// leave takes over the rows of a worker that has ended, unless they must have codes.
func (d *division) leave(out *rowset.Writer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.table != nil {
		return false
	}
	d.ended = append(d.ended, out)
	return true
}

func (d *division) close() {
	for _, out := range d.ended {
		out.Close()
	}
	d.ended = nil
	d.kept.close()
}

// choose makes the table from a sample of rows in the order of their arrival: all
// words of each, of which the first width decide, and their addresses. mu is held.
func (d *division) choose(sample []uint64, all, width int, rows []raw.Addr) {
	n := len(rows)
	d.trend = trendOf(sample, all)
	words := func(i int) []uint64 { return sample[i*all : i*all+width] }
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return slices.Compare(words(x), words(y)) })
	ranges, from := codes, 0
	switch d.trend {
	case ascending:
		ranges = trendCodes
		d.bound = sample[order[n-1]*all]
	case descending:
		ranges, from = trendCodes, codes-trendCodes
		d.bound = sample[order[0]*all]
	}
	b := &borders{width: width}
	for i := range b.first {
		b.first[i] = math.MaxUint64
	}
	last := 0
	for k := 1; k < ranges && n > 0; k++ {
		i := n * k / ranges
		if slices.Compare(words(order[last]), words(order[i])) < 0 {
			b.put(words(order[i]), rows[order[i]])
			last = i
		}
	}
	for k := range b.n + 1 {
		b.code[k] = uint8(from + k*ranges/(b.n+1))
	}
	d.table = b
}

// largest returns how many rows of a sample, of which all words come, are in one
// range at most. mu is held.
func (d *division) largest(sample []uint64, all int) int {
	var held [codes]int
	vals := make([][]uint64, all)
	for i := 0; i < len(sample); i += all {
		for k := range vals {
			vals[k] = sample[i+k : i+k+1]
		}
		held[d.table.rangeOf(vals, 0)]++
	}
	return slices.Max(held[:])
}

// join says that rows with first words from lo to hi are to get codes, and returns
// the table for that. bits is what the set is divided by.
func (d *division) join(lo, hi uint64, rows int64, bits int) *borders {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trend == scattered {
		return d.table
	}
	d.since += rows
	if d.since >= d.least>>max(codeBits-bits, 0) {
		d.extend()
	}
	if d.trend == ascending {
		d.bound = max(d.bound, hi)
	} else {
		d.bound = min(d.bound, lo)
	}
	return d.table
}

// extend begins a range behind, or before, all rows that have a code. mu is held.
func (d *division) extend() {
	old := d.table
	if old.n+1 == codes {
		return
	}
	last := old.code[old.n]
	if d.trend == ascending {
		if last == codes-1 || d.bound == math.MaxUint64 || old.n > 0 && d.bound < old.first[old.n-1] {
			return
		}
	} else if last = old.code[0]; last == 0 || old.n > 0 && d.bound >= old.first[0] {
		return
	}
	d.since = 0
	b := &borders{width: old.width, first: old.first, code: old.code, rows: old.rows, n: old.n}
	words := make([]uint64, old.width)
	if d.trend == ascending {
		words[0] = d.bound + 1
		b.words = slices.Clone(old.words)
		b.put(words, 0)
		b.code[b.n] = last + 1
	} else {
		words[0] = d.bound
		copy(b.first[1:], old.first[:])
		copy(b.rows[1:], old.rows[:])
		copy(b.code[1:], old.code[:])
		b.first[0], b.rows[0], b.code[0] = words[0], 0, last-1
		b.words = append(words, old.words...)
		b.n++
	}
	d.table = b
}
