package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

// blockReader cuts a partition of build rows into blocks that fit memory.
type blockReader struct {
	b    *Build
	sc   *rowset.Scanner
	fits int64 // bytes of a block, its directory included
	src  []raw.Addr
	dst  []raw.Addr
	rows []raw.Addr // of src that wait
	end  bool

	set *rowset.Set // the present block
}

// next reads the next block and makes its table; nil: there is none. The
// table is valid until the next call.
func (r *blockReader) next(ctx context.Context) (*table, error) {
	b := r.b
	r.drop()
	cfg := b.config(&b.build)
	cfg.Stable = true // one partition
	r.set = rowset.New(cfg)
	w := r.set.NewWriter()
	defer w.Close()
	if r.dst == nil {
		r.dst = make([]raw.Addr, vector.Capacity)
	}
	width := b.build.layout.Width
	batch := int(min(max(r.fits/4/int64(width), 1), vector.Capacity))
	for full := false; !r.end && !full; {
		if err := sqlerr.FromContext(ctx); err != nil {
			return nil, err
		}
		if len(r.rows) == 0 {
			n, err := r.sc.Rows(ctx, r.src)
			if err != nil {
				return nil, err
			}
			r.rows, r.end = r.src[:n], n == 0
			continue
		}
		n := min(len(r.rows), batch)
		total := w.NumRows() + int64(n)
		if total > int64(n) && w.Bytes()+b.dirBytes(total) > r.fits {
			break
		}
		rows := r.rows[:n]
		ok, err := w.AppendRows(ctx, rows, r.sc.Bufs(), r.dst, false)
		if err != nil {
			return nil, err
		}
		if !ok {
			if w.NumRows() > 0 && w.Bytes() >= minLoad/2 {
				break
			}
			// A block as small as that is worth more than the share.
			_, err := w.AppendRows(ctx, rows, r.sc.Bufs(), r.dst, true)
			switch {
			case err == nil:
			case !sqlerr.Is(err, sqlerr.CodeOutOfMemory):
				return nil, err
			case w.NumRows() > 0:
				full = true
			case n > 1:
				batch = n / 2
			default:
				return nil, err
			}
			if err != nil {
				continue
			}
		}
		r.rows = r.rows[n:]
	}
	if w.NumRows() == 0 {
		return nil, nil
	}
	b.blocks.Add(1)
	if err := r.set.Combine(ctx, w); err != nil {
		return nil, err
	}
	if err := r.set.Seal(ctx); err != nil {
		return nil, err
	}
	rows, ok, err := r.set.Partition(0).Load(ctx, b.mem)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, sqlerr.New(sqlerr.CodeInternal, "hash join: a block of rows is not in memory")
	}
	t, ok, err := b.newTable(ctx, []*rowset.Loaded{rows}, 0, 0, b.mem, false, false)
	if err == nil && !ok {
		// The rows stay, only the directory is asked for again.
		t.parts[0] = nil
		t.close()
		t, _, err = b.newTable(ctx, []*rowset.Loaded{rows}, 0, 0, b.force, false, true)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// drop gives up the present block; its table is closed before.
func (r *blockReader) drop() {
	if r.set != nil {
		r.set.Close()
		r.set = nil
	}
}

func (r *blockReader) close() {
	r.drop()
	r.sc.Close()
}

// nextBlock goes on to the next block of build rows, or to the last pass over
// the probe rows.
func (l *contLocal) nextBlock(ctx context.Context) error {
	b := l.b
	l.table.close()
	l.table = nil
	t, err := l.blocks.next(ctx)
	if err != nil {
		return err
	}
	probe := l.part.probe.Partition(l.part.i)
	switch {
	case t != nil:
		l.table = t
		l.startJoin(oneBlock, t, probe, false)
	case b.kind == Inner || b.kind == Right || b.kind.buildOnce():
		l.endPart()
	default:
		l.startJoin(last, b.emptyTable(), probe, true)
	}
	return nil
}
