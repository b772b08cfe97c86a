package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// goodPages is what a worker has in memory, at best, of a partition of probe rows
// before it is written.
const goodPages = 128 << 10

const awayTag = tag + " probe rows"

// rivals counts the joins that put probe rows aside now, this one included: each
// is promised memory that all of them cannot have.
func (b *Build) rivals() (n int64) {
	for _, h := range b.env.Budget.Holders() {
		if h.Tag == awayTag {
			n++
		}
	}
	return max(n, 1)
}

// openAway promises memory to the rows that the workers put aside for n
// partitions: a few pages each before they are written. What the scan of the
// probe side takes would else be theirs.
func (b *Build) openAway(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.promiseAway(n)
}

func (b *Build) promiseAway(n int) {
	if b.away == nil {
		all := int64(n * max(b.env.Threads, 1))
		b.away = b.env.Budget.ReserveSpilling(awayTag, all*goodPages)
		b.away.Gives(b.give)
	}
}

func (b *Build) closeAway() {
	if b.away != nil {
		b.count()
		b.away.Close()
		b.away = nil
	}
}

// openAside returns the set of probe rows that are put aside, made when the first
// worker asks: all build sides have taken their memory by then. It has the same
// partitions as the build rows, or, where that leaves too little memory to each
// for writing in bearable pieces, fewer.
func (b *Build) openAside() *rowset.Set {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.aside == nil {
		b.promiseAway(b.set.Partitions())
		cfg := b.config(&b.probe)
		cfg.Mem, cfg.Shift, cfg.Stable = b.away, b.set.Shift(), true
		cfg.Bits = b.set.Bits()
		// To divide them later costs as much as writing somewhat smaller pieces. Alone,
		// the join will get more memory than it is promised.
		need := func() int64 { return int64(cfg.Writers) << cfg.Bits * rowset.BearablePage }
		rivals := b.rivals()
		share := b.away.Share() / rivals
		if rivals > 1 || need() > 4*share {
			for cfg.Bits > 1 && need() > 2*share {
				cfg.Bits--
			}
		}
		b.aside = rowset.New(cfg)
	}
	return b.aside
}

// endAside ends the writing of probe rows: they have the same partitions as the
// build rows afterwards.
func (b *Build) endAside(ctx context.Context) error {
	aside := b.openAside()
	for _, w := range b.writers {
		if err := aside.Combine(ctx, w); err != nil {
			return err
		}
	}
	if err := aside.Seal(ctx); err != nil {
		return err
	}
	if aside.Bits() < b.set.Bits() {
		cfg := b.config(&b.probe)
		cfg.Bits, cfg.Shift, cfg.Stable = b.set.Bits(), b.set.Shift(), true
		fine := rowset.New(cfg)
		b.mu.Lock()
		b.aside, b.others = fine, append(b.others, aside)
		b.mu.Unlock()
		move := func(ctx context.Context, i int) error { return aside.Partition(i).MoveTo(ctx, fine) }
		if err := b.inParallel(ctx, "join probe rows", aside.Partitions(), move); err != nil {
			return err
		}
		if err := fine.Seal(ctx); err != nil {
			return err
		}
	}
	if bits := b.aside.Bits(); bits > 0 && b.set.Bits() == 0 {
		// The build rows were in one partition, and in memory until others wanted
		// that; the probe rows were divided when they were spilled.
		s, err := b.set.Repartition(ctx, 0, bits)
		if err != nil {
			return err
		}
		b.mu.Lock()
		b.set, b.others = s, append(b.others, b.set)
		b.resident = make([]uint8, s.Partitions())
		b.mu.Unlock()
	}
	if b.aside.Bits() != b.set.Bits() {
		return sqlerr.New(sqlerr.CodeInternal, "hash join: the sides are divided differently")
	}
	return nil
}

// inParallel runs the n tasks.
func (b *Build) inParallel(ctx context.Context, what string, n int, task func(ctx context.Context, i int) error) (err error) {
	if n > 1 && b.env.Run != nil {
		return b.env.Run(ctx, what, n, task)
	}
	for i := 0; i < n && err == nil; i++ {
		err = task(ctx, i)
	}
	return err
}
