package write

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
)

// Collect is a sink that appends its rows to a table in memory, in batch
// order.
type Collect struct {
	appender *memory.Appender
	commit   bool
}

var _ operators.Sink = (*Collect)(nil)

// NewCollect returns a sink that appends to table, and commits in Finalize.
func NewCollect(table *memory.Table) *Collect { return &Collect{appender: table.NewAppender()} }

// Rows returns the number of rows collected, after Finalize.
func (c *Collect) Rows() int64 { return c.appender.Rows() }

// NewLocal implements operators.Sink.
func (c *Collect) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	return &collectLocal{task: t, w: c.appender.NewWriter()}, nil
}

// Finalize implements operators.Sink.
func (c *Collect) Finalize(ctx context.Context) error {
	if err := c.appender.Commit(ctx); err != nil {
		return err
	}
	c.commit = true
	return nil
}

// Close implements operators.Sink.
func (c *Collect) Close() {
	if !c.commit {
		c.appender.Abort()
	}
}

type collectLocal struct {
	task *operators.Task
	w    *memory.Writer
}

// Push implements operators.SinkLocal.
func (l *collectLocal) Push(_ context.Context, in *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, l.w.Append(in, l.task.Batch)
}

// EndBatch implements operators.SinkLocal.
func (l *collectLocal) EndBatch(context.Context) error { return nil }

// Combine implements operators.SinkLocal.
func (l *collectLocal) Combine(context.Context) error { return l.w.Close() }

// Close implements operators.SinkLocal. Rows that were not handed over by
// Combine are the appender's now, which gives them back.
func (l *collectLocal) Close() { _ = l.w.Close() }
