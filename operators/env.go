package operators

import (
	"context"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/storage"
)

// Env is what the operators of one query share.
type Env struct {
	Budget  *budget.Budget
	Pool    *block.Pool
	Spill   *spill.Manager
	Buffers *storage.Buffers // for scans; may be nil
	Session *function.Session

	Threads   int // workers a query may use
	FillLimit int // rows in a chunk, 1 to vector.Capacity
	// Seed perturbs hashing so that equal data collides differently from one
	// database to the next.
	Seed uint64
	// PreserveOrder: results without ORDER BY keep insertion order.
	PreserveOrder bool

	// Run executes n independent tasks on at most Threads workers and waits;
	// the first error cancels the rest. Sinks use it in Finalize.
	Run func(ctx context.Context, name string, n int, task func(ctx context.Context, i int) error) error
}

// Task is one worker's passage through a pipeline. The executor owns it.
type Task struct {
	Env    *Env
	Worker int   // 0 <= Worker < number of workers of the pipeline
	Batch  int64 // batch of the chunk that is being pushed

	// Low returns a number below which every batch of the pipeline is
	// complete and its EndBatch has returned, over all workers: an ordered
	// sink may release those. A task whose Batch equals Low is in the first
	// batch that is not complete.
	Low func() int64

	// MostRows is Bounded.MostRows of what the pipeline reads, by the batches that
	// steps see.
	MostRows func(from, to int64) int64

	// Park is set by the executor: a step that is about to return Blocked
	// calls it and keeps the wake function, which may be called from any
	// goroutine, once, also before the step has returned.
	Park func() (wake func())

	// Relieve is set by the executor, for sources that wait for memory: it makes the
	// steps behind the source give what others want of it (Reliever). It is called by
	// the task's worker, inside the source's NextMorsel or Next. Errors: those of
	// writing.
	Relieve func(ctx context.Context) error

	// RelieveSteps is Relieve for sinks: it makes the operators before the sink give.
	// It is called inside the sink's Push (OnWait).
	RelieveSteps func() error
}

// OnWait returns what a sink of the task calls while it waits for memory; nil:
// nothing.
func (t *Task) OnWait() func() error {
	if t == nil {
		return nil
	}
	return t.RelieveSteps
}

// Profile counts what one operator did; EXPLAIN ANALYZE reads it.
type Profile struct {
	Rows       atomic.Int64 // rows it put out
	Nanos      atomic.Int64 // time inside it, summed over workers
	PeakBytes  atomic.Int64
	SpillBytes atomic.Int64
}
