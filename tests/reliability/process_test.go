package reliability

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/slt"
	"github.com/gannetdb/gannet/tests/tpch"
)

// job is a query that runs in a process of its own: peaks of memory belong to
// processes.
type job struct {
	Settings []gannet.Setting
	Setup    []string
	Before   []string // run before Query, and counted with it
	Query    string
	Keep     bool // report the rows, too
}

// figures is what the process reports.
type figures struct {
	Rows           int
	Types          []string   // with Keep
	Cells          [][]string // with Keep
	Nanos          int64
	CPU            int64 // nanoseconds of all threads, where the system tells
	IdleKB, PeakKB int64 // resident size before the query; its peak during it
	Need           int64 // peak of the budget, in bytes
	State          int64 // what operators that can spill held of it, at its highest
	Left           int64 // bytes still reserved afterwards
	Spilled        int64
	Holders        string // who held memory when most was in use
	Err, Code      string
}

// childJob turns this test binary into that process.
const childJob = "GANNET_TEST_JOB"

func TestMain(m *testing.M) {
	if text := os.Getenv(childJob); text != "" {
		var j job
		var f figures
		err := json.Unmarshal([]byte(text), &j)
		if err == nil {
			err = j.run(&f)
		}
		if err != nil {
			f.Err, f.Code = err.Error(), sqlerr.Code(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(&f); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	warmUp()
	os.Exit(m.Run())
}

// warmUp makes the files that the Go runtime keeps open for good, once it has
// waited for something.
func warmUp() {
	r, w, err := os.Pipe()
	if err != nil {
		return
	}
	_ = r.Close()
	_ = w.Close()
}

// inProcess runs the job in a new process.
func (j *job) inProcess() (*figures, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childJob+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	f := &figures{}
	if err := json.Unmarshal(out, f); err != nil {
		return nil, fmt.Errorf("%w in %q", err, out)
	}
	if f.Err != "" {
		return f, errors.New(f.Err)
	}
	return f, nil
}

// mustRun is inProcess for jobs that have to succeed.
func (j *job) mustRun(t *testing.T) *figures {
	t.Helper()
	f, err := j.inProcess()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (j *job) run(f *figures) error {
	ctx := context.Background()
	c := gannet.NewConnector(gannet.Config{Settings: j.Settings})
	db := sql.OpenDB(c)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range append([]string{"SELECT 1"}, j.Setup...) {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	e, err := c.Database(ctx)
	if err != nil {
		return err
	}
	debug.FreeOSMemory()
	f.IdleKB = statusKB("VmRSS")
	resetPeak()
	e.Budget().ResetPeak()
	before := e.SpillStats().BytesWritten
	watched := watch(e, f)
	start, cpu := time.Now(), processCPU()
	for _, q := range j.Before {
		if err == nil {
			_, err = db.ExecContext(ctx, q)
		}
	}
	if err != nil {
		f.Rows = 0
	} else if j.Keep {
		f.Types, f.Cells, err = read(ctx, db, j.Query)
		f.Rows = len(f.Cells)
	} else {
		f.Rows, err = drain(ctx, db, j.Query)
	}
	f.Nanos, f.CPU = time.Since(start).Nanoseconds(), processCPU()-cpu
	watched()
	f.PeakKB = statusKB("VmHWM")
	f.Need = e.Budget().Peak()
	f.Spilled = e.SpillStats().BytesWritten - before
	if len(j.Before) == 0 {
		f.Left = e.Budget().Used() // else what the statements before keep
	}
	return err
}

// watch samples who holds memory until the function that it returns is called.
func watch(e *engine.Database, f *figures) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		most := int64(0)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			all, state := int64(0), int64(0)
			holders := e.Budget().Holders()
			for _, h := range holders {
				all += h.Held
				if h.Spilling {
					state += h.Held
				}
			}
			f.State = max(f.State, state)
			if all > most {
				most = all
				var parts []string
				for _, h := range holders {
					if h.Held > 0 {
						parts = append(parts, fmt.Sprintf("%s %.1f", h.Tag, float64(h.Held)/(1<<20)))
					}
				}
				f.Holders = strings.Join(parts, ", ")
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// read runs a query and returns the types of its columns and its rows as text.
func read(ctx context.Context, db *sql.DB, q string) (types []string, cells [][]string, err error) {
	rows, err := db.QueryContext(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		return nil, nil, err
	}
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		types = append(types, strings.ToUpper(c.DatabaseTypeName()))
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = slt.ValueText(v, types[i])
		}
		cells = append(cells, row)
	}
	return types, cells, rows.Err()
}

// differ compares two answers as bags of rows and words the first difference;
// "" when there is none.
func differ(types []string, got, want [][]string) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d rows, want %d", len(got), len(want))
	}
	sorted := func(rows [][]string) [][]string {
		rows = slices.Clone(rows)
		slices.SortFunc(rows, slices.Compare[[]string])
		return rows
	}
	got, want = sorted(got), sorted(want)
	for i := range got {
		for c := range got[i] {
			if !slt.Equal(got[i][c], want[i][c], types[c]) {
				return fmt.Sprintf("sorted row %d, column %d: %q, want %q", i+1, c+1, got[i][c], want[i][c])
			}
		}
	}
	return ""
}

// resetPeak makes VmHWM start again from the present size.
func resetPeak() {
	// Where the kernel has no such file the peak includes the set-up.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// statusKB reads a size out of /proc/self/status; 0 where there is none.
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

// needProc skips the test where resident sizes cannot be read.
func needProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
}

// slow skips tests that take minutes unless they are asked for.
func slow(t *testing.T) {
	t.Helper()
	if os.Getenv("GANNET_SLOW") == "" {
		t.Skip("takes minutes: set GANNET_SLOW=1, or run make slow")
	}
}

// enlarged returns the folder of enlarged TPC-H data, or skips the test where it was
// not made.
func enlarged(t *testing.T, name string) string {
	t.Helper()
	suite, ok := tpch.Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	dir, ok := suite.Made(name)
	if !ok {
		t.Skipf("no data %s: make bench-data bench-data-large", name)
	}
	return dir
}

// within reports an error when the process grew by more than its limit allows:
// the limit, of which 128 MiB are always granted, times 1.10, and 32 MiB.
func (f *figures) within(t *testing.T, limit int64) {
	t.Helper()
	above := f.PeakKB - f.IdleKB
	most := max(limit>>10, 128<<10)*110/100 + 32<<10
	if above > most {
		t.Errorf("peak of %d KiB above the idle process, want at most %d (%s)", above, most, f.Holders)
	}
	if f.Left != 0 {
		t.Errorf("%d bytes are reserved after the query", f.Left)
	}
}
