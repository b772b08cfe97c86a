package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/tests/gotree"
)

// A Rule is one house rule. Exactly one of File, Package and Tree is set.
type Rule struct {
	Name string
	Why  string
	// File is asked for every Go file of the module and returns the places
	// (a line, or 0 for the file) where the rule is broken.
	File func(t *gotree.Tree, f *gotree.File) []Place
	// Package is asked for every package.
	Package func(t *gotree.Tree, p *gotree.Package) []Place
	// Tree is asked once.
	Tree func(t *gotree.Tree) []Place
}

// A Place is where a rule is broken.
type Place struct {
	Path string
	Line int
	What string
}

func (p Place) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.Path, p.What)
	}
	return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.What)
}

// Rules is every rule, in the order they are reported.
var Rules = []Rule{
	{
		Name: "spawn",
		Why:  "every goroutine has an owner that waits for it and hears of its panic: start it through spill/spawn",
		File: bareGo,
	},
	{
		Name: "files",
		Why:  "files are opened by the file layer only, so that the sandbox and the memory limit hold",
		File: openOutside,
	},
	{
		Name: "imports",
		Why:  "these libraries are too large, unbounded on hostile input, or print to the host's stderr",
		File: bannedImports,
	},
	{
		Name: "vitess",
		Why:  "vitess registers flags and starts a goroutine when imported; a program opts in with driver/mysql",
		Tree: vitessReachable,
	},
	{
		Name: "unsafe",
		Why:  "unsafe and assembly live in vector/raw, where they are fuzzed against their generic twins",
		File: unsafeOutside,
	},
	{
		Name: "init",
		Why:  "registration is a line in a table; only the database/sql driver and the opt-in dialect need init",
		File: initFunctions,
	},
	{
		Name: "names",
		Why:  "name what the functions share beyond being useful",
		File: vagueNames,
	},
	{
		Name:    "doc",
		Why:     "every package explains itself in doc.go",
		Package: docMissing,
	},
	{
		Name: "size",
		Why:  "a file above 900 lines holds more than one idea",
		File: tooLong,
	},
	{
		Name: "gofmt",
		Why:  "gofmt decides",
		File: notFormatted,
	},
	{
		Name: "machine paths",
		Why:  "paths of one machine mean nothing on another",
		Tree: machinePaths,
	},
}

// Run applies one rule to the tree.
func (r Rule) Run(t *gotree.Tree) []Place {
	var bad []Place
	if r.Tree != nil {
		bad = r.Tree(t)
	}
	for _, name := range t.Paths() {
		p := t.Packages[name]
		if r.Package != nil {
			bad = append(bad, r.Package(t, p)...)
		}
		if r.File == nil {
			continue
		}
		for _, f := range p.Files {
			bad = append(bad, r.File(t, f)...)
		}
	}
	return bad
}

// within tells whether file path lies in one of the folders, or is one of them.
func within(file string, folders ...string) bool {
	for _, d := range folders {
		if file == d || strings.HasPrefix(file, d+"/") {
			return true
		}
	}
	return false
}

func line(t *gotree.Tree, n ast.Node) int { return t.Fset.Position(n.Pos()).Line }

func bareGo(t *gotree.Tree, f *gotree.File) []Place {
	// Tests start what they please, and answer for it to their leak check.
	if f.Test || within(f.Path, "spill/spawn", "tests") {
		return nil
	}
	var bad []Place
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if g, ok := n.(*ast.GoStmt); ok {
			bad = append(bad, Place{f.Path, line(t, g), "bare go statement"})
		}
		return true
	})
	return bad
}

// openers are the functions of package os that hand out a file's bytes.
var openers = []string{
	"Open", "OpenFile", "OpenRoot", "OpenInRoot", "Create", "CreateTemp", "ReadFile", "WriteFile", "ReadDir", "DirFS",
}

func openOutside(t *gotree.Tree, f *gotree.File) []Place {
	// storage itself is the file layer for users' files, spill for temporary
	// ones; the shell reads scripts and its history; generators are programs.
	if f.Test || f.Ignored || path.Dir(f.Path) == "storage" || within(f.Path, "spill", "cmd/gqlsh", "tests") {
		return nil
	}
	// How much memory the machine has stands in files of the kernel.
	if f.Path == "driver/engine/size.go" {
		return nil
	}
	local := map[string]bool{}
	for _, imp := range f.AST.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil || p != "os" && p != "io/ioutil" {
			continue
		}
		name := path.Base(p)
		if imp.Name != nil {
			name = imp.Name.Name
		}
		local[name] = true
	}
	var bad []Place
	ast.Inspect(f.AST, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && local[x.Name] && slices.Contains(openers, sel.Sel.Name) {
			bad = append(bad, Place{f.Path, line(t, sel), x.Name + "." + sel.Sel.Name + " outside the file layer"})
		}
		return true
	})
	return bad
}

func bannedImports(t *gotree.Tree, f *gotree.File) []Place {
	if f.Test {
		return nil // arrow-go's reader is the oracle of our own
	}
	var bad []Place
	for _, imp := range f.AST.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			continue
		}
		arrowParquet := strings.HasPrefix(p, "github.com/apache/arrow-go/") && strings.Contains(p+"/", "/parquet/")
		if arrowParquet || strings.HasPrefix(p, "github.com/golang/glog") || p == "C" {
			bad = append(bad, Place{f.Path, line(t, imp), "import of " + p})
		}
	}
	return bad
}

// vitessReachable walks the imports of package driver through the module.
func vitessReachable(t *gotree.Tree) []Place {
	var bad []Place
	seen := map[string]bool{}
	var visit func(name string, via []string)
	visit = func(name string, via []string) {
		p := t.Packages[name]
		if p == nil || seen[name] {
			return
		}
		seen[name] = true
		via = append(slices.Clip(via), name)
		for _, imp := range p.Imports() {
			local, ours := t.Local(imp)
			switch {
			case strings.HasPrefix(imp, "vitess.io/"), ours && local == "sql/mysql":
				bad = append(bad, Place{name, 0, imp + " is reachable: " + strings.Join(via, " → ")})
			case ours:
				visit(local, via)
			}
		}
	}
	visit("driver", nil)
	return bad
}

func unsafeOutside(t *gotree.Tree, f *gotree.File) []Place {
	if within(f.Path, "vector/raw") {
		return nil
	}
	var bad []Place
	for _, imp := range f.AST.Imports {
		if imp.Path.Value == `"unsafe"` {
			bad = append(bad, Place{f.Path, line(t, imp), "import of unsafe"})
		}
	}
	return bad
}

func initFunctions(t *gotree.Tree, f *gotree.File) []Place {
	if f.Test || within(f.Path, "tests") {
		return nil
	}
	if d := path.Dir(f.Path); d == "driver" || d == "driver/mysql" {
		return nil
	}
	var bad []Place
	for _, d := range f.AST.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			bad = append(bad, Place{f.Path, line(t, fn), "init function"})
		}
	}
	return bad
}

var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "base", "shared"}

func vagueNames(t *gotree.Tree, f *gotree.File) []Place {
	var bad []Place
	stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.Path), ".go"), "_test")
	if slices.Contains(vague, stem) {
		bad = append(bad, Place{f.Path, 0, "vague file name"})
	}
	for _, part := range strings.Split(path.Dir(f.Path), "/") {
		if slices.Contains(vague, part) {
			bad = append(bad, Place{f.Path, 0, "vague folder name " + part})
		}
	}
	if slices.Contains(vague, f.AST.Name.Name) {
		bad = append(bad, Place{f.Path, line(t, f.AST), "vague package name " + f.AST.Name.Name})
	}
	return bad
}

func docMissing(t *gotree.Tree, p *gotree.Package) []Place {
	var others []string
	found := false
	for _, f := range p.Files {
		if f.Ignored {
			continue
		}
		doc := f.AST.Doc != nil && strings.TrimSpace(f.AST.Doc.Text()) != ""
		switch base := path.Base(f.Path); {
		case base == "doc.go" && doc:
			found = true
		case doc && !f.Test:
			others = append(others, base)
		}
	}
	var bad []Place
	if !found {
		bad = append(bad, Place{p.Path, 0, "no doc.go with a package comment"})
	}
	if len(others) > 0 {
		bad = append(bad, Place{p.Path, 0, "package comment outside doc.go: " + strings.Join(others, ", ")})
	}
	return bad
}

const maxLines = 900

func tooLong(t *gotree.Tree, f *gotree.File) []Place {
	if strings.HasPrefix(path.Base(f.Path), "z_") {
		return nil // generated
	}
	n := bytes.Count(f.Source, []byte("\n"))
	for _, d := range f.AST.Decls {
		// A table of constants or values is one idea, however long.
		if g, ok := d.(*ast.GenDecl); ok && (g.Tok == token.CONST || g.Tok == token.VAR) {
			n -= t.Fset.Position(g.End()).Line - t.Fset.Position(g.Pos()).Line
		}
	}
	if n > maxLines {
		return []Place{{f.Path, 0, fmt.Sprintf("%d lines", n)}}
	}
	return nil
}

func notFormatted(t *gotree.Tree, f *gotree.File) []Place {
	want, err := format.Source(f.Source)
	if err != nil {
		return []Place{{f.Path, 0, err.Error()}}
	}
	if !bytes.Equal(want, f.Source) {
		return []Place{{f.Path, 0, "not gofmt-ed"}}
	}
	return nil
}

// machinePath matches an absolute path below a folder of somebody's machine.
var machinePath = regexp.MustCompile(`(^|[^A-Za-z0-9_.])/(` + strings.Join([]string{"work", "root", "home"}, "|") + `)/`)

// textLimit is the size above which a file is data, not text.
const textLimit = 1 << 20

func machinePaths(t *gotree.Tree) []Place {
	var bad []Place
	check := func(name string, text []byte) {
		if len(text) > textLimit || bytes.IndexByte(text, 0) >= 0 {
			return
		}
		for i, l := range bytes.Split(text, []byte("\n")) {
			if machinePath.Match(l) {
				bad = append(bad, Place{name, i + 1, "path of one machine"})
			}
		}
	}
	for _, name := range t.Paths() {
		for _, f := range t.Packages[name].Files {
			check(f.Path, f.Source)
		}
	}
	for _, name := range t.Texts {
		text, err := t.ReadText(name)
		if err != nil {
			bad = append(bad, Place{name, 0, err.Error()})
			continue
		}
		check(name, text)
	}
	return bad
}
