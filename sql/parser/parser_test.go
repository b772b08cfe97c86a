package parser

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// expect parses an expression and hands it over as type T.
func expect[T ast.Expr](t *testing.T, sql string) T {
	t.Helper()
	e, err := ParseExpr(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	x, ok := e.(T)
	if !ok {
		t.Fatalf("%s: got %T", sql, e)
	}
	return x
}

// shape renders an expression's structure, operators in parentheses.
func shape(e ast.Expr) string {
	terms := func(op string, list []ast.Expr) string {
		parts := make([]string, len(list))
		for i := range list {
			parts[i] = shape(list[i])
		}
		return "(" + strings.Join(parts, op) + ")"
	}
	switch e := e.(type) {
	case *ast.ColumnRef:
		return strings.Join(ast.Names(e.Parts), ".")
	case *ast.Literal:
		return e.Text
	case *ast.Binary:
		return "(" + shape(e.L) + e.Op + shape(e.R) + ")"
	case *ast.Comparison:
		return "(" + shape(e.L) + e.Op.String() + shape(e.R) + ")"
	case *ast.Arrow:
		return "(" + shape(e.L) + "->" + shape(e.R) + ")"
	case *ast.Unary:
		return "(" + e.Op + shape(e.X) + ")"
	case *ast.Not:
		return "(not " + shape(e.X) + ")"
	case *ast.And:
		return terms(" and ", e.Terms)
	case *ast.Or:
		return terms(" or ", e.Terms)
	case *ast.Concat:
		return terms("||", e.Terms)
	case *ast.IsNull:
		return "(" + shape(e.X) + " null)"
	case *ast.IsDistinct:
		return "(" + shape(e.L) + " distinct " + shape(e.R) + ")"
	case *ast.Between:
		return "(" + shape(e.X) + " between " + shape(e.Lo) + " " + shape(e.Hi) + ")"
	case *ast.InList:
		return "(" + shape(e.X) + " in " + terms(",", e.List) + ")"
	case *ast.Like:
		return "(" + shape(e.X) + " like " + shape(e.Pattern) + ")"
	case *ast.Cast:
		return "(" + shape(e.X) + "::" + e.Type.Name() + ")"
	case *ast.Collate:
		return "(" + shape(e.X) + " collate)"
	case *ast.Index:
		return shape(e.X) + "[" + shape(e.I) + "]"
	case *ast.Field:
		return "(" + shape(e.X) + ")." + e.Name.Name
	case *ast.FuncCall:
		return strings.Join(ast.Names(e.Name), ".") + terms(",", e.Args)
	}
	return fmt.Sprintf("%T", e)
}

func TestPrecedence(t *testing.T) {
	cases := []struct{ sql, want string }{
		{"a + b * c", "(a+(b*c))"}, {"a - b - c", "((a-b)-c)"}, {"a * b ^ c ** d", "(a*((b^c)**d))"}, {"-a ^ b", "((-a)^b)"},
		{"-2 ^ 2", "(-2^2)"}, {"-a::int", "(-(a::int))"}, {"-1::int", "(-(1::int))"}, {"- a.b[1]", "(-a.b[1])"},
		{"not a = b", "(not (a=b))"}, {"not a and b", "((not a) and b)"}, {"not not a", "(not (not a))"},
		{"a or b and c or d", "(a or (b and c) or d)"}, {"a and b or c and d", "((a and b) or (c and d))"},
		{"(a and b) and c", "((a and b) and c)"}, {"a = b is null", "((a=b) null)"}, {"a is null = b", "((a null)=b)"},
		{"a is not distinct from b and c", "((a distinct b) and c)"}, {"a || b + c || d", "(a||(b+c)||d)"}, {"a & b | c", "((a&b)|c)"},
		{"~a + b", "(~(a+b))"}, {"a between b + 1 and c and d", "((a between (b+1) c) and d)"}, {"a in (1, 2) = b", "((a in (1,2))=b)"},
		{"a like b || c", "(a like (b||c))"}, {"a < b + c", "(a<(b+c))"}, {"a -> b = c", "(a->(b=c))"}, {"a ->> 'b' = c", "((a->>b)=c)"},
		{"a -> 'b' -> 'c'", "((a->b)->c)"}, {"x -> x or y", "(x->(x or y))"}, {"a collate b || c", "((a collate)||c)"},
		{"a at time zone 'x' + b", "(timezone(x,a)+b)"}, {"a::int + b", "((a::int)+b)"}, {"a::int::text", "((a::int)::text)"},
		{"f(a).b[1]", "(f(a)).b[1]"}, {"a - -1", "(a--1)"}, {"a % b // c", "((a%b)//c)"}, {"a <> b", "(a<>b)"}, {"a != b", "(a<>b)"}, {"a == b", "(a=b)"},
		{"a isnull", "(a null)"}, {"a notnull and b", "((a null) and b)"}, {"'a'\n'b'", "ab"}, {"a !~~ b", "(a like b)"},
	}
	for _, c := range cases {
		e, err := ParseExpr(c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if got := shape(e); got != c.want {
			t.Errorf("%s: got %s, want %s", c.sql, got, c.want)
		}
	}
}

func TestFlatness(t *testing.T) {
	const n = 20000
	if got := len(expect[*ast.And](t, "a"+strings.Repeat(" AND a", n)).Terms); got != n+1 {
		t.Errorf("AND: %d", got)
	}
	if got := len(expect[*ast.Or](t, "a"+strings.Repeat(" OR a AND b", n)).Terms); got != n+1 {
		t.Errorf("OR: %d", got)
	}
	if got := len(expect[*ast.Concat](t, "a"+strings.Repeat(" || a", n)).Terms); got != n+1 {
		t.Errorf("||: %d", got)
	}
	if got := len(expect[*ast.InList](t, "a IN (1"+strings.Repeat(",1", n)+")").List); got != n+1 {
		t.Errorf("IN: %d", got)
	}
	if got := len(expect[*ast.Case](t, "CASE"+strings.Repeat(" WHEN a THEN b", n)+" END").Whens); got != n {
		t.Errorf("CASE: %d", got)
	}
	s, err := ParseOne("SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", n))
	if err != nil || len(s.(*ast.Query).Body.(*ast.SetOp).Terms) != n+1 {
		t.Errorf("UNION ALL: %v", err)
	}
	s, err = ParseOne("SELECT 1 INTERSECT SELECT 2 UNION SELECT 3" + strings.Repeat(" FROM t, u", 1))
	if err != nil {
		t.Fatal(err)
	}
	if set := s.(*ast.Query).Body.(*ast.SetOp); set.Kind != ast.Union || set.Terms[0].(*ast.SetOp).Kind != ast.Intersect {
		t.Error("INTERSECT must bind tighter than UNION")
	}
	for _, sql := range []string{
		"SELECT * FROM t" + strings.Repeat(", t", n), "VALUES (1)" + strings.Repeat(", (1)", n), "SELECT 1" + strings.Repeat(", (SELECT 1)", 2000),
		"SELECT * FROM (SELECT 1) t" + strings.Repeat(", (SELECT 1) t", 2000), "SELECT f(1)" + strings.Repeat(", f(g(1))", n),
	} {
		if _, err := Parse(sql); err != nil {
			t.Errorf("%.40s: %v", sql, err)
		}
	}
}

// TestNesting: deep input gives error 54001 with a position, at once.
func TestNesting(t *testing.T) {
	const n = 100000
	rep := strings.Repeat
	cases := []string{
		rep("(", n) + "1" + rep(")", n), rep("(", n), rep("[", n), rep("{a:", n), rep("-", 0) + rep("- ", n) + "1", rep("NOT ", n) + "a", rep("f(", n),
		rep("CASE WHEN ", n), rep("CASE ", n), rep("(SELECT ", n), rep("EXISTS(SELECT ", n), rep("CAST(", n), rep("a IN (", n), rep("a[", n), rep("MAP {", n),
		"1" + rep("+1", n), "a" + rep("[1]", n), "a" + rep("::int", n), "f(a)" + rep(".b", n), "a" + rep(" IS NULL", n), "a" + rep(" -> b", n), rep("~", n) + "a",
		"a" + rep(" BETWEEN a AND (b", n), "x::" + rep("STRUCT(a ", n), rep("x -> (", n), rep("LAMBDA x: ", n), rep("INTERVAL (", n), rep("1 + (", n),
		rep("((SELECT 1) + ", n), rep("DATE(", n), rep("COLUMNS(", n), rep("* REPLACE (", n), rep("ROW(", n), rep("EXTRACT(year FROM ", n),
		rep("TRIM(", n), rep("POSITION(", n), rep("ARRAY(SELECT ", n), rep("ARRAY[", n), rep("a = ANY (", n), "f() OVER (ORDER BY " + rep("f() OVER (ORDER BY ", n),
		"a" + rep(" COLLATE b", n), "a" + rep(" AT TIME ZONE b", n), "a" + rep(" !", n), "a" + rep(" LIKE (b", n), rep("((", n),
	}
	for _, c := range cases {
		checkDeep(t, "SELECT "+c)
	}
	for _, c := range []string{
		rep("(", n) + "SELECT 1", rep("SELECT * FROM (", n), "SELECT * FROM " + rep("(", n), "SELECT * FROM t" + rep(" JOIN t ON true", n),
		"SELECT * FROM t" + rep(" JOIN t", n), "SELECT 1" + rep(" UNION SELECT 1 UNION ALL SELECT 1", n), rep("WITH a AS (", n), rep("EXPLAIN ", n),
		rep("PREPARE a AS ", n), "SELECT a GROUP BY " + rep("ROLLUP (", n), "SELECT 1" + rep(" EXCEPT (SELECT 1", n), "SELECT * FROM " + rep("((SELECT 1) a JOIN ", n),
		rep("DESCRIBE ", n), rep("SELECT * FROM (DESCRIBE ", n), "CREATE TABLE t (a " + rep("STRUCT(a ", n), "SELECT * FROM t" + rep(" PIVOT (sum(a) FOR b IN (c))", n),
		"COPY " + rep("(COPY ", n), rep("CREATE VIEW v AS ", n), rep("PIVOT (", n),
	} {
		checkDeep(t, c)
	}
	// What the limits allow.
	for _, c := range []string{
		rep("(", 490) + "1" + rep(")", 490), rep("f(", 490) + "1" + rep(")", 490), "1" + rep("+1", 900), rep("(SELECT ", 240) + "1" + rep(")", 240),
		rep("CASE WHEN true THEN ", 490) + "1" + rep(" END", 490), rep("NOT ", 490) + "a",
	} {
		if _, err := Parse("SELECT " + c); err != nil {
			t.Errorf("%.30s: %v", c, err)
		}
	}
}

func checkDeep(t *testing.T, sql string) {
	t.Helper()
	start := time.Now()
	_, err := Parse(sql)
	var e *sqlerr.Error
	if !errors.As(err, &e) || e.Code != sqlerr.CodeTooComplex || e.Pos < 0 {
		t.Errorf("%.50s: %v", sql, err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("%.50s: took %v", sql, d)
	}
}

func TestErrors(t *testing.T) {
	cases := []struct {
		sql  string
		pos  int
		msg  string
		hint string
	}{
		{"SELECT a FORM t", 9, `syntax error at or near "FORM"`, `did you mean "FROM"?`},
		{"SELECT * FORM t", 9, `syntax error at or near "FORM"`, `did you mean "FROM"?`},
		{"SELEC 1", 0, `syntax error at or near "SELEC"`, `did you mean "SELECT"?`},
		{"SELECT a b c FROM t", 11, `syntax error at or near "c"`, "a comma or an operator may be missing before it"},
		{"SELECT a FROM t WHRE x", 16, `syntax error at or near "WHRE"`, `did you mean "WHERE"?`},
		{"SELECT a FROM t GROUP BY", 24, "syntax error at end of input", ""},
		{"SELECT (1 + 2", 13, "syntax error at end of input", `"(" at line 1, column 8 is not closed`},
		{"SELECT 1 < 2 < 3", 13, `syntax error at or near "<"`, ""},
		{"SELECT FROM t", 7, `syntax error at or near "FROM"`, "to use the keyword as a name, put it in double quotes"},
		{"SELECT 'a", 7, "unterminated quoted string", ""},
		{"SELECT 1; SELECT )", 17, `syntax error at or near ")"`, ""},
		{"SELECT * FROM a JOIN b", 22, "syntax error at end of input", ""},
		{"SELECT ()", 7, "the parentheses are empty", ""},
		{"VALUES (1), (1, 2)", 12, "VALUES lists must all be the same length: 1 and 2", ""},
		{"SELECT $0", 7, "parameter numbers go from 1 to 65535: $0", ""},
		{"SELECT #0", 7, "a positional reference starts at 1: #0", ""},
		{"SELECT 1 FOR UPDATE", 9, "a locking clause is not supported", ""},
		{"CREATE TABLE t", 14, "syntax error at end of input", ""},
		{"SELECT CASE END", 12, `syntax error at or near "END"`, "to use the keyword as a name, put it in double quotes"},
		{"SELECT * FROM a : b : t", 18, `syntax error at or near "b"`, ""},
		{"SELECT a FROM t ORDER a", 22, `syntax error at or near "a"`, ""},
		{"SELECT f(1,)", 11, `syntax error at or near ")"`, ""},
		{"foo bar", 0, `syntax error at or near "foo"`, ""},
		{"SELECT 1 IN ()", 12, "the list of IN is empty", ""},
		{"SELECT EXISTS (1)", 14, "EXISTS takes a subquery", ""},
		{"SELECT x'0g'", 9, "invalid hexadecimal digit in blob literal", ""},
		{"SELECT a::int[99999999999]", 14, "array type is too long: 99999999999", ""},
	}
	for _, c := range cases {
		_, err := Parse(c.sql)
		var e *sqlerr.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no error", c.sql)
			continue
		}
		if e.Pos != c.pos || e.Message != c.msg || e.Hint != c.hint {
			t.Errorf("%s: got %d %q hint %q (detail %q)", c.sql, e.Pos, e.Message, e.Hint, e.Detail)
		}
	}
}

func TestScript(t *testing.T) {
	sql := " ;; SELECT ? , ? ;\n-- c\nSELECT $7;; VALUES (1) "
	parts, err := ParseScript(sql)
	if err != nil || len(parts) != 3 {
		t.Fatalf("%v, %v", parts, err)
	}
	for i, want := range []struct {
		text   string
		params int
	}{{"SELECT ? , ?", 2}, {"SELECT $7", 7}, {"VALUES (1)", 0}} {
		if got := sql[parts[i].Start:parts[i].End]; got != want.text || parts[i].Params != want.params {
			t.Errorf("part %d: %q, %d parameters", i, got, parts[i].Params)
		}
	}
	spans, err := Split(sql)
	if err != nil || len(spans) != 3 || spans[1].Start != parts[1].Start || spans[1].End != parts[1].End {
		t.Errorf("Split: %v, %v", spans, err)
	}
	if spans, err := Split("SELECT 1; SELECT 'a"); err == nil || len(spans) != 2 {
		t.Errorf("Split of an open string: %v, %v", spans, err)
	}
	if parts, err := ParseScript("SELECT 1; SELECT"); err == nil || len(parts) != 1 {
		t.Errorf("the statement before the error is lost: %v", parts)
	}
	for _, sql := range []string{"", " -- x", "SELECT 1; SELECT 2"} {
		if _, err := ParseOne(sql); sqlerr.Code(err) != sqlerr.CodeSyntax {
			t.Errorf("ParseOne(%q): %v", sql, err)
		}
	}
}

func TestCompleteness(t *testing.T) {
	cases := map[string]Completion{"": Empty, "  -- x": Empty, ";": Empty, "SELECT 1": NeedSemicolon, "SELECT 1;": Complete, "SELECT 1; -- x": Complete,
		"SELECT 1; SELECT": NeedSemicolon, "SELECT ';": InString, `SELECT ";`: InIdent, "SELECT $$;": InDollar, "SELECT /* ;": InComment,
		"SELECT (1;": InParen, "SELECT (1);": Complete, "SELECT [": InParen, "SELECT 1);": Complete, "SELECT \x01": Broken, "SELECT (1)": NeedSemicolon}
	for sql, want := range cases {
		if got := Completeness(sql); got != want {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
		if IsComplete(sql) != (want == Complete || want == Broken) {
			t.Errorf("IsComplete(%q)", sql)
		}
	}
}

func TestPositions(t *testing.T) {
	sql := "SELECT a.b + f(c) FROM s.t WHERE x = 'y' AND z"
	s, err := ParseOne(sql)
	if err != nil {
		t.Fatal(err)
	}
	sel := s.(*ast.Query).Body.(*ast.Select)
	for _, c := range []struct {
		n    ast.Node
		want string
	}{
		{sel, "SELECT"}, {sel.Items[0].Expr, "+"}, {sel.Items[0].Expr.(*ast.Binary).L, "a.b"}, {sel.Items[0].Expr.(*ast.Binary).L.(*ast.ColumnRef).Parts[1], "b"},
		{sel.Items[0].Expr.(*ast.Binary).R, "f(c)"}, {sel.From[0], "s.t"}, {sel.Where, "AND"}, {sel.Where.(*ast.And).Terms[0], "="},
		{sel.Where.(*ast.And).Terms[0].(*ast.Comparison).R, "'y'"},
	} {
		if !strings.HasPrefix(sql[c.n.Pos():], c.want) {
			t.Errorf("%T: %q, want %q", c.n, sql[c.n.Pos():], c.want)
		}
	}
}

func TestNodes(t *testing.T) {
	if l := expect[*ast.Literal](t, "-5"); l.Kind != ast.LitInteger || l.Text != "-5" || l.Pos() != 0 {
		t.Errorf("%+v", l)
	}
	if l := expect[*ast.Literal](t, "X'0aFF'"); l.Kind != ast.LitBlob || l.Text != "\x0a\xff" {
		t.Errorf("%+v", l)
	}
	if p := expect[*ast.Parameter](t, ":name"); p.Name != "name" || p.Index != 0 {
		t.Errorf("%+v", p)
	}
	if i := expect[*ast.Interval](t, "INTERVAL '1' YEAR TO MONTH"); i.Unit != "year to month" {
		t.Errorf("%+v", i)
	}
	if c := expect[*ast.FuncCall](t, "EXTRACT(YEARS FROM d)"); c.Name[0].Name != "date_part" || c.Args[0].(*ast.Literal).Text != "year" {
		t.Errorf("%+v", c)
	}
	if c := expect[*ast.FuncCall](t, "CURRENT_DATE"); c.Name[0].Name != "current_date" {
		t.Errorf("%+v", c)
	}
	if c := expect[*ast.ColumnRef](t, `"current_date"`); c.Parts[0].Name != "current_date" {
		t.Errorf("%+v", c)
	}
	if c := expect[*ast.FuncCall](t, "f(a, b := 1, c => 2)"); len(c.Args) != 3 || c.Args[2].(*ast.NamedArg).Name.Name != "c" {
		t.Errorf("%+v", c)
	}
	if c := expect[*ast.Cast](t, "a::TIMESTAMP(3) WITH TIME ZONE[3][]"); c.Type.Name() != "timestamptz" || len(c.Type.Mods) != 1 ||
		c.Type.Dims[0] != 3 || c.Type.Dims[1] != -1 {
		t.Errorf("%+v", c.Type)
	}
	if s := expect[*ast.Slice](t, "a[:-:2]"); s.Lo != nil || s.Hi != nil || s.Step == nil {
		t.Errorf("%+v", s)
	}
	if s := expect[*ast.Star](t, "* NOT LIKE 'x' ESCAPE 'y'"); s.Like == nil || !s.Like.Not || s.Like.X != nil || s.Like.Escape == nil {
		t.Errorf("%+v", s)
	}
	if q := expect[*ast.InSubquery](t, "a IN ((SELECT 1))"); q.Query == nil {
		t.Errorf("%+v", q)
	}
	if typ, err := ParseType("MAP(VARCHAR, STRUCT(a INT)[])"); err != nil || len(typ.Fields) != 2 || typ.Fields[1].Type.Dims[0] != -1 {
		t.Errorf("%+v, %v", typ, err)
	}
	s, err := ParseOne("FROM read_csv('x', header = true, a.b = 1)")
	if err != nil {
		t.Fatal(err)
	}
	args := s.(*ast.Query).Body.(*ast.Select).From[0].(*ast.TableFunction).Call.Args
	if n, ok := args[1].(*ast.NamedArg); !ok || n.Name.Name != "header" {
		t.Errorf("named argument: %T", args[1])
	}
	if _, ok := args[2].(*ast.Comparison); !ok {
		t.Errorf("comparison: %T", args[2])
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{"SELECT a, count(*) FROM t JOIN u USING (x) WHERE a IN (1, 2) GROUP BY ALL ORDER BY 1 LIMIT 5%",
		"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * EXCLUDE (a) FROM r; VALUES (1)",
		"CREATE TABLE t (a INT PRIMARY KEY, b STRUCT(x INT)[] DEFAULT [{'x': 1}])", "SELECT ((SELECT 1) UNION (SELECT 2)) + 1",
		"PIVOT t ON a IN (1, 2) USING sum(b)", "COPY t TO 'x' (FORMAT csv)", "SELECT x -> y, lambda z: z[1:-:2], {'a': 1}.a, MAP {1: 2}",
		"SELECT sum(a) OVER (PARTITION BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM 'f.parquet'",
		"MERGE INTO t USING u ON a WHEN MATCHED THEN DELETE", "ALTER TABLE t ADD COLUMN a.b INT", "((((((", "SELECT * FROM ((a JOIN b", "SELECT CASE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		stmts, err := Parse(sql)
		if err != nil {
			var e *sqlerr.Error
			if !errors.As(err, &e) || e.Pos < 0 || e.Pos > len(sql) || e.Code == sqlerr.CodeInternal {
				t.Fatalf("%q: %v", sql, err)
			}
		}
		for _, s := range stmts {
			ast.Inspect(s, func(n ast.Node) bool {
				if n == nil || n.Pos() < 0 || n.Pos() > len(sql) {
					t.Fatalf("%q: %T at %d", sql, n, n.Pos())
				}
				return true
			})
			if d := ast.Depth(s); d > 4*MaxHeight {
				t.Fatalf("depth %d", d)
			}
		}
		Completeness(sql)
		_, _ = Split(sql)
	})
}

const tpchQ1 = `select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty, sum(l_extendedprice) as sum_base_price,
sum(l_extendedprice * (1 - l_discount)) as sum_disc_price, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge,
avg(l_quantity) as avg_qty, avg(l_extendedprice) as avg_price, avg(l_discount) as avg_disc, count(*) as count_order
from lineitem where l_shipdate <= cast('1998-09-02' as date) group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus;`

func BenchmarkParseTPCH1(b *testing.B) {
	b.SetBytes(int64(len(tpchQ1)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(tpchQ1); err != nil {
			b.Fatal(err)
		}
	}
}
