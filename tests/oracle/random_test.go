package oracle

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/oracle/random"
)

var (
	numQueries = flag.Int("queries", 20_000, "random queries to run; an eighth in -short")
	seed       = flag.Uint64("seed", 1, "seed of the random tables and queries")
	onlySet    = flag.Int("set", -1, "run the set of tables of this number only")
	maxFails   = flag.Int("fails", 10, "differences to report before giving up")
	stacks     = flag.Bool("stacks", false, "print the stacks of internal errors")
	slow       = flag.Duration("slow", 0, "print queries that take longer")
)

// perSet is how many queries run on a set of tables.
const perSet = 100

// variants are the ways to run Gannet: all must give the same answers. Queries
// on Parquet files take the place of queries on tables in one of them.
var variants = []struct {
	name    string
	setup   []string
	parquet bool
}{
	{name: "default", setup: []string{"SET threads = 2"}},
	{name: "parquet", setup: []string{"SET threads = 2"}, parquet: true},
	{name: "fill_1", setup: []string{"SET threads = 1", "SET debug_fill_limit = 1"}},
	{name: "spill_fill_3", setup: []string{"SET threads = 2", "SET debug_spill_cap = 0", "SET debug_fill_limit = 3"}},
	{name: "optimizer_off", setup: []string{"SET threads = 1", "SET debug_disable_optimizer = true"}},
}

// A bench is DuckDB and all variants of Gannet with the same tables.
type bench struct {
	ctx   context.Context
	dir   string
	duckD *sql.DB
	duck  *sql.Conn
	dbs   []*sql.DB
	conns []*sql.Conn
}

func newBench(ctx context.Context, dir string) (*bench, error) {
	b := &bench{ctx: ctx, dir: dir}
	var err error
	if b.duckD, b.duck, err = open(ctx, "duckdb", []string{"SET threads = 1"}); err != nil {
		return nil, err
	}
	b.dbs, b.conns = make([]*sql.DB, len(variants)), make([]*sql.Conn, len(variants))
	for i := range variants {
		if err := b.reopen(i); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func open(ctx context.Context, driver string, setup []string) (*sql.DB, *sql.Conn, error) {
	db, err := sql.Open(driver, "")
	if err != nil {
		return nil, nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range setup {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	return db, conn, nil
}

// reopen gives a variant an empty database.
func (b *bench) reopen(i int) error {
	if b.dbs[i] != nil {
		b.conns[i].Close()
		b.dbs[i].Close()
	}
	var err error
	b.dbs[i], b.conns[i], err = open(b.ctx, "gannet", variants[i].setup)
	return err
}

func (b *bench) close() {
	b.duck.Close()
	b.duckD.Close()
	for i := range b.dbs {
		b.conns[i].Close()
		b.dbs[i].Close()
	}
}

// load puts the tables into all engines, in place of the earlier ones.
func (b *bench) load(tables []*random.Table) error {
	for _, t := range tables {
		stmts := t.Load()
		file := filepath.Join(b.dir, t.Name+".parquet")
		stmts = append([]string{"DROP TABLE IF EXISTS " + t.Name}, stmts...)
		write, _ := t.File("")
		stmts = append(stmts, fmt.Sprintf("COPY (%s) TO '%s' (FORMAT parquet, ROW_GROUP_SIZE 2048)", write, file))
		for _, s := range stmts {
			if _, err := b.duck.ExecContext(b.ctx, s); err != nil {
				return fmt.Errorf("DuckDB: %w in %.300s", err, s)
			}
		}
	}
	for i, v := range variants {
		if err := b.reopen(i); err != nil {
			return err
		}
		for _, t := range tables {
			stmts := t.Load()
			if v.parquet {
				_, read := t.File("read_parquet('" + filepath.Join(b.dir, t.Name+".parquet") + "')")
				stmts = []string{"CREATE VIEW " + t.Name + " AS " + read}
			}
			for _, s := range stmts {
				if _, err := b.conns[i].ExecContext(b.ctx, s); err != nil {
					return fmt.Errorf("%s: %w in %.300s", v.name, err, s)
				}
			}
		}
	}
	return nil
}

// A finding is a difference and where it shows.
type finding struct {
	variant int
	what    string
	want    answer
}

func (f *finding) kind() string {
	word, _, _ := strings.Cut(f.what, " ")
	return word
}

// check runs a query everywhere, or in one variant only, and gives the first
// difference from DuckDB's answer.
func (b *bench) check(q string, ordered bool, only int) *finding {
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	began := time.Now()
	want := ask(ctx, b.duck, q)
	duckTook := time.Since(began)
	if ctx.Err() != nil || errors.Is(want.err, errTooMany) {
		return nil // too much for DuckDB, or for the comparison
	}
	for i := range variants {
		if only >= 0 && i != only {
			continue
		}
		ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
		began := time.Now()
		got := ask(ctx, b.conns[i], q)
		took, late := time.Since(began), ctx.Err() != nil
		cancel()
		if *slow > 0 && took > *slow {
			fmt.Printf("%v in %s, %v in DuckDB: %s\n", took, variants[i].name, duckTook, q)
		}
		if late {
			return &finding{i, "timeout", want}
		}
		if d := difference(want, got, ordered); d != "" && waived(q, want, got, d) == "" {
			return &finding{i, d, want}
		}
	}
	return nil
}

// shrink makes a failing query and its tables small and describes the failure.
func (b *bench) shrink(q *random.Query, tables []*random.Table, f *finding) (sql, report string) {
	same := func(g *finding) bool {
		if g == nil || g.kind() != f.kind() {
			return false
		}
		// Errors have to stay the same one.
		return f.kind() == "rows:" || f.kind() == "values:" || signature(g.what) == signature(f.what)
	}
	last := f
	tries := 600
	if f.kind() == "timeout" {
		tries = 20
	}
	until := time.Now().Add(time.Minute)
	s := random.Shrinker{Tries: tries, Fails: func() bool {
		if time.Now().After(until) {
			return false
		}
		g := b.check(q.SQL(), q.Ordered(), f.variant)
		if same(g) {
			last = g
			return true
		}
		return false
	}}
	s.Shrink(q)
	query := q.SQL()
	var small []*random.Table
	for _, t := range tables {
		if strings.Contains(query, t.Name+" ") {
			c := *t
			small = append(small, &c)
		}
	}
	rowTries := 150
	for _, t := range small {
		t.Rows = random.ShrinkRows(t.Rows, func(rows []string) bool {
			if rowTries--; rowTries < 0 || f.kind() == "timeout" {
				return false
			}
			before := t.Rows
			t.Rows = rows
			if b.load(small) == nil {
				if g := b.check(query, q.Ordered(), f.variant); same(g) {
					last = g
					return true
				}
			}
			t.Rows = before
			return false
		})
	}
	var r strings.Builder
	fmt.Fprintf(&r, "%s: %s\n", variants[f.variant].name, last.what)
	for _, t := range small {
		for _, s := range t.Load() {
			fmt.Fprintf(&r, "%.2000s;\n", s)
		}
	}
	fmt.Fprintf(&r, "%s;\n", query)
	if last.want.err != nil {
		fmt.Fprintf(&r, "-- DuckDB: %s\n", firstLine(last.want.err.Error()))
	}
	for i, row := range last.want.rows {
		if i == 5 {
			fmt.Fprintf(&r, "-- and %d more rows\n", len(last.want.rows)-i)
			break
		}
		fmt.Fprintf(&r, "-- DuckDB: %s\n", strings.Join(row, " | "))
	}
	return query, r.String()
}

// TestRandom asks DuckDB and every variant of Gannet random queries.
func TestRandom(t *testing.T) {
	n := *numQueries
	if testing.Short() {
		n /= 8
	}
	var (
		mu    sync.Mutex
		next  int
		ran   int
		seen  = map[string]int{}
		fails int
		wg    sync.WaitGroup
	)
	began := time.Now()
	if *onlySet >= 0 {
		next, n = *onlySet, (*onlySet+1)*perSet
	}
	first := next
	worker := func(dir string) {
		defer wg.Done()
		b, err := newBench(t.Context(), dir)
		if err != nil {
			t.Error(err)
			return
		}
		defer b.close()
		for {
			mu.Lock()
			set := next
			next++
			stop := set*perSet >= n || fails >= *maxFails
			mu.Unlock()
			if stop {
				return
			}
			g := random.New(*seed, uint64(set))
			tables := g.Tables()
			if err := b.load(tables); err != nil {
				t.Errorf("set %d: %v", set, err)
				return
			}
			for range min(perSet, n-set*perSet) {
				q := g.Query()
				text := q.SQL()
				mu.Lock()
				ran++
				stop := fails >= *maxFails
				mu.Unlock()
				if stop {
					return
				}
				f := b.check(text, q.Ordered(), -1)
				if f == nil {
					continue
				}
				key := signature(f.what)
				mu.Lock()
				seen[key]++
				known := seen[key] > 2 && f.kind() != "values:" && f.kind() != "rows:"
				mu.Unlock()
				if known {
					continue
				}
				small, report := b.shrink(q, tables, f)
				key = f.kind() + signature(small)
				mu.Lock()
				seen[key]++
				if seen[key] == 1 {
					fails++
					t.Errorf("seed %d, set %d\n%s", *seed, set, report)
				}
				mu.Unlock()
				if err := b.load(tables); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}
	for range 2 {
		dir, err := os.MkdirTemp(t.TempDir(), "tables")
		if err != nil {
			t.Fatal(err)
		}
		wg.Add(1)
		go worker(dir)
	}
	wg.Wait()
	took := time.Since(began)
	t.Logf("seed %d: %d queries, sets %d to %d, in %v: %.0f a second", *seed, ran, first, next, took.Round(time.Millisecond), float64(ran)/took.Seconds())
	for what, c := range unsupported {
		t.Logf("not supported %d times: %s", c, what)
	}
	for _, w := range waivers {
		if c := w.count.Load(); c > 0 {
			t.Logf("waived %d times: %s", c, w.why)
		}
	}
}
