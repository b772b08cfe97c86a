package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// step is what a contLocal does at next.
type step uint8

const (
	atEnd     step = iota
	openPart       // look at the claimed part
	joining        // probe rows with the table
	unmatched      // build rows of the table, or a resident partition, without a match
	allBuild       // all build rows: there were no probe rows
	nextBlock      // the next block of build rows
	nextPiece      // the next piece of an ASOF join
)

// contLocal works off parts for one worker.
type contLocal struct {
	c    *continuation
	b    *Build
	p    *prober
	part part
	step step

	scan  *rowset.Scanner // of the probe rows, or of build rows at allBuild
	in    *vector.Chunk   // probe rows as a chunk
	addrs []raw.Addr
	base  int64 // ordinal of the next probe row
	busy  bool  // the prober has output left

	table  *table
	pages  []rowset.PageRows // unmatched: what is left to look at
	bufs   [][]byte
	blocks *blockReader
	pieces *pieces // of an ASOF join; nil: the part is joined as a whole
}

func newContLocal(c *continuation) *contLocal {
	l := &contLocal{c: c, b: c.b, p: newProber(c.b), addrs: make([]raw.Addr, vector.Capacity)}
	l.in = vector.NewChunk(c.b.spec.ProbeTypes)
	for _, v := range l.in.Cols {
		v.SetConstantNull(vector.Capacity) // columns that are not kept, nor read
	}
	return l
}

// NextMorsel implements operators.SourceLocal.
func (l *contLocal) NextMorsel(context.Context) (batch int64, ok bool, err error) {
	l.endPart()
	l.part, batch, ok = l.c.claim()
	if ok {
		l.step = openPart
	}
	return batch, ok, nil
}

// Next implements operators.SourceLocal.
func (l *contLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	for l.step != atEnd {
		if err := sqlerr.FromContext(ctx); err != nil {
			return false, err
		}
		out.Reset()
		var err error
		switch l.step {
		case openPart:
			err = l.open(ctx)
		case joining:
			err = l.join(ctx, out)
		case unmatched:
			err = l.unmatched(out)
		case allBuild:
			err = l.allBuild(ctx, out)
		case nextBlock:
			err = l.nextBlock(ctx)
		case nextPiece:
			err = l.nextPiece(ctx)
		}
		if err != nil {
			return false, err
		}
		if out.NumRows() > 0 {
			return true, nil
		}
	}
	return false, nil
}

// open decides how to join the part.
func (l *contLocal) open(ctx context.Context) error {
	b := l.b
	if l.part.resident != nil {
		l.pages, l.bufs = l.part.resident.Pages, b.table.bufs
		l.step = unmatched
		return nil
	}
	build, probe := l.part.build.Partition(l.part.i), l.part.probe.Partition(l.part.i)
	if err := b.spare(ctx, probe); err != nil {
		return err
	}
	switch {
	case probe.NumRows() == 0:
		l.scan = build.Scan(b.force, true)
		l.step = allBuild
		return nil
	case build.NumRows() == 0:
		l.startJoin(whole, b.emptyTable(), probe, true)
		return nil
	}
	need, fits, err := l.room(ctx, build)
	if err != nil {
		return err
	}
	if need <= fits {
		ok, err := l.load(ctx, build)
		if err != nil {
			return err
		}
		if ok {
			l.startJoin(whole, l.table, probe, true)
			return nil
		}
		fits = min(max(b.free(), minLoad), need/2+1) // another worker was faster
	}
	// Each block but the first costs another pass over the probe rows,
	// dividing costs to write and to read all rows of both sides.
	passes := need / fits
	if l.part.build.Divisible() && !l.part.whole && (b.spec.Asof || passes*probe.Bytes() > 2*(build.Bytes()+probe.Bytes())) {
		l.step = atEnd
		return l.c.divide(ctx, l.part, need)
	}
	if b.spec.Asof {
		l.openPieces()
		return nil
	}
	m, err := b.newMarks(probe.NumRows())
	if err != nil {
		return err
	}
	l.p.marks = m
	l.blocks = &blockReader{b: b, sc: build.Scan(b.force, true), fits: fits, src: make([]raw.Addr, vector.Capacity)}
	l.step = nextBlock
	return nil
}

// sparePart of the limit should be free when a partition is read.
const sparePart = 4

// spare moves those of the probe rows to disk that are in memory when little is free:
// they are streamed anyway, while they are read nobody can have them, and a few pages
// hold on to whole blocks, of which other partitions have given up the rest.
func (b *Build) spare(ctx context.Context, probe *rowset.Partition) error {
	if mem := b.env.Budget; mem.Free() >= mem.Limit()/sparePart {
		return nil
	}
	_, err := probe.Spill(ctx)
	return err
}

func (b *Build) emptyTable() *table { return &table{b: b, unique: true} }

// load makes the table of a whole partition; ok is false when memory was
// refused.
func (l *contLocal) load(ctx context.Context, build *rowset.Partition) (ok bool, err error) {
	b := l.b
	mem := b.mem
	for {
		rows, ok, err := build.Load(ctx, mem)
		if err != nil {
			return false, err
		}
		if ok {
			if l.table, ok, err = b.newTable(ctx, []*rowset.Loaded{rows}, 0, 0, mem, false, false); err == nil && ok {
				return true, nil
			}
			l.table.close()
			l.table = nil
			if err != nil {
				return false, err
			}
		}
		if mem == b.force {
			return false, nil
		}
		mem = b.force
	}
}

// startJoin begins to stream probe rows through the prober.
func (l *contLocal) startJoin(ps pass, t *table, probe *rowset.Partition, consume bool) {
	l.p.pass, l.p.t = ps, t
	l.scan = probe.Scan(l.b.force, consume)
	l.base, l.busy = 0, false
	l.step = joining
}

// join puts out the next rows; at the end of the probe rows it goes on to
// what follows.
func (l *contLocal) join(ctx context.Context, out *vector.Chunk) error {
	if l.busy {
		more, err := l.p.next(ctx, out)
		l.busy = more
		return err
	}
	ok, err := l.read(ctx)
	if err != nil {
		return err
	}
	if ok {
		all, keyed := l.p.setKeys(l.in)
		l.p.base = l.base
		l.base += int64(l.in.Len)
		l.busy = true
		if err := l.p.begin(ctx, all, keyed); err != nil || l.p.pass != higher {
			return err
		}
		return l.goOn(ctx)
	}
	l.scan.Close()
	l.scan = nil
	switch {
	case l.pieces != nil && len(l.pieces.queued) > 0:
		next := l.pieces.queued[0]
		l.pieces.queued = l.pieces.queued[1:]
		l.startJoin(l.p.pass, l.p.t, next, true)
	case l.b.kind.keepsBuild() && l.p.pass != last:
		l.pages, l.bufs = l.p.t.pages, l.p.t.bufs
		l.step = unmatched
	default:
		l.goBack()
	}
	return nil
}

// read makes the next probe rows a chunk, with their hashes.
func (l *contLocal) read(ctx context.Context) (ok bool, err error) {
	layout := l.b.probe.layout
	n, err := l.scan.Rows(ctx, l.addrs[:l.p.limit])
	if n == 0 || err != nil {
		return false, err
	}
	rows, bufs := l.addrs[:n], l.scan.Bufs()
	for at, c := range l.b.probe.cols {
		if l.b.probe.at[c] != at {
			continue // a key that occurs twice
		}
		v := l.in.Cols[c]
		v.Resize(n)
		layout.Gather(at, rows, bufs, v, nil)
	}
	for c, at := range l.b.probe.at {
		if at < 0 {
			l.in.Cols[c].Len = n
		}
	}
	if layout.HasHash() {
		off := layout.HashOffset()
		for i, r := range rows {
			l.p.hashes[i&laneMask] = *raw.At[uint64](r, off)
		}
	}
	l.in.Len, l.in.Sel = n, nil
	return true, nil
}

// unmatched puts out build rows whose flag is not set, for BuildSemi those
// whose flag is.
func (l *contLocal) unmatched(out *vector.Chunk) error {
	layout := l.b.build.layout
	off := layout.StateOffset(0)
	want := uint32(0)
	if l.b.kind == BuildSemi {
		want = 1
	}
	n := 0
	for n == 0 && len(l.pages) > 0 {
		page := &l.pages[0]
		a := page.Base
		for page.Count > 0 && n < l.p.limit {
			l.addrs[n] = a
			if *raw.At[uint32](a, off) == want {
				n++
			}
			a += raw.Addr(layout.Width)
			page.Count--
		}
		page.Base = a
		if page.Count == 0 {
			l.pages = l.pages[1:]
		}
	}
	if n > 0 {
		l.putBuild(out, l.addrs[:n], l.bufs)
		return nil
	}
	l.pages, l.bufs = nil, nil
	l.goBack()
	return nil
}

// goBack goes on to the next block or piece, if the part is joined so.
func (l *contLocal) goBack() {
	switch {
	case l.p.pass == oneBlock:
		l.step = nextBlock
	case l.pieces != nil:
		l.step = nextPiece
	default:
		l.endPart()
	}
}

// allBuild puts out all build rows.
func (l *contLocal) allBuild(ctx context.Context, out *vector.Chunk) error {
	n, err := l.scan.Rows(ctx, l.addrs[:l.p.limit])
	if err != nil {
		return err
	}
	if n == 0 {
		if l.pieces != nil {
			l.scan.Close()
			l.scan = nil
			l.step = nextPiece
			return nil
		}
		l.endPart()
		return nil
	}
	l.putBuild(out, l.addrs[:n], l.scan.Bufs())
	return nil
}

// putBuild puts out build rows alone.
func (l *contLocal) putBuild(out *vector.Chunk, rows []raw.Addr, bufs [][]byte) {
	n := len(rows)
	spec := l.b.spec
	out.Len, out.Sel = n, nil
	for i := range spec.ProbeOut {
		out.Cols[i].SetConstantNull(n)
	}
	for i, c := range spec.BuildOut {
		v := out.Cols[len(spec.ProbeOut)+i]
		v.Resize(n)
		l.b.build.layout.Gather(l.b.build.at[c], rows, bufs, v, nil)
	}
}

// endPart gives up the part at hand.
func (l *contLocal) endPart() {
	l.close()
	if l.step == atEnd {
		return
	}
	l.step = atEnd
	if l.part.resident != nil {
		l.part.resident.Close()
	}
	l.part.drop()
}

// close closes what is open.
func (l *contLocal) close() {
	if l.scan != nil {
		l.scan.Close()
		l.scan = nil
	}
	if l.blocks != nil {
		l.blocks.close()
		l.blocks = nil
	}
	if l.pieces != nil && l.pieces.w != nil {
		l.pieces.w.Close()
	}
	l.pieces = nil
	l.table.close()
	l.table = nil
	l.p.marks.close()
	l.p.marks = nil
	l.p.t, l.p.pass, l.busy = nil, whole, false
}

// Close implements operators.SourceLocal.
func (l *contLocal) Close() {
	l.close()
	l.p.close()
}
