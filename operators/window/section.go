package window

import (
	"context"
	"math"

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

// section is some partitions of the query, sorted. Rows are named by their
// index.
type section struct {
	loaded *rowset.Loaded
	blk    *block.Block

	n     int
	kinds []uint8 // what each row is to the one before
	rows  []raw.Addr
	// Of each row, the bounds of its partition and peers, and the number of
	// groups of peers before it in the partition.
	partStart, partEnd, peerStart, peerEnd, group []int32
}

func (s *section) close() {
	if s.loaded != nil {
		s.loaded.Close()
	}
	if s.blk != nil {
		s.blk.Release()
	}
	*s = section{}
}

// What a row is to the row before it.
const (
	newPartition = iota
	newGroup
	peer
)

// load loads and sorts a part. ok is false when memory was refused; nothing is
// held then.
func (w *Window) load(ctx context.Context, p *rowset.Partition) (_ *section, ok bool, err error) {
	n := p.NumRows()
	if n > math.MaxInt32-1 {
		return nil, false, sqlerr.New(sqlerr.CodeLimitExceeded, "a window of more than 2^31 rows")
	}
	s := &section{n: int(n)}
	defer func() {
		if !ok {
			s.close()
		}
	}()
	if s.loaded, ok, err = p.Load(ctx, w.work); !ok || err != nil {
		return nil, false, err
	}
	if size := n * (sectionBytes + 1); size <= block.Size {
		s.blk, ok = w.env.Pool.Get(w.work)
	} else {
		s.blk, ok = w.env.Pool.GetSized(w.work, size)
	}
	if !ok {
		return nil, false, nil
	}
	ok = false
	s.kinds = s.blk.Bytes[n*sectionBytes:][:n]
	if err := s.sort(ctx, w); err != nil {
		return nil, false, err
	}
	s.bounds()
	ok = true
	return s, true, nil
}

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
	var part, group, number int32
	for i, k := range s.kinds {
		if k != peer {
			group = int32(i)
			number++
		}
		if k == newPartition {
			part, number = int32(i), 0
		}
		s.partStart[i], s.peerStart[i], s.group[i] = part, group, number
	}
	partEnd, groupEnd := int32(n), int32(n)
	for i := n - 1; i >= 0; i-- {
		s.partEnd[i], s.peerEnd[i] = partEnd, groupEnd
		if s.kinds[i] != peer {
			groupEnd = int32(i)
		}
		if s.kinds[i] == newPartition {
			partEnd = int32(i)
		}
	}
}
