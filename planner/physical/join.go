package physical

import (
	"slices"

	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

var joinKinds = map[logical.JoinKind]join.Kind{
	logical.Inner: join.Inner, logical.Cross: join.Inner, logical.Left: join.Left, logical.Right: join.Right,
	logical.Full: join.Full, logical.Semi: join.Semi, logical.Anti: join.Anti, logical.NullAnti: join.NullAnti,
	logical.Single: join.Single, logical.Mark: join.Mark,
}

// joinParts is a join with its condition taken to pieces.
type joinParts struct {
	kind        join.Kind
	left, right logical.Node
	lkeys       []logical.Expr // equal, pairwise
	rkeys       []logical.Expr
	nullSafe    []bool
	ranges      []rangeKey
	rest        []logical.Expr
	asof, loop  bool
	mark        logical.ColID // 0: none
}

// split takes the equalities out of a condition.
func (j *joinParts) split(on []logical.Expr) {
	lcols, rcols := logical.Produced(j.left), logical.Produced(j.right)
	for _, c := range on {
		l, r, safe, ok := equiKey(c, lcols, rcols)
		if !ok {
			j.rest = append(j.rest, c)
			continue
		}
		j.lkeys, j.rkeys, j.nullSafe = append(j.lkeys, l), append(j.rkeys, r), append(j.nullSafe, safe)
	}
}

// join lowers a join to a build pipeline over the right side and a probe
// operator in the left side's stream.
func (b *builder) join(n *logical.Join, need map[logical.ColID]bool) (*stream, error) {
	j := &joinParts{kind: joinKinds[n.Kind], left: n.Left, right: n.Right, mark: n.MarkCol.ID}
	j.split(n.On)
	if !b.buildFromLeft(n, j) {
		b.chooseRanges(j)
	}
	return b.lowerJoin(n, j, need, func(left *stream, build *join.Build, fill *pipeline.Pipeline) {
		b.pushFilters(j, n.On, left, build, fill)
	})
}

// minTurned is the fewest rows on the right for which a semi or anti join is
// worth turning round: small joins keep the order of the left rows.
const minTurned = 10_000

// buildFromLeft turns a semi or anti join round whose left side is by far the
// smaller one: its rows become the build side, and the right side, into whose
// scan the join's filter then goes, finds out which of them have a match.
func (b *builder) buildFromLeft(n *logical.Join, j *joinParts) bool {
	if j.kind != join.Semi && j.kind != join.Anti || len(j.lkeys) == 0 || inOrder(n.Left) {
		return false
	}
	if b.est.Node(n.Right).Rows < minTurned || b.est.Bytes(n.Right) < 2*b.est.Bytes(n.Left) {
		return false
	}
	turned := joinParts{kind: join.BuildSemi, left: n.Right, right: n.Left}
	if j.kind == join.Anti {
		turned.kind = join.BuildAnti
	}
	turned.split(n.On)
	*j = turned
	return true
}

// inOrder reports whether n's rows come in an order, or are a choice, that the
// query asked for.
func inOrder(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Filter:
		return inOrder(n.Input)
	case *logical.Project:
		return inOrder(n.Input)
	case *logical.Sort, *logical.TopN, *logical.Limit:
		return true
	}
	return false
}

// lowerJoin lowers the join j, which is the plan's node n; ready gets the left
// side's stream before the probe joins it.
func (b *builder) lowerJoin(n logical.Node, j *joinParts, need map[logical.ColID]bool, ready func(left *stream, build *join.Build, fill *pipeline.Pipeline)) (*stream, error) {
	lexprs, rexprs := slices.Clip(j.lkeys), slices.Clip(j.rkeys)
	for _, r := range j.ranges {
		lexprs, rexprs = append(lexprs, r.left), append(rexprs, r.right)
	}
	inputs := with(need, j.rest...)
	left, err := b.node(j.left, only(with(inputs, lexprs...), logical.Produced(j.left)))
	if err != nil {
		return nil, err
	}
	right, err := b.node(j.right, only(with(inputs, rexprs...), logical.Produced(j.right)))
	if err != nil {
		return nil, err
	}
	spec := &join.Spec{Kind: j.kind, NullSafe: j.nullSafe, Asof: j.asof, Loop: j.loop}
	lat, err := b.columns(left, lexprs, inputs)
	if err != nil {
		return nil, err
	}
	rat, err := b.columns(right, rexprs, inputs)
	if err != nil {
		return nil, err
	}
	k := len(j.lkeys)
	spec.ProbeKeys, spec.BuildKeys = lat[:k], rat[:k]
	for i, r := range j.ranges {
		spec.Ranges = append(spec.Ranges, join.Range{Probe: lat[k+i], Build: rat[k+i], Op: r.op, Known: r.known})
	}
	spec.ProbeTypes, spec.BuildTypes = left.types, right.types
	if len(j.rest) > 0 {
		spec.Residual, err = lower(logical.AndOf(j.rest), func(id logical.ColID) (int, error) {
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
	for _, c := range j.rest {
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
	spec.BuildRowsHint = int64(b.est.Node(j.right).Rows)
	out := outputs{need: need, pos: map[logical.ColID]int{}}
	once := j.kind == join.BuildSemi || j.kind == join.BuildAnti
	if !once {
		spec.ProbeOut = out.take(left)
	}
	switch j.kind {
	case join.Semi, join.Anti, join.NullAnti:
	case join.Mark:
		out.pos[j.mark] = len(out.types)
		out.types = append(out.types, types.Of(types.Boolean))
	default:
		spec.BuildOut = out.take(right)
	}
	build, err := join.NewBuild(b.env, spec)
	if err != nil {
		return nil, err
	}
	fill, _ := b.breaker(right, "join build", build)
	ready(left, build, fill)
	probe := build.Probe()
	m := b.measure(n, left.add(probe))
	m.Extra = func() []string {
		st := build.Stats()
		return append(spilled(st.PeakBytes, st.SpilledBytes), build.Describe()...)
	}
	left.deps = append(left.deps, fill)
	left.types, left.pos = out.types, out.pos
	left.single = false
	if j.kind == join.Right || j.kind == join.Full || once {
		// A row dropped in the scan would come back without its partner.
		left.feeds = nil
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

// pushFilters lets the scans that feed the probe side drop rows whose key the
// build side does not have, where such rows are dropped anyway and there are
// enough of them. A build side without rows ends the scan before it begins.
func (b *builder) pushFilters(j *joinParts, on []logical.Expr, left *stream, build *join.Build, fill *pipeline.Pipeline) {
	switch j.kind {
	case join.Inner, join.Semi, join.Right, join.BuildSemi, join.BuildAnti:
	default:
		return
	}
	if len(left.feeds) == 0 {
		return
	}
	l, r := b.est.Node(j.left), b.est.Node(j.right)
	filters := cardinality.Matched(l, r, on) <= worthwhile || r.Rows*cheapFilter <= l.Rows
	for i := range left.feeds {
		left.feeds[i].attach(j, build, fill, filters)
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
