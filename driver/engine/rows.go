package engine

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/planner/physical"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Column is a column of a result.
type Column struct {
	Name string
	Type types.Type
}

// Rows is the result of a statement: a running query, or rows that are known
// already. It serves one goroutine. Close it always.
type Rows struct {
	cols     []Column
	affected int64 // rows changed; -1: nothing was

	// A running query.
	db     *Database
	ctx    context.Context
	plan   *physical.Plan
	exec   *pipeline.Execution
	result *write.Result
	skip   int64 // rows to drop first
	left   int64 // rows still wanted, -1: all
	cut    *vector.Chunk

	// Rows known already.
	ready []*vector.Chunk

	kept *memory.Table // what a RETURNING clause reads; closed at the end

	once sync.Once
	err  error // of the query, once it has ended
	done bool
}

// Columns lists the result's columns; none for statements without a result.
func (r *Rows) Columns() []Column { return r.cols }

// RowsAffected returns the number of rows that a statement changed, -1 for
// those that change none.
func (r *Rows) RowsAffected() int64 { return r.affected }

// Counts reports whether the result is nothing but RowsAffected, or there is none.
func (r *Rows) Counts() bool { return r.affected >= 0 && r.exec == nil }

// Next returns the next chunk, dense and without selection, valid until the
// call after; nil at the end.
func (r *Rows) Next() (*vector.Chunk, error) {
	if r.exec == nil {
		if len(r.ready) == 0 {
			return nil, nil
		}
		c := r.ready[0]
		r.ready = r.ready[1:]
		return c, nil
	}
	for !r.done {
		if r.left == 0 {
			return nil, r.end(nil)
		}
		c, err := r.result.Next(r.ctx, r.exec.Done())
		if err != nil {
			return nil, r.end(err)
		}
		if c == nil {
			return nil, r.end(r.exec.Wait())
		}
		if c = r.trim(c); c != nil {
			return c, nil
		}
	}
	return nil, r.err
}

// trim applies OFFSET and LIMIT; nil when nothing of the chunk is left.
func (r *Rows) trim(c *vector.Chunk) *vector.Chunk {
	from, n := 0, c.Len
	if r.skip > 0 {
		from = int(min(r.skip, int64(n)))
		r.skip -= int64(from)
		n -= from
	}
	if r.left >= 0 {
		n = int(min(r.left, int64(n)))
		r.left -= int64(n)
	}
	if n == 0 {
		return nil
	}
	if from == 0 {
		c.Len = n
		return c
	}
	if r.cut == nil {
		r.cut = vector.NewChunk(c.Types())
	}
	physical.Slice(r.cut, c, from, n)
	return r.cut
}

// end closes the query and keeps its error.
func (r *Rows) end(err error) error {
	r.done = true
	if r.err == nil {
		r.err = err
	}
	r.release()
	return r.err
}

// abort ends the query from another goroutine.
func (r *Rows) abort(cause error) {
	if r.exec != nil {
		r.exec.Cancel(cause)
		<-r.exec.Done()
	}
}

// Close ends the statement and gives everything back. It returns the error of
// a query that failed before Close; closing early is none. Idempotent.
func (r *Rows) Close() error {
	err := r.err
	r.done = true
	r.release()
	return err
}

func (r *Rows) release() {
	r.once.Do(func() {
		r.ready = nil
		if r.exec == nil {
			return
		}
		r.exec.Cancel(nil)
		_ = r.exec.Wait() // the error of an early close is our own cancellation
		r.plan.Close()
		if r.kept != nil {
			r.kept.Close()
		}
		r.db.mu.Lock()
		delete(r.db.running, r)
		r.db.mu.Unlock()
	})
}
