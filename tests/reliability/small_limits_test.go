package reliability

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
)

// stored are queries over tables of wholePages: every operator that spills, joins
// in a row, and scans that want most of a small limit for themselves.
var stored = []string{
	`SELECT count(*), max(l_comment), max(h_comment), max(l_shipped), sum(h_buyer) FROM lines JOIN heads ON l_head = h_key`,
	`SELECT count(*), max(c), min(s), sum(l_price) FROM (SELECT l_comment AS c, l_shipped AS s, l_price FROM lines ORDER BY l_comment DESC, l_head OFFSET 3) x`,
	`SELECT count(*), sum(n), max(c), min(s) FROM (SELECT l_head, l_line, count(*) AS n, max(l_comment) AS c, min(l_shipped) AS s FROM lines GROUP BY l_head, l_line) x`,
	`SELECT count(DISTINCT l_comment), count(DISTINCT l_price), sum(l_part) FROM lines`,
	`SELECT sum(r), max(p), max(l_shipped) FROM (SELECT l_shipped, row_number() OVER w AS r, lag(l_comment) OVER w AS p FROM lines WINDOW w AS (PARTITION BY l_head ORDER BY l_line)) x`,
	`SELECT count(*), sum(length(s)) FROM (SELECT l_part, string_agg(l_comment, ',' ORDER BY l_head, l_line) AS s FROM lines GROUP BY l_part) x`,
	`WITH c AS MATERIALIZED (SELECT l_head, l_comment, l_shipped FROM lines) SELECT (SELECT count(*) FROM c), (SELECT max(l_comment) FROM c), (SELECT min(l_shipped) FROM c)`,
	`SELECT count(*), max(k), sum(n) FROM (
		SELECT a.l_part AS k, max(a.l_comment || h.h_comment) AS s, count(*) + max(b.l_price) + max(c.l_price) + max(g.h_buyer) AS n
		FROM lines a JOIN heads h ON a.l_head = h.h_key JOIN lines b ON b.l_head = h.h_key AND b.l_line = a.l_line
			JOIN lines c ON c.l_comment = a.l_comment JOIN heads g ON g.h_comment = h.h_comment JOIN heads i ON i.h_key = g.h_key
		GROUP BY a.l_part ORDER BY s, k OFFSET 3) x`,
}

// TestSmallLimitsOfFiles runs queries over files in large pages within limits of
// which the buffers of their scans alone would take most: one, two and eight at
// once. Some 3 MiB a query are enough, and all of them finish.
func TestSmallLimitsOfFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	rows := int64(150_000)
	if os.Getenv("GANNET_SLOW") != "" {
		rows = 3_000_000
	}
	ctx := context.Background()
	db, e := openBoth(t, gannet.Setting{Name: "threads", Value: "2"})
	for _, s := range wholePages(t, rows) {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	want := make([][]string, len(stored))
	for i, q := range stored {
		_, cells, err := read(ctx, db, q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		want[i] = cells[0]
	}
	used := e.Budget().Used()
	for _, c := range []struct {
		limit  string
		atOnce int
	}{{"24MiB", 8}, {"16MiB", 2}, {"16MiB", 1}, {"12MiB", 1}, {"8MiB", 1}} {
		if _, err := db.Exec("SET memory_limit = '" + c.limit + "'"); err != nil {
			t.Fatal(err)
		}
		before := e.SpillStats().BytesWritten
		e.Budget().ResetPeak()
		todo := make(chan int, len(stored))
		for i := range stored {
			todo <- i
		}
		close(todo)
		var wg sync.WaitGroup
		for range c.atOnce {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range todo {
					_, cells, err := read(ctx, db, stored[i])
					if err != nil {
						t.Errorf("%s, %d at once: %.60s: %v%s", c.limit, c.atOnce, stored[i], err, detail(err))
					} else if !slices.Equal(cells[0], want[i]) {
						t.Errorf("%s, %d at once: %.60s: %v, want %v", c.limit, c.atOnce, stored[i], cells[0], want[i])
					}
				}
			}()
		}
		wg.Wait()
		t.Logf("%s, %d at once: %d MiB spilled", c.limit, c.atOnce, (e.SpillStats().BytesWritten-before)>>20)
		if e.SpillStats().BytesWritten == before {
			t.Errorf("%s, %d at once: nothing was spilled", c.limit, c.atOnce)
		}
		if p, l := e.Budget().Peak(), e.Budget().Limit(); p > l {
			t.Errorf("%s, %d at once: %d bytes reserved of %d", c.limit, c.atOnce, p, l)
		}
		if held := e.Budget().Used(); held != used {
			t.Errorf("%s, %d at once: %d bytes are reserved, %d were before: %v", c.limit, c.atOnce, held, used, e.Budget().Holders())
		}
	}
	alive(t, db)
}
