package cardinality

import (
	"math"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// Guesses for conditions about which statistics say nothing.
const (
	guessRange    = 1.0 / 3
	guessLike     = 0.1
	guessEquality = 0.05
	guessOther    = 0.25
)

// Apply returns s after the conjuncts were applied to it. s is not changed.
func Apply(s *Stats, conds []logical.Expr) *Stats {
	if len(conds) == 0 {
		return s
	}
	out := &Stats{Rows: s.Rows, Base: s.Base, Cols: make(map[logical.ColID]Column, len(s.Cols))}
	for id, c := range s.Cols {
		out.Cols[id] = c
	}
	var rest []logical.Expr
	ranges := map[logical.ColID]*interval{}
	for _, e := range conds {
		if id, iv, ok := asRange(e); ok {
			if ranges[id] == nil {
				ranges[id] = &interval{lo: math.Inf(-1), hi: math.Inf(1)}
			}
			ranges[id].intersect(iv)
			continue
		}
		rest = append(rest, e)
	}
	sels := out.each(rest, true)
	for id, iv := range ranges {
		sels = append(sels, out.rangeOf(id, iv))
	}
	f := combine(sels)
	if s.Rows > 0 {
		out.Rows = max(1, s.Rows*f)
	}
	return out
}

// combine multiplies selectivities with backoff: the most selective counts in
// full, the second by its square root, and so on.
func combine(sels []float64) float64 {
	slices.Sort(sels)
	f, exp := 1.0, 1.0
	for _, s := range sels {
		f *= math.Pow(max(s, 0), exp)
		exp /= 2
		if exp < 0.1 {
			break
		}
	}
	return f
}

// interval is a range of numbers that conditions leave of a column.
type interval struct{ lo, hi float64 }

func (i *interval) intersect(o interval) {
	i.lo, i.hi = max(i.lo, o.lo), min(i.hi, o.hi)
}

// asRange recognises column < constant and the like.
func asRange(e logical.Expr) (id logical.ColID, iv interval, ok bool) {
	c, isCmp := e.(*logical.Compare)
	if !isCmp {
		return 0, iv, false
	}
	col, isCol := c.Left.(*logical.Column)
	k, isConst := c.Right.(*logical.Const)
	if !isCol || !isConst {
		return 0, iv, false
	}
	x, isNum := number(k.Value)
	if !isNum {
		return 0, iv, false
	}
	iv = interval{lo: math.Inf(-1), hi: math.Inf(1)}
	switch c.Op {
	case logical.Lt, logical.Le:
		iv.hi = x
	case logical.Gt, logical.Ge:
		iv.lo = x
	default:
		return 0, iv, false
	}
	return col.ID, iv, true
}

// rangeOf is the fraction of a column's values within iv; the column's domain
// shrinks with it.
func (s *Stats) rangeOf(id logical.ColID, iv *interval) float64 {
	c, ok := s.Cols[id]
	if !ok || !c.Bounded {
		f := guessRange
		if !math.IsInf(iv.lo, 0) && !math.IsInf(iv.hi, 0) {
			f = guessRange / 2
		}
		return f
	}
	lo, hi := max(iv.lo, c.Lo), min(iv.hi, c.Hi)
	var f float64
	switch {
	case lo > hi:
		f = 0
	case c.Hi == c.Lo:
		f = 1
	default:
		f = (hi - lo) / (c.Hi - c.Lo)
		f = max(f, 1/max(c.NDV, 1))
	}
	c.NDV = max(1, c.NDV*f)
	if lo <= hi {
		c.Lo, c.Hi = lo, hi
	}
	f *= 1 - c.Nulls
	c.Nulls = 0
	s.Cols[id] = c
	return f
}

// narrow cuts down the domain of a column that a condition fixes.
func (s *Stats) narrow(e logical.Expr) {
	set := func(x logical.Expr, n float64) {
		if col, ok := x.(*logical.Column); ok {
			if c, ok := s.Cols[col.ID]; ok {
				c.NDV = max(1, min(c.NDV, n))
				c.Nulls = 0
				s.Cols[col.ID] = c
			}
		}
	}
	switch e := e.(type) {
	case *logical.Compare:
		if _, ok := e.Right.(*logical.Const); ok && e.Op == logical.Eq {
			set(e.Left, 1)
		}
	case *logical.In:
		if !e.Negated {
			set(e.Arg, float64(len(e.List)))
		}
	case *logical.Call, *logical.Not:
		if ids := logical.ColumnsOf(e); len(ids) == 1 {
			for id := range ids {
				if c, ok := s.Cols[id]; ok {
					c.NDV = max(1, c.NDV*s.selectivity(e))
					s.Cols[id] = c
				}
			}
		}
	}
}

// ndvOf is the number of distinct values that e takes.
func (s *Stats) ndvOf(e logical.Expr) float64 {
	switch e := e.(type) {
	case *logical.Column:
		return s.domain(e.ID)
	case *logical.Const, *logical.Param:
		return 1
	case *logical.Cast:
		return s.ndvOf(e.Arg)
	case *logical.Call:
		if n, ok := s.datePart(e); ok {
			return n
		}
	case *logical.Case:
		n := 1.0
		for _, w := range e.Whens {
			n += s.ndvOf(w.Then)
		}
		return min(n+s.ndvOf(e.Else), max(1, s.Rows))
	}
	if e.Type().ID == types.Boolean {
		return 2
	}
	n := 1.0
	for id := range logical.ColumnsOf(e) {
		n *= s.domain(id)
	}
	if _, ok := e.(*logical.Call); ok && e.Type().IsString() {
		n = math.Pow(n, 0.6) // substring and the like: fewer than their argument
	}
	return max(1, min(n, s.Rows))
}

// datePart bounds year(d) and the like by the span of d.
func (s *Stats) datePart(e *logical.Call) (float64, bool) {
	part, arg := e.Fn.Name, logical.Expr(nil)
	switch {
	case len(e.Args) == 2 && (part == "date_part" || part == "date_trunc"):
		k, ok := e.Args[0].(*logical.Const)
		if !ok {
			return 0, false
		}
		part, arg = strings.ToLower(k.Value.S), e.Args[1]
	case len(e.Args) == 1:
		arg = e.Args[0]
	}
	days := map[string]float64{"year": 365, "quarter": 91, "month": 30, "week": 7, "day": 1}[part]
	if days == 0 || arg == nil {
		return 0, false
	}
	if c, ok := arg.(*logical.Cast); ok {
		arg = c.Arg
	}
	col, ok := arg.(*logical.Column)
	if !ok {
		return 0, false
	}
	c, ok := s.Cols[col.ID]
	if !ok || !c.Bounded {
		return min(s.domain(col.ID), 100), true
	}
	span := c.Hi - c.Lo
	if col.Typ.ID != types.Date {
		span /= 86400e6
	}
	n := span/days + 1
	switch {
	case e.Fn.Name == "date_trunc":
	case part == "month":
		n = min(n, 12)
	case part == "quarter":
		n = min(n, 4)
	case part == "day":
		n = min(n, 31)
	}
	return max(1, min(n, s.domain(col.ID))), true
}

// nulls is the fraction of rows in which e is NULL.
func (s *Stats) nulls(e logical.Expr) float64 {
	if c, ok := e.(*logical.Column); ok {
		return s.Cols[c.ID].Nulls
	}
	return 0
}

// selectivity is the fraction of rows that a condition keeps.
func (s *Stats) selectivity(e logical.Expr) float64 {
	clamp := func(f float64) float64 { return min(1, max(f, 1e-9)) }
	switch e := e.(type) {
	case *logical.Const:
		if e.Value.IsNull || e.Value.I == 0 {
			return 0
		}
		return 1
	case *logical.Compare:
		return clamp(s.compare(e))
	case *logical.In:
		if e.Arg == nil {
			return guessOther
		}
		f := clamp(float64(len(e.List)) / s.ndvOf(e.Arg))
		if e.Negated {
			return clamp(1 - f)
		}
		return f
	case *logical.And:
		return clamp(combineApart(s, e.Args))
	case *logical.Or:
		miss := 1.0
		for _, a := range e.Args {
			miss *= 1 - s.selectivity(a)
		}
		return clamp(1 - miss)
	case *logical.Not:
		return clamp(1 - s.selectivity(e.Arg))
	case *logical.IsNull:
		f := s.nulls(e.Arg)
		if e.Negated {
			return clamp(1 - f)
		}
		return clamp(max(f, 0.001))
	case *logical.Call:
		switch e.Fn.Name {
		case "~~", "~~*", "~~~", "like_escape", "ilike_escape", "contains", "starts_with", "suffix", "ends_with", "prefix",
			"regexp_matches", "regexp_full_match":
			return guessLike
		}
	case *logical.Column:
		return 0.5
	}
	return guessOther
}

// combineApart is the selectivity of a conjunction within another condition.
func combineApart(s *Stats, args []logical.Expr) float64 {
	t := Apply(&Stats{Rows: 1e9, Base: 1e9, Cols: s.Cols}, args)
	return t.Rows / 1e9
}

func (s *Stats) compare(e *logical.Compare) float64 {
	if id, iv, ok := asRange(e); ok {
		t := &Stats{Rows: s.Rows, Cols: map[logical.ColID]Column{}}
		if c, known := s.Cols[id]; known {
			t.Cols[id] = c
		}
		return t.rangeOf(id, &iv)
	}
	switch e.Op {
	case logical.Eq, logical.NotDistinct:
		if k, ok := e.Right.(*logical.Const); ok {
			if col, ok := e.Left.(*logical.Column); ok {
				if c := s.Cols[col.ID]; c.Bounded {
					if x, ok := number(k.Value); ok && (x < c.Lo || x > c.Hi) {
						return 0
					}
				}
			}
			return (1 - s.nulls(e.Left)) / s.ndvOf(e.Left)
		}
		if _, ok := e.Right.(*logical.Param); ok {
			return 1 / s.ndvOf(e.Left)
		}
		return 1 / max(s.ndvOf(e.Left), s.ndvOf(e.Right))
	case logical.Ne, logical.Distinct:
		return 1 - 1/max(2, s.ndvOf(e.Left))
	}
	return guessRange
}
