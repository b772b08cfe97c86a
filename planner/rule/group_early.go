package rule

import (
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/planner/logical"
)

// When rows are grouped before they are joined: there are at least earlyRows of
// them, there are at most so many such groups for each of the rows and for each
// of the groups in the end, and it takes at most this part of the work. A join
// that keeps less than earlyKept of the rows had better come first.
const (
	earlyRows     = 50_000
	earlyRowsPer  = 3
	earlyPerGroup = 8
	earlyPart     = 0.75
	earlyKept     = 0.5
	// workText is what a text among the keys costs a row, beyond workPart.
	workText = 15
)

// groupEarly groups rows by the key of a join before it, if the other side only
// has columns to group by:
//
//	γ[c.name, t.y; sum(t.x)](t ⋈[t.k = c.k] c)
//	  →  γ[c.name, y; sum(s)](γ[k, y; sum(x) s](t) ⋈[k = c.k] c)
//
// A row of c meets the sum of what it would have met, so that it does not matter
// whether its key is unique. The groups in the end are by few rows, and the join
// has few rows to look up.
//
// Refused: grouping sets, whose rows group_twice groups by all keys; aggregates
// that cannot be had from those of parts, DISTINCT and ORDER BY among them;
// expressions that may fail, since they would meet rows without a partner; and
// joins by anything but equal columns.
func groupEarly(c *Context, root logical.Node) (logical.Node, error) {
	c.Estimates.Node(root)
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok || len(a.Groups) == 0 || a.Omit != nil {
			return n
		}
		b := logical.InnerBlock(a.Input)
		if b == nil || c.Estimates.Node(a.Input).Rows < earlyRows {
			return n
		}
		e := &early{c: c, a: a, block: b}
		if !e.prepare() {
			return n
		}
		best := logical.Node(nil)
		least := earlyPart
		for i := range b.Relations {
			if m, part := e.try(i); m != nil && part < least {
				best, least = m, part
			}
		}
		if best == nil {
			return n
		}
		return best
	}), nil
}

// early looks for a relation of a block to join after grouping.
type early struct {
	c     *Context
	a     *logical.Aggregate
	block *logical.Block
	cols  []colSet // per relation
	read  colSet   // what the aggregates read
	parts []earlyCall
}

// earlyCall is an aggregate taken to pieces.
type earlyCall struct {
	first []logical.AggCall
	cols  []logical.Column
	whole logical.AggCall
}

// prepare takes the aggregates to pieces; false: that cannot be done.
func (e *early) prepare() bool {
	for _, r := range e.block.Relations {
		e.cols = append(e.cols, logical.Produced(r))
	}
	for _, x := range logical.Exprs(e.a) {
		if logical.HasVolatile(x) || logical.CanFail(x) {
			return false
		}
	}
	for _, x := range e.block.Conds {
		if logical.HasVolatile(x) || logical.HasSubquery(x) {
			return false
		}
	}
	e.read = colSet{}
	for i := range e.a.Aggs {
		call := e.a.Aggs[i]
		first, whole, ok := aggregate.Partials(call.Fn)
		if !ok || call.Distinct || len(call.OrderBy) > 0 {
			return false
		}
		for _, x := range call.Args {
			logical.AddColumns(x, e.read)
		}
		if call.Filter != nil {
			logical.AddColumns(call.Filter, e.read)
		}
		p := earlyCall{whole: logical.AggCall{At: call.At, Fn: whole}}
		for _, fn := range first {
			part := call
			part.Fn = fn
			col := e.c.NewCol(fn.Name, fn.Return)
			p.first, p.cols = append(p.first, part), append(p.cols, col)
			p.whole.Args = append(p.whole.Args, logical.Ref(col))
		}
		e.parts = append(e.parts, p)
	}
	return true
}

// try returns the aggregation with relation d joined after a first grouping, and
// which part of the work that takes; nil when it cannot be done or is not worth it.
func (e *early) try(d int) (logical.Node, float64) {
	for id := range e.cols[d] {
		if e.read[id] {
			return nil, 0
		}
	}
	groups := false
	for _, g := range e.a.Groups {
		groups = groups || logical.RefersAny(g, e.cols[d])
	}
	if !groups {
		return nil, 0
	}
	// The conditions fall into those without d and the keys of its join.
	var inner, on []logical.Expr
	var keys []logical.Column
	for _, x := range e.block.Conds {
		if !logical.RefersAny(x, e.cols[d]) {
			inner = append(inner, x)
			continue
		}
		k, ok := x.(*logical.Compare)
		if !ok || k.Op != logical.Eq {
			return nil, 0
		}
		l, ok1 := k.Left.(*logical.Column)
		r, ok2 := k.Right.(*logical.Column)
		if !ok1 || !ok2 || e.cols[d][l.ID] == e.cols[d][r.ID] {
			return nil, 0
		}
		if e.cols[d][l.ID] {
			l = r
		}
		keys, on = append(keys, *l), append(on, x)
	}
	if len(keys) == 0 || !e.connected(d, inner) {
		return nil, 0
	}
	var input logical.Node
	for i, r := range e.block.Relations {
		switch {
		case i == d:
		case input == nil:
			input = r
		default:
			input = join(logical.Cross, input, r, nil, logical.Column{})
		}
	}
	p := &pusher{c: e.c}
	input = p.push(input, inner, nil)

	pre := &logical.Aggregate{Input: input}
	at := map[logical.ColID]logical.Expr{} // columns below the first grouping to those above
	by := func(x logical.Expr, name string) logical.Expr {
		for i, g := range pre.Groups {
			if logical.Equal(g, x) {
				return logical.Ref(pre.GroupCols[i])
			}
		}
		col := e.c.NewCol(name, x.Type())
		pre.Groups, pre.GroupCols = append(pre.Groups, x), append(pre.GroupCols, col)
		return logical.Ref(col)
	}
	for _, k := range keys {
		at[k.ID] = by(logical.Ref(k), k.Name)
	}
	out := *e.a
	out.Groups, out.Aggs = make([]logical.Expr, len(e.a.Groups)), nil
	for i, g := range e.a.Groups {
		switch {
		case !logical.RefersAny(g, e.cols[d]):
			if len(logical.ColumnsOf(g)) > 0 {
				g = by(g, e.a.GroupCols[i].Name)
			}
		case !logical.RefersOnly(g, e.cols[d]):
			logical.Walk(g, func(x logical.Expr) bool {
				if c, ok := x.(*logical.Column); ok && !e.cols[d][c.ID] {
					at[c.ID] = by(c, c.Name)
				}
				return true
			})
			g = logical.Replace(g, at)
		}
		out.Groups[i] = g
	}
	for _, q := range e.parts {
		pre.Aggs, pre.AggCols = append(pre.Aggs, q.first...), append(pre.AggCols, q.cols...)
		out.Aggs = append(out.Aggs, q.whole)
	}
	part, ok := e.part(pre, d)
	if !ok {
		return nil, 0
	}
	out.Input = p.push(join(logical.Cross, pre, e.block.Relations[d], nil, logical.Column{}), logical.ReplaceAll(on, at), nil)
	return &out, part
}

// connected reports whether conditions join all relations but d.
func (e *early) connected(d int, conds []logical.Expr) bool {
	var todo []int
	seen := make([]bool, len(e.cols))
	seen[d] = true
	left := len(e.cols) - 1
	visit := func(i int) {
		if !seen[i] {
			seen[i] = true
			left--
			todo = append(todo, i)
		}
	}
	visit((d + 1) % len(e.cols))
	for len(todo) > 0 {
		i := todo[0]
		todo = todo[1:]
		for _, x := range conds {
			if !logical.RefersAny(x, e.cols[i]) {
				continue
			}
			for j := range e.cols {
				if logical.RefersAny(x, e.cols[j]) {
					visit(j)
				}
			}
		}
	}
	return left == 0
}

// part estimates which part of the work, of the last join and of what is grouped,
// it takes to group by pre first; false: it is not worth it.
func (e *early) part(pre *logical.Aggregate, d int) (float64, bool) {
	est := e.c.Estimates
	in := est.Node(pre.Input)
	joined, groups, dim := est.Node(e.a.Input).Rows, est.Node(e.a).Rows, est.Node(e.block.Relations[d]).Rows
	between := in.Groups(pre.Groups)
	if in.Rows < earlyRows || between*earlyRowsPer > in.Rows || between > groups*earlyPerGroup || joined < in.Rows*earlyKept {
		return 0, false
	}
	lookUp := func(rows float64) float64 { return min(rows, dim)*workBuild + max(rows, dim)*workProbe }
	before := lookUp(in.Rows) + joined*keysWork(e.a)
	after := in.Rows*keysWork(pre) + lookUp(between) + between*joined/in.Rows*keysWork(e.a)
	return after / before, true
}

// keysWork is the work of grouping a row.
func keysWork(a *logical.Aggregate) float64 {
	w := float64(workGroup + workPart*(len(a.Groups)+len(a.Aggs)))
	for _, g := range a.Groups {
		if g.Type().IsString() {
			w += workText
		}
	}
	return w
}
