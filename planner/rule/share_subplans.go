package rule

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
)

// When parts of a plan are shared: it must save this much work in all (about
// nanoseconds of one thread), and this part of what computing all of them takes.
const (
	leastSaved = 200_000
	savedPart  = 0.2
	// probedAnyway is the part of a subplan's work that a join above cannot save
	// it by filters on its scans: they look at the keys of all rows.
	probedAnyway = 0.3
	// maxShared bounds how often the rule looks for more to share.
	maxShared = 32
)

// shareSubplans computes once what a plan computes several times: equal parts of
// it become one common table expression.
//
//	(γ[a; sum(b)](t) ⋈ …) … γ[max(s)](γ[a; sum(b) s](t))
//	  →  WITH shared AS (γ[a; sum(b)](t)) (shared ⋈ …) … γ[max(s)](shared)
//
// Parts are equal as logical.Same has it: numbers and order of columns and of
// conditions do not matter, and a part may want fewer columns.
//
// It is done where it saves work: keeping the rows and reading them again has to
// cost less than computing them again. That is estimated, and it counts that a
// join above may save a part most of its work, since what it looks for is a
// filter for the scans below, but not for a common table expression.
//
// Refused: volatile functions, samples, and what is within a recursive term,
// which changes from round to round. Rows that a LIMIT takes as they come are
// not computed for it beyond what it wants.
func shareSubplans(c *Context, root logical.Node) (logical.Node, error) {
	for i := 0; i < maxShared; i++ {
		s := &sharer{c: c, w: newWorker(c, root), byShape: map[string][]*part{}, shapeOf: map[logical.Node]string{}}
		s.gather(root, nil)
		next := s.share(root)
		if next == nil {
			break
		}
		root = next
	}
	return root, nil
}

type sharer struct {
	c       *Context
	w       *worker
	shapes  []string
	byShape map[string][]*part
	shapeOf map[logical.Node]string
}

// part is a subtree of the plan.
type part struct {
	node  logical.Node
	above []logical.Node // from the root
	size  int
}

// gather notes the parts below n by shape, and returns n's shape and size.
func (s *sharer) gather(n logical.Node, above []logical.Node) (shape string, size int) {
	var b strings.Builder
	fmt.Fprintf(&b, "%T", n)
	size = 1
	switch n := n.(type) {
	case *logical.Scan:
		fmt.Fprintf(&b, "%p %d", n.Table, len(n.Filters))
	case *logical.Recursive, *logical.Sample:
		shape = fmt.Sprintf("%p", n)
		s.shapeOf[n] = shape
		return shape, 1
	case *logical.Filter:
		fmt.Fprintf(&b, "%d", len(n.Conds))
	case *logical.Join:
		fmt.Fprintf(&b, "%d %d", n.Kind, len(n.On))
	case *logical.Aggregate:
		fmt.Fprintf(&b, "%d %d", len(n.Groups), len(n.Omit))
	case *logical.CTERef:
		fmt.Fprintf(&b, "%d", n.ID)
	}
	below := append(above[:len(above):len(above)], n)
	var inputs []string
	for _, c := range n.Children() {
		k, m := s.gather(c, below)
		inputs = append(inputs, k)
		size += m
	}
	if block := logical.InnerBlock(n); block != nil {
		inputs = inputs[:0]
		for _, r := range block.Relations {
			inputs = append(inputs, s.shapeOf[r])
		}
		slices.Sort(inputs)
		b.Reset()
		fmt.Fprintf(&b, "joins %d", len(block.Conds))
	}
	b.WriteString("(" + strings.Join(inputs, " ") + ")")
	h := fnv.New64a()
	h.Write([]byte(b.String()))
	shape = strconv.FormatUint(h.Sum64(), 36) // equal ones are compared anyway
	s.shapeOf[n] = shape
	if shareable(n) {
		if s.byShape[shape] == nil {
			s.shapes = append(s.shapes, shape)
		}
		s.byShape[shape] = append(s.byShape[shape], &part{n, above, size})
	}
	return shape, size
}

// shareable reports whether rows of n may be worth keeping: there are, or may
// be, fewer than were read for them.
func shareable(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate, *logical.Window, *logical.TopN, *logical.SetOp:
		return true
	case *logical.Join:
		return true
	case *logical.Filter:
		return shareable(n.Input)
	case *logical.Project:
		return shareable(n.Input)
	case *logical.Limit:
		return shareable(n.Input)
	}
	return false
}

// share replaces the largest parts that are worth it; nil: there are none.
func (s *sharer) share(root logical.Node) logical.Node {
	slices.SortStableFunc(s.shapes, func(a, b string) int { return cmp.Compare(s.byShape[b][0].size, s.byShape[a][0].size) })
	for _, shape := range s.shapes {
		parts := s.byShape[shape]
		if len(parts) < 2 {
			continue
		}
		// The one with the most columns first: it may do for others.
		slices.SortStableFunc(parts, func(a, b *part) int { return cmp.Compare(len(b.node.Columns()), len(a.node.Columns())) })
		done := make([]bool, len(parts))
		for i, p := range parts {
			if done[i] {
				continue
			}
			uses, ids := []*part{p}, []map[logical.ColID]logical.ColID{nil}
			for k := i + 1; k < len(parts); k++ {
				if m, ok := logical.Same(p.node, parts[k].node); ok {
					uses, ids = append(uses, parts[k]), append(ids, m)
					done[k] = true
				}
			}
			if len(uses) > 1 && s.pays(uses) {
				return s.replace(root, uses, ids)
			}
		}
	}
	return nil
}

// pays reports whether computing the parts once is less work.
func (s *sharer) pays(uses []*part) bool {
	n := uses[0].node
	work := s.w.of(n)
	shared, apart := work+s.w.keep(n), 0.0
	for _, u := range uses {
		if streams(u.node) && limited(u) {
			return false
		}
		shared += s.w.read(u.node)
		apart += s.w.of(u.node) * (probedAnyway + (1-probedAnyway)*s.wanted(u))
	}
	return apart-shared > max(leastSaved, savedPart*apart)
}

// streams reports whether n gives its first rows before it has read all of its
// input.
func streams(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Filter, *logical.Project, *logical.Join, *logical.Limit:
		return streams(n.Children()[0])
	case *logical.SetOp:
		return n.All
	case *logical.Scan, *logical.CTERef, *logical.Values, *logical.Unnest:
		return true
	}
	return false
}

// limited reports whether a LIMIT may end u before it has given all rows.
func limited(u *part) bool {
	n := u.node
	for i := len(u.above) - 1; i >= 0; i-- {
		switch a := u.above[i].(type) {
		case *logical.Limit:
			return true
		case *logical.Filter, *logical.Project, *logical.Unnest:
		case *logical.Join:
			if a.Right == n {
				return false // a build side is read to its end
			}
		case *logical.SetOp:
			if !a.All || a.Kind != logical.Union {
				return false
			}
		default:
			return false
		}
		n = u.above[i]
	}
	return false
}

// wanted estimates which part of u's rows the joins above have partners for,
// as far as they could tell its scans.
func (s *sharer) wanted(u *part) float64 {
	part := 1.0
	at := map[logical.ColID]logical.ColID{} // columns above that are columns of u
	for _, c := range u.node.Columns() {
		if fromScan(u.node, c.ID) {
			at[c.ID] = c.ID
		}
	}
	n := u.node
	for i := len(u.above) - 1; i >= 0 && len(at) > 0; i-- {
		switch a := u.above[i].(type) {
		case *logical.Filter, *logical.Sort:
		case *logical.Project:
			next := map[logical.ColID]logical.ColID{}
			for k, e := range a.Exprs {
				if c, ok := e.(*logical.Column); ok {
					if id, ok := at[c.ID]; ok {
						next[a.Cols[k].ID] = id
					}
				}
			}
			at = next
		case *logical.Aggregate:
			next := map[logical.ColID]logical.ColID{}
			for k, e := range a.Groups {
				if c, ok := e.(*logical.Column); ok && a.Omit == nil {
					if id, ok := at[c.ID]; ok {
						next[a.GroupCols[k].ID] = id
					}
				}
			}
			at = next
		case *logical.Join:
			other := a.Right
			if other == n {
				other = a.Left
			}
			cuts := a.Kind == logical.Inner || a.Kind == logical.Semi ||
				other == a.Left && (a.Kind == logical.Left || a.Kind == logical.Single || a.Kind == logical.Mark || a.Kind == logical.Anti)
			if cuts {
				part = min(part, s.matched(n, other, a.On, at))
			}
		default:
			return part
		}
		n = u.above[i]
	}
	return part
}

// matched is the part of n's rows that have a partner in other by a column of at.
func (s *sharer) matched(n, other logical.Node, on []logical.Expr, at map[logical.ColID]logical.ColID) float64 {
	var keys []logical.Expr
	for _, e := range on {
		k, ok := e.(*logical.Compare)
		if !ok || k.Op != logical.Eq {
			continue
		}
		for _, k := range []*logical.Compare{{Op: k.Op, Left: k.Left, Right: k.Right}, {Op: k.Op, Left: k.Right, Right: k.Left}} {
			own, ok := k.Left.(*logical.Column)
			if !ok {
				continue
			}
			if _, ok := at[own.ID]; !ok {
				continue
			}
			for {
				c, ok := k.Right.(*logical.Cast)
				if !ok {
					break
				}
				k.Right = c.Arg
			}
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return 1
	}
	return cardinality.Matched(s.c.Estimates.Node(n), s.c.Estimates.Node(other), keys)
}

// fromScan reports whether column id of n is a column of a scan below through
// which a filter could pass.
func fromScan(n logical.Node, id logical.ColID) bool {
	switch n := n.(type) {
	case *logical.Scan:
		return true
	case *logical.Filter:
		return fromScan(n.Input, id)
	case *logical.Project:
		for i, c := range n.Cols {
			if ref, ok := n.Exprs[i].(*logical.Column); ok && c.ID == id {
				return fromScan(n.Input, ref.ID)
			}
		}
	case *logical.Aggregate:
		for i, c := range n.GroupCols {
			if ref, ok := n.Groups[i].(*logical.Column); ok && c.ID == id && n.Omit == nil {
				return fromScan(n.Input, ref.ID)
			}
		}
	case *logical.Join:
		for _, c := range n.Children() {
			if logical.Produced(c)[id] {
				return fromScan(c, id)
			}
		}
	case *logical.SetOp:
		for i, c := range n.Cols {
			if c.ID == id && n.Kind == logical.Union {
				for k := range n.Inputs {
					if !fromScan(n.Inputs[k], n.In[k][i]) {
						return false
					}
				}
				return true
			}
		}
	}
	return false
}

// replace makes the first part the definition of a common table expression that
// all read. ids tells which of its columns those of the others are.
func (s *sharer) replace(root logical.Node, uses []*part, ids []map[logical.ColID]logical.ColID) logical.Node {
	first := uses[0].node
	def, renamed := logical.Clone(first, s.c.newID)
	cte := &logical.CTE{ID: s.nextCTE(root), Name: "shared", Def: def}
	cols := first.Columns()
	for _, c := range cols {
		cte.DefOut = append(cte.DefOut, renamed[c.ID])
	}
	cte.Name = fmt.Sprintf("shared%d", cte.ID)
	refs := map[logical.Node]logical.Node{}
	for i, u := range uses {
		refs[u.node] = s.ref(cte, cols, u.node, ids[i])
	}
	// What the definition reads has to be in sight of it: right below the
	// innermost common table expression that it refers to.
	free := freeRefs(first)
	var scope *logical.CTE
	for _, n := range uses[0].above {
		if x, ok := n.(*logical.CTE); ok && free[x.ID] {
			scope = x
		}
	}
	var put func(n logical.Node) logical.Node
	put = func(n logical.Node) logical.Node {
		if r := refs[n]; r != nil {
			return r
		}
		m := logical.MapChildren(n, put)
		if n == logical.Node(scope) {
			x := *m.(*logical.CTE)
			cte.Body = x.Body
			x.Body = cte
			return &x
		}
		return m
	}
	out := put(root)
	if scope == nil {
		cte.Body = out
		out = cte
	}
	return out
}

// ref reads cte in the place of n, whose columns are the definition's cols as
// ids has it; nil: they are these columns.
func (s *sharer) ref(cte *logical.CTE, cols []logical.Column, n logical.Node, ids map[logical.ColID]logical.ColID) logical.Node {
	r := &logical.CTERef{ID: cte.ID, Name: cte.Name, Cols: make([]logical.Column, len(cols))}
	at := map[logical.ColID]int{}
	for i, c := range cols {
		at[c.ID] = i
	}
	var doubled []int // columns of n that are the same as earlier ones
	produced := n.Columns()
	for k, c := range produced {
		i := at[c.ID]
		if ids != nil {
			i = at[ids[c.ID]]
		}
		if r.Cols[i].ID == 0 {
			r.Cols[i] = c
		} else {
			doubled = append(doubled, k)
		}
	}
	for i := range r.Cols {
		if r.Cols[i].ID == 0 {
			r.Cols[i] = s.c.NewCol(cols[i].Name, cols[i].Typ)
		}
	}
	if len(doubled) == 0 {
		return r
	}
	p := &logical.Project{Input: r}
	for k, c := range produced {
		from := c
		if slices.Contains(doubled, k) {
			from = r.Cols[at[ids[c.ID]]]
		}
		p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, logical.Ref(from))
	}
	return p
}

// nextCTE returns a number that no common table expression has.
func (s *sharer) nextCTE(root logical.Node) int {
	most := 0
	logical.WalkNodes(root, func(n logical.Node) bool {
		switch n := n.(type) {
		case *logical.CTE:
			most = max(most, n.ID)
		case *logical.Recursive:
			most = max(most, n.ID, n.Total)
		}
		return true
	})
	return most + 1
}

// freeRefs are the common table expressions that n reads and does not define.
func freeRefs(n logical.Node) map[int]bool {
	free, own := map[int]bool{}, map[int]bool{}
	logical.WalkNodes(n, func(n logical.Node) bool {
		switch n := n.(type) {
		case *logical.CTE:
			own[n.ID] = true
		case *logical.CTERef:
			free[n.ID] = true
		}
		return true
	})
	for id := range own {
		delete(free, id)
	}
	return free
}
