package gannet_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
)

// openEngine opens a database and what is below database/sql.
func openEngine(t testing.TB, dsn string) (*sql.DB, *engine.Database) {
	t.Helper()
	cfg, err := gannet.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c := gannet.NewConnector(cfg)
	db := sql.OpenDB(c)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	e, err := c.Database(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return db, e
}

// rowsOf returns a query's rows as text, a line each.
func rowsOf(t testing.TB, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	cols, _ := rows.Columns()
	values, to := make([]any, len(cols)), make([]any, len(cols))
	for i := range values {
		to[i] = &values[i]
	}
	var b strings.Builder
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, values...)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return b.String()
}

func TestPreparedStatementsDoNotNest(t *testing.T) {
	db := open(t, "")
	ctx := context.Background()
	c, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, q := range []string{"PREPARE a AS EXECUTE a", "PREPARE b AS EXECUTE a"} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return // refused earlier is as good
		}
	}
	for _, q := range []string{"EXECUTE a", "EXECUTE b"} {
		_, err := c.ExecContext(ctx, q)
		wantCode(t, err, "0A000")
	}
	if _, err := c.ExecContext(ctx, "PREPARE c AS SELECT 1; EXECUTE c; EXECUTE c"); err != nil {
		t.Fatal(err)
	}
}

// A failed INSERT gives everything back although the table stays.
func TestFailedInsertLeavesNothing(t *testing.T) {
	db, e := openEngine(t, "")
	mustExec(t, db, "CREATE TABLE t (a BIGINT, b BIGINT)")
	before := e.Budget().Used()
	_, err := db.Exec("INSERT INTO t SELECT range, CASE WHEN range > 400000 THEN CAST('x' AS INTEGER) ELSE 1 END FROM range(500000)")
	if err == nil {
		t.Fatal("no error")
	}
	if n := e.Budget().Used(); n != before {
		t.Errorf("%d bytes are in use, %d were before", n, before)
	}
	if n := one(t, db, "SELECT count(*) FROM t"); n != int64(0) {
		t.Errorf("%v rows", n)
	}
}

func TestSizesThatAreNoNumbers(t *testing.T) {
	for _, s := range []string{"nanGB", "-nanGB", "infGB", "-1GB", "1e300GB", "GB", ""} {
		if n, err := engine.ParseSize(s); err == nil {
			t.Errorf("%q is %d", s, n)
		}
	}
}

// Limits near the end of the numbers neither overflow nor change what is sorted.
func TestExtremeLimits(t *testing.T) {
	db := open(t, "")
	for _, limit := range []string{"9223372036854775807", "4611686018427387904", "2305843009213693952", "2305843009213693951"} {
		for q, want := range map[string]int64{
			"SELECT hash(range) AS h FROM range(50000) ORDER BY h LIMIT " + limit:                      50000,
			"SELECT hash(range) AS h FROM range(50000) ORDER BY h LIMIT " + limit + " OFFSET 3":        49997,
			"SELECT hash(range) AS h FROM range(50000) ORDER BY h LIMIT " + limit + " OFFSET " + limit: 0,
			"SELECT hash(range) AS h FROM range(50000) ORDER BY h LIMIT 7 OFFSET " + limit:             0,
			"SELECT * FROM range(50000) LIMIT " + limit:                                                50000,
			"SELECT * FROM range(50000) LIMIT " + limit + " OFFSET " + limit:                           0,
			"SELECT * FROM range(50000) LIMIT 0 OFFSET " + limit:                                       0,
		} {
			if n := one(t, db, "SELECT count(*) FROM ("+q+")"); n != want {
				t.Errorf("%s: %v rows, want %d", q, n, want)
			}
			if n := strings.Count(rowsOf(t, db, q), "\n"); int64(n) != want {
				t.Errorf("%s: %v rows read, want %d", q, n, want)
			}
		}
	}
	_, err := db.Exec("SELECT 1 LIMIT 9223372036854775808")
	wantCode(t, err, "22003")
}

// A result of rows much wider than memory passes through it.
func TestWideRowsPassThroughLittleMemory(t *testing.T) {
	db, e := openEngine(t, "?memory_limit=64MB&threads=2")
	for _, text := range []string{"repeat('x', 200000)", "repeat('x', 200000 + (range % 2)::INT)"} {
		rows, err := db.Query("SELECT " + text + " FROM range(3000)")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var s sql.RawBytes
		for rows.Next() {
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			if len(s) < 200000 || len(s) > 200001 {
				t.Fatalf("%d bytes", len(s))
			}
			n++
		}
		if err := rows.Err(); err != nil || n != 3000 {
			t.Errorf("%s: %d rows, %v", text, n, err)
		}
		rows.Close()
	}
	if p := e.Budget().Peak(); p > 32<<20 {
		t.Errorf("peak memory %d", p)
	}
}

// What statistics refute, and what join filters drop, is what the comparison
// decides without them.
func TestRefutingChangesNothing(t *testing.T) {
	db := open(t, "")
	for _, c := range []struct{ typ, values string }{
		{"TIMETZ", "'12:00:00+05' '10:00:00+00' '23:00:00-10' '00:00:00+10'"},
		{"BIT", "'1' '0' '01' '10' '111111111'"},
		{"DOUBLE", "'nan' 'inf' '-inf' 0 '-0.0'"},
		{"FLOAT", "'nan' '-inf' '-0.0' 1.5"},
		{"BOOLEAN", "true false"},
		{"TINYINT", "-128 127 0"},
		{"UTINYINT", "0 255 128"},
		{"UBIGINT", "0 18446744073709551615 9223372036854775808"},
		{"HUGEINT", "0 -170141183460469231731687303715884105728 5"},
		{"UHUGEINT", "0 340282366920938463463374607431768211455 170141183460469231731687303715884105728"},
		{"UUID", "'00000000-0000-0000-0000-000000000000' 'ffffffff-0000-0000-0000-000000000000' '7fffffff-ffff-ffff-ffff-ffffffffffff'"},
		{"VARCHAR", "'' 'a' 'ab' 'é' '😀'"},
		{"BLOB", "'' 'a' '\\xFF'"},
		{"DECIMAL(4,2)", "-1.5 0 99.99"},
		{"DECIMAL(38,2)", "-1.5 0 99999999999999999999999999.99"},
		{"DATE", "'1969-12-31' '2020-01-01' 'infinity' '-infinity'"},
		{"TIMESTAMP", "'1969-12-31' 'infinity' '-infinity'"},
		{"INTERVAL", "'1month' '30days' '29days' '720hours'"},
		{"ENUM('z','a','m')", "'z' 'a' 'm'"},
	} {
		values := append(strings.Fields(c.values), "NULL")
		mustExec(t, db, "CREATE OR REPLACE TABLE t (g INT, v "+c.typ+")")
		for i, a := range values {
			for k, b := range values[i:] { // a row group each
				mustExec(t, db, fmt.Sprintf("INSERT INTO t VALUES (%d, %s), (%[1]d, %s)", i*10+k, a, b))
			}
		}
		for _, v := range values {
			v = "CAST(" + v + " AS " + c.typ + ")"
			for _, cond := range []string{
				"v = @", "v <> @", "v < @", "v <= @", "v > @", "v >= @", "@ < v", "v IN (@)", "v IN (@, NULL)", "v NOT IN (@)",
				"v BETWEEN @ AND @", "v IS NULL OR v = @", "v IS DISTINCT FROM @", "v IS NOT DISTINCT FROM @", "NOT v = @",
				"v IS NULL", "v IS NOT NULL",
			} {
				cond = strings.ReplaceAll(cond, "@", v)
				got := rowsOf(t, db, "SELECT g, v FROM t WHERE "+cond)
				want := rowsOf(t, db, "SELECT g, v FROM t WHERE CASE WHEN "+cond+" THEN g ELSE -1 END >= 0")
				if got != want {
					t.Errorf("%s %s:\n%s\nwant\n%s", c.typ, cond, got, want)
				}
			}
			got := rowsOf(t, db, "SELECT g, v FROM t WHERE v IN (SELECT k FROM (SELECT "+v+" AS k) u)")
			want := rowsOf(t, db, "SELECT g, v FROM t WHERE CASE WHEN v = "+v+" THEN g ELSE -1 END >= 0")
			if got != want {
				t.Errorf("%s IN (SELECT %s):\n%s\nwant\n%s", c.typ, v, got, want)
			}
		}
	}
}
