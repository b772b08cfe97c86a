package format_test

import (
	"testing"

	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/parser"
)

// TestColumnName compares with the names that DuckDB 1.5.5 gives.
func TestColumnName(t *testing.T) {
	cases := []struct{ sql, want string }{
		{`x`, `x`}, {`t.x`, `x`}, {`"X y"`, `X y`}, {`"X y" + 1`, `("X y" + 1)`}, {`t."X y" + 1`, `(t."X y" + 1)`},
		{`X + 1`, `(X + 1)`}, {`name + 1`, `("name" + 1)`}, {`"left" + 1`, `("left" + 1)`}, {`"1a" + 1`, `("1a" + 1)`},
		{`1.0e5`, `100000.0`}, {`1e-5`, `1e-05`}, {`1.50`, `1.50`}, {`001`, `1`}, {`1_0.5`, `10.5`}, {`1e3`, `1000.0`},
		{`1e30`, `1e+30`}, {`1.5e10`, `15000000000.0`}, {`-1e3`, `-1000.0`}, {`-(1)`, `-1`}, {`- 1`, `-1`}, {`-1.5`, `-1.5`},
		{`123456789012345678901234567890`, `123456789012345678901234567890`},
		{`123456789012345678901234567890123456789012345.6`, `1.2345678901234567e+44`},
		{`'a''b'`, `'a''b'`}, {`true`, `CAST('t' AS BOOLEAN)`}, {`null`, `NULL`},
		{`date '2020-01-01'`, `CAST('2020-01-01' AS "DATE")`}, {`interval '1 day'`, `CAST('1 day' AS INTERVAL)`},
		{`interval 1 day`, `to_days(CAST(trunc(CAST(1 AS DOUBLE)) AS INTEGER))`},
		{`interval '3' hour`, `to_hours(CAST(trunc(CAST('3' AS DOUBLE)) AS BIGINT))`},
		{`interval (1+1) second`, `to_seconds(CAST((1 + 1) AS DOUBLE))`},
		{`interval 1 millennium`, `to_millennia(CAST(trunc(CAST(1 AS DOUBLE)) AS INTEGER))`},
		{`1+2*3`, `(1 + (2 * 3))`}, {`-x`, `-(x)`}, {`- -x`, `-(-(x))`}, {`+x`, `+(x)`}, {`-(x+1)`, `-((x + 1))`},
		{`x=x`, `(x = x)`}, {`x<>x`, `(x != x)`}, {`x is null`, `(x IS NULL)`}, {`x is not null`, `(x IS NOT NULL)`},
		{`x is distinct from x`, `(x IS DISTINCT FROM x)`}, {`x between 1 and 2`, `(x BETWEEN 1 AND 2)`},
		{`x not between 1 and 2`, `(NOT (x BETWEEN 1 AND 2))`}, {`x in (1,2)`, `(x IN (1, 2))`},
		{`x not in (1,2)`, `(x NOT IN (1, 2))`}, {`'b' like 'a'`, `('b' ~~ 'a')`}, {`'b' not like 'a'`, `('b' !~~ 'a')`},
		{`'b' ilike 'a'`, `('b' ~~* 'a')`}, {`'a' like 'a' escape 'b'`, `main.like_escape('a', 'a', 'b')`},
		{`'a' not like 'a' escape 'b'`, `main.not_like_escape('a', 'a', 'b')`},
		{`'b' similar to 'a'`, `regexp_full_match('b', 'a')`}, {`'b' glob 'a'`, `('b' ~~~ 'a')`},
		{`'a' ~ 'b'`, `regexp_full_match('a', 'b')`}, {`'a' !~ 'b'`, `(NOT regexp_full_match('a', 'b'))`},
		{`x || 'a'`, `(x || 'a')`}, {`'a' || 'b' || 'c'`, `(('a' || 'b') || 'c')`}, {`x::int`, `CAST(x AS INTEGER)`},
		{`cast(x as decimal(10,2))`, `CAST(x AS DECIMAL(10, 2))`}, {`try_cast(x as varchar)`, `TRY_CAST(x AS VARCHAR)`},
		{`x=1 and x=2 and x = 3`, `((x = 1) AND (x = 2) AND (x = 3))`}, {`not x=1`, `(x != 1)`},
		{`not (1<2)`, `(1 >= 2)`}, {`not (1 in (1,2))`, `(1 NOT IN (1, 2))`}, {`not true`, `(NOT CAST('t' AS BOOLEAN))`},
		{`not (1 is null)`, `(NOT (1 IS NULL))`}, {`not (1 is distinct from 2)`, `(1 IS NOT DISTINCT FROM 2)`},
		{`x is true`, `(CAST(x AS BOOLEAN) IS NOT DISTINCT FROM true)`},
		{`x is not false`, `(CAST(x AS BOOLEAN) IS DISTINCT FROM false)`}, {`x is unknown`, `(x IS NULL)`},
		{`case when x then 1 else 2 end`, `CASE  WHEN (x) THEN (1) ELSE 2 END`},
		{`case x when true then 1 when false then 2 else 3 end`,
			`CASE  WHEN ((x = CAST('t' AS BOOLEAN))) THEN (1) WHEN ((x = CAST('f' AS BOOLEAN))) THEN (2) ELSE 3 END`},
		{`case when x then 1 end`, `CASE  WHEN (x) THEN (1) ELSE NULL END`},
		{`coalesce(x,y)`, `COALESCE(x, y)`}, {`ifnull(1,2)`, `COALESCE(1, 2)`}, {`nullif(x,y)`, `"nullif"(x, y)`},
		{`if(true,1,2)`, `CASE  WHEN (CAST('t' AS BOOLEAN)) THEN (1) ELSE 2 END`},
		{`exists(select 1)`, `EXISTS(SELECT 1)`}, {`(select 1)`, `(SELECT 1)`},
		{`x not in (select 2)`, `(NOT (x = ANY(SELECT 2)))`}, {`x = any(select 2)`, `(x = ANY(SELECT 2))`},
		{`x <> all(select 2)`, `(NOT (x = ANY(SELECT 2)))`},
		{`[1,2]`, `main.list_value(1, 2)`}, {`{'a':1}`, `main.struct_pack(a := 1)`}, {`{'a b':1}`, `main.struct_pack("a b" := 1)`},
		{`map {1:2}`, `main."map"(main.list_value(1), main.list_value(2))`}, {`row(1,2)`, `main."row"(1, 2)`},
		{`[1,2][1]`, `main.list_value(1, 2)[1]`}, {`[1,2,3][1:3:2]`, `main.list_value(1, 2, 3)[1:3:2]`},
		{`[1,2,3][:2]`, `main.list_value(1, 2, 3)[:2]`}, {`{'a':1}.a`, `(main.struct_pack(a := 1)).a`},
		{`a.b.c`, `c`}, {`a['b']`, `a['b']`}, {`x[1][2]`, `x[1][2]`},
		{`list_transform([1], x->x+1)`, `list_transform(main.list_value(1), (x -> (x + 1)))`},
		{`list_transform([1], (x, i) -> x + i)`, `list_transform(main.list_value(1), (main."row"(x, i) -> (x + i)))`},
		{`list_transform([1], lambda x, i: x)`, `list_transform(main.list_value(1), (lambda x, i: x))`},
		{`x->'a'->'b'`, `((x -> 'a') -> 'b')`}, {`x->>'a'`, `(x ->> 'a')`}, {`x in [2]`, `contains(main.list_value(2), x)`},
		{`5!`, `((5)!)`}, {`~1`, `~(1)`}, {`7//2`, `(7 // 2)`}, {`2 ** 3 ** 2`, `((2 ** 3) ** 2)`}, {`1&1|2`, `((1 & 1) | 2)`},
		{`count(*)`, `count_star()`}, {`count()`, `count_star()`}, {`SUM(x)`, `sum(x)`}, {`sum(distinct x)`, `sum(DISTINCT x)`},
		{`count(*) filter (x > 1)`, `count_star() FILTER (WHERE (x > 1))`}, {`max(x)+1`, `(max(x) + 1)`},
		{`string_agg(x, ',' order by x)`, `string_agg(x, ',' ORDER BY x)`}, {`first(x)`, `"first"(x)`},
		{`main.upper('x')`, `main.upper('x')`}, {`trim('x')`, `main."trim"('x')`}, {`'x'.upper()`, `upper('x')`},
		{`substring('abc' from 1 for 2)`, `main."substring"('abc', 1, 2)`}, {`current_date`, `current_date`},
		{`count(*) over ()`, `count_star() OVER ()`}, {`lag(x ignore nulls) over ()`, `lag(x IGNORE NULLS) OVER ()`},
		{`sum(x) over (partition by x order by x desc nulls first rows between 1 preceding and current row)`,
			`sum(x) OVER (PARTITION BY x ORDER BY x DESC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`},
		{`row_number() over (rows 1 preceding)`, `row_number() OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`},
		{`'a' collate nocase`, `'a' COLLATE nocase`}, {`1::double`, `CAST(1 AS "DOUBLE")`}, {`1::text`, `CAST(1 AS VARCHAR)`},
		{`x::timestamptz`, `CAST(x AS "TIMESTAMP WITH TIME ZONE")`}, {`x::json`, `CAST(x AS "json")`},
		{`x::struct(a int, b varchar)[]`, `CAST(x AS STRUCT(a INTEGER, b VARCHAR)[])`}, {`x::int[3]`, `CAST(x AS INTEGER[3])`},
		{`x::map(int, int)`, `CAST(x AS MAP(INTEGER, INTEGER))`}, {`x::enum('a', 'b')`, `CAST(x AS "ENUM"('a', 'b'))`},
		{`struct_pack(a := 1)`, `struct_pack(a := 1)`}, {`map()`, `"map"()`}, {`range(3)`, `"range"(3)`},
	}
	for _, c := range cases {
		e, err := parser.ParseExpr(c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if got := format.ColumnName(e); got != c.want {
			t.Errorf("%s: got %s, want %s", c.sql, got, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{"a": "a", "aB_1": "aB_1", "": `""`, "a b": `"a b"`, `a"b`: `"a""b"`,
		"select": `"select"`, "user": `"user"`, "1a": `"1a"`, "ä": `"ä"`} {
		if got := format.QuoteIdent(in); got != want {
			t.Errorf("QuoteIdent(%q) = %s, want %s", in, got, want)
		}
	}
	if got := format.QuoteString("it's"); got != "'it''s'" {
		t.Errorf("QuoteString: %s", got)
	}
}

func TestOthers(t *testing.T) {
	typ, err := parser.ParseType("timestamp(3) with time zone[]")
	if err != nil {
		t.Fatal(err)
	}
	if got := format.Type(typ); got != "timestamptz(3)[]" {
		t.Errorf("Type: %s", got)
	}
	if format.Expr(nil) != "" || format.Statement(nil) != "" || format.Table(nil) != "" || format.Type(nil) != "" {
		t.Error("nil prints something")
	}
}
