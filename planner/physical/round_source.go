package physical

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/scan"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// roundSource reads the rows of a recursive CTE, round after round. The worker
// that finds no morsel left of a round computes the next one, while the others
// wait for it; with USING KEY, where later rounds change earlier rows, all
// rounds are computed first.
type roundSource struct {
	r *rounds

	mu   sync.Mutex // guards what follows
	cur  *roundRows
	ends bool  // there is no round after cur
	err  error // that a round ended in
}

var _ operators.Source = (*roundSource)(nil)

// roundRows is the rows of a round that are being read. Its table lives as long
// as somebody reads it or the next round is computed from it.
type roundRows struct {
	table *memory.Table
	src   *scan.Table
	first int64 // batch of the first morsel
	next  int64 // batch after the last claimed
	users int   // the source, while it is the current one, and locals
}

// Types implements operators.Source.
func (s *roundSource) Types() []types.Type { return s.r.types }

// Workers implements operators.Source.
func (s *roundSource) Workers() int { return max(1, s.r.b.env.Threads) }

// NewLocal implements operators.Source.
func (s *roundSource) NewLocal(t *operators.Task) (operators.SourceLocal, error) {
	return &roundLocal{s: s, task: t}, nil
}

// Close implements operators.Source.
func (s *roundSource) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(s.cur)
	s.cur, s.ends = nil, true
}

// drop ends a use of a round's rows; the lock is held.
func (s *roundSource) drop(c *roundRows) {
	if c == nil {
		return
	}
	if c.users--; c.users > 0 {
		return
	}
	c.src.Close()
	if c.table != s.r.total {
		s.r.closeTable(c.table)
	}
}

// advance makes the next round the current one; false: there is none. The lock
// is held.
func (s *roundSource) advance(ctx context.Context) (bool, error) {
	if s.ends || s.err != nil {
		return false, s.err
	}
	var last *memory.Table
	var from int64
	if s.cur != nil {
		last, from = s.cur.table, s.cur.next
	}
	table, rows, err := s.r.next(ctx, last)
	if len(s.r.n.Key) > 0 {
		table, err = s.all(ctx, table, rows, err)
		rows, s.ends = 1, true
	}
	if err == nil && rows == 0 {
		s.ends = true
		s.r.closeTable(table)
		return false, nil
	}
	var src *scan.Table
	if err == nil {
		if src, err = s.r.read(ctx, table); err != nil {
			table.Close()
		}
	}
	if err != nil {
		s.err = err
		return false, err
	}
	s.drop(s.cur)
	s.cur = &roundRows{table: table, src: src, first: from, next: from, users: 1}
	return true, nil
}

// all computes the rounds after the first and returns the table of all rows.
func (s *roundSource) all(ctx context.Context, last *memory.Table, rows int64, err error) (*memory.Table, error) {
	for err == nil && rows > 0 {
		var next *memory.Table
		next, rows, err = s.r.next(ctx, last)
		s.r.closeTable(last)
		last = next
	}
	if last != nil {
		s.r.closeTable(last)
	}
	return s.r.total, err
}

// roundLocal reads for one worker.
type roundLocal struct {
	s      *roundSource
	task   *operators.Task
	cur    *roundRows
	reader operators.SourceLocal
}

// NextMorsel implements operators.SourceLocal.
func (l *roundLocal) NextMorsel(ctx context.Context) (int64, bool, error) {
	s := l.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if c := s.cur; c != nil {
			if l.cur != c {
				l.leave()
				reader, err := c.src.NewLocal(l.task)
				if err != nil {
					return 0, false, err
				}
				c.users++
				l.cur, l.reader = c, reader
			}
			batch, ok, err := l.reader.NextMorsel(ctx)
			if ok || err != nil {
				batch += c.first
				c.next = batch + 1
				return batch, ok, err
			}
		}
		if ok, err := s.advance(ctx); !ok {
			return 0, false, err
		}
	}
}

// Next implements operators.SourceLocal.
func (l *roundLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	return l.reader.Next(ctx, out)
}

// leave gives up the round that was read; the lock is held.
func (l *roundLocal) leave() {
	if l.reader != nil {
		l.reader.Close()
		l.s.drop(l.cur)
		l.cur, l.reader = nil, nil
	}
}

// Close implements operators.SourceLocal.
func (l *roundLocal) Close() {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.leave()
}
