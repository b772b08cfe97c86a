package rowset

import (
	"errors"
	"testing"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
)

// Rows that come faster than memory is given are written once, in large pieces.
func TestSpillsInLargePieces(t *testing.T) {
	w := newWorld(t, 256<<20)
	w.noRefs = true
	w.budget.SetSpillCap(4 << 20)
	cfg := w.config(5)
	cfg.Stable = true
	s := New(cfg)
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	var in rowfmt.Input
	rows := make([]raw.Addr, 2048)
	const chunks, n = 150, 2048
	for i := range chunks {
		cols, hashes := chunk(i*n, n)
		in.Set(cols)
		for {
			ok, err := wr.Append(ctx, &in, hashes, nil, n, rows)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				break
			}
			if freed, err := wr.Spill(ctx, SpillStep(wr.Bytes())); err != nil || freed == 0 {
				t.Fatal(freed, err)
			}
		}
	}
	st := w.spill.Stats()
	if st.BlocksWritten == 0 || st.BytesWritten/st.BlocksWritten < 64<<10 {
		t.Errorf("%d bytes were written in %d pieces", st.BytesWritten, st.BlocksWritten)
	}
	if err := errors.Join(s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	var bytes int64
	for i := range s.Partitions() {
		bytes += s.Partition(i).Bytes()
	}
	if n := st.BytesWritten; n > bytes {
		t.Errorf("%d bytes were written of %d", n, bytes)
	}
	w.budget.SetSpillCap(-1)
	checkSet(t, s, w.mem, chunks*n, "consume")
}

// Pages that are not full take no more room on disk than their rows and strings,
// whose references stay right.
func TestSqueeze(t *testing.T) {
	w := newWorld(t, 256<<20)
	w.noRefs = true
	s := New(w.config(4))
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	if err := write(t, wr, 0, 300); err != nil {
		t.Fatal(err)
	}
	if _, err := wr.Spill(ctx, 1<<60); err != nil {
		t.Fatal(err)
	}
	if n := s.Stats().SpilledBytes; n == 0 || n > 64<<10 {
		t.Errorf("300 rows take %d bytes on disk", n)
	}
	if wr.Bytes() != 0 || w.mem.Held() != 0 {
		t.Errorf("%d bytes, %d held after spilling", wr.Bytes(), w.mem.Held())
	}
	if err := errors.Join(write(t, wr, 300, 700), s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	checkSet(t, s, w.mem, 700, "load")
	checkSet(t, s, w.mem, 700, "consume")
}

// A writer that has little while another has the memory gets some beyond the
// share, and the other one is refused.
func TestStarvedWriter(t *testing.T) {
	w := newWorld(t, 256<<20)
	w.noRefs = true
	cfg := w.config(2)
	cfg.Stable, cfg.Writers = true, 2
	s := New(cfg)
	defer s.Close()
	fat, thin := s.NewWriter(), s.NewWriter()
	defer fat.Close()
	defer thin.Close()
	if err := write(t, fat, 0, 40000); err != nil {
		t.Fatal(err)
	}
	w.budget.SetSpillCap(w.mem.Held())
	var in rowfmt.Input
	cols, hashes := chunk(40000, 2000)
	in.Set(cols)
	rows := make([]raw.Addr, 2048)
	if ok, err := thin.Append(ctx, &in, hashes, nil, 2000, rows); !ok || err != nil {
		t.Fatal("the starved writer got nothing", err)
	}
	cols, hashes = chunk(42000, 10)
	in.Set(cols)
	if ok, err := fat.Append(ctx, &in, hashes, nil, 10, rows); ok || err != nil {
		t.Fatal("the other writer was not refused", err)
	}
	if freed, err := fat.Spill(ctx, fat.Bytes()/2); err != nil || freed == 0 {
		t.Fatal(freed, err)
	}
	if err := errors.Join(write(t, fat, 42000, 42010), s.Combine(ctx, fat), s.Combine(ctx, thin), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	if s.Stats().SpilledBytes == 0 {
		t.Error("nothing was spilled")
	}
	w.budget.SetSpillCap(-1)
	checkSet(t, s, w.mem, 42010, "load")
}

// Others may take what nobody reads, from any goroutine, but not what is pinned.
func TestGive(t *testing.T) {
	w := newWorld(t, 256<<20)
	w.noRefs = true
	s := New(w.config(3))
	defer s.Close()
	wr := s.NewWriter()
	defer wr.Close()
	if err := errors.Join(write(t, wr, 0, 30000), s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
		t.Fatal(err)
	}
	l, ok, err := s.Partition(3).Load(ctx, w.mem)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	held := w.mem.Held()
	if n := s.Give(1); n == 0 || held-w.mem.Held() != n {
		t.Errorf("gave %d bytes, %d less are held", n, held-w.mem.Held())
	}
	s.Give(1 << 60)
	for i := range s.Partitions() {
		if s.Partition(i).Resident() != (i == 3) {
			t.Errorf("partition %d is in memory: %v", i, i != 3)
		}
	}
	if n := s.Give(1 << 60); n != 0 {
		t.Errorf("gave %d bytes more", n)
	}
	l.Close()
	checkSet(t, s, w.mem, 30000, "load")
	if s.Give(1 << 60); w.mem.Held() > block.Size {
		t.Errorf("%d bytes are held", w.mem.Held())
	}
	checkSet(t, s, w.mem, 30000, "consume")
}
