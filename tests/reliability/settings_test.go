package reliability

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// TestLimitLoweredWhileQueriesRun takes memory away from a query that has twice as
// much: it goes on with what is left, or says that it cannot.
func TestLimitLoweredWhileQueriesRun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	queries := []string{
		"SELECT count(*), max(s) FROM (SELECT i, 'a text that makes rows wide ' || (i * 7919 % 1000003) AS s FROM range(1000000) r(i) ORDER BY s, i OFFSET 7) x",
		"SELECT count(*), max(s), sum(n) FROM (SELECT i % 600000 AS k, max('a text that makes rows wide ' || (i * 7919 % 1000003)) AS s, count(*) AS n FROM range(1000000) r(i) GROUP BY k) x",
		"SELECT count(*), max(a.s), min(b.s) FROM (SELECT i, 'a text that makes rows wide ' || i AS s FROM range(600000) r(i)) a JOIN (SELECT i * 3 AS i, 'another text that makes rows wide ' || i AS s FROM range(600000) r(i)) b ON a.i = b.i",
		"SELECT count(*), sum(r), max(p) FROM (SELECT row_number() OVER w AS r, lag(s) OVER w AS p FROM (SELECT i, 'a text that makes rows wide ' || (i * 7919 % 1000003) AS s FROM range(800000) r(i)) x WINDOW w AS (PARTITION BY i % 1000 ORDER BY s)) y",
	}
	for _, q := range queries {
		db, e := openBoth(t, gannet.Setting{Name: "threads", Value: "2"}, gannet.Setting{Name: "memory_limit", Value: "1GiB"})
		ctx := context.Background()
		_, want, err := read(ctx, db, q)
		if err != nil {
			t.Fatal(err)
		}
		type answer struct {
			types []string
			cells [][]string
			err   error
		}
		done := make(chan answer)
		go func() {
			var a answer
			a.types, a.cells, a.err = read(ctx, db, q)
			done <- a
		}()
		var got answer
		lowered, ended := false, false
		for !lowered && !ended {
			select {
			case got = <-done:
				ended = true
			default:
				if lowered = e.Budget().Used() > 40<<20; lowered {
					if _, err := db.Exec("SET memory_limit = '24MiB'"); err != nil {
						t.Fatal(err)
					}
				}
				runtime.Gosched()
			}
		}
		if !ended {
			got = <-done
		}
		switch {
		case !lowered:
			t.Errorf("%s: never held 40 MiB", q)
		case sqlerr.Is(got.err, sqlerr.CodeOutOfMemory):
			t.Logf("%s: %v%s", q, got.err, detail(got.err))
			checkRefusal(t, q, got.err)
		case got.err != nil:
			t.Errorf("%s: code %s: %v%s", q, sqlerr.Code(got.err), got.err, detail(got.err))
		default:
			if d := differ(got.types, got.cells, want); d != "" {
				t.Errorf("%s: %s", q, d)
			}
			if e.SpillStats().BytesWritten == 0 {
				t.Errorf("%s: nothing was spilled", q)
			}
		}
		if n := e.Budget().Used(); n != 0 {
			t.Errorf("%s: %d bytes are reserved: %v", q, n, e.Budget().Holders())
		}
		if _, err := db.Exec("SET memory_limit = '1GiB'"); err != nil {
			t.Fatal(err)
		}
		alive(t, db)
	}
}

// TestTempDirectory sets temp_directory and max_temp_directory_size to what can be
// used and to what cannot.
func TestTempDirectory(t *testing.T) {
	ctx := context.Background()
	spills := "SELECT count(*) FROM (SELECT i, 'a text that makes rows wide ' || i AS s FROM range(100000) r(i) ORDER BY s OFFSET 1) x"
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db := open(t, "?threads=2")
	exec := func(s string) error {
		_, err := db.Exec(s)
		return err
	}
	must := func(s string) {
		t.Helper()
		if err := exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	show := func(name string) (s string) {
		t.Helper()
		if err := db.QueryRow("SHOW " + name).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	if got := show("temp_directory"); got != os.TempDir() {
		t.Errorf("temp_directory is %q, want that of the system, %q", got, os.TempDir())
	}
	if got := show("max_temp_directory_size"); got != "-1" {
		t.Errorf("max_temp_directory_size is %q", got)
	}
	must("SET debug_spill_cap = 0")

	// Where no directory can be made.
	must("SET temp_directory = '" + filepath.ToSlash(filepath.Join(file, "x")) + "'")
	_, err := drain(ctx, db, spills)
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Code != sqlerr.CodeIO || !strings.Contains(e.Detail+e.Hint, "temp_directory") {
		t.Errorf("in a file: %v", err)
	}
	alive(t, db)

	// Folders that do not exist are made, and removed.
	deep := filepath.Join(base, "some", "folders")
	must("SET temp_directory = '" + filepath.ToSlash(deep) + "'")
	if n, err := drain(ctx, db, spills); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if n := len(entries(t, deep)); n != 1 {
		t.Errorf("%d directories in %s", n, deep)
	}

	// It stays while there are temporary files.
	must("CREATE TABLE held AS SELECT i, 'a text ' || i AS s FROM range(100000) r(i)")
	if err := exec("SET temp_directory = '" + filepath.ToSlash(base) + "'"); !sqlerr.Is(err, sqlerr.CodeCannotChangeNow) {
		t.Errorf("changed in use: %v", err)
	}
	if n, err := drain(ctx, db, "SELECT i FROM held WHERE s LIKE '%7'"); n != 10000 || err != nil {
		t.Error(n, err)
	}
	must("DROP TABLE held")
	must("SET temp_directory = '" + filepath.ToSlash(base) + "'")
	if _, err := os.Stat(filepath.Join(base, "some")); !os.IsNotExist(err) {
		t.Errorf("the folders that were made are left: %v", err)
	}

	// Nothing may be written, or some.
	for _, c := range []struct {
		size string
		full bool
	}{{"0KB", true}, {"64KiB", true}, {"1GB", false}, {"-1", false}} {
		must("SET max_temp_directory_size = '" + c.size + "'")
		n, err := drain(ctx, db, spills)
		switch {
		case !c.full && (n != 1 || err != nil):
			t.Errorf("%s: %v", c.size, err)
		case c.full && (!errors.As(err, &e) || e.Code != sqlerr.CodeDiskFull || !strings.Contains(e.Hint, "max_temp_directory_size") || e.Detail == ""):
			t.Errorf("%s: %v", c.size, err)
		}
	}
	if err := exec("SET max_temp_directory_size = '-5'"); !sqlerr.Is(err, sqlerr.CodeInvalidArgument) {
		t.Error(err)
	}
}

// TestInterleavedReaders reads two large results and changes a table by turns,
// over connections of one pool, with less memory than any of them wants.
func TestInterleavedReaders(t *testing.T) {
	db, e := openBoth(t, gannet.Setting{Name: "threads", Value: "2"}, gannet.Setting{Name: "memory_limit", Value: "24MiB"})
	if _, err := db.Exec("CREATE TABLE held AS SELECT i, 'a text that makes rows wide ' || i AS s FROM range(600000) r(i)"); err != nil {
		t.Fatal(err)
	}
	query := func(q string) *sql.Rows {
		rows, err := db.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	a := query("SELECT i, s FROM held ORDER BY s DESC, i")
	b := query("SELECT i, max(s), count(*) FROM held GROUP BY i")
	defer a.Close()
	defer b.Close()
	var sumA, sumB, i, n int64
	var s, last string
	rowsA, rowsB := 0, 0
	for more := true; more; {
		more = false
		for range 5000 {
			if a.Next() {
				if err := a.Scan(&i, &s); err != nil {
					t.Fatal(err)
				}
				if last != "" && s > last {
					t.Fatalf("%q comes after %q", s, last)
				}
				last, sumA, rowsA, more = s, sumA+i, rowsA+1, true
			}
			if b.Next() {
				if err := b.Scan(&i, &s, &n); err != nil {
					t.Fatal(err)
				}
				sumB, rowsB, more = sumB+i*n, rowsB+1, true
			}
		}
		if rowsA == 100_000 {
			// The readers go on with the table as it was.
			if _, err := db.Exec("UPDATE held SET i = i + 1 WHERE i % 3 = 0"); err != nil {
				t.Fatal(err)
			}
		}
		if used, limit := e.Budget().Used(), e.Budget().Limit(); used > limit {
			t.Fatalf("%d bytes are reserved of %d", used, limit)
		}
	}
	if a.Err() != nil || b.Err() != nil {
		t.Fatal(a.Err(), b.Err())
	}
	const want = 600_000 * 599_999 / 2
	if rowsA != 600_000 || rowsB != 600_000 || sumA != want || sumB != want {
		t.Errorf("%d and %d rows, sums %d and %d, want %d", rowsA, rowsB, sumA, sumB, want)
	}
	var after int64
	if err := db.QueryRow("SELECT sum(i) FROM held").Scan(&after); err != nil || after != want+200_000 {
		t.Errorf("%d after the update, want %d: %v", after, want+200_000, err)
	}
	if e.SpillStats().BytesWritten == 0 {
		t.Error("nothing was spilled")
	}
}
