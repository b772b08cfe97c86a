package rule

import (
	"math"

	"github.com/gannetdb/gannet/planner/logical"
)

// Weights of what plans do, about nanoseconds of one thread: for deciding whether
// something is worth computing once rather than twice.
const (
	workRow       = 2  // a row of a scan
	workValue     = 5  // a value decoded
	workCondition = 2  // a condition on a row
	workProbe     = 8  // a row looked up
	workBuild     = 30 // a row of a build side
	workGroup     = 15 // a row grouped, and
	workPart      = 5  // each key and aggregate
	workSort      = 8  // a comparison
	workKeep      = 10 // a row kept, and
	workKept      = 8  // each value
	workRead      = 2  // a kept value read
)

// worker estimates what computing plans costs.
type worker struct {
	c *Context
	// used are the columns that somebody reads: scans may produce more.
	used map[logical.ColID]bool
}

// newWorker returns a worker for the parts of the plan root.
func newWorker(c *Context, root logical.Node) *worker {
	w := &worker{c: c, used: map[logical.ColID]bool{}}
	for _, id := range c.Output {
		w.used[id] = true
	}
	logical.WalkNodes(root, func(n logical.Node) bool {
		if s, ok := n.(*logical.SetOp); ok {
			for _, in := range s.In {
				for _, id := range in {
					w.used[id] = true
				}
			}
		}
		for _, e := range logical.Exprs(n) {
			logical.AddColumns(e, w.used)
		}
		return true
	})
	// Definitions are known before they are asked for.
	c.Estimates.Node(root)
	return w
}

// columns counts the columns of n that somebody reads.
func (w *worker) columns(n logical.Node) float64 {
	k := 0.0
	for _, c := range n.Columns() {
		if w.used[c.ID] {
			k++
		}
	}
	return k
}

// of is the work of computing n once.
func (w *worker) of(n logical.Node) float64 {
	total := w.node(n)
	for _, c := range n.Children() {
		total += w.of(c)
	}
	return total
}

func (w *worker) rows(n logical.Node) float64 { return w.c.Estimates.Node(n).Rows }

// node is the work of n alone.
func (w *worker) node(n logical.Node) float64 {
	switch n := n.(type) {
	case *logical.Scan:
		k := 0.0
		for _, c := range n.Cols {
			if w.used[c.ID] {
				k++
			}
		}
		return w.c.Estimates.Table(n) * (workRow + workValue*k + workCondition*float64(len(n.Filters)))
	case *logical.Filter:
		return w.rows(n.Input) * workCondition * float64(len(n.Conds))
	case *logical.Project:
		k := 0
		for _, e := range n.Exprs {
			switch e.(type) {
			case *logical.Column, *logical.Const:
			default:
				k++
			}
		}
		return w.rows(n.Input) * workCondition * float64(k)
	case *logical.Join:
		probe, build := w.rows(n.Left), w.rows(n.Right)
		if probe < build {
			probe, build = build, probe
		}
		return probe*workProbe + build*workBuild + w.rows(n)*workCondition
	case *logical.Aggregate:
		k := len(n.Groups)*max(1, len(n.Omit)) + len(n.Aggs)
		return w.rows(n.Input) * (workGroup + workPart*float64(k))
	case *logical.Window:
		return w.sort(n.Input) * float64(len(n.Calls))
	case *logical.Sort:
		return w.sort(n.Input)
	case *logical.TopN:
		return w.rows(n.Input) * workSort
	case *logical.CTERef:
		return w.rows(n) * workRead * w.columns(n)
	case *logical.SetOp:
		if n.Kind == logical.Union && n.All {
			return 0
		}
	}
	rows := 0.0
	for _, c := range n.Children() {
		rows += w.rows(c)
	}
	return rows * workGroup
}

func (w *worker) sort(n logical.Node) float64 {
	rows := w.rows(n)
	return rows * workSort * math.Log2(rows+2)
}

// keep is the work of keeping n's rows for later, read that of reading them.
func (w *worker) keep(n logical.Node) float64 {
	return w.rows(n) * (workKeep + workKept*w.columns(n))
}

func (w *worker) read(n logical.Node) float64 { return w.rows(n) * workRead * (1 + w.columns(n)) }
