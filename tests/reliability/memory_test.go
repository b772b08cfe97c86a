package reliability

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/tests/gotree"
)

// figures is what a child process reports about one query.
type figures struct {
	Rows           int
	IdleKB, PeakKB int64
	Err            string
}

// childQuery and childLimit turn this test binary into a process that runs one
// query and reports its memory.
const (
	childQuery = "GANNET_TEST_QUERY"
	childLimit = "GANNET_TEST_LIMIT"
)

func TestMain(m *testing.M) {
	if q := os.Getenv(childQuery); q != "" {
		if err := json.NewEncoder(os.Stdout).Encode(child(q, os.Getenv(childLimit))); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestMemoryLimit reads the peak of the resident size from the system. It may
// lie above that of the idle process by the limit, of which 128 MiB are always
// granted, times 1.10, and 32 MiB.
func TestMemoryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	dir := shared(t, "tpch", "sf0.1")
	if root, err := gotree.FindRoot("."); err == nil {
		// Ten times the data, if the benchmark has made it.
		big := filepath.Join(root, "tests", "bench", "data", "tpch-x10")
		if _, err := os.Stat(big); err == nil {
			dir = big
		}
	}
	lineitem, orders := "'"+dir+"/lineitem.parquet'", "'"+dir+"/orders.parquet'"
	for name, q := range map[string]string{
		"aggregation": "SELECT count(*), sum(n) FROM (SELECT l_orderkey, l_partkey, l_suppkey, l_comment, count(*) AS n FROM " + lineitem + " GROUP BY l_orderkey, l_partkey, l_suppkey, l_comment) t",
		"join":        "SELECT count(*), sum(o_totalprice) FROM " + lineitem + " l JOIN (SELECT o_orderkey, o_totalprice, o_comment FROM " + orders + ") o ON l_orderkey = o_orderkey WHERE o_comment <> l_comment",
		"sort":        "SELECT count(*), max(l_comment) FROM (SELECT l_orderkey, l_comment FROM " + lineitem + " ORDER BY l_comment, l_orderkey LIMIT 1000000 OFFSET 1000) t",
	} {
		t.Run(name, func(t *testing.T) {
			free := start(t, q, "")
			const limit = 128 << 10
			tight := start(t, q, "128MiB")
			if free.Rows != tight.Rows {
				t.Errorf("%d rows within the limit, %d without", tight.Rows, free.Rows)
			}
			above := tight.PeakKB - tight.IdleKB
			most := int64(limit)*110/100 + 32<<10
			t.Logf("above idle: %d MiB within the limit of 128 MiB, %d MiB without", above>>10, (free.PeakKB-free.IdleKB)>>10)
			if above > most {
				t.Errorf("peak of %d KiB above the idle process, want at most %d", above, most)
			}
		})
	}
}

func start(t *testing.T, q, limit string) figures {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childQuery+"="+q, childLimit+"="+limit)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var f figures
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if f.Err != "" {
		t.Fatal(f.Err)
	}
	return f
}

// child runs a query in a process of its own.
func child(q, limit string) figures {
	f, err := measure(q, limit)
	if err != nil {
		f.Err = err.Error()
	}
	return f
}

func measure(q, limit string) (f figures, err error) {
	dsn := "?threads=2"
	if limit != "" {
		dsn += "&memory_limit=" + limit
	}
	db, err := sql.Open("gannet", dsn)
	if err != nil {
		return f, err
	}
	defer db.Close()
	if _, err := drain(context.Background(), db, "SELECT 1"); err != nil {
		return f, err
	}
	f.IdleKB = statusKB("VmRSS")
	f.Rows, err = drain(context.Background(), db, q)
	f.PeakKB = statusKB("VmHWM")
	return f, err
}

// statusKB reads a size out of /proc/self/status.
func statusKB(field string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err == nil {
				return kb
			}
		}
	}
	return 0
}
