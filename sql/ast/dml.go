package ast

// Insert is INSERT INTO table.
type Insert struct {
	At
	With    *With
	Table   []Ident
	Alias   Ident
	Columns []Ident
	ByName  bool // BY NAME; else by position
	// Query is the source, often with a *Values body; nil: DEFAULT VALUES.
	Query *Query
	// OrAction is INSERT OR REPLACE / OR IGNORE: "", "replace", "ignore".
	OrAction   string
	OnConflict *ConflictClause
	Returning  []SelectItem
}

// ConflictClause is ON CONFLICT (columns) DO NOTHING or DO UPDATE SET.
type ConflictClause struct {
	At
	Columns []Ident
	Where   Expr // of the conflict target
	Update  bool // DO UPDATE; else DO NOTHING
	Set     []Assignment
	// UpdateWhere limits DO UPDATE.
	UpdateWhere Expr
}

// Assignment is column = value, or (a, b) = row.
type Assignment struct {
	At
	Columns []Ident // several: the parenthesised form; the Value is then a *Row or *Subquery
	Value   Expr
}

// Update is UPDATE table SET ...
type Update struct {
	At
	With      *With
	Table     TableRef // *TableName
	Set       []Assignment
	From      []TableRef
	Where     Expr
	Returning []SelectItem
}

// Delete is DELETE FROM table; TRUNCATE is one without a condition.
type Delete struct {
	At
	With      *With
	Table     TableRef // *TableName
	Using     []TableRef
	Where     Expr
	Returning []SelectItem
	Truncate  bool // the word TRUNCATE was written
}

// Merge is MERGE INTO target USING source.
type Merge struct {
	At
	With      *With
	Target    TableRef
	Source    TableRef
	On        Expr
	Using     []Ident
	Actions   []MergeAction
	Returning []SelectItem
}

// MergeMatch is the case in which a merge action applies.
type MergeMatch uint8

// The cases of WHEN.
const (
	WhenMatched MergeMatch = iota
	WhenNotMatchedByTarget
	WhenNotMatchedBySource
)

// MergeDo is what a merge action does.
type MergeDo uint8

// The actions of MERGE.
const (
	MergeUpdate MergeDo = iota
	MergeDelete
	MergeInsert
	MergeNothing
	MergeError
)

// MergeAction is WHEN ... THEN ...
type MergeAction struct {
	At
	Match    MergeMatch
	Cond     Expr
	Do       MergeDo
	Set      []Assignment // UPDATE; empty: all columns
	ByName   bool         // UPDATE/INSERT BY NAME
	Columns  []Ident      // INSERT
	Values   []Expr       // INSERT; empty with !Defaults: all columns
	Defaults bool         // INSERT DEFAULT VALUES
	Message  Expr         // ERROR
}

// Copy is COPY table or query TO or FROM a file.
type Copy struct {
	At
	Table   []Ident // nil when Query is there
	Columns []Ident
	Query   Statement // a *Query, or a DML statement with RETURNING
	From    bool      // COPY ... FROM; else TO
	// Target is the file: usually a string *Literal; any expression or
	// parameter is allowed.
	Target  Expr
	Options []Option
}

func (*Insert) statement() {}
func (*Update) statement() {}
func (*Delete) statement() {}
func (*Merge) statement()  {}
func (*Copy) statement()   {}
