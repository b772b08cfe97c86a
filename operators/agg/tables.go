package agg

// Tables returns how many tables of groups the aggregation has that may become
// large: its own unless there are no keys, and those of DISTINCT arguments.
func (h *Hash) Tables() int {
	n := len(h.distinct)
	if len(h.plan.Groups) > 0 {
		n++
	}
	return n
}
