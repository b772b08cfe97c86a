package chain

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
)

var ctx = context.Background()

// newStore makes a store that may keep limit bytes in memory; the end of the
// test checks that nothing was leaked.
func newStore(t *testing.T, limit int64) (*Store, *budget.Reservation) {
	b := budget.New(limit)
	pool, manager := block.NewPool(), spill.NewManager(spill.Options{Dir: t.TempDir()})
	mem := b.ReserveSpilling("test", 0)
	s := New(Config{Pool: pool, Mem: mem, Spill: manager, Tag: "test"})
	t.Cleanup(func() {
		s.Close()
		s.Close()
		if n := mem.Held(); n != 0 {
			t.Errorf("%d bytes still reserved", n)
		}
		mem.Close()
		if st := pool.Stats(); st.InUse != 0 {
			t.Errorf("%d bytes of blocks still in use", st.InUse)
		}
		pool.Close()
		if n := manager.Stats().OpenFiles; n != 0 {
			t.Errorf("%d files still open", n)
		}
		if err := manager.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, mem
}

// readAll reads the chain and compares it with want.
func readAll(t *testing.T, r *Reader, want [][]byte) {
	t.Helper()
	defer r.Close()
	for i := 0; ; i++ {
		b, err := r.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			if i != len(want) {
				t.Fatalf("%d pieces, want %d", i, len(want))
			}
			return
		}
		if i >= len(want) || !bytes.Equal(b, want[i]) {
			t.Fatalf("piece %d differs", i)
		}
	}
}

func TestChains(t *testing.T) {
	for _, c := range []struct {
		name          string
		limit         int64
		spill         bool
		least, atMost int64 // bytes written
	}{
		{"in memory", 1 << 30, false, 0, 0},
		{"some on disk", 4 << 20, false, 1 << 20, 1 << 40},
		{"moved to disk", 1 << 30, true, 1 << 20, 1 << 40},
		{"little memory", 1 << 20, true, 1 << 20, 1 << 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, mem := newStore(t, c.limit)
			r := rand.New(rand.NewPCG(1, 2))
			chains := make([]Chain, 20)
			want := make([][][]byte, len(chains))
			for i := range 600 {
				k := r.IntN(len(chains))
				switch {
				case i%50 == 49:
					from := (k + 1) % len(chains)
					s.Join(&chains[k], chains[from])
					want[k] = append(want[k], want[from]...)
					chains[from], want[from] = Chain{}, nil
				case i%97 == 96:
					s.Free(chains[k])
					chains[k], want[k] = Chain{}, nil
				case c.spill && i%13 == 12:
					before := mem.Held()
					freed, err := s.Spill(ctx, 1<<18)
					if err != nil || before-freed != mem.Held() {
						t.Fatalf("%d freed of %d, %d left: %v", freed, before, mem.Held(), err)
					}
				}
				b := make([]byte, 1+r.IntN(Size))
				if i == 100 {
					b = make([]byte, 300<<10)
				}
				for j := range b {
					b[j] = byte(r.Uint32())
				}
				if err := s.Append(ctx, &chains[k], b); err != nil {
					t.Fatal(err)
				}
				want[k] = append(want[k], b)
			}
			for k := range chains {
				if chains[k].Empty() != (len(want[k]) == 0) {
					t.Fatal("empty or not")
				}
				readAll(t, s.Read(chains[k]), want[k])
				readAll(t, s.Consume(chains[k]), want[k])
			}
			if n := s.SpilledBytes(); n < c.least || n > c.atMost {
				t.Errorf("%d bytes spilled", n)
			}
			// All chains are gone; the block that pieces are cut from may stay.
			if n := mem.Held(); n > block.Size {
				t.Errorf("%d bytes held without a piece", n)
			}
		})
	}
}

// TestConsumeHalf frees a chain that is not read to its end.
func TestConsumeHalf(t *testing.T) {
	s, _ := newStore(t, 1<<20)
	var c Chain
	for range 40 {
		if err := s.Append(ctx, &c, make([]byte, Size)); err != nil {
			t.Fatal(err)
		}
	}
	r := s.Consume(c)
	for range 7 {
		if b, err := r.Next(ctx); err != nil || len(b) != Size {
			t.Fatal(len(b), err)
		}
	}
	// Pieces may move while they are read.
	if _, err := s.Spill(ctx, 1<<30); err != nil {
		t.Fatal(err)
	}
	if b, err := r.Next(ctx); err != nil || len(b) != Size {
		t.Fatal(len(b), err)
	}
	r.Close()
	for i := range s.pieces {
		if p := &s.pieces[i]; p.blk != nil || !p.ext.IsZero() {
			t.Fatalf("piece %d is left", i)
		}
	}
}

func TestErrors(t *testing.T) {
	s, mem := newStore(t, 1<<20)
	var c Chain
	done, cancel := context.WithCancel(ctx)
	cancel()
	var err error
	for range 40 {
		if err = s.Append(done, &c, make([]byte, Size)); err != nil {
			break
		}
	}
	if err == nil {
		t.Error("a cancelled write succeeds")
	}
	r := s.Read(c)
	if _, err := r.Next(done); err == nil {
		t.Error("a cancelled read succeeds")
	}
	r.Close()
	if err := s.Append(ctx, &c, make([]byte, Size)); err != nil {
		t.Error(err)
	}
	mem.Budget().SetFault(func(string, int64) bool { return true })
	r = s.Read(Chain{c.last, c.last})
	if _, err := r.Next(ctx); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a buffer that is refused: %v", err)
	}
	r.Close()
	mem.Budget().SetFault(nil)
}
