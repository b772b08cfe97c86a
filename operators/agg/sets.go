package agg

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
)

// Sets is a sink that gives every chunk to several aggregations: GROUPING SETS
// are one each.
type Sets struct {
	each []*Hash
}

var _ operators.Sink = (*Sets)(nil)

// NewSets returns the sink, which owns the aggregations.
func NewSets(each []*Hash) *Sets { return &Sets{each} }

// NewLocal implements operators.Sink.
func (s *Sets) NewLocal(t *operators.Task) (operators.SinkLocal, error) {
	l := &setsLocal{}
	for _, h := range s.each {
		one, err := h.NewLocal(t)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.each = append(l.each, one)
	}
	return l, nil
}

// Finalize implements operators.Sink.
func (s *Sets) Finalize(ctx context.Context) error {
	for _, h := range s.each {
		if err := h.Finalize(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close implements operators.Sink.
func (s *Sets) Close() {
	for _, h := range s.each {
		h.Close()
	}
}

type setsLocal struct{ each []operators.SinkLocal }

// Push implements operators.SinkLocal.
func (l *setsLocal) Push(ctx context.Context, in *vector.Chunk) (operators.Status, error) {
	for _, one := range l.each {
		if _, err := one.Push(ctx, in); err != nil {
			return operators.Finished, err
		}
	}
	return operators.NeedInput, nil
}

// EndBatch implements operators.SinkLocal.
func (l *setsLocal) EndBatch(context.Context) error { return nil }

// Combine implements operators.SinkLocal.
func (l *setsLocal) Combine(ctx context.Context) error {
	for _, one := range l.each {
		if err := one.Combine(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close implements operators.SinkLocal.
func (l *setsLocal) Close() {
	for _, one := range l.each {
		one.Close()
	}
}
