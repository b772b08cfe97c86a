package bind_test

import (
	"testing"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/vector/types"
)

func mustBind(t *testing.T, o bind.Options, sql string) bind.Statement {
	t.Helper()
	st, err := bindWith(o, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return st
}

func TestInsert(t *testing.T) {
	o := options()
	for _, sql := range []string{
		"INSERT INTO t VALUES (1, 'x', '2020-01-01', 1.5), (2, NULL, DATE '2021-01-01', 3)",
		"INSERT INTO t (d, a) VALUES (DEFAULT, 3)",
		"INSERT INTO t (b, a) SELECT q, p FROM 'x.csv'",
		"INSERT INTO t DEFAULT VALUES",
		"WITH w AS (SELECT 1 x) INSERT INTO t (a) SELECT x FROM w",
		"INSERT INTO t VALUES (?, ?, ?, ?)",
	} {
		in := mustBind(t, o, sql).(*bind.Insert)
		if err := logical.Verify(in.Plan); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if got := outputs(in.Plan); got != "a INTEGER, b VARCHAR, c DATE, d DECIMAL(18,3)" {
			t.Errorf("%s: %s", sql, got)
		}
		if sql[len(sql)-2] == '?' {
			for i, want := range []types.ID{types.Integer, types.Varchar, types.Date, types.Decimal} {
				if in.Plan.Params[i].ID != want {
					t.Errorf("parameter %d is %s", i+1, in.Plan.Params[i])
				}
			}
		}
	}
}

func TestParams(t *testing.T) {
	typed := func(o bind.Options, sql string) []types.Type {
		return mustBind(t, o, sql).(*bind.Query).Plan.Params
	}
	o := options()
	got := typed(o, "SELECT a FROM t WHERE a > ? AND b LIKE ? AND c BETWEEN ? AND ? LIMIT ?")
	for i, want := range []types.ID{types.Integer, types.Varchar, types.Date, types.Date, types.BigInt} {
		if got[i].ID != want {
			t.Errorf("parameter %d is %s", i+1, got[i])
		}
	}
	// A DOUBLE is not rounded by an INTEGER column beside it.
	o.Params = []types.Value{types.FloatValue(0)}
	if got := typed(o, "SELECT a FROM t WHERE a > ?"); got[0].ID != types.Double {
		t.Errorf("DOUBLE parameter became %s", got[0])
	}
	if got := typed(o, "SELECT ?"); got[0].ID != types.Double {
		t.Errorf("free parameter became %s", got[0])
	}
	if got := typed(options(), "SELECT ?"); got[0].ID != types.Varchar {
		t.Errorf("untyped parameter became %s", got[0])
	}
	q := mustBind(t, options(), "SELECT a FROM t WHERE a = $x OR a = $y OR a = $x").(*bind.Query)
	if len(q.Plan.Params) != 2 || q.Plan.ParamNames[0] != "x" || q.Plan.ParamNames[1] != "y" {
		t.Errorf("named parameters: %v %v", q.Plan.ParamNames, q.Plan.Params)
	}
}

func TestCreate(t *testing.T) {
	o := options()
	ct := mustBind(t, o, "CREATE TABLE n (a INTEGER NOT NULL, b DECIMAL(10,2) DEFAULT 1.5, c VARCHAR[])").(*bind.CreateTable)
	if len(ct.Table.Columns) != 3 || !ct.Table.Columns[0].NotNull || ct.Table.Columns[1].Default == nil || ct.Table.Schema != catalog.Main {
		t.Errorf("%+v", ct.Table)
	}
	as := mustBind(t, o, "CREATE OR REPLACE TEMP TABLE t AS SELECT a, b, a FROM t").(*bind.CreateTableAs)
	if as.Table.Schema != catalog.Temp || as.Conflict != ast.CreateOrReplace || as.Table.Columns[2].Name != "a_1" {
		t.Errorf("%+v", as.Table)
	}
	if err := logical.Verify(as.Plan); err != nil {
		t.Error(err)
	}
	if !mustBind(t, o, "CREATE TABLE IF NOT EXISTS t (a INTEGER)").(*bind.CreateTable).Exists {
		t.Error("IF NOT EXISTS does not see the table")
	}
	v := mustBind(t, o, "CREATE VIEW w(x) AS SELECT a, b FROM t WHERE a > 1;").(*bind.CreateView)
	if v.View.SQL != "SELECT a, b FROM t WHERE a > 1" || v.Names[0] != "x" || v.Names[1] != "b" {
		t.Errorf("%+v", v)
	}
	cat := plansCatalog()
	if _, err := cat.CreateView(v.View, ast.CreateError); err != nil {
		t.Fatal(err)
	}
	o.Catalog = cat.Snapshot()
	q := mustBind(t, o, "SELECT w.x, main.w.b FROM w").(*bind.Query)
	if got := outputs(q.Plan); got != "x INTEGER, b VARCHAR" {
		t.Error(got)
	}
	d := mustBind(t, o, "DROP VIEW IF EXISTS nope, w").(*bind.Drop)
	if len(d.Entries) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestSession(t *testing.T) {
	o := options()
	s := mustBind(t, o, "SET memory_limit = '1GB'").(*bind.Set)
	if s.Name != "memory_limit" || s.Values[0].S != "1GB" {
		t.Errorf("%+v", s)
	}
	if s := mustBind(t, o, "SET threads TO 4").(*bind.Set); s.Values[0].I != 4 {
		t.Errorf("%+v", s)
	}
	mustBind(t, o, "RESET threads")
	e := mustBind(t, o, "EXPLAIN ANALYZE SELECT a FROM t").(*bind.Explain)
	if !e.Analyze {
		t.Error("EXPLAIN ANALYZE")
	}
	mustBind(t, o, "PREPARE p AS SELECT a FROM t WHERE a = $1")
	if x := mustBind(t, o, "EXECUTE p(3)").(*bind.Execute); len(x.Args) != 1 {
		t.Errorf("%+v", x)
	}
	mustBind(t, o, "BEGIN")
	if sh, ok := mustBind(t, o, "SHOW threads").(*bind.Show); !ok || sh.Name != "threads" {
		t.Errorf("%+v", sh)
	}
}
