package reliability

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// openBoth is open with a view below database/sql.
func openBoth(t *testing.T, settings ...engine.Setting) (*sql.DB, *engine.Database) {
	t.Helper()
	files := openFiles()
	c := gannet.NewConnector(gannet.Config{Settings: settings})
	db := sql.OpenDB(c)
	e, err := c.Database(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if n := openFiles(); n > files {
			t.Errorf("%d files are open, %d were before", n, files)
		}
	})
	return db, e
}

// expected are codes that a query of the storm may fail with: cancelled, out of
// memory, a table that was dropped or replaced meanwhile.
var expected = []string{
	sqlerr.CodeQueryCancelled, sqlerr.CodeOutOfMemory, sqlerr.CodeUndefinedTable, sqlerr.CodeSerialization,
	sqlerr.CodeDuplicateTable, sqlerr.CodeAdminShutdown,
}

func checkStormError(t *testing.T, q string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrConnDone) {
		return
	}
	if !slices.Contains(expected, sqlerr.Code(err)) {
		t.Errorf("%s: %v%s", q, err, detail(err))
	}
}

// storm are queries of all operators with their number of rows, -1 for those
// whose tables change.
var storm = []struct {
	q    string
	rows int
}{
	{"SELECT a, b FROM base", 20_000},
	{"SELECT a, s FROM base ORDER BY s, a DESC", 20_000},
	{"SELECT a FROM base ORDER BY s DESC LIMIT 50 OFFSET 10", 50},
	{"SELECT s, count(*), sum(a) FROM base GROUP BY s", 7000},
	{"SELECT x.a, y.s FROM base x JOIN base y ON x.a = y.b", 20_000},
	{"SELECT x.a FROM base x LEFT JOIN small y ON x.a = y.k WHERE y.k IS NULL", 19_000},
	{"SELECT a FROM base WHERE a IN (SELECT k FROM small)", 1000},
	{"SELECT a FROM base LIMIT 100", 100},
	{"SELECT count(*) FROM (SELECT * FROM base LIMIT 15000)", 1},
	{"WITH c AS (SELECT a % 100 AS g, b FROM base) SELECT x.g FROM c x JOIN (SELECT g, max(b) AS m FROM c GROUP BY g) y ON x.g = y.g AND x.b = y.m", 100},
	{"SELECT a FROM base UNION ALL SELECT k FROM small", 21_000},
	{"SELECT a FROM base UNION SELECT b FROM base", 20_000},
	{"SELECT repeat(s, 400) FROM base LIMIT 3000", 3000},
	{"SELECT count(*) FROM moving", -1},
	{"SELECT x.a FROM base x JOIN moving m ON m.n = x.a", -1},
	{"SELECT n FROM moving ORDER BY n", -1},
}

func fillStorm(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, q := range []string{
		"CREATE TABLE base AS SELECT range AS a, 19999 - range AS b, 'text number ' || (range % 7000) AS s FROM range(20000)",
		"CREATE TABLE small AS SELECT range * 7 AS k FROM range(1000)",
		"CREATE TABLE moving AS SELECT range AS n FROM range(1000)",
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStorm runs queries on one database of little memory: some are cancelled,
// some closed early, while tables come and go and settings change. What ends
// well is right, what fails says why, and nothing is left behind.
func TestStorm(t *testing.T) {
	db, e := openBoth(t, engine.Setting{Name: "memory_limit", Value: "96MiB"}, engine.Setting{Name: "threads", Value: "4"})
	fillStorm(t, db)
	used := e.Budget().Used()
	deadline := time.Now().Add(4 * time.Second)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ended := map[string]int{}
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for time.Now().Before(deadline) {
				c := storm[r.IntN(len(storm))]
				how := stormQuery(t, db, r, c.q, c.rows)
				mu.Lock()
				ended[how]++
				mu.Unlock()
			}
		}()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		r := rand.New(rand.NewPCG(2, 2))
		for time.Now().Before(deadline) {
			for _, q := range []string{
				fmt.Sprintf("CREATE OR REPLACE TABLE moving AS SELECT range AS n FROM range(%d)", r.IntN(50_000)),
				"INSERT INTO moving SELECT n + 1 FROM moving",
				fmt.Sprintf("SET threads = %d", 1+r.IntN(6)),
				fmt.Sprintf("SET memory_limit = '%dMiB'", 64+r.IntN(64)),
				"INSERT INTO moving SELECT CASE WHEN a > 15000 THEN CAST(s AS INTEGER) ELSE a END FROM base",
			} {
				_, err := db.Exec(q)
				if sqlerr.Code(err) == sqlerr.CodeInvalidText || sqlerr.Code(err) == sqlerr.CodeInvalidCast {
					continue // the last one's, on purpose
				}
				checkStormError(t, q, err)
			}
		}
	}()
	wg.Wait()
	t.Log(ended)
	if _, err := db.Exec("SET memory_limit = '1GB'; CREATE OR REPLACE TABLE moving AS SELECT range AS n FROM range(1000)"); err != nil {
		t.Fatal(err)
	}
	if n := e.Budget().Used(); n != used {
		t.Errorf("%d bytes are in use, %d were before: %v", n, used, e.Budget().Holders())
	}
}

// stormQuery runs q, whole or not, and returns how it ended.
func stormQuery(t *testing.T, db *sql.DB, r *rand.Rand, q string, want int) string {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopAt := -1
	switch r.IntN(4) {
	case 0: // at some time
		timer := time.AfterFunc(time.Duration(r.IntN(20_000))*time.Microsecond, cancel)
		defer timer.Stop()
	case 1:
		stopAt = r.IntN(3000)
	}
	rows, err := db.QueryContext(ctx, q)
	if err != nil {
		checkStormError(t, q, err)
		return "no start"
	}
	n := 0
	for n != stopAt && rows.Next() {
		n++
	}
	if n == stopAt && r.IntN(2) == 0 {
		cancel()
	}
	err = rows.Err()
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	checkStormError(t, q, err)
	if sqlerr.Code(err) == sqlerr.CodeUndefinedTable {
		t.Errorf("%s lost a table while it ran: %v", q, err)
	}
	switch {
	case err != nil:
		return "error " + sqlerr.Code(err)
	case n == stopAt:
		return "closed early"
	case want >= 0 && n != want && ctx.Err() == nil:
		t.Errorf("%s: %d rows, want %d", q, n, want)
	}
	return "whole"
}

// TestCloseWhileQueriesRun closes a database under its users.
func TestCloseWhileQueriesRun(t *testing.T) {
	for round := range 5 {
		db, e := openBoth(t, engine.Setting{Name: "memory_limit", Value: "64MiB"}, engine.Setting{Name: "threads", Value: "3"})
		fillStorm(t, db)
		var wg sync.WaitGroup
		started := make(chan struct{}, 64)
		for w := range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := rand.New(rand.NewPCG(uint64(round), uint64(w)))
				s := e.NewSession()
				for {
					q := storm[r.IntN(len(storm))].q
					if w == 0 {
						q = "CREATE OR REPLACE TABLE moving AS SELECT a AS n FROM base"
					}
					stmts, err := s.Parse(q)
					if err != nil {
						t.Error(err)
						return
					}
					rows, err := s.Run(context.Background(), stmts[0], engine.Params{})
					select {
					case started <- struct{}{}:
					default:
					}
					for err == nil {
						c, nerr := rows.Next()
						if err = nerr; c == nil {
							break
						}
						c.Cols[0].Value(c.Len - 1)
					}
					if rows != nil {
						_ = rows.Close() // Next has said it
					}
					checkStormError(t, q, err)
					if sqlerr.Code(err) == sqlerr.CodeAdminShutdown {
						return
					}
				}
			}()
		}
		for range 10 {
			<-started
		}
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		wg.Wait()
		if n := e.Budget().Used(); n != 0 {
			t.Errorf("%d bytes are in use after Close: %v", n, e.Budget().Holders())
		}
	}
}

// TestSlowReader: what lies between a query and its reader is bounded.
func TestSlowReader(t *testing.T) {
	db, e := openBoth(t, engine.Setting{Name: "memory_limit", Value: "64MiB"}, engine.Setting{Name: "threads", Value: "4"})
	fillStorm(t, db)
	used := e.Budget().Used()
	e.Budget().ResetPeak()
	rows, err := db.Query("SELECT x.a, x.s, y.k FROM base x, small y") // 20 million rows
	if err != nil {
		t.Fatal(err)
	}
	for range 300_000 {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
	}
	if n := e.Budget().Peak() - used; n > 24<<20 {
		t.Errorf("%d bytes more are in use", n)
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if n := e.Budget().Used(); n != used {
		t.Errorf("%d bytes are in use, %d were before: %v", n, used, e.Budget().Holders())
	}
}
