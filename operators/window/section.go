package window

import (
	"context"
	"math"
	"sync"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

// sectionBytes is what a row of a section takes beside its pages: its pair and
// that of the sort's scratch array, whose place the arrays below take. A byte
// for what it is to the row before comes behind.
const sectionBytes = 32

// section is sorted rows in memory: a part, or a range of one. Rows are named by
// their place in the order of the part.
type section struct {
	loaded *rowset.Loaded
	blk    *block.Block

	base  int // place of the first row
	n     int
	kinds []uint8 // what each row is to the one before
	// Of each row, its address, the bounds of its partition and peers, and the
	// number of groups of peers before it in the partition.
	rows                                          []raw.Addr
	partStart, partEnd, peerStart, peerEnd, group []int32

	shares   []share // by call
	sides    []side  // by call, of all ranges of the part; nil: all is here, or no call has one
	adjusted bool    // the arrays tell of other ranges, too
}

// share is what the workers that compute a section have in common of a call.
type share struct {
	mu    sync.Mutex
	ready bool // what comes before the first chunk is done; guarded by mu

	// The rows that a call looks at, ascending, if not all, and their order; of
	// functions. Not changed once made.
	list  []int32
	blk   *block.Block
	order *rowOrder

	// Of aggregates.
	dups   duplicates   // not changed once made
	direct int64        // rows added one by one; guarded by mu
	tree   tree         // made under mu, not changed then
	prefix *block.Block // as tree
	noSums bool         // memory for prefix was refused; guarded by mu
	turns  turns
}

func (h *share) release() {
	h.order.release()
	h.dups.release()
	h.tree.release()
	for _, b := range []*block.Block{h.blk, h.prefix, h.turns.blk} {
		if b != nil {
			b.Release()
		}
	}
}

func (s *section) close() {
	for i := range s.shares {
		s.shares[i].release()
	}
	if s.loaded != nil {
		s.loaded.Close()
	}
	if s.blk != nil {
		s.blk.Release()
	}
	*s = section{}
}

// row returns the address of the row at a place.
func (s *section) row(place int32) raw.Addr { return s.rows[int(place)-s.base] }

// end is the place behind the last row.
func (s *section) end() int { return s.base + s.n }

// What a row is to the row before it.
const (
	newPartition = iota
	newGroup
	peer
)

// load loads and sorts rows, of which the first gets place base; by all workers
// when run is set. ok is false when memory was refused; nothing is held then.
func (w *Window) load(ctx context.Context, p *rowset.Partition, base int, run sortkey.Runner) (_ *section, ok bool, err error) {
	n := p.NumRows()
	if n > math.MaxInt32-1 {
		return nil, false, sqlerr.New(sqlerr.CodeLimitExceeded, "a window of more than 2^31 rows")
	}
	s := &section{n: int(n), base: base, shares: make([]share, len(w.plan.Calls))}
	defer func() {
		if !ok {
			s.close()
		}
	}()
	if s.loaded, ok, err = p.Load(ctx, w.work); !ok || err != nil {
		return nil, false, err
	}
	if size := n * (sectionBytes + 1); size > smallBlock && size <= block.Size {
		s.blk, ok = w.env.Pool.Get(w.work)
	} else {
		s.blk, ok = w.env.Pool.GetSized(w.work, size)
	}
	if !ok {
		return nil, false, nil
	}
	ok = false
	s.kinds = s.blk.Bytes[n*sectionBytes:][:n]
	if run != nil {
		err = s.sortByAll(ctx, w, run)
	} else {
		err = s.sort(ctx, w)
	}
	if err != nil {
		return nil, false, err
	}
	s.bounds()
	ok = true
	return s, true, nil
}

// loadPart is load of a part, which leaves room for what calls need beside, if the
// part can be computed in ranges instead.
func (w *Window) loadPart(ctx context.Context, p *rowset.Partition, run sortkey.Runner) (*section, bool, error) {
	s, ok, err := w.load(ctx, p, 0, run)
	if !ok || err != nil {
		return nil, false, err
	}
	if _, can := w.needs(); !can {
		return s, true, nil
	}
	room := int64(0)
	for i := range w.plan.Calls {
		c := &w.plan.Calls[i]
		if c.ignores() {
			room += int64(s.n) * 4
		}
		if c.Distinct {
			room += int64(s.n) * (sectionBytes + 4)
		}
		if c.Agg == nil {
			continue
		}
		room += smallBlock
		if !c.follows() {
			room += int64(s.n)*int64(c.Agg.Size)/(fan-1) + block.Size
		}
		if c.Agg.HeapState {
			room += int64(s.n)*textBytes/(fan-1) + 2*block.Size
		}
	}
	if !w.work.TryGrow(room) {
		s.close()
		return nil, false, nil
	}
	w.work.Shrink(room)
	return s, true, nil
}

// textBytes is what a state is taken to hold in its heap, to begin with.
const textBytes = 32

// sort orders the rows: by the keys, then as they came in if a result depends on
// that.
func (s *section) sort(ctx context.Context, w *Window) error {
	n := s.n
	all := raw.Cast[sortkey.Pair](s.blk.Bytes)[:2*n]
	a, tmp := all[:0:n], all[n:]
	first := w.ordinal
	if len(w.rows.Words) > 0 {
		first = w.rows.Words[0]
	}
	width := raw.Addr(w.rows.Layout.Width)
	for _, page := range s.loaded.Pages {
		at := page.Base
		for range page.Count {
			a = append(a, sortkey.Pair{Key: *raw.At[uint64](at, first), Row: at})
			at += width
		}
	}
	if err := sqlerr.FromContext(ctx); err != nil {
		return err
	}
	srt := newSectionSort(ctx, w, s.loaded.Bufs(), s.kinds)
	return srt.all(a, tmp)
}

// bounds makes the arrays, in the place of the pairs.
func (s *section) bounds() {
	n := s.n
	all := s.blk.Bytes[:n*sectionBytes]
	pairs := raw.Cast[sortkey.Pair](all[:16*n])
	s.rows = raw.Cast[raw.Addr](all[16*n : 24*n])
	for i := range pairs {
		s.rows[i] = pairs[i].Row
	}
	array := func(k int) []int32 { return raw.Cast[int32](all[k*4*n : (k+1)*4*n]) }
	s.partStart, s.partEnd, s.peerStart, s.peerEnd, s.group = array(0), array(1), array(2), array(3), array(7)
	part, group, number := int32(s.base), int32(s.base), int32(-1)
	for i, k := range s.kinds {
		at := int32(s.base + i)
		if k != peer {
			group = at
			number++
		}
		if k == newPartition {
			part, number = at, 0
		}
		s.partStart[i], s.peerStart[i], s.group[i] = part, group, number
	}
	partEnd, groupEnd := int32(s.end()), int32(s.end())
	for i := n - 1; i >= 0; i-- {
		s.partEnd[i], s.peerEnd[i] = partEnd, groupEnd
		if s.kinds[i] != peer {
			groupEnd = int32(s.base + i)
		}
		if s.kinds[i] == newPartition {
			partEnd = int32(s.base + i)
		}
	}
}
