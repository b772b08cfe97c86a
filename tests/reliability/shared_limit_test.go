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

// sharing are queries that together want several times the limit of
// TestQueriesShareTheLimit.
var sharing = []string{
	`SELECT count(*), min(i), max(s) FROM (SELECT i, s FROM big ORDER BY s, i OFFSET 5) x`,
	`SELECT count(*), sum(n), max(m) FROM (SELECT i % 199999 AS k, count(*) AS n, max(s) AS m FROM big GROUP BY k) x`,
	`SELECT count(*), max(a.s), min(b.s) FROM big a JOIN big b ON a.i = b.i + 1`,
	`SELECT sum(r), max(p), sum(n) FROM (SELECT row_number() OVER w AS r, lag(s) OVER w AS p, sum(i) OVER w AS n FROM big WINDOW w AS (PARTITION BY i % 50021 ORDER BY i)) x`,
	`SELECT count(*), max(s) FROM (SELECT DISTINCT s, i % 7 AS m FROM big) x`,
	`SELECT count(*), sum(length(l)) FROM (SELECT i % 30011 AS k, string_agg(s, ',' ORDER BY i) AS l FROM big GROUP BY k) x`,
	`WITH c AS MATERIALIZED (SELECT i, s FROM big) SELECT count(*), (SELECT max(s) FROM c), (SELECT sum(i) FROM c WHERE i % 3 = 0) FROM c`,
	`SELECT count(DISTINCT s), count(DISTINCT i) FROM big`,
}

// TestQueriesShareTheLimit runs two and eight queries at once that together
// need more than the limit. All of them finish.
func TestQueriesShareTheLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	rows, limit := 400_000, "128MiB"
	if os.Getenv("GANNET_SLOW") != "" {
		rows, limit = 4_000_000, "128MiB"
	}
	ctx := context.Background()
	db, e := openBoth(t, gannet.Setting{Name: "threads", Value: "2"})
	if _, err := db.Exec(fmt.Sprintf("CREATE VIEW big AS SELECT i, 'a text that makes rows wide, number ' || (i * 7919 %% 1000003) AS s FROM range(%d) r(i)", rows)); err != nil {
		t.Fatal(err)
	}
	want := make([][]string, len(sharing))
	for i, q := range sharing {
		_, cells, err := read(ctx, db, q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		want[i] = cells[0]
	}
	if _, err := db.Exec("SET memory_limit = '" + limit + "'"); err != nil {
		t.Fatal(err)
	}
	used := e.Budget().Used()
	for _, n := range []int{2, 8} {
		for from := 0; from < len(sharing); from += n {
			before := e.SpillStats().BytesWritten
			e.Budget().ResetPeak()
			var wg sync.WaitGroup
			for i := from; i < from+n; i++ {
				wg.Add(1)
				go func() {
					defer wg.Done()
					_, cells, err := read(ctx, db, sharing[i])
					if err != nil {
						t.Errorf("%d at once: %s: %v%s", n, sharing[i], err, detail(err))
					} else if !slices.Equal(cells[0], want[i]) {
						t.Errorf("%d at once: %s: %v, want %v", n, sharing[i], cells[0], want[i])
					}
				}()
			}
			wg.Wait()
			t.Logf("%d at once: %d MiB spilled", n, (e.SpillStats().BytesWritten-before)>>20)
			if n == 8 && e.SpillStats().BytesWritten == before {
				t.Errorf("%d at once: nothing was spilled", n)
			}
			if p, l := e.Budget().Peak(), e.Budget().Limit(); p > l {
				t.Errorf("%d at once: %d bytes reserved of %d", n, p, l)
			}
			if held := e.Budget().Used(); held != used {
				t.Errorf("%d at once: %d bytes are reserved, %d were before: %v", n, held, used, e.Budget().Holders())
			}
		}
	}
	alive(t, db)
}
