package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/physical"
)

// setVariable sets or forgets a variable of the session. Bound plans hold values,
// not names, so that a change is seen by later statements only.
func (s *Session) setVariable(ctx context.Context, b *bind.SetVariable) error {
	rest := slices.DeleteFunc(slices.Clone(s.variables), func(v bind.Variable) bool { return strings.EqualFold(v.Name, b.Name) })
	if b.Value != nil {
		v, err := physical.Constant(ctx, b.Value, s.functionSession())
		if err != nil {
			return err
		}
		rest = append(rest, bind.Variable{Name: b.Name, Value: v})
		slices.SortFunc(rest, func(x, y bind.Variable) int { return strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) })
	}
	s.variables = rest
	return nil
}
