package bind

import (
	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// Statement is a bound statement: one of the structs of this file, as a
// pointer.
type Statement interface{ bound() }

// Query is a query, or a command that answers with rows that the catalog
// alone determines (SHOW TABLES, DESCRIBE).
type Query struct{ Plan *logical.Plan }

// CreateTable is CREATE TABLE with a column list. Exists tells that IF NOT
// EXISTS found a table of that name, so that nothing is to be done.
type CreateTable struct {
	Table    *catalog.Table // Data is nil
	Conflict ast.OnConflict
	Exists   bool
}

// CreateTableAs is CREATE TABLE AS; the plan's output has the table's columns
// in order. Without NoData its rows become the table's.
type CreateTableAs struct {
	Table    *catalog.Table // Data is nil
	Conflict ast.OnConflict
	Exists   bool
	NoData   bool
	Plan     *logical.Plan
}

// Insert is INSERT; the plan's output has all of the table's columns in order,
// cast to their types, defaults filled in. Not-null checks are the executor's.
type Insert struct {
	Table     *catalog.Table
	Plan      *logical.Plan
	Returning *Returning // nil: none
}

// Update is UPDATE; the plan's output is the row ID, then all of the table's
// columns as they shall be, cast to their types, ascending by row ID. A row ID may
// repeat: the first counts. Not-null checks are the executor's.
type Update struct {
	Table     *catalog.Table
	Base      storage.Table // the rows that the plan reads
	Plan      *logical.Plan
	Returning *Returning // nil: none
}

// Delete is DELETE; the plan's output is the IDs of the rows, ascending, which may
// repeat, and with Returning the rows' columns. All: every row goes, and there is
// no plan.
type Delete struct {
	Table     *catalog.Table
	Base      storage.Table // the rows that the plan reads
	All       bool
	Plan      *logical.Plan
	Returning *Returning // nil: none
}

// Alter is ALTER TABLE or ALTER VIEW: New takes the place of Old. A table with a
// plan gets the rows of it, else it keeps those it has. A nil Old is one that IF
// EXISTS did not find, or that is as wanted already.
type Alter struct {
	Old, New catalog.Entry
	Base     storage.Table // the rows that the plan reads
	Plan     *logical.Plan
	Pos      int
}

// CreateView is CREATE VIEW. The query has been bound once to find its errors;
// Names and Types are its columns.
type CreateView struct {
	View     *catalog.View // SQL is the text of the view's query
	Conflict ast.OnConflict
	Names    []string
	Types    []types.Type
}

// CreateSchema is CREATE SCHEMA.
type CreateSchema struct {
	Name     string
	Conflict ast.OnConflict
	Pos      int
}

// DropSchemas is DROP SCHEMA; those that IF EXISTS did not find were left out.
type DropSchemas struct {
	Names   []ast.Ident
	Cascade bool
}

// Drop removes entries; with IF EXISTS the missing ones were left out.
type Drop struct {
	Entries []catalog.Entry
	Cascade bool
}

// Explain is EXPLAIN of another statement.
type Explain struct {
	Analyze bool
	Format  string
	Inner   Statement
}

// Set is SET name = values. Default: the value is the word DEFAULT.
type Set struct {
	Scope   ast.SetScope
	Name    string
	Values  []types.Value
	Default bool
	Pos     int // of the name
}

// SetVariable is SET VARIABLE; Value is constant, nil for RESET VARIABLE.
type SetVariable struct {
	Name  string
	Value logical.Expr
}

// Reset is RESET name; "" is all settings.
type Reset struct {
	Scope ast.SetScope
	Name  string
	Pos   int
}

// Show is SHOW of a setting.
type Show struct {
	Name string
	Pos  int
}

// Transaction is BEGIN, COMMIT or ROLLBACK.
type Transaction struct {
	Kind     ast.TransactionKind
	ReadOnly bool
	Pos      int
}

// Prepare is PREPARE; the statement is bound when it is executed, with the
// types of its arguments. It was bound once to find its errors.
type Prepare struct {
	Name  string
	Types []types.Type
	Stmt  ast.Statement
	// Params are the names of the parameters in lower case, "" for positional ones.
	Params []string
}

// Execute is EXECUTE; Args are constant expressions, Names the parameters'
// names ("" for positional ones).
type Execute struct {
	Name  string
	Args  []logical.Expr
	Names []string
	Pos   int
}

// Deallocate is DEALLOCATE; "" is all prepared statements.
type Deallocate struct {
	Name string
	Pos  int
}

// Use is USE schema.
type Use struct {
	Name []string
	Pos  int
}

// Checkpoint is CHECKPOINT.
type Checkpoint struct{ Force bool }

func (*Query) bound()         {}
func (*CreateTable) bound()   {}
func (*CreateTableAs) bound() {}
func (*Insert) bound()        {}
func (*Update) bound()        {}
func (*Delete) bound()        {}
func (*Alter) bound()         {}
func (*CreateView) bound()    {}
func (*Drop) bound()          {}
func (*CreateSchema) bound()  {}
func (*DropSchemas) bound()   {}
func (*Explain) bound()       {}
func (*Set) bound()           {}
func (*SetVariable) bound()   {}
func (*Reset) bound()         {}
func (*Show) bound()          {}
func (*Transaction) bound()   {}
func (*Prepare) bound()       {}
func (*Execute) bound()       {}
func (*Deallocate) bound()    {}
func (*Use) bound()           {}
func (*Checkpoint) bound()    {}
