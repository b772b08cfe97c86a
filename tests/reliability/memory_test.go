package reliability

import (
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/tpch"
)

// TestMemoryLimit runs what fills memory within 128 MiB, in processes of their
// own.
func TestMemoryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	needProc(t)
	suite, ok := tpch.Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	dir := suite.Data("sf0.1")
	if big, ok := suite.Made("tpch-x10"); ok {
		dir = big
	}
	lineitem, orders := "'"+dir+"/lineitem.parquet'", "'"+dir+"/orders.parquet'"
	for name, q := range map[string]string{
		"aggregation": "SELECT count(*), sum(n) FROM (SELECT l_orderkey, l_partkey, l_suppkey, l_comment, count(*) AS n FROM " + lineitem + " GROUP BY l_orderkey, l_partkey, l_suppkey, l_comment) t",
		"join":        "SELECT count(*), sum(o_totalprice) FROM " + lineitem + " l JOIN (SELECT o_orderkey, o_totalprice, o_comment FROM " + orders + ") o ON l_orderkey = o_orderkey WHERE o_comment <> l_comment",
		"sort":        "SELECT count(*), max(l_comment) FROM (SELECT l_orderkey, l_comment FROM " + lineitem + " ORDER BY l_comment, l_orderkey LIMIT 1000000 OFFSET 1000) t",
	} {
		t.Run(name, func(t *testing.T) {
			const limit = 128 << 20
			settings := []gannet.Setting{{Name: "threads", Value: "2"}}
			j := &job{Settings: settings, Query: q, Keep: true}
			free := j.mustRun(t)
			j.Settings = append(settings, gannet.Setting{Name: "memory_limit", Value: "128MiB"})
			tight := j.mustRun(t)
			if d := differ(free.Types, tight.Cells, free.Cells); d != "" {
				t.Errorf("within the limit: %s", d)
			}
			t.Logf("above idle: %d MiB within the limit of 128 MiB, %d MiB without",
				(tight.PeakKB-tight.IdleKB)>>10, (free.PeakKB-free.IdleKB)>>10)
			tight.within(t, limit)
		})
	}
}
