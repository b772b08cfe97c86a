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

// levels are the limits of TestOutOfCore, each with data of eight times as much
// and more that `make bench-data` and `make bench-data-large` write.
var levels = []struct {
	mb   int64
	data string
}{
	{64, "tpch-x10"},
	{128, "tpch-x10"},
	{256, "tpch-x20"},
	{512, "tpch-x40"},
	{1000, "tpch-x80"},
}

// mayRefuse is the limit in MB below which a query may say that its memory is too
// little; from there on it answers, and the process stays within the bound.
const mayRefuse = 128

// TestOutOfCore runs the queries of the bench's suite of that name, each in a
// process of its own: they give the answers that they give with all the memory
// they want, and the process stays within the limit.
func TestOutOfCore(t *testing.T) {
	slow(t)
	needProc(t)
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
	for _, level := range levels {
		t.Run(fmt.Sprintf("%dMB", level.mb), func(t *testing.T) {
			dir := enlarged(t, level.data)
			for _, file := range files {
				name := strings.TrimSuffix(filepath.Base(file), ".sql")
				t.Run(name, func(t *testing.T) {
					text, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					row := holdsTo(t, string(text), dir, level.mb)
					fmt.Fprintf(&table, "| %s | %d MB | %s |\n", name, level.mb, row)
				})
			}
		})
	}
	t.Log(table.String())
}

// holdsTo runs the last statement of text after the others, over the tables of
// dir, with all the memory it wants and with mb MB, and returns the figures.
func holdsTo(t *testing.T, text, dir string, mb int64) string {
	stmts := strings.Split(strings.TrimSpace(text), ";\n")
	threads := gannet.Setting{Name: "threads", Value: "2"}
	j := &job{Settings: []gannet.Setting{threads}, Setup: tpch.Setup("VIEW", dir), Query: stmts[len(stmts)-1], Keep: true}
	j.Before = stmts[:len(stmts)-1]
	free := j.mustRun(t)

	j.Settings = append(j.Settings, gannet.Setting{Name: "memory_limit", Value: fmt.Sprintf("%dMB", mb)})
	tight, err := j.inProcess()
	if tight == nil {
		t.Fatal(err)
	}
	above := mib((tight.PeakKB - tight.IdleKB) << 10)
	if err != nil && mb < mayRefuse && tight.Code == sqlerr.CodeOutOfMemory {
		return fmt.Sprintf("%s | %s | out of memory |", above, mib(tight.Spilled))
	}
	if err != nil {
		t.Fatalf("code %s: %v (%s)", tight.Code, err, tight.Holders)
	}
	if d := differ(free.Types, tight.Cells, free.Cells); d != "" {
		t.Error(d)
	}
	if tight.Spilled == 0 && free.State > mb<<20 {
		t.Errorf("nothing was spilled of %d bytes", free.State)
	}
	tight.within(t, mb*1000*1000)
	return fmt.Sprintf("%s | %s | %.2f s | %.2f s", above, mib(tight.Spilled), float64(tight.Nanos)/1e9, float64(free.Nanos)/1e9)
}
