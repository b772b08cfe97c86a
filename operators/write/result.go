package write

import (
	"context"
	"slices"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// queueBytes bounds the chunks that wait for the reader, beside one chunk that
// is always let through.
const queueBytes = 4 << 20

// Result is the sink of a query whose rows somebody reads. Writers are the
// pipeline's workers; the one reader calls Next.
type Result struct {
	types   []types.Type
	ordered bool
	mem     *budget.Reservation

	mu         sync.Mutex
	ready      []*parcel // in reading order
	completed  []*batch  // ended, but an earlier batch is active
	readyBytes int64
	heldBytes  int64
	waiting    []func() // wakes of parked workers
	free       []*parcel
	notify     chan struct{} // holds a token when the reader should look again
	finished   bool
	closed     bool

	reading *parcel // what the last Next returned; reader only
}

var _ operators.Sink = (*Result)(nil)

// parcel is a chunk of its own, with what it is charged.
type parcel struct {
	chunk *vector.Chunk
	bytes int64
}

// batch is what a worker has collected of one batch.
type batch struct {
	number  int64
	parcels []*parcel
}

// NewResult returns a sink for chunks of the given types. ordered: chunks are
// read in batch order.
func NewResult(env *operators.Env, ts []types.Type, ordered bool) *Result {
	return &Result{
		types: ts, ordered: ordered, mem: env.Budget.Reserve("result"),
		notify: make(chan struct{}, 1),
	}
}

// Types lists the columns.
func (r *Result) Types() []types.Type { return r.types }

// Next returns the next chunk, dense and without selection, valid until the
// call after; nil at the end. It waits for done (the execution's end) or a
// chunk; a cancelled ctx gives 57014. After done, the caller asks the
// execution for its error.
func (r *Result) Next(ctx context.Context, done <-chan struct{}) (*vector.Chunk, error) {
	r.recycle()
	ended := false
	for {
		if c := r.take(); c != nil {
			return c, nil
		}
		if ended {
			return nil, nil
		}
		select {
		case <-r.notify:
		case <-done:
			ended = true
		case <-ctx.Done():
			return nil, sqlerr.FromContext(ctx)
		}
	}
}

// take returns the next ready chunk, nil when there is none.
func (r *Result) take() *vector.Chunk {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ready) == 0 {
		return nil
	}
	p := r.ready[0]
	r.ready[0] = nil
	r.ready = r.ready[1:]
	r.readyBytes -= p.bytes
	r.reading = p
	if r.readyBytes <= queueBytes/2 {
		r.wake()
	}
	return p.chunk
}

// recycle takes back the chunk that the reader is done with.
func (r *Result) recycle() {
	if r.reading == nil {
		return
	}
	r.mu.Lock()
	if len(r.free) < 8 && !r.closed {
		r.free = append(r.free, r.reading)
	} else {
		r.mem.Shrink(r.reading.bytes)
	}
	r.mu.Unlock()
	r.reading = nil
}

// wake lets every parked worker try again; r.mu is held.
func (r *Result) wake() {
	for _, w := range r.waiting {
		w()
	}
	r.waiting = r.waiting[:0]
}

func (r *Result) signal() {
	select {
	case r.notify <- struct{}{}:
	default:
	}
}

// NewLocal implements operators.Sink.
func (r *Result) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	return &resultLocal{r: r, task: t}, nil
}

// Finalize implements operators.Sink.
func (r *Result) Finalize(context.Context) error {
	r.mu.Lock()
	r.release(1<<63 - 1)
	r.finished = true
	r.mu.Unlock()
	r.signal()
	return nil
}

// Close implements operators.Sink.
func (r *Result) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.ready, r.completed, r.free = nil, nil, nil
	r.mem.Close()
}

// release makes completed batches below low ready, in order; r.mu is held.
func (r *Result) release(low int64) {
	n := 0
	for _, b := range r.completed {
		if b.number >= low {
			break
		}
		r.deliver(b.parcels)
		n++
	}
	if n > 0 {
		r.completed = slices.Delete(r.completed, 0, n)
	}
}

// deliver moves held parcels to the ready queue; r.mu is held.
func (r *Result) deliver(ps []*parcel) {
	for _, p := range ps {
		r.heldBytes -= p.bytes
		r.readyBytes += p.bytes
		r.ready = append(r.ready, p)
	}
}

type resultLocal struct {
	r    *Result
	task *operators.Task
	held batch // of the current batch, while an earlier one is active
	next int   // row of the chunk being pushed that comes next
	sel  []uint32
}

var _ operators.LowWatcher = (*resultLocal)(nil)

// Push copies in and queues it, in pieces when its rows are wide, or parks the
// worker while the queue is full. A worker in the first active batch waits only
// for the reader, so the query always moves on.
func (l *resultLocal) Push(_ context.Context, in *vector.Chunk) (operators.Status, error) {
	n := in.NumRows()
	rows, bytes := pieces(in, n)
	for l.next < n {
		piece := min(rows, n-l.next)
		st, err := l.queue(in, l.next, piece, bytes/int64(n)*int64(piece))
		if st == operators.Blocked || err != nil {
			return st, err
		}
		l.next += piece
	}
	l.next = 0
	return operators.NeedInput, nil
}

// pieceBytes is about the most that a parcel holds.
const pieceBytes = 1 << 20

// pieces returns how many of in's n rows make a parcel, and the bytes of all of
// them: one string of a constant or dictionary may stand for many in a parcel.
func pieces(in *vector.Chunk, n int) (rows int, bytes int64) {
	for _, v := range in.Cols {
		bytes += kernel.CopyBytes(v, in.Sel, n)
	}
	if bytes <= pieceBytes {
		return n, bytes
	}
	return max(1, int(int64(n)*pieceBytes/bytes)), bytes
}

// queue makes n rows of in, from row from on, a parcel.
func (l *resultLocal) queue(in *vector.Chunk, from, n int, bytes int64) (operators.Status, error) {
	r := l.r
	r.mu.Lock()
	first := !r.ordered || l.task.Low() >= l.task.Batch
	full := r.readyBytes+r.heldBytes >= queueBytes
	if first {
		full = r.readyBytes >= queueBytes
	}
	if full {
		r.waiting = append(r.waiting, l.task.Park())
		r.mu.Unlock()
		return operators.Blocked, nil
	}
	var p *parcel
	if n := len(r.free); n > 0 {
		p, r.free = r.free[n-1], r.free[:n-1]
	}
	r.mu.Unlock()

	p, err := r.pack(in, l.rows(in, from, n), n, bytes, p)
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	r.heldBytes += p.bytes
	l.held.parcels = append(l.held.parcels, p)
	if first {
		r.release(l.task.Batch)
		l.flush()
	}
	r.mu.Unlock()
	if first {
		r.signal()
	}
	return operators.NeedInput, nil
}

// flush delivers the current batch's parcels; r.mu is held.
func (l *resultLocal) flush() {
	l.r.deliver(l.held.parcels)
	l.held.parcels = l.held.parcels[:0]
}

// rows selects n rows of in from row from on; nil: the first n positions.
func (l *resultLocal) rows(in *vector.Chunk, from, n int) []uint32 {
	if in.Sel != nil {
		return in.Sel[from : from+n]
	}
	if from == 0 {
		return nil
	}
	l.sel = l.sel[:0]
	for i := range n {
		l.sel = append(l.sel, uint32(from+i))
	}
	return l.sel
}

// pack copies the n rows sel of in, about bytes, into p, or a new parcel. They
// are paid for before.
func (r *Result) pack(in *vector.Chunk, sel []uint32, n int, bytes int64, p *parcel) (*parcel, error) {
	if p == nil {
		p = &parcel{chunk: vector.NewChunk(r.types)}
	}
	if err := r.charge(p, bytes); err != nil {
		return nil, err
	}
	size := int64(0)
	for k, src := range in.Cols {
		dst := p.chunk.Cols[k]
		dst.Resize(n)
		kernel.Copy(dst, 0, src, sel, n)
		size += dst.Bytes()
	}
	p.chunk.Len, p.chunk.Sel = n, nil
	return p, r.charge(p, size)
}

// charge pays for a parcel of size bytes what it was not charged before.
func (r *Result) charge(p *parcel, size int64) error {
	if size <= p.bytes {
		return nil
	}
	if err := r.mem.Grow(size - p.bytes); err != nil {
		r.mem.Shrink(p.bytes) // nobody has the parcel any more
		return err
	}
	p.bytes = size
	return nil
}

// EndBatch implements operators.SinkLocal.
func (l *resultLocal) EndBatch(context.Context) error {
	if len(l.held.parcels) == 0 {
		return nil
	}
	r := l.r
	r.mu.Lock()
	if !r.ordered || l.task.Low() >= l.task.Batch {
		r.release(l.task.Batch)
		l.flush()
	} else {
		b := &batch{number: l.task.Batch, parcels: l.held.parcels}
		l.held.parcels = nil
		at, _ := slices.BinarySearchFunc(r.completed, b.number, func(x *batch, n int64) int {
			return int(min(max(x.number-n, -1), 1))
		})
		r.completed = slices.Insert(r.completed, at, b)
	}
	r.mu.Unlock()
	r.signal()
	return nil
}

// LowChanged implements operators.LowWatcher.
func (l *resultLocal) LowChanged() {
	r := l.r
	if !r.ordered {
		return
	}
	r.mu.Lock()
	before := len(r.ready)
	r.release(l.task.Low())
	r.wake()
	news := len(r.ready) > before
	r.mu.Unlock()
	if news {
		r.signal()
	}
}

// Combine implements operators.SinkLocal.
func (l *resultLocal) Combine(ctx context.Context) error { return l.EndBatch(ctx) }

// Close implements operators.SinkLocal.
func (l *resultLocal) Close() {}
