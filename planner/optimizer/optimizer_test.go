package optimizer

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/cardinality"
	"github.com/gannetdb/gannet/planner/explain"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/plans"
)

var rewrite = flag.Bool("rewrite", false, "write the plans found into testdata")

func bound(t testing.TB, sql string) *logical.Plan {
	t.Helper()
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		t.Fatal(err)
	}
	st, err := bind.New(bind.Options{Catalog: plans.Catalog().Snapshot(), Functions: plans.Functions()}).Bind(context.Background(), stmt)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return st.(*bind.Query).Plan
}

func optimized(t testing.TB, sql string, disabled ...string) (*logical.Plan, error) {
	t.Helper()
	return Optimize(context.Background(), bound(t, sql), Options{Functions: plans.Functions(), Disabled: disabled})
}

// TestTPCH holds the plans of the TPC-H queries as golden files.
func TestTPCH(t *testing.T) {
	for n := 1; n <= 22; n++ {
		sql, ok := plans.Query(n)
		if !ok {
			t.Skip("the shared data are absent")
		}
		p, err := optimized(t, sql)
		if err != nil {
			t.Errorf("query %d: %v", n, err)
			continue
		}
		crosses := 0
		logical.WalkNodes(p.Root, func(m logical.Node) bool {
			if j, ok := m.(*logical.Join); ok && len(j.On) == 0 {
				crosses++
			}
			return true
		})
		if crosses > 0 && n != 11 && n != 22 && n != 15 {
			t.Errorf("query %d: %d cross products", n, crosses)
		}
		got := explain.Tree(p, explain.Options{Estimates: cardinality.New(context.Background())})
		golden(t, "q"+strconv.Itoa(n), got)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
	}
}

// TestDisabled runs the queries without optional rules: the plan must still be
// sound.
func TestDisabled(t *testing.T) {
	sets := append([]string{"all"}, Names()...)
	for _, d := range sets {
		for _, n := range []int{1, 2, 3, 4, 5, 7, 9, 13, 16, 17, 18, 19, 20, 21, 22} {
			sql, ok := plans.Query(n)
			if !ok {
				t.Skip("the shared data are absent")
			}
			if _, err := optimized(t, sql, d); err != nil {
				t.Errorf("query %d without %s: %v", n, d, err)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Optimize(ctx, bound(t, "SELECT a FROM t"), Options{})
	if sqlerr.Code(err) != sqlerr.CodeQueryCancelled {
		t.Error(err)
	}
}

// TestManyJoins orders more joins than dynamic programming can.
func TestManyJoins(t *testing.T) {
	for _, n := range []int{10, 40, 300} {
		var from, where []string
		for i := range n {
			from = append(from, "t t"+strconv.Itoa(i))
			if i > 0 {
				where = append(where, "t"+strconv.Itoa(i-1)+".a = t"+strconv.Itoa(i)+".d")
			}
		}
		sql := "SELECT count(*) FROM " + strings.Join(from, ", ") + " WHERE " + strings.Join(where, " AND ")
		if _, err := optimized(t, sql); err != nil {
			t.Errorf("%d joins: %v", n, err)
		}
		// A star, and a clique through one class.
		where = where[:0]
		for i := 1; i < n; i++ {
			where = append(where, "t0.a = t"+strconv.Itoa(i)+".a")
		}
		sql = "SELECT count(*) FROM " + strings.Join(from, ", ") + " WHERE " + strings.Join(where, " AND ")
		if _, err := optimized(t, sql); err != nil {
			t.Errorf("clique of %d: %v", n, err)
		}
	}
}
