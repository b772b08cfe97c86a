package reliability

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// operation is something done to temporary files.
type operation int

const (
	opening operation = iota
	writing
	reading
	flipping // a read returns one flipped bit
)

var operationNames = [...]string{"open", "write", "read", "flip"}

// faultyFS is a file system in memory whose nth operation of a kind, and with on
// all behind it, fails.
type faultyFS struct {
	vfs.FS
	kind  operation
	n     atomic.Int64 // 0: none fails
	on    atomic.Bool
	count [4]atomic.Int64
	hits  atomic.Int64
}

func newFaultyFS() *faultyFS { return &faultyFS{FS: vfs.NewMem()} }

// fail makes the nth operation of a kind fail, from now on counted; 0 none.
func (f *faultyFS) fail(kind operation, n int64, on bool) {
	f.n.Store(0)
	for i := range f.count {
		f.count[i].Store(0)
	}
	f.hits.Store(0)
	f.kind = kind
	f.on.Store(on)
	f.n.Store(n)
}

// fails counts an operation and says whether it fails.
func (f *faultyFS) fails(kind operation) bool {
	k, n := f.count[kind].Add(1), f.n.Load()
	if n == 0 || f.kind != kind || k != n && (k < n || !f.on.Load()) {
		return false
	}
	f.hits.Add(1)
	return true
}

func (f *faultyFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	if f.fails(opening) {
		return nil, errorfs.ErrInjected
	}
	file, err := f.FS.OpenReadWrite(name, c, opts...)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f}, nil
}

type faultyFile struct {
	vfs.File
	fs *faultyFS
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if f.fs.fails(writing) {
		return 0, errorfs.ErrInjected
	}
	return f.File.WriteAt(p, off)
}

func (f *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if f.fs.fails(reading) {
		return 0, errorfs.ErrInjected
	}
	n, err := f.File.ReadAt(p, off)
	if n > 0 && f.fs.fails(flipping) {
		k := f.fs.count[flipping].Load() * 7919
		p[k%int64(n)] ^= 1 << (k % 8)
	}
	return n, err
}

// files counts the temporary files, without locks.
func (f *faultyFS) files(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	names, err := f.FS.List(dir)
	if err != nil {
		return 0 // nothing was made yet
	}
	for _, name := range names {
		inside, err := f.FS.List(f.PathJoin(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range inside {
			if x != "lock" {
				n++
			}
		}
	}
	return n
}

// faultyDB is a database that spills all it can to a faultyFS, with the tables of
// faultQueries.
type faultyDB struct {
	*sql.DB
	e    *engine.Database
	fs   *faultyFS
	base int   // temporary files that the tables take
	disk int64 // bytes of them
}

func openFaulty(t *testing.T) *faultyDB {
	t.Helper()
	f := &faultyDB{fs: newFaultyFS()}
	goroutines := runtime.NumGoroutine()
	c := gannet.NewConnector(gannet.Config{TempFiles: f.fs, Settings: []gannet.Setting{
		{Name: "threads", Value: "2"}, {Name: "temp_directory", Value: "tmp"},
	}})
	f.DB = sql.OpenDB(c)
	f.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		settle(t, goroutines)
		if names, err := f.fs.FS.List("tmp"); err == nil && len(names) > 0 {
			t.Errorf("%q are left in the directory", names)
		}
	})
	// The tables lie on disk, too.
	for _, s := range append([]string{"SET debug_spill_cap = 0"}, faultSetup...) {
		if _, err := f.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	var err error
	if f.e, err = c.Database(context.Background()); err != nil {
		t.Fatal(err)
	}
	f.base, f.disk = f.fs.files(t, "tmp"), f.e.SpillStats().DiskBytes
	return f
}

// run runs a query to its end; that of a statement that changes a table is what
// it left in it.
func (f *faultyDB) run(q string) (types []string, cells [][]string, err error) {
	ctx := context.Background()
	if strings.HasPrefix(q, "SELECT") || strings.HasPrefix(q, "WITH") {
		return read(ctx, f.DB, q)
	}
	if _, err := f.Exec("CREATE OR REPLACE TABLE v (i BIGINT, k BIGINT, s VARCHAR, d DOUBLE, dt DATE, us VARCHAR)"); err != nil {
		return nil, nil, err
	}
	if _, err := f.Exec(q); err != nil {
		return nil, nil, err
	}
	return read(ctx, f.DB, "SELECT count(*), sum(i), sum(k), min(s), max(us) FROM v")
}

// reset drops what run may have left.
func (f *faultyDB) reset(t *testing.T) {
	t.Helper()
	if _, err := f.Exec("DROP TABLE IF EXISTS v"); err != nil {
		t.Fatal(err)
	}
}

// TestTemporaryFileFaults fails opening, writing and reading temporary files, and
// flips bits in what is read, for one n after the other: the query gives the
// right answer or a clean error, and nothing is left behind.
func TestTemporaryFileFaults(t *testing.T) {
	most := int64(2) // values of n for each query and kind
	if os.Getenv("GANNET_SLOW") != "" {
		most = 40
	}
	f := openFaulty(t)
	spilled, failed, right := 0, 0, 0
	for _, q := range faultQueries {
		f.fs.fail(0, 0, false)
		types, want, err := f.run(q)
		if sqlerr.Is(err, sqlerr.CodeUnsupported) {
			t.Logf("skipped: %s: %v", q, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", q, err)
			continue
		}
		f.reset(t)
		left := remains(f.e)
		// A read of a block is one of its header and one of the rest.
		counts := [...]int64{f.fs.count[opening].Load(), f.fs.count[writing].Load(), f.fs.count[reading].Load(), f.fs.count[reading].Load()}
		if counts[writing] > 0 {
			spilled++
		} else {
			t.Logf("nothing is written: %s", q)
		}
		for kind := opening; kind <= flipping; kind++ {
			for _, on := range []bool{false, true} {
				if on && kind == flipping {
					continue
				}
				step := max(1, counts[kind]/most)
				for n := int64(1); n <= counts[kind]; n += step {
					f.fs.fail(kind, n, on)
					_, cells, err := f.run(q)
					hits := f.fs.hits.Load()
					f.fs.fail(0, 0, false)
					at := fmt.Sprintf("%s: %s %d (%v)", q, operationNames[kind], n, on)
					switch {
					case err == nil:
						right++
						if d := differ(types, cells, want); d != "" {
							t.Errorf("%s: %s", at, d)
						}
						if hits > 0 && kind == flipping {
							t.Errorf("%s: an answer from a damaged file", at)
						}
					case kind == flipping && sqlerr.Is(err, sqlerr.CodeCorruption), kind != flipping && sqlerr.Is(err, sqlerr.CodeIO):
						failed++
					default:
						t.Errorf("%s: code %s: %v%s", at, sqlerr.Code(err), err, detail(err))
					}
					f.reset(t)
					f.check(t, at, left)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d queries, %d spilled; %d clean errors, %d right answers", len(faultQueries), spilled, failed, right)
	if spilled < 60 {
		t.Errorf("only %d queries spilled", spilled)
	}
	alive(t, f.DB)
}

// check compares what is left with what was there before the query.
func (f *faultyDB) check(t *testing.T, at string, left footprint) {
	t.Helper()
	if n := f.e.Budget().Used(); n != left.bytes {
		t.Errorf("%s: %d bytes are reserved, %d were before: %v", at, n, left.bytes, f.e.Budget().Holders())
	}
	settle(t, left.goroutines)
	if n := f.fs.files(t, "tmp"); n != f.base {
		t.Errorf("%s: %d temporary files, %d were before", at, n, f.base)
	}
	if s := f.e.SpillStats(); s.OpenFiles != f.base || s.DiskBytes != f.disk {
		t.Errorf("%s: %d open temporary files of %d bytes, %d of %d were before", at, s.OpenFiles, s.DiskBytes, f.base, f.disk)
	}
}

// TestEveryReservationRefused refuses requests for memory of each query from every
// place that makes any, alone and with all that follow.
func TestEveryReservationRefused(t *testing.T) {
	most := 3
	if os.Getenv("GANNET_SLOW") != "" {
		most = 40
	}
	f := openFaulty(t)
	failed, right := 0, 0
	for _, q := range faultQueries {
		run := func(p *faultPoint) (types []string, cells [][]string, asked *sites, err error) {
			off := refuse(f.e, p)
			types, cells, err = f.run(q)
			return types, cells, off(), err
		}
		types, want, asked, err := run(nil)
		if sqlerr.Is(err, sqlerr.CodeUnsupported) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		f.reset(t)
		left := remains(f.e)
		for _, p := range asked.points(most) {
			_, cells, _, err := run(&p)
			at := fmt.Sprintf("%s: %v", q, p)
			switch {
			case err == nil:
				right++
				if d := differ(types, cells, want); d != "" {
					t.Errorf("%s: %s", at, d)
				}
			case sqlerr.Is(err, sqlerr.CodeOutOfMemory):
				failed++
				checkRefusal(t, at, err)
			default:
				t.Errorf("%s: code %s: %v%s", at, sqlerr.Code(err), err, detail(err))
			}
			f.reset(t)
			f.check(t, at, left)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d queries: %d errors 53200, %d right answers", len(faultQueries), failed, right)
	alive(t, f.DB)
}

// TestFullQuota lets every query run into max_temp_directory_size: error 53100
// gives the space back and the next query works.
func TestFullQuota(t *testing.T) {
	f := openFaulty(t)
	full := 0
	for _, q := range faultQueries {
		left := remains(f.e)
		if _, err := f.Exec("SET max_temp_directory_size = '64KiB'"); err != nil {
			t.Fatal(err)
		}
		_, _, err := f.run(q)
		switch {
		case sqlerr.Is(err, sqlerr.CodeDiskFull):
			full++
		case err != nil && !sqlerr.Is(err, sqlerr.CodeUnsupported):
			t.Errorf("%s: code %s: %v", q, sqlerr.Code(err), err)
		}
		if _, err := f.Exec("SET max_temp_directory_size = '-1'"); err != nil {
			t.Fatal(err)
		}
		f.reset(t)
		f.check(t, q, left)
		if _, _, err := f.run(q); err != nil && !sqlerr.Is(err, sqlerr.CodeUnsupported) {
			t.Errorf("%s: with space again: %v", q, err)
		}
		f.reset(t)
	}
	t.Logf("%d of %d queries ran out of space", full, len(faultQueries))
	if full < 20 {
		t.Errorf("only %d queries ran out of space", full)
	}
}

// TestFullDisk spills to a file system of 4 MiB.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	db, e := openEngine(t, []string{"SET threads = 2"}, "SET temp_directory = '"+filepath.ToSlash(dir)+"'")
	if _, err := db.Exec("SET debug_spill_cap = 0"); err != nil {
		t.Fatal(err)
	}
	left := remains(e)
	for range 3 {
		_, err := drain(context.Background(), db, "SELECT count(*) FROM (SELECT i, 'some text to make rows wide ' || i AS s FROM range(1000000) r(i) ORDER BY s OFFSET 1) x")
		if !sqlerr.Is(err, sqlerr.CodeDiskFull) {
			t.Fatalf("code %s: %v", sqlerr.Code(err), err)
		}
		left.check(t, e)
		// What fits still works.
		if n, err := drain(context.Background(), db, "SELECT i FROM range(1000) r(i) ORDER BY i DESC"); n != 1000 || err != nil {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
}
