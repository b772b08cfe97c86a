package oracle

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/oracle/random"
	"github.com/gannetdb/gannet/tests/slt"
)

var (
	numPressed = flag.Int("pressed", 300, "random queries under pressure to run; a tenth in -short")
	onlyQuery  = flag.Int("query", -1, "with -set: run the query of this number only")
)

// perLarge is how many queries run on a set of large tables.
const perLarge = 40

// pressed is Gannet with large tables.
type pressed struct {
	ctx  context.Context
	db   *sql.DB
	conn *sql.Conn
	e    *engine.Database
}

func openPressed(ctx context.Context, tables []random.LargeTable, dir string, files bool) (*pressed, error) {
	c := gannet.NewConnector(gannet.Config{})
	p := &pressed{ctx: ctx, db: sql.OpenDB(c)}
	var err error
	if p.conn, err = p.db.Conn(ctx); err != nil {
		return nil, err
	}
	// Tables made with little memory have small row groups.
	if _, err := p.conn.ExecContext(ctx, "SET memory_limit = '16MB'"); err != nil {
		return nil, err
	}
	for _, t := range tables {
		q := "CREATE TABLE " + t.Name + " AS " + t.Query
		if files {
			q = "CREATE VIEW " + t.Name + " AS SELECT * FROM '" + filepath.Join(dir, t.Name+".parquet") + "'"
		}
		if _, err := p.conn.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
	}
	p.e, err = c.Database(ctx)
	return p, err
}

func (p *pressed) close() {
	p.conn.Close()
	p.db.Close()
}

// held is what is reserved but for tables, which give it to whoever wants it.
func (p *pressed) held() (n int64) {
	for _, h := range p.e.Budget().Holders() {
		if !strings.HasPrefix(h.Tag, "table ") {
			n += h.Held
		}
	}
	return n
}

// squeeze sets how much memory there is for tables of so many rows, and how what
// does not fit is moved.
func (p *pressed) squeeze(rnd *rand.Rand, rows int) (settings []string, megabytes int, err error) {
	megabytes = []int{6, 8, 12, 16}[rnd.IntN(4)]
	if rows > 40_000 {
		megabytes = []int{16, 24, 32, 64}[rnd.IntN(4)]
	}
	settings = []string{
		fmt.Sprintf("SET memory_limit = '%dMB'", megabytes),
		fmt.Sprintf("SET threads = %d", 1+rnd.IntN(4)),
		"SET debug_spill_cap = " + []string{"-1", "-1", "-1", "-1", "0", "100000"}[rnd.IntN(6)],
		"SET debug_spill_seed = " + []string{"0", "0", "0", "0", fmt.Sprint(1 + rnd.IntN(1000))}[rnd.IntN(5)],
		"SET debug_fill_limit = " + []string{"2048", "2048", "2048", "1000", "97"}[rnd.IntN(5)],
	}
	for _, s := range settings {
		if _, err := p.conn.ExecContext(p.ctx, s); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", s, err)
		}
	}
	return settings, megabytes, nil
}

// forced tells whether more goes to disk than memory asks for, which may take any
// time.
func forced(settings []string) bool {
	return !slices.Contains(settings, "SET debug_spill_cap = -1") || !slices.Contains(settings, "SET debug_spill_seed = 0")
}

// A sum is an answer of any number of rows.
type sum struct {
	rows   int
	hash   uint64 // of what is no float, over rows in any order or in theirs
	floats []float64
	first  [][]string
	err    error
}

var sumSeed = maphash.MakeSeed()

// sumOf runs a query after the statements that it needs and sums up its rows.
func sumOf(ctx context.Context, conn *sql.Conn, q *random.PressureQuery) (s sum) {
	defer func() {
		for _, x := range q.After {
			if _, err := conn.ExecContext(context.Background(), x); err != nil && s.err == nil {
				s.err = err
			}
		}
	}()
	for _, x := range q.Before {
		if _, err := conn.ExecContext(ctx, x); err != nil {
			return sum{err: fmt.Errorf("%s: %w", x, err)}
		}
	}
	rows, err := conn.QueryContext(ctx, q.Text)
	if err != nil {
		return sum{err: err}
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return sum{err: err}
	}
	cells, places := make([]any, len(types)), make([]any, len(types))
	for i := range cells {
		places[i] = &cells[i]
	}
	s.floats = make([]float64, len(types))
	var h maphash.Hash
	h.SetSeed(sumSeed)
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return sum{err: err}
		}
		h.Reset()
		var row []string
		for i, v := range cells {
			f, isFloat := v.(float64)
			if isFloat {
				s.floats[i] += f
			} else {
				t := "NULL"
				if v != nil {
					name := strings.ToUpper(types[i].DatabaseTypeName())
					var ok bool
					if t, ok = text(v, name); !ok {
						t = slt.ValueText(v, name)
					}
				}
				h.WriteString(t)
			}
			h.WriteByte(0)
			if len(s.first) < 5 {
				row = append(row, fmt.Sprintf("%.60s", fmt.Sprint(v)))
			}
		}
		if row != nil {
			s.first = append(s.first, row)
		}
		if q.Ordered {
			s.hash = s.hash*0x9e3779b97f4a7c15 + h.Sum64()
		} else {
			s.hash += h.Sum64()
		}
		s.rows++
	}
	s.err = rows.Err()
	return s
}

// differs words the difference of two answers, "" if there is none.
func (s *sum) differs(want *sum) string {
	switch {
	case s.rows != want.rows:
		return fmt.Sprintf("%d rows, want %d", s.rows, want.rows)
	case s.hash != want.hash:
		return fmt.Sprintf("other rows; some are\n%v, some of the right ones\n%v", s.first, want.first)
	}
	for i := range s.floats {
		a, b := fmt.Sprint(s.floats[i]), fmt.Sprint(want.floats[i])
		if a != b && !near(a, b, "DOUBLE") {
			return fmt.Sprintf("floats of column %d sum to %s, want %s; some rows are\n%v, some of the right ones\n%v", i+1, a, b, s.first, want.first)
		}
	}
	return ""
}

// TestUnderPressure asks Gannet random queries over tables that are larger than
// its memory, and DuckDB, which may have all it wants. Below 64 MB a query may say
// that memory is too little; none leaves anything behind.
func TestUnderPressure(t *testing.T) {
	n := *numPressed
	if testing.Short() {
		n /= 10
	}
	first := 0
	if *onlySet >= 0 {
		first, n = *onlySet, perLarge
	}
	ran, spilled, refused, fails := 0, 0, map[int]int{}, 0
	for set := first; ran < n && fails < *maxFails; set++ {
		fails += pressSet(t, set, n, &ran, &spilled, refused)
	}
	t.Logf("seed %d: %d queries, %d put rows on disk; too little memory by megabytes: %v", *seed, ran, spilled, refused)
	if *onlyQuery < 0 && spilled < ran/2 {
		t.Errorf("only %d of %d queries put rows on disk", spilled, ran)
	}
	few := 0
	for _, c := range refused {
		few += c
	}
	if few > ran/10 {
		t.Errorf("%d of %d queries had too little memory", few, ran)
	}
}

// pressSet runs the queries of one set of tables and tells how many failed.
func pressSet(t *testing.T, set, n int, ran, spilled *int, refused map[int]int) (fails int) {
	ctx := t.Context()
	dir := t.TempDir()
	g := random.NewPressure(*seed, uint64(set))
	tables := g.Tables()
	duckDB, duck, err := open(ctx, "duckdb", []string{"SET threads = 1"})
	if err != nil {
		t.Fatal(err)
	}
	defer duckDB.Close()
	defer duck.Close()
	for _, x := range tables {
		for _, s := range []string{"CREATE TABLE " + x.Name + " AS " + x.Query,
			"COPY " + x.Name + " TO '" + filepath.Join(dir, x.Name+".parquet") + "' (ROW_GROUP_SIZE 20480)"} {
			if _, err := duck.ExecContext(ctx, s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	var ours [2]*pressed // tables in memory, in files
	for i := range ours {
		if ours[i], err = openPressed(ctx, tables, dir, i == 1); err != nil {
			t.Fatal(err)
		}
		defer ours[i].close()
	}
	for number := 0; number < perLarge && *ran < n; number++ {
		q := g.Query()
		rnd := rand.New(rand.NewPCG(*seed, uint64(set*perLarge+number)))
		p := ours[rnd.IntN(2)]
		settings, megabytes, err := p.squeeze(rnd, tables[0].Rows)
		if err != nil {
			t.Fatal(err)
		}
		if *onlyQuery >= 0 && number != *onlyQuery {
			*ran++
			continue
		}
		fail := func(format string, args ...any) {
			fails++
			t.Errorf("-seed %d -set %d -query %d (files %v)\n%s;\n%s;\n%s", *seed, set, number, p == ours[1], strings.Join(settings, ";\n"),
				strings.Join(append(slices.Clone(q.Before), q.Text), ";\n"), fmt.Sprintf(format, args...))
		}
		duckCtx, cancel := context.WithTimeout(ctx, 20*time.Second)
		began := time.Now()
		want := sumOf(duckCtx, duck, &q)
		late := duckCtx.Err() != nil
		cancel()
		if late {
			continue // too much, whatever the memory
		}
		*ran++
		duckTook := time.Since(began)
		p.e.Budget().ResetPeak()
		before := p.e.SpillStats()
		used := p.e.Budget().Used()
		held := p.held()
		began = time.Now()
		ourCtx, cancel := context.WithTimeout(ctx, max(60*time.Second, 30*duckTook))
		got := sumOf(ourCtx, p.conn, &q)
		late = ourCtx.Err() != nil
		cancel()
		if took := time.Since(began); *slow > 0 && took > *slow {
			t.Logf("%v, %v in DuckDB: -set %d -query %d: %s; %s", took, duckTook, set, number, settings, q.Text)
		}
		after := p.e.SpillStats()
		if after.BytesWritten > before.BytesWritten {
			*spilled++
		}
		switch {
		case late && forced(settings):
			t.Logf("not done after %v with everything put on disk, DuckDB took %v: -set %d -query %d", time.Since(began), duckTook, set, number)
		case late:
			fail("not done after %v, DuckDB took %v", time.Since(began), duckTook)
		case got.err != nil && want.err != nil && !sqlerr.Is(got.err, sqlerr.CodeInternal):
			t.Logf("no answer either way: %v; DuckDB: %s; %s", got.err, firstLine(want.err.Error()), q.Text)
		case got.err != nil && megabytes < 64 && sqlerr.Is(got.err, sqlerr.CodeOutOfMemory):
			refused[megabytes]++
			var e *gannet.Error
			errors.As(got.err, &e)
			t.Logf("too little memory: -set %d -query %d: %v (%s): %s", set, number, got.err, e.Detail, q.Text)
		case got.err != nil:
			var e *gannet.Error
			what := ""
			if errors.As(got.err, &e) {
				what = e.Detail
			}
			fail("code %s: %v\n%s", sqlerr.Code(got.err), got.err, what)
		case want.err != nil:
			fail("DuckDB: %v", want.err)
		default:
			if d := got.differs(&want); d != "" {
				fail("%s", d)
			}
		}
		if now := p.held(); now > held+1<<20 { // a buffer for compression stays with open files
			fail("%d bytes are reserved, %d were before: %v", now, held, p.e.Budget().Holders())
		}
		if peak, limit := p.e.Budget().Peak(), p.e.Budget().Limit(); used <= limit && peak > limit {
			fail("%d bytes were reserved of %d", peak, limit)
		}
	}
	return fails
}
