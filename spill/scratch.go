package spill

import (
	"context"
	"runtime"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// MaxCompressed is the longest payload that is compressed; longer ones are
// stored, for scratch memory is of a fixed size.
const MaxCompressed = 512 << 10

// sampleSize is how much of a payload is compressed to see whether the rest is
// worth it.
const sampleSize = 16 << 10

// scratchSize holds a frame with any compressed payload, and, before that, a
// sample and its compressed form.
var scratchSize = headerSize + s2.MaxEncodedLen(MaxCompressed)

// scratchPool is a bounded number of buffers of scratchSize bytes. As every
// buffer made stays until the pool is drained, whoever wrote a compressed
// block has left at least one for those who read it.
type scratchPool struct {
	res  *budget.Reservation // may be nil
	free chan []byte         // capacity: how many buffers there may be

	mu   sync.Mutex
	made int // buffers made and not drained; guarded by mu
}

func newScratchPool(res *budget.Reservation) *scratchPool {
	n := min(max(runtime.GOMAXPROCS(0), 2), 16)
	return &scratchPool{res: res, free: make(chan []byte, n)}
}

// tryGet returns a buffer, nil if all are in use and the budget, or the bound,
// forbids another. Nobody gives way for one: who gives way writes.
func (p *scratchPool) tryGet() []byte {
	select {
	case b := <-p.free:
		return b
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == cap(p.free) || (p.res != nil && !p.res.TryGrowIdle(int64(scratchSize))) {
		return nil
	}
	p.made++
	return make([]byte, scratchSize)
}

// get waits for a buffer. It must be called only for a block whose writer had
// one.
func (p *scratchPool) get(ctx context.Context) ([]byte, error) {
	if b := p.tryGet(); b != nil {
		return b, nil
	}
	select {
	case b := <-p.free:
		return b, nil
	case <-ctx.Done():
		return nil, sqlerr.FromContext(ctx)
	}
}

func (p *scratchPool) put(b []byte) { p.free <- b }

// drain gives back the buffers that are not in use, but for keep of them: the
// caller passes 0 only when it knows that no compressed block is left.
func (p *scratchPool) drain(keep int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.made > keep {
		select {
		case <-p.free:
			p.made--
			if p.res != nil {
				p.res.Shrink(int64(scratchSize))
			}
		default:
			return
		}
	}
}
