package ast

// OnConflict says what a CREATE does when the object is there already.
type OnConflict uint8

// The three spellings of CREATE.
const (
	CreateError       OnConflict = iota // CREATE
	CreateOrReplace                     // CREATE OR REPLACE
	CreateIfNotExists                   // CREATE ... IF NOT EXISTS
)

// CreateTable is CREATE TABLE name (columns) or CREATE TABLE name AS query.
type CreateTable struct {
	At
	Conflict    OnConflict
	Temp        bool
	Name        []Ident
	Columns     []ColumnDef  // with As: names only, Type nil
	Constraints []Constraint // table constraints
	As          *Query
	NoData      bool // AS ... WITH NO DATA
	PartitionBy []Expr
	SortedBy    []Expr
	Options     []Option // WITH (...)
}

// ColumnDef is a column of CREATE TABLE or ALTER TABLE ADD COLUMN.
type ColumnDef struct {
	At
	Name Ident
	Type *TypeName // nil: a generated column, or CREATE TABLE t(a, b) AS
	// Constraints in the order of the text, DEFAULT, COLLATE and GENERATED
	// among them.
	Constraints []Constraint
}

// ConstraintKind tells constraints apart.
type ConstraintKind uint8

// The constraints of columns and tables.
const (
	NotNull ConstraintKind = iota
	Nullable
	PrimaryKey
	Unique
	Check       // Expr
	DefaultTo   // Expr
	Generated   // Expr; Stored
	ForeignKey  // Ref
	CollateWith // Names
	CompressWith
)

// Constraint is a column or table constraint.
type Constraint struct {
	At
	Kind    ConstraintKind
	Name    Ident   // CONSTRAINT name
	Columns []Ident // table constraints: PRIMARY KEY, UNIQUE, FOREIGN KEY
	Expr    Expr
	Stored  bool // GENERATED ... STORED
	Ref     *Reference
	Names   []Ident // collation, compression
}

// Reference is the target of a foreign key.
type Reference struct {
	At
	Table              []Ident
	Columns            []Ident
	OnDelete, OnUpdate string // "", "cascade", "restrict", "no action", "set null", "set default"
}

// CreateView is CREATE [RECURSIVE] VIEW name(columns) AS query.
type CreateView struct {
	At
	Conflict  OnConflict
	Temp      bool
	Recursive bool
	Name      []Ident
	Columns   []Ident
	Query     Statement // a *Query; *Describe and *Show are legal too
}

// CreateSchema is CREATE SCHEMA name.
type CreateSchema struct {
	At
	Conflict OnConflict
	Name     []Ident
}

// CreateSequence is CREATE SEQUENCE; absent options are nil.
type CreateSequence struct {
	At
	Conflict  OnConflict
	Temp      bool
	Name      []Ident
	Start     Expr
	Increment Expr
	Min, Max  Expr
	Cycle     bool
}

// CreateIndex is CREATE [UNIQUE] INDEX name ON table USING method (keys).
type CreateIndex struct {
	At
	Conflict OnConflict
	Unique   bool
	Name     Ident // may be absent
	Table    []Ident
	Method   string
	Keys     []OrderItem
	Options  []Option
}

// CreateType is CREATE TYPE name AS type.
type CreateType struct {
	At
	Conflict OnConflict
	Temp     bool
	Name     []Ident
	Type     *TypeName
	// EnumQuery is AS ENUM (SELECT ...); Type is nil then.
	EnumQuery *Query
}

// CreateMacro is CREATE MACRO or FUNCTION, with its overloads.
type CreateMacro struct {
	At
	Conflict  OnConflict
	Temp      bool
	Name      []Ident
	Overloads []MacroBody
}

// MacroBody is (params) AS expr or (params) AS TABLE query.
type MacroBody struct {
	At
	Params []MacroParam
	Expr   Expr
	Query  *Query
}

// MacroParam is a parameter of a macro; Default makes it a named one.
type MacroParam struct {
	At
	Name    Ident
	Type    *TypeName
	Default Expr
}

// ObjectKind is the kind of a catalog object that DROP, ALTER, SHOW or COMMENT
// names.
type ObjectKind uint8

// The object kinds.
const (
	ObjectTable ObjectKind = iota
	ObjectView
	ObjectSchema
	ObjectSequence
	ObjectIndex
	ObjectType
	ObjectMacro      // MACRO or FUNCTION
	ObjectTableMacro // MACRO TABLE
	ObjectDatabase
	ObjectColumn
	ObjectSecret
)

// String returns the keywords.
func (k ObjectKind) String() string {
	return [...]string{"TABLE", "VIEW", "SCHEMA", "SEQUENCE", "INDEX", "TYPE", "MACRO", "MACRO TABLE",
		"DATABASE", "COLUMN", "SECRET"}[k]
}

// DropBehaviour is CASCADE or RESTRICT.
type DropBehaviour uint8

// The drop behaviours.
const (
	DropDefault DropBehaviour = iota
	DropCascade
	DropRestrict
)

// Drop is DROP kind name, ...
type Drop struct {
	At
	Kind      ObjectKind
	IfExists  bool
	Names     [][]Ident
	Behaviour DropBehaviour
}

// AlterAction tells the forms of ALTER apart.
type AlterAction uint8

// The actions of ALTER.
const (
	AlterRename           AlterAction = iota // RENAME TO NewName
	AlterRenameColumn                        // RENAME Column TO NewName
	AlterAddColumn                           // ADD COLUMN Def; Column holds a struct path before the name
	AlterDropColumn                          // DROP COLUMN Column
	AlterColumnType                          // ALTER Column TYPE Type USING Expr
	AlterSetDefault                          // ALTER Column SET DEFAULT Expr
	AlterDropDefault                         // ALTER Column DROP DEFAULT
	AlterSetNotNull                          // ALTER Column SET NOT NULL
	AlterDropNotNull                         // ALTER Column DROP NOT NULL
	AlterAddConstraint                       // ADD Constraint
	AlterDropConstraint                      // DROP CONSTRAINT NewName
	AlterSetSchema                           // SET SCHEMA NewName
	AlterSetPartitionedBy                    // SET PARTITIONED BY (Exprs); empty: RESET
	AlterSetSortedBy                         // SET SORTED BY (Exprs); empty: RESET
	AlterSetOptions                          // SET (Options)
	AlterResetOptions                        // RESET (Options)
	AlterOwnedBy                             // OWNED BY Column, a table
)

// Alter is ALTER TABLE and ALTER VIEW and the like, one action each.
type Alter struct {
	At
	Kind       ObjectKind
	IfExists   bool // the object
	Name       []Ident
	Action     AlterAction
	Column     []Ident // several parts: a field within a struct
	NewName    Ident
	Def        *ColumnDef
	IfColumn   bool // IF EXISTS / IF NOT EXISTS of the column or constraint
	Type       *TypeName
	Expr       Expr
	Exprs      []Expr
	Constraint *Constraint
	Options    []Option
	Behaviour  DropBehaviour
}

// Comment is COMMENT ON kind name IS 'text' (Text nil: IS NULL).
type Comment struct {
	At
	Kind ObjectKind
	Name []Ident
	Text Expr
}

// Option is a name with a value in WITH (...), COPY (...), ATTACH (...). Value
// is nil for a bare name; names are stored in lower case, bare words as values
// are *ColumnRef, parenthesised lists are *Row.
type Option struct {
	At
	Name  string
	Value Expr
}

func (*CreateTable) statement()    {}
func (*CreateView) statement()     {}
func (*CreateSchema) statement()   {}
func (*CreateSequence) statement() {}
func (*CreateIndex) statement()    {}
func (*CreateType) statement()     {}
func (*CreateMacro) statement()    {}
func (*Drop) statement()           {}
func (*Alter) statement()          {}
func (*Comment) statement()        {}
