package cardinality

import "github.com/gannetdb/gannet/planner/logical"

// guessBetween is the selectivity of a range whose bounds are not constants: of
// x > a AND x < b with columns or parameters for a and b. Who asks for both wants
// few values; two inequalities by themselves, each a third, would be a ninth.
const guessBetween = 0.005

// Between reports whether two inequalities bound the same expression from both
// sides: x > a AND x <= b. With constant, a and b are without columns.
func Between(e, f logical.Expr, constant bool) bool {
	x, ok1 := e.(*logical.Compare)
	y, ok2 := f.(*logical.Compare)
	if !ok1 || !ok2 {
		return false
	}
	for _, x := range bounds(x) {
		for _, y := range bounds(y) {
			if constant && len(logical.ColumnsOf(x.by))+len(logical.ColumnsOf(y.by)) > 0 {
				continue
			}
			if x.upper != y.upper && logical.Equal(x.of, y.of) && !logical.Equal(x.by, y.by) && len(logical.ColumnsOf(x.of)) > 0 {
				return true
			}
		}
	}
	return false
}

// bound is one reading of an inequality: of < by, or of > by.
type bound struct {
	of, by logical.Expr
	upper  bool
}

// bounds returns both readings; nothing for what is no inequality.
func bounds(c *logical.Compare) []bound {
	switch c.Op {
	case logical.Lt, logical.Le:
		return []bound{{c.Left, c.Right, true}, {c.Right, c.Left, false}}
	case logical.Gt, logical.Ge:
		return []bound{{c.Left, c.Right, false}, {c.Right, c.Left, true}}
	}
	return nil
}

// each returns the selectivities of the members of a conjunction, one for two that
// are a range, and narrows the columns that they fix. With constant only those
// between values without columns are ranges: a < b AND b < c over columns of one
// table says little.
func (s *Stats) each(conds []logical.Expr, constant bool) []float64 {
	var out []float64
	used := make([]bool, len(conds))
	for i, e := range conds {
		if used[i] {
			continue
		}
		sel := s.selectivity(e)
		for j := i + 1; j < len(conds); j++ {
			if !used[j] && Between(e, conds[j], constant) {
				used[j] = true
				sel = BetweenSelectivity(sel, s.selectivity(conds[j]))
				break
			}
		}
		s.narrow(e)
		out = append(out, sel)
	}
	return out
}

// BetweenSelectivity is the selectivity of a range whose bounds by themselves have
// those given. There are at least the rows that both cannot miss.
func BetweenSelectivity(a, b float64) float64 { return min(a, b, max(guessBetween, a+b-1)) }
