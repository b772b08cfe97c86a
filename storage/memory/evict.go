package memory

import (
	"context"
	"slices"
	"sync"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
)

// Row groups of a table that may go to disk hold at most a part of the memory
// limit, because a reader brings the columns it wants of one into memory.
const (
	groupPart = 64
	minGroup  = 256 << 10
	maxGroup  = 32 << 20
)

// evictor moves finished row groups of one table to a temporary file. The zero
// evictor, of a table without a manager, moves none.
type evictor struct {
	manager *spill.Manager
	tag     string

	mu       sync.Mutex
	file     *spill.File // guarded by mu, like all below
	closed   bool
	resident []*group // finished row groups in memory, the oldest first
}

// add takes a finished row group.
func (e *evictor) add(g *group) {
	if e.manager == nil {
		return
	}
	e.mu.Lock()
	e.resident = append(e.resident, g)
	e.mu.Unlock()
}

// evict moves row groups to disk, the oldest first and small ones last, until it
// has freed want bytes; it returns how many it freed. Those that are being read
// stay. Errors: 53100, 58030, 57014.
func (e *evictor) evict(ctx context.Context, want int64) (freed int64, err error) {
	if e.manager == nil || want <= 0 {
		return 0, nil
	}
	// Not under the lock: writing takes long, and others may look for more.
	for _, least := range [...]int64{minGroup / 2, 0} {
		for freed < want {
			g := e.take(least)
			if g == nil {
				break
			}
			var n int64
			if n, err = e.evictOne(ctx, g); n == 0 || err != nil {
				e.giveBack(g)
			}
			freed += n
			if err != nil {
				return freed, err
			}
			if n == 0 {
				break
			}
		}
	}
	return freed, nil
}

// take removes the first row group of at least that many bytes that nobody reads
// from the list; nil when there is none.
func (e *evictor) take(least int64) *group {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, g := range e.resident {
		if g.idleBytes() > max(least-1, 0) {
			e.resident = append(e.resident[:i], e.resident[i+1:]...)
			return g
		}
	}
	return nil
}

// giveBack puts a row group that take took back on the list, unless it was freed.
func (e *evictor) giveBack(g *group) {
	if g.heldBytes() == 0 {
		return
	}
	e.mu.Lock()
	if !e.closed {
		e.resident = append(e.resident, g)
	}
	e.mu.Unlock()
}

func (e *evictor) evictOne(ctx context.Context, g *group) (int64, error) {
	file, err := e.open()
	if file == nil || err != nil {
		return 0, err
	}
	return g.evict(ctx, file)
}

// open returns the table's file, made on first use; nil after close.
func (e *evictor) open() (*spill.File, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.file == nil && !e.closed {
		f, err := e.manager.Create(e.tag)
		if err != nil {
			return nil, err
		}
		e.file = f
	}
	return e.file, nil
}

// forget takes row groups that are being freed off the list.
func (e *evictor) forget(gs []*group) {
	if e.manager == nil {
		return
	}
	gone := make(map[*group]bool, len(gs))
	for _, g := range gs {
		gone[g] = true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	kept := e.resident[:0]
	for _, g := range e.resident {
		if !gone[g] {
			kept = append(kept, g)
		}
	}
	clear(e.resident[len(kept):])
	e.resident = kept
}

// written returns how many bytes went to disk so far.
func (e *evictor) written() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.file == nil {
		return 0
	}
	return e.file.Stats().BytesWritten
}

func (e *evictor) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed, e.resident = true, nil
	if e.file != nil {
		// What could not be removed now is removed with the manager.
		_ = e.file.Close()
	}
}

// pin keeps the row group's memory where it is until unpin; false: it is on disk.
func (g *group) pin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.file != nil {
		return false
	}
	g.pins++
	return true
}

// open is pin for a reader: the file from which it loads columns, nil when the
// row group is in memory and pinned.
func (g *group) open() *spill.File {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.file == nil {
		g.pins++
	}
	return g.file
}

// restore brings an evicted row group back into memory and pins it, unless memory
// is refused or it cannot be read. What is on disk stays there, so that evicting
// it again costs nothing.
func (g *group) restore(ctx context.Context, e *evictor) bool {
	pinned, read := g.readBack(ctx)
	if read {
		e.add(g) // not under the row group's lock, which evictors take within theirs
	}
	return pinned
}

func (g *group) readBack(ctx context.Context) (pinned, read bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.file == nil {
		g.pins++
		return true, false
	}
	ok := true
	for _, c := range g.cols {
		c.each(func(b *buffer, _ int) { ok = ok && b.restore(ctx, g.file, &g.store) })
	}
	if !ok {
		for _, c := range g.cols {
			c.each(func(b *buffer, _ int) { g.store.free(b) })
		}
		return false, false
	}
	for _, c := range g.cols {
		c.nameHeap()
	}
	g.clean, g.file = g.file, nil
	g.pins++
	return true, true
}

// restore reads a buffer into memory of s, if that has some to spare. It leaves
// b.ext alone, which readers that load the column look at meanwhile.
func (b *buffer) restore(ctx context.Context, file *spill.File, s *store) bool {
	if b.ext.IsZero() {
		return true
	}
	if !s.tryAlloc(b, int(b.ext.Length)) {
		return false
	}
	_, err := file.Read(ctx, b.ext, b.bytes[:0])
	return err == nil // a reader that loads it will say what is wrong
}

// tryAlloc gives b memory of n bytes; false when that is refused.
func (s *store) tryAlloc(b *buffer, n int) bool {
	if n < smallBuffer {
		if !s.res.TryGrow(int64(n)) {
			return false
		}
		s.held += int64(n)
		b.bytes = make([]byte, n)
		return true
	}
	blk, ok := s.pool.GetSized(s.res, int64(n))
	if !ok {
		return false
	}
	s.held += blk.Charged()
	b.bytes, b.block = blk.Bytes, blk
	return true
}

// nameHeap makes bufs of the heap's buffers.
func (c *column) nameHeap() {
	c.bufs = nil
	for i := range c.heap {
		c.bufs = append(c.bufs, c.heap[i].bytes)
	}
	for _, ch := range c.children {
		ch.nameHeap()
	}
}

// worthRestoring reports whether the table has memory to spare for a row group on
// disk of which a reader wants columns ords: most of it, and there is plenty.
func (t *Table) worthRestoring(g *group, ords []int) bool {
	all, wanted := int64(0), int64(0)
	for k, c := range g.cols {
		n := c.diskBytes()
		all += n
		if slices.Contains(ords, k) {
			wanted += n
		}
	}
	return 2*wanted >= all && t.store.res.Held()+all <= t.store.res.Share()/2
}

func (g *group) unpin() {
	g.mu.Lock()
	g.pins--
	g.mu.Unlock()
}

// onDisk reports whether the row group was evicted.
func (g *group) onDisk() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.file != nil
}

// idleBytes returns what evicting would free now.
func (g *group) idleBytes() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pins > 0 || g.file != nil {
		return 0
	}
	return g.store.held
}

// heldBytes returns the memory that the row group takes.
func (g *group) heldBytes() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.store.held
}

// evict moves all columns to the file and returns the bytes freed: none when the
// row group is read or was freed. After an error it is in memory as before.
func (g *group) evict(ctx context.Context, file *spill.File) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pins > 0 || g.file != nil || g.rows == 0 {
		return 0, nil
	}
	held := g.store.held
	if g.clean == nil {
		for i, c := range g.cols {
			if err := c.write(ctx, file); err != nil {
				for _, w := range g.cols[:i+1] {
					w.each(func(b *buffer, _ int) { b.freeExtent(file) })
				}
				return 0, err
			}
		}
	}
	for _, c := range g.cols {
		c.each(func(b *buffer, _ int) { g.store.free(b) })
		c.forgetHeap()
	}
	g.file = file
	return held - g.store.held, nil
}

// each calls f with every buffer of the column and of its children, and the
// bytes of it that are in use.
func (c *column) each(f func(b *buffer, used int)) {
	f(&c.data, min(c.rows*c.typ.Physical().Width(), len(c.data.bytes)))
	f(&c.valid, min((c.rows+63)/64*8, len(c.valid.bytes)))
	for i := range c.heap {
		used := len(c.heap[i].bytes)
		if i == len(c.heap)-1 {
			used = min(c.heapUsed, used)
		}
		f(&c.heap[i], used)
	}
	for _, ch := range c.children {
		ch.each(f)
	}
}

// write stores every buffer in the file; they stay in memory.
func (c *column) write(ctx context.Context, file *spill.File) error {
	var err error
	c.each(func(b *buffer, used int) {
		if used > 0 && err == nil {
			b.ext, err = file.Write(ctx, b.bytes[:used])
		}
	})
	return err
}

func (c *column) forgetHeap() {
	c.bufs = nil
	for _, ch := range c.children {
		ch.forgetHeap()
	}
}

// freeExtent gives back the space on disk.
func (b *buffer) freeExtent(file *spill.File) {
	if !b.ext.IsZero() {
		file.Free(b.ext)
		b.ext = spill.Extent{}
	}
}

// load brings a column of an evicted row group into memory of a. Errors: 53200,
// 58030, XX001, 57014.
func (c *column) load(ctx context.Context, file *spill.File, a *arena) (*column, error) {
	out := &column{typ: c.typ, rows: c.rows, nulls: c.nulls}
	err := out.data.load(ctx, &c.data, file, a)
	if err == nil {
		err = out.valid.load(ctx, &c.valid, file, a)
	}
	for i := 0; i < len(c.heap) && err == nil; i++ {
		var b buffer
		err = b.load(ctx, &c.heap[i], file, a)
		out.bufs = append(out.bufs, b.bytes)
	}
	for i := 0; i < len(c.children) && err == nil; i++ {
		var ch *column
		ch, err = c.children[i].load(ctx, file, a)
		out.children = append(out.children, ch)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (b *buffer) load(ctx context.Context, from *buffer, file *spill.File, a *arena) error {
	if from.ext.IsZero() {
		return nil
	}
	var err error
	if b.bytes, err = a.alloc(int(from.ext.Length)); err == nil {
		b.bytes, err = file.Read(ctx, from.ext, b.bytes)
	}
	return err
}

// readAhead lets the system read columns that are on disk in the background.
func (g *group) readAhead(ords []int) {
	g.mu.Lock()
	file := g.file
	g.mu.Unlock()
	if file == nil {
		return
	}
	for _, k := range ords {
		if k >= len(g.cols) {
			continue // row IDs stay in memory
		}
		g.cols[k].extents(file.ReadAhead)
	}
}

// extents calls f with where the column's buffers are on disk. It looks at nothing
// that restore changes.
func (c *column) extents(f func(e spill.Extent)) {
	f(c.data.ext)
	f(c.valid.ext)
	for i := range c.heap {
		f(c.heap[i].ext)
	}
	for _, ch := range c.children {
		ch.extents(f)
	}
}

// diskBytes is about what load takes for the column.
func (c *column) diskBytes() int64 {
	var n int64
	c.extents(func(e spill.Extent) { n += (int64(e.Length) + 7) &^ 7 })
	return n
}

// arena is the memory of what a reader loads: blocks that serve one row group
// after the other.
type arena struct {
	pool *block.Pool
	res  *budget.Reservation

	blocks []*block.Block // of block.Size
	next   int            // of blocks, when rest is used up
	rest   []byte
	large  []*block.Block // of longer pieces
}

// alloc returns n > 0 bytes, aligned to 8 and not zeroed, valid until reset.
func (a *arena) alloc(n int) ([]byte, error) {
	if n > block.Size {
		b, err := a.pool.MustGetSized(a.res, int64(n), nil)
		if err != nil {
			return nil, err
		}
		a.large = append(a.large, b)
		return b.Bytes, nil
	}
	if n > len(a.rest) {
		if a.next == len(a.blocks) {
			b, err := a.pool.MustGet(a.res, nil)
			if err != nil {
				return nil, err
			}
			a.blocks = append(a.blocks, b)
		}
		a.rest = a.blocks[a.next].Bytes
		a.next++
	}
	out := a.rest[:n:n]
	a.rest = a.rest[min((n+7)&^7, len(a.rest)):]
	return out, nil
}

// reset ends the use of all pieces. Blocks stay for the next ones.
func (a *arena) reset() {
	for _, b := range a.large {
		b.Release()
	}
	a.large, a.next, a.rest = a.large[:0], 0, nil
}

// release gives everything back.
func (a *arena) release() {
	a.reset()
	for _, b := range a.blocks {
		b.Release()
	}
	a.blocks = nil
}
