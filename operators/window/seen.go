package window

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// seenRows has the arguments of a call with DISTINCT of all rows, with their
// partitions and places, divided by hash: those of any part that fits into memory
// are sorted for the first of each.
type seenRows struct {
	w      *Window
	c      *Call
	cols   []int // input columns: of PARTITION BY, then arguments
	layout *rowfmt.Layout
	set    *rowset.Set
	place  uintptr // of the row

	mu   sync.Mutex
	free []*rowset.Writer // that no worker has; guarded by mu
}

func newSeenRows(w *Window, c *Call) (*seenRows, error) {
	s := &seenRows{w: w, c: c}
	s.cols = append(append(s.cols, w.plan.Partition...), c.Args[:len(c.Args)-c.KeyArgs]...)
	var ts []types.Type
	for _, col := range s.cols {
		ts = append(ts, w.plan.Input[col])
	}
	var err error
	if s.layout, err = rowfmt.NewLayout(append(ts, types.Of(types.UBigInt)), rowfmt.Options{Hash: true}); err != nil {
		return nil, err
	}
	s.place = s.layout.ColOffset(len(s.cols))
	s.set = rowset.New(rowset.Config{Layout: s.layout, Pool: w.env.Pool, Mem: w.mem, Spill: w.env.Spill, Tag: "window"})
	return s, nil
}

func (s *seenRows) close() {
	if s == nil {
		return
	}
	for _, out := range s.free {
		out.Close()
	}
	s.free = nil
	s.w.live.Close(s.set)
}

// writer returns a writer that nobody has; give takes it back.
func (s *seenRows) writer() *rowset.Writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := len(s.free)
	if k == 0 {
		return s.set.NewWriter()
	}
	out := s.free[k-1]
	s.free = s.free[:k-1]
	return out
}

func (s *seenRows) give(out *rowset.Writer) {
	s.mu.Lock()
	s.free = append(s.free, out)
	s.mu.Unlock()
}

// add adds the rows of a section, but those that FILTER leaves out. Several workers
// may call it at the same time.
func (s *seenRows) add(ctx context.Context, sec *section) error {
	out := s.writer()
	defer s.give(out)
	var in rowfmt.Input
	var vecs []*vector.Vector
	for _, col := range s.cols {
		vecs = append(vecs, vector.New(s.w.plan.Input[col]))
	}
	places := vector.New(types.Of(types.UBigInt))
	vecs = append(vecs, places)
	var filter *vector.Vector
	if s.c.Filter >= 0 {
		filter = vector.New(types.Of(types.Boolean))
	}
	hashes, rows := make([]uint64, vector.Capacity), make([]raw.Addr, vector.Capacity)
	sel := make([]uint32, vector.Capacity)
	layout, bufs := s.w.rows.Layout, sec.loaded.Bufs()
	for from := 0; from < sec.n; from += vector.Capacity {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		src := sec.rows[from:min(from+vector.Capacity, sec.n)]
		n := len(src)
		for i, col := range s.cols {
			vecs[i].Resize(n)
			layout.Gather(col, src, bufs, vecs[i], nil)
			kernel.Hash(vecs[i], n, nil, s.w.env.Seed, hashes, i > 0, nil)
		}
		places.Resize(n)
		vals := vector.Values[uint64](places)
		for i := range vals {
			vals[i] = uint64(sec.base + from + i)
		}
		kept := sel[:0]
		if filter != nil {
			filter.Resize(n)
			layout.Gather(s.c.Filter, src, bufs, filter, nil)
		}
		for i := range uint32(n) {
			if filter == nil || filter.Data[i] != 0 && (filter.Valid == nil || filter.Valid.Get(int(i))) {
				kept = append(kept, i)
			}
		}
		in.Set(vecs)
		ok, err := out.Append(ctx, &in, hashes, kept, len(kept), rows)
		if err == nil && !ok {
			if _, err = out.Spill(ctx, rowset.SpillStep(out.Bytes())); err == nil {
				err = out.AppendForce(ctx, &in, hashes, kept, len(kept), rows)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mark sets the bits of the rows that are the first with what they have.
func (s *seenRows) mark(ctx context.Context, bits []uint64) error {
	for _, out := range s.free {
		if err := s.set.Combine(ctx, out); err != nil {
			return err
		}
	}
	if err := s.set.Seal(ctx); err != nil {
		return err
	}
	s.w.live.Add(s.set)
	return s.markSet(ctx, s.set, bits)
}

func (s *seenRows) markSet(ctx context.Context, set *rowset.Set, bits []uint64) error {
	for i := range set.Partitions() {
		p := set.Partition(i)
		if p.NumRows() == 0 {
			continue
		}
		ok, err := s.markPart(ctx, p, bits)
		if err == nil && !ok {
			if err = s.w.makeRoom(ctx, math.MaxInt64); err == nil {
				ok, err = s.markPart(ctx, p, bits)
			}
		}
		if err != nil {
			return err
		}
		if !ok {
			if !set.Divisible() {
				return s.w.errHuge(p.NumRows(), p.Bytes())
			}
			sub, err := set.Repartition(ctx, i, 3)
			if err != nil {
				return err
			}
			s.w.live.Add(sub)
			err = s.markSet(ctx, sub, bits)
			s.w.live.Close(sub)
			if err != nil {
				return err
			}
		}
		p.Drop()
	}
	return nil
}

// markPart is mark for rows that fit into memory; false when they do not.
func (s *seenRows) markPart(ctx context.Context, p *rowset.Partition, bits []uint64) (bool, error) {
	loaded, ok, err := p.Load(ctx, s.w.work)
	if !ok || err != nil {
		return false, err
	}
	defer loaded.Close()
	n := p.NumRows()
	blk, ok := s.w.env.Pool.GetSized(s.w.work, max(n*sectionBytes, block.Size/4))
	if !ok {
		return false, nil
	}
	defer blk.Release()
	all := raw.Cast[sortkey.Pair](blk.Bytes)[:2*n]
	a, tmp := all[:0:n], all[n:]
	hash, width := s.layout.HashOffset(), raw.Addr(s.layout.Width)
	for _, page := range loaded.Pages {
		at := page.Base
		for range page.Count {
			a = append(a, sortkey.Pair{Key: *raw.At[uint64](at, hash), Row: at})
			at += width
		}
	}
	sortkey.SortPairs(a, tmp)
	for i := 0; i < len(a); {
		j := i + 1
		for j < len(a) && a[j].Key == a[i].Key {
			j++
		}
		run := a[i:j]
		for k := range run {
			run[k].Key = *raw.At[uint64](run[k].Row, s.place)
		}
		if len(run) > 1 {
			sortkey.SortPairs(run, tmp[i:j])
		}
		i = j
	}
	for len(a) > 0 {
		if a, err = s.markFirst(ctx, a, loaded.Bufs(), bits); err != nil {
			return false, err
		}
	}
	return true, nil
}

// markFirst sets the bits of the first row with each hash. The rows are sorted by
// hash and place; it returns those that only have the same hash as that.
func (s *seenRows) markFirst(ctx context.Context, a []sortkey.Pair, bufs [][]byte, bits []uint64) ([]sortkey.Pair, error) {
	rows, firsts := make([]raw.Addr, vector.Capacity), make([]raw.Addr, vector.Capacity)
	at := make([]int, vector.Capacity)
	cand, miss := make([]uint32, vector.Capacity), make([]uint32, 0, 2*vector.Capacity)
	hash := s.layout.HashOffset()
	left := a[:0]
	first, same := raw.Addr(0), uint64(0)
	for i := 0; i < len(a); {
		if err := sqlerr.FromContext(ctx); err != nil {
			return nil, err
		}
		n := 0
		for ; i < len(a) && n < len(rows); i++ {
			row := a[i].Row
			if h := *raw.At[uint64](row, hash); first == 0 || h != same {
				first, same = row, h
				bits[a[i].Key>>6] |= 1 << (a[i].Key & 63)
				continue
			}
			rows[n], firsts[n], at[n], cand[n] = row, first, i, uint32(n)
			n++
		}
		_, others := s.layout.MatchRows(len(s.cols), rows, firsts, cand[:n], bufs, bufs, miss[:0])
		slices.Sort(others)
		for _, k := range others {
			left = append(left, a[at[k]])
		}
	}
	return left, nil
}
