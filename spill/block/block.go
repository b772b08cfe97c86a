package block

import (
	"sync/atomic"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/vector/invariants"
	"github.com/gannetdb/gannet/vector/raw"
)

// Block is a piece of memory from a [Pool]. The reference count is safe for
// concurrent use; the bytes are the holders' to synchronise.
type Block struct {
	// Bytes is the memory: Size bytes from Get, as many as asked for from
	// GetSized (its capacity is what was charged). It is nil after the last
	// Release. Holders must not assign to it.
	Bytes []byte

	pool    *Pool
	res     *budget.Reservation // what Charged bytes are charged to
	charged int64
	refs    atomic.Int32

	region  *region // nil for a sized block
	index   uint    // of the block within its region
	mapping []byte  // of a sized block
}

// Charged returns the bytes charged for the block: Size, or for a sized block
// its length rounded up to whole pages.
func (b *Block) Charged() int64 { return b.charged }

// PreferHuge asks for huge pages for a sized block that has not been touched and
// will be all over: looked up in no order, it misses fewer page tables. A hint.
func (b *Block) PreferHuge() {
	if b.mapping != nil {
		raw.PreferHuge(b.mapping)
	}
}

// Retain adds a reference. The caller holds one already.
func (b *Block) Retain() {
	n := b.refs.Add(1)
	if invariants.Enabled {
		invariants.Check(n > 1, "block: Retain of a released block")
	}
}

// Release drops a reference; the last one returns the memory to the pool and
// shrinks the reservation. It returns how many bytes that freed: 0 unless this
// was the last reference.
func (b *Block) Release() (freed int64) {
	n := b.refs.Add(-1)
	if n > 0 {
		return 0
	}
	if n < 0 {
		invariants.Check(false, "block: released more often than retained")
		return 0
	}
	b.Bytes = nil
	// The memory first, then the money: what is not charged is not resident.
	b.pool.put(b)
	b.res.Shrink(b.charged)
	return b.charged
}

// Recharge moves the charge to another reservation of the same budget, for
// blocks that outlive the operator that filled them. Only the single holder of
// a block may call it. It returns false, changing nothing, when dst is closed.
func (b *Block) Recharge(dst *budget.Reservation) bool {
	if invariants.Enabled {
		invariants.Check(b.refs.Load() == 1, "block: Recharge of a shared block")
	}
	if !b.res.Transfer(dst, b.charged) {
		return false
	}
	b.res = dst
	return true
}
