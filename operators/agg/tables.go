package agg

// Tables returns how many tables of groups the aggregation has that may become
// large: its own unless there are no keys, and those of DISTINCT arguments. Where
// states grow in place it says one more, for that needs memory besides.
func (h *Hash) Tables() int {
	n := len(h.distinct)
	if len(h.plan.Groups) > 0 {
		n++
	}
	if h.layout.HasStateRefs {
		n++
	}
	return n
}
