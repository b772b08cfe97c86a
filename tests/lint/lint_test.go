package lint

import (
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/tests/gotree"
)

func TestRules(t *testing.T) {
	tree, err := gotree.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Rules {
		t.Run(strings.ReplaceAll(r.Name, " ", "_"), func(t *testing.T) {
			for _, p := range r.Run(tree) {
				t.Errorf("%v (%s)", p, r.Why)
			}
		})
	}
}

// TestAssembly looks for what is no Go file and must not stray.
func TestAssembly(t *testing.T) {
	tree, err := gotree.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tree.Texts {
		switch filepath.Ext(name) {
		case ".s", ".c", ".h", ".syso":
			if !within(name, "vector/raw") {
				t.Errorf("%s: assembly and C belong nowhere but vector/raw", name)
			}
		}
	}
}

// TestCanFail breaks every rule once and shows that it notices, and that the
// same text is free where the rule says so.
func TestCanFail(t *testing.T) {
	const doc = "// Package p does things.\npackage p\n"
	machine := "/" + "work/data"
	for _, c := range []struct {
		rule  string
		files map[string]string
		bad   bool
	}{
		{"spawn", map[string]string{"operators/join/x.go": "package p\n\nfunc f() { go f() }\n"}, true},
		{"spawn", map[string]string{"spill/spawn/x.go": "package p\n\nfunc f() { go f() }\n"}, false},
		{"spawn", map[string]string{"operators/join/x_test.go": "package p\n\nfunc f() { go f() }\n"}, false},
		{"files", map[string]string{"storage/csv/x.go": "package p\n\nimport \"os\"\n\nvar f, _ = os.Open(\"x\")\n"}, true},
		{"files", map[string]string{"storage/csv/x.go": "package p\n\nimport sys \"os\"\n\nvar f = sys.ReadFile\n"}, true},
		{"files", map[string]string{"storage/fs_root.go": "package p\n\nimport \"os\"\n\nvar f, _ = os.Open(\"x\")\n"}, false},
		{"files", map[string]string{"storage/csv/x.go": "package p\n\nimport \"os\"\n\nvar f = os.Getpid\n"}, false},
		{"imports", map[string]string{"storage/x.go": "package p\n\nimport _ \"github.com/apache/arrow-go/v18/parquet/pqarrow\"\n"}, true},
		{"imports", map[string]string{"storage/x.go": "package p\n\nimport _ \"github.com/apache/arrow-go/v18/parquet\"\n"}, true},
		{"imports", map[string]string{"storage/x.go": "package p\n\nimport _ \"github.com/apache/arrow-go/v18/arrow\"\n"}, false},
		{"imports", map[string]string{"storage/x_test.go": "package p\n\nimport _ \"github.com/apache/arrow-go/v18/parquet\"\n"}, false},
		{"vitess", map[string]string{
			"driver/x.go":    "package p\n\nimport _ \"example.org/m/catalog\"\n",
			"catalog/x.go":   "package p\n\nimport _ \"vitess.io/vitess/go/vt/sqlparser\"\n",
			"catalog/y.go":   "package p\n",
			"operators/x.go": "package p\n",
		}, true},
		{"vitess", map[string]string{
			"driver/x.go":       "package p\n\nimport _ \"example.org/m/catalog\"\n",
			"driver/mysql/x.go": "package p\n\nimport _ \"example.org/m/sql/mysql\"\n",
			"sql/mysql/x.go":    "package p\n\nimport _ \"vitess.io/vitess/go/vt/sqlparser\"\n",
			"catalog/x.go":      "package p\n",
		}, false},
		{"unsafe", map[string]string{"vector/x.go": "package p\n\nimport _ \"unsafe\"\n"}, true},
		{"unsafe", map[string]string{"vector/raw/x.go": "package p\n\nimport _ \"unsafe\"\n"}, false},
		{"init", map[string]string{"operators/function/x.go": "package p\n\nfunc init() {}\n"}, true},
		{"init", map[string]string{"driver/x.go": "package p\n\nfunc init() {}\n"}, false},
		{"names", map[string]string{"sql/util/x.go": "package util\n"}, true},
		{"names", map[string]string{"sql/ast/helpers.go": "package ast\n"}, true},
		{"names", map[string]string{"sql/ast/walk.go": "package ast\n"}, false},
		{"doc", map[string]string{"sql/ast/walk.go": doc}, true},
		{"doc", map[string]string{"sql/ast/doc.go": "package p\n"}, true},
		{"doc", map[string]string{"sql/ast/doc.go": doc, "sql/ast/walk.go": "package p\n"}, false},
		{"size", map[string]string{"sql/ast/x.go": "package p\n" + strings.Repeat("\n", 900)}, true},
		{"size", map[string]string{"sql/ast/z_x.go": "package p\n" + strings.Repeat("\n", 900)}, false},
		{"size", map[string]string{"sql/ast/x.go": "package p\n\nvar x = []int{\n" + strings.Repeat("\t1,\n", 900) + "}\n"}, false},
		{"gofmt", map[string]string{"sql/ast/x.go": "package p\nvar  x int\n"}, true},
		{"gofmt", map[string]string{"sql/ast/x.go": "package p\n\nvar x int\n"}, false},
		{"machine paths", map[string]string{"sql/ast/x.go": "package p\n\n// See " + machine + ".\n"}, true},
		{"machine paths", map[string]string{"notes.md": "See " + machine + ".\n"}, true},
		{"machine paths", map[string]string{"notes.md": "See docs" + machine + " or https://example.org" + machine + ".\n"}, false},
	} {
		tree := &gotree.Tree{Root: t.TempDir(), Module: "example.org/m", Fset: token.NewFileSet(), Packages: map[string]*gotree.Package{}}
		for name, src := range c.files {
			if filepath.Ext(name) != ".go" {
				tree.Texts = append(tree.Texts, name)
				if err := os.WriteFile(filepath.Join(tree.Root, name), []byte(src), 0o600); err != nil {
					t.Fatal(err)
				}
				continue
			}
			f, err := gotree.ParseFile(tree.Fset, name, []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			dir := strings.TrimSuffix(name, "/"+filepath.Base(name))
			if tree.Packages[dir] == nil {
				tree.Packages[dir] = &gotree.Package{Path: dir}
			}
			tree.Packages[dir].Files = append(tree.Packages[dir].Files, f)
		}
		found := false
		for _, r := range Rules {
			if r.Name == c.rule {
				found = true
				if got := r.Run(tree); (len(got) > 0) != c.bad {
					t.Errorf("rule %s over %v: %v, want broken = %v", c.rule, c.files, got, c.bad)
				}
			}
		}
		if !found {
			t.Errorf("no rule %q", c.rule)
		}
	}
}
