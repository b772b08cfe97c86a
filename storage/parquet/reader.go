package parquet

import (
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// codecMemory is what a reader's decompressors are charged with, the stream of a
// block included.
const codecMemory = 256 << 10

// Reader reads morsels of a Scanner for one worker. It is not safe for
// concurrent use.
type Reader struct {
	s      *Scanner
	mem    memory
	codec  codecState
	fetch  fetcher
	spool  spooler
	cols   []vectorReader // as Scanner.columns
	sels   [][]storage.Selector
	row    int64 // next row of the morsel, from the row group's first
	end    int64
	selBuf []uint32
	holes  []rowRange      // of the row group: rows that no predicate passes
	hole   int             // the next of them
	index  []byte          // buffer for indexes
	ctx    context.Context // of the present call, for who waits in it
	closed bool
}

var _ storage.Reader = (*Reader)(nil)

func newReader(s *Scanner) (*Reader, error) {
	r := &Reader{s: s, mem: memory{res: s.spec.Mem, kept: s.spec.Buffers}}
	r.fetch = fetcher{file: s.handle, mem: &r.mem, counters: s.spec.Counters}
	r.spool = spooler{manager: s.spec.Spill, mem: &r.mem, fetch: &r.fetch, on: s.spec.SpoolAlways, always: s.spec.SpoolAlways}
	r.spool.attend()
	if err := r.mem.begin(s.keptBytes); err != nil {
		return nil, err
	}
	if err := r.mem.grow(codecMemory + 8*vector.Capacity); err != nil {
		r.mem.close()
		return nil, err
	}
	for i := range s.columns {
		sc := &s.columns[i]
		meta := &s.file.schema.columns[sc.ordinal]
		var c vectorReader
		var err error
		if sc.leaf < 0 {
			c, err = newNestedReader(s.file.schema, meta, s.file.path, r)
		} else {
			c, err = newColumnReader(&s.file.schema.leaves[sc.leaf], meta.Name, s.file.path, r)
		}
		if err != nil {
			r.Close()
			return nil, err
		}
		r.cols = append(r.cols, c)
		r.spool.add(c)
		var sels []storage.Selector
		for _, p := range sc.preds {
			sels = append(sels, p.NewSelector())
		}
		r.sels = append(r.sels, sels)
	}
	return r, nil
}

// OnWait implements storage.Waiter.
func (r *Reader) OnWait(relieve func(ctx context.Context) error) {
	r.mem.relieve = func() error { return relieve(r.ctx) }
}

// vectorReader reads a column, a vector at a time.
type vectorReader interface {
	// read decodes the next n rows. sel, when not nil, lists the positions of
	// interest; coded asks for a dictionary vector where that is possible.
	read(ctx context.Context, n int, sel []uint32, coded bool) error
	// skip passes over n rows.
	skip(n int64)
	// settle makes what read with coded gave ready for output.
	settle(sel []uint32)
	// vector returns what was read, which is valid until the next read.
	vector() *vector.Vector
	// wrap gives an error of reading the column its place and code.
	wrap(err error) error
}

var (
	_ vectorReader = (*columnReader)(nil)
	_ vectorReader = (*nestedReader)(nil)
)

// NextMorsel implements storage.Reader.
func (r *Reader) NextMorsel(ctx context.Context) (batch int64, ok bool, err error) {
	r.ctx = ctx
	if r.closed {
		return 0, false, sqlerr.New(sqlerr.CodeInternal, "parquet: reader is closed")
	}
	if err := sqlerr.FromContext(ctx); err != nil {
		return 0, false, err
	}
	m, ok := r.s.claim()
	for {
		if !ok {
			return 0, false, nil
		}
		if r.s.filters == 0 {
			break
		}
		refuted, err := r.refutedByBloom(ctx, m.group)
		if err != nil {
			return 0, false, r.cols[0].wrap(err)
		}
		if !refuted {
			break
		}
		if c := r.s.spec.Counters; c != nil && m.first == 0 {
			c.RowGroupsRead.Add(-1)
			c.RowGroupsSkipped.Add(1)
		}
		if err := sqlerr.FromContext(ctx); err != nil {
			return 0, false, err
		}
		m, ok = r.s.claim()
	}
	r.row, r.end = m.first, m.first+m.rows
	if err := r.pruneByPages(ctx, m.group); err != nil {
		return 0, false, r.cols[0].wrap(err)
	}
	if c := r.s.spec.Counters; c != nil {
		c.RowsScanned.Add(m.rows)
	}
	batch = m.batch()
	if len(r.cols) == 0 {
		return batch, true, nil
	}
	return batch, true, r.openGroup(m)
}

// openGroup points the columns at their chunks of the morsel's row group.
func (r *Reader) openGroup(m morsel) error {
	f := r.s.file
	g := &f.groups[m.group]
	r.fetch.used = 0
	if r.spool.on && r.spool.roomFor(r.s.readerBytes) {
		r.spool.stop()
	}
	var sources []*chunkSource
	filters := 0
	for i, c := range r.cols {
		if i == r.s.filters {
			filters = len(sources)
		}
		switch c := c.(type) {
		case *columnReader:
			if err := r.openChunk(c, m.group, g, r.s.columns[i].leaf); err != nil {
				return err
			}
			sources = append(sources, &c.src)
		case *nestedReader:
			for k, l := range c.leaves {
				if err := r.openChunk(l.c, m.group, g, c.root.f.first+k); err != nil {
					return err
				}
				sources = append(sources, &l.c.src)
			}
			c.open()
		}
		c.skip(m.first)
	}
	if len(r.cols) == r.s.filters {
		filters = len(sources)
	}
	r.prefetch()
	if r.spool.on {
		r.fetch.separate(sources)
		return nil
	}
	// What predicates need is read first, and perhaps alone.
	r.fetch.plan(sources[:filters])
	r.fetch.plan(sources[filters:])
	return nil
}

// prefetch announces the chunks of the row group that is claimed next, by this
// reader or another, so that they are read while the present one is decoded.
func (r *Reader) prefetch() {
	next := r.s.next.Load()
	if r.s.ahead == nil || next >= int64(len(r.s.morsels)) {
		return
	}
	m := r.s.morsels[next]
	if m.part > 0 {
		return // of a row group that is being read
	}
	// One range each for neighbouring chunks.
	g := &r.s.file.groups[m.group]
	var off, end int64
	for _, leaf := range r.s.leaves {
		first, last, err := r.s.file.chunkRange(&g.columns[leaf])
		if err != nil {
			continue // the reader of this chunk will say so
		}
		if first > end+readGap || last-off > maxRead {
			if end > off {
				r.s.ahead.Prefetch(off, end-off)
			}
			off, end = first, last
			continue
		}
		end = max(end, last)
	}
	if end > off {
		r.s.ahead.Prefetch(off, end-off)
	}
}

// openChunk points c at its chunk of row group number group.
func (r *Reader) openChunk(c *columnReader, group int, g *rowGroup, leaf int) (err error) {
	f := r.s.file
	meta := &g.columns[leaf]
	rows := g.numRows
	if c.leaf.node.maxRep > 0 {
		rows = meta.numValues
	}
	c.open(meta, group, rows)
	if meta.encrypted {
		return sqlerr.New(sqlerr.CodeUnsupported, "column %q is encrypted, which is not supported", c.name).WithFile(f.path, 0)
	}
	if err := checkCodec(meta.codec); err != nil {
		return c.wrap(unsupported{err.Error() + " of column " + c.name})
	}
	if c.src.off, c.src.end, err = f.chunkRange(meta); err != nil {
		return c.wrap(err)
	}
	c.pos = c.src.off
	return nil
}

// Next implements storage.Reader.
func (r *Reader) Next(ctx context.Context, chunk *vector.Chunk) (bool, error) {
	r.ctx = ctx
	if r.spool.asked() {
		if err := r.spool.start(ctx, nil); err != nil {
			return false, err
		}
	}
	for r.row < r.end {
		if err := sqlerr.FromContext(ctx); err != nil {
			return false, err
		}
		end, refuted := r.nextHole()
		if refuted {
			for _, c := range r.cols {
				c.skip(end - r.row)
			}
			r.row = end
			continue
		}
		n := int(min(int64(r.s.spec.ChunkRows), end-r.row))
		r.row += int64(n)
		sel, err := r.filter(ctx, n)
		if err != nil {
			return false, err
		}
		if sel != nil && len(sel) == 0 {
			continue
		}
		for _, c := range r.cols[r.s.filters:] {
			if err := c.read(ctx, n, sel, false); err != nil {
				return false, c.wrap(err)
			}
		}
		for i, k := range r.s.out {
			c := r.cols[k]
			if k < r.s.filters {
				c.settle(sel)
			}
			chunk.Cols[i].Reference(c.vector())
		}
		chunk.Len, chunk.Sel = n, sel
		if c := r.s.spec.Counters; c != nil {
			c.RowsOut.Add(int64(chunk.NumRows()))
		}
		return true, nil
	}
	return false, nil
}

// filter decodes the columns of predicates for the next n rows and returns the
// positions that pass: nil all, empty none, and then every column was told to
// skip the rows.
func (r *Reader) filter(ctx context.Context, n int) ([]uint32, error) {
	var sel []uint32
	for i := range r.s.filters {
		c := r.cols[i]
		if err := c.read(ctx, n, sel, true); err != nil {
			return nil, c.wrap(err)
		}
		for _, s := range r.sels[i] {
			if r.selBuf == nil {
				r.selBuf = make([]uint32, vector.Capacity)
			}
			var err error
			if sel, err = s.Select(c.vector(), sel, n, r.selBuf); err != nil {
				return nil, err
			}
			if len(sel) == n {
				sel = nil
				continue
			}
			if len(sel) == 0 {
				for _, rest := range r.cols[i+1:] {
					rest.skip(int64(n))
				}
				return r.selBuf[:0], nil
			}
		}
	}
	return sel, nil
}

// Adopt takes over the buffers and decompressors of a reader of another file
// with the same columns, which then can only be closed. It must be called
// before the first NextMorsel; when the readers do not fit, it does nothing.
func (r *Reader) Adopt(from storage.Reader) {
	o, ok := from.(*Reader)
	if !ok || o.closed || o.mem.res != r.mem.res || len(o.cols) != len(r.cols) {
		return
	}
	for i, c := range r.cols {
		a, ok1 := c.(*columnReader)
		b, ok2 := o.cols[i].(*columnReader)
		if !ok1 || !ok2 || a.leaf.kind != b.leaf.kind {
			return
		}
	}
	r.mem.close()
	r.mem.held, r.mem.least = o.mem.held, o.mem.least
	o.mem.held, o.mem.least = 0, 0
	r.mem.bufs, o.mem.bufs = o.mem.bufs, nil
	for i := range r.cols {
		c, old := r.cols[i].(*columnReader), o.cols[i].(*columnReader)
		old.leaf, old.name, old.path = c.leaf, c.name, c.path
		old.mem, old.codec, old.spool, old.counters = &r.mem, &r.codec, &r.spool, c.counters
		old.spooled.s = &r.spool
		r.cols[i] = old
	}
	r.spool.adopt(&o.spool)
	r.codec, o.codec = o.codec, codecState{}
	r.fetch.ranges = o.fetch.ranges
	r.selBuf, r.index = o.selBuf, o.index
	o.cols, o.fetch.ranges, o.selBuf = nil, nil, nil
}

// Close implements storage.Reader.
func (r *Reader) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.spool.close()
	r.codec.close()
	r.cols, r.fetch.ranges = nil, nil
	r.mem.close()
}
