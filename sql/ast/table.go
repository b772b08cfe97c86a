package ast

// TableAlias is AS name(columns). Name may be "" when only the parser's caller
// gave columns; a nil *TableAlias means none was written.
type TableAlias struct {
	At
	Name    string
	Columns []Ident
}

// TableName is a table, view, CTE or replacement name: catalog.schema.table,
// with one to three parts.
type TableName struct {
	At
	Parts  []Ident
	Alias  *TableAlias
	Sample *Sample
	// Version is AT (VERSION => x) or AT (TIMESTAMP => x).
	Version *TableVersion
}

// TableVersion is a time-travel clause.
type TableVersion struct {
	At
	Unit  string // "version" or "timestamp"
	Value Expr
}

// FileTable is a string literal in FROM: a file, a directory or a glob pattern.
type FileTable struct {
	At
	Path   string
	Alias  *TableAlias
	Sample *Sample
}

// TableFunction is a function call in FROM. Named arguments are *NamedArg.
type TableFunction struct {
	At
	Call       *FuncCall
	Lateral    bool // the word was written; functions see earlier items anyway
	Ordinality bool // WITH ORDINALITY
	Alias      *TableAlias
	Sample     *Sample
}

// DerivedTable is a subquery in FROM, VALUES included.
type DerivedTable struct {
	At
	Query   *Query
	Lateral bool // the word was written
	Alias   *TableAlias
	Sample  *Sample
}

// StatementTable is a statement other than a query in parentheses in FROM:
// DESCRIBE, SHOW, SUMMARIZE, PRAGMA-like ones.
type StatementTable struct {
	At
	Stmt  Statement
	Alias *TableAlias
}

// JoinKind tells joins apart. Whether a condition follows, and whether the join
// is NATURAL, are separate fields of [Join].
type JoinKind uint8

// The kinds of join. Semi and anti joins return columns of the left side only.
const (
	JoinInner JoinKind = iota
	JoinLeft
	JoinRight
	JoinFull
	JoinCross
	JoinSemi
	JoinAnti
	JoinPositional
)

// String returns the keywords before JOIN, "" for an inner join.
func (k JoinKind) String() string {
	return [...]string{"", "LEFT", "RIGHT", "FULL", "CROSS", "SEMI", "ANTI", "POSITIONAL"}[k]
}

// Join is a join of two items. At points at the first join keyword.
type Join struct {
	At
	Kind    JoinKind
	Natural bool // Using and On are empty then
	Asof    bool // with JoinInner, JoinLeft, JoinRight, JoinFull, JoinSemi, JoinAnti
	Left    TableRef
	Right   TableRef
	On      Expr
	Using   []Ident
	// Alias is there when the join stands in parentheses and was given a name.
	Alias *TableAlias
}

// Pivot is PIVOT, as a FROM item or as a statement (which the parser turns into
// SELECT * FROM it).
type Pivot struct {
	At
	Source     TableRef
	Aggregates []SelectItem // USING; empty in a statement means count(*)
	Columns    []PivotColumn
	GroupBy    []Expr // empty: all columns that are not used otherwise
	Alias      *TableAlias
}

// PivotColumn is one FOR/ON entry: the values of Exprs become columns.
type PivotColumn struct {
	At
	Exprs []Expr // several: (a, b) IN ((1, 2), ...)
	// In lists the values, each with as many expressions as Exprs (a *Row when
	// there are several) and perhaps an alias. Empty with Enum "" and InQuery
	// nil: all values that occur.
	In      []SelectItem
	Enum    Ident  // IN enum_type
	InQuery *Query // IN (SELECT ...)
}

// Unpivot is UNPIVOT, as a FROM item or as a statement.
type Unpivot struct {
	At
	Source       TableRef
	IncludeNulls bool
	Values       []Ident // the value columns; one unless entries are lists
	Name         Ident   // the name column
	// Columns are the entries of IN / ON: an expression (a *Row for several
	// value columns, *Star and *Columns allowed) and perhaps an alias.
	Columns []SelectItem
	Alias   *TableAlias
}

func (*TableName) tableRef()      {}
func (*FileTable) tableRef()      {}
func (*TableFunction) tableRef()  {}
func (*DerivedTable) tableRef()   {}
func (*StatementTable) tableRef() {}
func (*Join) tableRef()           {}
func (*Pivot) tableRef()          {}
func (*Unpivot) tableRef()        {}
