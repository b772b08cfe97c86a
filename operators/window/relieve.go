package window

import (
	"context"

	"github.com/gannetdb/gannet/operators"
)

var _ operators.Reliever = (*local)(nil)

// Relieve implements operators.Reliever.
func (l *local) Relieve(ctx context.Context) error {
	n := l.w.mem.Wanted()
	if !l.attends || n <= 0 || l.out.Bytes() == 0 {
		return nil
	}
	if err := l.divide(ctx, nil, 0); err != nil {
		return err
	}
	_, err := l.out.Spill(ctx, n)
	return err
}
