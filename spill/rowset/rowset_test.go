package rowset

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

var ctx = context.Background()

// world is a budget with everything that hangs on it; its end checks that
// nothing was leaked.
type world struct {
	t      testing.TB
	budget *budget.Budget
	pool   *block.Pool
	spill  *spill.Manager
	mem    *budget.Reservation
	noRefs bool // layouts have no references in states
}

func newWorld(t testing.TB, limit int64) *world {
	w := &world{t: t, budget: budget.New(limit), pool: block.NewPool()}
	w.spill = spill.NewManager(spill.Options{Dir: t.TempDir()})
	w.mem = w.budget.ReserveSpilling("test rows", 4<<20)
	t.Cleanup(func() {
		if n := w.mem.Held(); n != 0 {
			t.Errorf("%d bytes still reserved", n)
		}
		w.mem.Close()
		if s := w.pool.Stats(); s.InUse != 0 {
			t.Errorf("%d bytes of blocks still in use", s.InUse)
		}
		w.pool.Close()
		if err := w.spill.Close(); err != nil {
			t.Error(err)
		}
		if n := spawn.Running(); n != 0 {
			t.Errorf("%d goroutines left", n)
		}
	})
	return w
}

var rowTypes = []types.Type{types.Of(types.BigInt), types.Of(types.Varchar), types.ListOf(types.Of(types.Integer))}

func (w *world) config(bits int) Config {
	l, err := rowfmt.NewLayout(rowTypes, rowfmt.Options{Hash: true, Match: true, States: []rowfmt.State{{Size: 24, Ref: !w.noRefs}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return Config{Layout: l, Pool: w.pool, Mem: w.mem, Spill: w.spill, Tag: "test rows", Bits: bits}
}

func text(i int) string {
	switch i % 4 {
	case 0:
		return fmt.Sprint(i)
	case 1:
		return fmt.Sprintf("a string beyond the inline length %d", i)
	}
	return ""
}

// chunk makes rows from, from+1, ... from+n-1.
func chunk(from, n int) ([]*vector.Vector, []uint64) {
	k, s, l := vector.New(rowTypes[0]), vector.New(rowTypes[1]), vector.New(rowTypes[2])
	k.Resize(n)
	s.Resize(n)
	l.Resize(n)
	for i := range n {
		x := from + i
		k.SetValue(i, types.IntValue(rowTypes[0], int64(x)))
		s.SetValue(i, types.StringValue(text(x)))
		if x%4 == 3 {
			s.SetNull(i)
		}
		v := types.Value{Type: rowTypes[2]}
		for j := range x % 5 {
			v.Children = append(v.Children, types.IntValue(types.Of(types.Integer), int64(x+j)))
		}
		l.SetValue(i, v)
	}
	hashes := make([]uint64, n)
	kernel.Hash(k, n, nil, 1, hashes, false, nil)
	return []*vector.Vector{k, s, l}, hashes
}

// write appends rows [from, to) in chunks, with a state reference for some,
// spilling when refused.
func write(t testing.TB, w *Writer, from, to int) error {
	var in rowfmt.Input
	rows := make([]raw.Addr, vector.Capacity)
	for from < to {
		n := min(to-from, 1+from%vector.Capacity)
		cols, hashes := chunk(from, n)
		in.Set(cols)
		var sel []uint32
		if from%3 == 0 {
			for i := range n {
				sel = append(sel, uint32(i))
			}
		}
		ok, err := w.Append(ctx, &in, hashes, sel, n, rows)
		if err != nil {
			return err
		}
		if !ok {
			if _, err := w.Spill(ctx, max(w.Bytes()/2, 1)); err != nil {
				return err
			}
			if ok, err = w.Append(ctx, &in, hashes, sel, n, rows); err != nil {
				return err
			}
			if !ok {
				if err := w.AppendForce(ctx, &in, hashes, sel, n, rows); err != nil {
					return err
				}
			}
		}
		gen := w.Generation()
		for i := range n {
			if x := from + i; x%7 == 0 && w.s.l.HasStateRefs {
				ref, err := w.PutHeap(rows[i], fmt.Appendf(nil, "state of the row with number %d", x))
				if err != nil {
					return err
				}
				*raw.At[types.StringRef](rows[i], w.s.l.StateOffset(0)) = ref
			}
		}
		if gen != w.Generation() {
			t.Error("PutHeap moved rows")
		}
		from += n
	}
	return nil
}

// checkRows verifies rows and marks them as seen.
func checkRows(t testing.TB, l *rowfmt.Layout, page PageRows, bufs [][]byte, seen []bool, part func(hash uint64) bool) {
	t.Helper()
	rows := make([]raw.Addr, 500)
	outs := []*vector.Vector{vector.New(rowTypes[0]), vector.New(rowTypes[1]), vector.New(rowTypes[2])}
	for page.Count > 0 {
		n := page.Take(rows, l.Width)
		for c, o := range outs {
			o.Resize(n)
			l.Gather(c, rows[:n], bufs, o, nil)
		}
		for i := range n {
			x := int(outs[0].Value(i).I)
			if x < 0 || x >= len(seen) || seen[x] {
				t.Fatalf("row %d is unknown or there twice", x)
			}
			seen[x] = true
			if !part(*raw.At[uint64](rows[i], l.HashOffset())) {
				t.Fatalf("row %d is in the wrong partition", x)
			}
			if s := outs[1].Value(i); s.IsNull != (x%4 == 3) || !s.IsNull && s.S != text(x) {
				t.Fatalf("row %d has the string %q", x, s.S)
			}
			if v := outs[2].Value(i); len(v.Children) != x%5 || x%5 > 0 && v.Children[x%5-1].I != int64(x+x%5-1) {
				t.Fatalf("row %d has the list %v", x, v.Children)
			}
			if !l.HasStateRefs {
				continue
			}
			state := string(vector.Str(raw.At[types.StringRef](rows[i], l.StateOffset(0)), bufs))
			if x%7 == 0 && state != fmt.Sprintf("state of the row with number %d", x) || x%7 != 0 && state != "" {
				t.Fatalf("row %d has the state %q", x, state)
			}
		}
	}
}

func checkSet(t testing.TB, s *Set, mem *budget.Reservation, total int, how string) {
	t.Helper()
	seen := make([]bool, total)
	for i := range s.Partitions() {
		readPartition(t, s, i, mem, how, seen)
	}
	if k := slices.Index(seen, false); k >= 0 {
		t.Fatalf("row %d of %d is missing", k, total)
	}
}

func readPartition(t testing.TB, s *Set, i int, mem *budget.Reservation, how string, seen []bool) {
	t.Helper()
	p := s.Partition(i)
	here := func(h uint64) bool { return s.PartitionOf(h) == i }
	switch how {
	case "load":
		rows := p.NumRows()
		l, ok, err := p.Load(ctx, mem)
		if err != nil || !ok {
			t.Fatalf("load: %v %v", ok, err)
		}
		defer l.Close()
		n := 0
		for _, page := range l.Pages {
			n += page.Count
			checkRows(t, s.l, page, l.Bufs(), seen, here)
		}
		if int64(n) != rows {
			t.Fatalf("%d rows, announced %d", n, rows)
		}
		if ref, err := l.PutHeap([]byte("something that is not so short")); err != nil || string(vector.Str(&ref, l.Bufs())) != "something that is not so short" {
			t.Fatal("PutHeap of a loaded partition", err)
		}
	case "scan", "consume":
		sc := p.Scan(mem, how == "consume")
		defer sc.Close()
		for {
			page, ok, err := sc.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			checkRows(t, s.l, page, sc.Bufs(), seen, here)
		}
		if how == "consume" && p.NumRows() != 0 {
			t.Fatalf("%d rows left in a consumed partition", p.NumRows())
		}
	case "repartition":
		to, err := s.Repartition(ctx, i, 3)
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		if to.Shift() != s.Shift()+s.Bits() {
			t.Fatalf("shift %d", to.Shift())
		}
		for k := range to.Partitions() {
			readPartition(t, to, k, mem, "consume", seen)
		}
	}
}

func TestSets(t *testing.T) {
	for _, c := range []struct {
		name    string
		rows    int
		bits    int
		writers int
		cap     int64 // spill cap, -1 none
		bitsOut int
	}{
		{"empty", 0, 0, 1, -1, 0},
		{"one row", 1, 0, 1, -1, 0},
		{"small", 5000, 0, 3, -1, 0},
		{"partitioned from the start", 20000, 3, 2, -1, 3},
		{"divided on the way", 120000, 0, 3, -1, 4},
		{"spilled", 60000, 0, 2, 4 << 20, 5},
		{"little memory", 60000, 0, 2, 1 << 20, 3},
		{"spilled at once", 20000, 0, 2, 0, 1},
	} {
		for k, how := range []string{"load", "scan", "consume", "repartition", "load", "scan", "consume", "repartition"} {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				w := newWorld(t, 256<<20)
				w.noRefs = k >= 4
				w.budget.SetSpillCap(c.cap)
				s := New(w.config(c.bits))
				defer s.Close()
				g, _ := spawn.NewGroup(ctx)
				for i := range c.writers {
					from, to := c.rows*i/c.writers, c.rows*(i+1)/c.writers
					g.Go("writer", func(ctx context.Context) error {
						wr := s.NewWriter()
						defer wr.Close()
						if err := write(t, wr, from, to); err != nil {
							return err
						}
						return s.Combine(ctx, wr)
					})
				}
				if err := g.Wait(); err != nil {
					t.Fatal(err)
				}
				if err := s.Seal(ctx); err != nil {
					t.Fatal(err)
				}
				if s.NumRows() != int64(c.rows) {
					t.Fatalf("%d rows, want %d", s.NumRows(), c.rows)
				}
				if c.cap >= 0 && s.Stats().SpilledBytes == 0 {
					t.Fatal("nothing was spilled")
				}
				want := c.bitsOut
				if c.cap >= 1<<20 && !w.noRefs {
					want-- // states with a heap fill two pages of each partition
				}
				if s.Bits() != want {
					t.Errorf("divided by %d bits, want %d", s.Bits(), want)
				}
				if c.rows > 0 && how == "scan" {
					// Everything to disk, then back.
					if n, err := s.SpillResident(ctx, 1<<60); err != nil || n == 0 && w.mem.Held() > 0 {
						t.Fatal(n, err)
					}
					if w.mem.Held() != 0 {
						t.Fatalf("%d bytes in memory after spilling all", w.mem.Held())
					}
					w.budget.SetSpillCap(-1)
					checkSet(t, s, w.mem, c.rows, "load")
				}
				w.budget.SetSpillCap(-1)
				checkSet(t, s, w.mem, c.rows, how)
			})
		}
	}
}

func TestEarlyWritersAreDividedLater(t *testing.T) {
	w := newWorld(t, 256<<20)
	s := New(w.config(0))
	defer s.Close()
	a, b := s.NewWriter(), s.NewWriter()
	defer a.Close()
	defer b.Close()
	if err := errors.Join(write(t, a, 0, 1000), s.Combine(ctx, a), write(t, b, 1000, 50000), s.Combine(ctx, b), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	if s.Bits() != raiseBits {
		t.Fatalf("%d bits", s.Bits())
	}
	checkSet(t, s, w.mem, 50000, "load")
}

func TestStableWriterKeepsAddresses(t *testing.T) {
	w := newWorld(t, 256<<20)
	cfg := w.config(0)
	cfg.Stable = true
	s := New(cfg)
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	gen := wr.Generation()
	if err := write(t, wr, 0, 50000); err != nil {
		t.Fatal(err)
	}
	if wr.Generation() != gen || s.Bits() != 0 {
		t.Fatal("a stable writer was redistributed by Append")
	}
	if err := wr.Adapt(ctx); err != nil {
		t.Fatal(err)
	}
	if wr.Generation() == gen || s.Bits() == 0 {
		t.Fatal("Adapt did nothing")
	}
	if err := errors.Join(s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	checkSet(t, s, w.mem, 50000, "scan")
}

func TestLargeValues(t *testing.T) {
	w := newWorld(t, 256<<20)
	l, _ := rowfmt.NewLayout([]types.Type{types.Of(types.Blob)}, rowfmt.Options{Hash: true})
	s := New(Config{Layout: l, Pool: w.pool, Mem: w.mem, Spill: w.spill, Tag: "large"})
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	v := vector.New(types.Of(types.Blob))
	sizes := []int{10, 1000, block.Size - 1, block.Size, block.Size + 1, 3 << 20, 5, 200000, 200000}
	v.Resize(len(sizes))
	for i, n := range sizes {
		b := make([]byte, n)
		for k := range b {
			b[k] = byte(i)
		}
		v.PutString(i, b)
	}
	hashes := make([]uint64, len(sizes))
	kernel.Hash(v, len(sizes), nil, 0, hashes, false, nil)
	var in rowfmt.Input
	in.Set([]*vector.Vector{v})
	rows := make([]raw.Addr, len(sizes))
	if ok, err := wr.Append(ctx, &in, hashes, nil, len(sizes), rows); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := wr.Spill(ctx, 1<<60); err != nil {
		t.Fatal(err)
	}
	if wr.Bytes() != 0 || wr.NumRows() != 0 || w.mem.Held() != 0 {
		t.Fatalf("%d bytes, %d rows, %d held after spilling", wr.Bytes(), wr.NumRows(), w.mem.Held())
	}
	if ok, err := wr.Append(ctx, &in, hashes, nil, len(sizes), rows); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := errors.Join(s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	for i := range s.Partitions() {
		sc := s.Partition(i).Scan(w.mem, i%2 == 0)
		for {
			page, ok, err := sc.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			for range page.Count {
				n := page.Take(rows[:1], l.Width)
				b := vector.Str(raw.At[types.StringRef](rows[0], l.ColOffset(0)), sc.Bufs())
				if n != 1 || len(b) > 0 && b[0] != b[len(b)-1] {
					t.Fatal("damaged value")
				}
				count[len(b)]++
			}
		}
		sc.Close()
	}
	for _, n := range sizes {
		if want := 2 * (1 + boolInt(n == 200000)); count[n] != want {
			t.Errorf("%d values of %d bytes, want %d", count[n], n, want)
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Every request for memory is refused once; whatever comes out, nothing may be
// left behind and answers must be right.
func TestRefusals(t *testing.T) {
	for step := 0; ; step++ {
		w := newWorld(t, 64<<20)
		n := 0
		w.budget.SetFault(func(tag string, _ int64) bool {
			n++
			return n-1 == step
		})
		s := New(w.config(0))
		wr := s.NewWriter()
		err := write(t, wr, 0, 12000)
		if err == nil {
			err = wr.Adapt(ctx)
		}
		if err == nil {
			if _, err = wr.Spill(ctx, 1); err == nil {
				err = write(t, wr, 12000, 14000)
			}
		}
		if err == nil {
			err = errors.Join(s.Combine(ctx, wr), s.Seal(ctx))
		}
		if err == nil {
			refused := n > step
			w.budget.SetFault(nil)
			checkSet(t, s, w.mem, 14000, "consume")
			wr.Close()
			s.Close()
			if !refused {
				return // no request has that number
			}
			continue
		}
		if sqlerr.Code(err) != sqlerr.CodeOutOfMemory {
			t.Fatalf("step %d: %v", step, err)
		}
		wr.Close()
		s.Close()
		if w.mem.Held() != 0 {
			t.Fatalf("step %d: %d bytes left", step, w.mem.Held())
		}
	}
}

func TestLoadRefused(t *testing.T) {
	w := newWorld(t, 64<<20)
	s := New(w.config(2))
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	err := write(t, wr, 0, 30000)
	if err == nil {
		_, err = wr.Spill(ctx, 1<<60)
	}
	if err := errors.Join(err, s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	small := w.budget.ReserveSpilling("small", 0)
	defer small.Close()
	w.budget.SetSpillCap(block.Size)
	if _, ok, err := s.Partition(0).Load(ctx, small); ok || err != nil {
		t.Fatal("load beyond the cap", ok, err)
	}
	if small.Held() != 0 {
		t.Fatalf("%d bytes held after a refusal", small.Held())
	}
	if s.Partition(0).Resident() {
		t.Fatal("partition 0 is on disk")
	}
	checkSet(t, s, small, 30000, "scan")
	if n := s.Partition(1).NumRows(); n == 0 {
		t.Fatal("no rows")
	}
	s.Partition(1).Drop()
	if n := s.Partition(1).NumRows(); n != 0 {
		t.Fatalf("%d rows after Drop", n)
	}
}

func TestCancelled(t *testing.T) {
	w := newWorld(t, 64<<20)
	s := New(w.config(0))
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	if err := write(t, wr, 0, 4000); err != nil {
		t.Fatal(err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := wr.Spill(done, 1<<60); sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
		t.Fatalf("spilling under a cancelled context: %v", err)
	}
	w2 := s.NewWriter()
	defer w2.Close()
	if err := errors.Join(write(t, w2, 0, 4000), s.Combine(ctx, w2), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	sc := s.Partition(0).Scan(w.mem, true)
	defer sc.Close()
	if _, _, err := sc.Next(done); sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
		t.Fatalf("scanning under a cancelled context: %v", err)
	}
}

func TestPinnedPartitionsStay(t *testing.T) {
	w := newWorld(t, 64<<20)
	s := New(w.config(1))
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	if err := errors.Join(write(t, wr, 0, 4000), s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	l, ok, err := s.Partition(0).Load(ctx, w.mem)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := s.SpillResident(ctx, 1<<60); err != nil {
		t.Fatal(err)
	}
	if !s.Partition(0).Resident() || s.Partition(1).Resident() {
		t.Fatal("the pinned partition was spilled, or the other one was not")
	}
	l.Close()
	checkSet(t, s, w.mem, 4000, "load")
}

func TestPartitionBits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		h := r.Uint64()
		if partitionOf(h, 0, 0) != 0 || partitionOf(h, 3, 4) != int(h<<3>>60) || partitionOf(h, 8, 4) != int(h>>52&15) {
			t.Fatalf("partitions of %x", h)
		}
	}
}

func TestConcurrentDivision(t *testing.T) {
	w := newWorld(t, 512<<20)
	s := New(w.config(0))
	defer s.Close()
	var wg sync.WaitGroup
	const per = 20000
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			wr := s.NewWriter()
			defer wr.Close()
			if err := errors.Join(write(t, wr, per*i, per*(i+1)), s.Combine(ctx, wr)); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if err := s.Seal(ctx); err != nil {
		t.Fatal(err)
	}
	checkSet(t, s, w.mem, 4*per, "consume")
}

// TestManyPartitionsOfFewRows: partitions take memory for the rows that they
// have, not a block each.
func TestManyPartitionsOfFewRows(t *testing.T) {
	w := newWorld(t, 256<<20)
	s := New(w.config(6))
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	if err := write(t, wr, 0, 1000); err != nil {
		t.Fatal(err)
	}
	if n, most := w.mem.Held(), int64(2*leastPage<<6+block.Size); n > most || wr.Bytes() > n {
		t.Errorf("64 partitions of 16 rows hold %d bytes (%d by the writer's count), at most %d are expected", n, wr.Bytes(), most)
	}
	// Blocks are shared by partitions, and free when all of them have spilled.
	held := w.mem.Held()
	freed, err := wr.Spill(ctx, 1<<60)
	if err != nil || freed != held || w.mem.Held() != 0 || wr.Bytes() != 0 {
		t.Errorf("spilling freed %d of %d bytes, %d are held, %d counted: %v", freed, held, w.mem.Held(), wr.Bytes(), err)
	}
	if err := errors.Join(write(t, wr, 1000, 30000), s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	checkSet(t, s, w.mem, 30000, "load")
}
