package slt

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// canned is a driver whose queries describe their own result: "SELECT INT
// 1,2|3,4" gives two rows of INTEGERs, "FAIL 22003 text" an error, anything
// else no rows.
type canned struct{}

func init() { sql.Register("slt_canned", canned{}) }

func (canned) Open(string) (driver.Conn, error)    { return canned{}, nil }
func (canned) Close() error                        { return nil }
func (canned) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions") }
func (canned) Prepare(string) (driver.Stmt, error) { return nil, errors.New("no statements") }
func (canned) ExecContext(ctx context.Context, q string, _ []driver.NamedValue) (driver.Result, error) {
	if strings.HasPrefix(q, "FAIL") {
		f := strings.Fields(q)
		return nil, sqlerr.New(f[1], "%s", strings.Join(f[2:], " "))
	}
	if q == "PANIC" {
		panic("here")
	}
	return driver.RowsAffected(7), nil
}

func (canned) QueryContext(ctx context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	f := strings.SplitN(q, " ", 3)
	if len(f) < 3 {
		return nil, fmt.Errorf("canned query %q", q)
	}
	r := &cannedRows{typ: f[1]}
	for _, line := range strings.Split(f[2], "|") {
		if line != "" {
			r.rows = append(r.rows, strings.Split(line, ","))
		}
	}
	return r, nil
}

type cannedRows struct {
	typ  string
	rows [][]string
}

func (r *cannedRows) Columns() []string {
	if len(r.rows) == 0 {
		return []string{"c"}
	}
	return r.rows[0]
}
func (r *cannedRows) ColumnTypeDatabaseTypeName(int) string { return r.typ }
func (r *cannedRows) Close() error                          { return nil }
func (r *cannedRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, s := range r.rows[0] {
		switch {
		case s == "null":
			dest[i] = nil
		case r.typ == "BOOLEAN":
			dest[i] = s == "true"
		default:
			dest[i] = s
		}
	}
	r.rows = r.rows[1:]
	return nil
}

var cannedEngine = &Engine{Driver: "slt_canned", Systems: []string{"canned"}, Features: []string{"thing"}}

func runCanned(t *testing.T, text string) *Result {
	t.Helper()
	res, err := cannedEngine.Run(context.Background(), text, Options{Root: "R", TempDir: "T"})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestPasses(t *testing.T) {
	for name, text := range map[string]string{
		"rows":            "query II\nSELECT INTEGER 1,2|3,4\n----\n1\t2\n3\t4\n",
		"values":          "query II\nSELECT INTEGER 1,2|3,4\n----\n1\n2\n3\n4\n",
		"two tabs":        "query II\nSELECT INTEGER 1,2\n----\n1\t\t2\n",
		"no rows":         "query I\nSELECT INTEGER \n----\n\n",
		"null and empty":  "query TT\nSELECT VARCHAR null,\n----\nNULL\t(empty)\n",
		"rowsort":         "query II rowsort\nSELECT INTEGER 3,4|1,2\n----\n1\t2\n3\t4\n",
		"valuesort":       "query II valuesort\nSELECT INTEGER 3,1|4,2\n----\n1\n2\n3\n4\n",
		"boolean":         "query T\nSELECT BOOLEAN true|false\n----\ntrue\n0\n",
		"decimal":         "query R\nSELECT DECIMAL(4,2) 1.50\n----\n1.5\n",
		"float":           "query R\nSELECT DOUBLE 0.30000000000000004\n----\n0.3\n",
		"float exponent":  "query R\nSELECT DOUBLE 1e+20\n----\n100000000000000000000\n",
		"regex":           "query T\nSELECT VARCHAR abc\n----\n<REGEX>:a.c\n",
		"not regex":       "query T\nSELECT VARCHAR abc\n----\n<!REGEX>:b\n",
		"hash":            "query I\nSELECT INTEGER 1|2\n----\n2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0\n",
		"label":           "query I nosort l\nSELECT INTEGER 1\n----\n1\n\nquery I nosort l\nSELECT INTEGER 1\n",
		"changed rows":    "query I\nINSERT INTO t\n----\n7\n",
		"error":           "statement error\nFAIL 22003 Value OUT of range\n----\nout of\nSQLSTATE 22003\n",
		"error, any text": "statement error\nFAIL 22003 out of range\n",
		"maybe":           "statement maybe\nFAIL 22003 out of range\n",
		"loop":            "loop i 1 3\n\nquery I\nSELECT INTEGER ${i}\n----\n{i}\n\nendloop\n",
		"nested loops":    "foreach a x y\n\nloop i 0 2\n\nquery T\nSELECT VARCHAR {a}${i}\n----\n{a}{i}\n\nendloop\n\nendloop\n",
		"loop condition":  "loop i 0 3\n\nskipif i>=1\nquery I\nSELECT INTEGER ${i}\n----\n0\n\nendloop\n",
		"skipif":          "skipif canned\nstatement ok\nFAIL 22003 no\n",
		"onlyif":          "onlyif other\nstatement ok\nFAIL 22003 no\n",
		"mode skip":       "mode skip\n\nstatement ok\nFAIL 22003 no\n\nmode unskip\n\nstatement ok\nFINE\n",
		"halt":            "halt\n\nnonsense follows\n",
		"require":         "require other\n\nstatement ok\nFAIL 22003 no\n",
		"require, there":  "require thing\n\nstatement error\nFAIL 22003 no\n",
		"load":            "load x\n\nstatement ok\nFAIL 22003 no\n",
		"places":          "query TT\nSELECT VARCHAR __ROOT__,__TEST_DIR__\n----\nR\tT\n",
		"carriage return": "query I\r\nSELECT INTEGER 1\r\n----\r\n1\r\n",
		"connections":     "statement ok c1\nFINE\n\nquery I c1\nSELECT INTEGER 1\n----\n1\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range runCanned(t, text).Failures {
				t.Errorf("%v", f)
			}
		})
	}
}

func TestFails(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"value":         {"query I\nSELECT INTEGER 1\n----\n2\n", `got "1", want "2"`},
		"order":         {"query I\nSELECT INTEGER 2|1\n----\n1\n2\n", "row 1"},
		"too many rows": {"query I\nSELECT INTEGER 1|2\n----\n1\n", "got 2 rows, want 1"},
		"too few rows":  {"query I\nSELECT INTEGER 1\n----\n1\n2\n", "got 1 rows, want 2"},
		"columns":       {"query I\nSELECT INTEGER 1,2\n----\n1\t2\n", "got 2 columns, want 1"},
		"float":         {"query R\nSELECT DOUBLE 0.3\n----\n0.30001\n", "want"},
		"decimal":       {"query R\nSELECT DECIMAL(4,2) 1.50\n----\n1.51\n", "want"},
		"text number":   {"query T\nSELECT VARCHAR 1.50\n----\n1.5\n", "want"},
		"null":          {"query I\nSELECT INTEGER null\n----\n0\n", `got "NULL"`},
		"hash":          {"query I\nSELECT INTEGER 1|3\n----\n2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0\n", "hashing"},
		"label":         {"query I nosort l\nSELECT INTEGER 1\n----\n1\n\nquery I nosort l\nSELECT INTEGER 2\n", "labelled l"},
		"no error":      {"statement error\nFINE\n----\nx\n", "no error"},
		"error text":    {"statement error\nFAIL 22003 y\n----\nx\n", "lacks"},
		"error code":    {"statement error\nFAIL 22003 y\n----\nSQLSTATE 22012\n", "want 22012"},
		"internal":      {"statement error\nFAIL XX000 y\n", "internal"},
		"statement":     {"statement ok\nFAIL 22003 y\n", "error 22003: y"},
		"panic":         {"statement ok\nPANIC\n", "panic: here"},
		"in a loop":     {"loop i 0 2\n\nquery I\nSELECT INTEGER ${i}\n----\n0\n\nendloop\n", "[[i 1]]"},
	} {
		t.Run(name, func(t *testing.T) {
			fs := runCanned(t, c.text).Failures
			if len(fs) != 1 || !strings.Contains(fs[0].Why, c.want) {
				t.Errorf("got %v, want one failure with %q", fs, c.want)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{
		"nonsense\n", "query\nSELECT 1\n", "query I\n----\n1\n", "loop i 0 3\n\n", "endloop\n", "statement what\nX\n",
		"skipif\nstatement ok\nX\n", "skipif x\n\nstatement ok\nX\n",
	} {
		if _, err := Parse(text, nil); err == nil {
			t.Errorf("%q parsed", text)
		}
	}
}

func TestRewrite(t *testing.T) {
	const before = `# comment
query II rowsort
SELECT INTEGER 3,4|1,2
----
wrong

query ?
SELECT BOOLEAN true

query ??
SELECT BOOLEAN true

query T
SELECT VARCHAR abc
----
<REGEX>:a.c

hash-threshold 1

query I
SELECT INTEGER 1|2
----
1
`
	const after = `# comment
query II rowsort
SELECT INTEGER 3,4|1,2
----
1	2
3	4

query T
SELECT BOOLEAN true
----
true

query T
SELECT BOOLEAN true
----
true

query T
SELECT VARCHAR abc
----
<REGEX>:a.c

hash-threshold 1

query I
SELECT INTEGER 1|2
----
2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0
`
	if got := runCanned(t, before).Rewritten; got != after {
		t.Errorf("got:\n%s", got)
	}
	if got := runCanned(t, after).Rewritten; got != after {
		t.Errorf("rewriting again changes it:\n%s", got)
	}
}

func TestSplit(t *testing.T) {
	for q, want := range map[string]int{
		"": 0, ";;": 0, "a": 1, "a;": 1, "a; b": 2, "a -- ; x\n; b": 2, "'a;b'; c": 2, `"a;b"`: 1, "/* ; */ a": 1,
		"$$ ; $$; $x$ ; $$ $x$": 2, "-- only": 0, "'it''s;'; b": 2,
	} {
		if got := split(q); len(got) != want {
			t.Errorf("%q: %d statements %q, want %d", q, len(got), got, want)
		}
	}
	for q, want := range map[string]bool{
		"SELECT 1": true, "  -- x\n select 1": true, "INSERT INTO t VALUES (1)": false, "insert into t values (1) returning a": true,
		"WITH x AS (SELECT 1) SELECT * FROM x": true, "WITH x AS (SELECT 1) INSERT INTO t FROM x": false,
		"CREATE TABLE t AS SELECT 1": false, "(SELECT 1)": true, "FROM t": true,
	} {
		if got := returnsRows(q); got != want {
			t.Errorf("%q returns rows: %v", q, got)
		}
	}
}
