package memory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// RowGroupSize is the most rows a row group holds: 60 chunks.
const RowGroupSize = 60 * vector.Capacity

// group is a published or growing row group.
type group struct {
	store store
	rows  int
	cols  []*column
	stats []colStats
	bare  bool  // stats say nothing
	batch int64 // of its first rows, while an Appender owns it

	// first is the row ID of the first row that the group ever had, ids what the
	// rows' IDs are beyond it; nil: 0, 1, 2 ... Both are set when the group is
	// published.
	first int64
	ids   []uint32
	gone  bool // freed after a Rewrite; guarded by the table's mu

	mu   sync.Mutex
	pins int         // readers of the columns in memory; guarded by mu
	file *spill.File // what the columns were evicted to; guarded by mu
	// clean is where the columns in memory are on disk, too; guarded by mu.
	clean *spill.File
}

func (g *group) free() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.cols {
		if f := cmp.Or(g.file, g.clean); f != nil {
			c.each(func(b *buffer, _ int) { b.freeExtent(f) })
		}
		c.free(&g.store)
	}
	g.store.res.Shrink(int64(len(g.ids)) * idBytes)
	g.ids = nil
	g.rows = 0
}

// bareRows are so many rows that a row group without statistics stays as it is.
const bareRows = 8 * vector.Capacity

// enough reports whether the row group is not worth being joined with others.
func (g *group) enough(t *Table) bool {
	if t.bare && g.rows >= bareRows {
		return true
	}
	return g.rows >= RowGroupSize/2 || g.onDisk() || g.heldBytes() >= t.groupBytes()/2
}

// Table is a growing table in memory. All methods are safe for concurrent use.
type Table struct {
	cols  []storage.Column
	store store
	evict evictor

	groups atomic.Pointer[[]*group]
	mu     sync.Mutex // serialises Commit and Close; guards what follows
	bare   bool       // without statistics
	closed bool
	sealed bool // another table takes the place of this one
	scans  int  // open scanners, which read the blocks, and those who hold them
	nextID int64
	// retired are row groups that a Rewrite replaced, while scans may read them.
	retired []*group
}

// New returns an empty table whose memory comes from pool and is charged to
// budget under the table's name.
func New(name string, cols []storage.Column, pool *block.Pool, b *budget.Budget) *Table {
	t := &Table{cols: cols, store: store{pool: pool, res: b.Reserve("table " + name)}}
	t.groups.Store(&[]*group{})
	return t
}

// NewEvictable is New for a table that gives way: its row groups go to temporary
// files of m when memory is wanted, and are read from there.
func NewEvictable(name string, cols []storage.Column, pool *block.Pool, b *budget.Budget, m *spill.Manager) *Table {
	t := &Table{cols: cols}
	tag := "table " + name
	t.evict = evictor{manager: m, tag: tag}
	t.store = store{pool: pool, spill: func(n int64) error {
		_, err := t.evict.evict(context.Background(), n)
		return err
	}}
	t.store.res = b.ReserveYielding(tag, 0, func(n int64) int64 {
		// Whoever wants the memory hears of the refusal, not of the disk.
		freed, _ := t.evict.evict(context.Background(), n)
		return freed
	})
	t.groups.Store(&[]*group{})
	return t
}

// WithoutStats tells an empty table to keep no statistics about its columns, which
// would be a third of the time of an append: for rows that are soon read, all of
// them. Row groups may then be small as well. It returns the table.
func (t *Table) WithoutStats() *Table {
	t.bare = true
	return t
}

// groupBytes is how many bytes a row group may take.
func (t *Table) groupBytes() int64 {
	if t.evict.manager == nil {
		return 1 << 62
	}
	return min(max(t.store.res.Budget().Limit()/groupPart, minGroup), maxGroup)
}

// Spilled returns the bytes of rows written to disk so far.
func (t *Table) Spilled() int64 { return t.evict.written() }

// PeakBytes returns the most memory that rows took so far.
func (t *Table) PeakBytes() int64 { return t.store.res.Peak() }

// Columns lists the columns.
func (t *Table) Columns() []storage.Column { return t.cols }

// Snapshot returns the table as it is now. Scans that are open, and Hold, keep the
// memory past Close; once it is given back a scan fails with 42P01.
func (t *Table) Snapshot() storage.Table {
	return &snapshot{t: t, cols: t.cols, groups: *t.groups.Load()}
}

// Close gives the memory back, once the last open scan has ended. Idempotent.
func (t *Table) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.closed = true
	if t.scans == 0 {
		t.free()
	}
}

// open counts a scan of row groups. Errors: 42P01 when the table is closed and its
// memory given back, 40001 when another table has taken its place (Seal), or when
// the memory of a row group is given back, which was rewritten.
func (t *Table) open(gs []*group) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed && t.scans == 0 {
		if t.sealed {
			return sqlerr.New(sqlerr.CodeSerialization, "the table was altered while the statement was prepared")
		}
		return sqlerr.New(sqlerr.CodeUndefinedTable, "the table was dropped while the statement was prepared")
	}
	for _, g := range gs {
		if g.gone {
			return sqlerr.New(sqlerr.CodeSerialization, "rows were changed while the statement was prepared")
		}
	}
	t.scans++
	return nil
}

// release ends a scan.
func (t *Table) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scans--
	if t.scans > 0 {
		return
	}
	t.freeRetired()
	if t.closed {
		t.free()
	}
}

// freeRetired gives back the row groups that nobody can read any more; mu is held.
func (t *Table) freeRetired() {
	t.evict.forget(t.retired)
	for _, g := range t.retired {
		g.free()
		g.gone = true
	}
	t.retired = nil
}

func (t *Table) free() {
	t.freeRetired()
	gs := *t.groups.Load()
	t.evict.forget(gs)
	for _, g := range gs {
		g.free()
	}
	t.groups.Store(&[]*group{})
	t.evict.close()
	t.store.res.Close()
}

// Appender collects rows for one Commit. Its Writers work in parallel.
type Appender struct {
	t    *Table
	mu   sync.Mutex
	done []*group
	rows int64
	// holds: the table counts the appender among its scans.
	holds bool
}

// NewAppender starts an append; end it with Commit or, also after a Commit that
// failed, Abort. Until then the table's memory is there, also past Close.
func (t *Table) NewAppender() *Appender {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := &Appender{t: t}
	if !t.closed || t.scans > 0 {
		t.scans++
		a.holds = true
	}
	return a
}

// end lets go of the table.
func (a *Appender) end() {
	a.mu.Lock()
	held := a.holds
	a.holds = false
	a.mu.Unlock()
	if held {
		a.t.release()
	}
}

// alive is an error when the table's memory was gone before the append began.
func (a *Appender) alive() error {
	a.mu.Lock()
	held := a.holds
	a.mu.Unlock()
	if held {
		return nil
	}
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	return a.t.writable()
}

// Writer appends for one worker; not safe for concurrent use.
type Writer struct {
	a      *Appender
	g      *group
	hashes []uint64
}

// NewWriter returns a writer; Close it before Commit.
func (a *Appender) NewWriter() *Writer {
	return &Writer{a: a, hashes: make([]uint64, vector.Capacity)}
}

// Append copies the selected rows of c, which belong to the given batch. The
// rows of a commit are ordered by batch, then by order of appending; a batch
// comes to one writer only, batches of a writer ascend. Errors: 53200, 23502
// for a NULL in a NOT NULL column.
func (w *Writer) Append(c *vector.Chunk, batch int64) error {
	t := w.a.t
	if w.g == nil {
		if err := w.a.alive(); err != nil {
			return err
		}
	}
	if err := t.checkNulls(c); err != nil {
		return err
	}
	sel, left := c.Sel, c.NumRows()
	from := 0
	for left > 0 {
		if w.g != nil && (w.g.rows == RowGroupSize || w.g.batch != batch || w.g.store.held >= t.groupBytes()) {
			if err := w.finish(); err != nil {
				return err
			}
		}
		if w.g == nil {
			w.g = newGroup(t, batch)
		}
		n := min(left, RowGroupSize-w.g.rows)
		part := sel
		switch {
		case sel != nil:
			part = sel[from : from+n]
		case n < c.Len:
			part = c.SelBuf()[:n]
			for i := range part {
				part[i] = uint32(from + i)
			}
		}
		if err := w.g.append(c, part, n, w.hashes); err != nil {
			return err
		}
		from += n
		left -= n
	}
	return nil
}

func (t *Table) checkNulls(c *vector.Chunk) error {
	for k, col := range t.cols {
		if !col.NotNull || !c.Cols[k].MayHaveNulls() {
			continue
		}
		for i := range c.NumRows() {
			if c.Cols[k].IsNull(c.Position(i)) {
				return sqlerr.New(sqlerr.CodeNotNullViolation, "column %q must not be NULL", col.Name)
			}
		}
	}
	return nil
}

func newGroup(t *Table, batch int64) *group {
	g := &group{store: t.store, batch: batch, stats: make([]colStats, len(t.cols)), bare: t.bare}
	for _, c := range t.cols {
		g.cols = append(g.cols, newColumn(c.Type))
	}
	return g
}

func (g *group) append(c *vector.Chunk, sel []uint32, n int, hashes []uint64) error {
	for k, col := range g.cols {
		if err := col.append(&g.store, c.Cols[k], sel, n); err != nil {
			return err
		}
		if !g.bare {
			g.stats[k].observe(c.Cols[k], sel, n, hashes)
		}
	}
	g.rows += n
	return nil
}

// finish hands the current row group over, to disk when the table holds more
// than its share.
func (w *Writer) finish() error {
	g, t := w.g, w.a.t
	if g == nil {
		return nil
	}
	w.g = nil
	w.a.mu.Lock()
	w.a.done = append(w.a.done, g)
	w.a.rows += int64(g.rows)
	w.a.mu.Unlock()
	t.evict.add(g)
	if g.store.held < t.groupBytes()/4 {
		return nil // Commit joins it with others
	}
	return t.shed()
}

// shed evicts what the table holds beyond its share.
func (t *Table) shed() error {
	if t.evict.manager == nil {
		return nil
	}
	_, err := t.evict.evict(context.Background(), t.store.res.Held()-t.store.res.Share())
	return err
}

// Close hands the last rows over.
func (w *Writer) Close() error { return w.finish() }

// Rows returns the number of rows handed over so far.
func (a *Appender) Rows() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rows
}

// Commit publishes all rows at once. Small row groups that follow each other
// are joined first. Errors: 53200, 57014, 42P01 when the table was closed
// meanwhile; the rows are then still the appender's, for Abort.
func (a *Appender) Commit(ctx context.Context) error {
	err := a.commit(ctx)
	if err == nil {
		a.end()
	}
	return err
}

func (a *Appender) commit(ctx context.Context) error {
	t := a.t
	// A stable sort keeps the order of a writer's groups within a batch.
	slices.SortStableFunc(a.done, func(x, y *group) int { return cmp.Compare(x.batch, y.batch) })
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.writable(); err != nil {
		return err
	}
	old := *t.groups.Load()
	all := slices.Clone(old)
	joined, err := a.join(ctx)
	if err != nil {
		return err
	}
	for _, g := range joined {
		g.first = t.nextID
		t.nextID += int64(g.rows)
	}
	all = append(all, joined...)
	a.done = nil
	t.groups.Store(&all)
	// The rows are in; whether they could be written to disk is the business of
	// whoever needs the memory.
	_ = t.shed()
	return nil
}

// writable tells whether rows may still be changed; mu is held. Errors: 42P01,
// 40001.
func (t *Table) writable() error {
	switch {
	case t.sealed:
		return sqlerr.New(sqlerr.CodeSerialization, "the table was altered while its rows were changed")
	case t.closed:
		return sqlerr.New(sqlerr.CodeUndefinedTable, "the table was dropped while its rows were changed")
	}
	return nil
}

// join copies runs of small row groups into larger ones; row groups of at
// least half the full size stay as they are.
func (a *Appender) join(ctx context.Context) ([]*group, error) {
	var out, made []*group
	var to *group
	chunk := &vector.Chunk{}
	hashes := make([]uint64, vector.Capacity)
	fail := func(err error) ([]*group, error) {
		a.done = append(a.done, made...)
		return nil, err
	}
	for i, g := range a.done {
		if g.enough(a.t) {
			out, to = append(out, g), nil
			continue
		}
		fits := to != nil && to.rows+g.rows <= RowGroupSize && to.store.held+g.heldBytes() <= a.t.groupBytes()
		if !fits {
			if i+1 == len(a.done) || a.done[i+1].enough(a.t) {
				out, to = append(out, g), nil
				continue
			}
		}
		if !g.pin() { // it has been evicted since
			out, to = append(out, g), nil
			continue
		}
		if !fits {
			to = newGroup(a.t, g.batch)
			out, made = append(out, to), append(made, to)
		}
		if err := sqlerr.FromContext(ctx); err != nil {
			g.unpin()
			return fail(err)
		}
		for from := 0; from < g.rows; from += vector.Capacity {
			n := min(vector.Capacity, g.rows-from)
			g.read(chunk, a.t.cols, from, n)
			if err := to.append(chunk, nil, n, hashes); err != nil {
				g.unpin()
				return fail(err)
			}
		}
		g.unpin()
		g.free()
	}
	for _, g := range made {
		a.t.evict.add(g)
	}
	return out, nil
}

// Abort gives back what was appended.
func (a *Appender) Abort() {
	a.t.evict.forget(a.done)
	for _, g := range a.done {
		g.free()
	}
	a.done = nil
	a.end()
}

// read points c's columns at rows [from, from+n).
func (g *group) read(c *vector.Chunk, cols []storage.Column, from, n int) {
	if len(c.Cols) == 0 {
		for _, col := range cols {
			c.Cols = append(c.Cols, vector.New(col.Type))
		}
	}
	for k, col := range g.cols {
		col.read(c.Cols[k], from, n)
	}
	c.Len, c.Sel = n, nil
}
