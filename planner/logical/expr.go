package logical

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// MaxDepth bounds the nesting of expressions and plan nodes; the binder refuses
// deeper ones with 54001.
const MaxDepth = 1000

// ColID identifies a column in a plan; 0 is no column.
type ColID int

// Expr is a bound, typed expression. Implementations are the structs of this
// file, always as pointers, and immutable.
type Expr interface {
	// Type is the type of the result.
	Type() types.Type
	// Pos is the byte position in the query text, -1 when it has none.
	Pos() int
}

// At is the position that expressions embed.
type At int

// Pos returns the byte position in the query text.
func (a At) Pos() int { return int(a) }

// Column is a reference to a column that a node below produces.
type Column struct {
	At
	ID   ColID
	Typ  types.Type
	Name string // for messages and EXPLAIN
}

// Const is a literal or folded value.
type Const struct {
	At
	Value types.Value
}

// Param is a statement parameter; Index counts from 0. The binder gives it the
// type its context wants; it is replaced by a Const before execution.
type Param struct {
	At
	Index int
	Typ   types.Type
}

// Call is a scalar function call. Args have the types of Fn.Params.
type Call struct {
	At
	Fn   *function.Bound
	Args []Expr
}

// Cast converts Arg to the type To. Try: NULL instead of an error.
type Cast struct {
	At
	Arg Expr
	To  types.Type
	Try bool
}

// CompareOp is a comparison operator, the one that kernels compute.
type CompareOp = kernel.CompareOp

// The comparison operators. Distinct and NotDistinct treat NULL as a value.
const (
	Eq          = kernel.Eq
	Ne          = kernel.Ne
	Lt          = kernel.Lt
	Le          = kernel.Le
	Gt          = kernel.Gt
	Ge          = kernel.Ge
	Distinct    = kernel.Distinct
	NotDistinct = kernel.NotDistinct
)

// Compare compares Left and Right, which have the same type.
type Compare struct {
	At
	Op          CompareOp
	Left, Right Expr
}

// And is an n-ary conjunction with SQL's three-valued logic; len(Args) >= 2,
// none of them an And.
type And struct {
	At
	Args []Expr
}

// Or is an n-ary disjunction; len(Args) >= 2, none of them an Or.
type Or struct {
	At
	Args []Expr
}

// Not negates a boolean.
type Not struct {
	At
	Arg Expr
}

// IsNull is Arg IS NULL, or IS NOT NULL when Negated.
type IsNull struct {
	At
	Arg     Expr
	Negated bool
}

// In is Arg IN (List), or NOT IN when Negated; all of Arg's type. Constants
// and other expressions may be mixed.
type In struct {
	At
	Arg     Expr
	List    []Expr
	Negated bool
}

// Case is CASE WHEN … THEN … ELSE … END; the simple form is bound to
// comparisons. Else is never nil (a NULL Const when absent). Conditions and
// results are evaluated only for rows that reach them.
type Case struct {
	At
	Whens []When
	Else  Expr
	Typ   types.Type
}

// When is one branch of a Case.
type When struct {
	Cond, Then Expr
}

// Coalesce is the first argument that is not NULL; later ones are evaluated
// only where the earlier are NULL. All of the same type.
type Coalesce struct {
	At
	Args []Expr
}

// Subquery is a subquery inside an expression. The binder makes it, the
// unnesting rule removes every one of them before execution.
type Subquery struct {
	At
	Kind SubqueryKind
	Plan Node
	// Col is the column of Plan that is the value (Scalar, In).
	Col ColID
	// Arg and Op: Arg Op ANY/ALL (Plan); Arg IN is Op Eq under Any.
	Arg Expr
	Op  CompareOp
	// Rest and RestCols are the further members when rows are compared: (Arg,
	// Rest...) = ANY of (Col, RestCols...), or <> ALL; a conjunction of plain
	// comparisons. Other comparisons of rows are those of one struct.
	Rest     []Expr
	RestCols []ColID
	// Outer lists the columns of enclosing queries that Plan refers to.
	Outer []ColID
	Typ   types.Type
}

// SubqueryKind tells what a Subquery asks of its rows.
type SubqueryKind uint8

// The kinds of subquery.
const (
	ScalarSubquery SubqueryKind = iota // its only value, NULL when empty; 21000 beyond one row
	Exists
	Any
	All
)

// Type implements Expr.
func (e *Column) Type() types.Type   { return e.Typ }
func (e *Const) Type() types.Type    { return e.Value.Type }
func (e *Param) Type() types.Type    { return e.Typ }
func (e *Call) Type() types.Type     { return e.Fn.Return }
func (e *Cast) Type() types.Type     { return e.To }
func (e *Compare) Type() types.Type  { return types.Of(types.Boolean) }
func (e *And) Type() types.Type      { return types.Of(types.Boolean) }
func (e *Or) Type() types.Type       { return types.Of(types.Boolean) }
func (e *Not) Type() types.Type      { return types.Of(types.Boolean) }
func (e *IsNull) Type() types.Type   { return types.Of(types.Boolean) }
func (e *In) Type() types.Type       { return types.Of(types.Boolean) }
func (e *Case) Type() types.Type     { return e.Typ }
func (e *Coalesce) Type() types.Type { return e.Args[0].Type() }
func (e *Subquery) Type() types.Type { return e.Typ }
