package join

import (
	"context"

	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// pass says what a prober does with a chunk.
type pass uint8

const (
	// whole: the table holds all rows that the chunk's rows may match.
	whole pass = iota
	// block: the table is one of several blocks; matches come out or are
	// noted in marks.
	oneBlock
	// last: all blocks were seen; what marks say comes out.
	last
	// higher: rows that find no match in the table go on to another one.
	higher
)

// Marks of a probe row, for kinds that put it out once or when nothing matched.
const (
	isMatched = 1 << iota
	isUnknown // the condition was unknown for some build row
)

// prober joins chunks of probe rows with a table, for one worker.
//
//	p.setKeys(in)               // then hash, for the positions that keyed names
//	p.begin(ctx, all, keyed)    // decides what comes out
//	for more { more = p.next(ctx, out) }
//	p.close()
type prober struct {
	b     *Build
	t     *table
	limit int // rows a call puts out
	pass  pass
	marks *marks // of passes oneBlock and last
	base  int64  // ordinal of the chunk's first position in marks

	in     *vector.Chunk
	vecs   []*vector.Vector
	input  rowfmt.Input
	caches []kernel.HashCache

	// the single integer key
	key     vector.View
	keyType types.Physical
	keyOff  uintptr
	keyTmp  *vector.Vector
	none    []byte // stands for a row where there is none

	lanes
	hit   [vector.Capacity]uint32
	rows  [vector.Capacity]raw.Addr
	mark  [vector.Capacity]uint8 // by position: isMatched, isUnknown
	sel   [vector.Capacity]uint32
	valid [vector.Capacity]uint32

	// what comes out next
	state   state
	all     []uint32 // positions to answer for
	outSel  []uint32
	outRows []raw.Addr

	pairs pairs
	cond  *condition
	nulls nullScan
	ord   *orderProbe // of joins by inequality
}

type state uint8

const (
	idle   state = iota
	byRef        // the chunk itself, narrowed to outSel, with the build rows outRows
	byPos        // as byRef, without build columns
	marked       // as byPos, and the marks
	paired
)

func newProber(b *Build) *prober {
	p := &prober{b: b, limit: min(max(b.env.FillLimit, 1), vector.Capacity)}
	p.caches = make([]kernel.HashCache, b.nkeys)
	if b.integer {
		t := b.spec.ProbeTypes[b.spec.ProbeKeys[0]]
		p.keyType = t.Physical()
		p.keyTmp = vector.New(t)
		p.keyOff = b.build.layout.ColOffset(0)
		p.none = make([]byte, b.build.layout.Width)
	}
	if len(b.order) > 0 {
		p.ord = newOrderProbe()
	}
	if e := b.spec.Residual; e != nil {
		p.cond = newCondition(b, eval.NewContext(b.env.Session, e))
	}
	return p
}

// close gives back what the condition's results take. Idempotent.
func (p *prober) close() {
	if p.cond != nil {
		p.cond.eval.Close()
	}
}

// setKeys looks at the keys of in and returns the selected positions, and of
// them those that may match: they have no NULL in a strict key.
func (p *prober) setKeys(in *vector.Chunk) (all, keyed []uint32) {
	b := p.b
	p.in = in
	p.vecs = p.vecs[:0]
	for _, c := range b.spec.ProbeKeys {
		p.vecs = append(p.vecs, in.Cols[c])
	}
	if b.integer {
		p.key = p.vecs[0].View(p.keyTmp)
	}
	if b.inline == 0 {
		p.input.Set(p.vecs)
	}
	all = selected(in)
	keyed = all
	if valid, ok := withoutNulls(p.vecs, b.strict, in.Sel, len(all), p.valid[:]); ok {
		keyed = valid
	}
	if p.ord != nil {
		valid := p.setRanges(keyed)
		if !b.kind.threeValued() {
			keyed = valid
		}
	}
	return all, keyed
}

// hash computes the hashes of the keys at positions keyed of in.
func (p *prober) hash(keyed []uint32) {
	sel := keyed
	if len(keyed) == p.in.Len {
		sel = nil
	}
	hashKeys(p.vecs, sel, len(keyed), p.b.env.Seed, p.hashes[:], p.caches)
}

// begin joins the positions all of the chunk, of which only keyed may match
// anything. Hashes are there unless the table is dense.
func (p *prober) begin(ctx context.Context, all, keyed []uint32) error {
	b := p.b
	p.all = all
	p.state = idle
	if p.pass == last {
		return p.finish(ctx, keyed)
	}
	var hit []uint32
	var rows []raw.Addr
	listed := false // every build row is a candidate, and there are several
	switch {
	case p.ord != nil:
		var err error
		if hit, rows, err = p.inOrder(ctx, keyed); err != nil {
			return err
		}
	case b.nkeys > 0:
		if len(keyed) < len(all) {
			p.clearRows(all)
		}
		hit, rows = p.lookup(keyed)
	case p.t.rows == 0:
		p.clearRows(all)
	case p.t.rows == 1:
		r := p.t.pages[0].Base
		for i, q := range all {
			p.row[q&laneMask], p.rows[i&laneMask] = r, r
		}
		hit, rows = all, p.rows[:len(all)]
	default:
		listed = true
	}
	if b.kind.buildOnce() {
		return p.markBuild(ctx, hit)
	}
	if b.kind.semiLike() {
		return p.decide(ctx, keyed, hit, rows, listed)
	}
	left := b.kind.leftLike() && p.pass == whole
	if b.spec.Asof {
		return p.emitUnique(hit, rows, left)
	}
	switch {
	case p.t.unique && p.cond != nil:
		var err error
		if hit, rows, err = p.cond.narrow(ctx, p, hit, rows, left); err != nil {
			return err
		}
	case p.t.unique:
	case p.cond == nil && b.kind == Single:
		if err := p.checkSingle(hit, listed); err != nil {
			return err
		}
	default:
		p.state = paired
		from := hit
		if left || listed {
			from = all
		}
		p.pairs.start(p, from, listed, left)
		return nil
	}
	return p.emitUnique(hit, rows, left)
}

// emitUnique prepares the output where a probe row has one match at most.
func (p *prober) emitUnique(hit []uint32, rows []raw.Addr, left bool) error {
	if p.b.kind.keepsBuild() {
		p.flag(rows)
	}
	if p.pass == oneBlock && p.b.kind.leftLike() {
		if err := p.note(hit); err != nil {
			return err
		}
	}
	if left && len(hit) < len(p.all) {
		for i, q := range p.all {
			p.rows[i&laneMask] = p.row[q&laneMask]
		}
		hit, rows = p.all, p.rows[:len(p.all)]
	}
	if len(hit) == 0 {
		return nil
	}
	p.state, p.outSel, p.outRows = byRef, hit, rows
	return nil
}

// checkSingle fails when a row has a second match.
func (p *prober) checkSingle(hit []uint32, listed bool) error {
	if listed {
		if len(p.all) > 0 {
			return errSecond()
		}
		return nil
	}
	if p.ord != nil {
		if p.severalInOrder(hit) {
			return errSecond()
		}
		return nil
	}
	next := p.b.build.layout.NextOffset()
	any := raw.Addr(0)
	for _, q := range hit {
		any |= *raw.At[raw.Addr](p.row[q&laneMask], next)
	}
	if any != 0 {
		return errSecond()
	}
	return nil
}

func errSecond() error {
	return sqlerr.New(sqlerr.CodeCardinality, "more than one row returned by a subquery used as an expression")
}

func (p *prober) clearRows(at []uint32) {
	for _, q := range at {
		p.row[q&laneMask] = 0
	}
}

// flag notes that build rows have found a match.
func (p *prober) flag(rows []raw.Addr) {
	off := p.b.build.layout.StateOffset(0)
	for _, r := range rows {
		if r != 0 {
			setFlag(raw.At[uint32](r, off))
		}
	}
}

// note notes in marks that the positions have found a match. A second one is
// an error for Single.
func (p *prober) note(hit []uint32) error {
	for _, q := range hit {
		if p.marks.add(p.base+int64(q), isMatched) && p.b.kind == Single {
			return errSecond()
		}
	}
	return nil
}

// next fills out and reports whether to call again.
func (p *prober) next(ctx context.Context, out *vector.Chunk) (more bool, err error) {
	switch p.state {
	case byRef, byPos, marked:
		p.reference(out)
		p.state = idle
	case paired:
		more, err = p.pairs.next(ctx, p, out)
		if !more {
			p.state = idle
		}
	}
	return more, err
}

// reference puts out the chunk itself, narrowed to outSel, and the build rows
// at the same positions.
func (p *prober) reference(out *vector.Chunk) {
	in := p.in
	sel := p.outSel
	out.Len, out.Sel = in.Len, sel
	pos := sel
	if len(sel) == in.Len {
		out.Sel, pos = nil, nil
	}
	spec := p.b.spec
	for i, c := range spec.ProbeOut {
		out.Cols[i].Reference(in.Cols[c])
	}
	cols := out.Cols[len(spec.ProbeOut):]
	if p.state == marked {
		p.putMarks(cols[0])
	}
	if p.state != byRef {
		return
	}
	constant := p.b.nkeys == 0 && len(p.outRows) > 0
	for i, c := range spec.BuildOut {
		v := cols[i]
		at := p.b.build.at[c]
		switch {
		case p.t.rows == 0:
			v.SetConstantNull(in.Len)
		case constant && len(p.outRows) == len(sel) && sameRows(p.outRows):
			v.Resize(1)
			p.b.build.layout.Gather(at, p.outRows[:1], p.t.bufs, v, nil)
			v.Form, v.Len = vector.Constant, in.Len
		default:
			v.Resize(in.Len)
			p.b.build.layout.Gather(at, p.outRows, p.t.bufs, v, pos)
		}
	}
}

func sameRows(rows []raw.Addr) bool {
	var diff raw.Addr
	for _, r := range rows {
		diff |= r ^ rows[0]
	}
	return diff == 0
}

// copyOut puts out n pairs of a position of the chunk and a build row (0:
// NULLs).
func (p *prober) copyOut(out *vector.Chunk, pos []uint32, rows []raw.Addr) {
	n := len(pos)
	out.Len, out.Sel = n, nil
	spec := p.b.spec
	for i, c := range spec.ProbeOut {
		takeColumn(out.Cols[i], p.in.Cols[c], pos)
	}
	cols := out.Cols[len(spec.ProbeOut):]
	for i, c := range spec.BuildOut {
		v := cols[i]
		if p.t.rows == 0 {
			v.SetConstantNull(n)
			continue
		}
		v.Resize(n)
		p.b.build.layout.Gather(p.b.build.at[c], rows, p.t.bufs, v, nil)
	}
}

// takeColumn makes dst hold src's values at pos, which ascends, with repeats.
func takeColumn(dst, src *vector.Vector, pos []uint32) {
	n := len(pos)
	if n > 8 && src.Form != vector.Constant && pos[0] == pos[n-1] {
		kernel.Take(dst, src, pos, 1)
		dst.Form, dst.Len = vector.Constant, n
		return
	}
	kernel.CompactVector(dst, src, pos, n)
}
