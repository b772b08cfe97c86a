package order

import (
	"context"

	"github.com/gannetdb/gannet/operators"
)

var _ operators.Reliever = (*sortLocal)(nil)

// leastRelief is the least run that a worker writes because it waits: many small
// runs take longer to merge than they are worth.
const leastRelief = leastRun / 4

// Relieve implements operators.Reliever.
func (l *sortLocal) Relieve(ctx context.Context) error {
	if !l.attends || l.w == nil || l.s.space.mem.Wanted() <= 0 || l.w.Bytes() < leastRelief {
		return nil
	}
	return l.spillRun(ctx)
}
