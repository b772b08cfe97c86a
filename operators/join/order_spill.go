package join

import (
	"cmp"
	"context"
	"slices"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// A partition of an ASOF join that does not fit and that hashes do not divide,
// because there is no key, or a hot one, is cut by the inequality's values.
// The pieces are joined from the highest down: a probe row begins with the
// piece into which its own value falls, above which no row fulfils the
// inequality, and goes on to the next lower one until it finds a match. The
// bounds of pieces are values of build rows, so that nearly all rows of a hot
// key find one at once.

// piece is a part of the values.
type piece struct {
	build *rowset.Partition
	probe []*rowset.Partition
	// one: all values are the same, and any match is as near as another.
	one bool
}

// pieces are what is left of a partition, the highest last.
type pieces struct {
	left   []piece
	cur    piece
	carry  *rowset.Set // of probe rows that go on to the next piece
	w      *rowset.Writer
	dst    []raw.Addr
	src    []raw.Addr
	queued []*rowset.Partition // of the current piece, not yet read
}

// maxPieces is how many pieces are made at once.
const maxPieces = 8

// openPieces joins the part at hand piece by piece.
func (l *contLocal) openPieces() {
	build, probe := l.part.build.Partition(l.part.i), l.part.probe.Partition(l.part.i)
	l.pieces = &pieces{
		left: []piece{{build: build, probe: []*rowset.Partition{probe}}},
		dst:  make([]raw.Addr, vector.Capacity), src: make([]raw.Addr, vector.Capacity),
	}
	l.step = nextPiece
}

// nextPiece goes on to the next lower piece.
func (l *contLocal) nextPiece(ctx context.Context) error {
	b, ps := l.b, l.pieces
	l.table.close()
	l.table = nil
	if ps.cur.build != nil {
		ps.cur.build.Drop()
		for _, p := range ps.cur.probe {
			p.Drop()
		}
		ps.cur = piece{}
	}
	if len(ps.left) == 0 {
		l.endPart()
		return nil
	}
	if err := ps.takeCarry(ctx); err != nil {
		return err
	}
	cur := ps.left[len(ps.left)-1]
	ps.left = ps.left[:len(ps.left)-1]
	rows := cur.build.NumRows()
	if cur.probes() == 0 {
		ps.cur = cur
		if b.kind.keepsBuild() && rows > 0 {
			l.scan = cur.build.Scan(b.force, true)
			l.step = allBuild
		}
		return nil
	}
	table := b.emptyTable()
	if rows > 0 {
		need, fits, err := l.room(ctx, cur.build)
		if err != nil {
			return err
		}
		ok := false
		if need <= fits || rows == 1 {
			if ok, err = l.load(ctx, cur.build); err != nil {
				return err
			}
		}
		if !ok {
			return l.cut(ctx, cur, max(need/max(fits, 1), 1))
		}
		table = l.table
	}
	ps.cur = cur
	ps.queued = cur.probe[1:]
	what := higher
	if len(ps.left) == 0 {
		what = whole
	}
	l.startJoin(what, table, cur.probe[0], true)
	return nil
}

func (p *piece) probes() (n int64) {
	for _, part := range p.probe {
		n += part.NumRows()
	}
	return n
}

// room returns what the table of a partition takes and how much there is for
// it, making room if need be.
func (l *contLocal) room(ctx context.Context, build *rowset.Partition) (need, fits int64, err error) {
	b := l.b
	need = build.Bytes() + b.dirBytes(build.NumRows())
	room := func() int64 {
		n := b.free()
		if build.Resident() {
			n += build.Bytes()
		}
		return n
	}
	if lack := need - room(); lack > 0 {
		if err := b.makeRoom(ctx, lack); err != nil {
			return 0, 0, err
		}
	}
	return need, max(room(), minLoad), nil
}

// free is how much memory a partition may take: what is free of the join's share,
// or, since others may not want now what is promised to them, more of what is free
// at all.
func (b *Build) free() int64 {
	share := b.mem.Share()
	beyond := b.force.Share() - b.force.Held()
	return max(share-b.mem.Held(), min(4*share, beyond-beyond/4))
}

// goOn puts the probe rows of the chunk that found no match aside for the next
// piece.
func (l *contLocal) goOn(ctx context.Context) error {
	ps := l.pieces
	rows := ps.src[:0]
	for i, a := range l.addrs[:l.in.Len] {
		if l.p.row[i] == 0 {
			rows = append(rows, a)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if ps.w == nil {
		ps.carry = l.b.newPiece(&l.b.probe)
		ps.w = ps.carry.NewWriter()
	}
	return storeRows(ctx, ps.w, rows, l.scan.Bufs(), ps.dst)
}

// takeCarry gives what was put aside to the next piece.
func (ps *pieces) takeCarry(ctx context.Context) error {
	if ps.w == nil {
		return nil
	}
	p, err := sealed(ctx, ps.carry, ps.w)
	if err != nil {
		return err
	}
	next := &ps.left[len(ps.left)-1]
	next.probe = append(next.probe, p)
	ps.carry, ps.w = nil, nil
	return nil
}

// newPiece makes a set for rows of a side, which release closes. It has one
// partition, into which all of a hot key's rows would come in any case, and no
// hash bits to be divided by when memory is refused.
func (b *Build) newPiece(s *side) *rowset.Set {
	cfg := b.config(s)
	cfg.Shift = rowset.MaxBits
	set := rowset.New(cfg)
	b.adopt(set)
	return set
}

// sealed ends the writing of a set and returns its partition.
func sealed(ctx context.Context, s *rowset.Set, w *rowset.Writer) (*rowset.Partition, error) {
	if err := s.Combine(ctx, w); err != nil {
		return nil, err
	}
	if err := s.Seal(ctx); err != nil {
		return nil, err
	}
	return s.Partition(0), nil
}

// storeRows copies rows and spills when memory is refused.
func storeRows(ctx context.Context, w *rowset.Writer, rows []raw.Addr, bufs [][]byte, dst []raw.Addr) error {
	ok, err := w.AppendRows(ctx, rows, bufs, dst, false)
	if ok || err != nil {
		return err
	}
	if _, err := w.Spill(ctx, max(w.Bytes(), 1)); err != nil {
		return err
	}
	_, err = w.AppendRows(ctx, rows, bufs, dst, true)
	return err
}

// bound is where a piece begins.
type bound struct {
	word  uint64
	rest  restOf
	above bool // the piece begins right behind the value
}

func (k *orderKey) compareBound(word uint64, rest restOf, b *bound) int {
	c := cmp.Compare(word, b.word)
	if c == 0 && !k.exact {
		c = k.compare(rest, b.rest)
	}
	if c == 0 && b.above {
		c = -1
	}
	return c
}

// cut divides a piece that does not fit into about so many.
func (l *contLocal) cut(ctx context.Context, cur piece, parts int64) error {
	b, ps := l.b, l.pieces
	var bounds []bound
	n := int(min(max(parts+parts/2, 2), maxPieces))
	// The pages that are being written are to fit as well.
	for n > 2 && int64(n)*4*block.Size > max(b.mem.Share(), 4*minLoad) {
		n--
	}
	exact := cur.one
	if !cur.one {
		var err error
		if bounds, exact, err = l.bounds(ctx, cur.build, n); err != nil {
			return err
		}
		n = len(bounds) + 1
	}
	c := &cutter{l: l, bounds: bounds, n: n, one: cur.one, total: cur.build.NumRows()}
	build, err := c.move(ctx, &b.build, b.order[0].at, []*rowset.Partition{cur.build})
	if err != nil {
		return err
	}
	c.total = 0
	probe, err := c.move(ctx, &b.probe, b.probe.at[b.order[0].probe], cur.probe)
	if err != nil {
		return err
	}
	b.divided.Add(1)
	for i := range n {
		// With three pieces around a single value the middle one is that value.
		one := cur.one || exact && i == 1
		ps.left = append(ps.left, piece{build: build[i], probe: []*rowset.Partition{probe[i]}, one: one})
	}
	return nil
}

// bounds chooses n-1 values at most between which the rows of p are divided
// evenly. around: there seems to be one value only, and the two bounds are
// right before and behind it.
func (l *contLocal) bounds(ctx context.Context, p *rowset.Partition, n int) (out []bound, around bool, err error) {
	const most = 4096
	k := &l.b.order[0]
	r := l.newValueReader(p, &l.b.build, k.at, false)
	defer r.close()
	every := p.NumRows()/most + 1
	var sample []bound
	for at := int64(0); ; {
		ok, err := r.next(ctx)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			break
		}
		for i, w := range r.words[:len(r.rows)] {
			if at++; at%every != 0 || r.null(i) {
				continue
			}
			s := bound{word: w}
			if !k.exact {
				s.rest = k.viewRest(&r.view, i)
				s.rest.str = slices.Clone(s.rest.str)
			}
			sample = append(sample, s)
		}
	}
	if len(sample) == 0 {
		// Rows that are NULL come first in any case.
		return []bound{{}}, false, nil
	}
	slices.SortFunc(sample, func(x, y bound) int { return k.compareBound(x.word, x.rest, &y) })
	last := sample[0]
	for i := 1; i < n; i++ {
		s := sample[i*len(sample)/n]
		if k.compareBound(s.word, s.rest, &last) > 0 {
			out = append(out, s)
			last = s
		}
	}
	if len(out) > 0 {
		return out, false, nil
	}
	// Most are the first value.
	behind := last
	behind.above = true
	return []bound{last, behind}, true, nil
}

// cutter moves rows to pieces.
type cutter struct {
	l      *contLocal
	bounds []bound
	n      int
	one    bool
	total  int64 // rows to divide evenly when there are no bounds; 0: all into the last piece
	seen   int64
}

// move moves rows, whose column col is compared, to n new sets, the lowest
// first.
func (c *cutter) move(ctx context.Context, s *side, col int, from []*rowset.Partition) (out []*rowset.Partition, err error) {
	l := c.l
	sets := make([]*rowset.Set, c.n)
	writers := make([]*rowset.Writer, c.n)
	for i := range sets {
		sets[i] = l.b.newPiece(s)
		writers[i] = sets[i].NewWriter()
		defer writers[i].Close()
	}
	to := make([]uint8, vector.Capacity)
	for _, p := range from {
		if err := c.moveAll(ctx, s, col, p, writers, to); err != nil {
			return nil, err
		}
	}
	for i, set := range sets {
		p, err := sealed(ctx, set, writers[i])
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (c *cutter) moveAll(ctx context.Context, s *side, col int, p *rowset.Partition, writers []*rowset.Writer, to []uint8) error {
	ps := c.l.pieces
	r := c.l.newValueReader(p, s, col, true)
	defer r.close()
	for {
		ok, err := r.next(ctx)
		if err != nil || !ok {
			return err
		}
		c.choose(r, to)
		for i, w := range writers {
			part := ps.src[:0]
			for k, row := range r.rows {
				if int(to[k]) == i {
					part = append(part, row)
				}
			}
			if len(part) == 0 {
				continue
			}
			if err := storeRows(ctx, w, part, r.scan.Bufs(), ps.dst); err != nil {
				return err
			}
		}
	}
}

// choose finds the piece of each row that was read.
func (c *cutter) choose(r *valueReader, to []uint8) {
	k := &c.l.b.order[0]
	for i, w := range r.words[:len(r.rows)] {
		n := 0
		switch {
		case c.one && c.total == 0:
			n = c.n - 1
		case c.one:
			n = int(c.seen * int64(c.n) / c.total)
			c.seen++
		case r.null(i):
		default:
			var rest restOf
			if !k.exact {
				rest = k.viewRest(&r.view, i)
			}
			for n < len(c.bounds) && k.compareBound(w, rest, &c.bounds[n]) >= 0 {
				n++
			}
		}
		to[i] = uint8(n)
	}
}

// valueReader reads rows with the words of one of their columns.
type valueReader struct {
	s     *side
	col   int
	key   *orderKey
	scan  *rowset.Scanner
	buf   []raw.Addr
	rows  []raw.Addr
	v     *vector.Vector
	view  vector.View
	words []uint64
}

func (l *contLocal) newValueReader(p *rowset.Partition, s *side, col int, consume bool) *valueReader {
	k := &l.b.order[0]
	return &valueReader{
		s: s, col: col, key: k, scan: p.Scan(l.b.force, consume),
		buf: make([]raw.Addr, vector.Capacity), words: make([]uint64, vector.Capacity), v: vector.New(k.typ),
	}
}

// next reads some rows; false at the end.
func (r *valueReader) next(ctx context.Context) (ok bool, err error) {
	n, err := r.scan.Rows(ctx, r.buf)
	if n == 0 || err != nil {
		return false, err
	}
	r.rows = r.buf[:n]
	r.v.Resize(n)
	r.s.layout.Gather(r.col, r.rows, r.scan.Bufs(), r.v, nil)
	r.key.words(r.v, nil, n, r.words, nil)
	r.view = r.v.View(nil)
	return true, nil
}

func (r *valueReader) null(i int) bool { return r.v.Valid != nil && !r.v.Valid.Get(i) }

func (r *valueReader) close() { r.scan.Close() }
