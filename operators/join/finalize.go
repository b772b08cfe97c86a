package join

import (
	"cmp"
	"context"
	"slices"

	"github.com/gannetdb/gannet/spill/rowset"
)

// minLoad is how many bytes of build rows the join takes at least to join with,
// beyond its share if it must: less would make it read the probe rows too
// often.
const minLoad = 1 << 20

// Finalize implements operators.Sink: it decides which partitions stay in
// memory and makes their directories.
func (b *Build) Finalize(ctx context.Context) error {
	if err := b.open(); err != nil {
		return err
	}
	if err := b.set.Seal(ctx); err != nil {
		return err
	}
	if b.nulls != nil {
		if err := b.nulls.Seal(ctx); err != nil {
			return err
		}
	}
	if p := b.set.Partition(0); b.undivided() && (!p.Resident() || b.mem.Held()+b.dirBytes(p.NumRows()) > b.mem.Share()) {
		if err := b.divide(ctx); err != nil {
			return err
		}
	}
	b.stats.BuildRows = b.total.Load()
	if err := b.settle(ctx); err != nil {
		return err
	}
	n := b.set.Partitions()
	b.stats.Partitions = n
	for i := range n {
		b.stats.BuildBytes += b.set.Partition(i).Bytes()
	}
	for i := range n {
		if b.resident == nil || b.resident[i] != 0 {
			b.stats.Resident++
		}
	}
	b.stats.Directory = b.table.kindName()
	b.stats.Unique = b.table.unique
	b.mu.Lock()
	b.finished = true
	b.mu.Unlock()
	return nil
}

// undivided reports whether there is one partition that could be several.
func (b *Build) undivided() bool {
	return b.nkeys > 0 && b.set.Bits() == 0 && b.set.NumRows() > 0
}

// divide divides an undivided set that does not fit.
func (b *Build) divide(ctx context.Context) error {
	p := b.set.Partition(0)
	s, err := b.set.Repartition(ctx, 0, b.divideBits(p.Bytes()+b.dirBytes(p.NumRows())))
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.set, b.others = s, append(b.others, b.set)
	b.mu.Unlock()
	return nil
}

// divideBits returns by how many bits to divide need bytes.
func (b *Build) divideBits(need int64) int {
	return rowset.Bits(need, max(b.mem.Share(), minLoad), 1, 1, mostBits)
}

// settle decides which partitions stay in memory: as many rows as possible.
func (b *Build) settle(ctx context.Context) error {
	n := b.set.Partitions()
	var here, there []int
	rows := make([]int64, n)
	var dirs int64
	for i := range n {
		p := b.set.Partition(i)
		rows[i] = p.NumRows()
		if p.Resident() {
			here = append(here, i)
			dirs += b.dirBytes(rows[i])
			continue
		}
		// The rest makes room for whole partitions.
		if _, err := p.Spill(ctx); err != nil {
			return err
		}
		there = append(there, i)
	}
	size := func(i int) int64 { return b.set.Partition(i).Bytes() + b.dirBytes(rows[i]) }
	bySize := func(x, y int) int { return cmp.Or(cmp.Compare(size(x), size(y)), cmp.Compare(x, y)) }
	slices.SortFunc(here, bySize)
	slices.SortFunc(there, bySize)
	// too reports that more bytes are too much. When some partitions are not in
	// memory, there has to be some for the probe rows that belong to them.
	too := func(more int64, some bool) bool {
		if some {
			b.openAway(n)
		}
		return b.mem.Held()+dirs+more > b.mem.Share()
	}
	evict := func() error {
		i := here[len(here)-1]
		here = here[:len(here)-1]
		dirs -= b.dirBytes(rows[i])
		_, err := b.set.Partition(i).Spill(ctx)
		return err
	}
	for len(here) > 0 && rows[here[len(here)-1]] > 0 && too(0, n > len(here)) {
		if err := evict(); err != nil {
			return err
		}
	}
	// Back into memory go all that went to disk, or the smaller ones.
	var sum int64
	for _, i := range there {
		sum += size(i)
	}
	fit := !too(sum, n > len(here)+len(there))
	for _, i := range there {
		if !fit && too(size(i), true) {
			break
		}
		here = append(here, i)
		dirs += size(i)
	}
	for {
		parts := make([]*rowset.Loaded, n)
		left := n
		for _, i := range here {
			l, ok, err := b.set.Partition(i).Load(ctx, b.mem)
			if err != nil {
				(&table{parts: parts}).close()
				return err
			}
			if ok {
				parts[i] = l
				left--
			}
		}
		t, ok, err := b.newTable(ctx, parts, b.set.Shift(), b.set.Bits(), b.mem, left == 0, false)
		if err != nil {
			t.close()
			return err
		}
		if ok {
			if left > 0 {
				b.openAway(n)
			}
			b.keep(t, left > 0)
			return nil
		}
		// Others took memory meanwhile.
		t.close()
		if b.undivided() {
			if err := b.divide(ctx); err != nil {
				return err
			}
			return b.settle(ctx)
		}
		if err := evict(); err != nil {
			return err
		}
	}
}

// keep makes t the table; some tells that partitions are missing in it.
func (b *Build) keep(t *table, some bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.table = t
	if !some {
		b.closeAway()
		return
	}
	b.resident = make([]uint8, len(t.parts))
	for i, l := range t.parts {
		if l != nil {
			b.resident[i] = 1
		}
	}
}
