package reliability

import (
	"fmt"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/tpch"
)

// pressing are queries over enlarged TPC-H data that hold several times 128 MB, one
// or more for every operator that can put rows aside. Their answers are one row,
// which the data determine.
var pressing = []struct {
	name   string
	before []string
	query  string
	large  bool // a single value of it may be too large for any of the limits
}{
	{name: "asof", query: `SELECT count(*), count(o_orderkey), sum(o_totalprice), max(o_comment) FROM lineitem ASOF LEFT JOIN orders ON l_suppkey = o_custkey AND l_orderkey > o_orderkey`},
	{name: "asof without key", query: `SELECT count(*), sum(k), max(c), sum(o_totalprice) FROM (SELECT l_orderkey * 7919 % 6000101 AS x, l_linenumber FROM lineitem) a ASOF JOIN (SELECT o_orderkey AS k, o_comment AS c, o_totalprice FROM orders) b ON x >= k`},
	{name: "asof with a hot key", query: `SELECT count(*), count(k), sum(k), max(c) FROM (SELECT 7 AS h, l_orderkey AS x FROM lineitem) a ASOF LEFT JOIN (SELECT CASE WHEN o_custkey % 50 = 0 THEN 8 ELSE 7 END AS h, o_orderkey AS k, o_comment AS c FROM orders) b ON a.h = b.h AND x < k`},
	{name: "inequality", query: `SELECT count(*), sum(l_linenumber), max(c), min(l_comment) FROM lineitem JOIN (SELECT o_orderkey AS lo, o_orderkey + 2 AS hi, o_comment AS c FROM orders) b ON l_orderkey BETWEEN lo AND hi`},
	{name: "inequality full", query: `SELECT count(*), count(x), count(lo), max(c), sum(x) FROM (SELECT l_orderkey AS x, l_linenumber FROM lineitem WHERE l_linenumber = 1) a FULL JOIN (SELECT o_orderkey AS lo, o_comment AS c, o_custkey FROM orders) b ON x > lo AND x < lo + 3`},
	{name: "cross with a condition", query: `SELECT count(*), max(c_comment || s_comment), sum(c_custkey) FROM customer, (SELECT * FROM supplier WHERE s_suppkey <= 200) s WHERE (c_custkey * 31 + s_suppkey * 17) % 1009 = 5`},
	{name: "nested loop", query: `SELECT count(*), count(c_custkey), sum(length(o_comment)) FROM orders LEFT JOIN (SELECT * FROM customer WHERE c_custkey % 7500 = 1) c ON o_custkey % 1000 + c_custkey % 997 = 900 OR o_comment = c_comment`},
	{name: "positional", query: `SELECT count(*), count(o_orderkey), sum(l_orderkey - o_orderkey), max(o_comment), max(l_comment) FROM lineitem POSITIONAL JOIN orders`},
	{name: "full join with a hot key", query: `SELECT count(*), count(a.k), count(b.k), max(o_comment), max(c_comment), sum(o_totalprice) FROM (SELECT CASE WHEN o_orderkey % 10 < 9 THEN 7 ELSE o_orderkey END AS k, o_comment, o_totalprice FROM orders) a
		FULL JOIN (SELECT CASE WHEN c_custkey % 15000 = 0 THEN 7 ELSE c_custkey + 2 END AS k, c_comment FROM customer) b ON a.k = b.k`},
	{name: "hot keys on both sides", query: `SELECT count(*), sum(length(a.c)), max(b.c), sum(b.k) FROM (SELECT CASE WHEN o_orderkey % 4 = 0 THEN o_orderkey ELSE NULL END AS k, o_comment AS c FROM orders) a RIGHT JOIN (SELECT CASE WHEN l_linenumber < 5 THEN 8 ELSE l_orderkey END AS k, l_comment AS c FROM lineitem) b ON a.k = b.k`},
	{name: "residual", query: `SELECT count(*), count(o_orderkey), max(o_clerk), sum(l_extendedprice) FROM lineitem LEFT JOIN orders ON l_orderkey = o_orderkey AND l_comment < o_comment`},
	{name: "anti with NULLs", query: `SELECT (SELECT count(*) FROM lineitem WHERE l_comment NOT IN (SELECT o_comment FROM orders)), (SELECT count(*) FROM lineitem WHERE l_comment NOT IN (SELECT NULLIF(o_comment, 'x') FROM orders WHERE o_orderkey > 5))`},
	{name: "mark with NULLs", query: `SELECT count(*) FILTER (WHERE m), count(m), count(*) FROM (SELECT l_comment IN (SELECT CASE WHEN o_orderkey % 100000 = 0 THEN NULL ELSE o_comment END FROM orders) OR l_quantity > 49 AS m FROM lineitem) x`},
	{name: "correlated", query: `SELECT count(*), sum(n), max(c) FROM (SELECT (SELECT count(*) FROM lineitem WHERE l_orderkey = o_orderkey AND l_comment > o_comment) AS n, (SELECT max(l_comment) FROM lineitem WHERE l_orderkey = o_orderkey) AS c FROM orders) x`},
	{name: "unnest of long lists", query: `SELECT count(*), sum(x), max(f) FROM (SELECT l_returnflag AS f, unnest(l) AS x FROM (SELECT l_returnflag, l_linestatus, list(l_orderkey) AS l FROM lineitem GROUP BY ALL) y) z`, large: true},
	{name: "unnest of many lists", query: `SELECT count(*), max(x), sum(k) FROM (SELECT l_partkey AS k, unnest(list(l_comment ORDER BY l_orderkey, l_linenumber)) AS x FROM lineitem GROUP BY l_partkey) y`},
	{name: "unnest of a range", query: `SELECT count(*), sum(x) FROM (SELECT unnest(range(20000000)) AS x) y`},
	{name: "recursion", query: `WITH RECURSIVE r(i, c, n) AS (SELECT o_orderkey, o_comment, 0 FROM orders UNION ALL SELECT i * 7 % 100000007, c, n + 1 FROM r WHERE n < 3) SELECT count(*), sum(i), max(c), sum(n) FROM r`},
	{name: "recursion without duplicates", query: `WITH RECURSIVE r(i) AS (SELECT 1 UNION SELECT (i * 2 + j) % 3000017 FROM r, (VALUES (0), (1)) t(j)) SELECT count(*), sum(i) FROM r`},
	{name: "recursion over a join", query: `WITH RECURSIVE r(k, c, n) AS (SELECT o_orderkey, o_comment, 0 FROM orders WHERE o_orderkey % 4 = 0 UNION ALL SELECT o_orderkey + 4, o_comment, n + 1 FROM r JOIN orders ON o_orderkey = k WHERE n < 3) SELECT count(*), sum(k), max(c) FROM r`},
	{name: "union", query: `SELECT count(*), max(c), sum(k) FROM (SELECT l_orderkey AS k, l_comment AS c FROM lineitem UNION SELECT o_orderkey, o_comment FROM orders) x`},
	{name: "intersect all", query: `SELECT count(*), max(c), sum(k) FROM (SELECT l_orderkey % 100000 AS k, l_comment AS c FROM lineitem INTERSECT ALL SELECT l_orderkey % 100000, l_comment FROM lineitem WHERE l_linenumber > 2) x`},
	{name: "except all", query: `SELECT count(*), max(c), sum(k) FROM (SELECT l_orderkey % 100000 AS k, l_comment AS c FROM lineitem EXCEPT ALL SELECT l_orderkey % 100000, l_comment FROM lineitem WHERE l_linenumber > 4) x`},
	{name: "except", query: `SELECT count(*), max(c), sum(k) FROM (SELECT l_partkey AS k, l_comment AS c FROM lineitem EXCEPT SELECT l_partkey, l_comment FROM lineitem WHERE l_linenumber > 4) x`},
	{name: "distinct", query: `SELECT count(*), max(l_comment), sum(l_partkey) FROM (SELECT DISTINCT l_partkey, l_comment, l_shipdate FROM lineitem) x`},
	{name: "distinct on", query: `SELECT count(*), max(l_comment), sum(l_orderkey), min(l_shipinstruct) FROM (SELECT DISTINCT ON (l_partkey, l_suppkey, l_shipmode) * FROM lineitem ORDER BY l_partkey, l_suppkey, l_shipmode, l_orderkey, l_linenumber) x`},
	{name: "grouping sets", query: `SELECT count(*), sum(d), sum(e), max(m) FROM (SELECT l_partkey, l_suppkey, count(DISTINCT l_orderkey) AS d, count(DISTINCT l_comment) AS e, max(l_comment) AS m FROM lineitem GROUP BY GROUPING SETS ((l_partkey, l_suppkey), (l_partkey), (l_shipmode), ())) x`},
	{name: "cube", query: `SELECT count(*), sum(n), max(m) FROM (SELECT l_orderkey, l_shipmode, l_returnflag, count(*) AS n, max(l_comment) AS m FROM lineitem GROUP BY CUBE (l_orderkey, l_shipmode, l_returnflag)) x`},
	{name: "lists", query: `SELECT count(*), sum(len(l)), max(s), max(array_to_string(o, ',')), sum(len(d)) FROM (SELECT l_partkey, list(l_orderkey) AS l, string_agg(l_comment, ',' ORDER BY l_orderkey, l_linenumber) AS s, list(l_comment ORDER BY l_shipdate, l_orderkey, l_linenumber) AS o, list(DISTINCT l_shipmode) AS d FROM lineitem GROUP BY l_partkey) x`},
	{name: "one list", query: `SELECT len(list(l_comment ORDER BY l_orderkey, l_linenumber)), len(string_agg(l_comment, ',')) FROM lineitem WHERE l_orderkey % 8 = 0`, large: true},
	{name: "quantiles", query: `SELECT count(*), sum(a), sum(b), max(c), sum(d) FROM (SELECT l_partkey, median(l_extendedprice) AS a, quantile_cont(l_orderkey, 0.3) AS b, quantile_disc(l_comment, 0.7) AS c, count(DISTINCT l_suppkey) AS d FROM lineitem GROUP BY l_partkey) x`},
	{name: "quantiles of all", query: `SELECT median(l_extendedprice), quantile_cont(l_orderkey, 0.3), quantile_disc(l_comment, 0.7), median(l_orderkey * 7919 % 1000003) FROM lineitem`},
	{name: "modes and histograms", query: `SELECT count(*), sum(list_sum(map_values(h))), max(len(m)), sum(n) FROM (SELECT l_partkey, histogram(l_comment) AS h, mode(l_comment) AS m, count(DISTINCT l_comment) AS n FROM lineitem GROUP BY l_partkey) x`},
	{name: "histogram of all", query: `SELECT list_sum(map_values(histogram(l_comment))) FROM lineitem WHERE l_orderkey % 3 = 0`},
	{name: "firsts", query: `SELECT count(*), max(a), max(b), max(c), min(d) FROM (SELECT l_orderkey, l_linenumber, first(l_comment ORDER BY l_shipdate) AS a, any_value(l_comment) AS b, arg_max(l_comment, l_extendedprice) AS c, min(l_comment) AS d FROM lineitem GROUP BY l_orderkey, l_linenumber) x`},
	{name: "approximations", query: `SELECT count(*), bool_and(n BETWEEN 1 AND 100), bool_and(q BETWEEN lo AND hi) FROM (SELECT l_partkey, approx_count_distinct(l_orderkey) AS n, approx_quantile(l_extendedprice, 0.5) AS q, min(l_extendedprice) AS lo, max(l_extendedprice) AS hi FROM lineitem GROUP BY l_partkey) x`},
	{name: "sort", query: `SELECT sum(r * (l_linenumber + 1)), max(l_comment), count(*) FROM (SELECT *, row_number() OVER () AS r FROM (SELECT * FROM lineitem ORDER BY l_shipdate DESC, l_comment, l_orderkey, l_linenumber) y) x`},
	{name: "sort with a large limit", query: `SELECT sum(l_orderkey), max(l_comment), count(*) FROM (SELECT * FROM lineitem ORDER BY l_extendedprice, l_orderkey, l_linenumber LIMIT 3000000 OFFSET 1000000) x`},
	{name: "window of many partitions", query: `SELECT sum(a), max(b), sum(c), sum(d) FROM (SELECT rank() OVER w AS a, lead(l_comment, 2) OVER w AS b, sum(l_quantity) OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS c, ntile(3) OVER w AS d FROM lineitem WINDOW w AS (PARTITION BY l_partkey ORDER BY l_orderkey, l_linenumber)) x`},
	{name: "window of one partition", query: `SELECT sum(a * (l_linenumber + 1)), max(b), sum(c), max(e), sum(f) FROM (SELECT l_linenumber, row_number() OVER w AS a, lag(l_comment, 1000) OVER w AS b, sum(l_quantity) OVER (w ROWS BETWEEN 1000 PRECEDING AND 10 FOLLOWING) AS c, first_value(l_comment) OVER w AS e, ntile(1000) OVER w AS f FROM lineitem WINDOW w AS (ORDER BY l_extendedprice, l_orderkey, l_linenumber)) x`},
	{name: "window with peers", query: `SELECT sum(a), sum(b), sum(c), sum(d) FROM (SELECT rank() OVER w AS a, dense_rank() OVER w AS b, count(*) OVER w AS c, cume_dist() OVER w AS d FROM lineitem WINDOW w AS (PARTITION BY l_returnflag ORDER BY l_shipdate)) x`},
	{name: "window with ranges", query: `SELECT sum(a), max(b) FROM (SELECT sum(l_quantity) OVER (PARTITION BY l_suppkey ORDER BY l_orderkey RANGE BETWEEN 1000 PRECEDING AND 500 FOLLOWING) AS a, max(l_comment) OVER (PARTITION BY l_suppkey ORDER BY l_orderkey, l_linenumber ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING) AS b FROM lineitem) x`},
	{name: "window of distinct values", query: `SELECT sum(n), sum(m) FROM (SELECT count(DISTINCT l_comment) OVER (PARTITION BY l_partkey) AS n, count(DISTINCT l_suppkey) OVER (PARTITION BY l_returnflag) AS m FROM lineitem) x`},
	{name: "qualify", query: `SELECT count(*), max(l_comment), sum(l_orderkey) FROM (SELECT * FROM lineitem QUALIFY row_number() OVER (PARTITION BY l_partkey ORDER BY l_shipdate DESC, l_orderkey, l_linenumber) <= 3) x`},
	{name: "materialized", query: `WITH c AS MATERIALIZED (SELECT l_orderkey, l_linenumber, l_comment, l_shipinstruct FROM lineitem) SELECT (SELECT count(*) FROM c), (SELECT max(l_comment) FROM c), (SELECT count(*) FROM c a JOIN c b ON a.l_orderkey = b.l_orderkey AND a.l_linenumber = b.l_linenumber + 1)`},
	{name: "table in memory", before: []string{
		`CREATE TABLE made AS SELECT l_orderkey, l_linenumber, l_partkey, l_quantity, l_comment, l_shipdate, l_shipinstruct FROM lineitem`,
		`UPDATE made SET l_comment = l_comment || '!', l_quantity = l_quantity + 1 WHERE l_orderkey % 5 = 0`,
		`DELETE FROM made WHERE l_orderkey % 7 = 1`,
		`INSERT INTO made SELECT l_orderkey + 10000000, l_linenumber, l_partkey, l_quantity, l_comment, l_shipdate, l_shipinstruct FROM made WHERE l_linenumber = 1`,
		`DELETE FROM made WHERE l_partkey IN (SELECT p_partkey FROM part WHERE p_size = 7)`,
	}, query: `SELECT count(*), sum(l_orderkey), sum(l_quantity), max(l_comment), min(l_shipdate), count(DISTINCT l_comment) FROM made`},
}

// TestEveryOperator runs queries that hold several times the limit in processes of
// their own: they give the answers that they give with all the memory they want,
// put rows on disk, and stay within the limit. Below mayRefuse they may say that it
// is too little.
func TestEveryOperator(t *testing.T) {
	slow(t)
	needProc(t)
	dir := enlarged(t, "tpch-x10")
	for _, q := range pressing {
		t.Run(q.name, func(t *testing.T) {
			threads := gannet.Setting{Name: "threads", Value: "2"}
			j := &job{Settings: []gannet.Setting{threads}, Setup: tpch.Setup("VIEW", dir), Before: q.before, Query: q.query, Keep: true}
			free := j.mustRun(t)
			t.Logf("%s in %.1f s of CPU: %s", mib(free.Need), float64(free.CPU)/1e9, strings.Join(free.Cells[0], "|"))
			for _, mb := range []int64{128, 32} {
				j.Settings = []gannet.Setting{threads, {Name: "memory_limit", Value: fmt.Sprintf("%dMB", mb)}}
				tight, err := j.inProcess()
				if tight == nil {
					t.Fatal(err)
				}
				t.Logf("%d MB: %s above idle, %s spilled, %.1f s of CPU", mb, mib((tight.PeakKB-tight.IdleKB)<<10), mib(tight.Spilled), float64(tight.CPU)/1e9)
				tight.within(t, mb*1000*1000)
				if err != nil {
					if (mb < mayRefuse || q.large) && tight.Code == sqlerr.CodeOutOfMemory {
						t.Logf("%d MB: %v (%s)", mb, err, tight.Holders)
					} else {
						t.Errorf("%d MB: code %s: %v (%s)", mb, tight.Code, err, tight.Holders)
					}
					continue
				}
				if d := differ(free.Types, tight.Cells, free.Cells); d != "" {
					t.Errorf("%d MB: %s", mb, d)
				}
				if tight.Spilled == 0 && free.State > mb<<20 {
					t.Errorf("%d MB: nothing was spilled of %d bytes", mb, free.State)
				}
			}
		})
	}
}
