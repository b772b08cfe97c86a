package explain

import (
	"fmt"
	"strings"

	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/logical"
)

// Options say what is shown.
type Options struct {
	// Estimates adds the estimated rows of every node; nil leaves them out.
	Estimates *cardinality.Estimator
	// Note returns further text for a node's line (what EXPLAIN ANALYZE
	// measured); may be nil.
	Note func(logical.Node) string
}

// Tree renders a plan; the last line ends in a newline.
func Tree(p *logical.Plan, o Options) string {
	w := &writer{o: o}
	out := make([]string, len(p.Output))
	cols := map[logical.ColID]string{}
	for _, c := range p.Root.Columns() {
		cols[c.ID] = c.Name
	}
	same := true
	for i, id := range p.Output {
		out[i] = p.Names[i]
		if cols[id] != p.Names[i] {
			out[i] = cols[id] + " AS " + p.Names[i]
			same = false
		}
	}
	if !same {
		fmt.Fprintf(&w.b, "Output %s\n", strings.Join(out, ", "))
	}
	w.node(p.Root, 0)
	return w.b.String()
}

// Node renders the tree under a node.
func Node(n logical.Node, o Options) string {
	w := &writer{o: o}
	w.node(n, 0)
	return w.b.String()
}

type writer struct {
	o Options
	b strings.Builder
}

func (w *writer) node(n logical.Node, depth int) {
	indent := strings.Repeat("  ", depth)
	line := Line(n)
	if w.o.Estimates != nil {
		line += "  ~" + Rows(w.o.Estimates.Node(n).Rows)
	}
	if w.o.Note != nil {
		if s := w.o.Note(n); s != "" {
			line += "  " + s
		}
	}
	w.b.WriteString(indent + line + "\n")
	for _, e := range logical.Exprs(n) {
		logical.Walk(e, func(x logical.Expr) bool {
			if s, ok := x.(*logical.Subquery); ok {
				fmt.Fprintf(&w.b, "%s  subquery%s:\n", indent, correlated(s))
				w.node(s.Plan, depth+2)
			}
			return true
		})
	}
	for _, c := range n.Children() {
		w.node(c, depth+1)
	}
}

func correlated(s *logical.Subquery) string {
	if len(s.Outer) > 0 {
		return " (correlated)"
	}
	return ""
}

// Rows renders an estimated number of rows.
func Rows(r float64) string {
	if r < 1e6 {
		return fmt.Sprintf("%.0f", r)
	}
	return fmt.Sprintf("%.3g", r)
}

// Line describes one node.
func Line(n logical.Node) string {
	switch n := n.(type) {
	case *logical.Scan:
		s := "Scan " + n.Name + columns(n.Columns())
		if len(n.Filters) > 0 {
			s += " filter " + list(n.Filters, " AND ")
		}
		return s
	case *logical.Values:
		return fmt.Sprintf("Values%s %d rows", columns(n.Cols), len(n.Rows))
	case *logical.Filter:
		return "Filter " + list(n.Conds, " AND ")
	case *logical.Project:
		items := make([]string, len(n.Cols))
		for i, c := range n.Cols {
			items[i] = named(logical.String(n.Exprs[i]), c.Name)
		}
		return "Project " + strings.Join(items, ", ")
	case *logical.Join:
		return join(n.Kind, n.On, n.MarkCol)
	case *logical.DependentJoin:
		return "Dependent" + join(n.Kind, n.On, n.MarkCol)
	case *logical.AsofJoin:
		near := &logical.Compare{Op: n.Op, Left: n.NearLeft, Right: n.NearRight}
		return "Asof" + join(n.Kind, append(n.On[:len(n.On):len(n.On)], near), logical.Column{})
	case *logical.PositionalJoin:
		return "PositionalJoin"
	case *logical.Aggregate:
		var aggs []string
		for i := range n.Aggs {
			aggs = append(aggs, named(logical.AggString(&n.Aggs[i]), n.AggCols[i].Name))
		}
		s := "Aggregate"
		if len(n.Aggs) == 0 {
			s = "Distinct"
		}
		if len(n.Groups) > 0 {
			var groups []string
			for i, g := range n.Groups {
				groups = append(groups, named(logical.String(g), n.GroupCols[i].Name))
			}
			s += " by " + strings.Join(groups, ", ")
			if len(n.Omit) > 0 {
				s += fmt.Sprintf(" in %d grouping sets", len(n.Omit))
			}
		}
		if len(aggs) > 0 {
			s += ": " + strings.Join(aggs, ", ")
		}
		return s
	case *logical.Window:
		calls := make([]string, len(n.Calls))
		for i := range n.Calls {
			calls[i] = named(logical.WindowString(&n.Calls[i]), n.Cols[i].Name)
		}
		first := ""
		if n.Top.N > 0 {
			first = fmt.Sprintf(" first %d by %s", n.Top.N, n.Calls[n.Top.Call].Name())
		}
		return "Window " + strings.Join(calls, ", ") + first
	case *logical.Recursive:
		return "Recursive " + n.Name
	case *logical.Unnest:
		return "Unnest " + list(n.Lists, ", ")
	case *logical.Sort:
		return "Sort by " + logical.KeysString(n.Keys)
	case *logical.TopN:
		s := fmt.Sprintf("TopN %d", n.Count)
		if n.Offset > 0 {
			s += fmt.Sprintf(" offset %d", n.Offset)
		}
		return s + " by " + logical.KeysString(n.Keys)
	case *logical.Sample:
		return n.String()
	case *logical.Limit:
		s := "Limit"
		if n.Count != nil {
			s += " " + logical.String(n.Count)
			if n.Percent {
				s += "%"
			}
		}
		if n.Offset != nil {
			s += " offset " + logical.String(n.Offset)
		}
		return s
	case *logical.SetOp:
		s := [...]string{"Union", "Intersect", "Except"}[n.Kind]
		if n.All {
			s += " all"
		}
		return s + columns(n.Cols)
	case *logical.CTE:
		return "CTE " + n.Name
	case *logical.CTERef:
		return "CTE scan " + n.Name + columns(n.Cols)
	}
	return fmt.Sprintf("%T", n)
}

func join(kind logical.JoinKind, on []logical.Expr, mark logical.Column) string {
	s := kind.String()
	s = s[:1] + strings.ToLower(s[1:]) + "Join"
	s = strings.ReplaceAll(s, "-aware anti", "Anti")
	if kind == logical.Mark {
		s += " " + mark.Name
	}
	if len(on) > 0 {
		s += " on " + list(on, " AND ")
	}
	return s
}

// named adds AS name unless the text says it already.
func named(text, name string) string {
	if name == "" || name == text {
		return text
	}
	return text + " AS " + name
}

func columns(cols []logical.Column) string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// list renders a conjunction.
func list(conds []logical.Expr, sep string) string {
	out := make([]string, len(conds))
	for i, e := range conds {
		out[i] = logical.String(e)
		if _, ok := e.(*logical.Or); ok && len(conds) > 1 {
			out[i] = "(" + out[i] + ")"
		}
	}
	return strings.Join(out, sep)
}
