package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
)

// What the join gives to operators that cannot go on without memory: rows that
// a worker is storing, by that worker between two chunks (attendant), and
// partitions that nobody reads at the moment, by whoever asks (Build.give).

// leastGive is the least that a worker writes for the sake of others.
const leastGive = 2 * block.Size

// attendant is a worker that looks at what others want. The zero value does not.
type attendant struct{ mem *budget.Reservation }

func (a *attendant) begin(mem *budget.Reservation) {
	a.mem = mem
	mem.Attend()
}

// look gives what others want of the rows in w.
func (a *attendant) look(ctx context.Context, w *rowset.Writer) error {
	want := a.mem.Wanted()
	if want <= 0 || w.Bytes() < leastGive {
		return nil
	}
	_, err := w.Spill(ctx, max(want, leastGive))
	return err
}

// end ends what begin began. Idempotent.
func (a *attendant) end() {
	if a.mem != nil {
		a.mem.Leave()
		a.mem = nil
	}
}

// give moves partitions that are not being read to disk and returns how many
// bytes that freed, about n. See budget.Reservation.Gives.
func (b *Build) give(n int64) (freed int64) {
	if !b.mu.TryLock() {
		return 0
	}
	defer b.mu.Unlock()
	sets := b.sets()
	for _, s := range sets {
		if freed >= n {
			return freed
		}
		freed += s.Give(n - freed)
	}
	if b.reading > 0 || b.table == nil || !b.finished {
		return freed
	}
	return freed + b.evict(n-freed)
}

// evict moves partitions of the table, the largest first, to disk and returns how
// many bytes that freed, about n. mu is held, and nobody reads the table.
func (b *Build) evict(n int64) (freed int64) {
	t := b.table
	for freed < n {
		most, size := -1, int64(0)
		for i, p := range t.parts {
			if p != nil && len(p.Pages) > 0 && b.set.Partition(i).Bytes() > size {
				most, size = i, b.set.Partition(i).Bytes()
			}
		}
		if most < 0 {
			break
		}
		if b.resident == nil {
			b.resident = make([]uint8, len(t.parts))
			for i := range b.resident {
				b.resident[i] = 1
			}
		}
		held := b.mem.Held()
		t.evict(most)
		b.resident[most] = 0
		b.set.Give(size)
		freed += max(held-b.mem.Held(), 0)
		b.stats.Resident--
	}
	return freed
}

// evict takes partition i out of the table. Whoever probes does not look for its
// keys afterwards, so that its part of the directory may stay.
func (t *table) evict(i int) {
	t.parts[i].Close()
	t.parts[i] = nil
	t.pages, t.bufs, t.rows = nil, nil, 0
	for _, p := range t.parts {
		if p == nil {
			continue
		}
		t.pages = append(t.pages, p.Pages...)
		t.addBufs(p.Bufs())
		for _, pg := range p.Pages {
			t.rows += int64(pg.Count)
		}
	}
	if t.rows == 0 {
		t.dropDirectory()
		for k := range t.parts {
			if t.parts[k] != nil {
				t.parts[k].Close()
				t.parts[k] = nil
			}
		}
	}
}

// read lets the caller look at the table until it calls done: no partition is
// given meanwhile.
func (b *Build) read() (done func()) {
	b.mu.Lock()
	b.reading++
	b.mu.Unlock()
	return func() {
		b.mu.Lock()
		b.reading--
		b.mu.Unlock()
	}
}

// sets lists the sets of rows that there are, in the order in which they are to
// make room: probe rows first, which are streamed anyway. mu is held.
func (b *Build) sets() (sets []*rowset.Set) {
	for _, s := range append(append([]*rowset.Set{b.aside}, b.others...), b.set, b.nulls) {
		if s != nil {
			sets = append(sets, s)
		}
	}
	return sets
}
