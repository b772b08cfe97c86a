package pipeline

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Pipeline is one source, or several branches that are read one after the
// other, the operators their chunks pass, and the sink they end in. It is a
// plan: Execution holds what changes.
type Pipeline struct {
	Name string
	// Open returns the source; called when all of Deps are finalized.
	Open func(ctx context.Context) (operators.Source, error)
	// Branches take the place of Open when there is none.
	Branches []*Branch
	Ops      []operators.Operator
	Sink     operators.Sink
	// Deps must be finalized before this pipeline starts.
	Deps []*Pipeline
	// Profiles, when set, has one entry for the source (unused when there are
	// branches), one an operator and one for the sink; branches have theirs.
	Profiles []*operators.Profile
}

// Execution runs the pipelines of one query. Start it once; Wait for it always.
// Once it has started its methods may be called from any goroutine.
type Execution struct {
	sched  *Scheduler
	env    *operators.Env
	ctx    context.Context
	cancel context.CancelCauseFunc
	stop   func() bool // of the cancellation hook
	done   chan struct{}

	rows   atomic.Int64 // rows read by all sources, for progress
	runs   []*run       // constant
	mu     sync.Mutex
	left   int   // pipelines not finalized yet
	active int   // tasks not ended
	err    error // first error of any pipeline
	ended  bool
}

// run is a pipeline in execution.
type run struct {
	*Pipeline
	exec *Execution
	layout
	started bool
	final   bool
	tasks   []*task

	// The lowest failing batch; tasks in batches from it on stop.
	errBatch atomic.Int64
	// finished is the last step that wants no more input (len(ops): the sink),
	// -1 none. Steps behind it go on, also with other branches and
	// continuations.
	finished atomic.Int64

	mu      sync.Mutex
	source  operators.Source
	stage   int // of stages; len(stages) at the end
	width   int // tasks that read the present stage
	arrived int
	ended   int
	err     error

	relieved int // tasks that somebody lets give, and the run waits for; guarded by Scheduler.mu
}

// Start is New and Start.
func Start(ctx context.Context, sched *Scheduler, env *operators.Env, pipelines []*Pipeline) *Execution {
	e := New(ctx, sched, env, pipelines)
	e.Start()
	return e
}

// New prepares to run pipelines, which come in an order in which dependencies
// precede. Cancelling ctx, or Cancel, ends the query with 57014. Nothing runs
// and nothing ends before Start, which has to be called.
func New(ctx context.Context, sched *Scheduler, env *operators.Env, pipelines []*Pipeline) *Execution {
	e := &Execution{sched: sched, env: env, done: make(chan struct{}), left: len(pipelines)}
	e.ctx, e.cancel = context.WithCancelCause(ctx)
	if env.Budget != nil {
		env.Budget.Bind(e.ctx) // what waits for memory ends with the query
	}
	for _, p := range pipelines {
		r := &run{Pipeline: p, exec: e, layout: lay(p)}
		r.errBatch.Store(math.MaxInt64)
		r.finished.Store(-1)
		e.runs = append(e.runs, r)
	}
	// The context may be cancelled already: the hook runs at once then.
	e.stop = context.AfterFunc(e.ctx, e.wakeAll)
	return e
}

// Start begins to run. It opens the first sources, which may read files.
func (e *Execution) Start() {
	defer e.sched.guest()()
	e.startReady()
}

// Context is the execution's context, cancelled at its end.
func (e *Execution) Context() context.Context { return e.ctx }

// Cancel ends the execution early with the given cause (nil: cancelled). It does
// not wait for the end.
func (e *Execution) Cancel(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	e.cancel(cause)
}

// Done is closed when the execution has ended and released everything but the
// sinks.
func (e *Execution) Done() <-chan struct{} { return e.done }

// Wait waits for the end and returns the query's error.
func (e *Execution) Wait() error {
	<-e.done
	return e.err
}

// Err returns the query's error; valid after Done.
func (e *Execution) Err() error { return e.err }

// RowsRead returns how many rows all sources together have produced so far.
func (e *Execution) RowsRead() int64 { return e.rows.Load() }

// wakeAll queues every parked task so that it sees the cancelled context.
func (e *Execution) wakeAll() {
	for _, r := range e.runs {
		r.wakeAll()
	}
}

// startReady starts pipelines whose dependencies are done, in order, while
// fewer tasks than threads are active; it ends the execution when nothing is
// left. It is called with no lock held.
func (e *Execution) startReady() {
	for {
		e.mu.Lock()
		if e.ended {
			e.mu.Unlock()
			return
		}
		if e.err == nil && e.ctx.Err() != nil && e.left > 0 {
			e.err = cancelError(e.ctx)
		}
		if e.left == 0 || e.err != nil {
			if e.active > 0 {
				e.mu.Unlock()
				return
			}
			e.ended = true
			e.mu.Unlock()
			e.stop()
			e.cancel(context.Canceled)
			close(e.done)
			return
		}
		var next *run
		if e.active < e.env.Threads {
			for _, r := range e.runs {
				if !r.started && e.depsDone(r) {
					next = r
					break
				}
			}
		}
		if next == nil {
			e.mu.Unlock()
			return
		}
		next.started = true
		e.active++ // holds the execution open while the source opens
		e.mu.Unlock()
		if err := spawn.Call(next.Name, next.open); err != nil {
			next.record(err, 0)
			e.fail(err)
		}
		e.mu.Lock()
		e.active--
		e.mu.Unlock()
	}
}

func (e *Execution) depsDone(r *run) bool {
	for _, d := range r.Deps {
		for _, o := range e.runs {
			if o.Pipeline == d && !o.final {
				return false
			}
		}
	}
	return true
}

func (e *Execution) fail(err error) {
	e.mu.Lock()
	if e.err == nil {
		e.err = err
	}
	e.mu.Unlock()
	e.cancel(err)
}

// cancelError turns a cancelled context into the error that ended it: an
// error of this query, or 57014.
func cancelError(ctx context.Context) error {
	var se *sqlerr.Error
	if cause := context.Cause(ctx); errors.As(cause, &se) {
		return cause
	}
	return sqlerr.FromContext(ctx)
}

// open opens the first source and queues the tasks.
func (r *run) open() error {
	if err := r.check(); err != nil {
		return err
	}
	src, err := r.stages[0].open(r.exec.ctx)
	if err != nil {
		return err
	}
	r.source = src
	n := max(1, min(r.exec.env.Threads, src.Workers()))
	r.width = n
	if r.sources > 1 {
		n = r.exec.env.Threads
	}
	tasks := make([]*task, n)
	for i := range tasks {
		tasks[i] = newTask(r, i)
	}
	r.mu.Lock()
	r.tasks = tasks
	r.mu.Unlock()
	r.exec.mu.Lock()
	r.exec.active += n
	r.exec.mu.Unlock()
	for _, t := range tasks {
		r.exec.sched.submit(t)
	}
	return nil
}

// record keeps the error of the lowest batch.
func (r *run) record(err error, batch int64) {
	r.mu.Lock()
	if r.err == nil || batch < r.errBatch.Load() {
		r.err = err
		r.errBatch.Store(batch)
	}
	r.mu.Unlock()
	r.wakeAll()
}

// finish notes that step i wants no more input.
func (r *run) finish(i int) {
	for {
		old := r.finished.Load()
		if old >= int64(i) {
			return
		}
		if r.finished.CompareAndSwap(old, int64(i)) {
			r.wakeAll()
			return
		}
	}
}

// wakeAll lets parked tasks see that something has changed.
func (r *run) wakeAll() {
	r.mu.Lock()
	tasks := r.tasks
	r.mu.Unlock()
	for _, t := range tasks {
		t.wake()
	}
}

// low returns the number below which every batch is complete.
func (r *run) low() int64 {
	low := int64(math.MaxInt64)
	for _, t := range r.tasks {
		low = min(low, t.position.Load())
	}
	return low
}

// mostRows is operators.Task.MostRows: known within a stage.
func (r *run) mostRows(from, to int64) int64 {
	src, ok := r.source.(operators.Bounded)
	if !ok || from>>r.shift != to>>r.shift {
		return math.MaxInt64
	}
	within := int64(1)<<r.shift - 1
	return src.MostRows(from&within, to&within)
}

// arrive is called by a task that has no input left in the current stage. The
// last one opens the next stage, or the end, and queues all tasks again.
func (r *run) arrive(t *task) {
	r.mu.Lock()
	r.arrived++
	if r.arrived < len(r.tasks)-r.ended {
		t.state = atBarrier
		r.exec.sched.stand(t)
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	r.allArrived()
}

// allArrived advances, or leaves that to whoever still relieves a task.
func (r *run) allArrived() {
	if r.exec.sched.settle(r) {
		r.advance()
	}
}

// advance moves to the next stage that has a source, or past the last; all
// live tasks stand at the barrier.
func (r *run) advance() {
	var src operators.Source
	var err error
	stage, width := r.stage, 0
	old := r.source
	for stage++; stage < len(r.stages); stage++ {
		if r.errBatch.Load() != math.MaxInt64 {
			stage = len(r.stages)
			break
		}
		st := &r.stages[stage]
		if int64(st.from) <= r.finished.Load() {
			continue // its rows would only reach a step that has finished
		}
		err = spawn.Call(r.Name, func() error {
			var e error
			src, e = st.open(r.exec.ctx)
			return e
		})
		if src != nil || err != nil {
			break
		}
	}
	if src == nil {
		stage = len(r.stages)
	} else {
		width = max(1, src.Workers())
	}
	if cerr := spawn.Call(r.Name, func() error {
		for _, t := range r.tasks {
			t.closeSource()
		}
		if old != nil {
			old.Close()
		}
		return nil
	}); cerr != nil && err == nil {
		err = cerr
	}
	r.mu.Lock()
	r.source, r.stage, r.width, r.arrived = src, stage, width, 0
	var again []*task
	for _, t := range r.tasks {
		if t.state == ended {
			continue
		}
		if err != nil {
			t.err = err
		}
		if src == nil {
			t.state = combining
		} else {
			t.state = reading
			t.position.Store(int64(stage) << r.shift)
		}
		again = append(again, t)
	}
	r.mu.Unlock()
	for _, t := range again {
		r.exec.sched.submit(t)
	}
}

// taskEnded counts a task that is done; the last one finalizes the pipeline.
func (r *run) taskEnded(t *task) {
	r.mu.Lock()
	t.state = ended
	r.ended++
	last := r.ended == len(r.tasks)
	atBarrierNow := !last && r.arrived > 0 && r.arrived == len(r.tasks)-r.ended
	err := r.err
	r.mu.Unlock()
	e := r.exec
	if atBarrierNow {
		// The others wait for a task that failed: let them go on to their end.
		r.allArrived()
	}
	if last {
		if src := r.source; src != nil {
			r.source = nil
			if cerr := spawn.Call(r.Name, func() error { src.Close(); return nil }); err == nil {
				err = cerr
			}
		}
		if err == nil {
			err = spawn.Call(r.Name, func() error { return r.Sink.Finalize(e.ctx) })
		}
		if err != nil {
			e.fail(err)
		}
		e.mu.Lock()
		r.final = true
		e.left--
		e.mu.Unlock()
	}
	e.mu.Lock()
	e.active--
	e.mu.Unlock()
	e.startReady()
}
