package order

import (
	"context"
	"math"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Limit drops the first offset rows of its input, in the order of batches, passes
// the next count, and then ends what feeds it. Rows stream: those of a batch go
// on at once when it is certain that all of them are within the limit, or when
// the batches before it have ended; else they wait in memory, and when there is
// no room for them the worker does.
type Limit struct {
	types         []types.Type
	count, offset int64   // count -1: all
	by            *Bounds // instead of count and offset
	narrow        bool

	mu      sync.Mutex
	ends    []endedBatch // batches that have ended and are not in before
	before  int64        // rows of batches below low
	low     int64
	waiting []func() // wakes of parked workers
	held    int64    // bytes of rows that wait, over all workers
	peak    int64    // the most that held was
}

var _ operators.Narrower = (*Limit)(nil)

// endedBatch counts the rows of a batch that has ended.
type endedBatch struct {
	number, rows int64
}

// NewLimit returns the operator for a limit of count rows (-1: all). narrow: all
// steps between the pipeline's sources and this one are operators.Narrower, so
// that what a source knows of its batches holds here.
func NewLimit(ts []types.Type, count, offset int64, narrow bool) *Limit {
	return &Limit{types: ts, count: count, offset: offset, narrow: narrow}
}

// NewLimitBy returns the operator for a limit whose bounds come with the rows.
// Errors of its locals: 2201W and 2201X for bounds that are out of range.
func NewLimitBy(ts []types.Type, by Bounds, narrow bool) *Limit {
	return &Limit{types: ts, by: &by, narrow: narrow}
}

// Types implements operators.Operator.
func (l *Limit) Types() []types.Type { return l.types }

// Narrows implements operators.Narrower.
func (l *Limit) Narrows() {}

// PeakBytes returns how much memory rows took at most that waited for rows
// before them.
func (l *Limit) PeakBytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peak
}

// NewLocal implements operators.Operator.
func (l *Limit) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	x := &limitLocal{l: l, task: t, fill: min(max(t.Env.FillLimit, 1), vector.Capacity), mem: t.Env.Budget.ReserveSpilling("limit", 0)}
	if l.by == nil {
		x.bound(l.count, l.offset)
	}
	return x, nil
}

// place tells what is known of a batch's place in the input.
type place uint8

const (
	behind place = iota // an earlier batch goes on, and may take rows of the limit
	within              // all of it is within the limit
	first               // the first batch that goes on: its rows are numbered
)

// limitLocal is a worker's state; all but mem is of the current batch.
type limitLocal struct {
	l     *Limit
	task  *operators.Task
	fill  int   // rows of a chunk
	start int64 // number of the first row that passes
	end   int64 // of the first behind the limit
	known bool  // start and end are

	place place
	rows  int64 // of the batch, so far
	at    int64 // number of the row that comes next; place first
	wait  []*vector.Chunk
	next  int // of wait that goes on first
	spare []*vector.Chunk
	mem   *budget.Reservation // pays for wait and spare
	sel   []uint32
}

var (
	_ operators.OperatorLocal = (*limitLocal)(nil)
	_ operators.LowWatcher    = (*limitLocal)(nil)
)

func (x *limitLocal) bound(count, offset int64) {
	x.start, x.end, x.known = offset, math.MaxInt64, true
	if count >= 0 && count < math.MaxInt64-offset {
		x.end = offset + count
	}
}

// Push implements operators.OperatorLocal.
func (x *limitLocal) Push(ctx context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if !x.known {
		count, offset, err := x.l.by.read(ctx, in)
		if err != nil {
			return 0, err
		}
		x.bound(count, offset)
	}
	if x.start >= x.end {
		return operators.Finished, nil
	}
	if x.place == behind && !x.find(false) {
		// More rows than the limit counts cannot matter of one batch.
		if x.rows < x.end && x.keep(in) {
			x.rows += int64(in.NumRows())
			return operators.NeedInput, nil
		}
		if !x.find(true) {
			return operators.Blocked, nil
		}
	}
	if x.next < len(x.wait) {
		if x.pass(x.wait[x.next], out) {
			x.tell()
			return operators.Finished, nil
		}
		x.next++
		return operators.HaveMore, nil
	}
	x.rows += int64(in.NumRows())
	if x.pass(in, out) {
		x.tell()
		return operators.Finished, nil
	}
	return operators.NeedInput, nil
}

// Flush implements operators.OperatorLocal: the rows that wait go on before the
// batch ends.
func (x *limitLocal) Flush(_ context.Context, out *vector.Chunk) (operators.Status, error) {
	if x.next < len(x.wait) {
		if x.place == behind && !x.find(true) {
			return operators.Blocked, nil
		}
		if x.pass(x.wait[x.next], out) {
			x.tell()
			return operators.Finished, nil
		}
		x.next++
		return operators.HaveMore, nil
	}
	x.tell()
	x.place, x.rows = behind, 0
	x.forget()
	return operators.NeedInput, nil
}

// tell counts the batch's rows. It is called before the batch ends, also when it
// ends without Flush because the limit was reached: workers in later batches may
// not have noticed that.
func (x *limitLocal) tell() {
	if x.rows > 0 {
		x.l.mu.Lock()
		x.l.ends = append(x.l.ends, endedBatch{x.task.Batch, x.rows})
		x.l.mu.Unlock()
	}
}

// find looks at where the batch is by now; false: still behind. park: the task
// waits then until that may have changed.
func (x *limitLocal) find(park bool) bool {
	l, batch := x.l, x.task.Batch
	l.mu.Lock()
	defer l.mu.Unlock()
	// A batch that ends from here on tells so after this: no wake is missed.
	if low := x.task.Low(); low > l.low {
		l.low = low
		n := 0
		for _, e := range l.ends {
			if e.number < low {
				l.before += e.rows
				continue
			}
			l.ends[n] = e
			n++
		}
		l.ends = l.ends[:n]
	}
	if l.low >= batch {
		x.place, x.at = first, l.before
		return true
	}
	if l.before >= x.start && (x.end == math.MaxInt64 ||
		l.narrow && l.before <= x.end && x.task.MostRows(l.low, batch) <= x.end-l.before) {
		x.place = within
		return true
	}
	if park {
		l.waiting = append(l.waiting, x.task.Park())
	}
	return false
}

// pass makes out show what of c is within the limit, and reports whether nothing
// behind c is.
func (x *limitLocal) pass(c, out *vector.Chunk) (last bool) {
	if x.place == within {
		out.Reference(c)
		return false
	}
	n := int64(c.NumRows())
	from, to := min(max(x.start-x.at, 0), n), min(x.end-x.at, n)
	x.at += n
	if from < to {
		out.Reference(c)
		if to-from < n {
			if x.sel == nil {
				x.sel = make([]uint32, vector.Capacity)
			}
			sel := x.sel[:to-from]
			for i := range sel {
				sel[i] = uint32(c.Position(int(from) + i))
			}
			out.Sel = sel
		}
	}
	return x.at >= x.end
}

// LowChanged implements operators.LowWatcher.
func (x *limitLocal) LowChanged() {
	l := x.l
	l.mu.Lock()
	for _, wake := range l.waiting {
		wake()
	}
	l.waiting = l.waiting[:0]
	l.mu.Unlock()
}

// Close implements operators.OperatorLocal.
func (x *limitLocal) Close() {
	x.wait, x.spare = nil, nil
	x.note(-x.mem.Held())
	x.mem.Close()
}
