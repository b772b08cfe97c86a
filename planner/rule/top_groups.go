package rule

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector/types"
)

// topGroups tells a Window of which rows only the first few of each partition
// are asked for:
//
//	σ[r <= 3](window[row_number() over (partition by p order by x) r](t))
//	  →  σ[r <= 3](window[… first 3](t))
//
// The Window may then drop rows that are not among them before it sorts; the
// filter stays, since it need not drop all. It is sound where every function
// numbers the rows of the same partitions in the same order by the rows before
// them, as row_number, rank and dense_rank do: a dropped row would have changed
// sum(x) OVER (PARTITION BY p), and r <= 3 drops rows that
// row_number() OVER (ORDER BY y) counts.
func topGroups(_ *Context, root logical.Node) (logical.Node, error) {
	return logical.RewriteNodes(root, func(n logical.Node) logical.Node {
		f, ok := n.(*logical.Filter)
		if !ok {
			return n
		}
		w, ok := f.Input.(*logical.Window)
		if !ok || w.Top.N > 0 {
			return n
		}
		for i := range w.Calls {
			if c := &w.Calls[i]; !numbersRows(c) || len(c.Order) == 0 || !logical.SameOrder(&w.Calls[0], c) {
				return n
			}
		}
		var top logical.WindowTop
		for _, e := range f.Conds {
			if call, first, ok := firstRows(w, e); ok && (top.N == 0 || first < top.N) {
				top = logical.WindowTop{Call: call, N: first}
			}
		}
		if top.N == 0 {
			return n
		}
		in := *w
		in.Top = top
		return &logical.Filter{Input: &in, Conds: f.Conds}
	}), nil
}

// numbersRows reports whether a call counts rows, or peers, from the beginning
// of the partition.
func numbersRows(c *logical.WindowCall) bool {
	if c.Fn == nil || len(c.ArgOrder) > 0 {
		return false
	}
	switch c.Fn.Name {
	case "row_number", "rank", "dense_rank":
		return true
	}
	return false
}

// firstRows reports that e holds only where a call's result is at most n.
func firstRows(w *logical.Window, e logical.Expr) (call int, n int64, ok bool) {
	c, ok := e.(*logical.Compare)
	if !ok {
		return 0, 0, false
	}
	left, op, right := c.Left, c.Op, c.Right
	if _, constant := left.(*logical.Const); constant {
		left, op, right = right, op.Flip(), left
	}
	col, ok := left.(*logical.Column)
	if !ok {
		return 0, 0, false
	}
	k, ok := right.(*logical.Const)
	if !ok || k.Value.IsNull || k.Value.Type.ID != types.BigInt {
		return 0, 0, false
	}
	n = k.Value.I
	switch op {
	case logical.Lt:
		n--
	case logical.Le, logical.Eq:
	default:
		return 0, 0, false
	}
	for i := range w.Cols {
		if w.Cols[i].ID == col.ID {
			return i, n, n > 0
		}
	}
	return 0, 0, false
}
