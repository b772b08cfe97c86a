package pipeline

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// runnable is something a worker can run for a while.
type runnable interface {
	// work runs for at most about a slice and reports whether it wants to be
	// queued again. It never panics: it recovers into its query's error.
	work() (again bool)
}

// Scheduler runs tasks on at most Limit goroutines. It is safe for concurrent
// use.
type Scheduler struct {
	group *spawn.Group

	mu      sync.Mutex
	queue   []runnable // FIFO; head is queue[head]
	head    int
	running int
	paused  int // of the running, or of guests: they wait for memory or for others
	guests  int // goroutines of callers that do what workers do
	limit   int
	closed  bool

	standing map[*task]struct{} // tasks at a barrier
}

// NewScheduler returns a scheduler of the given number of workers (>= 1). It
// starts no goroutine before the first task.
func NewScheduler(workers int) *Scheduler {
	g, _ := spawn.NewGroup(context.Background())
	return &Scheduler{group: g, limit: max(workers, 1), standing: make(map[*task]struct{})}
}

// SetLimit changes the number of workers: those above a lower limit end with
// the slice they run, a higher one starts workers for the tasks that wait.
func (s *Scheduler) SetLimit(workers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = max(workers, 1)
	for n := len(s.queue) - s.head; n > 0 && s.startWorker(); n-- {
	}
}

// Close waits for running workers; the caller has ended all executions before.
func (s *Scheduler) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.group.Wait()
}

// submit queues r and starts a worker for it when fewer than limit run.
func (s *Scheduler) submit(r runnable) {
	s.mu.Lock()
	s.queue = append(s.queue, r)
	s.startWorker()
	s.mu.Unlock()
}

// startWorker starts a worker if one may run. s.mu is held, so that Close does
// not wait for workers while one is about to start.
func (s *Scheduler) startWorker() bool {
	if s.closed || s.running-s.paused >= s.limit {
		return false
	}
	s.running++
	s.group.Go("worker", s.work)
	return true
}

// next takes the oldest task; nil ends the worker.
func (s *Scheduler) next() runnable {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head == len(s.queue) || s.running-s.paused > s.limit {
		s.running--
		return nil
	}
	r := s.queue[s.head]
	s.queue[s.head] = nil
	s.head++
	if s.head == len(s.queue) {
		s.queue, s.head = s.queue[:0], 0
	} else if s.head >= 1024 {
		s.queue = append(s.queue[:0], s.queue[s.head:]...)
		s.head = 0
	}
	return r
}

// Pause implements budget.Workers: the calling worker waits, and another one may
// run tasks until resume is called.
func (s *Scheduler) Pause() (resume func()) {
	s.mu.Lock()
	s.paused++
	if s.head < len(s.queue) {
		s.startWorker()
	}
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		s.paused--
		s.mu.Unlock()
	}
}

// Stuck implements budget.Workers: nothing runs but what has paused.
func (s *Scheduler) Stuck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running+s.guests <= s.paused && s.head == len(s.queue)
}

// stand says that t waits at a barrier, until settle. Its worker is done with it.
func (s *Scheduler) stand(t *task) {
	s.mu.Lock()
	s.standing[t] = struct{}{}
	s.mu.Unlock()
}

// settle ends the standing of the tasks of r, of which the last has come to the
// barrier, and reports whether r can advance at once. When somebody relieves one of
// them, r advances behind that.
func (s *Scheduler) settle(r *run) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range r.tasks {
		delete(s.standing, t)
		if t.relieved {
			r.relieved++
		}
	}
	return r.relieved == 0
}

// Relieve implements budget.Workers: the tasks that stand give.
func (s *Scheduler) Relieve() {
	s.mu.Lock()
	ts := slices.Collect(maps.Keys(s.standing))
	s.mu.Unlock()
	for _, t := range ts {
		if s.relieve(t) {
			s.submit((*advancing)(t.run))
		}
	}
}

// relieve lets t give if it still stands. It reports whether its run was kept from
// advancing, and is no more.
func (s *Scheduler) relieve(t *task) (advance bool) {
	s.mu.Lock()
	_, stands := s.standing[t]
	if !stands || t.relieved {
		s.mu.Unlock()
		return false
	}
	t.relieved = true
	s.mu.Unlock()
	t.give()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.relieved = false
	if t.run.relieved == 0 {
		return false
	}
	t.run.relieved--
	return t.run.relieved == 0
}

// advancing is a run that advances as soon as there is a worker.
type advancing run

// work implements runnable.
func (a *advancing) work() bool {
	(*run)(a).advance()
	return false
}

// guest counts the calling goroutine among those that run until leave is called.
func (s *Scheduler) guest() (leave func()) {
	s.mu.Lock()
	s.guests++
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		s.guests--
		s.mu.Unlock()
	}
}

func (s *Scheduler) work(context.Context) error {
	for r := s.next(); r != nil; r = s.next() {
		if r.work() {
			s.mu.Lock()
			s.queue = append(s.queue, r)
			s.mu.Unlock()
		}
	}
	return nil
}

// fanOut is a set of independent calls that workers and the caller share.
type fanOut struct {
	ctx  context.Context
	name string
	n    int64
	fn   func(ctx context.Context, i int) error

	next   atomic.Int64
	cancel context.CancelFunc

	mu      sync.Mutex
	idle    sync.Cond
	running int // helpers inside run
	err     error
	errAt   int64
}

// Run calls fn(ctx, i) for every i in [0, n) on at most workers goroutines, of
// which the caller is one, and waits for all. After an error no further call
// starts; the error of the lowest i is returned. A panic becomes XX000.
func (s *Scheduler) Run(ctx context.Context, workers int, name string, n int, fn func(ctx context.Context, i int) error) error {
	if n == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &fanOut{ctx: ctx, cancel: cancel, name: name, n: int64(n), fn: fn}
	f.idle.L = &f.mu
	for range min(workers, n) - 1 {
		s.submit(f)
	}
	f.drain()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running > 0 {
		resume := s.Pause()
		for f.running > 0 {
			f.idle.Wait()
		}
		resume()
	}
	return f.err
}

// work implements runnable: a helper that joins in if calls are left.
func (f *fanOut) work() bool {
	f.mu.Lock()
	if f.next.Load() >= f.n {
		f.mu.Unlock()
		return false
	}
	f.running++
	f.mu.Unlock()
	f.drain()
	f.mu.Lock()
	f.running--
	f.mu.Unlock()
	f.idle.Broadcast()
	return false
}

func (f *fanOut) drain() {
	for {
		i := f.next.Add(1) - 1
		if i >= f.n {
			return
		}
		err := spawn.Call(f.name, func() error { return f.fn(f.ctx, int(i)) })
		if err == nil {
			continue
		}
		f.next.Store(f.n)
		f.mu.Lock()
		// What calls say that were cancelled on account of an error does not
		// replace it.
		if f.err == nil || i < f.errAt && sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
			f.err, f.errAt = err, i
		}
		f.mu.Unlock()
		f.cancel()
	}
}
