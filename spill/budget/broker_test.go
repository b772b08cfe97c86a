package budget

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// crew are workers of a test: so many run, of which some have paused.
type crew struct {
	running, paused atomic.Int32
	standing        func() // gives for the tasks that stand; nil: there are none
}

func (c *crew) Relieve() {
	if c.standing != nil {
		c.standing()
	}
}

func (c *crew) Pause() (resume func()) {
	c.paused.Add(1)
	return func() { c.paused.Add(-1) }
}

func (c *crew) Stuck() bool { return c.running.Load() <= c.paused.Load() }

// brokered is a budget with n workers and a view for each of the queries.
func brokered(t *testing.T, limit int64, workers int32, queries int) (*crew, *Budget, []*Budget, context.CancelFunc) {
	t.Helper()
	c := &crew{}
	c.running.Store(workers)
	b := New(limit)
	b.SetWorkers(c)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	views := make([]*Budget, queries)
	for i := range views {
		views[i] = b.ForQuery()
		views[i].Bind(ctx)
	}
	return c, b, views, cancel
}

func grow(t *testing.T, r *Reservation, n int64) {
	t.Helper()
	if err := r.Grow(n); err != nil {
		t.Fatal(err)
	}
}

// TestGrowIsGivenWhatNobodyUses: state that no worker uses goes at once, that of
// the reservation with the most above its floor first.
func TestGrowIsGivenWhatNobodyUses(t *testing.T) {
	b := New(1000)
	giver := func(tag string, held int64) (*Reservation, *int64) {
		r, asked := b.ReserveSpilling(tag, 0), new(int64)
		grow(t, r, held)
		r.Gives(func(n int64) int64 {
			*asked += n
			n = min(n, r.Held())
			r.Shrink(n)
			return n
		})
		return r, asked
	}
	small, smallAsked := giver("small", 300)
	large, largeAsked := giver("large", 600)
	r := b.Reserve("scan")
	defer r.Close()
	grow(t, r, 100)
	grow(t, r, 200) // 100 bytes are gone; 200 more are wanted
	if *largeAsked == 0 || *smallAsked != 0 {
		t.Errorf("the large one was asked for %d bytes, the small one for %d", *largeAsked, *smallAsked)
	}
	grow(t, r, 700)
	if large.Held()+small.Held() != 0 {
		t.Errorf("%d and %d bytes are left", large.Held(), small.Held())
	}
	if err := r.Grow(1); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		t.Errorf("beyond the limit: %v", err)
	}
	large.Close()
	small.Close()
}

// TestGrowWaitsForWorkers: a worker that attends sees what is wanted and gives it.
func TestGrowWaitsForWorkers(t *testing.T) {
	_, b, q, _ := brokered(t, 1000, 2, 2)
	holder := q[0].ReserveSpilling("sort", 0)
	holder.Attend()
	grow(t, holder, 1000)
	done := make(chan struct{})
	go func() { // the holder's worker, between two chunks
		defer close(done)
		for holder.Held() > 0 {
			if w := holder.Wanted(); w > 0 {
				holder.Shrink(min(w, holder.Held()))
			}
			time.Sleep(time.Millisecond)
			if b.waiters.Load() == 0 && holder.Held() < 1000 {
				return
			}
		}
	}()
	r := q[1].Reserve("scan")
	grow(t, r, 300)
	<-done
	if holder.Wanted() != 0 {
		t.Errorf("%d bytes are still wanted", holder.Wanted())
	}
	if b.waiting.Load() != 0 || b.waiters.Load() != 0 || len(b.in) != 0 {
		t.Errorf("somebody still waits")
	}
	holder.Leave()
	holder.Close()
	r.Close()
	checkSum(t, b)
}

// TestWaitingEnds: with an error when all wait, with the query's end, and with the
// end of another.
func TestWaitingEnds(t *testing.T) {
	t.Run("all wait", func(t *testing.T) {
		_, _, q, _ := brokered(t, 1000, 2, 2)
		var wg sync.WaitGroup
		var failed atomic.Int32
		rs := []*Reservation{q[0].Reserve("a"), q[1].Reserve("b")}
		for _, r := range rs {
			grow(t, r, 500)
		}
		for _, r := range rs {
			wg.Add(1)
			go func() {
				defer wg.Done()
				err := r.Grow(400)
				if sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
					failed.Add(1)
				} else if err != nil {
					t.Error(err)
				}
				r.Close() // its query ends
			}()
		}
		wg.Wait()
		if n := failed.Load(); n != 1 {
			t.Errorf("%d of two failed", n)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		_, b, q, cancel := brokered(t, 1000, 2, 2)
		holder, r := q[0].Reserve("a"), q[1].Reserve("b")
		grow(t, holder, 1000)
		got := make(chan error)
		go func() { got <- r.Grow(1) }()
		for b.waiters.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-got; !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
			t.Errorf("%v", err)
		}
		if b.waiting.Load() != 0 {
			t.Error("it still waits")
		}
	})
	t.Run("another ends", func(t *testing.T) {
		_, b, q, _ := brokered(t, 1000, 2, 2)
		holder, r := q[0].Reserve("a"), q[1].Reserve("b")
		grow(t, holder, 1000)
		go func() {
			for b.waiters.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			holder.Close()
		}()
		grow(t, r, 1000)
	})
	t.Run("nobody else", func(t *testing.T) {
		_, _, q, _ := brokered(t, 1000, 2, 1)
		r := q[0].Reserve("a")
		grow(t, r, 900)
		if err := r.Grow(101); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no query", func(t *testing.T) {
		_, b, q, _ := brokered(t, 1000, 2, 1)
		grow(t, q[0].Reserve("a"), 900)
		if err := b.Reserve("table").Grow(101); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			t.Errorf("%v", err)
		}
	})
}

// TestOthersLeaveWhatIsWaitedFor: what comes back goes to who waits.
func TestOthersLeaveWhatIsWaitedFor(t *testing.T) {
	_, b, q, _ := brokered(t, 1000, 2, 2)
	holder, greedy, r := q[0].Reserve("a"), q[0].ReserveSpilling("b", 0), q[1].Reserve("c")
	grow(t, holder, 1000)
	got := make(chan error)
	go func() { got <- r.Grow(600) }()
	for b.waiters.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	holder.Shrink(500)
	if greedy.TryGrow(100) {
		t.Error("it took what another waits for")
	}
	holder.Shrink(100)
	if err := <-got; err != nil {
		t.Error(err)
	}
	holder.Shrink(400)
	if !greedy.TryGrow(100) {
		t.Error("nobody waits any more")
	}
}

// TestFloorsAreAskedFor: a refusal below the floor asks those above theirs and
// does not wait.
func TestFloorsAreAskedFor(t *testing.T) {
	b := New(8000)
	rich := b.ReserveSpilling("aggregation", 500)
	rich.Attend()
	grow(t, rich, 7000)
	table := b.Reserve("pages")
	grow(t, table, 1000)
	poor := b.ReserveSpilling("sort", 1000)
	if poor.TryGrow(400) {
		t.Fatal("granted")
	}
	if w := rich.Wanted(); w < 400 {
		t.Fatalf("%d bytes are wanted", w)
	}
	rich.Shrink(rich.Wanted())
	if !poor.TryGrow(400) {
		t.Error("refused after somebody gave")
	}
	if rich.Wanted() != 0 {
		t.Errorf("%d bytes are still wanted", rich.Wanted())
	}
	// Above its floor nobody is asked on its account.
	if poor.TryGrow(5000) || rich.Wanted() != 0 {
		t.Errorf("%d bytes are wanted", rich.Wanted())
	}
}

// TestPoorQueriesAreGiven: a query that has little of its part is given by one
// that has more than its part, not by one that has less.
func TestPoorQueriesAreGiven(t *testing.T) {
	_, _, q, _ := brokered(t, 9000, 2, 3)
	rich, modest, poor := q[0].ReserveSpilling("a", 0), q[1].ReserveSpilling("b", 0), q[2].ReserveSpilling("c", 0)
	rich.Attend()
	modest.Attend()
	grow(t, rich, 6000)
	grow(t, modest, 2500)
	if poor.TryGrow(600) {
		t.Fatal("granted")
	}
	if rich.Wanted() == 0 || modest.Wanted() != 0 {
		t.Errorf("%d and %d bytes are wanted", rich.Wanted(), modest.Wanted())
	}
}

// TestIdleMemoryAlone: TryGrowIdle asks nobody for anything.
func TestIdleMemoryAlone(t *testing.T) {
	b := New(1000)
	y := b.ReserveYielding("table", 0, func(int64) int64 { t.Error("asked"); return 0 })
	grow(t, y, 900)
	r := b.Reserve("scratch")
	if r.TryGrowIdle(200) || !r.TryGrowIdle(100) || r.TryGrowIdle(1) {
		t.Error("it is not what is free")
	}
}

// TestNoDeadlock lets many queries of few workers hold, wait for and give memory:
// all end, and most well.
func TestNoDeadlock(t *testing.T) {
	const limit, queries, workers = 1 << 20, 8, 3
	c := &crew{}
	b := New(limit)
	b.SetWorkers(c)
	slots := make(chan struct{}, workers)
	var wg sync.WaitGroup
	var good, bad atomic.Int32
	for range queries {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 20 {
				slots <- struct{}{}
				c.running.Add(1)
				switch err := brokeredQuery(b); {
				case err == nil:
					good.Add(1)
				case sqlerr.Is(err, sqlerr.CodeOutOfMemory):
					bad.Add(1)
				default:
					t.Error(err)
				}
				c.running.Add(-1)
				<-slots
			}
		}()
	}
	wg.Wait()
	if good.Load() < bad.Load() {
		t.Errorf("%d well, %d out of memory", good.Load(), bad.Load())
	}
	if b.Used() != 0 || b.waiting.Load() != 0 || b.waiters.Load() != 0 {
		t.Errorf("%d bytes are used, %d waited for", b.Used(), b.waiting.Load())
	}
}

// brokeredQuery fills a sink, with pages that it needs for each chunk.
func brokeredQuery(b *Budget) error {
	v := b.ForQuery()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	v.Bind(ctx)
	sink, pages := v.ReserveSpilling("sink", 16<<10), v.Reserve("pages")
	defer sink.Close()
	defer pages.Close()
	sink.Attend()
	defer sink.Leave()
	for i := range int64(200) {
		if w := sink.Wanted(); w > 0 {
			sink.Shrink(min(w, sink.Held()))
		}
		if err := pages.Grow(64 << 10); err != nil {
			return err
		}
		if !sink.TryGrow(8 << 10) {
			sink.Shrink(sink.Held() / 2)
			if err := sink.Grow(8 << 10); err != nil {
				return err
			}
		}
		pages.Shrink(64 << 10)
		if i%16 == 0 {
			time.Sleep(10 * time.Microsecond)
		}
	}
	if sink.Held() == 0 {
		return errors.New("it holds nothing")
	}
	return nil
}

// TestGrowIsGivenByTasksThatStand: nobody but the one that waits can give what a
// worker of the same operator has filled and left, and it is wanted of them.
func TestGrowIsGivenByTasksThatStand(t *testing.T) {
	c, _, qs, _ := brokered(t, 1000, 1, 1)
	r := qs[0].ReserveSpilling("aggregation", 0)
	defer r.Close()
	r.Attend() // the one that waits
	r.Attend() // the one that stands
	grow(t, r, 1000)
	c.standing = func() {
		if c.paused.Load() != 0 {
			t.Error("who gives has paused")
		}
		r.Shrink(min(r.Wanted(), r.Held()))
	}
	grow(t, r, 100)
	if held := r.Held(); held != 1000 {
		t.Errorf("%d bytes are held, want 1000", held)
	}
}
