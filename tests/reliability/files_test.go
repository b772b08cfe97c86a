package reliability

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/tpch"
)

// TestLargeAndMany reads a file of 2 GB and a directory of 1,000 files within
// 256 MB.
func TestLargeAndMany(t *testing.T) {
	slow(t)
	needProc(t)
	suite, ok := tpch.Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	settings := []gannet.Setting{{Name: "threads", Value: "2"}, {Name: "memory_limit", Value: "256MB"}}
	const limit = 256_000_000
	for _, c := range []struct {
		name, data, query string
		rows              int
		spills            bool
	}{
		{"large/aggregate", "big", "SELECT l_shipmode, count(*), sum(l_quantity), max(l_shipdate) FROM lineitem GROUP BY l_shipmode", 7, false},
		{"large/groups", "big", "SELECT l_orderkey, count(*) AS n FROM lineitem GROUP BY l_orderkey ORDER BY n DESC, l_orderkey LIMIT 10", 10, true},
		{"large/all columns", "big", "SELECT * FROM lineitem ORDER BY l_extendedprice DESC, l_orderkey, l_linenumber LIMIT 100", 100, false},
		{"many/aggregate", "many", "SELECT count(*), count(DISTINCT o_custkey), sum(o_totalprice) FROM lineitem", 1, false},
		{"many/all rows", "many", "SELECT * FROM lineitem ORDER BY o_comment, o_orderkey", 150_000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, ok := suite.Made(c.data)
			if !ok {
				t.Skip("no such data: make bench-data")
			}
			if c.data == "big" {
				path = filepath.Join(path, "lineitem.parquet")
			}
			j := &job{Settings: settings, Setup: []string{"CREATE VIEW lineitem AS SELECT * FROM '" + path + "'"}, Query: c.query}
			f := j.mustRun(t)
			if f.Rows != c.rows {
				t.Errorf("%d rows, want %d", f.Rows, c.rows)
			}
			if c.spills && f.Spilled == 0 {
				t.Error("nothing was spilled")
			}
			t.Logf("%.2f s, reserved %s, above idle %s, spilled %s", float64(f.Nanos)/1e9, mib(f.Need), mib((f.PeakKB-f.IdleKB)<<10), mib(f.Spilled))
			f.within(t, limit)
		})
	}
}

var scanned = regexp.MustCompile(`bytes read: (\d+), row groups: (\d+) read, (\d+) skipped`)

// TestExplainAnalyzeShowsBytes: EXPLAIN ANALYZE tells how much of a file was
// read. Package storage/parquet holds the figure against the footer.
func TestExplainAnalyzeShowsBytes(t *testing.T) {
	data := shared(t, "tpch", "sf0.1")
	path := filepath.Join(data, "lineitem.parquet")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, "?threads=2")
	analyze := func(q string) (bytes, groups, skipped int64) {
		_, cells, err := read(context.Background(), db, "EXPLAIN ANALYZE "+q)
		if err != nil {
			t.Fatal(err)
		}
		text := cells[0][1]
		m := scanned.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("no figures in\n%s", text)
		}
		number := func(s string) int64 {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		return number(m[1]), number(m[2]), number(m[3])
	}
	bytes, groups, skipped := analyze("SELECT sum(l_quantity), max(l_shipdate), max(l_shipmode) FROM '" + path + "'")
	if bytes == 0 || bytes > info.Size()/5 || groups != 5 || skipped != 0 {
		t.Errorf("3 of 16 columns: %d of %d bytes, %d row groups read, %d skipped", bytes, info.Size(), groups, skipped)
	}
	one, groups, skipped := analyze("SELECT sum(l_quantity), max(l_shipdate), max(l_shipmode) FROM '" + path + "' WHERE l_orderkey < 1000")
	if one == 0 || one > bytes || groups != 1 || skipped != 4 {
		t.Errorf("one row group: %d bytes, %d row groups read, %d skipped", one, groups, skipped)
	}
}
