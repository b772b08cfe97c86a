package physical

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/filter"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// stream is a pipeline in the making: chunks with the given columns come out
// of the last operator.
type stream struct {
	open     func(ctx context.Context) (operators.Source, error)
	branches []*pipeline.Branch // instead of open
	ops      []operators.Operator
	deps     []*pipeline.Pipeline
	profiles []*operators.Profile // of the source and each operator

	types []types.Type          // of the chunks' columns
	pos   map[logical.ColID]int // where a column is; several may share a place

	// feeds are the table scans in which rows can be dropped for the stream.
	feeds []feed

	ordered bool // rows come in an order that the query asked for
	single  bool // one worker reads the source, batches in order

	// spread, unless nil, lets several workers read the source: for consumers that
	// heed the order of batches, or need none.
	spread func()
}

// parallel tells that the stream's consumer heeds the order of batches, or that
// the order of rows does not matter to it.
func (s *stream) parallel() {
	if s.spread != nil {
		s.spread()
	}
}

// newStream returns a stream of a source whose columns are cols, in order.
func newStream(cols []logical.Column, open func(ctx context.Context) (operators.Source, error)) *stream {
	s := &stream{open: open, pos: map[logical.ColID]int{}, profiles: []*operators.Profile{{}}}
	for i, c := range cols {
		s.types = append(s.types, c.Typ)
		s.pos[c.ID] = i
	}
	return s
}

// add appends an operator.
func (s *stream) add(op operators.Operator) *operators.Profile {
	p := &operators.Profile{}
	s.ops = append(s.ops, op)
	s.profiles = append(s.profiles, p)
	return p
}

// narrow reports whether no operator of the stream puts out more rows of a batch
// than it is given.
func (s *stream) narrow() bool { return narrow(s.ops, s.branches) }

func narrow(ops []operators.Operator, branches []*pipeline.Branch) bool {
	for _, op := range ops {
		if _, ok := op.(operators.Narrower); !ok {
			return false
		}
	}
	for _, b := range branches {
		if !narrow(b.Ops, b.Branches) {
			return false
		}
	}
	return true
}

// position returns where column id is.
func (s *stream) position(id logical.ColID) (int, error) {
	if p, ok := s.pos[id]; ok {
		return p, nil
	}
	return 0, sqlerr.New(sqlerr.CodeInternal, "column %d is not produced below", id)
}

// columnIDs lists the stream's columns by place, so that plans do not depend on
// the order of a map.
func (s *stream) columnIDs() []logical.ColID {
	ids := slices.Collect(maps.Keys(s.pos))
	slices.SortFunc(ids, func(a, b logical.ColID) int {
		return cmp.Or(cmp.Compare(s.pos[a], s.pos[b]), cmp.Compare(a, b))
	})
	return ids
}

// pipeline ends the stream in sink.
func (s *stream) pipeline(name string, sink operators.Sink) (*pipeline.Pipeline, *operators.Profile) {
	p := &operators.Profile{}
	return &pipeline.Pipeline{
		Name: name, Open: s.open, Branches: s.branches, Ops: s.ops, Sink: sink, Deps: s.deps,
		Profiles: append(s.profiles, p),
	}, p
}

// columns makes sure that every expression has a column in the stream, adding
// a projection for those that are not plain columns, and returns their
// positions. keep lists the columns that must survive.
func (b *builder) columns(s *stream, exprs []logical.Expr, keep map[logical.ColID]bool) ([]int, error) {
	at := make([]int, len(exprs))
	compute := false
	for i, e := range exprs {
		if c, ok := e.(*logical.Column); ok {
			p, err := s.position(c.ID)
			if err != nil {
				return nil, err
			}
			at[i] = p
			continue
		}
		compute = true
	}
	if !compute {
		return at, nil
	}
	pos := map[logical.ColID]int{}
	var out []eval.Expr
	var outTypes []types.Type
	placed := map[int]int{} // old position to new
	place := func(old int) int {
		if p, ok := placed[old]; ok {
			return p
		}
		p := len(out)
		placed[old] = p
		out = append(out, eval.NewColumn(old, s.types[old]))
		outTypes = append(outTypes, s.types[old])
		return p
	}
	for _, id := range s.columnIDs() {
		if keep[id] {
			pos[id] = place(s.pos[id])
		}
	}
	for i, e := range exprs {
		if _, ok := e.(*logical.Column); ok {
			at[i] = place(at[i])
			continue
		}
		x, err := b.expr(s, e)
		if err != nil {
			return nil, err
		}
		at[i] = len(out)
		out = append(out, x)
		outTypes = append(outTypes, e.Type())
	}
	s.add(filter.NewProject(out))
	s.pos, s.types = pos, outTypes
	return at, nil
}
