package reliability

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/tpch"
)

// nineOrMore is the least limit of the queries that run so many operators side
// by side that their fixed buffers count; none is of the twelve.
var nineOrMore = map[int]int64{2: 8 << 20, 11: 8 << 20, 20: 8 << 20, 22: 8 << 20}

// layouts are the data of the test: the same rows twice. The files of the first
// have small pages, as most writers make them, and every one of the twelve queries
// of the engine's core runs within its quarter, however little that is. In
// those of the second a column has one page a row group, a megabyte when
// decompressed, and a quarter of what a scan wants can be less than one of them:
// no limit is below least there, and query 10 gets more: each worker holds the
// dictionaries of four columns of texts of customers, 2.5 MiB.
var layouts = []struct {
	name, data string
	least      int64
	more       map[int]int64
}{
	{"small pages", "tpch-x10-paged", 0, nineOrMore},
	{"whole pages", "tpch-x10", 5 << 20, map[int]int64{2: 8 << 20, 10: 12 << 20, 11: 8 << 20, 20: 8 << 20, 22: 8 << 20}},
}

// TestQuarterOfNeed runs every query within a quarter of the memory that it
// takes when it may: the answer is the same, what operators hold goes to disk,
// and the process stays small.
func TestQuarterOfNeed(t *testing.T) {
	slow(t)
	needProc(t)
	suite, ok := tpch.Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			dir := enlarged(t, l.data)
			var table strings.Builder
			fmt.Fprintf(&table, "\n| query | need | state | limit | spilled | above idle | in memory | at the limit |\n")
			fmt.Fprintf(&table, "|---|---:|---:|---:|---:|---:|---:|---:|\n")
			for _, n := range tpch.Numbers {
				t.Run(fmt.Sprintf("q%02d", n), func(t *testing.T) {
					quarter(t, suite, dir, n, max(l.least, l.more[n]), &table)
				})
			}
			t.Log(table.String())
		})
	}
}

// quarter runs query n over the data in dir, first with memory to spare and then
// with a quarter of what it took, but at least least bytes.
func quarter(t *testing.T, suite *tpch.Suite, dir string, n int, least int64, table *strings.Builder) {
	q, err := suite.Query(n)
	if err != nil {
		t.Fatal(err)
	}
	settings := []gannet.Setting{{Name: "threads", Value: "2"}}
	j := &job{Settings: settings, Setup: tpch.Setup("VIEW", dir), Query: q, Keep: true}
	free := j.mustRun(t)
	limit := max(free.Need/4, least)
	j.Settings = append(settings, gannet.Setting{Name: "memory_limit", Value: strconv.FormatInt(limit>>10, 10) + "KiB"})
	tight, err := j.inProcess()
	if tight == nil {
		t.Fatal(err)
	}
	fmt.Fprintf(table, "| %d | %s | %s | %s | %s | %s | %.2f s | %.2f s |\n", n, mib(free.Need), mib(free.State),
		mib(limit), mib(tight.Spilled), mib((tight.PeakKB-tight.IdleKB)<<10), float64(free.Nanos)/1e9, float64(tight.Nanos)/1e9)
	t.Logf("need: %s; at the limit: %s", free.Holders, tight.Holders)
	if err != nil {
		t.Fatal(err)
	}
	if d := differ(free.Types, tight.Cells, free.Cells); d != "" {
		t.Errorf("within the limit: %s", d)
	}
	if least == 0 && tight.Spilled == 0 {
		t.Error("nothing was spilled")
	}
	// Operators need not have held their most at the same time.
	if free.State > limit+limit/16 && tight.Spilled == 0 {
		t.Errorf("nothing was spilled, though operators want %d bytes of %d", free.State, limit)
	}
	if tight.Need > limit {
		t.Errorf("%d bytes were reserved of %d", tight.Need, limit)
	}
	tight.within(t, limit)
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
