package reliability

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/gotree"
	"github.com/gannetdb/gannet/tests/tpch"
)

// TestOutOfCore runs the queries of the bench's suite of that name, over data of
// eight times the limit and more, each in a process of its own: they give the
// answers that they give with all the memory they want, and the process stays
// within the limit. With 64 MB they may say that it is too little.
func TestOutOfCore(t *testing.T) {
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
	root, err := gotree.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "tests", "bench", "outofcore", "queries", "q*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatal("no queries: ", err)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "\n| query | limit | above idle | spilled | time | in memory |\n|---|---:|---:|---:|---:|---:|\n")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			stmts := strings.Split(strings.TrimSpace(string(text)), ";\n")
			threads := gannet.Setting{Name: "threads", Value: "2"}
			j := &job{Settings: []gannet.Setting{threads}, Setup: tpch.Setup("VIEW", dir), Query: stmts[len(stmts)-1], Keep: true}
			j.Before = stmts[:len(stmts)-1]
			free := j.mustRun(t)
			for _, mb := range []int64{128, 64} {
				j.Settings = []gannet.Setting{threads, {Name: "memory_limit", Value: fmt.Sprintf("%dMB", mb)}}
				tight, err := j.inProcess()
				if tight == nil {
					t.Fatal(err)
				}
				if err != nil && mb < 128 && tight.Code == sqlerr.CodeOutOfMemory {
					fmt.Fprintf(&table, "| %s | %d MB | %s | %s | out of memory | |\n", name, mb, mib((tight.PeakKB-tight.IdleKB)<<10), mib(tight.Spilled))
					continue
				}
				if err != nil {
					t.Errorf("%d MB: code %s: %v (%s)", mb, tight.Code, err, tight.Holders)
					continue
				}
				if d := differ(free.Types, tight.Cells, free.Cells); d != "" {
					t.Errorf("%d MB: %s", mb, d)
				}
				if tight.Spilled == 0 && free.State > mb<<20 {
					t.Errorf("%d MB: nothing was spilled of %d bytes", mb, free.State)
				}
				tight.within(t, mb*1000*1000)
				fmt.Fprintf(&table, "| %s | %d MB | %s | %s | %.2f s | %.2f s |\n", name, mb,
					mib((tight.PeakKB-tight.IdleKB)<<10), mib(tight.Spilled), float64(tight.Nanos)/1e9, float64(free.Nanos)/1e9)
			}
		})
	}
	t.Log(table.String())
}
