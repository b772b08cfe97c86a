package gotree

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// A Tree is the source of one module.
type Tree struct {
	Root     string // directory of go.mod
	Module   string // module path
	Fset     *token.FileSet
	Packages map[string]*Package // by path relative to the module; "." is the root
	// Texts holds every other file that people read: slash-separated paths
	// relative to Root, Go files of nested modules among them.
	Texts []string
}

// A Package is one directory with Go files.
type Package struct {
	Path  string // relative to the module, with slashes
	Files []*File
}

// A File is one Go file.
type File struct {
	Path    string // relative to the root, with slashes
	Source  []byte
	AST     *ast.File
	Test    bool     // its name ends in _test.go
	Ignored bool     // its build constraint is "ignore": a program of its own
	Imports []string // import paths, as written
}

// FindRoot gives the directory of the nearest go.mod at or above dir.
func FindRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod at or above the working directory")
		}
		dir = up
	}
}

// Load reads and parses the module that the working directory lies in. A file
// that does not parse is an error.
func Load() (*Tree, error) {
	root, err := FindRoot(".")
	if err != nil {
		return nil, err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	t := &Tree{Root: root, Fset: token.NewFileSet(), Packages: map[string]*Package{}}
	if t.Module = modulePath(mod); t.Module == "" {
		return nil, fmt.Errorf("go.mod names no module")
	}
	return t, t.walk(".", true)
}

func modulePath(mod []byte) string {
	lines := bufio.NewScanner(bytes.NewReader(mod))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "module "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// skipped names folders that hold nothing the project wrote.
func skipped(name string) bool {
	return name == ".git" || name == "bin" || name == "node_modules"
}

// walk reads directory dir (relative, with slashes). ours is false inside
// nested modules and testdata, whose files count as texts only.
func (t *Tree) walk(dir string, ours bool) error {
	entries, err := os.ReadDir(filepath.Join(t.Root, filepath.FromSlash(dir)))
	if err != nil {
		return err
	}
	if dir != "." {
		for _, e := range entries {
			if e.Name() == "go.mod" {
				ours = false
			}
		}
	}
	for _, e := range entries {
		name := e.Name()
		rel := path.Join(dir, name)
		switch {
		case e.IsDir():
			// Data that tests/bench generates is not part of the project.
			if skipped(name) || rel == "tests/bench/data" {
				continue
			}
			hidden := name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
			if err := t.walk(rel, ours && !hidden); err != nil {
				return err
			}
		case !e.Type().IsRegular():
		case ours && strings.HasSuffix(name, ".go"):
			f, err := t.parse(rel)
			if err != nil {
				return err
			}
			p := t.Packages[dir]
			if p == nil {
				p = &Package{Path: dir}
				t.Packages[dir] = p
			}
			p.Files = append(p.Files, f)
		default:
			t.Texts = append(t.Texts, rel)
		}
	}
	return nil
}

func (t *Tree) parse(rel string) (*File, error) {
	src, err := os.ReadFile(filepath.Join(t.Root, filepath.FromSlash(rel)))
	if err != nil {
		return nil, err
	}
	return ParseFile(t.Fset, rel, src)
}

// ParseFile parses one file's text; name becomes its Path.
func ParseFile(fset *token.FileSet, name string, src []byte) (*File, error) {
	tree, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := &File{Path: name, Source: src, AST: tree, Test: strings.HasSuffix(name, "_test.go"), Ignored: ignored(tree)}
	for _, imp := range tree.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			return nil, err
		}
		f.Imports = append(f.Imports, p)
	}
	return f, nil
}

func ignored(f *ast.File) bool {
	for _, group := range f.Comments {
		if group.Pos() >= f.Package {
			return false
		}
		for _, c := range group.List {
			if !constraint.IsGoBuild(c.Text) {
				continue
			}
			if x, err := constraint.Parse(c.Text); err == nil && x.String() == "ignore" {
				return true
			}
		}
	}
	return false
}

// Paths lists the packages in order.
func (t *Tree) Paths() []string {
	paths := make([]string, 0, len(t.Packages))
	for p := range t.Packages {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	return paths
}

// Local gives the path of an import relative to the module; ok is false for
// packages of other modules and of the standard library.
func (t *Tree) Local(imp string) (rel string, ok bool) {
	if imp == t.Module {
		return ".", true
	}
	return strings.CutPrefix(imp, t.Module+"/")
}

// Imports lists, in order and once each, what the package's own files import:
// neither its tests nor files that the build ignores.
func (p *Package) Imports() []string {
	seen := map[string]bool{}
	var all []string
	for _, f := range p.Files {
		if f.Test || f.Ignored {
			continue
		}
		for _, imp := range f.Imports {
			if !seen[imp] {
				seen[imp] = true
				all = append(all, imp)
			}
		}
	}
	sort.Strings(all)
	return all
}

// HasCode tells whether the package declares or imports anything outside its
// tests; one that holds tests alone has at most a doc.go.
func (p *Package) HasCode() bool {
	for _, f := range p.Files {
		if !f.Test && !f.Ignored && len(f.AST.Decls) > 0 {
			return true
		}
	}
	return false
}

// ReadText reads one of t.Texts.
func (t *Tree) ReadText(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(t.Root, filepath.FromSlash(name)))
}
