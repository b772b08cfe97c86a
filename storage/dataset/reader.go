package dataset

import (
	"context"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// Reader reads morsels of a Scanner for one worker. It is not safe for
// concurrent use.
type Reader struct {
	s     *Scanner
	part  *part
	index int // of part in s.files
	last  int // the last index it was done with
	r     storage.Reader
	inner *vector.Chunk // with the columns that the file has
	// fixed holds, an output column each, the constant vector of those that
	// the file does not have, nil for the others.
	fixed  []*vector.Vector
	casts  []*castColumn // columns that the file has in another type
	castOf []*castColumn // an output column each, nil for most
	late   []latePredicate
	selBuf []uint32
	closed bool

	relieve func(ctx context.Context) error // for readers of files; may be nil
}

var (
	_ storage.Reader = (*Reader)(nil)
	_ storage.Waiter = (*Reader)(nil)
)

// OnWait implements storage.Waiter.
func (r *Reader) OnWait(relieve func(ctx context.Context) error) { r.relieve = relieve }

// handover is implemented by readers that can pass their buffers on to the
// reader of the next file.
type handover interface {
	Adopt(from storage.Reader)
}

// NextMorsel implements storage.Reader.
func (r *Reader) NextMorsel(ctx context.Context) (batch int64, ok bool, err error) {
	for !r.closed {
		if r.part == nil {
			if r.part, r.index, err = r.s.acquire(ctx, r.last); err != nil || r.part == nil {
				return 0, false, err
			}
			if err := r.start(); err != nil {
				return 0, false, err
			}
		}
		batch, ok, err := r.r.NextMorsel(ctx)
		if err != nil {
			return 0, false, err
		}
		if ok {
			return int64(r.part.file)*fileBatches | batch, true, nil
		}
		if err := r.leave(); err != nil {
			return 0, false, err
		}
	}
	return 0, false, nil
}

// start makes the reader of the part's file.
func (r *Reader) start() error {
	next, err := r.part.scan.NewReader()
	if err != nil {
		return err
	}
	if w, ok := next.(storage.Waiter); ok && r.relieve != nil {
		w.OnWait(r.relieve)
	}
	if r.r != nil {
		if h, ok := next.(handover); ok {
			h.Adopt(r.r)
		}
		r.r.Close()
	}
	r.r = next
	r.fixed = r.fixed[:0]
	r.inner.Cols = r.inner.Cols[:0]
	for i, c := range r.s.spec.Columns {
		if r.part.mapping[c] >= 0 {
			r.fixed = append(r.fixed, nil)
			r.inner.Cols = append(r.inner.Cols, vector.New(r.part.from[c]))
			continue
		}
		v := vector.New(r.s.outType[i])
		v.SetConstant(r.s.t.constant(c, r.part.file), 1)
		r.fixed = append(r.fixed, v)
	}
	for _, c := range r.part.extra {
		r.inner.Cols = append(r.inner.Cols, vector.New(r.part.from[c]))
	}
	return r.startCasts()
}

// leave ends the reader's use of its part. Its reader is kept until the next
// one took its buffers over.
func (r *Reader) leave() error {
	p := r.part
	r.part, r.last = nil, r.index
	r.inner.Reset()
	return r.s.release(p, r.index)
}

// Next implements storage.Reader.
func (r *Reader) Next(ctx context.Context, chunk *vector.Chunk) (bool, error) {
	if r.part == nil {
		return false, nil
	}
	for {
		ok, err := r.r.Next(ctx, r.inner)
		if err != nil || !ok {
			return false, err
		}
		if len(r.casts) == 0 {
			break
		}
		if ok, err = r.cast(ctx); err != nil {
			return false, err
		}
		if ok {
			break
		}
	}
	k := 0
	for i, v := range r.fixed {
		if v == nil {
			v = r.inner.Cols[k]
			k++
			if len(r.casts) > 0 && r.castOf[i] != nil {
				v = r.castOf[i].out
			}
		} else {
			v.Len = r.inner.Len
		}
		chunk.Cols[i].Reference(v)
	}
	chunk.Len, chunk.Sel = r.inner.Len, r.inner.Sel
	return true, nil
}

// Close implements storage.Reader.
func (r *Reader) Close() {
	if r.closed {
		return
	}
	r.closed = true
	if r.r != nil {
		r.r.Close()
	}
	if r.part != nil {
		r.s.mu.Lock()
		r.part.refs--
		r.s.mu.Unlock()
		r.part = nil
	}
}
