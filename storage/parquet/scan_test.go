package parquet

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// between passes integers in [lo, hi].
type between struct{ lo, hi int64 }

func (s between) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	k := 0
	for i := range n {
		if sel != nil && i >= len(sel) {
			break
		}
		p := i
		if sel != nil {
			p = int(sel[i])
		}
		if x := v.Value(p); !x.IsNull && x.I >= s.lo && x.I <= s.hi {
			out[k] = uint32(p)
			k++
		}
	}
	return out[:k], nil
}

func predicate(column int, t types.Type, op storage.CompareOp, bound, lo, hi int64) storage.Predicate {
	return storage.Predicate{Column: column, Op: op, Values: []types.Value{types.IntValue(t, bound)},
		NewSelector: func() storage.Selector { return between{lo, hi} }}
}

// TestReadersShareMorsels reads one row group in parts with several workers:
// every row once, batches ascending, the rows as one reader gives them.
func TestReadersShareMorsels(t *testing.T) {
	f, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.01/orders.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	lineitem, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.1/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f       *File
		workers int
		morsels int
	}{{f, 1, 1}, {f, 4, 1}, {lineitem, 1, 5}, {lineitem, 12, 15}} {
		var want []int64
		drain(t, c.f, &storage.ScanSpec{Columns: []int{0, 1}, Workers: 1}, func(ch *vector.Chunk) {
			for i := range ch.NumRows() {
				want = append(want, ch.Cols[0].Value(ch.Position(i)).I*1000003+ch.Cols[1].Value(ch.Position(i)).I)
			}
		})
		if len(want) != int(c.f.NumRows()) {
			t.Fatalf("%d rows, want %d", len(want), c.f.NumRows())
		}
		b := budget.New(64 << 20)
		mem := b.Reserve("scan")
		s, err := c.f.Scan(context.Background(), &storage.ScanSpec{Columns: []int{0, 1}, Workers: c.workers, Mem: mem})
		if err != nil {
			t.Fatal(err)
		}
		if n := s.Morsels(); n != c.morsels {
			t.Errorf("%d workers: %d morsels, want %d", c.workers, n, c.morsels)
		}
		var mu sync.Mutex
		rows := map[int64][]int64{}
		g, ctx := spawn.NewGroup(context.Background())
		for range 3 {
			g.Go("read", func(context.Context) error {
				r, err := s.NewReader()
				if err != nil {
					return err
				}
				defer r.Close()
				chunk := vector.NewChunk([]types.Type{types.Of(types.BigInt), types.Of(types.BigInt)})
				last := int64(-1)
				for {
					batch, ok, err := r.NextMorsel(ctx)
					if err != nil || !ok {
						return err
					}
					if batch <= last {
						t.Errorf("batch %x after %x", batch, last)
					}
					last = batch
					var got []int64
					for {
						ok, err := r.Next(ctx, chunk)
						if err != nil {
							return err
						}
						if !ok {
							break
						}
						for i := range chunk.NumRows() {
							got = append(got, chunk.Cols[0].Value(chunk.Position(i)).I*1000003+chunk.Cols[1].Value(chunk.Position(i)).I)
						}
					}
					mu.Lock()
					rows[batch] = got
					mu.Unlock()
				}
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var batches []int64
		for k := range rows {
			batches = append(batches, k)
		}
		slices.Sort(batches)
		var got []int64
		for _, k := range batches {
			got = append(got, rows[k]...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers: the rows differ", c.workers)
		}
		if mem.Held() != 0 {
			t.Errorf("%d bytes are still reserved", mem.Held())
		}
	}
}

// TestRowGroupsAreSkipped: a range of a sorted column reads one row group of
// five, and nothing of the others.
func TestRowGroupsAreSkipped(t *testing.T) {
	f, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.1/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var all, some storage.ScanCounters
	orderkey := f.Columns()[0].Type
	n := drain(t, f, &storage.ScanSpec{Columns: []int{0, 15}, Counters: &all, Workers: 1}, nil)
	got := drain(t, f, &storage.ScanSpec{Columns: []int{0, 15}, Counters: &some, Workers: 1,
		Predicates: []storage.Predicate{predicate(0, orderkey, storage.Less, 10000, 0, 9999)}}, nil)
	if n != 600572 || got == 0 || got > 11000 {
		t.Errorf("%d and %d rows", n, got)
	}
	if some.RowGroupsSkipped.Load() != 4 || some.RowGroupsRead.Load() != 1 || some.BytesRead.Load()*3 > all.BytesRead.Load() {
		t.Errorf("%d row groups skipped, %d of %d bytes read", some.RowGroupsSkipped.Load(), some.BytesRead.Load(), all.BytesRead.Load())
	}
	// A predicate that passes nothing in a row group leaves the other columns
	// unread.
	var none storage.ScanCounters
	if n := drain(t, f, &storage.ScanSpec{Columns: []int{15}, Counters: &none, Workers: 1,
		Predicates: []storage.Predicate{predicate(0, orderkey, storage.None, 0, -5, -1)}}, nil); n != 0 {
		t.Errorf("%d rows pass", n)
	}
	if none.BytesRead.Load()*10 > all.BytesRead.Load() {
		t.Errorf("%d of %d bytes read for nothing", none.BytesRead.Load(), all.BytesRead.Load())
	}
	// Only the number of rows: the file is not even opened.
	var count storage.ScanCounters
	if n := drain(t, f, &storage.ScanSpec{Counters: &count}, nil); n != 600572 || count.BytesRead.Load() != 0 || count.FilesOpened.Load() != 0 {
		t.Errorf("%d rows, %d bytes", n, count.BytesRead.Load())
	}
}

func TestStats(t *testing.T) {
	f, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.1/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	st, err := f.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if st.NumRows != 600572 || !st.Exact {
		t.Errorf("rows: %v", st.NumRows)
	}
	for _, c := range []struct {
		column    int
		low, high float64
	}{{1, 19000, 21000}, {2, 990, 1010}, {3, 7, 7}, {4, 50, 50}, {8, 3, 3}, {10, 2400, 2700}} {
		if d := st.Columns[c.column].Distinct; d < c.low || d > c.high {
			t.Errorf("column %d: %v distinct, want %v to %v", c.column, d, c.low, c.high)
		}
	}
	if k := st.Columns[0]; !k.HasMinMax || k.Min.I != 1 || k.Max.I != 600000 || k.NullCount != 0 || !k.DistinctMax {
		t.Errorf("l_orderkey: %+v", k)
	}
	if s := st.Columns[13]; !s.HasMinMax || s.Min.S != "COLLECT COD" || s.Max.S != "TAKE BACK RETURN" {
		t.Errorf("l_shipinstruct: %+v", s)
	}
	if c := st.Columns[15]; c.AvgBytes < 20 || c.AvgBytes > 40 {
		t.Errorf("l_comment: %v bytes", c.AvgBytes)
	}
}

// TestChunksDoNotAllocate: once buffers have their size, vectors cost nothing.
func TestChunksDoNotAllocate(t *testing.T) {
	f, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.01/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	spec := &storage.ScanSpec{Workers: 1}
	var ts []types.Type
	for i, c := range f.Columns() {
		spec.Columns, ts = append(spec.Columns, i), append(ts, c.Type)
	}
	s, err := f.Scan(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, _, err := r.NextMorsel(ctx); err != nil {
		t.Fatal(err)
	}
	chunk := vector.NewChunk(ts)
	if _, err := r.Next(ctx, chunk); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() {
		if ok, err := r.Next(ctx, chunk); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a chunk", n)
	}
}

func BenchmarkFiltered(b *testing.B) {
	f, err := Open(context.Background(), storage.Local(), benchFile(b))
	if err != nil {
		b.Fatal(err)
	}
	spec := &storage.ScanSpec{Columns: []int{4, 5, 15}, Workers: 1,
		Predicates: []storage.Predicate{{Column: 10, Op: storage.None, NewSelector: func() storage.Selector { return dates{8766, 8770} }}}}
	rows := 0
	for b.Loop() {
		rows += drain(b, f, spec, nil)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(f.NumRows()), "ns/row")
}

// dates passes dates in [lo, hi], entry by entry on dictionaries.
type dates struct{ lo, hi int32 }

func (s dates) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	w := v.View(nil)
	x := vector.Values[int32](&vector.Vector{Data: w.Data})
	k := 0
	for i := range n {
		d := x[w.Index(i)]
		out[k] = uint32(i)
		if d >= s.lo && d <= s.hi {
			k++
		}
	}
	return out[:k], nil
}
