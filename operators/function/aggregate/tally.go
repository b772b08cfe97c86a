package aggregate

import (
	"encoding/binary"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// tally counts how often values are in a bag. The bag holds values as they came;
// when it is large, and calls have pieces, they become entries: a value, how often
// it was there (8 bytes), and when first (8). So few values take little memory
// however often they are there. In the place and in each piece the entries are in
// the order of their values.
type tally struct {
	t       types.Type
	values  *order
	entries *order // by value
}

// entryBytes is what an entry has beside its value.
const entryBytes = 16

func newTally(t types.Type) *tally {
	y := &tally{t: t, values: orderOfValues(t)}
	e := *y.values
	if e.width > 0 {
		e.width += entryBytes
	}
	next := y.values.next
	e.next = func(b []byte) []byte { return next(b)[entryBytes:] }
	y.entries = &e
	return y
}

// tallyOf completes b as an aggregate that counts the values of its first
// argument, of type t.
func tallyOf(b *function.BoundAgg, t types.Type) *tally {
	y := newTally(t)
	valuesOf(b, t, y)
	b.Data = tallyKind{}
	return y
}

// tallyKind is the Data of aggregates whose state is a tally.
type tallyKind struct{}

// StateKind tells package agg that they can share it.
func (tallyKind) StateKind() string { return "tally" }

// frequency is a value and how often it is there; first orders values by their
// first occurrence.
type frequency struct {
	value []byte
	count int64
	first int64
}

func (f *frequency) append(dst []byte) []byte {
	dst = append(dst, f.value...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(f.count))
	return binary.LittleEndian.AppendUint64(dst, uint64(f.first))
}

func readEntry(rec []byte) frequency {
	n := len(rec) - entryBytes
	return frequency{rec[:n:n], int64(binary.LittleEndian.Uint64(rec[n:])), int64(binary.LittleEndian.Uint64(rec[n+8:]))}
}

// flush makes room in the place of s: the values in it become entries, which stay
// there when they take no more than half of it and all is false, and go to the
// chain else.
func (y *tally) flush(c *function.AggCall, s *bagState, all bool) error {
	if s.used == 0 {
		return nil
	}
	place := vector.Str(&s.ref, c.Heap.Bufs())
	out := &pieceWriter{c: c}
	err := y.pack(c, place[:s.tallied], place[s.tallied:s.used], out)
	if err != nil {
		return err
	}
	// Few different values may take more as entries than they did as they came.
	if !all && out.chain.Empty() && len(out.buf) <= len(place)/2 {
		s.used = int64(copy(place, out.buf))
		s.tallied = s.used
		return nil
	}
	if err := out.flush(); err != nil {
		return err
	}
	c.Pieces.Join(&s.chain, out.chain)
	s.chained += out.bytes
	s.used, s.tallied = 0, 0
	if s.dense = max(s.dense, leastDense); s.chained > s.dense {
		return y.condense(c, s)
	}
	return nil
}

// leastDense is how many bytes of entries are put together at first.
const leastDense = 2 << 20

// condense puts the entries of equal values in the chain together.
func (y *tally) condense(c *function.AggCall, s *bagState) error {
	out := &pieceWriter{c: c}
	var rec []byte
	from := func(f func(b []byte) error) error { return eachPiece(c, c.Pieces.Read(s.chain), f) }
	err := y.merge(c, s.chained, from, func(x frequency) error {
		rec = x.append(rec[:0])
		return out.add(rec)
	})
	if err == nil {
		err = out.flush()
	}
	if err != nil {
		c.Pieces.Free(out.chain)
		return err
	}
	c.Pieces.Free(s.chain)
	s.chain, s.chained = out.chain, out.bytes
	s.dense = max(leastDense, 2*s.chained)
	return nil
}

// pack adds values to entries and writes what comes of it.
func (y *tally) pack(c *function.AggCall, old, fresh []byte, out *pieceWriter) error {
	records := y.values.records(fresh)
	if err := c.Grow(records * pairBytes); err != nil {
		return err
	}
	defer c.Shrink(records * pairBytes)
	var rec []byte
	put := func(f frequency) error {
		rec = f.append(rec[:0])
		return out.add(rec)
	}
	err := y.count(c, fresh, records, func(f frequency) error {
		for len(old) > 0 {
			e := y.entries.record(old)
			x := y.values.compare(e, f.value)
			if x > 0 {
				break
			}
			old = old[len(e):]
			if x == 0 {
				o := readEntry(e)
				o.count += f.count
				return put(o)
			}
			if err := out.add(e); err != nil {
				return err
			}
		}
		return put(f)
	})
	for err == nil && len(old) > 0 {
		e := y.entries.record(old)
		old = old[len(e):]
		err = out.add(e)
	}
	return err
}

// count calls f with the frequencies of the n values in b, in order of the values.
// Sorting them has been charged.
func (y *tally) count(c *function.AggCall, b []byte, n int64, f func(x frequency) error) error {
	o := y.values
	pairs := o.sortFor(c, b, n, nil)
	base, now := raw.Of(b), int64(0)
	if c.Pieces != nil {
		now = c.Pieces.Tick(int64(len(b)))
	}
	same := o.prefix != nil && o.prefix.exact
	for i := 0; i < len(pairs); {
		x := frequency{value: o.record(b[pairs[i].Row-base:]), first: now + int64(pairs[i].Row-base)}
		k := i + 1
		for k < len(pairs) && (same && pairs[k].Key == pairs[i].Key || !same && o.compare(b[pairs[k].Row-base:], x.value) == 0) {
			k++
		}
		x.count = int64(k - i)
		if err := f(x); err != nil {
			return err
		}
		i = k
	}
	return nil
}

// each calls f with the frequencies of what s holds, in order of the values.
// Errors: 53200, those of what is on disk.
func (y *tally) each(c *function.AggCall, s *bagState, f func(x frequency) error) error {
	if s.chain.Empty() && s.tallied == 0 {
		if err := c.Grow(s.items * pairBytes); err != nil {
			return err
		}
		defer c.Shrink(s.items * pairBytes)
		return y.count(c, s.bytes(c.Heap.Bufs()), s.items, f)
	}
	place := s.bytes(c.Heap.Bufs())
	rest := &pieceWriter{c: c}
	if err := y.pack(c, place[:s.tallied], place[s.tallied:], rest); err != nil {
		return err
	}
	from := func(f func(b []byte) error) error {
		for _, part := range []chain.Chain{s.chain, rest.chain} {
			if part.Empty() {
				continue
			}
			if err := eachPiece(c, c.Pieces.Read(part), f); err != nil {
				return err
			}
		}
		if len(rest.buf) == 0 {
			return nil
		}
		return f(rest.buf)
	}
	defer func() { c.Pieces.Free(rest.chain) }()
	return y.merge(c, s.chained+rest.bytes+int64(len(rest.buf)), from, f)
}

// merge calls f with the entries of from, bytes long, of equal values in one, in
// order of the values.
func (y *tally) merge(c *function.AggCall, bytes int64, from source, f func(x frequency) error) error {
	n := bytes / entryBytes
	if w := y.entries.width; w > 0 {
		n = bytes / int64(w)
	}
	var last frequency
	var kept []byte
	err := y.entries.each(c, bytes, n, nil, from, func(rec []byte) error {
		e := readEntry(rec)
		if last.count > 0 {
			if y.values.compare(e.value, last.value) == 0 {
				last.count += e.count
				last.first = min(last.first, e.first)
				return nil
			}
			if err := f(last); err != nil {
				return err
			}
		}
		kept = append(kept[:0], e.value...)
		last = e
		last.value = kept
		return nil
	})
	if err != nil || last.count == 0 {
		return err
	}
	return f(last)
}
