package oracle

import (
	"regexp"
	"sync"
	"sync/atomic"
)

// A waiver is a difference that is none of Gannet's faults, or one on purpose.
type waiver struct {
	why   string
	match func(query string, want, got answer, what string) bool
	count atomic.Int64
}

// choosy matches queries in which not every expression has to be computed for
// every row, or not at all, so that the plan decides about run-time errors.
var choosy = regexp.MustCompile(`(?s)WHERE|JOIN|HAVING|LIMIT|OFFSET|CASE|COALESCE|NULLIF|GREATEST|LEAST| AND | OR | IN |SELECT.*SELECT`)

var waivers = []*waiver{
	{
		why: "an error of one row, where the plan decides whether the row gets there",
		match: func(query string, want, got answer, _ string) bool {
			return (class(want.err) == "run") != (class(got.err) == "run") && choosy.MatchString(query)
		},
	},
	{
		why: "not supported yet, and the error says so",
		match: func(_ string, _, got answer, _ string) bool {
			if class(got.err) != "unsupported" {
				return false
			}
			unsupportedMu.Lock()
			defer unsupportedMu.Unlock()
			unsupported[signature(got.err.Error())]++
			return true
		},
	},
}

// unsupported counts what is not supported yet.
var (
	unsupportedMu sync.Mutex
	unsupported   = map[string]int{}
)

// waived gives the reason for which a difference does not count, "" if it does.
func waived(query string, want, got answer, what string) string {
	for _, w := range waivers {
		if w.match(query, want, got, what) {
			w.count.Add(1)
			return w.why
		}
	}
	return ""
}
