package write

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
)

// Discard is a sink that drops its rows: EXPLAIN ANALYZE runs a query into it.
type Discard struct{}

var _ operators.Sink = (*Discard)(nil)

// NewDiscard returns the sink.
func NewDiscard() *Discard { return &Discard{} }

// NewLocal implements operators.Sink.
func (*Discard) NewLocal(*operators.Task) (operators.SinkLocal, error) { return discardLocal{}, nil }

// Finalize implements operators.Sink.
func (*Discard) Finalize(context.Context) error { return nil }

// Close implements operators.Sink.
func (*Discard) Close() {}

type discardLocal struct{}

func (discardLocal) Push(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}
func (discardLocal) EndBatch(context.Context) error { return nil }
func (discardLocal) Combine(context.Context) error  { return nil }
func (discardLocal) Close()                         {}
