package storage

import "sync"

// Buffers keeps large buffers of closed readers for the next ones, so that a
// database which reads files again and again does not allocate, and collect,
// its page buffers with every query. What it keeps is charged to nobody and
// bounded by its size. It is safe for concurrent use; a nil *Buffers keeps
// nothing.
type Buffers struct {
	mu   sync.Mutex
	kept [][]byte // the latest last
	size int64    // bytes of kept
	most int64
}

// minBuffer is the smallest buffer worth keeping.
const minBuffer = 32 << 10

// NewBuffers returns a Buffers that keeps at most the given number of bytes.
func NewBuffers(most int64) *Buffers { return &Buffers{most: most} }

// SetMost changes how many bytes are kept; what is beyond is let go.
func (b *Buffers) SetMost(most int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.most = most
	for b.size > most {
		b.size -= int64(cap(b.kept[0]))
		b.kept = b.kept[1:]
	}
}

// Take returns a kept buffer whose capacity is at least n and at most a quarter
// more, nil when there is none. Its bytes are those of its last user.
func (b *Buffers) Take(n int) []byte {
	if b == nil || n < minBuffer {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.kept) - 1; i >= 0; i-- {
		if c := cap(b.kept[i]); c >= n && c <= n+n/4 {
			out := b.kept[i]
			b.kept = append(b.kept[:i], b.kept[i+1:]...)
			b.size -= int64(c)
			return out[:0]
		}
	}
	return nil
}

// Put keeps buf, which nobody may use any more, if there is room for it.
func (b *Buffers) Put(buf []byte) {
	n := int64(cap(buf))
	if b == nil || n < minBuffer {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size+n <= b.most && len(b.kept) < 256 {
		b.kept = append(b.kept, buf[:0])
		b.size += n
	}
}
