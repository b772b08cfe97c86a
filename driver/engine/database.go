package engine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"runtime"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/operators/function/scalar"
	"github.com/gannetdb/gannet/operators/function/window"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
)

// Config says how to open a database. The zero Config is an in-memory database
// with default settings.
type Config struct {
	// Path is the database directory; "" and ":memory:" mean memory. Databases
	// on disk are not there yet: 0A000.
	Path string
	// Settings are applied in order before the first statement, as SET would.
	Settings []Setting
	// Files is how files that users name are opened; nil: the operating
	// system's.
	Files storage.FS
	// TempFiles holds temporary files; nil: the operating system's file system.
	TempFiles vfs.FS
}

// Setting is a name and a value as text.
type Setting struct{ Name, Value string }

// Database is an open database.
type Database struct {
	budget  *budget.Budget
	pool    *block.Pool
	buffers *storage.Buffers // of scans that are closed
	sched   *pipeline.Scheduler
	catalog *catalog.Catalog
	files   storage.FS
	temp    vfs.FS // of temporary files; nil: the operating system's
	seed    uint64

	defaults sessionSettings // of new sessions

	ddl sync.Mutex // held while a table of the catalog is replaced

	mu      sync.Mutex // guards what follows
	opts    instance
	spill   *spill.Manager
	running map[*Rows]struct{}
	closed  bool
}

// instance is the settings of a database.
type instance struct {
	threads       int
	fillLimit     int
	tempDir       string
	maxTempBytes  int64
	preserveOrder bool
	spillCap      int64
	spillSeed     int64
	external      bool // enable_external_access
}

// functions is built once a process: the tables never change.
var functions = sync.OnceValue(func() *function.Registry {
	return function.NewRegistry(scalar.Builtins, aggregate.Builtins, window.Builtins...)
})

// Open opens a database. Errors: 0A000 for a path, 22023 and 42704 for
// settings.
func Open(ctx context.Context, cfg Config) (*Database, error) {
	if cfg.Path != "" && cfg.Path != ":memory:" {
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "cannot open %q: databases on disk are not supported yet", cfg.Path).
			WithHint("open an empty path for a database in memory; files are queried where they lie: FROM 'dir/*.parquet'")
	}
	var seed [8]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.CodeIO, "cannot seed the database")
	}
	threads := runtime.GOMAXPROCS(0)
	db := &Database{
		budget:  budget.New(budget.SystemMemory() / 10 * 6),
		pool:    block.NewPool(),
		buffers: storage.NewBuffers(0),
		sched:   pipeline.NewScheduler(threads),
		catalog: catalog.New("memory"),
		files:   cfg.Files,
		temp:    cfg.TempFiles,
		seed:    binary.LittleEndian.Uint64(seed[:]),
		running: map[*Rows]struct{}{},
		opts: instance{
			threads: threads, fillLimit: vector.Capacity, preserveOrder: true,
			spillCap: -1, external: true,
		},
	}
	db.budget.SetWorkers(db.sched)
	if db.files == nil {
		db.files = storage.Local()
	}
	db.setMemoryLimit(db.budget.Limit())
	db.defaults = sessionSettings{timeZone: time.Local.String(), dialect: "native"}
	if len(cfg.Settings) > 0 {
		s := db.NewSession()
		for _, set := range cfg.Settings {
			if err := s.Set(set.Name, set.Value); err != nil {
				_ = db.Close()
				return nil, err
			}
		}
		db.defaults = s.settings
	}
	return db, nil
}

// maxIdle is the most memory that stays with the process while nobody uses it.
const maxIdle = 256 << 20

// maxBuffers is the most that idle page buffers of closed scans may take.
const maxBuffers = 32 << 20

// setMemoryLimit changes the limit, and with it how much idle memory is kept
// for the next query.
func (db *Database) setMemoryLimit(n int64) {
	db.budget.SetLimit(n)
	db.pool.SetIdle(min(n/32, maxIdle))
	db.buffers.SetMost(min(n/64, maxBuffers))
}

// spillIfMade returns the manager of temporary files if there is one yet.
func (db *Database) spillIfMade() *spill.Manager {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.spill
}

func (db *Database) isClosed() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.closed
}

// options returns the instance's settings as they are now.
func (db *Database) options() instance {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.opts
}

// change applies f to the instance's settings.
func (db *Database) change(f func(o *instance)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	f(&db.opts)
}

// spillManager returns the manager of temporary files, made on first use.
func (db *Database) spillManager() *spill.Manager {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.spill == nil {
		db.spill = spill.NewManager(spill.Options{
			Dir: db.opts.tempDir, MaxBytes: db.opts.maxTempBytes, FS: db.temp,
			Scratch: db.budget.Reserve("spill compression"),
		})
		db.spill.Sweep()
	}
	return db.spill
}

// Budget returns the memory budget, for monitoring and tests.
func (db *Database) Budget() *budget.Budget { return db.budget }

// Catalog returns the database's tables and views as they are now.
func (db *Database) Catalog() *catalog.Snapshot { return db.catalog.Snapshot() }

// SpillStats tells what was written to temporary files so far.
func (db *Database) SpillStats() spill.Stats {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.spill == nil {
		return spill.Stats{}
	}
	return db.spill.Stats()
}

// Close cancels what runs, waits for it, and gives everything back.
func (db *Database) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	running := make([]*Rows, 0, len(db.running))
	for r := range db.running {
		running = append(running, r)
	}
	db.mu.Unlock()
	for _, r := range running {
		r.abort(errClosed)
	}
	err := db.sched.Close()
	for _, e := range db.catalog.Snapshot().All() {
		closeEntry(e)
	}
	if m := db.spillIfMade(); m != nil {
		if e := m.Close(); err == nil {
			err = e
		}
	}
	db.pool.Close()
	return err
}

var errClosed = sqlerr.New(sqlerr.CodeAdminShutdown, "the database was closed")

// closeEntry gives back the memory of a dropped table.
func closeEntry(e catalog.Entry) {
	if t, ok := e.(*catalog.Table); ok {
		if m, ok := t.Data.(*memory.Table); ok {
			m.Close()
		}
	}
}
