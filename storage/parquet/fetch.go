package parquet

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

const (
	maxPageSize   = math.MaxInt32 // compressed or not: all that a header can say
	maxHeaderSize = 1 << 20       // of a page: it may carry statistics
	// Chunks up to wholeChunk are read whole, together with neighbours that
	// are at most readGap apart, up to maxRead at once. Longer ones are read
	// through a window.
	wholeChunk = 2 << 20
	readGap    = 64 << 10
	maxRead    = 8 << 20
	window     = 1 << 20
	// bufferSlack is what a decompressor may want behind its output.
	bufferSlack = 64
)

// memory charges buffers to the scan's reservation before they are allocated.
type memory struct {
	res   *budget.Reservation // nil: nobody counts
	able  bool                // pages that are refused have somewhere else to go
	least int64               // charged in any case, so that less is never waited for
	held  int64
	kept  *storage.Buffers // where large buffers come from and go to; may be nil
	// relieve gives memory of the reader's worker while the reader waits; may be nil.
	relieve func() error
	bufs    [][]byte // the large buffers in use
}

// begin charges what the reader cannot do without. A reader that waited for that
// later would keep others waiting for what its worker holds besides.
func (m *memory) begin(least int64) error {
	if m.res != nil {
		if err := m.res.Grow(least); err != nil {
			return err
		}
	}
	m.least = least
	return nil
}

// charged is how much of the reservation is for n bytes.
func (m *memory) charged(n int64) int64 { return max(n, m.least) }

func (m *memory) grow(n int) error {
	if more := m.charged(m.held+int64(n)) - m.charged(m.held); more > 0 && m.res != nil {
		if err := m.res.GrowOr(more, m.relieve); err != nil {
			return err
		}
	}
	m.held += int64(n)
	return nil
}

// tryGrow is grow for what the reader can do without: errRefused when scans have
// their part of memory, or others need the rest.
func (m *memory) tryGrow(n int) error {
	if more := m.charged(m.held+int64(n)) - m.charged(m.held); more > 0 && m.res != nil {
		if m.res.Held()+more > m.res.Budget().Part() || !m.res.TryGrow(more) {
			return errRefused
		}
	}
	m.held += int64(n)
	return nil
}

func (m *memory) shrink(n int) {
	if less := m.charged(m.held) - m.charged(m.held-int64(n)); less > 0 && m.res != nil {
		m.res.Shrink(less)
	}
	m.held -= int64(n)
}

// close gives everything back. Large buffers go to readers to come: no vector
// that this memory's reader has filled may be in use.
func (m *memory) close() {
	if n := m.charged(m.held); n > 0 && m.res != nil {
		m.res.Shrink(n)
	}
	m.least, m.held = 0, 0
	for _, b := range m.bufs {
		m.kept.Put(b)
	}
	m.bufs = nil
}

// forget takes b, which is dropped while vectors may still show it, from the
// buffers that close hands on.
func (m *memory) forget(b []byte) {
	for i, x := range m.bufs {
		if cap(b) > 0 && &x[:1][0] == &b[:1][0] {
			m.bufs[i] = m.bufs[len(m.bufs)-1]
			m.bufs = m.bufs[:len(m.bufs)-1]
			return
		}
	}
}

// resize gives a buffer of n bytes, b itself when that has room; what b held
// is lost. The buffer has bufferSlack bytes of capacity behind n. After an
// error b must not be used: it is no longer charged.
func (m *memory) resize(b []byte, n int) ([]byte, error) {
	return m.replace(b, n, (*memory).grow)
}

// resizePage is resize for a page, stored or decompressed, of a reader that can
// spool: errRefused tells it to.
func (m *memory) resizePage(b []byte, n int) ([]byte, error) {
	if !m.able || n <= spoolLeast {
		return m.resize(b, n)
	}
	return m.replace(b, n, (*memory).tryGrow)
}

func (m *memory) replace(b []byte, n int, grow func(*memory, int) error) ([]byte, error) {
	if cap(b) >= n+bufferSlack {
		return b[:n], nil
	}
	m.shrink(cap(b))
	m.forget(b)
	size := n + bufferSlack
	if size = size + size/8; size > 64<<10 {
		size = (size + 4095) &^ 4095
	} else {
		size = (size + 511) &^ 511
	}
	out := m.kept.Take(size)
	size = max(size, cap(out))
	if err := grow(m, size); err != nil {
		m.kept.Put(out)
		return nil, err
	}
	if out == nil {
		out = make([]byte, 0, size)
	}
	m.bufs = append(m.bufs, out)
	return out[:n], nil
}

// errRefused refuses a buffer of a page that need not be in memory as a whole.
var errRefused = errors.New("memory has no room for the page")

// errShort marks the end of a file where bytes were expected.
var errShort = errors.New("the file ends early")

// byteRange is a part of the file that several column chunks share.
type byteRange struct {
	off, end int64
	buf      []byte
	loaded   bool
}

// fetcher reads the column chunks of one morsel.
type fetcher struct {
	file     storage.File
	mem      *memory
	counters *storage.ScanCounters
	ranges   []byteRange // those beyond used keep their buffers
	used     int
}

// chunkSource gives the bytes of one column chunk.
type chunkSource struct {
	f        *fetcher
	rng      int // index into f.ranges; -1: read through win
	off, end int64
	win      []byte
	winOff   int64
}

// plan decides how the given chunks, whose off and end are set, are read. It
// may be called several times for one morsel: chunks of different calls are
// never read together.
func (f *fetcher) plan(chunks []*chunkSource) {
	sorted := slices.Clone(chunks)
	slices.SortFunc(sorted, func(a, b *chunkSource) int {
		switch {
		case a.off < b.off:
			return -1
		case a.off > b.off:
			return 1
		}
		return 0
	})
	cur := -1
	for _, c := range sorted {
		c.f, c.rng, c.win = f, -1, c.win[:0]
		if c.end-c.off > wholeChunk {
			continue
		}
		if cur >= 0 {
			r := &f.ranges[cur]
			if c.off-r.end <= readGap && max(c.end, r.end)-r.off <= maxRead {
				r.end = max(c.end, r.end)
				c.rng = cur
				continue
			}
		}
		if f.used == len(f.ranges) {
			f.ranges = append(f.ranges, byteRange{})
		}
		cur = f.used
		f.used++
		r := &f.ranges[cur]
		r.off, r.end, r.loaded = c.off, c.end, false
		c.rng = cur
	}
}

// separate makes the given chunks, whose off and end are set, be read each
// through a window of its own.
func (f *fetcher) separate(chunks []*chunkSource) {
	for _, c := range chunks {
		c.f, c.rng, c.win = f, -1, c.win[:0]
	}
}

// at returns n bytes at offset pos of the file, fewer only at the chunk's end.
// more is how many bytes behind them are likely to be wanted soon. lasting
// tells that the bytes stay until the next morsel; otherwise only until the
// next call.
func (c *chunkSource) at(ctx context.Context, pos int64, n, more int) (b []byte, lasting bool, err error) {
	if pos < c.off || pos > c.end {
		return nil, false, errShort
	}
	n = int(min(int64(n), c.end-pos))
	if c.rng >= 0 {
		r := &c.f.ranges[c.rng]
		if !r.loaded {
			if err := sqlerr.FromContext(ctx); err != nil {
				return nil, false, err
			}
			if r.buf, err = c.f.mem.resizePage(r.buf, int(r.end-r.off)); err != nil {
				return nil, false, err
			}
			if err := c.f.read(r.buf, r.off); err != nil {
				return nil, false, err
			}
			r.loaded = true
		}
		b = r.buf[pos-r.off:]
		return b[:n:n], true, nil
	}
	if pos >= c.winOff && pos+int64(n) <= c.winOff+int64(len(c.win)) {
		b = c.win[pos-c.winOff:]
		return b[:n:n], false, nil
	}
	if err := sqlerr.FromContext(ctx); err != nil {
		return nil, false, err
	}
	size := int(min(int64(n+more), c.end-pos))
	kept := 0
	if pos >= c.winOff && pos < c.winOff+int64(len(c.win)) && cap(c.win) >= size+bufferSlack {
		kept = copy(c.win[:cap(c.win)], c.win[pos-c.winOff:])
		c.win = c.win[:size]
	} else if c.win, err = c.f.mem.resizePage(c.win, size); err != nil {
		return nil, false, err
	}
	c.winOff = pos
	if err := c.f.read(c.win[kept:], pos+int64(kept)); err != nil {
		c.win = c.win[:0]
		return nil, false, err
	}
	return c.win[:n:n], false, nil
}

// read fills b from offset off of the file.
func (f *fetcher) read(b []byte, off int64) error {
	n, err := f.file.ReadAt(b, off)
	if f.counters != nil {
		f.counters.BytesRead.Add(int64(n))
	}
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return sqlerr.Wrap(err, sqlerr.CodeIO, "cannot read file").WithFile(f.file.Info().Name, 0)
}
