package reliability

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/tpch"
)

// What a cancelled query may take to return, in 29 of 30 tries and ever, on a
// machine that has nothing else to do; the short form is for any machine.
const (
	cancelUsual = 50 * time.Millisecond
	cancelWorst = 250 * time.Millisecond
	cancelShort = time.Second
)

// TestCancelTPCH cancels each query at random instants of its life, with and
// without spilling, and looks for what is left behind each time.
func TestCancelTPCH(t *testing.T) {
	suite, ok := tpch.Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	dir, tries := suite.Data("sf0.1"), 3
	mostUsual, mostWorst := cancelShort, cancelShort
	if os.Getenv("GANNET_SLOW") != "" {
		if dir, ok = suite.Made("tpch-x10"); !ok {
			t.Skip("no enlarged data: make bench-data")
		}
		tries, mostUsual, mostWorst = 30, cancelUsual, cancelWorst
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, spilling := range []bool{false, true} {
		db, e := openEngine(t, tpch.Setup("VIEW", dir), "SET threads = 2")
		name := "memory"
		if spilling {
			name = "spill"
			if _, err := db.Exec("SET debug_spill_cap = 0"); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range tpch.Numbers {
			t.Run(fmt.Sprintf("%s/q%02d", name, n), func(t *testing.T) {
				q, err := suite.Query(n)
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if _, err := drain(context.Background(), db, q); err != nil {
					t.Fatal(err)
				}
				whole := time.Since(start)
				left := remains(e)
				var late []time.Duration
				for range tries {
					d, err := cancelAfter(db, q, time.Duration(rng.Int64N(int64(whole))))
					if err == nil {
						continue // it was done first
					}
					if code := sqlerr.Code(err); code != sqlerr.CodeQueryCancelled {
						t.Errorf("code %s: %v", code, err)
					}
					late = append(late, d)
					left.check(t, e)
				}
				if len(late) == 0 {
					return
				}
				slices.Sort(late)
				usual, worst := late[len(late)-1-len(late)/30], late[len(late)-1]
				t.Logf("of %v: median %v, 29 of 30 %v, worst %v", whole, late[len(late)/2], usual, worst)
				if usual > mostUsual || worst > mostWorst {
					t.Errorf("%v, and at worst %v, after the cancellation; want at most %v and %v", usual, worst, mostUsual, mostWorst)
				}
			})
		}
	}
}

// cancelAfter runs a query, cancels it, and returns how long it went on; a nil
// error means that it had ended before.
func cancelAfter(db *sql.DB, q string, after time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cancelled := make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() {
		cancelled <- time.Now()
		cancel()
	})
	_, err := drain(ctx, db, q)
	returned := time.Now()
	if err == nil || timer.Stop() {
		return 0, nil
	}
	return returned.Sub(<-cancelled), err
}

// openEngine opens a database with one session and runs statements. It has
// spilled once, so that its directory for temporary files is there.
func openEngine(t *testing.T, setup []string, more ...string) (*sql.DB, *engine.Database) {
	t.Helper()
	files, goroutines := openFiles(), runtime.NumGoroutine()
	c := gannet.NewConnector(gannet.Config{})
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		settle(t, goroutines)
		if n := openFiles(); n > files {
			t.Errorf("%d files are open, %d were before", n, files)
		}
	})
	more = append(more, "SET debug_spill_cap = 0",
		"SELECT a.x FROM (VALUES (1), (2)) a(x) JOIN (VALUES (2), (3)) b(x) ON a.x = b.x ORDER BY a.x", "SET debug_spill_cap = -1")
	for _, s := range append(more, setup...) {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	e, err := c.Database(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if e.SpillStats().CreatedFiles == 0 {
		t.Fatal("nothing was spilled")
	}
	return db, e
}

// footprint is what a query must not leave more of.
type footprint struct {
	goroutines, files int
	bytes             int64
}

func remains(e *engine.Database) footprint {
	return footprint{goroutines: runtime.NumGoroutine(), files: openFiles(), bytes: e.Budget().Used()}
}

// check compares with what is there now, after goroutines had time to end: one
// gives disk space back.
func (f footprint) check(t *testing.T, e *engine.Database) {
	t.Helper()
	if n := e.Budget().Used(); n != f.bytes {
		t.Errorf("%d bytes are reserved, %d were before: %v", n, f.bytes, e.Budget().Holders())
	}
	settle(t, f.goroutines)
	var disk spill.Stats
	files := 0
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if files, disk = openFiles(), e.SpillStats(); files <= f.files && disk.DiskBytes == 0 && disk.OpenFiles == 0 {
			return
		}
	}
	t.Errorf("%d files are open, %d were before; %d temporary files with %d bytes are left", files, f.files, disk.OpenFiles, disk.DiskBytes)
}
