package agg

import (
	"context"

	"github.com/gannetdb/gannet/operators"
)

var _ operators.Reliever = (*local)(nil)

// Relieve implements operators.Reliever.
func (l *local) Relieve(ctx context.Context) error {
	for _, d := range l.distinct {
		if err := d.local.Relieve(ctx); err != nil {
			return err
		}
	}
	if !l.attends || l.h.mem.Wanted() <= 0 || l.w.Bytes() == 0 {
		return nil
	}
	return l.makeRoom(ctx, roomPart)
}
