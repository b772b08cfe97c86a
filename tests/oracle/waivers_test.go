package oracle

import (
	"regexp"
	"strings"
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
		why: "DuckDB computes operators on NULLs while binding and forgets the type",
		match: func(query string, want, got answer, what string) bool {
			return strings.HasPrefix(what, "types") && (strings.Contains(query, "NULL AS ") || strings.Contains(query, "TRY_CAST('") || onlyOfNulls(want, got, query))
		},
	},
	{
		why: "DuckDB types integer literals of a CASE without ELSE before it looks at the other results",
		match: func(query string, _, _ answer, what string) bool {
			return strings.HasPrefix(what, "types") && strings.Contains(query, "CASE ") && strings.Contains(query, "::")
		},
	},
	{
		why: "DuckDB does not bind a common table expression that nothing refers to",
		match: func(query string, want, got answer, _ string) bool {
			return want.err == nil && class(got.err) == "bind" && unusedCTE(query)
		},
	},
	{
		why: "DuckDB rewrites NOT (a >= b) before it looks for the key of GROUP BY",
		match: func(_ string, _, _ answer, what string) bool {
			return strings.HasPrefix(what, "no-bind-error") && strings.Contains(what, "must appear in the GROUP BY clause")
		},
	},
	{
		why: "DuckDB gives NULL for % 0 of what becomes DOUBLE from DECIMAL and HUGEINT, but NaN of other DOUBLEs",
		match: func(query string, _, _ answer, what string) bool {
			return strings.Contains(query, " % ") && (strings.HasPrefix(what, "values") && strings.Contains(strings.ToLower(what), "nan") || strings.HasPrefix(what, "rows"))
		},
	},
	{
		why: "errors of DuckDB's own",
		match: func(_ string, want, _ answer, _ string) bool {
			return class(want.err) == "unsupported"
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

// onlyOfNulls tells whether the columns whose types differ are NULL throughout
// in DuckDB, as those are that it took for INTEGER.
func onlyOfNulls(want, got answer, query string) bool {
	if len(want.types) != len(got.types) || len(want.rows) == 0 && !strings.Contains(query, "CASE") && !strings.Contains(query, "TRY_CAST") {
		return false
	}
	for i, t := range want.types {
		for _, r := range want.rows {
			if t != got.types[i] && r[i] != "NULL" {
				return false
			}
		}
	}
	return true
}

var cteName = regexp.MustCompile(`\b(w\d+) AS (?:MATERIALIZED )?\(`)

// unusedCTE tells whether a query has a common table expression without use.
func unusedCTE(query string) bool {
	for _, m := range cteName.FindAllStringSubmatch(query, -1) {
		if strings.Count(query, m[1]+" ") < 2 {
			return true
		}
	}
	return false
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
