package agg

import (
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	// minEntries make room for a chunk of new groups.
	minEntries = 2 * vector.Capacity
	addrMask   = 1<<48 - 1
	// farRows are so many that they lie beyond the caches.
	farRows = 1 << 16
)

// directory finds rows by their hash: linear probing over entries of 16 bits
// of salt, above, and 48 bits of address, below. An entry of 0 is free.
type directory struct {
	entries []uint64
	count   int
	blk     *block.Block
}

func saltOf(hash uint64) uint64 { return uint64(rowset.Salt(hash)) << 48 }

// full reports whether n more rows would load the directory by more than two
// thirds.
func (d *directory) full(n int) bool { return 3*(d.count+n) > 2*len(d.entries) }

// resize makes an empty directory of the given number of entries, a power of
// two; false when memory was refused, and the directory is as it was.
func (d *directory) resize(pool *block.Pool, mem *budget.Reservation, entries int) bool {
	blk, ok := pool.GetSized(mem, int64(entries)*8)
	if ok {
		d.take(blk)
	}
	return ok
}

// force is resize that fails with 53200.
func (d *directory) force(pool *block.Pool, mem *budget.Reservation, entries int) error {
	blk, err := pool.MustGetSized(mem, int64(entries)*8, nil)
	if err == nil {
		d.take(blk)
	}
	return err
}

func (d *directory) take(blk *block.Block) {
	d.release()
	d.blk, d.entries, d.count = blk, raw.Cast[uint64](blk.Bytes), 0
}

func (d *directory) clear() {
	clear(d.entries)
	d.count = 0
}

func (d *directory) release() {
	if d.blk != nil {
		d.blk.Release()
	}
	*d = directory{}
}

// insertPages enters all rows of the pages, which have room.
func (d *directory) insertPages(pages []rowset.PageRows, width, hashOff uintptr) {
	mask := uint64(len(d.entries) - 1)
	for _, p := range pages {
		r := p.Base
		for range p.Count {
			h := *raw.At[uint64](r, hashOff)
			s := h & mask
			for d.entries[s] != 0 {
				s = (s + 1) & mask
			}
			d.entries[s] = saltOf(h) | uint64(r)
			r += raw.Addr(width)
		}
		d.count += p.Count
	}
}

// insertEntries enters the rows of another directory, which have room.
func (d *directory) insertEntries(from []uint64, hashOff uintptr) {
	mask := uint64(len(d.entries) - 1)
	for _, e := range from {
		if e == 0 {
			continue
		}
		s := *raw.At[uint64](raw.Addr(e&addrMask), hashOff) & mask
		for d.entries[s] != 0 {
			s = (s + 1) & mask
		}
		d.entries[s] = e
		d.count++
	}
}

// prober is the scratch memory of searches in a directory.
type prober struct {
	hashes []uint64 // of the k-th row to find
	rows   []raw.Addr
	slots  []uint64
	found  []uint64
	rest   []uint32
	cand   []uint32
	fresh  []uint32
	miss   []uint32
	added  []raw.Addr
	ident  []uint32

	fetched uint8 // keeps the loads of fetch
}

func newProber() *prober {
	p := &prober{
		hashes: make([]uint64, vector.Capacity),
		rows:   make([]raw.Addr, vector.Capacity),
		slots:  make([]uint64, vector.Capacity),
		found:  make([]uint64, vector.Capacity),
		added:  make([]raw.Addr, vector.Capacity),
	}
	all := make([]uint32, 5*vector.Capacity)
	for _, s := range []*[]uint32{&p.rest, &p.cand, &p.fresh, &p.miss, &p.ident} {
		*s, all = all[:vector.Capacity:vector.Capacity], all[vector.Capacity:]
	}
	for i := range p.ident {
		p.ident[i] = uint32(i)
	}
	return p
}

// begin is the first round for n rows: it looks where each hash begins, all
// loads independent of each other, and gives the rows whose salt agrees as
// candidates (with their addresses) and the others as rest.
func (p *prober) begin(d *directory, n int) (cand, rest []uint32) {
	entries := d.entries
	mask := uint64(len(entries) - 1)
	hashes, slots, found, rows := p.hashes[:n], p.slots[:n], p.found[:n], p.rows[:n]
	for k, h := range hashes {
		s := h & mask
		slots[k] = s
		found[k] = entries[s]
	}
	nc, nr := 0, 0
	cand, rest = p.cand, p.rest
	for k, h := range hashes {
		e := found[k]
		// An empty entry may look like salt 0: it has no address.
		hit := 0
		if (e^saltOf(h))>>48 == 0 && e != 0 {
			hit = 1
		}
		rows[k] = raw.Addr(e & addrMask)
		cand[nc] = uint32(k)
		rest[nr] = uint32(k)
		nc += hit
		nr += 1 - hit
	}
	return cand[:nc], rest[:nr]
}

// advance walks on from the slots of rest until an entry is free, which it
// claims for the row, or has the row's salt. Rows that claimed are fresh: their
// addresses have to be entered (settle) before candidates are looked at.
func (p *prober) advance(d *directory, rest []uint32) (fresh, cand []uint32) {
	entries := d.entries
	mask := uint64(len(entries) - 1)
	nf, nc := 0, 0
	for _, k := range rest {
		salt := saltOf(p.hashes[k])
		s := p.slots[k]
		for {
			e := entries[s]
			if e == 0 {
				// No address is as low as 1.
				entries[s] = salt | 1
				p.fresh[nf] = k
				nf++
				break
			}
			if e&^addrMask == salt {
				p.cand[nc] = k
				nc++
				break
			}
			s = (s + 1) & mask
		}
		p.slots[k] = s
	}
	return p.fresh[:nf], p.cand[:nc]
}

// settle enters the addresses of the fresh rows, added in the same order.
func (p *prober) settle(d *directory, fresh []uint32) {
	for j, k := range fresh {
		r := p.added[j]
		p.rows[k] = r
		d.entries[p.slots[k]] = saltOf(p.hashes[k]) | uint64(r)
	}
	d.count += len(fresh)
}

// abandon frees the entries that fresh rows claimed.
func (p *prober) abandon(d *directory, fresh []uint32) {
	for _, k := range fresh {
		d.entries[p.slots[k]] = 0
	}
}

// fetch brings the long strings at off of the candidates' rows into the caches,
// all at the same time, which comparing one after the other would wait for.
func (p *prober) fetch(cand []uint32, off uintptr, bufs [][]byte) {
	var sum uint8
	for _, k := range cand {
		if ref := raw.At[types.StringRef](p.rows[k], off); !ref.Inline() {
			sum += bufs[ref.Buf()][ref.Off()]
		}
	}
	p.fetched += sum
}

// load looks up the candidates' addresses.
func (p *prober) load(d *directory, cand []uint32) {
	for _, k := range cand {
		p.rows[k] = raw.Addr(d.entries[p.slots[k]] & addrMask)
	}
}

// next moves the rows whose key differed on by a slot and adds them to rest.
func (p *prober) next(d *directory, rest, miss []uint32) []uint32 {
	mask := uint64(len(d.entries) - 1)
	for _, k := range miss {
		p.slots[k] = (p.slots[k] + 1) & mask
	}
	return append(rest, miss...)
}
