package window

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
)

// turns hands the state of a running aggregate from chunk to chunk of a section
// that several workers compute: what a chunk adds is computed before, so that the
// workers wait for little. Whoever claimed a chunk passes it or fails without
// waiting for anything but the chunks before, which were claimed before.
type turns struct {
	mu     sync.Mutex
	moved  sync.Cond
	next   int64    // the chunk that comes next; guarded by mu
	state  raw.Addr // of the last row before it; guarded by mu
	blk    *block.Block
	failed bool // a chunk before was not passed; guarded by mu
}

// open takes the memory for a state of size bytes.
func (t *turns) open(w *Window, size int) error {
	blk, err := getBlock(w, int64(size))
	if err != nil {
		return err
	}
	t.blk, t.state = blk, raw.Of(blk.Bytes)
	t.moved.L = &t.mu
	return nil
}

// await waits for the turn of a chunk and copies the state before it to dst.
// Errors: 57014, also when a chunk before failed, whose own error is the query's.
func (t *turns) await(ctx context.Context, chunk int64, dst raw.Addr, size int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != chunk && !t.failed {
		t.moved.Wait()
	}
	if t.failed {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		return sqlerr.New(sqlerr.CodeQueryCancelled, "another worker failed")
	}
	copy(raw.Slice(dst, 0, size), raw.Slice(t.state, 0, size))
	return nil
}

// pass ends the turn of a chunk, whose last state is at src.
func (t *turns) pass(src raw.Addr, size int) {
	t.mu.Lock()
	copy(raw.Slice(t.state, 0, size), raw.Slice(src, 0, size))
	t.next++
	t.mu.Unlock()
	t.moved.Broadcast()
}

// fail ends the turn of a chunk without a state, unless it was passed.
func (t *turns) fail(chunk int64) {
	t.mu.Lock()
	if t.blk != nil && t.next <= chunk {
		t.failed = true
		t.moved.Broadcast()
	}
	t.mu.Unlock()
}
