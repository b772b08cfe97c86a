package chain

import (
	"context"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Reader gives the pieces of a chain, in order. It is not safe for concurrent
// use.
type Reader struct {
	s    *Store
	next uint32
	once bool
	last uint32       // the piece given last, to be freed
	blk  *block.Block // of the piece given last, if it is in memory
	buf  []byte
}

// Read begins with the first piece of c.
func (s *Store) Read(c Chain) *Reader { return &Reader{s: s, next: c.first} }

// Consume is Read that frees each piece behind it. The chain is not to be used
// any more; Close frees the rest of it.
func (s *Store) Consume(c Chain) *Reader { return &Reader{s: s, next: c.first, once: true} }

// Next returns the next piece, which must not be changed and is valid until the
// next call; nil at the end. Errors: 53200 for the buffer, 57014, those of
// spill.File.Read.
func (r *Reader) Next(ctx context.Context) ([]byte, error) {
	r.leave()
	if r.next == 0 {
		return nil, sqlerr.FromContext(ctx)
	}
	s := r.s
	s.mu.Lock()
	p := s.pieces[r.next]
	var ahead spill.Extent
	if p.next != 0 {
		ahead = s.pieces[p.next].ext
	}
	if p.blk != nil {
		p.blk.Retain() // it may go to disk meanwhile
	}
	f := s.file
	s.mu.Unlock()
	r.last, r.next = r.next, p.next
	if p.blk != nil {
		r.blk = p.blk
		return p.b, sqlerr.FromContext(ctx)
	}
	if n := int(p.ext.Length); cap(r.buf) < n {
		n = max(n, Size)
		if err := s.grow(ctx, int64(n-cap(r.buf))); err != nil {
			return nil, err
		}
		r.buf = make([]byte, 0, n)
	}
	if !ahead.IsZero() {
		f.ReadAhead(ahead)
	}
	return f.Read(ctx, p.ext, r.buf[:0])
}

// grow charges n bytes, for which pieces go to disk if they must.
func (s *Store) grow(ctx context.Context, n int64) error {
	if s.cfg.Mem.TryGrow(n) {
		return nil
	}
	if _, err := s.Spill(ctx, n); err != nil {
		return err
	}
	return s.cfg.Mem.Grow(n)
}

// leave gives up the piece that was given last.
func (r *Reader) leave() {
	if r.blk != nil {
		r.blk.Release()
		r.blk = nil
	}
	if r.once && r.last != 0 {
		r.s.mu.Lock()
		if !r.s.closed {
			r.s.free(r.last)
		}
		r.s.mu.Unlock()
	}
	r.last = 0
}

// Close gives back the buffer. Idempotent.
func (r *Reader) Close() {
	r.leave()
	if r.once {
		r.s.Free(Chain{r.next, r.next})
	}
	r.next = 0
	r.s.cfg.Mem.Shrink(int64(cap(r.buf)))
	r.buf = nil
}
