package reliability

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	gannet "github.com/gannetdb/gannet/driver"
)

// TestKilledWhileSpilling ends a process that spills the hard way: what it had on
// disk is gone with the next start.
func TestKilledWhileSpilling(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	settings := []gannet.Setting{
		{Name: "threads", Value: "2"}, {Name: "memory_limit", Value: "32MiB"}, {Name: "temp_directory", Value: dir},
	}
	// It would run for minutes.
	text, err := json.Marshal(&job{Settings: settings, Query: "SELECT count(*) FROM (SELECT i, 'wide text ' || i AS s FROM range(200000000) r(i) ORDER BY s OFFSET 1) x"})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childJob+"="+string(text))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Its directory appears with the first block that is written.
		deadline := time.Now().Add(20 * time.Second)
		for len(entries(t, dir)) == 0 && time.Now().Before(deadline) {
			runtime.Gosched()
		}
		for end := time.Now().Add(time.Duration(round) * 40 * time.Millisecond); time.Now().Before(end); {
			runtime.Gosched() // more of it
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		if left := entries(t, dir); len(left) != 1 {
			t.Fatalf("round %d: %q instead of the directory of one process", round, left)
		}
		if runtime.GOOS != "windows" {
			// Files lose their names when they are made.
			for _, d := range entries(t, dir) {
				for _, f := range entries(t, filepath.Join(dir, d)) {
					if f != "lock" {
						t.Errorf("round %d: %s is left before the next start", round, f)
					}
				}
			}
		}
		func() {
			db := open(t, "?memory_limit=32MiB&temp_directory="+filepath.ToSlash(dir))
			alive(t, db)
			if now := entries(t, dir); len(now) != 0 {
				t.Errorf("round %d: %q is left after the start", round, now)
			}
			for _, s := range []string{"SET debug_spill_cap = 0", "SELECT i FROM range(10000) r(i) ORDER BY i DESC"} {
				if _, err := drain(context.Background(), db, s); err != nil {
					t.Fatal(err)
				}
			}
			if now := entries(t, dir); len(now) != 1 {
				t.Errorf("round %d: %q instead of one directory", round, now)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}()
		if now := entries(t, dir); len(now) != 0 {
			t.Errorf("round %d: %q are left after the database was closed", round, now)
		}
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range es {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}
