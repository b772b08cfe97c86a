package reliability

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	_ "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/gotree"
)

// open opens a database that is closed at the end of the test, after which no
// goroutine and no file may be left.
func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	files, goroutines := openFiles(), runtime.NumGoroutine()
	db, err := sql.Open("gannet", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		settle(t, goroutines)
		if n := openFiles(); n > files {
			t.Errorf("%d files are open, %d were before", n, files)
		}
	})
	return db
}

// settle waits for goroutines that are about to end; database/sql's are.
func settle(t *testing.T, most int) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > most; {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines are left, %d were before\n%s", runtime.NumGoroutine(), most, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}

// openFiles counts the files that the process has open; 0 where it cannot tell.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// drain runs a query and counts its rows.
func drain(ctx context.Context, db *sql.DB, q string) (int, error) {
	rows, err := db.QueryContext(ctx, q)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}

// detail returns what an error tells beside its message: of an internal error,
// the stack.
func detail(err error) string {
	var e *sqlerr.Error
	if errors.As(err, &e) && e.Detail != "" {
		return "\n" + e.Detail
	}
	return ""
}

// alive checks that the database still answers.
func alive(t *testing.T, db *sql.DB) {
	t.Helper()
	var n int
	if err := db.QueryRow("SELECT 40 + 2").Scan(&n); err != nil || n != 42 {
		t.Fatalf("afterwards, SELECT 40 + 2 gives %d, %v", n, err)
	}
}

// shared gives a path below the folder of test data beside the repository, and
// skips the test if there is none.
func shared(t *testing.T, path ...string) string {
	t.Helper()
	root, err := gotree.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(append([]string{root, "..", "shared"}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no %s beside the repository", filepath.Join(path...))
	}
	return full
}
