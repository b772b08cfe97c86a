package join

import (
	"context"
	"math/bits"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
)

// table finds the build rows of a key among partitions that are in memory.
// Made by one task, then read by any number.
type table struct {
	b     *Build
	parts []*rowset.Loaded // by partition; nil: not in memory
	pages []rowset.PageRows
	bufs  [][]byte // heap pages by number, of all parts
	rows  int64

	mem   *block.Block // of the directories
	left  uint         // a hash's partition is hash << left >> 1 >> right
	right uint
	dirs  []directory // by partition
	// even: all directories have the same size and follow each other, so that
	// a hash's first slot is hash >> shift & high | hash & mask. large: they and
	// the rows are larger than a core's cache.
	even  bool
	shift uint
	high  uint64
	large bool

	dense raw.Addr // the addresses by key − min, when span > 0
	min   uint64
	span  uint64

	order *ordered // of a join by inequality, when there are rows

	unique bool // no key occurs twice (without keys: there is one row at most)
}

// directory is an array of 8-byte slots whose number is a power of two.
type directory struct {
	base raw.Addr
	mask uint64
}

const (
	addrBits = 48
	addrMask = 1<<addrBits - 1

	// largeBytes is more than a core's own cache holds beside other things.
	largeBytes = 1 << 20

	// hugeBytes is the least directory that is worth huge pages.
	hugeBytes = 4 << 20

	minDenseSlots = 64 << 10
	maxDenseSlots = 16 << 20
)

// dirSlots returns how many slots the directory of a partition has: it is at
// most half full.
func dirSlots(rows int64) int64 {
	return int64(1) << bits.Len64(uint64(max(2*rows, 4)-1))
}

// dirBytes is what finding rows of a partition takes: the directory, if there
// are keys, and their order.
func (b *Build) dirBytes(rows int64) int64 {
	return b.slotBytes(rows) + b.orderedBytes(rows)
}

// slotBytes is what the directory for rows in a partition takes, 0 without
// keys.
func (b *Build) slotBytes(rows int64) int64 {
	if b.nkeys == 0 || rows == 0 {
		return 0
	}
	return 8 * dirSlots(rows)
}

// denseSlots returns how many slots a dense directory over the resident rows
// would have, 0 when it would be too large.
func (b *Build) denseSlots(rows int64) uint64 {
	if !b.integer || rows == 0 {
		return 0
	}
	n := b.keys.slots()
	if n == 0 || n > maxDenseSlots || n > uint64(max(4*rows, minDenseSlots)) {
		return 0
	}
	return n
}

// newTable makes the table over parts, of which nil ones are elsewhere. The
// table owns them, also when ok is false because memory was refused. shift
// and nbits say how the hash chooses a partition. dense: an array by key will
// do as the directory. must: mem gives what it has up to the limit, or an
// error.
func (b *Build) newTable(ctx context.Context, parts []*rowset.Loaded, shift, nbits int, mem *budget.Reservation, dense, must bool) (t *table, ok bool, err error) {
	t = &table{b: b, parts: parts, unique: true}
	t.left, t.right = uint(shift)&63, uint(63-nbits)&63
	sizes := make([]int64, len(parts))
	for i, p := range parts {
		if p == nil {
			continue
		}
		for _, pg := range p.Pages {
			sizes[i] += int64(pg.Count)
		}
		t.rows += sizes[i]
		t.pages = append(t.pages, p.Pages...)
		t.addBufs(p.Bufs())
	}
	if b.nkeys == 0 {
		t.unique = t.rows <= 1
	}
	if t.rows == 0 {
		return t, true, nil
	}
	if b.nkeys == 0 {
		if b.ordered() {
			ok, err = t.makeOrder(ctx, sizes, mem, must)
			return t, ok, err
		}
		return t, true, nil
	}
	var slots uint64
	if dense && !b.ordered() {
		slots = b.denseSlots(t.rows)
	}
	if slots > 0 {
		// One slot more, always empty, is for keys outside of the range.
		if ok, err = t.alloc(int64(slots+1)*8, mem, false); err != nil {
			return t, false, err
		}
		if ok {
			t.dense, t.min, t.span = raw.Of(t.mem.Bytes), b.keys.min, slots
		}
	}
	if t.span == 0 {
		var total, most int64
		for _, n := range sizes {
			total += b.slotBytes(n)
			most = max(most, b.slotBytes(n))
		}
		n := int64(len(parts))
		if ok, err = t.alloc(max(min(most*n, 2*total), total), mem, must && most*n <= total); err != nil {
			return t, false, err
		}
		if ok {
			t.even = most*n <= 2*total
		} else if ok, err = t.alloc(total, mem, must); !ok || err != nil {
			return t, false, err
		}
		if log := bits.TrailingZeros64(uint64(most / 8)); t.even && log+nbits+shift < 64 {
			t.shift = uint(64 - shift - nbits - log)
			t.high = uint64(1)<<(nbits+log) - 1<<log
		} else {
			t.even = false
		}
		t.large = total+t.rows*int64(b.build.layout.Width) > largeBytes
		t.dirs = make([]directory, len(parts))
		base := raw.Of(t.mem.Bytes)
		for i, n := range sizes {
			size := b.slotBytes(n)
			if t.even {
				size = most
			}
			if size == 0 {
				// A slot that is always empty.
				t.dirs[i] = directory{emptySlot, 0}
				continue
			}
			t.dirs[i] = directory{base, uint64(size/8) - 1}
			base += raw.Addr(size)
		}
	}
	if err := t.fill(ctx, sizes); err != nil || !b.ordered() {
		return t, true, err
	}
	ok, err = t.makeOrder(ctx, sizes, mem, must)
	return t, ok, err
}

// ordered reports whether tables are ordered by inequalities.
func (b *Build) ordered() bool { return len(b.order) > 0 && !b.spec.Loop }

// emptySlot is the directory of partitions without rows.
var (
	emptySlots = make([]byte, 64)
	emptySlot  = raw.Of(emptySlots)
)

// addBufs takes in the heap pages of a partition; numbers are unique in a set.
func (t *table) addBufs(bufs [][]byte) {
	for len(t.bufs) < len(bufs) {
		t.bufs = append(t.bufs, nil)
	}
	for i, b := range bufs {
		if b != nil {
			t.bufs[i] = b
		}
	}
}

// alloc gets zeroed memory for the directories; ok is false when it was
// refused.
func (t *table) alloc(n int64, mem *budget.Reservation, must bool) (ok bool, err error) {
	if t.mem, err = t.b.getBlock(n, mem, must); t.mem == nil {
		return false, err
	}
	switch {
	case n <= block.Size:
		clear(t.mem.Bytes[:n])
	case n >= hugeBytes:
		t.mem.PreferHuge()
	}
	return true, nil
}

// fill enters all rows, in parallel by partition.
func (t *table) fill(ctx context.Context, sizes []int64) error {
	var dups atomic.Int64
	task := func(ctx context.Context, i int) error {
		if sizes[i] == 0 {
			return nil
		}
		n, err := t.insert(ctx, i)
		dups.Add(n)
		return err
	}
	busy := 0
	last := 0
	for i, n := range sizes {
		if n > 0 {
			busy++
			last = i
		}
	}
	var err error
	switch {
	case busy == 1 || t.b.env.Run == nil:
		for i := last; i < len(sizes) && err == nil; i++ {
			err = task(ctx, i)
		}
	default:
		err = t.b.env.Run(ctx, "join directory", len(sizes), task)
	}
	t.unique = dups.Load() == 0
	return err
}

// close gives back the table's memory. t may be nil; idempotent.
func (t *table) close() {
	if t == nil {
		return
	}
	t.dropDirectory()
	for i, p := range t.parts {
		if p != nil {
			p.Close()
			t.parts[i] = nil
		}
	}
	t.pages, t.bufs, t.rows = nil, nil, 0
}

func (t *table) dropDirectory() {
	t.order.close()
	t.order = nil
	if t.mem != nil {
		t.mem.Release()
		t.mem, t.dirs, t.dense, t.span = nil, nil, 0, 0
	}
}

// kindName describes the directory for EXPLAIN ANALYZE.
func (t *table) kindName() string {
	switch {
	case t == nil:
		return "none"
	case t.order != nil && t.b.nkeys == 0:
		return "order"
	case t.order != nil:
		return "hash and order"
	case t.b.nkeys == 0:
		return "list"
	case t.span > 0:
		return "dense"
	}
	return "hash"
}

func entry(hash uint64, row raw.Addr) uint64 {
	return uint64(rowset.Salt(hash))<<addrBits | uint64(row)&addrMask
}

// errAddress is for machines whose addresses do not fit an entry.
func errAddress() error {
	return sqlerr.New(sqlerr.CodeUnsupported, "hash joins need addresses of at most %d bits", addrBits)
}
