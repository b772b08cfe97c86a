package csv

import (
	"context"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

const (
	minRange = 256 << 10
	maxRange = 8 << 20
	// rangeTail is what a range reads beyond its end at first, for its last
	// record.
	rangeTail = 64 << 10
)

// scanner hands out the ranges of a file.
type scanner struct {
	t     *Table
	spec  *storage.ScanSpec
	file  storage.File
	size  int64 // bytes a range
	tail  int64 // bytes read beyond a range's end
	count int   // ranges of a plain file; 1 for a stream, of unknown length

	mu       sync.Mutex
	turn     sync.Cond
	claimed  int64
	resolved int64 // ranges whose end is known
	pos      int64 // where the range after those begins
	failed   bool

	in    io.ReadCloser // streams; guarded by mu
	rest  []byte        // text of the stream that belongs to the next range
	ended bool          // the stream is at its end
}

// Scan implements storage.Table.
func (t *Table) Scan(ctx context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	f, err := t.fs.Open(ctx, t.path)
	if err != nil {
		return nil, err
	}
	s := &scanner{t: t, spec: spec, file: f, pos: t.schema.start, count: 1}
	s.turn.L = &s.mu
	if c := spec.Counters; c != nil {
		c.FilesOpened.Add(1)
	}
	// A worker holds a range and the list of its fields; little memory means
	// small ranges.
	s.size, s.tail = maxRange, rangeTail
	if spec.Mem != nil {
		s.size = min(max(spec.Mem.Budget().Limit()/64, minRange), maxRange)
	}
	if t.rangeSize > 0 {
		s.size, s.tail = t.rangeSize, min(t.rangeSize, rangeTail)
	}
	if t.codec == "" {
		s.count = int(max(1, (f.Size()-t.schema.start+s.size-1)/s.size))
		return s, nil
	}
	if s.in, err = t.stream(f); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, s.in, t.schema.start); err != nil && err != io.EOF {
		s.Close()
		return nil, t.readError(err)
	}
	return s, nil
}

// Morsels implements storage.Scanner.
func (s *scanner) Morsels() int {
	if s.in != nil {
		return 64 // unknown; enough for every worker
	}
	return s.count
}

// Close implements storage.Scanner.
func (s *scanner) Close() error {
	if s.in != nil {
		s.in.Close()
	}
	return s.file.Close()
}

// fail lets waiting readers go.
func (s *scanner) fail() {
	s.mu.Lock()
	s.failed = true
	s.mu.Unlock()
	s.turn.Broadcast()
}

// claim takes the next range of a plain file: its number and bounds.
func (s *scanner) claim() (i, begin, end int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed || s.claimed >= int64(s.count) {
		return 0, 0, 0, false
	}
	i = s.claimed
	s.claimed++
	begin = s.t.schema.start + i*s.size
	return i, begin, min(begin+s.size, s.file.Size()), true
}

// waitFor returns where range i begins, once the range before has ended.
func (s *scanner) waitFor(i int64) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.resolved < i && !s.failed {
		s.turn.Wait()
	}
	return s.pos, !s.failed
}

// resolve publishes where range i ends.
func (s *scanner) resolve(i, end int64) {
	s.mu.Lock()
	s.resolved, s.pos = i+1, end
	s.mu.Unlock()
	s.turn.Broadcast()
}

// nextPiece fills buf with the next piece of a stream: whole records but for
// the last piece's end. The caller holds no lock.
func (r *reader) nextPiece(ctx context.Context) (i int64, ok bool, err error) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed || s.ended {
		return 0, false, nil
	}
	defer func() {
		if err != nil {
			s.failed = true
		}
	}()
	want := int(s.size)
	for {
		if err := r.room(want + len(s.rest)); err != nil {
			return 0, false, err
		}
		n := copy(r.buf[:cap(r.buf)], s.rest)
		got, err := io.ReadFull(s.in, r.buf[n:n+want])
		final := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !final {
			return 0, false, s.t.readError(err)
		}
		if c := s.spec.Counters; c != nil {
			c.BytesRead.Add(int64(got))
		}
		r.buf = r.buf[:n+got]
		r.offset = s.pos
		next, p := r.parse(0, len(r.buf), final)
		if p.fault == incomplete && len(r.buf)-next > s.t.opt.maxLine {
			p = problem{tooLong, next, 0}
		}
		if p.fault == incomplete && next == 0 {
			s.rest = append(s.rest[:0], r.buf...)
			continue
		}
		r.valid = utf8.Valid(r.buf[:next])
		s.rest = append(s.rest[:0], r.buf[next:]...)
		s.pos += int64(next)
		if p.fault != incomplete {
			r.pending = p
		}
		s.ended = final || r.pending.fault != noFault
		if err := r.chargeRest(int64(cap(s.rest))); err != nil {
			return 0, false, err
		}
		i = s.claimed
		s.claimed++
		return i, true, nil
	}
}

// NewReader implements storage.Scanner.
func (s *scanner) NewReader() (storage.Reader, error) { return newReader(s), nil }

// cancelled turns a cancelled context into its error.
func cancelled(ctx context.Context) error { return sqlerr.FromContext(ctx) }
