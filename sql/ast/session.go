package ast

// ExplainFormat is the FORMAT option of EXPLAIN as written in lower case:
// "text", "json", "html", "graphviz", "yaml", "mermaid"; "" for the default.
type ExplainFormat string

// Explain is EXPLAIN [ANALYZE] statement.
type Explain struct {
	At
	Analyze bool
	Format  ExplainFormat
	Options []Option // options in parentheses other than ANALYZE and FORMAT
	Stmt    Statement
}

// SetScope is where a setting is set.
type SetScope uint8

// The scopes of SET and RESET.
const (
	ScopeDefault SetScope = iota
	ScopeSession
	ScopeGlobal
	ScopeLocal
	ScopeVariable // SET VARIABLE x = ..., read by getvariable('x')
)

// String returns the keyword, "" for the default scope.
func (s SetScope) String() string {
	return [...]string{"", "SESSION", "GLOBAL", "LOCAL", "VARIABLE"}[s]
}

// Set is SET name = value, SET name TO value, or PRAGMA name = value. A bare
// word as the value arrives as a *ColumnRef, several values as a *Row, and
// DEFAULT as a *Default. SET TIME ZONE x has the name TimeZone; SET SCHEMA
// the name schema.
type Set struct {
	At
	Scope  SetScope
	Name   Ident // dotted names are joined with dots
	Value  Expr
	Pragma bool // written as PRAGMA
}

// Reset is RESET name; Name.Name is "" for RESET ALL.
type Reset struct {
	At
	Scope SetScope
	Name  Ident
}

// Pragma is PRAGMA name or PRAGMA name(args); the form with = is a [Set].
type Pragma struct {
	At
	Name Ident
	Args []Expr // *NamedArg among them
}

// Show is SHOW name, SHOW TABLES [FROM schema], SHOW ALL TABLES, SHOW DATABASES
// and so on: What holds the words in lower case ("tables", "all tables",
// "databases", "schemas", "columns"), or "" with Name for SHOW setting-or-table.
type Show struct {
	At
	What string
	Name []Ident
}

// Describe is DESCRIBE (or SHOW, DESC) of a table or query. Exactly one of
// Table and Query is there, or neither for a bare DESCRIBE (all tables).
type Describe struct {
	At
	Table TableRef // *TableName or *FileTable
	Query Statement
}

// Summarize is SUMMARIZE of a table or query.
type Summarize struct {
	At
	Table TableRef
	Query *Query
}

// Prepare is PREPARE name(types) AS statement.
type Prepare struct {
	At
	Name  Ident
	Types []*TypeName
	Stmt  Statement
}

// Execute is EXECUTE name(args).
type Execute struct {
	At
	Name Ident
	Args []Expr // *NamedArg among them
}

// Deallocate is DEALLOCATE name; Name.Name is "" for ALL.
type Deallocate struct {
	At
	Name Ident
}

// TransactionKind tells the transaction statements apart.
type TransactionKind uint8

// The transaction statements.
const (
	Begin TransactionKind = iota // BEGIN, START TRANSACTION
	Commit
	Rollback
)

// String returns the keyword.
func (k TransactionKind) String() string { return [...]string{"BEGIN", "COMMIT", "ROLLBACK"}[k] }

// Transaction is BEGIN, COMMIT or ROLLBACK.
type Transaction struct {
	At
	Kind      TransactionKind
	ReadOnly  bool // BEGIN ... READ ONLY
	ReadWrite bool // BEGIN ... READ WRITE
}

// Use is USE database[.schema].
type Use struct {
	At
	Name []Ident
}

// Attach is ATTACH 'path' AS name (options).
type Attach struct {
	At
	Conflict OnConflict
	Path     Expr
	Name     Ident
	Options  []Option
}

// Detach is DETACH name.
type Detach struct {
	At
	IfExists bool
	Name     Ident
}

// Checkpoint is [FORCE] CHECKPOINT [database].
type Checkpoint struct {
	At
	Force bool
	Name  Ident
}

// Vacuum is VACUUM or ANALYZE [table (columns)].
type Vacuum struct {
	At
	Vacuum  bool
	Analyze bool
	Full    bool
	Table   []Ident
	Columns []Ident
}

// Call is CALL function(args).
type Call struct {
	At
	Call *FuncCall
}

// Export is EXPORT DATABASE [name TO] 'path' (options).
type Export struct {
	At
	Name    Ident
	Path    Expr
	Options []Option
}

// Import is IMPORT DATABASE 'path'.
type Import struct {
	At
	Path Expr
}

// Load is LOAD or INSTALL of an extension.
type Load struct {
	At
	Install bool
	Force   bool
	Name    string
	From    string
}

func (*Explain) statement()     {}
func (*Set) statement()         {}
func (*Reset) statement()       {}
func (*Pragma) statement()      {}
func (*Show) statement()        {}
func (*Describe) statement()    {}
func (*Summarize) statement()   {}
func (*Prepare) statement()     {}
func (*Execute) statement()     {}
func (*Deallocate) statement()  {}
func (*Transaction) statement() {}
func (*Use) statement()         {}
func (*Attach) statement()      {}
func (*Detach) statement()      {}
func (*Checkpoint) statement()  {}
func (*Vacuum) statement()      {}
func (*Call) statement()        {}
func (*Export) statement()      {}
func (*Import) statement()      {}
func (*Load) statement()        {}
