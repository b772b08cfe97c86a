package order

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
)

const (
	// mostWaiting is how much a worker keeps of rows that are ahead of the input's
	// order before it waits itself.
	mostWaiting = 16 << 20
	// spareChunks is how many chunks a worker keeps from one batch to the next.
	spareChunks = 4
)

// keep copies in behind the rows that wait; false: there is no room.
func (x *limitLocal) keep(in *vector.Chunk) bool {
	n := in.NumRows()
	bytes := int64(0)
	for _, v := range in.Cols {
		bytes += kernel.CopyBytes(v, in.Sel, n)
	}
	held := x.mem.Held()
	if held+bytes > mostWaiting || !x.mem.TryGrow(bytes) {
		return false
	}
	c := x.room(n)
	before := chunkBytes(c)
	for i, v := range in.Cols {
		kernel.Copy(c.Cols[i], c.Len, v, in.Sel, n)
	}
	c.Len += n
	if more := chunkBytes(c) - before - bytes; more < 0 {
		x.mem.Shrink(-more)
	} else {
		// It is taken already: when this is refused, so is what comes next.
		x.mem.TryGrow(more)
	}
	x.note(x.mem.Held() - held)
	return true
}

// room returns the chunk that takes the next n rows.
func (x *limitLocal) room(n int) *vector.Chunk {
	if k := len(x.wait); k > 0 && x.wait[k-1].Len+n <= x.fill {
		return x.wait[k-1]
	}
	var c *vector.Chunk
	if k := len(x.spare); k > 0 {
		c, x.spare = x.spare[k-1], x.spare[:k-1]
		c.Reset()
		for _, v := range c.Cols {
			v.Resize(0)
		}
	} else {
		c = vector.NewChunk(x.l.types)
	}
	x.wait = append(x.wait, c)
	return c
}

// forget keeps a few of the chunks whose rows have gone on.
func (x *limitLocal) forget() {
	if len(x.wait) == 0 {
		return
	}
	for _, c := range x.wait {
		if len(x.spare) < spareChunks {
			x.spare = append(x.spare, c)
		}
	}
	clear(x.wait)
	x.wait, x.next = x.wait[:0], 0
	left := int64(0)
	for _, c := range x.spare {
		left += chunkBytes(c)
	}
	if held := x.mem.Held(); held > left {
		x.mem.Shrink(held - left)
		x.note(left - held)
	}
}

// note counts what the rows that wait take over all workers.
func (x *limitLocal) note(bytes int64) {
	l := x.l
	l.mu.Lock()
	l.held += bytes
	l.peak = max(l.peak, l.held)
	l.mu.Unlock()
}

func chunkBytes(c *vector.Chunk) int64 {
	n := int64(0)
	for _, v := range c.Cols {
		n += v.Bytes()
	}
	return n
}
