package join

import (
	"sync/atomic"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/vector/raw"
)

// marks remembers across blocks of build rows what probe rows have met: two
// bits a row, isMatched and isUnknown.
type marks struct {
	mem  *block.Block
	bits []uint64
}

// newMarks makes marks for n rows. Errors: 53200.
func (b *Build) newMarks(n int64) (*marks, error) {
	m := &marks{}
	if n == 0 {
		return m, nil
	}
	size := (n + 31) / 32 * 8
	m.mem, _ = b.env.Pool.GetSized(b.mem, size)
	if m.mem == nil {
		var err error
		if m.mem, err = b.env.Pool.MustGetSized(b.force, size, nil); err != nil {
			return nil, err
		}
	}
	m.bits = raw.Cast[uint64](m.mem.Bytes)
	return m, nil
}

func (m *marks) close() {
	if m != nil && m.mem != nil {
		m.mem.Release()
		m.mem, m.bits = nil, nil
	}
}

// add adds bits to row i's marks and reports whether one was there already.
func (m *marks) add(i int64, bits uint64) (had bool) {
	w, s := &m.bits[i>>5], uint(i&31)*2
	had = *w>>s&bits != 0
	*w |= bits << s
	return had
}

// get returns row i's marks.
func (m *marks) get(i int64) uint8 { return uint8(m.bits[i>>5] >> (uint(i&31) * 2) & 3) }

// firstFlag sets a build row's match flag and reports whether it was not set;
// of several callers at once at least one is told so.
func firstFlag(f *uint32) bool {
	if atomic.LoadUint32(f) != 0 {
		return false
	}
	atomic.StoreUint32(f, 1)
	return true
}

func isFlagged(f *uint32) bool { return atomic.LoadUint32(f) != 0 }

// setFlag sets a build row's match flag; others may do so at the same time.
func setFlag(f *uint32) {
	if atomic.LoadUint32(f) == 0 {
		atomic.StoreUint32(f, 1)
	}
}
