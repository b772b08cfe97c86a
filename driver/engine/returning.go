package engine

import (
	"context"

	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// changeReader hands out the rows of a table in order.
type changeReader struct {
	scan     storage.Scanner
	rows     storage.Reader
	chunk    *vector.Chunk
	inMorsel bool
}

func (s *Session) readChanges(ctx context.Context, kept *memory.Table) (*changeReader, error) {
	spec := &storage.ScanSpec{ChunkRows: s.db.options().fillLimit}
	var ts []types.Type
	for i, c := range kept.Columns() {
		spec.Columns, ts = append(spec.Columns, i), append(ts, c.Type)
	}
	scan, err := kept.Snapshot().Scan(ctx, spec)
	if err != nil {
		return nil, err
	}
	rows, err := scan.NewReader()
	if err != nil {
		_ = scan.Close()
		return nil, err
	}
	return &changeReader{scan: scan, rows: rows, chunk: vector.NewChunk(ts)}, nil
}

// next implements memory.Changes.
func (r *changeReader) next(ctx context.Context) (*vector.Chunk, error) {
	for {
		if !r.inMorsel {
			if _, ok, err := r.rows.NextMorsel(ctx); !ok || err != nil {
				return nil, err
			}
			r.inMorsel = true
		}
		ok, err := r.rows.Next(ctx, r.chunk)
		if err != nil {
			return nil, err
		}
		if !ok {
			r.inMorsel = false
			continue
		}
		return r.chunk, nil
	}
}

func (r *changeReader) close() {
	r.rows.Close()
	_ = r.scan.Close() // read only: nothing can be lost
}

// insertReturning appends rows that it keeps for the RETURNING clause.
func (s *Session) insertReturning(ctx context.Context, b *bind.Insert, to *memory.Table, params Params) (*Rows, error) {
	kept := s.keep(b.Table, b.Plan)
	defer kept.Close()
	n, err := s.collect(ctx, b.Plan, params, kept)
	if err != nil {
		return nil, err
	}
	return s.returning(ctx, b.Returning, kept, params, func() (int64, error) { return n, s.appendAll(ctx, kept, to) })
}

// appendAll appends the rows of one table to another with columns of the same
// types.
func (s *Session) appendAll(ctx context.Context, from, to *memory.Table) error {
	return s.appendRows(ctx, from, to, func(c *vector.Chunk) {})
}

// appendOnce appends the rows of from, whose first column is a row ID by which they
// ascend, to to, of each ID the first row.
func (s *Session) appendOnce(ctx context.Context, from, to *memory.Table) error {
	some, last, sel := false, int64(0), make([]uint32, vector.Capacity)
	return s.appendRows(ctx, from, to, func(c *vector.Chunk) {
		n := 0
		for i, id := range vector.Values[int64](c.Cols[0])[:c.Len] {
			if some && id == last {
				continue
			}
			some, last = true, id
			sel[n] = uint32(i)
			n++
		}
		c.Sel = sel[:n]
	})
}

// appendRows appends what selected leaves of each chunk.
func (s *Session) appendRows(ctx context.Context, from, to *memory.Table, selected func(*vector.Chunk)) error {
	r, err := s.readChanges(ctx, from)
	if err != nil {
		return err
	}
	defer r.close()
	a := to.NewAppender()
	w := a.NewWriter()
	for {
		var c *vector.Chunk
		if c, err = r.next(ctx); c == nil || err != nil {
			break
		}
		if selected(c); c.NumRows() > 0 {
			err = w.Append(c, 0)
		}
		if err != nil {
			break
		}
		c.Sel = nil
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = a.Commit(ctx)
	}
	if err != nil {
		a.Abort()
	}
	return err
}

// returning computes a RETURNING clause over the rows kept before it lets change
// happen, so that a statement that fails has changed nothing. The rows are in a
// table then, which the result closes.
func (s *Session) returning(ctx context.Context, ret *bind.Returning, kept *memory.Table, params Params, change func() (int64, error)) (*Rows, error) {
	ret.From(kept.Snapshot())
	cols := columnsOf(ret.Plan)
	answer := s.tableOf("rows returned", cols)
	if _, err := s.collect(ctx, ret.Plan, params, answer); err != nil {
		answer.Close()
		return nil, err
	}
	n, err := change()
	if err != nil {
		answer.Close()
		return nil, err
	}
	scan := &logical.Scan{Table: answer.Snapshot(), Name: "rows returned"}
	plan := &logical.Plan{Root: scan, NumCols: len(cols) + 1}
	for i, c := range cols {
		id := logical.ColID(i + 1)
		scan.Cols = append(scan.Cols, logical.Column{At: -1, ID: id, Typ: c.Type, Name: c.Name})
		scan.Ords = append(scan.Ords, i)
		plan.Output, plan.Names = append(plan.Output, id), append(plan.Names, c.Name)
	}
	rows, err := s.query(ctx, plan, Params{})
	if err != nil {
		answer.Close()
		return nil, err
	}
	rows.affected, rows.kept = n, answer
	return rows, nil
}
