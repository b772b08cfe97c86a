package engine

import (
	"slices"
	"strings"
	"sync"

	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Dialect is a way to read SQL: what turns a text into the tree that every
// statement is bound from. Its functions are called by any goroutine.
type Dialect struct {
	// Name is what the setting dialect is set to, in lower case.
	Name string
	// Parse parses the statements of a text; see parser.ParseScript.
	Parse func(text string) ([]parser.Part, error)
	// Split and Completeness serve shells; see parser.Split and
	// parser.Completeness.
	Split        func(text string) ([]parser.Span, error)
	Completeness func(text string) parser.Completion
	// OrderLiterals: ORDER BY NULL and the like mean nothing, rather than an
	// error.
	OrderLiterals bool
}

var native = &Dialect{Name: "native", Parse: parser.ParseScript, Split: parser.Split, Completeness: parser.Completeness}

// dialects are those that were registered beside the native one.
var dialects struct {
	mu   sync.RWMutex
	list []*Dialect // guarded by mu
}

// RegisterDialect makes a dialect known to all sessions of the program.
// Packages that link one call it when they are imported; a name that is taken
// keeps its first dialect.
func RegisterDialect(d Dialect) {
	dialects.mu.Lock()
	defer dialects.mu.Unlock()
	if !slices.ContainsFunc(dialects.list, func(o *Dialect) bool { return o.Name == d.Name }) {
		dialects.list = append(dialects.list, &d)
	}
}

// findDialect returns the dialect of a name. Errors: 22023 for an unknown one,
// 0A000 for one that the program does not link.
func findDialect(name string) (*Dialect, error) {
	name = strings.ToLower(name)
	switch name {
	case "native", "gannet", "duckdb", "postgres", "postgresql":
		return native, nil
	}
	dialects.mu.RLock()
	defer dialects.mu.RUnlock()
	names := []string{native.Name}
	for _, d := range dialects.list {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	if name == "mysql" {
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "the mysql dialect is not linked into this program").
			WithHint("import _ \"github.com/gannetdb/gannet/driver/mysql\"")
	}
	if !slices.Contains(names, "mysql") {
		names = append(names, "mysql")
	}
	return nil, invalid(name, names...)
}

// dialect is the session's dialect.
func (s *Session) dialect() *Dialect {
	d, err := findDialect(s.settings.dialect)
	if err != nil {
		return native // it was there when it was set
	}
	return d
}

// Split finds the statements of a text in the session's dialect by its tokens
// alone.
func (s *Session) Split(text string) ([]parser.Span, error) { return s.dialect().Split(text) }

// Completeness tells what the end of a text at a prompt is within, in the
// session's dialect.
func (s *Session) Completeness(text string) parser.Completion { return s.dialect().Completeness(text) }
