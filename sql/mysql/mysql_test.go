package mysql

import (
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// TestExpressions holds what expressions become against the native dialect's
// text for them; a predicate is cast to the integer that it is.
func TestExpressions(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// operators
		{"a || b", "(a OR b)"},
		{"a && b and c", "(a AND b AND c)"},
		{"a or b or c", "(a OR b OR c)"},
		{"!a", "(NOT a)"},
		{"a xor b", "CAST(a AS boolean) <> CAST(b AS boolean)"},
		{"a <=> b", "a IS NOT DISTINCT FROM b"},
		{"a != b", "a <> b"},
		{"a div 2", "a // 2"},
		{"a div 2.5", "CAST(trunc(a / 2.5) AS bigint)"},
		{"a mod 2", "a % 2"},
		{"a % b", "a % b"},
		{"a / 2", "a / 2"},
		{"a / 0.0", "a / nullif(0.0, 0)"},
		{"a / b", "a / nullif(b, 0)"},
		{"a ^ b", "xor(a, b)"},
		{"a << 2 | ~b", "(a << 2) | ~b"},
		{"-5", "-5"},
		{"- -5", "- -5"},
		{"a + (b = c)", "a + CAST((b = c) AS integer)"},
		{"a is not true", "a IS NOT TRUE"},
		{"a is null", "a IS NULL"},
		{"a not between 1 and 2", "a NOT BETWEEN 1 AND 2"},
		{"(a, b) in ((1, 2), (3, 4))", "(a, b) IN ((1, 2), (3, 4))"},
		{"a > all (select 1)", "a > ALL (SELECT 1 AS \"1\")"},
		{"case a when 1 then 'x' else null end", "CASE a WHEN 1 THEN 'x' ELSE NULL END"},
		{"binary a", "CAST(a AS blob)"},
		{"a collate utf8mb4_bin", "a"},
		// literals
		{`"it's"`, "'it''s'"},
		{`'a\nb'`, "'a\nb'"},
		{"'a' 'b'", "'ab'"},
		{"N'x'", "'x'"},
		{".5", "0.5"},
		{"1.", "1.0"},
		{"1e3", "1e3"},
		{"true", "TRUE"},
		{"date '2024-01-02'", "date '2024-01-02'"},
		{"timestamp '2024-01-02 03:04:05'", "timestamp '2024-01-02 03:04:05'"},
		// patterns
		{"a like 'x%'", "a LIKE 'x%'"},
		{`a not like 'x\_'`, `a NOT LIKE 'x\_' ESCAPE '\'`},
		{"a like b", `a LIKE b ESCAPE '\'`},
		{"a like b escape '!'", "a LIKE b ESCAPE '!'"},
		{"a regexp '^x'", "regexp_matches(a, '^x')"},
		{"a not rlike b", "(NOT regexp_matches(a, b))"},
		// functions
		{"if(a, 1, 2)", "CASE WHEN CAST(a AS boolean) THEN 1 ELSE 2 END"},
		{"if(a > 1, 1, 2)", "CASE WHEN (a > 1) THEN 1 ELSE 2 END"},
		{"ifnull(a, 1)", "coalesce(a, 1)"},
		{"nullif(a, 1)", "nullif(a, 1)"},
		{"isnull(a)", "a IS NULL"},
		{"concat('x', a)", "'x' || CAST(a AS varchar)"},
		{"concat_ws(',', a, b)", "concat_ws(',', a, b)"},
		{"greatest(a, 1)", "CASE WHEN (a IS NOT NULL) THEN greatest(a, 1) END"},
		{"length(a)", "strlen(CAST(a AS varchar))"},
		{"char_length(a)", "char_length(a)"},
		{"left(a, 2)", "left(a, 2)"},
		{"right(a, n)", "right(a, greatest(n, 0))"},
		{"substring(a, 2, 3)", "substring(a, 2, 3)"},
		{"substring(a from 2 for 3)", "substring(a, 2, 3)"},
		{"substr(a, n)", "CASE WHEN (n = 0) THEN '' ELSE substring(a, n) END"},
		{"locate('x', a)", "position(a, 'x')"},
		{"position('x' in a)", "position(a, 'x')"},
		{"instr(a, 'x')", "instr(a, 'x')"},
		{"trim(leading '0' from a)", "ltrim(a, '0')"},
		{"trim(a)", "trim(a, ' ')"},
		{"log(a)", "ln(a)"},
		{"truncate(a, 1)", "trunc(a, 1)"},
		{"rand()", "random()"},
		{"field(a, 'x', 'y')", "CASE WHEN (a = 'x') THEN 1 WHEN (a = 'y') THEN 2 ELSE 0 END"},
		{"cast(a as signed)", "CAST(a AS bigint)"},
		{"cast(a as unsigned)", "CAST(a AS ubigint)"},
		{"cast(a as char(3))", `left(CAST(a AS varchar), 3)`},
		{"cast(a as decimal(10, 2))", "CAST(a AS decimal(10, 2))"},
		{"cast(a as decimal)", "CAST(a AS decimal(10, 0))"},
		{"convert(a, datetime)", "CAST(a AS timestamp)"},
		{"convert(a using utf8mb4)", "CAST(a AS varchar)"},
		{"@@threads", "current_setting('threads')"},
		// dates
		{"date_add(a, interval 3 day)", "a + INTERVAL 3 day"},
		{"date_sub('2024-01-02', interval n month)", "CAST(date '2024-01-02' - INTERVAL (n) month AS date)"},
		{"date '1998-12-01' - interval '90' day", "CAST(date '1998-12-01' - INTERVAL '90' day AS date)"},
		{"interval 1 hour + date '2024-01-01'", "date '2024-01-01' + INTERVAL 1 hour"},
		{"adddate(a, 3)", "a + INTERVAL 3 day"},
		{"datediff(a, '2024-01-01')", "date_diff('day', CAST(date '2024-01-01' AS date), CAST(a AS date))"},
		{"timestampdiff(month, a, b)", "date_sub('month', CAST(a AS timestamp), CAST(b AS timestamp))"},
		{"timestampadd(week, 1, a)", "a + INTERVAL 1 week"},
		{"date_format(a, '%Y-%m-%d %H:%i:%s')", "strftime(a, '%Y-%m-%d %H:%M:%S')"},
		{"date_format(a, '%e.%c.%y %M%%')", "strftime(a, '%-d.%-m.%y %B%%')"},
		{"str_to_date(a, '%d.%m.%Y')", "CAST(try_strptime(a, '%d.%m.%Y') AS date)"},
		{"str_to_date(a, '%H:%i')", "CAST(try_strptime(a, '%H:%M') AS time)"},
		{"extract(year from a)", "date_part('year', a)"},
		{"year('2024-01-01')", "year(date '2024-01-01')"},
		{"dayofweek(a)", "dayofweek(a) + 1"},
		{"curdate()", "current_date"},
		{"now(6)", "current_localtimestamp()"},
		// aggregates and windows
		{"count(*)", "count(*)"},
		{"count(distinct a)", "count(DISTINCT a)"},
		{"count(distinct a, b)", "count(DISTINCT CASE WHEN ((a IS NOT NULL) AND (b IS NOT NULL)) THEN row(a, b) END)"},
		{"sum(a = 1)", "sum(CAST((a = 1) AS integer))"},
		{"std(a)", "stddev_pop(a)"},
		{"group_concat(distinct a order by b desc separator '; ')", "string_agg(DISTINCT CAST(a AS varchar), '; ' ORDER BY b DESC NULLS LAST)"},
		{"row_number() over (partition by a order by b)", "row_number() OVER (PARTITION BY a ORDER BY b ASC NULLS FIRST)"},
		{"sum(a) over (order by b rows between 1 preceding and current row)",
			"sum(a) OVER (ORDER BY b ASC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"},
		{"lag(a, 2, 0) over w", "lag(a, 2, 0) OVER w"},
	} {
		q := "select " + c.in + " as x from t window w as (order by z)"
		parts, err := Parse(q)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		x := parts[0].Stmt.(*ast.Query).Body.(*ast.Select).Items[0].Expr
		got := format.Expr(x)
		if !same(got, c.want) && !same(got, "CAST("+c.want+" AS integer)") {
			t.Errorf("%s:\n got  %s\n want %s", c.in, got, c.want)
		}
	}
}

// same compares texts without regard to spaces, case, parentheses and quotes of
// names.
func same(got, want string) bool {
	clean := func(s string) string {
		return strings.NewReplacer(" ", "", "(", "", ")", "", `"`, "").Replace(strings.ToLower(s))
	}
	return clean(got) == clean(want)
}

func TestStatements(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"select a b from `my t` as x where a = 1 limit 5, 10", `select a as b from "my t" as x where a = 1 limit 10 offset 5`},
		{"select distinct a from t order by a, b desc", "select distinct a from t order by a asc nulls first, b desc nulls last"},
		{"select 1+1, count(*) from dual", `select 1+1 as "1+1", count(*) as "count(*)"`},
		{"select a = 1 x from t", "select cast(a=1 as integer) as x from t"},
		{"select * from a straight_join b on a.x = b.x", "select * from a join b on a.x = b.x"},
		{"select * from a join b", "select * from a cross join b"},
		{"select * from a left join b using (x, y)", "select * from a left join b using (x, y)"},
		{"select * from a natural join b, c", "select * from a natural join b, c"},
		{"select t.* from (select 1 a) t", "select t.* from (select 1 as a) as t"},
		{"select a from t group by a with rollup", "select a from t group by rollup(a)"},
		{"select a from t group by 1 having count(*) > 1", "select a from t group by 1 having count(*) > 1"},
		{"select a x from t having x > 1", "select a as x from t where x > 1"},
		{"with q (k) as (select 1) select * from q", `with q(k) as (select 1 as "1") select * from q`},
		{"(select a from t limit 1) union all select 2 union all select 3 order by 1",
			`(select a from t limit 1) union all select 2 as "2" union all select 3 as "3" order by 1 asc nulls first`},
		{"select 1 a union select 2", `select 1 as a union select 2 as "2"`},
		{"insert into t (a, b) values (1, 'x'), (2, default)", "insert into t (a, b) values (1, 'x'), (2, default)"},
		{"insert into t select * from u", "insert into t select * from u"},
		{"insert t set a = 1", "insert into t (a) values (1)"},
		{"create table if not exists t (a int unsigned not null, b varchar(10) default 'x', c datetime, key (a)) engine=InnoDB",
			"create table if not exists t (a uinteger not null, b varchar default 'x', c timestamp)"},
		{"create table t as select 1 a", "create table t as select 1 as a"},
		{"create or replace view v as select 1 a", "create or replace view v as select 1 as a"},
		{"drop table if exists a, b", "drop table if exists a, b"},
		{"set threads = 2", "set threads = 2"},
		{"set session dialect = 'native'", "set dialect = 'native'"},
		{"show tables", "show tables"},
		{"describe t", "describe t"},
		{"show columns from t", "describe t"},
		{"explain select 1 a", "explain select 1 as a"},
		{"update t set a = b + 1 where c is null", "update t set a = b + 1 where c is null"},
		{"delete from t where a = 1", "delete from t where a = 1"},
		{"start transaction", "begin"},
	} {
		parts, err := Parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := strings.ReplaceAll(format.Statement(parts[0].Stmt), "\n", " "); !same(got, c.want) {
			t.Errorf("%s:\n got  %s\n want %s", c.in, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	deep := strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000)
	for _, c := range []struct {
		name, in, code string
		pos            int
	}{
		{"word", "select 1 from from t", sqlerr.CodeSyntax, 14},
		{"end", "select 1 +", sqlerr.CodeSyntax, 10},
		{"second statement", "select 1; selec 2", sqlerr.CodeSyntax, 10},
		{"open string", "select 'abc", sqlerr.CodeSyntax, 7},
		{"open name", "select `abc", sqlerr.CodeSyntax, 7},
		{"open comment", "select /* abc", sqlerr.CodeSyntax, 7},
		{"truncated DDL", "create table t (a int", sqlerr.CodeSyntax, 21},
		{"user variable", "select 1, @x", sqlerr.CodeUnsupported, 10},
		{"introducer", "select _utf8mb4'x'", sqlerr.CodeUnsupported, 7},
		{"collation", "select a collate utf8mb4_general_ci from t", sqlerr.CodeUnsupported, 17},
		{"lock", "select a from t for update", sqlerr.CodeUnsupported, 0},
		{"arguments", "select ifnull(1)", sqlerr.CodeUndefinedFunction, 7},
		{"json", "select json_array(1)", sqlerr.CodeUnsupported, -1},
		{"format", "select date_format(a, '%D') from t", sqlerr.CodeUnsupported, 22},
		{"function", "select sleep(1)", sqlerr.CodeUnsupported, 7},
		{"upsert", "insert into t values (1) on duplicate key update a = 1", sqlerr.CodeUnsupported, 28},
		{"grant", "create procedure p() begin end", sqlerr.CodeUnsupported, -1},
		{"deep parentheses", "select " + deep, sqlerr.CodeTooComplex, -1},
		{"deep cases", "select " + strings.Repeat("case when ", 1000) + "1" + strings.Repeat(" then 1 end", 1000), sqlerr.CodeTooComplex, -1},
		{"deep subqueries", strings.Repeat("select (", 1000) + "1" + strings.Repeat(")", 1000), sqlerr.CodeTooComplex, -1},
		{"many not", "select " + strings.Repeat("not ", 100_000) + "1", sqlerr.CodeTooComplex, -1},
		{"many signs", "select " + strings.Repeat("- ", 100_000) + "1", sqlerr.CodeTooComplex, -1},
		{"long sum", "select 1" + strings.Repeat("+1", 100_000), sqlerr.CodeTooComplex, -1},
		{"long join", "select 1 from a" + strings.Repeat(" join a", 50_000), sqlerr.CodeTooComplex, -1},
		{"many strings", "select 'a'" + strings.Repeat(" 'a'", 100_000), sqlerr.CodeTooComplex, -1},
		{"too long", "select '" + strings.Repeat("x", MaxLength) + "'", sqlerr.CodeTooComplex, -1},
		{"alternating unions", "select 1" + strings.Repeat(" union select 1 union all select 1", 10_000), sqlerr.CodeTooComplex, -1},
	} {
		_, err := Parse(c.in)
		e, ok := err.(*sqlerr.Error)
		if !ok || e.Code != c.code || c.pos >= 0 && e.Pos != c.pos {
			t.Errorf("%s: %v, want %s at %d", c.name, err, c.code, c.pos)
			if ok {
				t.Logf("at %d", e.Pos)
			}
		}
	}
}

// TestWide parses statements that are large without being deep.
func TestWide(t *testing.T) {
	for name, in := range map[string]string{
		"and":   "select 1 from t where a" + strings.Repeat(" and a", 50_000),
		"in":    "select a in (1" + strings.Repeat(",1", 100_000) + ")",
		"union": "select 1" + strings.Repeat(" union all select 1", 20_000),
		"items": "select a" + strings.Repeat(", a", 50_000),
		"rows":  "insert into t values (1, 2)" + strings.Repeat(",(1,2)", 50_000),
	} {
		if _, err := Parse(in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPositions(t *testing.T) {
	in := "select 1; select a.x, count(y) from `a` join b on a.k = b.k where z in (select w from c) order by q"
	parts, err := Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 2 || parts[1].Start != 10 || parts[1].End != len(in) {
		t.Fatalf("parts %+v", parts)
	}
	ast.Inspect(parts[1].Stmt, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ColumnRef:
			if !strings.HasPrefix(in[n.Pos():], n.Parts[0].Name) {
				t.Errorf("column %v at %d: %s", ast.Names(n.Parts), n.Pos(), in[n.Pos():])
			}
		case *ast.TableName:
			if !strings.HasPrefix(strings.TrimPrefix(in[n.Pos():], "`"), n.Parts[0].Name) {
				t.Errorf("table %v at %d: %s", ast.Names(n.Parts), n.Pos(), in[n.Pos():])
			}
		case *ast.FuncCall:
			if !strings.HasPrefix(in[n.Pos():], n.Name[0].Name) {
				t.Errorf("function %v at %d", n.Name, n.Pos())
			}
		}
		return true
	})
}

func TestParameters(t *testing.T) {
	parts, err := Parse("select ?, a + ?, :name; select '?', ?")
	if err != nil || len(parts) != 2 || parts[0].Params != 2 || parts[1].Params != 1 {
		t.Fatalf("%v %+v", err, parts)
	}
	var got []ast.Parameter
	ast.Inspect(parts[0].Stmt, func(n ast.Node) bool {
		if p, ok := n.(*ast.Parameter); ok {
			got = append(got, *p)
		}
		return true
	})
	if len(got) != 3 || got[0].Index != 1 || got[1].Index != 2 || got[2].Name != "name" || got[1].Pos() != 14 {
		t.Errorf("%+v", got)
	}
}

func TestSplit(t *testing.T) {
	in := " select ';' ; ; # a;b\nselect `;`, \"\\\";\" -- c;d\n; select 3"
	spans, err := Split(in)
	if err != nil || len(spans) != 3 {
		t.Fatalf("%v %v", spans, err)
	}
	want := []string{"select ';'", "select `;`, \"\\\";\"", "select 3"}
	for i, s := range spans {
		if in[s.Start:s.End] != want[i] {
			t.Errorf("%q, want %q", in[s.Start:s.End], want[i])
		}
	}
}

func TestCompleteness(t *testing.T) {
	for in, want := range map[string]parser.Completion{
		"":              parser.Empty,
		"-- x\n;":       parser.Empty,
		"select 1":      parser.NeedSemicolon,
		"select 1;":     parser.Complete,
		"select ';":     parser.InString,
		`select "it's;`: parser.InString,
		"select `x;":    parser.InIdent,
		"select /* ;":   parser.InComment,
		"select (1;":    parser.InParen,
		`select 'a\';`:  parser.InString,
		"select 1 # ;":  parser.NeedSemicolon,
		"select \x01;":  parser.Broken,
	} {
		if got := Completeness(in); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func TestFunctionsSorted(t *testing.T) {
	if !slices.IsSortedFunc(functions, func(a, b function) int { return strings.Compare(a.name, b.name) }) {
		for i := 1; i < len(functions); i++ {
			if functions[i-1].name >= functions[i].name {
				t.Errorf("%s stands before %s", functions[i-1].name, functions[i].name)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"select 1", "select a.b, 'x' || \"y\" from `t` where a like 'b\\_' limit 1, 2", "insert into t values (1),(2)",
		"create table t (a int, b enum('a','b'))", "select /*!40101 1 */", "select count(distinct a, b) over (order by c)",
		"with recursive r as (select 1 union all select n + 1 from r) select * from r", "set @a = 1", "show tables from x",
		"select date_add(a, interval '1:2' minute_second)", "select x'41', 0b1, b'1', 0x, 1e1, .5, 1.", "(select 1) union (select 2) order by 1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		parts, err := Parse(in)
		if err != nil && sqlerr.Code(err) == sqlerr.CodeInternal {
			t.Fatal(err)
		}
		for _, p := range parts {
			if p.Stmt == nil || p.Start < 0 || p.End > len(in) || p.Start > p.End {
				t.Fatalf("%+v", p)
			}
			ast.Inspect(p.Stmt, func(n ast.Node) bool {
				if n.Pos() > len(in) {
					t.Fatalf("%T at %d", n, n.Pos())
				}
				return true
			})
			_ = format.Statement(p.Stmt)
		}
		_, _ = Split(in)
		_ = Completeness(in)
	})
}
