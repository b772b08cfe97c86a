package pipeline

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/vector"
)

const (
	// slice is how long a task keeps its worker before it lets others run.
	slice = 10 * time.Millisecond
)

// taskState tells where a task is in its pipeline.
type taskState uint8

const (
	fresh     taskState = iota
	reading             // claims morsels of the current stage's source
	flushing            // end of a morsel: operators give up held rows
	atBarrier           // waits for the other tasks of the stage
	combining           // last: hands its sink state over
	ended
)

// errDone ends a task without an error.
var errDone = errors.New("task is done")

// task is one worker's passage through a pipeline: its local states and the
// place where it goes on.
type task struct {
	run  *run
	pub  operators.Task // what steps see
	src  operators.SourceLocal
	ops  []operators.OperatorLocal
	sink operators.SinkLocal

	in      *vector.Chunk   // filled by the source
	outs    []*vector.Chunk // outs[i] is filled by operator i
	feeds   []*vector.Chunk // feeds[i] is what operator i (or the sink) is fed
	more    []bool          // operator i has more output for feeds[i]
	level   int             // the step to feed next; -1: none
	bottom  int             // levels below are not pulled from
	entered int             // the stage whose operators are open

	watchers []operators.LowWatcher // of ops and sink

	state    taskState
	inMorsel bool
	flushAt  int
	err      error

	// position is the batch the task is in, or the first it may still claim.
	position atomic.Int64

	parkMu sync.Mutex
	parked bool // given up its worker, waits for wake
	woken  bool // wake came before the task gave up its worker
	parks  bool // a step asked to park in this slice

	relieved bool // somebody lets it give while it stands; guarded by Scheduler.mu
}

func newTask(r *run, worker int) *task {
	t := &task{run: r, level: -1}
	t.pub = operators.Task{Env: r.exec.env, Worker: worker, Low: r.low, MostRows: r.mostRows, Park: t.park, Relieve: t.relieve, RelieveSteps: t.relieveSteps}
	return t
}

// runSlice goes on where the task stands until its slice is over, it waits
// for something, fails, or is done (errDone).
func (t *task) runSlice() (again bool, err error) {
	deadline := time.Now().Add(slice)
	for n := 0; ; n++ {
		if err := t.run.exec.ctx.Err(); err != nil {
			return false, cancelError(t.run.exec.ctx)
		}
		if t.err != nil {
			return false, t.err
		}
		switch t.state {
		case fresh:
			if err := t.open(); err != nil {
				return false, err
			}
			t.state = reading
		case reading, flushing:
			blocked, idle, err := t.step()
			if err != nil {
				return false, err
			}
			if blocked {
				return t.giveUp(), nil
			}
			if idle {
				t.moveTo(int64(t.run.stage+1) << t.run.shift)
				t.run.arrive(t)
				return false, nil
			}
		case combining:
			if t.run.errBatch.Load() == math.MaxInt64 {
				if err := t.sink.Combine(t.run.exec.ctx); err != nil {
					return false, err
				}
			}
			t.moveTo(math.MaxInt64)
			return false, errDone
		}
		if n&15 == 15 && time.Now().After(deadline) {
			return true, nil
		}
	}
}

// open makes room for local states and opens the sink's; those of operators
// follow stage by stage.
func (t *task) open() error {
	r := t.run
	n := len(r.ops)
	t.ops = make([]operators.OperatorLocal, n)
	t.outs = make([]*vector.Chunk, n)
	t.feeds = make([]*vector.Chunk, n+1)
	t.more = make([]bool, n)
	t.entered = -1
	var err error
	if t.sink, err = r.Sink.NewLocal(&t.pub); err != nil {
		return err
	}
	return t.enter()
}

// enter opens the operators that the present stage feeds and closes those of
// branches that have ended.
func (t *task) enter() error {
	r := t.run
	t.entered = r.stage
	level := r.stages[r.stage].level
	if r.sources > 1 {
		for i := range level {
			if t.ops[i] != nil {
				t.ops[i].Close()
				t.ops[i], t.outs[i] = nil, nil
			}
		}
	}
	for i := level; i < len(r.ops); i = r.next[i] {
		if t.ops[i] != nil {
			continue
		}
		l, err := r.ops[i].NewLocal(&t.pub)
		if err != nil {
			return err
		}
		t.ops[i] = l
		t.outs[i] = vector.NewChunk(r.ops[i].Types())
	}
	t.watchers = t.watchers[:0]
	for i := level; i < len(r.ops); i = r.next[i] {
		if w, ok := t.ops[i].(operators.LowWatcher); ok {
			t.watchers = append(t.watchers, w)
		}
	}
	if w, ok := t.sink.(operators.LowWatcher); ok {
		t.watchers = append(t.watchers, w)
	}
	return nil
}

// step feeds one chunk, or claims or ends a morsel. idle: the stage has no
// more input for this task.
func (t *task) step() (blocked, idle bool, err error) {
	r := t.run
	ctx := r.exec.ctx
	if t.pub.Batch > r.errBatch.Load() {
		t.level = -1 // nobody will see what is on the way
		return false, true, nil
	}
	fin := int(r.finished.Load())
	if t.level > fin {
		return t.feed(ctx)
	}
	if t.entered != r.stage {
		if err := t.enter(); err != nil {
			return false, false, err
		}
	}
	t.level = -1 // the step that would get it wants no more
	st := &r.stages[r.stage]
	if fin >= st.level {
		// Steps behind the one that has finished give up what they hold.
		if t.inMorsel {
			t.inMorsel, t.state = false, flushing
		}
		if t.state != flushing {
			return false, true, nil
		}
		for t.flushAt <= fin {
			t.flushAt = r.after(t.flushAt)
		}
	}
	if t.state == flushing {
		return t.flush(ctx)
	}
	if t.pub.Worker >= r.width {
		return false, true, nil
	}
	if t.src == nil {
		if t.src, err = r.source.NewLocal(&t.pub); err != nil {
			return false, false, err
		}
		t.in = vector.NewChunk(r.source.Types())
	}
	if !t.inMorsel {
		batch, ok, err := t.src.NextMorsel(ctx)
		if err != nil {
			return false, false, err
		}
		if !ok {
			return false, true, nil
		}
		t.pub.Batch = int64(r.stage)<<r.shift + batch
		t.moveTo(t.pub.Batch)
		t.inMorsel = true
	}
	if t.pub.Batch > r.errBatch.Load() {
		return false, true, nil
	}
	start := clock(st.profile)
	t.in.Reset()
	ok, err := t.src.Next(ctx, t.in)
	count(st.profile, start, t.in, ok)
	if err != nil {
		return false, false, err
	}
	if !ok {
		t.inMorsel = false
		t.state, t.flushAt = flushing, st.level
		return false, false, nil
	}
	rows := t.in.NumRows()
	if rows == 0 {
		return false, false, nil
	}
	r.exec.rows.Add(int64(rows))
	t.begin(st.level, t.in)
	return t.feed(ctx)
}

// flush asks the operators of the stage, first to last, for rows held back.
func (t *task) flush(ctx context.Context) (blocked, idle bool, err error) {
	r := t.run
	if t.flushAt >= len(t.ops) {
		t.state = reading
		if err := t.sink.EndBatch(ctx); err != nil {
			return false, false, err
		}
		t.moveTo(t.pub.Batch + 1)
		return false, false, nil
	}
	i := t.flushAt
	out := t.outs[i]
	out.Reset()
	start := clock(r.profiles[i])
	st, err := t.ops[i].Flush(ctx, out)
	count(r.profiles[i], start, out, true)
	if err != nil {
		return false, false, err
	}
	if st == operators.Blocked {
		return true, false, nil
	}
	if st != operators.HaveMore {
		t.flushAt = r.next[i]
	}
	if st == operators.Finished {
		r.finish(i)
	}
	if out.NumRows() > 0 {
		t.begin(r.next[i], out)
		return t.feed(ctx)
	}
	return false, false, nil
}

// moveTo publishes that the task has left every batch before position.
func (t *task) moveTo(position int64) {
	t.position.Store(position)
	for _, w := range t.watchers {
		w.LowChanged()
	}
}

// begin hands c to the step at level; nothing below it will be pulled from.
func (t *task) begin(level int, c *vector.Chunk) {
	t.level, t.bottom = level, level
	t.feeds[level] = c
}

// feed pushes feeds[level] and everything that follows from it, until the
// chunk is used up (level -1) or a step blocks.
func (t *task) feed(ctx context.Context) (blocked, idle bool, err error) {
	r := t.run
	for t.level >= 0 {
		i := t.level
		if i == len(t.ops) {
			start := clock(r.profiles[i])
			st, err := t.sink.Push(ctx, t.feeds[i])
			count(r.profiles[i], start, t.feeds[i], st != operators.Blocked)
			switch {
			case err != nil:
				return false, false, err
			case st == operators.Blocked:
				return true, false, nil
			case st == operators.Finished:
				r.finish(i)
			}
			t.pop()
			continue
		}
		out := t.outs[i]
		out.Reset()
		start := clock(r.profiles[i])
		st, err := t.ops[i].Push(ctx, t.feeds[i], out)
		count(r.profiles[i], start, out, true)
		if err != nil {
			return false, false, err
		}
		if st == operators.Blocked {
			return true, false, nil
		}
		if st == operators.Finished {
			r.finish(i)
		}
		t.more[i] = st == operators.HaveMore
		if out.NumRows() > 0 {
			t.level = r.next[i]
			t.feeds[t.level] = out
		} else if !t.more[i] {
			t.pop()
		}
		if ctx.Err() != nil {
			return false, false, cancelError(ctx)
		}
	}
	return false, false, nil
}

// pop returns to the nearest step before the current one that has more output
// for the chunk it was fed, and whose output somebody wants. Steps of other
// branches have none.
func (t *task) pop() {
	bottom := max(t.bottom, int(t.run.finished.Load())+1)
	for t.level--; t.level >= bottom; t.level-- {
		if t.more[t.level] {
			return
		}
	}
	t.level = -1
}

// clock returns the time when a step is profiled.
func clock(p *operators.Profile) time.Time {
	if p == nil {
		return time.Time{}
	}
	return time.Now()
}

// count adds a call of a step to its profile.
func count(p *operators.Profile, start time.Time, out *vector.Chunk, rows bool) {
	if p == nil {
		return
	}
	p.Nanos.Add(int64(time.Since(start)))
	if rows {
		p.Rows.Add(int64(out.NumRows()))
	}
}

// relieve is Task.Relieve: the source waits for memory, so that no step behind it is
// at work.
func (t *task) relieve(ctx context.Context) error {
	if err := t.relieveSteps(); err != nil {
		return err
	}
	if x, ok := t.sink.(operators.Reliever); ok {
		return x.Relieve(ctx)
	}
	return nil
}

// relieveSteps is Task.RelieveSteps: the sink waits. What operators give is no part
// of the chunks that they have put out.
func (t *task) relieveSteps() error {
	for _, o := range t.ops {
		if x, ok := o.(operators.Reliever); ok {
			if err := x.Relieve(t.run.exec.ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// give relieves a task that stands at a barrier, where none of its steps is at work,
// in the goroutine of whoever waits for memory. An error is the query's of the task.
func (t *task) give() {
	exec := t.run.exec
	if exec.ctx.Err() != nil {
		return
	}
	err := spawn.Call(t.run.Name, func() error { return t.relieve(exec.ctx) })
	if err != nil {
		t.run.record(err, t.pub.Batch)
		exec.fail(err)
	}
}

// park is Task.Park: the step that calls it is about to return Blocked.
func (t *task) park() (wake func()) {
	t.parkMu.Lock()
	t.parks = true
	t.parkMu.Unlock()
	return t.wake
}

// wake queues the task if it is parked, or lets it go on at once when it is
// about to park.
func (t *task) wake() {
	t.parkMu.Lock()
	queue := t.parked
	if t.parked {
		t.parked = false
	} else if t.parks {
		t.woken = true
	}
	t.parkMu.Unlock()
	if queue {
		t.run.exec.sched.submit(t)
	}
}

// giveUp parks the task unless it was woken meanwhile; again tells to queue it.
func (t *task) giveUp() (again bool) {
	t.parkMu.Lock()
	defer t.parkMu.Unlock()
	t.parks = false
	r := t.run
	at := t.level
	if at < 0 {
		at = t.flushAt
	}
	if t.woken || r.exec.ctx.Err() != nil || at <= int(r.finished.Load()) || t.pub.Batch > r.errBatch.Load() {
		t.woken = false
		return true
	}
	t.parked = true
	return false
}

func (t *task) closeSource() {
	if t.src != nil {
		t.src.Close()
		t.src = nil
	}
	t.inMorsel = false
}

// close releases the local states.
func (t *task) close() {
	t.closeSource()
	for _, o := range t.ops {
		if o != nil {
			o.Close()
		}
	}
	if t.sink != nil {
		t.sink.Close()
	}
}

// work implements runnable.
func (t *task) work() (again bool) {
	var err error
	if perr := spawn.Call(t.run.Name, func() error {
		again, err = t.runSlice()
		return nil
	}); perr != nil {
		again, err = false, perr
	}
	if err == nil {
		return again
	}
	if err != errDone {
		t.run.record(err, t.pub.Batch)
		if t.run.exec.ctx.Err() != nil {
			t.run.exec.fail(err)
		}
	}
	if perr := spawn.Call(t.run.Name, func() error { t.close(); return nil }); perr != nil {
		t.run.record(perr, t.pub.Batch)
	}
	t.run.taskEnded(t)
	return false
}
