package block

import (
	"math"
	"os"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/invariants"
	"github.com/gannetdb/gannet/vector/raw"
)

// Size is the length of a block from Get, in bytes.
const Size = 256 << 10

// MaxSized is the longest block GetSized gives, in bytes: far above any memory
// limit, far below overflow.
const MaxSized = math.MaxInt64 >> 16

const (
	// blocksPerRegion equals the bits of a region's free masks.
	blocksPerRegion = 64
	regionSize      = blocksPerRegion * Size
	// minIdle is how many idle bytes of blocks, and of sized blocks, stay
	// resident in any case.
	minIdle = 4 << 20
	// maxIdleSized is how many idle sized blocks are kept.
	maxIdleSized = 32
	// manyBlocks in use, new regions have huge pages: of 2 MiB that one block makes
	// resident, the rest is a small part of what there is, and used soon.
	manyBlocks = 128 << 20 / Size
	// deadByte fills blocks that nobody owns, under `invariants`.
	deadByte = 0xDB
)

// Pool hands out blocks. All methods are safe for concurrent use. Its lock is
// held for a few instructions; system calls happen outside of it, save mapping
// a new region.
type Pool struct {
	mu      sync.Mutex
	regions int       // mapped regions; guarded by mu, like all below
	hot     regionSet // regions with idle resident blocks
	cold    regionSet // regions with idle discarded blocks
	numHot  int       // idle resident blocks
	empty   int       // regions without a block in use
	inUse   int       // blocks handed out, or on their way back
	maxIdle int64     // bytes of idle blocks, and of idle sized ones, to keep resident
	closed  bool

	idleSized      [][]byte // mappings of released sized blocks, the latest last
	idleSizedBytes int64

	sized atomic.Int64 // bytes of sized blocks in use
}

// NewPool makes an empty pool; it maps nothing before the first Get.
func NewPool() *Pool { return &Pool{maxIdle: minIdle} }

// SetIdle says how many bytes of idle blocks may stay resident, at least 4
// MiB, and as many of sized ones: memory that is touched again costs nothing,
// memory that was given back a page fault every 4 KiB. They are not charged to
// any budget.
func (p *Pool) SetIdle(bytes int64) {
	p.mu.Lock()
	p.maxIdle = max(bytes, minIdle)
	p.mu.Unlock()
}

// Get gives a block of Size bytes, NOT zeroed, charged to res; false when the
// budget refuses it, or the operating system does, or the pool is closed.
func (p *Pool) Get(res *budget.Reservation) (*Block, bool) {
	if !res.TryGrow(Size) {
		return nil, false
	}
	b, err := p.get(res)
	if err != nil {
		res.Shrink(Size)
		return nil, false
	}
	return b, true
}

// MustGet is Get for callers that cannot do without: it charges with GrowOr, to which
// it hands relieve (nil: nothing to give), and fails with error 53200.
func (p *Pool) MustGet(res *budget.Reservation, relieve func() error) (*Block, error) {
	if err := res.GrowOr(Size, relieve); err != nil {
		return nil, err
	}
	b, err := p.get(res)
	if err != nil {
		res.Shrink(Size)
		return nil, err
	}
	return b, nil
}

// GetSized gives a contiguous block of n bytes in a mapping of its own,
// zeroed, charged to res rounded up to whole pages; false as for Get, and for
// n outside 1 to MaxSized. Mapping costs a system call and a page fault for
// each page touched, so it is meant for n > Size.
func (p *Pool) GetSized(res *budget.Reservation, n int64) (*Block, bool) {
	size, ok := roundToPages(n)
	if !ok || !res.TryGrow(size) {
		return nil, false
	}
	b, err := p.getSized(res, n, size)
	if err != nil {
		res.Shrink(size)
		return nil, false
	}
	return b, true
}

// MustGetSized is GetSized for callers that cannot do without: see MustGet.
func (p *Pool) MustGetSized(res *budget.Reservation, n int64, relieve func() error) (*Block, error) {
	size, ok := roundToPages(n)
	if !ok {
		return nil, res.Budget().OutOfMemory("%s asks for a block of %d bytes", res.Tag(), n)
	}
	if err := res.GrowOr(size, relieve); err != nil {
		return nil, err
	}
	b, err := p.getSized(res, n, size)
	if err != nil {
		res.Shrink(size)
		return nil, err
	}
	return b, nil
}

// HeldSized is MustGetSized for callers whose reservation holds held bytes for
// the block already: it charges the difference, or gives it back, so that nobody
// can take the memory in between. After an error they are given back.
func (p *Pool) HeldSized(res *budget.Reservation, n, held int64) (*Block, error) {
	size, ok := roundToPages(n)
	if !ok {
		res.Shrink(held)
		return nil, res.Budget().OutOfMemory("%s asks for a block of %d bytes", res.Tag(), n)
	}
	if err := res.Grow(max(size-held, 0)); err != nil {
		res.Shrink(held)
		return nil, err
	}
	res.Shrink(max(held-size, 0))
	b, err := p.getSized(res, n, size)
	if err != nil {
		res.Shrink(size)
		return nil, err
	}
	return b, nil
}

var pageSize = int64(max(os.Getpagesize(), 4096))

func roundToPages(n int64) (int64, bool) {
	if n <= 0 || n > MaxSized {
		return 0, false
	}
	size := (n + pageSize - 1) &^ (pageSize - 1)
	return size, size <= math.MaxInt
}

// get takes a block that is charged to res already.
func (p *Pool) get(res *budget.Reservation) (*Block, error) {
	p.mu.Lock()
	r, i, err := p.take()
	p.mu.Unlock()
	if err != nil {
		return nil, err
	}
	b := &Block{pool: p, res: res, charged: Size, region: r, index: i, Bytes: r.block(i)}
	b.refs.Store(1)
	if invariants.Enabled {
		fillDead(b.Bytes) // nobody may rely on fresh blocks being zero
	}
	return b, nil
}

// take picks an idle block, a resident one if there is any, and maps a new
// region when there is none. p.mu is held.
func (p *Pool) take() (*region, uint, error) {
	if p.closed {
		return nil, 0, errClosed()
	}
	r, isHot := p.hot.last(), true
	if r == nil {
		r, isHot = p.cold.last(), false
	}
	if r == nil {
		mem, err := raw.MapAnon(regionSize)
		if err != nil {
			return nil, 0, mapError(err, regionSize)
		}
		r = &region{mem: mem, coldMask: math.MaxUint64}
		if p.inUse >= manyBlocks {
			raw.PreferHuge(mem)
			r.huge = true
		}
		p.regions++
		p.empty++
		p.cold.add(r, setCold)
	}
	if r.idle() {
		p.empty--
	}
	p.inUse++
	var i uint
	if isHot {
		i = lowestBit(&r.hotMask)
		p.numHot--
		if r.hotMask == 0 {
			p.hot.remove(r, setHot)
		}
	} else {
		i = lowestBit(&r.coldMask)
		if r.coldMask == 0 {
			p.cold.remove(r, setCold)
		}
	}
	return r, i, nil
}

// put takes back the memory of a block without references.
func (p *Pool) put(b *Block) {
	if b.region == nil {
		p.sized.Add(-int64(len(b.mapping)))
		mem := b.mapping
		b.mapping = nil
		unmap(p.keepSized(mem))
		return
	}
	r, i := b.region, b.index
	if invariants.Enabled {
		fillDead(r.block(i))
	}
	p.mu.Lock()
	keep := int64(p.numHot) < p.maxIdle/Size && !p.closed
	if keep {
		p.idleHot(r, i)
	}
	dead := p.retire(r)
	huge := r.huge && !keep
	if huge {
		r.huge = false
	}
	p.mu.Unlock()
	if keep {
		unmap(dead)
		return
	}
	if huge {
		raw.AvoidHuge(r.mem)
	}
	// Discarding takes longer than the lock should be held; until it is done
	// the block counts as in use, so that nobody else gets it.
	if err := raw.Discard(r.block(i)); err != nil {
		// It stays resident, which only costs memory.
		invariants.Check(false, "block: discard failed")
	}
	p.mu.Lock()
	p.idleCold(r, i)
	dead = p.retire(r)
	p.mu.Unlock()
	unmap(dead)
}

// idleHot and idleCold put a block on the free lists. p.mu is held.
func (p *Pool) idleHot(r *region, i uint) {
	if r.hotMask == 0 {
		p.hot.add(r, setHot)
	}
	r.hotMask |= 1 << i
	p.numHot++
	p.noteIdle(r)
}

func (p *Pool) idleCold(r *region, i uint) {
	if r.coldMask == 0 {
		p.cold.add(r, setCold)
	}
	r.coldMask |= 1 << i
	p.noteIdle(r)
}

func (p *Pool) noteIdle(r *region) {
	p.inUse--
	if r.idle() {
		p.empty++
	}
}

// retire takes r out of the pool when it has no block in use, none that is
// resident, and another such region exists, or when the pool is closed; it
// returns the memory to unmap, nil if r stays. p.mu is held.
func (p *Pool) retire(r *region) []byte {
	if !r.idle() || !p.closed && (p.empty <= 1 || r.hotMask != 0) {
		return nil
	}
	return p.drop(r)
}

// keepSized keeps the mapping of a released sized block for the next one of
// about its size; it returns what has to be unmapped instead, nil if nothing.
func (p *Pool) keepSized(mem []byte) []byte {
	n := int64(len(mem))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || invariants.Enabled || len(p.idleSized) == maxIdleSized || p.idleSizedBytes+n > p.maxIdle {
		return mem
	}
	p.idleSized = append(p.idleSized, mem)
	p.idleSizedBytes += n
	return nil
}

// takeSized returns a kept mapping of at least size bytes, but at most an eighth
// more, nil when there is none. p.mu is held.
func (p *Pool) takeSized(size int64) []byte {
	for i := len(p.idleSized) - 1; i >= 0; i-- {
		mem := p.idleSized[i]
		if n := int64(len(mem)); n >= size && n <= size+size/8 {
			p.idleSized = append(p.idleSized[:i], p.idleSized[i+1:]...)
			p.idleSizedBytes -= n
			return mem
		}
	}
	return nil
}

// drop forgets an idle region and returns its memory. p.mu is held.
func (p *Pool) drop(r *region) []byte {
	if r.hotMask != 0 {
		p.numHot -= onesCount(r.hotMask)
		p.hot.remove(r, setHot)
	}
	if r.coldMask != 0 {
		p.cold.remove(r, setCold)
	}
	r.hotMask, r.coldMask = 0, 0
	p.empty--
	p.regions--
	mem := r.mem
	r.mem = nil
	return mem
}

// getSized maps a block that is charged to res already.
func (p *Pool) getSized(res *budget.Reservation, n, size int64) (*Block, error) {
	p.mu.Lock()
	closed := p.closed
	mem := p.takeSized(size)
	p.mu.Unlock()
	if closed {
		return nil, errClosed()
	}
	if mem != nil {
		clear(mem[:n])
	} else {
		var err error
		if mem, err = raw.MapAnon(int(size)); err != nil {
			return nil, mapError(err, size)
		}
	}
	p.sized.Add(int64(len(mem)))
	b := &Block{pool: p, res: res, charged: size, mapping: mem, Bytes: mem[:n:size]}
	b.refs.Store(1)
	return b, nil
}

// Close unmaps everything that is idle; blocks in use keep their memory until
// their last Release. Get refuses from now on. Close is idempotent.
func (p *Pool) Close() {
	var dead [][]byte
	p.mu.Lock()
	p.closed = true
	dead = append(dead, p.idleSized...)
	p.idleSized, p.idleSizedBytes = nil, 0
	for _, set := range []*regionSet{&p.hot, &p.cold} {
		for i := len(set.regions) - 1; i >= 0; i-- {
			// Going down, so that removals swap in only what was seen.
			if r := set.regions[i]; r.idle() {
				dead = append(dead, p.drop(r))
			}
		}
	}
	p.mu.Unlock()
	for _, mem := range dead {
		unmap(mem)
	}
}

// Stats is what a pool holds, in bytes.
type Stats struct {
	Mapped   int64 // address space: regions and sized blocks
	InUse    int64 // blocks and sized blocks handed out: what is charged
	Idle     int64 // blocks of regions that nobody uses
	Resident int64 // idle blocks and sized blocks that still take physical memory
}

// Stats returns a snapshot.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	sized := p.sized.Load()
	return Stats{
		Mapped:   int64(p.regions)*regionSize + sized + p.idleSizedBytes,
		InUse:    int64(p.inUse)*Size + sized,
		Idle:     int64(p.regions*blocksPerRegion-p.inUse) * Size,
		Resident: int64(p.numHot)*Size + p.idleSizedBytes,
	}
}

func errClosed() error {
	return sqlerr.New(sqlerr.CodeAdminShutdown, "the database was closed")
}

func mapError(cause error, n int64) error {
	return sqlerr.Wrap(cause, sqlerr.CodeOutOfMemory, "out of memory: the operating system refused %d bytes", n).
		WithHint("lower the setting memory_limit below what the machine or container allows")
}

// unmap gives memory back; nil is nothing.
func unmap(mem []byte) {
	if mem == nil {
		return
	}
	if err := raw.Unmap(mem); err != nil {
		// The address space is lost, nothing else; there is nobody to tell.
		invariants.Check(false, "block: unmap failed")
	}
}

func fillDead(b []byte) {
	for i := range b {
		b[i] = deadByte
	}
}
