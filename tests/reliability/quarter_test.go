package reliability

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/tpch"
)

// leastLimit is the memory that a query is always given here: one page of these
// files has a megabyte, decompressed, and each operator some blocks a worker.
const leastLimit = 4 << 20

// moreLimit is what queries with nine and more operators side by side get.
var moreLimit = map[int]int64{2: 8 << 20, 11: 8 << 20, 20: 8 << 20, 22: 8 << 20}

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
	dir, ok := suite.Made("tpch-x10")
	if !ok {
		t.Skip("no enlarged data: make bench-data")
	}
	var table strings.Builder
	fmt.Fprintf(&table, "\n| query | need | state | limit | spilled | above idle | in memory | at the limit |\n")
	fmt.Fprintf(&table, "|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, n := range tpch.Numbers {
		t.Run(fmt.Sprintf("q%02d", n), func(t *testing.T) {
			q, err := suite.Query(n)
			if err != nil {
				t.Fatal(err)
			}
			settings := []gannet.Setting{{Name: "threads", Value: "2"}}
			j := &job{Settings: settings, Setup: tpch.Setup("VIEW", dir), Query: q, Keep: true}
			free := j.mustRun(t)
			limit := max(free.Need/4, leastLimit, moreLimit[n])
			if v := os.Getenv("GANNET_LIMIT"); v != "" {
				limit, _ = strconv.ParseInt(v, 10, 64)
			}
			j.Settings = append(settings, gannet.Setting{Name: "memory_limit", Value: strconv.FormatInt(limit>>10, 10) + "KiB"})
			tight, err := j.inProcess()
			if tight == nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&table, "| %d | %s | %s | %s | %s | %s | %.2f s | %.2f s |\n", n, mib(free.Need), mib(free.State),
				mib(limit), mib(tight.Spilled), mib((tight.PeakKB-tight.IdleKB)<<10), float64(free.Nanos)/1e9, float64(tight.Nanos)/1e9)
			t.Logf("need: %s; at the limit: %s", free.Holders, tight.Holders)
			if err != nil {
				t.Fatal(err)
			}
			if d := differ(free.Types, tight.Cells, free.Cells); d != "" {
				t.Errorf("within the limit: %s", d)
			}
			if free.State > limit && tight.Spilled == 0 {
				t.Errorf("nothing was spilled, though operators want %d bytes of %d", free.State, limit)
			}
			if tight.Need > limit {
				t.Errorf("%d bytes were reserved of %d", tight.Need, limit)
			}
			tight.within(t, limit)
		})
	}
	t.Log(table.String())
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
