package reliability

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/tpch"
)

// swept are queries that hold most of what they read, over enlarged TPC-H data.
var swept = []struct{ name, query string }{
	{"aggregation", "SELECT count(*), sum(n), max(c) FROM (SELECT l_orderkey, l_linenumber, count(*) AS n, max(l_comment) AS c FROM lineitem GROUP BY l_orderkey, l_linenumber) x"},
	{"distinct", "SELECT count(DISTINCT l_comment) FROM lineitem"},
	{"join", "SELECT count(*), max(l_comment), max(o_comment) FROM lineitem JOIN orders ON l_orderkey = o_orderkey"},
	{"sort", "SELECT count(*), max(l_comment) FROM (SELECT l_comment, l_orderkey, l_extendedprice FROM lineitem ORDER BY l_comment, l_orderkey OFFSET 10) x"},
	{"window", "SELECT sum(r), max(p) FROM (SELECT row_number() OVER w AS r, lag(l_comment) OVER w AS p FROM lineitem WINDOW w AS (PARTITION BY l_orderkey ORDER BY l_linenumber)) x"},
	{"string_agg", "SELECT count(*), sum(length(s)) FROM (SELECT l_orderkey, string_agg(l_comment, ',') AS s FROM lineitem GROUP BY l_orderkey) x"},
	{"materialized", "WITH c AS MATERIALIZED (SELECT l_orderkey, l_comment FROM lineitem) SELECT (SELECT count(*) FROM c), (SELECT max(l_comment) FROM c)"},
}

// TestGraceful lowers the limit from twice what a query needs to a sixteenth: at
// a quarter it takes at most three times as long as with all the memory, and no
// step of the way is steep. Time is that of the CPU, which what else the machine
// does disturbs less.
func TestGraceful(t *testing.T) {
	slow(t)
	needProc(t)
	dir := enlarged(t, "tpch-x10")
	const repeats = 3
	const most, step = 3.0, 1.5
	const slack = 100 * time.Millisecond
	parts := []float64{2, 1, 0.5, 0.25, 0.125, 0.0625}
	var table strings.Builder
	fmt.Fprintf(&table, "\n| query | need | 2 | 1 | 1/2 | 1/4 | 1/8 | 1/16 | spilled at 1/16 |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, q := range swept {
		t.Run(q.name, func(t *testing.T) {
			threads := gannet.Setting{Name: "threads", Value: "2"}
			j := &job{Settings: []gannet.Setting{threads}, Setup: tpch.Setup("VIEW", dir), Query: q.query, Keep: true}
			free := j.mustRun(t)
			fmt.Fprintf(&table, "| %s | %s |", q.name, mib(free.Need))
			var times []time.Duration
			var spilled int64
			for _, part := range parts {
				limit := int64(float64(free.Need)*part) >> 10
				j.Settings = []gannet.Setting{threads, {Name: "memory_limit", Value: fmt.Sprintf("%dKiB", limit)}}
				best := time.Duration(1 << 62)
				for range repeats {
					f := j.mustRun(t)
					if d := differ(free.Types, f.Cells, free.Cells); d != "" {
						t.Errorf("at %v of the need: %s", part, d)
					}
					took := time.Duration(f.CPU)
					if runtime.GOOS == "windows" {
						took = time.Duration(f.Nanos)
					}
					best, spilled = min(best, took), f.Spilled
				}
				times = append(times, best)
				fmt.Fprintf(&table, " %.2f s |", best.Seconds())
			}
			fmt.Fprintf(&table, " %s |\n", mib(spilled))
			if a, b := times[0], times[3]; float64(b) > most*float64(a)+float64(slack) {
				t.Errorf("%v at a quarter of the need, %v with twice of it", b, a)
			}
			for i := 1; i < len(times); i++ {
				if a, b := times[i-1], times[i]; float64(b) > step*float64(a)+float64(slack) {
					t.Errorf("%v at %v of the need, %v at %v", b, parts[i], a, parts[i-1])
				}
			}
		})
	}
	t.Log(table.String())
}
