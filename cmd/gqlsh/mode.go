package main

import (
	"fmt"
	"strings"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/vector"
)

// resultWriter writes one result in one mode. Calls come in the order begin,
// chunk any number of times, then end or abort.
type resultWriter interface {
	begin()
	// chunk takes rows that are valid until it returns.
	chunk(c *vector.Chunk) error
	end() error
	// abort ends a result whose query failed.
	abort()
	// streams reports whether chunk writes.
	streams() bool
}

// mode is a line of the table of output modes.
type mode struct {
	name, about string
	make        func(s *shell, cols []engine.Column) resultWriter
}

// modes is the table of output modes.
var modes = []mode{
	{"box", "a table drawn with lines, its first and last rows", newBox},
	{"csv", "comma-separated values", newCSV},
	{"json", "an array of objects", newJSON},
	{"jsonlines", "an object a line", newJSONLines},
	{"line", "a value a line", newLine},
	{"list", "values with a separator between them", newList},
	{"markdown", "a Markdown table", newMarkdown},
	{"table", "a table drawn in ASCII", newTable},
}

// modeAliases are DuckDB's names for modes.
var modeAliases = map[string]string{"duckbox": "box", "ndjson": "jsonlines"}

func findMode(name string) *mode {
	if full, ok := modeAliases[name]; ok {
		name = full
	}
	for i := range modes {
		if modes[i].name == name {
			return &modes[i]
		}
	}
	return nil
}

func modeNames() []string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = m.name
	}
	return names
}

func (s *shell) setMode(name string) error {
	m := findMode(strings.ToLower(name))
	if m == nil {
		return fmt.Errorf("unknown mode %q: modes are %s", name, strings.Join(modeNames(), ", "))
	}
	s.mode = m.name
	return nil
}

// newWriter returns the writer of a statement's result.
func (s *shell) newWriter(st engine.Statement, cols []engine.Column) resultWriter {
	if _, ok := st.Tree.(*ast.Explain); ok && s.mode == "box" {
		return &planWriter{s: s}
	}
	return findMode(s.mode).make(s, cols)
}

// planWriter shows the last column of each row as it is: the text of a plan.
type planWriter struct{ s *shell }

func (w *planWriter) begin()        {}
func (w *planWriter) abort()        {}
func (w *planWriter) end() error    { return nil }
func (w *planWriter) streams() bool { return true }

func (w *planWriter) chunk(c *vector.Chunk) error {
	if len(c.Cols) == 0 {
		return nil
	}
	v := c.Cols[len(c.Cols)-1]
	for i := range c.Len {
		w.s.print(strings.TrimRight(v.Value(i).String(), "\n") + "\n")
	}
	return nil
}

// separatorOr returns what stands between columns, def unless the user chose.
func (s *shell) separatorOr(def string) string {
	if s.separator != "" {
		return s.separator
	}
	return def
}

// flushAt is how much text writers collect before they hand it on.
const flushAt = 64 << 10
