package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/vector"
)

// hoard is a sink whose workers hold 400 bytes from their first chunk on; the one of
// the first morsel then wants more than there is.
type hoard struct {
	mem  *budget.Reservation
	both sync.WaitGroup // both workers have their first chunk
	fail error          // of giving
	held [2]int64       // at the end, by worker
	gave [2]bool
}

func (h *hoard) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	h.mem.Attend()
	return &hoardLocal{h: h, task: t}, nil
}
func (h *hoard) Finalize(context.Context) error { return nil }
func (h *hoard) Close()                         { h.mem.Close() }

type hoardLocal struct {
	h    *hoard
	task *operators.Task
	held int64
}

func (l *hoardLocal) Push(context.Context, *vector.Chunk) (operators.Status, error) {
	if err := l.grow(400); err != nil {
		return operators.Finished, err
	}
	l.h.both.Done()
	l.h.both.Wait()
	if l.task.Batch == 0 {
		return operators.NeedInput, l.grow(500) // of which 200 are free
	}
	return operators.NeedInput, nil
}

func (l *hoardLocal) grow(n int64) error {
	if err := l.h.mem.Grow(n); err != nil {
		return err
	}
	l.held += n
	return nil
}

// Relieve implements operators.Reliever.
func (l *hoardLocal) Relieve(context.Context) error {
	l.h.gave[l.task.Worker] = true
	if l.h.fail != nil {
		return l.h.fail
	}
	l.h.mem.Shrink(l.held)
	l.held = 0
	return nil
}

func (l *hoardLocal) EndBatch(context.Context) error { return nil }

func (l *hoardLocal) Combine(context.Context) error {
	l.h.held[l.task.Worker] = l.held
	return nil
}

func (l *hoardLocal) Close() {}

// TestTasksThatStandGive: a task that has no input left holds memory without which
// the other cannot go on.
func TestTasksThatStandGive(t *testing.T) {
	for _, fail := range []error{nil, errors.New("no space left")} {
		f := newFixture(t, 2)
		f.env.Budget.SetLimit(1000)
		f.env.Budget.SetWorkers(f.sched)
		query := *f.env
		query.Budget = f.env.Budget.ForQuery()
		h := &hoard{mem: query.Budget.ReserveSpilling("hoard", 0), fail: fail}
		h.both.Add(2)
		e := pipeline.Start(context.Background(), f.sched, &query, []*pipeline.Pipeline{{
			Name: "hoard", Open: source(&counter{morsels: 2, perMorsel: 5}), Sink: h,
		}})
		err := e.Wait()
		h.Close()
		if !errors.Is(err, fail) {
			t.Fatalf("error %v, want %v", err, fail)
		}
		if h.gave[0] == h.gave[1] {
			t.Errorf("gave: %v, want one that stands", h.gave)
		}
		if sum := h.held[0] + h.held[1]; fail == nil && sum != 900 {
			t.Errorf("%d bytes are held at the end, want 900", sum)
		}
	}
}
