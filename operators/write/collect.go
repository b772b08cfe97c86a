package write

import (
	"context"
	"math"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
)

// Collect is a sink that appends its rows to a table in memory, in batch
// order. With a limit it keeps the first rows only and ends the pipeline as
// soon as it has them.
type Collect struct {
	appender *memory.Appender
	limit    int64 // rows wanted, -1: all
	commit   bool

	mu   sync.Mutex
	ends []batchRows // with a limit: ended batches that are not yet counted
	have int64       // rows of all batches below Low, a prefix of the input
}

var _ operators.Sink = (*Collect)(nil)

// batchRows counts the rows kept of a batch.
type batchRows struct {
	number, rows int64
}

// NewCollect returns a sink that appends to table, and commits in Finalize.
// limit -1 means no limit; otherwise at least the first limit rows in batch
// order are kept, and perhaps more behind them: the reader cuts.
func NewCollect(table *memory.Table, limit int64) *Collect {
	return &Collect{appender: table.NewAppender(), limit: limit}
}

// Rows returns the number of rows collected, after Finalize.
func (c *Collect) Rows() int64 { return c.appender.Rows() }

// NewLocal implements operators.Sink.
func (c *Collect) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	return &collectLocal{c: c, task: t, w: c.appender.NewWriter()}, nil
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
	c    *Collect
	task *operators.Task
	w    *memory.Writer
	rows int64 // kept of the current batch
}

// Push implements operators.SinkLocal.
func (l *collectLocal) Push(_ context.Context, in *vector.Chunk) (operators.Status, error) {
	if l.c.limit < 0 {
		return operators.NeedInput, l.w.Append(in, l.task.Batch)
	}
	if l.rows < l.c.limit { // else the batch has all that can be wanted of it
		if err := l.w.Append(in, l.task.Batch); err != nil {
			return 0, err
		}
		l.rows += int64(in.NumRows())
	}
	if l.c.enough(l.task.Low(), batchRows{l.task.Batch, l.rows}) {
		return operators.Finished, nil
	}
	return operators.NeedInput, nil
}

// enough reports whether the complete batches below low, and cur when it is
// the first active one, hold the limit.
func (c *Collect) enough(low int64, cur batchRows) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, b := range c.ends {
		if b.number < low {
			c.have += b.rows
			continue
		}
		c.ends[n] = b
		n++
	}
	c.ends = c.ends[:n]
	have := c.have
	if low >= cur.number {
		have += cur.rows
	}
	return have >= c.limit
}

// EndBatch implements operators.SinkLocal.
func (l *collectLocal) EndBatch(context.Context) error {
	if l.c.limit >= 0 && l.rows > 0 {
		l.c.mu.Lock()
		l.c.ends = append(l.c.ends, batchRows{l.task.Batch, l.rows})
		l.c.mu.Unlock()
	}
	l.rows = 0
	return nil
}

// Combine implements operators.SinkLocal.
func (l *collectLocal) Combine(context.Context) error {
	l.rows = math.MaxInt64
	return l.w.Close()
}

// Close implements operators.SinkLocal. Rows that were not handed over by
// Combine are the appender's now, which gives them back.
func (l *collectLocal) Close() { _ = l.w.Close() }
