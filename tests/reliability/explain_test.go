package reliability

import (
	"regexp"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
)

// TestExplainAnalyzeShowsSpilling looks for memory and bytes on disk at every
// operator that can put rows aside.
func TestExplainAnalyzeShowsSpilling(t *testing.T) {
	db, _ := openBoth(t, gannet.Setting{Name: "threads", Value: "2"}, gannet.Setting{Name: "debug_spill_cap", Value: "0"})
	for _, s := range faultSetup {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ operator, query string }{
		{"Sort", `SELECT * FROM t ORDER BY s, i`},
		{"TopN", `SELECT s, k FROM t ORDER BY k, s DESC, i LIMIT 5000 OFFSET 2`},
		{"Aggregate by", `SELECT g, count(*), max(s) FROM t GROUP BY g`},
		{"Aggregate by", `SELECT g, string_agg(s, ',' ORDER BY i) FROM t GROUP BY g`},
		{"Aggregate by", `SELECT g, dt, count(*) FROM t GROUP BY GROUPING SETS ((g, dt), (g), (dt), ())`},
		{"Distinct by", `SELECT DISTINCT s, i FROM t`},
		{"Distinct by", `SELECT i, s FROM t UNION SELECT i, s FROM u`},
		{"Aggregate by", `SELECT DISTINCT ON (s) s, i FROM t ORDER BY s, i`},
		{"Window", `SELECT i, row_number() OVER (ORDER BY s, i), sum(i) OVER (PARTITION BY k ORDER BY i) FROM t`},
		{"InnerJoin", `SELECT t.i, t.s, u.s FROM t JOIN u ON t.i = u.i`},
		{"FullJoin", `SELECT t.i, u.i FROM t FULL JOIN u ON t.i = u.i`},
		{"InnerJoin", `SELECT count(*), max(a.s) FROM t a JOIN u b ON a.i > b.i * 2 AND a.k < b.k`},
		{"AsofInnerJoin", `SELECT t.i, u.i FROM t ASOF JOIN u ON t.k = u.k AND t.i >= u.i`},
		{"Except all", `SELECT i, s FROM t EXCEPT ALL SELECT i, s FROM u`},
		{"Intersect all", `SELECT i, s FROM t INTERSECT ALL SELECT i, s FROM u`},
		{"CTE c", `WITH c AS MATERIALIZED (SELECT i, k, s FROM t) SELECT count(*), (SELECT max(s) FROM c), (SELECT min(i) FROM c WHERE k = 5000015) FROM c`},
		{"Recursive r", `WITH RECURSIVE r(i, s) AS (SELECT i, s FROM t UNION ALL SELECT i + 1, s FROM r WHERE i % 5 < 2) SELECT count(*), max(s) FROM r`},
		{"PositionalJoin", `SELECT count(*), max(s), max(x) FROM (SELECT upper(t.s) AS s FROM t JOIN u ON t.k = u.k) a POSITIONAL JOIN (SELECT s AS x FROM u) b`},
	} {
		var key, plan string
		if err := db.QueryRow("EXPLAIN ANALYZE "+c.query).Scan(&key, &plan); err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if !regexp.MustCompile(`(?m)^ *` + c.operator + `\b.*peak memory: [1-9].*spilled: [1-9]`).MatchString(plan) {
			t.Errorf("%s: no memory and bytes on disk at %s:\n%s", c.query, c.operator, plan)
		}
	}
}
