package dataset

import (
	"context"
	"errors"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Cast makes out, which it resizes, the n values of in, of which those at sel
// (nil: all) matter, in another type. It may make out show in's memory.
type Cast func(ctx context.Context, in *vector.Vector, sel []uint32, n int, out *vector.Vector) error

// Caster returns a cast between two types, with scratch memory of its own: it
// is used by one reader. Error: there is none.
type Caster func(from, to types.Type) (Cast, error)

// castable reports whether a file's column of type from may stand for one of
// type to: when both have a type in common, as in a union.
func (t *Table) castable(from, to types.Type) bool {
	if t.caster == nil {
		return false
	}
	_, ok := types.CommonType(from, to)
	return ok
}

// castColumn is a column that a file has in another type than the table.
type castColumn struct {
	cast Cast
	in   *vector.Vector // as read; one of Reader.inner's
	out  *vector.Vector
}

// latePredicate is a predicate on such a column: the scan of the file cannot
// judge values of a type that it does not have.
type latePredicate struct {
	column *castColumn
	sel    storage.Selector
}

// startCasts sets up what the part's file needs of casts. fixed and inner hold
// the output columns; predicates may need more.
func (r *Reader) startCasts() error {
	r.casts, r.late, r.castOf = r.casts[:0], r.late[:0], r.castOf[:0]
	p, t := r.part, r.s.t
	if !p.casts() {
		return nil
	}
	byColumn := map[int]*castColumn{}
	add := func(column int, in *vector.Vector) (*castColumn, error) {
		if c := byColumn[column]; c != nil {
			return c, nil
		}
		to := t.columns[column].Type
		cast, err := t.caster(p.from[column], to)
		if err != nil {
			return nil, sqlerr.Wrap(err, sqlerr.Code(err), "column %q: %s", t.columns[column].Name, err).WithFile(t.files[p.file].path, 0)
		}
		c := &castColumn{cast: cast, in: in, out: vector.New(to)}
		byColumn[column] = c
		r.casts = append(r.casts, c)
		return c, nil
	}
	k := 0
	for i, column := range r.s.spec.Columns {
		r.castOf = append(r.castOf, nil)
		if r.fixed[i] != nil {
			continue
		}
		in := r.inner.Cols[k]
		k++
		if !p.casted(column) {
			continue
		}
		c, err := add(column, in)
		if err != nil {
			return err
		}
		r.castOf[i] = c
	}
	for i := range r.s.spec.Predicates {
		pred := &r.s.spec.Predicates[i]
		if !p.casted(pred.Column) {
			continue
		}
		c := byColumn[pred.Column]
		if c == nil {
			var err error
			if c, err = add(pred.Column, r.inner.Cols[k]); err != nil {
				return err
			}
			k++
		}
		r.late = append(r.late, latePredicate{c, pred.NewSelector()})
	}
	return nil
}

// cast casts the chunk in r.inner and applies the predicates that waited for
// it; false: no row passed.
func (r *Reader) cast(ctx context.Context) (bool, error) {
	in := r.inner
	before := in.NumRows()
	for _, c := range r.casts {
		n, sel := in.Len, in.Sel
		constant := c.in.Form == vector.Constant
		if constant {
			n, sel = 1, nil
		}
		c.out.Resize(n)
		if err := c.cast(ctx, c.in, sel, n, c.out); err != nil {
			var e *sqlerr.Error
			if errors.As(err, &e) && e.Path == "" {
				return false, e.WithFile(r.s.t.files[r.part.file].path, 0)
			}
			return false, err
		}
		if constant {
			c.out.Form, c.out.Len = vector.Constant, in.Len
		}
		for _, l := range r.late {
			if l.column != c {
				continue
			}
			if r.selBuf == nil {
				r.selBuf = make([]uint32, vector.Capacity)
			}
			got, err := l.sel.Select(c.out, in.Sel, in.Len, r.selBuf)
			if err != nil {
				return false, err
			}
			if in.Sel = got; len(got) == 0 {
				break
			}
		}
		if in.Sel != nil && len(in.Sel) == 0 {
			break
		}
	}
	if c := r.s.spec.Counters; c != nil {
		c.RowsOut.Add(int64(in.NumRows() - before))
	}
	return in.NumRows() > 0, nil
}
