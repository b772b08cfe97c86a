package chain

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
)

// Size is how long pieces should be, in bytes: four to a block. They may have
// any length from 1 to spill.MaxPayload.
const Size = 64 << 10

// Chain is a sequence of pieces of a Store; the zero Chain is empty. A copy
// stands for the same pieces: one of the two must not be used any more.
type Chain struct{ first, last uint32 }

// Empty reports whether there are no pieces.
func (c Chain) Empty() bool { return c.first == 0 }

// Config describes a Store.
type Config struct {
	Pool *block.Pool
	// Mem pays for pieces in memory; a spilling reservation.
	Mem   *budget.Reservation
	Spill *spill.Manager
	Tag   string // names the purpose of the file
}

// Store keeps the pieces of chains. It is safe for concurrent use.
type Store struct {
	cfg Config

	mu     sync.Mutex
	file   *spill.File // nil before the first piece on disk; guarded by mu, like all below
	pieces []piece     // by number, from 1
	unused uint32      // a list, by next, of numbers without a piece
	oldest uint32      // no piece below it is in memory
	cut    *block.Block
	cutAt  int
	ticks  int64
	closed bool
}

// piece is in memory (blk, b) or on disk (ext).
type piece struct {
	blk  *block.Block
	b    []byte
	ext  spill.Extent
	next uint32
}

// New makes an empty store. It reserves nothing.
func New(cfg Config) *Store { return &Store{cfg: cfg, pieces: make([]piece, 1), oldest: 1} }

// Tick counts n events and returns how many there were before: an order of what
// is put into the store's chains.
func (s *Store) Tick(n int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ticks += n
	return s.ticks - n
}

// Append makes a copy of b, which is not empty, the last piece of c. Errors:
// those of spill.File.Write.
func (s *Store) Append(ctx context.Context, c *Chain, b []byte) error {
	s.mu.Lock()
	p := piece{}
	if p.blk, p.b = s.room(len(b)); p.blk != nil {
		copy(p.b, b)
		s.add(c, p)
		s.mu.Unlock()
		return nil
	}
	f, err := s.open()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if p.ext, err = f.Write(ctx, b); err != nil {
		return err
	}
	s.mu.Lock()
	s.add(c, p)
	s.mu.Unlock()
	return nil
}

// room finds n bytes of memory; nil when that is refused. mu is held.
func (s *Store) room(n int) (*block.Block, []byte) {
	if n > block.Size {
		b, ok := s.cfg.Pool.GetSized(s.cfg.Mem, int64(n))
		if !ok {
			return nil, nil
		}
		return b, b.Bytes
	}
	if s.cut == nil || len(s.cut.Bytes)-s.cutAt < n {
		b, ok := s.cfg.Pool.Get(s.cfg.Mem)
		if !ok {
			return nil, nil
		}
		s.dropCut()
		s.cut = b
	}
	s.cut.Retain()
	b := s.cut.Bytes[s.cutAt : s.cutAt+n : s.cutAt+n]
	s.cutAt += n
	return s.cut, b
}

// dropCut gives up the rest of the block that pieces are cut from. mu is held.
func (s *Store) dropCut() (freed int64) {
	if s.cut != nil {
		freed = s.cut.Release()
		s.cut, s.cutAt = nil, 0
	}
	return freed
}

// open returns the file. mu is held.
func (s *Store) open() (*spill.File, error) {
	if s.file == nil {
		f, err := s.cfg.Spill.Create(s.cfg.Tag)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	return s.file, nil
}

// add makes p the last piece of c. mu is held.
func (s *Store) add(c *Chain, p piece) {
	n := s.unused
	if n != 0 {
		s.unused = s.pieces[n].next
		s.pieces[n] = p
	} else {
		n = uint32(len(s.pieces))
		s.pieces = append(s.pieces, p)
	}
	if p.blk != nil {
		s.oldest = min(s.oldest, n)
	}
	s.join(c, Chain{n, n})
}

// Join puts the pieces of src, which is not to be used any more, behind those of
// dst.
func (s *Store) Join(dst *Chain, src Chain) {
	if src.Empty() {
		return
	}
	s.mu.Lock()
	s.join(dst, src)
	s.mu.Unlock()
}

func (s *Store) join(dst *Chain, src Chain) {
	if dst.Empty() {
		*dst = src
		return
	}
	s.pieces[dst.last].next = src.first
	dst.last = src.last
}

// Spill moves pieces to disk until want bytes of memory are free, and returns how
// many are. Errors: those of spill.File.Write.
func (s *Store) Spill(ctx context.Context, want int64) (freed int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spill(ctx, want)
}

// Give is Spill for those who may be called while the store is in use, by others
// or by whoever asks: it does nothing then. What cannot be written stays.
func (s *Store) Give(want int64) (freed int64) {
	if !s.mu.TryLock() {
		return 0
	}
	defer s.mu.Unlock()
	freed, _ = s.spill(context.Background(), want)
	return freed
}

// spill needs mu.
func (s *Store) spill(ctx context.Context, want int64) (freed int64, err error) {
	for ; freed < want && int(s.oldest) < len(s.pieces); s.oldest++ {
		p := &s.pieces[s.oldest]
		if p.blk == nil {
			continue
		}
		f, err := s.open()
		if err != nil {
			return freed, err
		}
		if p.ext, err = f.Write(ctx, p.b); err != nil {
			return freed, err
		}
		if p.blk == s.cut {
			freed += s.dropCut()
		}
		freed += p.blk.Release()
		p.blk, p.b = nil, nil
	}
	return freed, nil
}

// Free gives up the pieces of c.
func (s *Store) Free(c Chain) {
	if c.Empty() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for n := c.first; n != 0; {
		n = s.free(n)
	}
}

// free gives up piece n and returns the one behind it. mu is held.
func (s *Store) free(n uint32) (next uint32) {
	p := &s.pieces[n]
	next = p.next
	if p.blk != nil {
		p.blk.Release()
	} else {
		s.file.Free(p.ext)
	}
	*p = piece{next: s.unused}
	s.unused = n
	return next
}

// SpilledBytes returns how many bytes were written to disk.
func (s *Store) SpilledBytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return 0
	}
	return s.file.Stats().BytesWritten
}

// Close gives up everything; readers are closed before. Idempotent.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.dropCut()
	for i := range s.pieces {
		if b := s.pieces[i].blk; b != nil {
			b.Release()
		}
	}
	s.pieces, s.unused, s.oldest = nil, 0, 0
	if s.file != nil {
		// What could not be removed now is removed with the manager.
		_ = s.file.Close()
	}
}
