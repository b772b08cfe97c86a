package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
)

const (
	// leastRun and mostRun bound how many bytes are sorted at once.
	leastRun = 128 << 10
	mostRun  = 8 << 20
	// mostFan is how many runs are merged at once.
	mostFan = 64
)

// external sorts by runs.
func (o *order) external(c *function.AggCall, from source, emit func(rec []byte) error) error {
	share := c.Mem.Share() - c.Mem.Held()
	size := int64(mostRun)
	for size > leastRun && 4*size > share {
		size /= 2
	}
	fan := int(min(max(size/(2*chain.Size), 4), mostFan))
	// A run's records, their pairs, and those of records of a few bytes.
	if err := c.Grow(4 * size); err != nil {
		return err
	}
	w := &runWriter{c: c, o: o, buf: make([]byte, 0, size), held: 4 * size}
	defer w.release()
	err := from(func(b []byte) error {
		for len(b) > 0 {
			rec := o.record(b)
			if err := w.add(rec, int(size)); err != nil {
				return err
			}
			b = b[len(rec):]
		}
		return nil
	})
	if err == nil {
		err = w.endRun()
	}
	if err != nil {
		return err
	}
	w.shrink()
	for len(w.runs) > fan {
		// The first runs become one, which stays the first: equal records keep
		// their order.
		var merged []chain.Chain
		for len(w.runs) > 0 {
			k := min(fan, len(w.runs))
			out := pieceWriter{c: c}
			err := o.merge(c, w.runs[:k], out.add)
			clear(w.runs[:k])
			if err == nil {
				err = out.flush()
			}
			w.runs = w.runs[k:]
			merged = append(merged, out.chain)
			if err != nil {
				w.runs = append(merged, w.runs...) // for release
				return err
			}
		}
		w.runs = merged
	}
	runs := w.runs
	w.runs = nil
	return o.merge(c, runs, emit)
}

// runWriter makes sorted runs.
type runWriter struct {
	c     *function.AggCall
	o     *order
	buf   []byte
	pairs []sortkey.Pair
	n     int
	held  int64 // charged
	runs  []chain.Chain
}

// add puts a record into the present run, which has about size bytes.
func (w *runWriter) add(rec []byte, size int) error {
	if len(w.buf) > 0 && len(w.buf)+len(rec)+w.n*pairBytes > 3*size || len(w.buf)+len(rec) > size {
		if err := w.endRun(); err != nil {
			return err
		}
	}
	if len(rec) > cap(w.buf) {
		if err := w.c.Grow(int64(len(rec))); err != nil {
			return err
		}
		w.held += int64(len(rec))
	}
	w.buf = append(w.buf, rec...)
	w.n++
	return nil
}

func (w *runWriter) endRun() error {
	if len(w.buf) == 0 {
		return nil
	}
	out := pieceWriter{c: w.c}
	w.pairs = w.o.sort(w.buf, w.pairs, nil)
	err := w.o.emit(w.buf, w.pairs, out.add)
	if err == nil {
		err = out.flush()
	}
	w.runs = append(w.runs, out.chain)
	w.buf, w.n = w.buf[:0], 0
	return err
}

// shrink gives back the memory for making runs.
func (w *runWriter) shrink() {
	w.c.Shrink(w.held)
	w.held, w.buf, w.pairs = 0, nil, nil
}

func (w *runWriter) release() {
	w.shrink()
	for _, r := range w.runs {
		w.c.Pieces.Free(r)
	}
}

// pieceWriter collects records in pieces of a chain.
type pieceWriter struct {
	c     *function.AggCall
	chain chain.Chain
	bytes int64 // written
	buf   []byte
}

func (w *pieceWriter) add(rec []byte) error {
	if len(w.buf)+len(rec) > chain.Size {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, chain.Size)
	}
	w.buf = append(w.buf, rec...)
	return nil
}

func (w *pieceWriter) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.c.Pieces.Append(w.c.Context(), &w.chain, w.buf)
	w.bytes += int64(len(w.buf))
	w.buf = w.buf[:0]
	return err
}

// head is the next record of a run.
type head struct {
	one    [1]sortkey.Pair // its key
	rec    []byte
	rest   []byte // what follows it in its piece
	run    int
	reader *chain.Reader
}

// merge calls emit with the records of the runs, which are freed, in order.
func (o *order) merge(c *function.AggCall, runs []chain.Chain, emit func(rec []byte) error) error {
	heads := make([]*head, 0, len(runs))
	all := make([]*head, len(runs))
	for i, r := range runs {
		all[i] = &head{run: i, reader: c.Pieces.Consume(r)}
	}
	defer func() {
		for _, h := range all {
			h.reader.Close()
		}
	}()
	for _, h := range all {
		ok, err := o.advance(c, h)
		if err != nil {
			return err
		}
		if ok {
			heads = append(heads, h)
		}
	}
	for i := len(heads)/2 - 1; i >= 0; i-- {
		o.sink(heads, i)
	}
	for len(heads) > 0 {
		h := heads[0]
		if err := emit(h.rec); err != nil {
			return err
		}
		ok, err := o.advance(c, h)
		if err != nil {
			return err
		}
		if !ok {
			last := len(heads) - 1
			heads[0] = heads[last]
			heads = heads[:last]
		}
		o.sink(heads, 0)
	}
	return nil
}

// advance goes on to the next record; false at the end of the run.
func (o *order) advance(c *function.AggCall, h *head) (bool, error) {
	if len(h.rest) == 0 {
		b, err := h.reader.Next(c.Context())
		if err != nil || b == nil {
			return false, err
		}
		h.rest = b
	}
	h.rec = o.record(h.rest)
	h.rest = h.rest[len(h.rec):]
	if o.prefix != nil {
		h.one[0].Row = raw.Of(h.rec)
		o.keys(h.one[:], 0)
	}
	return true, nil
}

// sink restores the heap of heads, the least first, below i.
func (o *order) sink(heads []*head, i int) {
	for {
		k := 2*i + 1
		if k >= len(heads) {
			return
		}
		if k+1 < len(heads) && o.before(heads[k+1], heads[k]) {
			k++
		}
		if !o.before(heads[k], heads[i]) {
			return
		}
		heads[i], heads[k] = heads[k], heads[i]
		i = k
	}
}

func (o *order) before(x, y *head) bool {
	if x.one[0].Key != y.one[0].Key {
		return x.one[0].Key < y.one[0].Key
	}
	if !o.exact || o.prefix == nil || !o.prefix.exact {
		if c := o.compare(x.rec, y.rec); c != 0 {
			return c < 0
		}
	}
	return x.run < y.run
}
