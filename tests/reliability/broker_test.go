package reliability

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
)

// chained hold several states at once: five joins, a sort and an aggregation,
// one after the other or one within the other.
var chained = []string{
	`SELECT count(*), max(s), min(s), sum(n) FROM (
		SELECT s, n FROM (
			SELECT a.i % 30011 AS k, max(a.s || b.s) AS s, count(*) + max(c.i) + max(d.i) + max(e.i) + max(f.i) AS n
			FROM big a JOIN big b ON a.i = b.i + 1 JOIN big c ON b.i = c.i + 1 JOIN big d ON c.i = d.i + 1
			JOIN big e ON d.s = e.s JOIN big f ON e.i = f.i + 2
			GROUP BY k) x
		ORDER BY s, n OFFSET 3) y`,
	`SELECT count(*), max(l), sum(r) FROM (
		SELECT row_number() OVER (PARTITION BY a.i % 1009 ORDER BY a.s) AS r, lag(b.s) OVER (PARTITION BY a.i % 1009 ORDER BY a.s, a.i) AS l
		FROM big a LEFT JOIN big b ON a.i = b.i + 1 JOIN (SELECT DISTINCT s FROM big) c ON a.s = c.s
		ORDER BY b.s DESC, a.i OFFSET 1) x`,
}

// TestSmallLimits runs queries that each need many times the limit, alone, two
// and eight at once. All of them finish: who has more than its part gives it to
// who cannot go on without.
func TestSmallLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	rows := 60_000
	if os.Getenv("GANNET_SLOW") != "" {
		rows = 400_000
	}
	ctx := context.Background()
	db, e := openBoth(t, gannet.Setting{Name: "threads", Value: "2"})
	if _, err := db.Exec(fmt.Sprintf("CREATE VIEW big AS SELECT i, 'a text that makes rows wide, number ' || (i * 7919 %% 1000003) AS s FROM range(%d) r(i)", rows)); err != nil {
		t.Fatal(err)
	}
	queries := slices.Concat(chained, sharing)
	want := make([][]string, len(queries))
	for i, q := range queries {
		_, cells, err := read(ctx, db, q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		want[i] = cells[0]
	}
	used := e.Budget().Used()
	for _, limit := range []string{"16MiB", "24MiB", "64MiB"} {
		if _, err := db.Exec("SET memory_limit = '" + limit + "'"); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 2, 8} {
			if n > 1 && limit == "16MiB" {
				continue
			}
			before := e.SpillStats().BytesWritten
			e.Budget().ResetPeak()
			todo := make(chan int, len(queries))
			for i := range queries {
				todo <- i
			}
			close(todo)
			var wg sync.WaitGroup
			for range n {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for i := range todo {
						_, cells, err := read(ctx, db, queries[i])
						if err != nil {
							t.Errorf("%s, %d at once: %.60s: %v%s", limit, n, queries[i], err, detail(err))
						} else if !slices.Equal(cells[0], want[i]) {
							t.Errorf("%s, %d at once: %.60s: %v, want %v", limit, n, queries[i], cells[0], want[i])
						}
					}
				}()
			}
			wg.Wait()
			t.Logf("%s, %d at once: %d MiB spilled", limit, n, (e.SpillStats().BytesWritten-before)>>20)
			if e.SpillStats().BytesWritten == before && limit != "64MiB" {
				t.Errorf("%s, %d at once: nothing was spilled", limit, n)
			}
			if p, l := e.Budget().Peak(), e.Budget().Limit(); p > l {
				t.Errorf("%s, %d at once: %d bytes reserved of %d", limit, n, p, l)
			}
			if held := e.Budget().Used(); held != used {
				t.Errorf("%s, %d at once: %d bytes are reserved, %d were before: %v", limit, n, held, used, e.Budget().Holders())
			}
		}
	}
	alive(t, db)
}

// TestMemoryIsListed looks at gannet_memory() while queries hold their state.
func TestMemoryIsListed(t *testing.T) {
	ctx := context.Background()
	db, e := openBoth(t, gannet.Setting{Name: "threads", Value: "2"}, gannet.Setting{Name: "memory_limit", Value: "256MiB"})
	if _, err := db.Exec("CREATE VIEW big AS SELECT i, 'a text that makes rows wide, number ' || (i * 7919 % 1000003) AS s FROM range(100000) r(i)"); err != nil {
		t.Fatal(err)
	}
	for tag, q := range map[string]string{
		"sort":        `SELECT i, s FROM big ORDER BY s`,
		"aggregation": `SELECT s, count(*) FROM big GROUP BY s`,
		"window":      `SELECT s, sum(i) OVER (PARTITION BY i % 1009 ORDER BY s) FROM big`,
		"hash join":   `SELECT a.s, b.s FROM big a JOIN big b ON a.i = b.i + 1`,
		"expressions": `SELECT repeat(s, 100) FROM big`,
	} {
		func() {
			rows, err := db.QueryContext(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			if !rows.Next() {
				t.Fatalf("%s: %v", q, rows.Err())
			}
			var held, peak, all int64
			var spills bool
			if err := db.QueryRow("SELECT memory_usage_bytes, peak_bytes, can_spill FROM gannet_memory() WHERE tag = '"+tag+"'").Scan(&held, &peak, &spills); err != nil {
				t.Fatalf("%s: %s: %v", q, tag, err)
			}
			if held <= 0 || peak < held || spills != (tag != "expressions") {
				t.Errorf("%s: %s holds %d bytes, at most %d, can spill: %v", q, tag, held, peak, spills)
			}
			if err := db.QueryRow("SELECT sum(memory_usage_bytes) FROM gannet_memory()").Scan(&all); err != nil {
				t.Fatal(err)
			}
			if all < held || all > e.Budget().Peak() {
				t.Errorf("%s: %d bytes in all, at most %d were used", q, all, e.Budget().Peak())
			}
		}()
	}
}
