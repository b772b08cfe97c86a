package gannet_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	gannet "github.com/gannetdb/gannet/driver"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("gannet", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func mustExec(t testing.TB, db *sql.DB, query string, args ...any) sql.Result {
	t.Helper()
	res, err := db.Exec(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return res
}

// one returns the single value of a query.
func one(t testing.TB, db *sql.DB, query string, args ...any) any {
	t.Helper()
	var v any
	if err := db.QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func wantCode(t testing.TB, err error, code string) *gannet.Error {
	t.Helper()
	var e *gannet.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want code %s", err, err, code)
	}
	if e.Code != code {
		t.Errorf("code %s, want %s: %v", e.Code, code, err)
	}
	return e
}

func date(y int, m time.Month, d, h, mi, s, ns int) time.Time {
	return time.Date(y, m, d, h, mi, s, ns, time.UTC)
}

func TestTypes(t *testing.T) {
	db := open(t, "?TimeZone=UTC")
	for _, c := range []struct {
		expr, name string
		want       any
		scan       reflect.Type
	}{
		{"TRUE", "BOOLEAN", true, reflect.TypeFor[bool]()},
		{"1::TINYINT", "TINYINT", int64(1), reflect.TypeFor[int64]()},
		{"-2::SMALLINT", "SMALLINT", int64(-2), reflect.TypeFor[int64]()},
		{"3::INTEGER", "INTEGER", int64(3), reflect.TypeFor[int64]()},
		{"9223372036854775807", "BIGINT", int64(math.MaxInt64), reflect.TypeFor[int64]()},
		{"255::UTINYINT", "UTINYINT", int64(255), reflect.TypeFor[int64]()},
		{"65535::USMALLINT", "USMALLINT", int64(65535), reflect.TypeFor[int64]()},
		{"4294967295::UINTEGER", "UINTEGER", int64(math.MaxUint32), reflect.TypeFor[int64]()},
		{"18446744073709551615::UBIGINT", "UBIGINT", uint64(math.MaxUint64), reflect.TypeFor[uint64]()},
		{"170141183460469231731687303715884105727::HUGEINT", "HUGEINT", "170141183460469231731687303715884105727", reflect.TypeFor[string]()},
		{"1.5::FLOAT", "FLOAT", 1.5, reflect.TypeFor[float64]()},
		{"1e300::DOUBLE", "DOUBLE", 1e300, reflect.TypeFor[float64]()},
		{"12.50::DECIMAL(10,2)", "DECIMAL", "12.50", reflect.TypeFor[string]()},
		{"-1.5::DECIMAL(38,1)", "DECIMAL", "-1.5", reflect.TypeFor[string]()},
		{"'text é'", "VARCHAR", "text é", reflect.TypeFor[string]()},
		{"''", "VARCHAR", "", reflect.TypeFor[string]()},
		{`'\xAA\x00b'::BLOB`, "BLOB", []byte("\xaa\x00b"), reflect.TypeFor[[]byte]()},
		{"DATE '2024-02-29'", "DATE", date(2024, 2, 29, 0, 0, 0, 0), reflect.TypeFor[time.Time]()},
		{"TIME '12:34:56.789'", "TIME", date(1970, 1, 1, 12, 34, 56, 789e6), reflect.TypeFor[time.Time]()},
		{"TIMESTAMP '1969-12-31 23:59:59.000001'", "TIMESTAMP", date(1969, 12, 31, 23, 59, 59, 1000), reflect.TypeFor[time.Time]()},
		{"'2020-01-01 01:02:03'::TIMESTAMP_S", "TIMESTAMP_S", date(2020, 1, 1, 1, 2, 3, 0), reflect.TypeFor[time.Time]()},
		{"'2020-01-01 01:02:03.004'::TIMESTAMP_MS", "TIMESTAMP_MS", date(2020, 1, 1, 1, 2, 3, 4e6), reflect.TypeFor[time.Time]()},
		{"'2020-01-01 01:02:03.000000004'::TIMESTAMP_NS", "TIMESTAMP_NS", date(2020, 1, 1, 1, 2, 3, 4), reflect.TypeFor[time.Time]()},
		{"TIMESTAMPTZ '2020-01-01 01:00:00+01'", "TIMESTAMP WITH TIME ZONE", date(2020, 1, 1, 0, 0, 0, 0), reflect.TypeFor[time.Time]()},
		{"INTERVAL '1 year 2 days'", "INTERVAL", "1 year 2 days", reflect.TypeFor[string]()},
		{"'123e4567-e89b-12d3-a456-426614174000'::UUID", "UUID", "123e4567-e89b-12d3-a456-426614174000", reflect.TypeFor[string]()},
		{"[1, 2, NULL]", "INTEGER[]", []any{int64(1), int64(2), nil}, reflect.TypeFor[[]any]()},
		{"['a', 'b']", "VARCHAR[]", []any{"a", "b"}, reflect.TypeFor[[]any]()},
		{"[]::INTEGER[]", "INTEGER[]", []any{}, reflect.TypeFor[[]any]()},
	} {
		t.Run(c.expr, func(t *testing.T) {
			rows, err := db.Query("SELECT CASE WHEN i = 0 THEN " + c.expr + " END AS x FROM range(2) t(i)")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			ct, err := rows.ColumnTypes()
			if err != nil {
				t.Fatal(err)
			}
			if ct[0].Name() != "x" || ct[0].DatabaseTypeName() != c.name || ct[0].ScanType() != c.scan {
				t.Errorf("column %s %s, scanned as %v", ct[0].Name(), ct[0].DatabaseTypeName(), ct[0].ScanType())
			}
			var got []any
			for rows.Next() {
				var v any
				if err := rows.Scan(&v); err != nil {
					t.Fatal(err)
				}
				got = append(got, v)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, []any{c.want, nil}) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
			if got[0] != nil && reflect.TypeOf(got[0]) != c.scan {
				t.Errorf("a %T, not a %v", got[0], c.scan)
			}
		})
	}
}

func TestColumnTypes(t *testing.T) {
	db := open(t, "")
	rows, err := db.Query("SELECT 1.25::DECIMAL(12,2) AS d, 'x' AS s, 1 AS i")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	ct, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	if p, s, ok := ct[0].DecimalSize(); !ok || p != 12 || s != 2 {
		t.Errorf("decimal size %d, %d, %v", p, s, ok)
	}
	if _, _, ok := ct[2].DecimalSize(); ok {
		t.Error("an integer has a decimal size")
	}
	if n, ok := ct[1].Length(); !ok || n != math.MaxInt64 {
		t.Errorf("length %d, %v", n, ok)
	}
	for _, c := range ct {
		if nullable, ok := c.Nullable(); !ok || !nullable {
			t.Errorf("%s: nullable %v, %v", c.Name(), nullable, ok)
		}
	}
}

func TestScanInto(t *testing.T) {
	db := open(t, "?TimeZone=UTC")
	var (
		i8  int8
		u64 uint64
		f32 float32
		s   string
		s2  string
		b   []byte
		tm  time.Time
		ok  bool
		raw sql.RawBytes
		ns  sql.NullString
		ni  sql.Null[int32]
		np  *int
	)
	rows, err := db.Query("SELECT 12, 18446744073709551615::UBIGINT, 1.5::DECIMAL(4,1), 42, 1.25::DECIMAL(9,2), 'bytes', DATE '2020-02-03', TRUE, 'raw', NULL, 7, NULL")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if err := rows.Scan(&i8, &u64, &f32, &s, &s2, &b, &tm, &ok, &raw, &ns, &ni, &np); err != nil {
		t.Fatal(err)
	}
	if i8 != 12 || u64 != math.MaxUint64 || f32 != 1.5 || s != "42" || s2 != "1.25" || string(b) != "bytes" ||
		!tm.Equal(date(2020, 2, 3, 0, 0, 0, 0)) || !ok || string(raw) != "raw" || ns.Valid || !ni.Valid || ni.V != 7 || np != nil {
		t.Errorf("%v %v %v %v %v %s %v %v %s %v %v %v", i8, u64, f32, s, s2, b, tm, ok, raw, ns, ni, np)
	}
}

type named string

type numbered int16

type valuer struct {
	v   any
	err error
}

func (v valuer) Value() (driver.Value, error) { return v.v, v.err }

// TestParameters sends all Go kinds as parameters and gets their values back.
func TestParameters(t *testing.T) {
	db := open(t, "?TimeZone=UTC")
	at := date(2024, 5, 6, 7, 8, 9, 123456000)
	seven := 7
	for _, c := range []struct {
		arg  any
		cast string
		want any
	}{
		{nil, "INTEGER", nil},
		{true, "BOOLEAN", true},
		{int8(-1), "TINYINT", int64(-1)},
		{int16(300), "SMALLINT", int64(300)},
		{int32(-70000), "INTEGER", int64(-70000)},
		{int64(math.MinInt64), "BIGINT", int64(math.MinInt64)},
		{int(5), "BIGINT", int64(5)},
		{uint8(200), "UTINYINT", int64(200)},
		{uint16(60000), "USMALLINT", int64(60000)},
		{uint32(4e9), "UINTEGER", int64(4e9)},
		{uint64(math.MaxUint64), "UBIGINT", uint64(math.MaxUint64)},
		{uint(6), "UBIGINT", uint64(6)},
		{float32(0.5), "FLOAT", 0.5},
		{float64(-2.25), "DOUBLE", -2.25},
		{math.Inf(1), "DOUBLE", math.Inf(1)},
		{"text", "VARCHAR", "text"},
		{[]byte("\x00\xff"), "BLOB", []byte("\x00\xff")},
		{[]byte(nil), "BLOB", nil},
		{at, "TIMESTAMPTZ", at},
		{at, "TIMESTAMP", at},
		{big.NewInt(-12), "HUGEINT", "-12"},
		{new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1)), "HUGEINT", "170141183460469231731687303715884105727"},
		{(*big.Int)(nil), "HUGEINT", nil},
		{named("alias"), "VARCHAR", "alias"},
		{numbered(3), "SMALLINT", int64(3)},
		{&seven, "BIGINT", int64(7)},
		{(*int)(nil), "BIGINT", nil},
		{[]any{int64(1), nil, int64(3)}, "BIGINT[]", []any{int64(1), nil, int64(3)}},
		{[]string{"a", "b"}, "VARCHAR[]", []any{"a", "b"}},
		{[2]int32{4, 5}, "INTEGER[]", []any{int64(4), int64(5)}},
		{valuer{v: int64(9)}, "BIGINT", int64(9)},
		{valuer{v: nil}, "VARCHAR", nil},
		{(*valuer)(nil), "VARCHAR", nil},
		{sql.NullString{String: "set", Valid: true}, "VARCHAR", "set"},
		{sql.NullInt64{}, "BIGINT", nil},
		{sql.Null[float64]{V: 1.5, Valid: true}, "DOUBLE", 1.5},
		{"17", "INTEGER", int64(17)},
		{"2024-01-02", "DATE", date(2024, 1, 2, 0, 0, 0, 0)},
	} {
		t.Run(fmt.Sprintf("%T as %s", c.arg, c.cast), func(t *testing.T) {
			for _, query := range []string{"SELECT CAST(? AS " + c.cast + ")", "SELECT $1::" + c.cast} {
				if got := one(t, db, query, c.arg); !reflect.DeepEqual(got, c.want) {
					t.Errorf("%s: got %#v, want %#v", query, got, c.want)
				}
			}
		})
	}
}

func TestParameterPlaces(t *testing.T) {
	db := open(t, "")
	mustExec(t, db, "CREATE TABLE t AS SELECT i, 'name ' || i AS s FROM range(10) r(i)")
	for _, c := range []struct {
		query string
		args  []any
		want  string
	}{
		{"SELECT s FROM t WHERE i = ?", []any{3}, "name 3"},
		{"SELECT s FROM t WHERE i = $1", []any{int8(4)}, "name 4"},
		{"SELECT s FROM t WHERE i = $i", []any{sql.Named("i", 5)}, "name 5"},
		{"SELECT s FROM t WHERE i + $two = $one", []any{sql.Named("One", 7), sql.Named("two", 1)}, "name 6"},
		{"SELECT $1 || $1 || $2", []any{"a", "b"}, "aab"},
		{"SELECT ? || ?", []any{"a", "b"}, "ab"},
		{"SELECT s FROM t WHERE i BETWEEN ? AND ? ORDER BY i DESC LIMIT ?", []any{2, 4, 1}, "name 4"},
		{"SELECT CASE WHEN ? THEN 'yes' ELSE 'no' END", []any{true}, "yes"},
		{"SELECT max(s) FROM t WHERE s IN (?, ?)", []any{"name 1", "name 2"}, "name 2"},
	} {
		if got := one(t, db, c.query, c.args...); got != c.want {
			t.Errorf("%s: %v, want %s", c.query, got, c.want)
		}
	}
	for _, c := range []struct {
		query string
		args  []any
		code  string
	}{
		{"SELECT ?", nil, "42P02"},
		{"SELECT ?::INTEGER + ?", []any{1}, "42P02"},
		{"SELECT 1", []any{1}, "42P02"},
		{"SELECT $x", []any{sql.Named("y", 1)}, "42P02"},
		{"SELECT CAST(? AS INTEGER)", []any{"no number"}, "22018"},
		{"SELECT CAST(? AS TINYINT)", []any{1000}, "22003"},
		{"SELECT ?", []any{struct{ X int }{1}}, "22023"},
		{"SELECT ?", []any{make(chan int)}, "22023"},
		{"SELECT ?", []any{[]any{1, "x"}}, "42804"},
		{"SELECT ?::HUGEINT", []any{new(big.Int).Lsh(big.NewInt(1), 127)}, "22003"},
	} {
		var v any
		err := db.QueryRow(c.query, c.args...).Scan(&v)
		if err == nil {
			t.Errorf("%s of %v: no error but %v", c.query, c.args, v)
			continue
		}
		wantCode(t, err, c.code)
	}
	boom := errors.New("boom")
	if err := db.QueryRow("SELECT ?", valuer{err: boom}).Scan(new(any)); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
}

func TestPrepared(t *testing.T) {
	db := open(t, "")
	st, err := db.Prepare("SELECT CAST(? AS INTEGER) * 2")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for i := range 5 {
		var n int
		if err := st.QueryRow(i).Scan(&n); err != nil || n != 2*i {
			t.Errorf("%d, %v", n, err)
		}
	}
	_, err = db.Prepare("SELEC 1")
	wantCode(t, err, "42601")
	mustExec(t, db, "CREATE TABLE t(a INTEGER, b VARCHAR)")
	ins, err := db.Prepare("INSERT INTO t VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer ins.Close()
	for i := range 3 {
		if _, err := ins.Exec(i, fmt.Sprint("row ", i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := one(t, db, "SELECT count(*) FROM t WHERE b = 'row ' || a"); got != int64(3) {
		t.Errorf("%v rows", got)
	}
}

func TestExec(t *testing.T) {
	db := open(t, "")
	for _, c := range []struct {
		query string
		want  int64
	}{
		{"CREATE TABLE t(a INTEGER)", 0},
		{"INSERT INTO t VALUES (1), (2), (3)", 3},
		{"CREATE TABLE u AS SELECT * FROM t WHERE a > 1", 2},
		{"INSERT INTO t SELECT a FROM u WHERE FALSE", 0},
		{"SET threads = 1", 0},
		{"SELECT * FROM t", 0},
		{"INSERT INTO t VALUES (4); INSERT INTO t VALUES (5), (6)", 2},
		{"", 0},
		{"DROP TABLE u", 0},
	} {
		res := mustExec(t, db, c.query)
		if n, err := res.RowsAffected(); err != nil || n != c.want {
			t.Errorf("%s: %d rows affected, %v", c.query, n, err)
		}
		if _, err := res.LastInsertId(); err == nil {
			t.Error("there is an insert id")
		}
	}
	if got := one(t, db, "SELECT sum(a) FROM t"); got != "21" {
		t.Errorf("sum %v", got)
	}
}

func TestStatements(t *testing.T) {
	db := open(t, "")
	mustExec(t, db, "CREATE TABLE t AS SELECT 1 AS a")
	rows, err := db.Query("SET threads = 1; SELECT a, 'first' FROM t; INSERT INTO t VALUES (2); SELECT count(*) FROM t; SET threads = 2")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var a int
	var s string
	if !rows.Next() || rows.Scan(&a, &s) != nil || a != 1 || s != "first" || rows.Next() {
		t.Errorf("first result: %d, %s, %v", a, s, rows.Err())
	}
	results := 1
	var n int64
	for rows.NextResultSet() {
		results++
		for rows.Next() {
			if err := rows.Scan(&n); err != nil {
				t.Error(err)
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	if n != 2 || results < 2 {
		t.Errorf("the last result is %d, of %d", n, results)
	}
	// Arguments go to the statements in order.
	rows, err = db.Query("SELECT ?; SELECT ? || ?", "one", "two", "three")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for {
		for rows.Next() {
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		if !rows.NextResultSet() {
			break
		}
	}
	if strings.Join(all, " ") != "one twothree" {
		t.Errorf("%q", all)
	}
	// Closing the rows runs what is behind them.
	rows, err = db.Query("SELECT * FROM range(100000); CREATE TABLE later AS SELECT 1 AS x")
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT x FROM later"); got != int64(1) {
		t.Errorf("%v", got)
	}
	// An error in a later statement.
	_, err = db.Exec("CREATE TABLE before AS SELECT 1; SELECT nosuch; CREATE TABLE behind AS SELECT 1")
	wantCode(t, err, "42703")
	_, err = db.Exec("SELECT * FROM before; SELECT * FROM behind")
	wantCode(t, err, "42P01")
}

func TestErrors(t *testing.T) {
	db := open(t, "")
	for _, c := range []struct {
		query, code, at string
	}{
		{"SELECT\n  nosuch", "42703", "nosuch"},
		{"SELECT 1 FROM nosuch", "42P01", "nosuch"},
		{"SELECT nosuch(1)", "42883", "nosuch"},
		{"SELEC 1", "42601", "SELEC"},
		{"SELECT 1; SELECT (2", "42601", ""},
		{"SELECT 1; SELECT two", "42703", "two"},
		{"SELECT CAST('x' AS INTEGER)", "22018", ""},
		{"SELECT 9223372036854775807 + 1::BIGINT", "22003", ""},
		{"SELECT * FROM 'nosuch.parquet'", "58P01", "'nosuch.parquet'"},
		{"SET nosuch = 1", "42704", "nosuch"},
		{"SELECT " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), "54001", ""},
	} {
		_, err := db.Exec(c.query)
		if err == nil {
			t.Errorf("%.50s: no error", c.query)
			continue
		}
		e := wantCode(t, err, c.code)
		if c.at != "" && e.Pos != strings.LastIndex(c.query, c.at) {
			t.Errorf("%s: position %d, want that of %s", c.query, e.Pos, c.at)
		}
		if e.Message == "" || strings.HasSuffix(e.Message, ".") {
			t.Errorf("message %q", e.Message)
		}
	}
	// The connection goes on.
	if got := one(t, db, "SELECT 1"); got != int64(1) {
		t.Error(got)
	}
	err := db.QueryRow("SELECT 1 WHERE FALSE").Scan(new(int))
	if !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("error %v", err)
	}
	_, err = db.Begin()
	wantCode(t, err, "0A000")
	for dsn, code := range map[string]string{"?threads=none": "22023", "?nosuch=1": "42704", "?threads": "22023", "/some/dir": "0A000", "?dialect=mysql": "0A000"} {
		bad, err := sql.Open("gannet", dsn)
		if err == nil {
			err = bad.Ping()
			bad.Close()
		}
		wantCode(t, err, code)
	}
}

const slow = "SELECT count(*) FROM range(3000000) a(x), range(3000000) b(y) WHERE x + y = -1"

// TestCancel ends queries by their contexts, in time.
func TestCancel(t *testing.T) {
	db := open(t, "")
	best := time.Hour
	for range 5 {
		ctx, cancel := context.WithCancel(context.Background())
		var at time.Time
		timer := time.AfterFunc(30*time.Millisecond, func() { at = time.Now(); cancel() })
		err := db.QueryRowContext(ctx, slow).Scan(new(int))
		took := time.Since(at)
		timer.Stop()
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		best = min(best, took)
		if took > 2*time.Second {
			t.Errorf("a query ended %v after it was cancelled", took)
		}
	}
	if best > 50*time.Millisecond {
		t.Errorf("at best, a query ended %v after it was cancelled", best)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := db.QueryRowContext(ctx, slow).Scan(new(int)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := db.ExecContext(ctx, "SELECT 1"); err == nil {
		t.Error("a statement ran under an ended context")
	}
	// While rows are read.
	ctx, cancel = context.WithCancel(context.Background())
	rows, err := db.QueryContext(ctx, "SELECT * FROM range(100000000)")
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		rows.Next()
	}
	cancel()
	for rows.Next() {
	}
	if !errors.Is(rows.Err(), context.Canceled) {
		t.Errorf("error %v", rows.Err())
	}
	rows.Close()
	if got := one(t, db, "SELECT 1"); got != int64(1) {
		t.Error(got)
	}
}

// TestEarlyClose leaves results half read.
func TestEarlyClose(t *testing.T) {
	db := open(t, "")
	for range 20 {
		rows, err := db.Query("SELECT i FROM range(10000000) t(i)")
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestConcurrent(t *testing.T) {
	db := open(t, "?threads=2")
	mustExec(t, db, "CREATE TABLE t AS SELECT i, i % 10 AS g FROM range(50000) r(i)")
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			for n := range 5 {
				var sum string
				if err := db.QueryRow("SELECT sum(i) FROM t WHERE g = ?", k).Scan(&sum); err != nil {
					t.Error(err)
					return
				}
				if want := fmt.Sprint(5000*k + 10*4999*5000/2); sum != want {
					t.Errorf("sum %s, want %s", sum, want)
				}
				name := fmt.Sprintf("t_%d_%d", k, n)
				if _, err := db.Exec("CREATE TABLE " + name + " AS SELECT * FROM t; DROP TABLE " + name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestCloseWhileRunning closes the database under a query.
func TestCloseWhileRunning(t *testing.T) {
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query("SELECT i FROM range(1000000000) t(i)")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for rows.Next() {
	}
	wantCode(t, rows.Err(), "57P01")
	rows.Close()
	wg.Wait()
	if _, err := db.Exec("SELECT 1"); err == nil {
		t.Error("the database is closed and answers")
	}
}

// TestSessions checks that SET does not leak through the pool, and that DSN
// settings hold for all connections.
func TestSessions(t *testing.T) {
	db := open(t, "?TimeZone=Europe/Berlin&threads=2")
	ctx := context.Background()
	c1, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c2, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c1.ExecContext(ctx, "SET TimeZone = 'Asia/Tokyo'"); err != nil {
		t.Fatal(err)
	}
	zone := func(q interface {
		QueryRowContext(context.Context, string, ...any) *sql.Row
	}) (zone string) {
		var at time.Time
		if err := q.QueryRowContext(ctx, "SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00'").Scan(&at); err != nil {
			t.Error(err)
		}
		return at.Location().String()
	}
	if z1, z2 := zone(c1), zone(c2); z1 != "Asia/Tokyo" || z2 != "Europe/Berlin" {
		t.Errorf("zones %s, %s", z1, z2)
	}
	c1.Close()
	c2.Close()
	for range 4 {
		if z := zone(db); z != "Europe/Berlin" {
			t.Errorf("zone %s", z)
		}
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		v, err := c.(*gannet.Conn).Session().Setting("threads")
		if v != "2" {
			t.Errorf("threads %s", v)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestConnector(t *testing.T) {
	c := gannet.NewConnector(gannet.Config{Settings: []gannet.Setting{{Name: "threads", Value: "1"}}})
	db := sql.OpenDB(c)
	if got := one(t, db, "SELECT 1"); got != int64(1) {
		t.Error(got)
	}
	engine, err := c.Database(context.Background())
	if err != nil || engine.Budget().Limit() <= 0 {
		t.Errorf("%v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	_, err = c.Connect(context.Background())
	wantCode(t, err, "57P01")
	// A connection of the driver itself owns its database.
	d, err := (&gannet.Driver{}).Open("")
	if err != nil {
		t.Fatal(err)
	}
	st, err := d.Prepare("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	st.Close()
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// TestMemoryIsGivenBack runs queries of all kinds and looks at the budget.
func TestMemoryIsGivenBack(t *testing.T) {
	c := gannet.NewConnector(gannet.Config{})
	db := sql.OpenDB(c)
	defer db.Close()
	engine, err := c.Database(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("a,b\n1,x\n2,y\nbad\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"SELECT count(*) FROM range(100000) t(i)",
		"SELECT i % 1000, count(*), max(i::VARCHAR) FROM range(100000) t(i) GROUP BY 1",
		"SELECT * FROM range(50000) t(i) ORDER BY i DESC",
		"SELECT count(*) FROM range(50000) a(x) JOIN range(50000) b(y) ON x = y",
		"SELECT CAST('x' || i AS INTEGER) FROM range(10000) t(i)",
		"SELECT * FROM '" + filepath.Join(dir, "a.csv") + "'",
		"CREATE TABLE t AS SELECT * FROM range(100000) r(i); DROP TABLE t",
		"CREATE TABLE t AS SELECT CAST('x' || i AS INTEGER) FROM range(10000) r(i)",
	} {
		rows, err := db.Query(q)
		if err == nil {
			for range 3 {
				rows.Next()
			}
			rows.Close()
		}
		if used := engine.Budget().Used(); used != 0 {
			t.Errorf("%s: %d bytes are still charged", q, used)
		}
	}
}

func BenchmarkScanRows(b *testing.B) {
	db := open(b, "")
	const n = 200_000
	for b.Loop() {
		rows, err := db.Query(fmt.Sprintf("SELECT i, i::DOUBLE, 'text' FROM range(%d) t(i)", n))
		if err != nil {
			b.Fatal(err)
		}
		var i int64
		var f float64
		var s string
		for rows.Next() {
			if err := rows.Scan(&i, &f, &s); err != nil {
				b.Fatal(err)
			}
		}
		rows.Close()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
