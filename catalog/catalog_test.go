package catalog

import (
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

func TestNames(t *testing.T) {
	c := New("db")
	before := c.Snapshot()
	mk := func(schema, name string) *Table { return &Table{Schema: schema, Name: name} }
	for _, e := range []*Table{mk("", "Orders"), mk("temp", "scratch")} {
		if ok, err := c.CreateTable(e, ast.CreateError); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	s := c.Snapshot()
	if before.Version >= s.Version || before.Find([]string{"orders"}, nil) != nil {
		t.Error("the old snapshot changed")
	}
	for _, n := range []string{"orders", "ORDERS", "main.orders", "db.orders", "db.main.orders", "scratch", "temp.scratch"} {
		if s.Find(strings.Split(n, "."), nil) == nil {
			t.Errorf("%s is not found", n)
		}
	}
	for n, code := range map[string]string{"order": sqlerr.CodeUndefinedTable, "x.orders": sqlerr.CodeUndefinedSchema, "main.scratch": sqlerr.CodeUndefinedTable} {
		_, err := s.Lookup(strings.Split(n, "."), nil, 3)
		if sqlerr.Code(err) != code {
			t.Errorf("%s: %v", n, err)
		}
	}
	_, err := s.Lookup([]string{"order"}, nil, 3)
	if e := err.(*sqlerr.Error); e.Pos != 3 || !strings.Contains(e.Hint, `"Orders"`) {
		t.Errorf("%+v", e)
	}
}

func TestConflicts(t *testing.T) {
	c := New("db")
	first := &Table{Schema: Main, Name: "t"}
	c.CreateTable(first, ast.CreateError)
	if _, err := c.CreateTable(&Table{Name: "T"}, ast.CreateError); sqlerr.Code(err) != sqlerr.CodeDuplicateTable {
		t.Error(err)
	}
	if ok, err := c.CreateTable(&Table{Name: "t"}, ast.CreateIfNotExists); ok || err != nil {
		t.Error(ok, err)
	}
	if _, err := c.CreateView(&View{Name: "t"}, ast.CreateOrReplace); sqlerr.Code(err) != sqlerr.CodeWrongObjectType {
		t.Error(err)
	}
	second := &Table{Schema: Main, Name: "t"}
	if ok, err := c.CreateTable(second, ast.CreateOrReplace); !ok || err != nil {
		t.Error(ok, err)
	}
	if err := c.Drop(first); sqlerr.Code(err) != sqlerr.CodeSerialization {
		t.Error(err)
	}
	if err := c.Drop(second); err != nil {
		t.Error(err)
	}
	if _, err := c.CreateTable(&Table{Schema: "nope", Name: "t"}, ast.CreateError); sqlerr.Code(err) != sqlerr.CodeUndefinedSchema {
		t.Error(err)
	}
	if n := len(c.Snapshot().All()); n != 0 {
		t.Error(n, "objects left")
	}
}
