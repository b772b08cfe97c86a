package catalog

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// Provider hands out the rows of a table as they are now.
type Provider interface {
	// Snapshot returns an immutable view of the rows. Concurrent calls are
	// safe, also beside whatever changes the table.
	Snapshot() storage.Table
}

// Fixed is a Provider of a table that never changes.
type Fixed struct{ Rows storage.Table }

// Snapshot implements Provider.
func (f Fixed) Snapshot() storage.Table { return f.Rows }

// Entry is an object of a schema: *Table or *View. Entries are immutable.
type Entry interface {
	// Names returns the schema and the name as they were written.
	Names() (schema, name string)
	// What is the kind of object for messages: "table" or "view".
	What() string
}

// Column is a column of a table's definition.
type Column struct {
	Name    string
	Type    types.Type
	NotNull bool
	// Default is the expression of DEFAULT, nil for NULL.
	Default ast.Expr
}

// Table is a base table.
type Table struct {
	Schema, Name string
	Columns      []Column
	Data         Provider
}

// View is a named query.
type View struct {
	Schema, Name string
	// SQL is the text of the query, for display and for storing.
	SQL string
	// Query is its tree; it is bound anew at every use.
	Query *ast.Query
	// Columns rename the query's first columns; may be empty.
	Columns []string
}

// Names implements Entry.
func (t *Table) Names() (schema, name string) { return t.Schema, t.Name }

// What implements Entry.
func (t *Table) What() string { return "table" }

// Names implements Entry.
func (v *View) Names() (schema, name string) { return v.Schema, v.Name }

// What implements Entry.
func (v *View) What() string { return "view" }

var (
	_ Entry = (*Table)(nil)
	_ Entry = (*View)(nil)
)
