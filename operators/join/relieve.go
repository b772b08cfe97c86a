package join

import (
	"context"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/rowset"
)

var (
	_ operators.Reliever = (*buildLocal)(nil)
	_ operators.Reliever = (*probeLocal)(nil)
)

// Relieve implements operators.Reliever.
func (l *buildLocal) Relieve(ctx context.Context) error { return l.attends.relieve(ctx, l.w) }

// Relieve implements operators.Reliever.
func (l *probeLocal) Relieve(ctx context.Context) error { return l.attends.relieve(ctx, l.aside) }

// relieve is look for a worker that waits: however little it has is given.
func (a *attendant) relieve(ctx context.Context, w *rowset.Writer) error {
	if a.mem == nil || a.mem.Wanted() <= 0 || w == nil || w.Bytes() == 0 {
		return nil
	}
	_, err := w.Spill(ctx, a.mem.Wanted())
	return err
}
