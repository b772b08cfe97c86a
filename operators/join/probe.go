package join

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// Probe is the operator of the probe side.
type Probe struct{ b *Build }

var (
	_ operators.Operator  = (*Probe)(nil)
	_ operators.Continuer = (*Probe)(nil)
)

// Types implements operators.Operator.
func (o *Probe) Types() []types.Type { return o.b.out }

// NewLocal implements operators.Operator.
func (o *Probe) NewLocal(*operators.Task) (operators.OperatorLocal, error) {
	b := o.b
	if !b.finished {
		return nil, sqlerr.New(sqlerr.CodeInternal, "join probed before its build side was complete")
	}
	b.read() // for good
	l := &probeLocal{b: b, p: newProber(b)}
	l.p.t = b.table
	if b.resident != nil {
		l.aside = b.openAside().NewWriter()
		l.rows = make([]raw.Addr, vector.Capacity)
		l.attends.begin(b.away)
		b.mu.Lock()
		b.writers = append(b.writers, l.aside)
		b.mu.Unlock()
	}
	return l, nil
}

// probeLocal joins one worker's chunks with the partitions in memory and puts
// the rows of others aside.
type probeLocal struct {
	b     *Build
	p     *prober
	aside *rowset.Writer // nil when all is in memory
	in    rowfmt.Input
	vecs  []*vector.Vector
	rows  []raw.Addr
	here  [vector.Capacity]uint32
	away  [vector.Capacity]uint32
	rest  [vector.Capacity]uint32

	inside  bool // the chunk has been begun
	attends attendant
}

// Push implements operators.OperatorLocal.
func (l *probeLocal) Push(ctx context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if !l.inside {
		if l.b.hopeless() {
			return operators.Finished, nil
		}
		if err := l.begin(ctx, in); err != nil {
			return 0, err
		}
		l.inside = true
	}
	more, err := l.p.next(ctx, out)
	if err != nil {
		return 0, err
	}
	if more {
		return operators.HaveMore, nil
	}
	l.inside = false
	return operators.NeedInput, nil
}

// hopeless reports whether no probe row can come out.
func (b *Build) hopeless() bool {
	switch b.kind {
	case Inner, Semi, Right, BuildSemi, BuildAnti:
		return b.table.rows == 0 && b.resident == nil
	case NullAnti:
		return b.flagNulls && b.hasNull.Load()
	}
	return false
}

func (l *probeLocal) begin(ctx context.Context, in *vector.Chunk) error {
	p := l.p
	all, keyed := p.setKeys(in)
	if l.b.nkeys > 0 && (l.aside != nil || p.t.span == 0) && (l.aside != nil || p.t.rows > 0) {
		p.hash(keyed)
	}
	if l.aside != nil {
		here, away := l.split(keyed)
		if len(away) > 0 {
			if err := l.putAside(ctx, in, away); err != nil {
				return err
			}
			if len(keyed) == len(all) {
				all = here
			} else {
				all = kernel.Difference(all, len(all), away, l.rest[:])
			}
			keyed = here
		}
	}
	return p.begin(ctx, all, keyed)
}

// split divides positions by whether their partition is in memory.
func (l *probeLocal) split(keyed []uint32) (here, away []uint32) {
	b := l.b
	if b.nkeys == 0 {
		return nil, keyed // the one partition is not
	}
	left, right := l.p.t.left&63, l.p.t.right&63
	resident := b.resident
	n, m := 0, 0
	for _, q := range keyed {
		is := int(resident[l.p.hashes[q&laneMask]<<left>>1>>right])
		l.here[n&laneMask] = q
		n += is
		l.away[m&laneMask] = q
		m += 1 - is
	}
	return l.here[:n], l.away[:m]
}

func (l *probeLocal) putAside(ctx context.Context, in *vector.Chunk, away []uint32) error {
	if err := l.attends.look(ctx, l.aside); err != nil {
		return err
	}
	l.vecs = l.b.probe.vectors(in, l.vecs)
	l.in.Set(l.vecs)
	return store(ctx, l.aside, &l.in, l.p.hashes[:], away, len(away), l.rows)
}

// Flush implements operators.OperatorLocal: nothing is held back.
func (l *probeLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

// Close implements operators.OperatorLocal.
func (l *probeLocal) Close() {
	l.attends.end()
	l.p.close()
	if l.aside != nil {
		l.aside.Close()
	}
}
