package bind_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// TestErrors gives, for each statement, the code, the text at the error's
// position, and a part of message and hint. The place is marked with ^ in the
// statement.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ sql, code, says string }{
		{"SELECT ^aa FROM t", "42703", `did you mean "a"?`},
		{"SELECT ^l_shipdte FROM lineitem", "42703", `"l_shipdate"`},
		{"SELECT ^x", "42703", "no FROM clause"},
		{"SELECT a FROM ^tt", "42P01", `did you mean "t"`},
		{"SELECT a FROM ^lineitems", "42P01", `"lineitem"`},
		{"SELECT a FROM ^nope.t", "3F000", "schema"},
		{"SELECT ^x.a FROM t", "42P01", "not in the FROM clause"},
		{"SELECT ^tt.a FROM t", "42P01", `did you mean "t"?`},
		{"SELECT ^a FROM t, u", "42702", `write "t.a" or "u.a"`},
		{"SELECT * FROM t, ^t AS t", "42712", "more than once"},
		{"SELECT ^foo(a) FROM t", "42883", "does not exist"},
		{"SELECT ^lenght(b) FROM t", "42883", `did you mean "length"`},
		{"SELECT ^length(a) FROM t", "42883", "candidates: length(VARCHAR) -> BIGINT"},
		{"SELECT a ^+ b FROM t", "42883", "no function matches +(INTEGER, VARCHAR)"},
		{"SELECT ^sum(b) FROM t", "42883", "sum(INTEGER)"},
		{"SELECT ^b, sum(a) FROM t", "42803", "any_value(b)"},
		{"SELECT ^a FROM t GROUP BY b", "42803", "GROUP BY"},
		{"SELECT a FROM t GROUP BY a HAVING ^b = 'x'", "42803", "GROUP BY"},
		{"SELECT a FROM t GROUP BY a ORDER BY ^b", "42803", "GROUP BY"},
		{"SELECT count(*) FROM t WHERE ^sum(a) > 1", "42803", "not allowed in WHERE"},
		{"SELECT sum(^sum(a)) FROM t", "42803", "nested"},
		{"SELECT a FROM t GROUP BY ^sum(a)", "42803", "not allowed in GROUP BY"},
		{"SELECT sum(a) s FROM t GROUP BY ^1", "42803", "not allowed in GROUP BY"},
		{"SELECT a FROM t ORDER BY ^3", "42P10", "position 3"},
		{"SELECT a FROM t GROUP BY ^2", "42P10", "position 2"},
		{"SELECT a FROM t WHERE ^c", "42804", "must be BOOLEAN"},
		{"SELECT a FROM t WHERE c ^= a", "42804", "cannot compare DATE with INTEGER"},
		{"SELECT CASE WHEN true THEN a ELSE ^c END FROM t", "42804", "CASE"},
		{"SELECT a FROM t UNION ^SELECT a, b FROM t", "42601", "1 and 2 columns"},
		{"SELECT (^SELECT a, b FROM t)", "42601", "2 columns"},
		{"SELECT CAST(a AS ^foo) FROM t", "42704", "foo"},
		{"SELECT ^CAST(c AS INTEGER) FROM t", "42846", "cannot cast"},
		{"SELECT * EXCLUDE (^zz) FROM t", "42703", "EXCLUDE"},
		{"SELECT a FROM t JOIN u USING (^c)", "42703", "right side"},
		{"SELECT ^lower(b) OVER () FROM t", "42809", "window"},
		{"SELECT a FROM t WHERE ^sum(a) OVER () > 1", "42P20", "WHERE"},
		{"SELECT sum(^sum(a) OVER ()) OVER () FROM t", "42P20", "nested"},
		{"SELECT sum(^sum(a) OVER ()) FROM t", "42P20", "aggregate"},
		{"SELECT a FROM t QUALIFY ^true", "42P20", "QUALIFY"},
		{"SELECT sum(a) OVER ^w FROM t", "42704", "w"},
		{"SELECT sum(a) OVER (ORDER BY a, b ^RANGE 1 PRECEDING) FROM t", "42P20", "ORDER BY"},
		{"SELECT a FROM t LIMIT ^a", "42703", ""},
		{"SELECT a FROM t LIMIT ^-1", "2201W", "negative"},
		{"SELECT a FROM t LIMIT ^DATE '2020-01-01'", "42804", "must be a number"},
		{"SELECT * FROM ^range(1, 2, 0)", "22023", "step"},
		{"SELECT * FROM ^read_parqet('x')", "42883", `"read_parquet"`},
		{"UPDATE ^t SET a = 1", "0A000", "rows of table"},
		{"INSERT INTO t (a, ^z) VALUES (1, 2)", "42703", "no column"},
		{"INSERT INTO t ^VALUES (1)", "42601", "4 target columns but 1"},
		{"INSERT INTO ^nope VALUES (1)", "42P01", "nope"},
		{"CREATE TABLE ^t (a INTEGER)", "42P07", "already exists"},
		{"CREATE TABLE n (a INTEGER, ^a INTEGER)", "42701", "twice"},
		{"CREATE TABLE n (a ^WIDGET)", "42704", "WIDGET"},
		{"CREATE VIEW ^t AS SELECT 1", "42P07", "already exists"},
		{"CREATE VIEW n AS SELECT ^zz FROM t", "42703", "zz"},
		{"DROP TABLE ^nope", "42P01", "nope"},
		{"DROP VIEW ^t", "42809", "is a table"},
		{"SELECT a FROM t WHERE a ^IN (SELECT c FROM t)", "42804", "cannot compare"},
		{"SELECT ^lower(DISTINCT b) FROM t", "42809", "not an aggregate"},
		{"SELECT lower(^*) FROM t", "42601", "*"},
		{"SELECT ^$0", "42P02", ""},
		{"SELECT b FROM t WHERE b.^x = 1", "42703", "no field"},
		{"SELECT sum(u.x) FROM t WHERE a IN (SELECT u.a FROM u WHERE ^zz = t.a)", "42703", "zz"},
	} {
		at := strings.Index(c.sql, "^")
		sql := c.sql[:at] + c.sql[at+1:]
		_, err := bindWith(options(), sql)
		var e *sqlerr.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no error but %v", sql, err)
			continue
		}
		if e.Code != c.code || e.Pos != at || !strings.Contains(e.Message+" | "+e.Hint, c.says) {
			t.Errorf("%s:\n got %s at %d %q hint %q\nwant %s at %d %q", sql, e.Code, e.Pos, e.Message, e.Hint, c.code, at, c.says)
		}
	}
}

func TestNestingLimit(t *testing.T) {
	for _, sql := range []string{
		"SELECT " + strings.Repeat("abs(", 1500) + "1" + strings.Repeat(")", 1500),
		"SELECT 1" + strings.Repeat(" + 1", 5000),
	} {
		if _, err := bindWith(options(), sql); sqlerr.Code(err) != sqlerr.CodeTooComplex {
			t.Errorf("%.20s: %v", sql, err)
		}
	}
	// Many terms are no nesting.
	wide := "SELECT a FROM t WHERE a = 0" + strings.Repeat(" OR a = 1", 10_000) + " AND a IN (1" + strings.Repeat(", 2", 10_000) + ")"
	mustPlan(t, wide)
	mustPlan(t, "SELECT 'a'"+strings.Repeat(" || 'b'", 10_000))
	// Aliases that double at each step.
	dbl := "SELECT 1 AS a0"
	for i := 1; i < 40; i++ {
		dbl += ", a" + itoa(i-1) + " + a" + itoa(i-1) + " AS a" + itoa(i)
	}
	if _, err := bindWith(options(), dbl); sqlerr.Code(err) != sqlerr.CodeTooComplex {
		t.Errorf("doubling aliases: %v", err)
	}
	ctes := "WITH c0 AS (SELECT 1 x)"
	for i := 1; i < 40; i++ {
		ctes += ", c" + itoa(i) + " AS (SELECT p.x FROM c" + itoa(i-1) + " p, c" + itoa(i-1) + " q)"
	}
	if _, err := bindWith(options(), ctes+" SELECT * FROM c39"); err != nil && sqlerr.Code(err) != sqlerr.CodeTooComplex {
		t.Errorf("doubling CTEs: %v", err)
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}
