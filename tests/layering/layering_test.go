package layering

import (
	"go/token"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/tests/gotree"
)

func TestLayers(t *testing.T) {
	tree, err := gotree.Load()
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Packages) < 3 {
		t.Fatalf("only %d packages found below the root", len(tree.Packages))
	}
	for _, v := range Violations(tree) {
		t.Error(v)
	}
}

// TestRefuses shows that the check can fail: each case injects one import.
func TestRefuses(t *testing.T) {
	const module = "example.org/m"
	for _, c := range []struct {
		name, path, file, imp string
		want                  string // part of the violation, "" for none
	}{
		{"downward", "planner/bind", "x.go", module + "/sql/ast", ""},
		{"own rank, own folder", "planner/bind", "x.go", module + "/planner/logical", ""},
		{"contracts", "operators/join", "x.go", module + "/operators", ""},
		{"upward", "vector", "x.go", module + "/planner/bind", "upward, rank 2 to rank 8"},
		{"upward within a folder", "sql/sqlerr", "x.go", module + "/sql/ast", "leaf"},
		{"sideways", "sql/parser", "x.go", module + "/vector/types", "sideways"},
		{"family", "operators/join", "x.go", module + "/operators/agg", "families"},
		{"family of the pipeline", "operators/pipeline", "x.go", module + "/operators/scan", "families"},
		{"leaf", "sql/sqlerr", "x.go", "github.com/pkg/errors", "leaf"},
		{"leaf, standard library", "sql/sqlerr", "x.go", "strings", ""},
		{"unknown package", "planner/magic", "x.go", "fmt", "has no rank"},
		{"import of an unknown package", "cmd/gqlsh", "x.go", module + "/planner/magic", "has no rank"},
		{"driver into shell", "driver", "x.go", module + "/cmd/gqlsh", "upward"},
		{"tests are not imported", "driver/engine", "x.go", module + "/tests/slt", "upward"},
		{"test files are free", "vector", "x_test.go", module + "/planner/bind", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fset := token.NewFileSet()
			f, err := gotree.ParseFile(fset, c.path+"/"+c.file, []byte("package p\n\nimport _ \""+c.imp+"\"\n"))
			if err != nil {
				t.Fatal(err)
			}
			own, err := gotree.ParseFile(fset, c.path+"/doc.go", []byte("package p\n\nvar x int\n"))
			if err != nil {
				t.Fatal(err)
			}
			tree := &gotree.Tree{Module: module, Fset: fset, Packages: map[string]*gotree.Package{
				c.path: {Path: c.path, Files: []*gotree.File{own, f}},
			}}
			got := strings.Join(Violations(tree), "\n")
			if c.want == "" && got != "" {
				t.Errorf("refused: %s", got)
			}
			if c.want != "" && !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	seen := map[string]bool{}
	last := -1
	for _, r := range ranks {
		if r.rank <= last {
			t.Errorf("rank %d after rank %d", r.rank, last)
		}
		last = r.rank
		for _, p := range r.paths {
			if seen[p] {
				t.Errorf("%s stands twice", p)
			}
			seen[p] = true
		}
	}
	for _, f := range families {
		if !seen[f] {
			t.Errorf("family %s has no rank", f)
		}
	}
	for l := range leaves {
		if rank, ok := rankOf(l); !ok || rank != 0 {
			t.Errorf("leaf %s is not at rank 0", l)
		}
	}
}
