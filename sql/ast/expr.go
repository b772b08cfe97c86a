package ast

// LiteralKind is the form in which a literal was written.
type LiteralKind uint8

// The kinds of literal.
const (
	LitNull    LiteralKind = iota
	LitBool                // Text "true" or "false"
	LitInteger             // decimal digits of any number, perhaps a leading '-'
	LitDecimal             // digits with a '.', perhaps a leading '-'; no exponent
	LitFloat               // digits, perhaps a '.', an exponent; perhaps a leading '-'
	LitString              // Text is the unescaped value
	LitBlob                // Text holds the bytes themselves (x'...' in MySQL's dialect)
)

// Literal is a constant. Numbers are normalised: no underscores, hexadecimal and
// binary ones in decimal, ".5" is "0.5", "1." is "1.0"; a minus sign directly
// before a number is part of it.
type Literal struct {
	At
	Kind LiteralKind
	Text string
}

// TypedLiteral is a type name before a string: DATE '2024-01-01'. It means
// CAST('...' AS type).
type TypedLiteral struct {
	At
	Type *TypeName
	Text string
}

// Interval is INTERVAL value [unit]: INTERVAL '1 day', INTERVAL 3 MONTH,
// INTERVAL (x + 1) HOUR. With a unit, the value is a count of it.
type Interval struct {
	At
	Value Expr
	// Unit is "" or one of "year", "month", "day", "hour", "minute", "second",
	// "millisecond", "microsecond", "week", "quarter", "decade", "century",
	// "millennium"; or a range such as "year to month".
	Unit string
}

// ColumnRef is a possibly qualified name: column, table.column,
// schema.table.column, and beyond them struct fields; the binder decides which
// parts are what. There is at least one part.
type ColumnRef struct {
	At
	Parts []Ident
}

// PositionalRef is #n, the n-th (from 1) column of the FROM clause.
type PositionalRef struct {
	At
	Index int
}

// Parameter is a placeholder. For ? and $1, Name is "" and Index counts from 1
// (? in the order of the text); for $name and :name Index is 0.
type Parameter struct {
	At
	Index int
	Name  string
}

// Default is the word DEFAULT in place of a value (INSERT, UPDATE, SET).
type Default struct{ At }

// Star is * or t.*, in a select list or as an argument (count(*)), with its
// modifiers.
type Star struct {
	At
	Qualifier []Ident
	Exclude   [][]Ident // EXCLUDE (a, t.b)
	Replace   []StarReplace
	Rename    []StarRename
	// Like filters the names: * LIKE 'a%', and NOT LIKE, ILIKE, GLOB,
	// SIMILAR TO. Its X is nil.
	Like *Like
}

// StarReplace is one entry of REPLACE (expr AS column).
type StarReplace struct {
	At
	Expr   Expr
	Column Ident
}

// StarRename is one entry of RENAME (column AS name).
type StarRename struct {
	At
	Column []Ident
	Name   Ident
}

// Columns is COLUMNS(arg): a regular expression string, a lambda, a list of
// names or a *Star. Unpack is the form *COLUMNS(arg), which spreads the columns
// over the arguments of the call it stands in.
type Columns struct {
	At
	Qualifier []Ident
	Arg       Expr
	Unpack    bool
}

// Unary is a prefix (or, with "!", postfix) operator: - + ~ @ !.
type Unary struct {
	At
	Op string
	X  Expr
}

// Binary is an operator of two operands that no other node stands for:
// + - * / // % ^ ** & | << >> ~ !~ ~* !~* ^@ @> <@ && ->> <-> <=> and whatever
// else the lexer takes as an operator. A chain nests to the left.
type Binary struct {
	At
	Op   string
	L, R Expr
}

// Concat is a || b || c, folded from the left; at least two terms.
type Concat struct {
	At
	Terms []Expr
}

// Arrow is l -> r: a lambda where a function parameter takes one (l is then an
// unqualified *ColumnRef or a *Row of them), else JSON extraction. The binder
// decides.
type Arrow struct {
	At
	L, R Expr
}

// Lambda is LAMBDA x, y: body.
type Lambda struct {
	At
	Params []Ident
	Body   Expr
}

// And is a conjunction of at least two terms.
type And struct {
	At
	Terms []Expr
}

// Or is a disjunction of at least two terms.
type Or struct {
	At
	Terms []Expr
}

// Not is NOT x.
type Not struct {
	At
	X Expr
}

// CompareOp is a comparison operator.
type CompareOp uint8

// The comparison operators.
const (
	OpEq CompareOp = iota
	OpNe           // <> and !=
	OpLt
	OpLe
	OpGt
	OpGe
)

// String returns the operator's text.
func (o CompareOp) String() string {
	return [...]string{"=", "<>", "<", "<=", ">", ">="}[o]
}

// Comparison is l op r.
type Comparison struct {
	At
	Op   CompareOp
	L, R Expr
}

// IsNull is x IS [NOT] NULL (also ISNULL, NOTNULL).
type IsNull struct {
	At
	X   Expr
	Not bool
}

// IsDistinct is l IS [NOT] DISTINCT FROM r.
type IsDistinct struct {
	At
	L, R Expr
	Not  bool
}

// Truth is the right side of IS TRUE and its relatives.
type Truth uint8

// The truth values.
const (
	True Truth = iota
	False
	Unknown
)

// IsTruth is x IS [NOT] TRUE, FALSE or UNKNOWN.
type IsTruth struct {
	At
	X     Expr
	Value Truth
	Not   bool
}

// Between is x [NOT] BETWEEN [SYMMETRIC] lo AND hi.
type Between struct {
	At
	X, Lo, Hi Expr
	Not       bool
	Symmetric bool
}

// InList is x [NOT] IN (a, b, ...); the list is not empty.
type InList struct {
	At
	X    Expr
	List []Expr
	Not  bool
}

// InSubquery is x [NOT] IN (SELECT ...). X is a *Row for several columns.
type InSubquery struct {
	At
	X     Expr
	Query *Query
	Not   bool
}

// InValue is x [NOT] IN v, without parentheses: v is a list, map or string.
type InValue struct {
	At
	X, V Expr
	Not  bool
}

// LikeKind is the pattern language of a [Like].
type LikeKind uint8

// The pattern languages.
const (
	LikePlain   LikeKind = iota // LIKE, ~~
	LikeILike                   // ILIKE, ~~*
	LikeSimilar                 // SIMILAR TO
	LikeGlob                    // GLOB, ~~~
)

// String returns the keyword.
func (k LikeKind) String() string {
	return [...]string{"LIKE", "ILIKE", "SIMILAR TO", "GLOB"}[k]
}

// Like is x [NOT] LIKE pattern [ESCAPE e] and its relatives.
type Like struct {
	At
	Kind    LikeKind
	X       Expr
	Pattern Expr
	Escape  Expr
	Not     bool
}

// Case is CASE [operand] WHEN ... END. There is at least one When.
type Case struct {
	At
	Operand Expr
	Whens   []When
	Else    Expr
}

// When is one branch of CASE.
type When struct {
	At
	Cond, Result Expr
}

// Cast is CAST(x AS type), TRY_CAST(x AS type) or x::type.
type Cast struct {
	At
	X    Expr
	Type *TypeName
	Try  bool
}

// Collate is x COLLATE name.
type Collate struct {
	At
	X         Expr
	Collation []Ident
}

// Subquery is a scalar subquery.
type Subquery struct {
	At
	Query *Query
}

// Exists is EXISTS (SELECT ...); NOT EXISTS is a *Not around it.
type Exists struct {
	At
	Query *Query
}

// Quantified is x op ANY (...) or x op ALL (...) over a subquery or a list.
type Quantified struct {
	At
	Op    CompareOp
	X     Expr
	All   bool // ALL; else ANY or SOME
	Query *Query
	List  Expr // when Query is nil
}

// ArraySubquery is ARRAY(SELECT ...): the rows as a list.
type ArraySubquery struct {
	At
	Query *Query
}

// Row is (a, b, ...) with at least two members, or ROW(...) with any number.
type Row struct {
	At
	Elems []Expr
	// Explicit tells that the word ROW was written.
	Explicit bool
}

// List is [a, b, ...] or ARRAY[a, b, ...].
type List struct {
	At
	Elems []Expr
}

// ListComprehension is [elem FOR x IN source IF filter].
type ListComprehension struct {
	At
	Elem   Expr
	Vars   []Ident // the element and, if there are two, its index
	Source Expr
	Filter Expr
}

// Struct is {'a': x, b: y}.
type Struct struct {
	At
	Fields []StructField
}

// StructField is one member of a struct literal.
type StructField struct {
	At
	Name  string
	Value Expr
}

// Map is MAP {k: v, ...}.
type Map struct {
	At
	Keys, Values []Expr // of equal length
}

// Index is x[i].
type Index struct {
	At
	X, I Expr
}

// Slice is x[lo:hi:step]; absent bounds are nil (lo may be omitted, hi may be
// omitted or written as -).
type Slice struct {
	At
	X, Lo, Hi, Step Expr
}

// Field is (x).name, where x is not a plain name (see [ColumnRef]).
type Field struct {
	At
	X    Expr
	Name Ident
}

func (*Literal) expr()           {}
func (*TypedLiteral) expr()      {}
func (*Interval) expr()          {}
func (*ColumnRef) expr()         {}
func (*PositionalRef) expr()     {}
func (*Parameter) expr()         {}
func (*Default) expr()           {}
func (*Star) expr()              {}
func (*Columns) expr()           {}
func (*Unary) expr()             {}
func (*Binary) expr()            {}
func (*Concat) expr()            {}
func (*Arrow) expr()             {}
func (*Lambda) expr()            {}
func (*And) expr()               {}
func (*Or) expr()                {}
func (*Not) expr()               {}
func (*Comparison) expr()        {}
func (*IsNull) expr()            {}
func (*IsDistinct) expr()        {}
func (*IsTruth) expr()           {}
func (*Between) expr()           {}
func (*InList) expr()            {}
func (*InSubquery) expr()        {}
func (*InValue) expr()           {}
func (*Like) expr()              {}
func (*Case) expr()              {}
func (*Cast) expr()              {}
func (*Collate) expr()           {}
func (*Subquery) expr()          {}
func (*Exists) expr()            {}
func (*Quantified) expr()        {}
func (*ArraySubquery) expr()     {}
func (*Row) expr()               {}
func (*List) expr()              {}
func (*ListComprehension) expr() {}
func (*Struct) expr()            {}
func (*Map) expr()               {}
func (*Index) expr()             {}
func (*Slice) expr()             {}
func (*Field) expr()             {}
