package memory

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Changes hands out the rows that a Rewrite changes: the first column of a chunk
// is their row IDs, ascending over all chunks; an ID that repeats counts once, as
// it comes first. For an update the other columns are the new rows. nil is the
// end. A chunk is dense and valid until the next call.
type Changes func(ctx context.Context) (*vector.Chunk, error)

// Rewrite deletes rows of base, a snapshot of this table, or with update puts
// others in their places, and returns how many. Row groups in which nothing
// changes stay as they are, the others are written anew; all of it is seen at
// once, by later snapshots. Errors: what changes returns, 53200, 57014, 23502 for a
// NULL in a NOT NULL column, 42P01 for a dropped table, 40001 when rows of base were
// changed since it was taken.
func (t *Table) Rewrite(ctx context.Context, base storage.Table, update bool, changes Changes) (int64, error) {
	s, ok := base.(*snapshot)
	if !ok || s.t != t {
		return 0, sqlerr.New(sqlerr.CodeInternal, "a rewrite over rows of another table")
	}
	w := &rewrite{t: t, base: s, changes: changes, update: update, hashes: make([]uint64, vector.Capacity)}
	groups, replaced, err := w.run(ctx)
	if err == nil {
		err = t.exchange(s, groups, replaced)
	}
	if err != nil {
		t.evict.forget(w.made)
		for _, g := range w.made {
			g.free()
		}
		return 0, err
	}
	_ = t.shed() // as in Commit
	return w.count, nil
}

// exchange publishes groups in place of those of base.
func (t *Table) exchange(base *snapshot, groups, replaced []*group) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.writable(); err != nil {
		return err
	}
	now := *t.groups.Load()
	if len(now) < len(base.groups) || !slices.Equal(now[:len(base.groups)], base.groups) {
		return sqlerr.New(sqlerr.CodeSerialization, "rows were changed at the same time by another statement")
	}
	all := append(groups, now[len(base.groups):]...)
	t.groups.Store(&all)
	t.retired = append(t.retired, replaced...)
	if t.scans == 0 {
		t.freeRetired()
	}
	return nil
}

// Truncate deletes all rows and returns how many there were.
func (t *Table) Truncate() (int64, error) {
	s := t.Snapshot().(*snapshot)
	n := int64(0)
	for _, g := range s.groups {
		n += int64(g.rows)
	}
	return n, t.exchange(s, nil, s.groups)
}

// Seal ends all changes of a table whose rows, those of base, another table has
// taken over; Unseal allows them again. Error: 40001 when there are other rows by
// now.
func (t *Table) Seal(base storage.Table) error {
	s, ok := base.(*snapshot)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.writable(); err != nil {
		return err
	}
	if !ok || s.t != t || !slices.Equal(*t.groups.Load(), s.groups) {
		return sqlerr.New(sqlerr.CodeSerialization, "rows were changed at the same time by another statement")
	}
	t.sealed = true
	return nil
}

// Unseal undoes Seal.
func (t *Table) Unseal() {
	t.mu.Lock()
	t.sealed = false
	t.mu.Unlock()
}

// rewrite is the state of a Rewrite.
type rewrite struct {
	t       *Table
	base    *snapshot
	changes Changes
	update  bool
	count   int64

	made   []*group
	hashes []uint64

	in   *vector.Chunk // of the changes
	ids  []int64
	at   int   // next of ids
	last int64 // ID that was handed out last
	any  bool

	old  *vector.Chunk
	out  *vector.Chunk
	keep []uint32
	rank []uint32
	hit  []uint32
	rest []uint32
}

// peek returns the next ID to change; false at the end.
func (w *rewrite) peek(ctx context.Context) (int64, bool, error) {
	for {
		if w.at == len(w.ids) {
			if err := sqlerr.FromContext(ctx); err != nil {
				return 0, false, err
			}
			c, err := w.changes(ctx)
			if err != nil || c == nil {
				return 0, false, err
			}
			if w.update {
				cols := &vector.Chunk{Cols: c.Cols[1:], Len: c.Len, Sel: c.Sel}
				if err := w.t.checkNulls(cols); err != nil {
					return 0, false, err
				}
			}
			id := c.Cols[0]
			if id.Form != vector.Flat {
				flat := vector.New(id.Type)
				kernel.Take(flat, id, nil, c.Len)
				id = flat
			}
			w.in, w.ids, w.at = c, vector.Values[int64](id)[:c.Len], 0
			continue
		}
		id := w.ids[w.at]
		if w.any && id == w.last {
			w.at++
			continue
		}
		return id, true, nil
	}
}

// take hands out the change that peek has found, as its place in w.in, and passes
// its repetitions.
func (w *rewrite) take() uint32 {
	i := w.at
	w.last, w.any = w.ids[i], true
	for w.at++; w.at < len(w.ids) && w.ids[w.at] == w.last; w.at++ {
	}
	return uint32(i)
}

// run makes the new row groups; replaced are those that they stand for.
func (w *rewrite) run(ctx context.Context) (groups, replaced []*group, err error) {
	spec := &storage.ScanSpec{}
	for i := range w.t.cols {
		spec.Columns = append(spec.Columns, i)
	}
	plain := &snapshot{t: w.t, cols: w.t.cols, groups: w.base.groups}
	sc, err := plain.Scan(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	defer sc.Close()
	r, err := sc.NewReader()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	ts := make([]types.Type, len(w.t.cols))
	for i, c := range w.t.cols {
		ts[i] = c.Type
	}
	w.old, w.out = vector.NewChunk(ts), vector.NewChunk(ts)
	for _, g := range w.base.groups {
		// Every row group is a morsel; the columns of one that is not read are
		// not loaded.
		if _, ok, err := r.NextMorsel(ctx); err != nil || !ok {
			return nil, nil, err
		}
		id, ok, err := w.peek(ctx)
		if err != nil {
			return nil, nil, err
		}
		if !ok || g.rows == 0 || id > g.id(g.rows-1) {
			groups = append(groups, g)
			continue
		}
		to := newGroup(w.t, 0)
		to.first = g.first
		w.made = append(w.made, to)
		if err := w.group(ctx, r, g, to); err != nil {
			return nil, nil, err
		}
		w.t.evict.add(to)
		if err := w.t.shed(); err != nil {
			return nil, nil, err
		}
		replaced = append(replaced, g)
		if to.rows > 0 {
			groups = append(groups, to)
		}
	}
	return groups, replaced, nil
}

// group writes row group g anew.
func (w *rewrite) group(ctx context.Context, r storage.Reader, g, to *group) error {
	if !w.update || g.ids != nil {
		if err := to.store.res.Grow(int64(g.rows) * idBytes); err != nil {
			return err
		}
		to.ids = make([]uint32, 0, g.rows)
		defer func() { // what is not used, or not used yet, is given back
			to.store.res.Shrink(int64(g.rows-len(to.ids)) * idBytes)
			to.ids = slices.Clip(to.ids)
		}()
	}
	from := 0
	for {
		ok, err := r.Next(ctx, w.old)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if w.update {
			err = w.replace(ctx, g, to, from)
		} else {
			err = w.remove(ctx, g, to, from)
		}
		if err != nil {
			return err
		}
		from += w.old.Len
	}
	return nil
}

// remove copies the rows of w.old, the first of which is row from, but those to
// delete.
func (w *rewrite) remove(ctx context.Context, g, to *group, from int) error {
	w.keep = w.keep[:0]
	for i := range w.old.Len {
		id := g.id(from + i)
		next, ok, err := w.peek(ctx)
		if err != nil {
			return err
		}
		if ok && next == id {
			w.take()
			w.count++
			continue
		}
		w.keep = append(w.keep, uint32(i))
		to.ids = append(to.ids, uint32(id-to.first))
	}
	if len(w.keep) == 0 {
		return nil
	}
	return to.append(w.old, w.keep, len(w.keep), w.hashes)
}

// replace copies the rows of w.old with the new ones in their places.
func (w *rewrite) replace(ctx context.Context, g, to *group, from int) error {
	n := w.old.Len
	for _, col := range w.out.Cols {
		col.Resize(n)
	}
	if len(w.rank) < n {
		w.rank = make([]uint32, vector.Capacity)
	}
	w.hit, w.rest = w.hit[:0], w.rest[:0]
	// The changes of these rows may lie in several chunks, each of which is gone
	// with the next.
	put := func() {
		from := w.pick()
		for i, p := range w.hit {
			w.rank[p] = uint32(i)
		}
		for k := range w.out.Cols {
			src := w.in.Cols[k+1]
			if src.Form != vector.Flat {
				flat := vector.New(src.Type)
				kernel.Take(flat, src, nil, w.in.Len)
				src = flat
			}
			own := vector.New(src.Type) // with bytes of its own
			kernel.Copy(own, 0, src, from, len(from))
			at := vector.New(src.Type)
			at.SetDictionary(own, w.rank[:n], 0)
			kernel.Put(w.out.Cols[k], at, w.hit, len(w.hit))
		}
		w.hit = w.hit[:0]
	}
	for i := range n {
		id := g.id(from + i)
		if w.at == len(w.ids) && len(w.hit) > 0 {
			put()
		}
		next, ok, err := w.peek(ctx)
		if err != nil {
			return err
		}
		if ok && next == id {
			w.rank[i] = w.take()
			w.hit = append(w.hit, uint32(i))
			w.count++
		} else {
			w.rest = append(w.rest, uint32(i))
		}
		if to.ids != nil {
			to.ids = append(to.ids, uint32(id-to.first))
		}
	}
	if len(w.hit) > 0 {
		put()
	}
	for k, col := range w.old.Cols {
		kernel.Put(w.out.Cols[k], col, w.rest, len(w.rest))
	}
	w.out.Len, w.out.Sel = n, nil
	return to.append(w.out, nil, n, w.hashes)
}

// pick lists the places in w.in of the rows that were hit.
func (w *rewrite) pick() []uint32 {
	w.keep = w.keep[:0]
	for _, p := range w.hit {
		w.keep = append(w.keep, w.rank[p])
	}
	return w.keep
}
