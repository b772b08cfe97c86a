package physical

import (
	"slices"

	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

var joinKinds = map[logical.JoinKind]join.Kind{
	logical.Inner: join.Inner, logical.Cross: join.Inner, logical.Left: join.Left, logical.Right: join.Right,
	logical.Full: join.Full, logical.Semi: join.Semi, logical.Anti: join.Anti, logical.NullAnti: join.NullAnti,
	logical.Single: join.Single, logical.Mark: join.Mark,
}

// join lowers a join to a build pipeline over the right side and a probe
// operator in the left side's stream.
func (b *builder) join(n *logical.Join, need map[logical.ColID]bool) (*stream, error) {
	lcols, rcols := logical.Produced(n.Left), logical.Produced(n.Right)
	var lkeys, rkeys, rest []logical.Expr
	var nullSafe []bool
	for _, c := range n.On {
		l, r, safe, ok := equiKey(c, lcols, rcols)
		if !ok {
			rest = append(rest, c)
			continue
		}
		lkeys, rkeys, nullSafe = append(lkeys, l), append(rkeys, r), append(nullSafe, safe)
	}
	inputs := with(need, rest...)
	left, err := b.node(n.Left, only(with(inputs, lkeys...), lcols))
	if err != nil {
		return nil, err
	}
	right, err := b.node(n.Right, only(with(inputs, rkeys...), rcols))
	if err != nil {
		return nil, err
	}
	spec := &join.Spec{Kind: joinKinds[n.Kind], NullSafe: nullSafe}
	if spec.ProbeKeys, err = b.columns(left, lkeys, inputs); err != nil {
		return nil, err
	}
	if spec.BuildKeys, err = b.columns(right, rkeys, inputs); err != nil {
		return nil, err
	}
	spec.ProbeTypes, spec.BuildTypes = left.types, right.types
	if len(rest) > 0 {
		spec.Residual, err = lower(logical.AndOf(rest), func(id logical.ColID) (int, error) {
			if p, ok := left.pos[id]; ok {
				return p, nil
			}
			p, err := right.position(id)
			return len(left.types) + p, err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, c := range rest {
		for id := range logical.ColumnsOf(c) {
			if p, ok := left.pos[id]; ok {
				spec.ResidualCols = append(spec.ResidualCols, p)
			} else if p, ok := right.pos[id]; ok {
				spec.ResidualCols = append(spec.ResidualCols, len(left.types)+p)
			}
		}
	}
	slices.Sort(spec.ResidualCols)
	spec.ResidualCols = slices.Compact(spec.ResidualCols)
	spec.BuildRowsHint = int64(b.est.Node(n.Right).Rows)
	out := outputs{need: need, pos: map[logical.ColID]int{}}
	spec.ProbeOut = out.take(left)
	switch n.Kind {
	case logical.Semi, logical.Anti, logical.NullAnti:
	case logical.Mark:
		out.pos[n.MarkCol.ID] = len(out.types)
		out.types = append(out.types, types.Of(types.Boolean))
	default:
		spec.BuildOut = out.take(right)
	}
	build, err := join.NewBuild(b.env, spec)
	if err != nil {
		return nil, err
	}
	fill, _ := b.breaker(right, "join build", build)
	b.pushFilters(n, left, build, lkeys, nullSafe)
	probe := build.Probe()
	m := b.measure(n, left.add(probe))
	m.Extra = func() []string { return build.Describe() }
	left.deps = append(left.deps, fill)
	left.types, left.pos = out.types, out.pos
	left.single = false
	if n.Kind == logical.Right || n.Kind == logical.Full {
		// A row dropped in the scan would come back without its partner.
		left.scan = nil
	}
	return left, nil
}

const (
	// worthwhile is the greatest share of probe rows that may be expected to
	// find a partner for a filter in the scan to pay.
	worthwhile = 0.7
	// cheapFilter is how many probe rows for a build row make a filter cost
	// nothing that counts, should the expectation be wrong.
	cheapFilter = 16
)

// pushFilters lets the scan that feeds the probe side drop rows whose key the
// build side does not have, where such rows are dropped anyway and there are
// enough of them. A build side without rows ends the scan before it begins.
func (b *builder) pushFilters(n *logical.Join, left *stream, build *join.Build, lkeys []logical.Expr, nullSafe []bool) {
	switch n.Kind {
	case logical.Inner, logical.Semi, logical.Right:
	default:
		return
	}
	if left.scan == nil {
		return
	}
	left.scan.builds = append(left.scan.builds, build)
	l, r := b.est.Node(n.Left), b.est.Node(n.Right)
	if cardinality.Matched(l, r, n.On) > worthwhile && r.Rows*cheapFilter > l.Rows {
		return
	}
	for k, e := range lkeys {
		c, ok := e.(*logical.Column)
		if !ok || nullSafe[k] {
			continue
		}
		if ord, ok := left.origin[c.ID]; ok {
			left.scan.filters = append(left.scan.filters, joinFilter{build: build, key: k, column: ord})
		}
	}
}

// outputs collects the columns that leave a join.
type outputs struct {
	need  map[logical.ColID]bool
	types []types.Type
	pos   map[logical.ColID]int
}

// take adds the needed columns of s and returns where they are in it.
func (o *outputs) take(s *stream) []int {
	var at []int
	placed := map[int]int{}
	for _, id := range s.columnIDs() {
		p := s.pos[id]
		if !o.need[id] {
			continue
		}
		to, ok := placed[p]
		if !ok {
			to = len(o.types)
			placed[p] = to
			at = append(at, p)
			o.types = append(o.types, s.types[p])
		}
		o.pos[id] = to
	}
	return at
}

func only(need, cols map[logical.ColID]bool) map[logical.ColID]bool {
	out := map[logical.ColID]bool{}
	for id := range need {
		if cols[id] {
			out[id] = true
		}
	}
	return out
}

// equiKey splits an equality between the two sides.
func equiKey(c logical.Expr, lcols, rcols map[logical.ColID]bool) (l, r logical.Expr, safe, ok bool) {
	cmp, isCmp := c.(*logical.Compare)
	if !isCmp || cmp.Op != logical.Eq && cmp.Op != logical.NotDistinct {
		return nil, nil, false, false
	}
	sides := func(x, y logical.Expr) bool {
		return len(logical.ColumnsOf(x)) > 0 && len(logical.ColumnsOf(y)) > 0 &&
			logical.RefersOnly(x, lcols) && logical.RefersOnly(y, rcols)
	}
	safe = cmp.Op == logical.NotDistinct
	switch {
	case sides(cmp.Left, cmp.Right):
		return cmp.Left, cmp.Right, safe, true
	case sides(cmp.Right, cmp.Left):
		return cmp.Right, cmp.Left, safe, true
	}
	return nil, nil, false, false
}
