package agg

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
)

// distinctSet removes duplicates for the aggregates with DISTINCT that have
// the same arguments and filter: an aggregation of its own that groups by the
// keys and the arguments and computes nothing.
type distinctSet struct {
	hash   *Hash
	filter int
	args   []int
	// into feeds what hash puts out to the aggregates.
	into binding
}

// addDistinct puts an aggregate into the set of its arguments, of which est
// different ones are expected.
func (h *Hash) addDistinct(a *boundAgg, est float64) error {
	k := slices.IndexFunc(h.distinct, func(d *distinctSet) bool {
		return d.filter == a.filter && slices.Equal(d.args, a.args)
	})
	if k < 0 {
		groups := append(slices.Clone(h.plan.Groups), a.args...)
		inner, err := New(h.env, Plan{Input: h.plan.Input, Groups: groups, Bounds: h.plan.Bounds, EstGroups: est})
		if err != nil {
			return err
		}
		d := &distinctSet{hash: inner, filter: a.filter, args: a.args}
		for g := range h.plan.Groups {
			d.into.groups = append(d.into.groups, g)
		}
		d.into.bounds = h.main.bounds
		k = len(h.distinct)
		h.distinct = append(h.distinct, d)
	}
	d := h.distinct[k]
	args := make([]int, len(a.args))
	for j := range args {
		args[j] = len(h.plan.Groups) + j
	}
	d.into.aggs = append(d.into.aggs, boundAgg{fn: a.fn, off: a.off, args: args, filter: -1})
	return nil
}

// distinctLocal is one worker's part of a distinctSet.
type distinctLocal struct {
	local *local
	set   *distinctSet
	sel   []uint32
}

func (d *distinctSet) newLocal(t *operators.Task) (*distinctLocal, error) {
	d.hash.open()
	l := newLocal(d.hash, &d.hash.main)
	l.w.OnWait(t.OnWait())
	return &distinctLocal{local: l, set: d}, nil
}

func (l *distinctLocal) push(ctx context.Context, in *vector.Chunk) error {
	sel, n := in.Sel, in.NumRows()
	if f := l.set.filter; f >= 0 {
		if l.sel == nil {
			l.sel = make([]uint32, vector.Capacity)
		}
		sel = kernel.SelectTrue(in.Cols[f], sel, n, l.sel)
		n = len(sel)
	}
	return l.local.addPieces(ctx, in.Cols, sel, n)
}

// finalize computes the aggregates of h from the distinct rows.
func (d *distinctSet) finalize(ctx context.Context, h *Hash) error {
	if err := d.hash.Finalize(ctx); err != nil {
		return err
	}
	src := d.hash.Source()
	defer d.hash.Close()
	defer src.Close()
	return h.env.Run(ctx, "distinct", src.Workers(), func(ctx context.Context, i int) error {
		from, err := src.NewLocal(&operators.Task{Env: h.env, Worker: i})
		if err != nil {
			return err
		}
		defer from.Close()
		to := newLocal(h, &d.into)
		defer to.Close()
		chunk := vector.NewChunk(src.Types())
		for {
			if _, ok, err := from.NextMorsel(ctx); err != nil {
				return err
			} else if !ok {
				return to.Combine(ctx)
			}
			for {
				chunk.Reset()
				ok, err := from.Next(ctx, chunk)
				if err != nil {
					return err
				}
				if !ok {
					break
				}
				if err := to.addPieces(ctx, chunk.Cols, chunk.Sel, chunk.NumRows()); err != nil {
					return err
				}
			}
		}
	})
}
