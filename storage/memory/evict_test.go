package memory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/tests/scans"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// newEvictable is newTable with a limit and temporary files in fsys (nil: memory).
func newEvictable(t testing.TB, limit int64, fsys vfs.FS, cols ...storage.Column) (*fixture, *spill.Manager) {
	if fsys == nil {
		fsys = vfs.NewMem()
	}
	b := budget.New(limit)
	f := &fixture{b: b, pool: block.NewPool()}
	m := spill.NewManager(spill.Options{Dir: "tmp", FS: fsys})
	f.Table = NewEvictable("t", cols, f.pool, b, m)
	t.Cleanup(func() {
		f.Table.Close()
		if used := b.Used(); used != 0 {
			t.Errorf("%d bytes are still charged", used)
		}
		if s := m.Stats(); s.OpenFiles != 0 || s.DiskBytes != 0 {
			t.Errorf("%d files are open, %d bytes taken", s.OpenFiles, s.DiskBytes)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		f.pool.Close()
	})
	return f, m
}

// rowsOf makes n rows of the given types, with NULLs and nested values.
func rowsOf(seed uint64, ts []types.Type, n int) [][]types.Value {
	r := rand.New(rand.NewPCG(seed, 1))
	rows := make([][]types.Value, n)
	for i := range rows {
		for _, t := range ts {
			rows[i] = append(rows[i], randomValue(r, t, 0))
		}
	}
	return rows
}

func TestEvictedRowsOfAllTypes(t *testing.T) {
	ts := someTypes()
	cols := columnsOf(ts...)
	plain := newTable(t, cols...)
	f, m := newEvictable(t, 64<<20, nil, cols...)
	f.b.SetSpillCap(0)
	for i, n := range []int{1, 63, 700, 2000} {
		c := chunkOf(cols, rowsOf(uint64(i), ts, n))
		plain.fill(t, c)
		f.fill(t, c)
	}
	if m.Stats().BytesWritten == 0 || f.Spilled() == 0 {
		t.Fatal("nothing was written")
	}
	if used := f.b.Used(); used != 0 {
		t.Errorf("%d bytes are held though everything is on disk", used)
	}
	want, got := mustScan(t, plain.Snapshot(), nil), mustScan(t, f.Snapshot(), nil)
	if !slices.Equal(got, want) {
		t.Fatal("evicted rows differ")
	}
	// Statistics do not need the rows.
	ws, _ := plain.Snapshot().Stats(context.Background())
	gs, _ := f.Snapshot().Stats(context.Background())
	for i := range cols {
		if w, g := ws.Columns[i], gs.Columns[i]; w.NullCount != g.NullCount || w.AvgBytes != g.AvgBytes || w.Distinct != g.Distinct {
			t.Errorf("column %d: statistics %+v, want %+v", i, g, w)
		}
	}
	sizer := f.Snapshot().(storage.ReaderSizer)
	if one, all := sizer.ReaderBytes([]int{0}), sizer.ReaderBytes([]int{0, 1, 2}); one <= 0 || all < one {
		t.Errorf("a reader takes %d and %d bytes", one, all)
	}
}

// TestTableLargerThanTheLimit fills eight times the limit.
func TestTableLargerThanTheLimit(t *testing.T) {
	const limit, chunks = 8 << 20, 300
	text := types.Of(types.Varchar)
	cols := columnsOf(integers, text)
	f, _ := newEvictable(t, limit, nil, cols...)
	a := f.NewAppender()
	w := a.NewWriter()
	long := strings.Repeat("x", 100)
	for b := range chunks {
		c := vector.NewChunk([]types.Type{integers, text})
		c.Cols[0].Resize(2048)
		c.Cols[1].Resize(2048)
		for i := range 2048 {
			c.Cols[0].SetValue(i, types.IntValue(integers, int64(b*2048+i)))
			c.Cols[1].SetValue(i, types.StringValue(long))
		}
		c.Len = 2048
		if err := w.Append(c, int64(b/10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if f.Spilled() < 7*limit {
		t.Errorf("only %d bytes were written", f.Spilled())
	}
	// Others get memory, and readers work with little.
	work := f.b.Reserve("work")
	defer work.Close()
	if err := work.Grow(limit * 3 / 4); err != nil {
		t.Fatal(err)
	}
	mem := f.b.Reserve("scan")
	defer mem.Close()
	next := int64(0)
	err := scans.Each(context.Background(), f.Snapshot(), &storage.ScanSpec{Columns: []int{0, 1}, Mem: mem}, func(_ int64, out *vector.Chunk) error {
		for i := range out.Len {
			if v := out.Cols[0].Value(i); v.I != next {
				return fmt.Errorf("row %d is %d", next, v.I)
			}
			next++
		}
		if got := out.Cols[1].Value(out.Len - 1); got.S != long {
			return fmt.Errorf("text %q", got.S)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if next != chunks*2048 {
		t.Errorf("%d rows", next)
	}
}

func TestTableGivesWay(t *testing.T) {
	const limit = 32 << 20
	f, _ := newEvictable(t, limit, nil, columnsOf(integers)...)
	var chunks []*vector.Chunk
	for i := range 600 {
		chunks = append(chunks, ints(span(i*2048, 2048)...))
	}
	f.fill(t, chunks...)
	held := f.b.Used()
	if held < 8<<20 || f.Spilled() != 0 {
		t.Fatalf("%d bytes held, %d written", held, f.Spilled())
	}
	sort := f.b.ReserveSpilling("sort", 1<<20)
	defer sort.Close()
	// Its share counts the table as free.
	if want := int64(limit * 6 / 10); sort.Share() < want || !sort.TryGrow(want) {
		t.Errorf("share %d, want %d", sort.Share(), want)
	}
	work := f.b.Reserve("work")
	defer work.Close()
	if err := work.Grow(limit - sort.Held() - (1 << 20)); err != nil {
		t.Fatal(err)
	}
	if f.Spilled() == 0 || f.b.Used() > limit {
		t.Errorf("%d written, %d in use", f.Spilled(), f.b.Used())
	}
	work.Shrink(work.Held())
	if got := mustScan(t, f.Snapshot(), nil); len(got) != 600*2048 {
		t.Errorf("%d rows", len(got))
	}
}

// TestPinnedRowsStay evicts while a reader stands in a row group.
func TestPinnedRowsStay(t *testing.T) {
	f, _ := newEvictable(t, 64<<20, nil, columnsOf(integers)...)
	f.fill(t, ints(span(0, 2048)...))
	s, err := f.Snapshot().Scan(context.Background(), &storage.ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, ok, err := r.NextMorsel(context.Background()); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if n, err := f.evict.evict(context.Background(), 1<<30); n != 0 || err != nil {
		t.Errorf("%d bytes of a row group that is read were evicted, %v", n, err)
	}
	out := vector.NewChunk([]types.Type{integers})
	if ok, err := r.Next(context.Background(), out); !ok || err != nil || out.Cols[0].Value(2047).I != 2047 {
		t.Fatal(ok, err)
	}
	r.Close()
	if n, err := f.evict.evict(context.Background(), 1<<30); n == 0 || err != nil {
		t.Errorf("%d bytes were evicted, %v", n, err)
	}
}

// TestEvictionBesideScans evicts and scans at once.
func TestEvictionBesideScans(t *testing.T) {
	f, _ := newEvictable(t, 64<<20, nil, columnsOf(integers)...)
	for k := range 20 {
		f.fill(t, ints(span(k*2048, 2048)...))
	}
	want := mustScan(t, f.Snapshot(), nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 5 {
				got, err := scan(f.Snapshot(), nil)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%d rows, %v", len(got), err)
				}
			}
		}()
	}
	for range 20 {
		if _, err := f.evict.evict(context.Background(), 8<<10); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

// TestEvictionFaults fails the nth operation on files, for every n.
func TestEvictionFaults(t *testing.T) {
	cols := columnsOf(integers, types.Of(types.Varchar))
	c := chunkOf(cols, rowsOf(3, []types.Type{integers, types.Of(types.Varchar)}, 500))
	for n := 1; ; n++ {
		count, failed := 0, false
		var mu sync.Mutex
		fsys := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			mu.Lock()
			defer mu.Unlock()
			switch op.Kind {
			case errorfs.OpFileWriteAt, errorfs.OpFileReadAt, errorfs.OpOpen, errorfs.OpCreate, errorfs.OpMkdirAll, errorfs.OpLock:
				if count++; count == n {
					failed = true
					return errorfs.ErrInjected
				}
			}
			return nil
		}))
		func() {
			f, _ := newEvictable(t, 64<<20, fsys, cols...)
			f.b.SetSpillCap(0)
			a := f.NewAppender()
			w := a.NewWriter()
			err := w.Append(c, 0)
			if e := w.Close(); err == nil {
				err = e
			}
			if err != nil {
				a.Abort()
				wantCode(t, err, sqlerr.CodeIO)
				return
			}
			if err := a.Commit(context.Background()); err != nil {
				a.Abort()
				wantCode(t, err, sqlerr.CodeIO)
				return
			}
			got, err := scan(f.Snapshot(), nil)
			if err != nil {
				wantCode(t, err, sqlerr.CodeIO)
			} else if len(got) != 500 {
				t.Errorf("operation %d failed: %d rows", n, len(got))
			}
		}()
		if !failed {
			if n < 5 {
				t.Errorf("only %d operations", n)
			}
			return
		}
	}
}

// TestRestoredRows evicts row groups, and lets scans bring them back when there is
// plenty of memory.
func TestRestoredRows(t *testing.T) {
	ts := someTypes()
	cols := columnsOf(ts...)
	f, m := newEvictable(t, 256<<20, nil, cols...)
	f.b.SetSpillCap(0)
	for i := range 4 {
		f.fill(t, chunkOf(cols, rowsOf(uint64(i), ts, 300)))
	}
	want := mustScan(t, f.Snapshot(), nil)
	if f.b.Used() != 0 {
		t.Fatalf("%d bytes are held", f.b.Used())
	}
	// A reader that wants little leaves them where they are.
	f.b.SetSpillCap(-1)
	mustScan(t, f.Snapshot(), &storage.ScanSpec{Columns: []int{0}})
	if f.b.Used() != 0 {
		t.Errorf("%d bytes are held for one column", f.b.Used())
	}
	written := m.Stats().BytesWritten
	for round := range 3 {
		if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, want) {
			t.Fatalf("round %d: other rows", round)
		}
		read := m.Stats().BytesRead
		if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, want) || m.Stats().BytesRead != read {
			t.Fatalf("round %d: rows were not brought back", round)
		}
		if n, err := f.evict.evict(context.Background(), 1<<30); n == 0 || err != nil {
			t.Fatal(n, err)
		}
		if f.b.Used() != 0 || m.Stats().BytesWritten != written {
			t.Errorf("round %d: %d bytes are held, %d written anew", round, f.b.Used(), m.Stats().BytesWritten-written)
		}
	}
}
