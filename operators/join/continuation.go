package join

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector/types"
)

// Continue implements operators.Continuer: what is left are the build rows
// that have to come out without a match, and the partitions that were not in
// memory. Memory that nobody needs any more is given back.
func (o *Probe) Continue(ctx context.Context) (operators.Source, error) {
	b := o.b
	b.read() // for good
	c := &continuation{b: b}
	if b.kind.keepsBuild() {
		for i, l := range b.table.parts {
			if l != nil && len(l.Pages) > 0 {
				c.tasks = append(c.tasks, part{build: b.set, i: i, resident: l})
			}
		}
		b.table.dropDirectory()
	} else {
		b.table.close()
		for i := range b.set.Partitions() {
			if b.resident == nil || b.resident[i] != 0 {
				b.set.Partition(i).Drop()
			}
		}
	}
	if b.resident != nil {
		if err := b.endAside(ctx); err != nil {
			return nil, err
		}
		for i := range b.set.Partitions() {
			if b.resident[i] == 0 {
				c.add(part{build: b.set, probe: b.aside, i: i})
			}
		}
	}
	if len(c.tasks) == 0 {
		b.release()
		return nil, nil
	}
	c.workers = c.chooseWorkers()
	return c, nil
}

// part is one piece of work of a continuation: a partition of both sides, or a
// resident one whose rows without a match come out.
type part struct {
	build, probe *rowset.Set
	i            int
	resident     *rowset.Loaded
	whole        bool // do not divide: it did not help
}

// continuation is the source of what was put aside.
type continuation struct {
	b       *Build
	workers int

	mu    sync.Mutex
	tasks []part // guarded by mu
	taken int    // tasks claimed; guarded by mu
}

// add queues a partition unless nothing can come out of it.
func (c *continuation) add(p part) {
	build, probe := p.build.Partition(p.i).NumRows(), p.probe.Partition(p.i).NumRows()
	nothing := false
	switch c.b.kind {
	case Inner, Semi, BuildSemi:
		nothing = build == 0 || probe == 0
	case Right, BuildAnti:
		nothing = build == 0
	case Full:
		nothing = build == 0 && probe == 0
	default:
		nothing = probe == 0
	}
	if nothing {
		p.drop()
		return
	}
	c.mu.Lock()
	c.tasks = append(c.tasks, p)
	c.mu.Unlock()
}

// drop gives up the rows of both sides.
func (p *part) drop() {
	p.build.Partition(p.i).Drop()
	if p.probe != nil {
		p.probe.Partition(p.i).Drop()
	}
}

// workerBytes is about what it takes to read rows back, beside a partition.
const workerBytes = 4 << 20

// chooseWorkers lets as many workers in as partitions fit memory.
func (c *continuation) chooseWorkers() int {
	var most int64
	for _, p := range c.tasks {
		if p.resident == nil {
			q := p.build.Partition(p.i)
			most = max(most, q.Bytes()+c.b.dirBytes(q.NumRows()))
		}
	}
	n := int64(max(c.b.env.Threads, 1))
	if most > 0 {
		n = min(n, max(c.b.free()/max(most, workerBytes), 1))
	}
	return int(n) // however few parts there are: they may be divided
}

// Types implements operators.Source.
func (c *continuation) Types() []types.Type { return c.b.out }

// Workers implements operators.Source.
func (c *continuation) Workers() int { return c.workers }

// NewLocal implements operators.Source.
func (c *continuation) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	return newContLocal(c), nil
}

// Close implements operators.Source: the join is over.
func (c *continuation) Close() { c.b.release() }

// claim takes the next piece of work.
func (c *continuation) claim() (p part, batch int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken == len(c.tasks) {
		return part{}, 0, false
	}
	p = c.tasks[c.taken]
	c.taken++
	return p, int64(c.taken - 1), true
}

// divide divides a partition that does not fit and queues its parts.
func (c *continuation) divide(ctx context.Context, p part, need int64) error {
	b := c.b
	bits := b.divideBits(need)
	before := p.build.Partition(p.i).NumRows()
	build, err := p.build.Repartition(ctx, p.i, bits)
	if err != nil {
		return err
	}
	b.adopt(build)
	probe, err := p.probe.Repartition(ctx, p.i, bits)
	if err != nil {
		return err
	}
	b.adopt(probe)
	b.divided.Add(1)
	for i := range build.Partitions() {
		q := part{build: build, probe: probe, i: i}
		// A key that is nearly all of the partition will not be divided.
		q.whole = build.Partition(i).NumRows()*10 > before*9
		c.add(q)
	}
	return nil
}
