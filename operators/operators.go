package operators

import (
	"context"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Status is what a call of a pipeline step reports.
type Status uint8

const (
	// NeedInput: the step is done with its input and wants more.
	NeedInput Status = iota
	// HaveMore: out was filled and the same input has more rows to give; call
	// again with the same input.
	HaveMore
	// Finished: the step wants no more input from this pipeline (LIMIT
	// reached); rows already in out still count.
	Finished
	// Blocked: the step cannot go on now. The task is parked until the wake
	// function that the step got through Task.Park is called; then the step is
	// called again with the same input.
	Blocked
)

// Source produces chunks.
type Source interface {
	// Types lists the output columns.
	Types() []types.Type
	// Workers returns how many workers can usefully read at once (>= 1).
	Workers() int
	// NewLocal returns the state of one worker.
	NewLocal(t *Task) (SourceLocal, error)
	// Close releases what the source holds; all locals are closed before.
	Close()
}

// Bounded is implemented by sources that can tell how many rows their batches
// hold.
type Bounded interface {
	// MostRows returns a number that the rows of the batches from, from to to,
	// both included, do not exceed; math.MaxInt64 when it is not known. Safe for
	// concurrent use while locals read.
	MostRows(from, to int64) int64
}

// Narrower is implemented by operators that never put out more rows of a batch
// than they were given of it.
type Narrower interface {
	Operator
	Narrows()
}

// SourceLocal reads for one worker; not safe for concurrent use.
type SourceLocal interface {
	// NextMorsel claims work; ok false: nothing left. batch as in
	// storage.Reader.
	NextMorsel(ctx context.Context) (batch int64, ok bool, err error)
	// Next fills out (its columns are re-pointed at the source's buffers or
	// filled); false at the end of the morsel.
	Next(ctx context.Context, out *vector.Chunk) (bool, error)
	// Close releases the local state. Idempotent.
	Close()
}

// Operator transforms chunks inside a pipeline.
type Operator interface {
	// Types lists the output columns.
	Types() []types.Type
	// NewLocal returns the state of one worker.
	NewLocal(t *Task) (OperatorLocal, error)
}

// OperatorLocal transforms chunks for one worker; not safe for concurrent use.
type OperatorLocal interface {
	// Push consumes in (never empty: at least one selected row) and fills out,
	// whose columns it re-points at its own or at in's buffers. With HaveMore
	// it is called again with the same in. out with no selected row is not
	// passed on.
	Push(ctx context.Context, in, out *vector.Chunk) (Status, error)
	// Flush is called at the end of every morsel, repeatedly while it returns
	// HaveMore, for rows held back (compaction). out as in Push. Blocked parks
	// the task as in Push.
	Flush(ctx context.Context, out *vector.Chunk) (Status, error)
	// Close releases the local state. Idempotent.
	Close()
}

// Continuer is implemented by operators that may put rows aside.
type Continuer interface {
	// Continue is called once, when every worker has pushed the last input of
	// this operator, also from continuations of operators before it. nil:
	// nothing was put aside. The source's rows have the operator's output types and enter the
	// pipeline right behind it.
	Continue(ctx context.Context) (Source, error)
}

// Sink consumes a pipeline's chunks.
type Sink interface {
	// NewLocal returns the state of one worker.
	NewLocal(t *Task) (SinkLocal, error)
	// Finalize is called once, after every local was combined. It may start
	// parallel work of its own through env's Run.
	Finalize(ctx context.Context) error
	// Close releases the sink's global state, including results that nobody
	// read. Idempotent; called when the query ends, also after errors.
	Close()
}

// SinkLocal consumes chunks for one worker; not safe for concurrent use.
type SinkLocal interface {
	// Push consumes in. Finished ends the pipeline for this worker and, when
	// the sink's global state says so, for all.
	Push(ctx context.Context, in *vector.Chunk) (Status, error)
	// EndBatch tells that the morsel of the task's current batch is complete;
	// Task.Low still counts the batch as active.
	EndBatch(ctx context.Context) error
	// Combine hands the local state over to the sink; called once, at the end
	// of the worker, possibly at the same time as other workers' Combine.
	Combine(ctx context.Context) error
	// Close releases the local state. Idempotent; after Combine a no-op.
	Close()
}

// LowWatcher is implemented by the locals of ordered sinks, and of operators that
// wait for earlier batches: LowChanged is called whenever the task's
// contribution to Task.Low has moved.
type LowWatcher interface {
	LowChanged()
}

// Reliever is implemented by the locals of operators and sinks that hold rows which
// they could move to disk: Relieve moves about as much as others want of their
// reservation, in the goroutine of the task, between two chunks. Errors: those of
// writing.
type Reliever interface {
	Relieve(ctx context.Context) error
}
