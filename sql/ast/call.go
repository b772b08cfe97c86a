package ast

// FuncCall is a call of a scalar, aggregate, window or (in FROM) table function
// or of a macro; the binder tells them apart.
//
// Name has one part, or more for schema.f. As a.f(x) may also be the method
// call f(a, x) on a column a, the binder tries that when no such schema exists;
// on any other expression the parser itself turns (e).f(x) into f(e, x), with
// Method set.
type FuncCall struct {
	At
	Name []Ident
	// Args are the arguments; count(*) has one *Star. Named ones are *NamedArg
	// and come after the others.
	Args     []Expr
	Distinct bool
	OrderBy  []OrderItem // within the parentheses
	// WithinGroup is WITHIN GROUP (ORDER BY ...).
	WithinGroup []OrderItem
	Filter      Expr
	Nulls       NullTreatment
	ExportState bool // f(x) EXPORT_STATE
	Over        *WindowSpec
	// Method tells that Args[0] was written before the name: x.f().
	Method bool
	// Bare tells that there were no parentheses: CURRENT_DATE. It may also be a
	// column of that name.
	Bare bool
}

// NullTreatment is IGNORE NULLS or RESPECT NULLS.
type NullTreatment uint8

// Null treatments; the default is to respect them.
const (
	NullsUnsaid NullTreatment = iota
	NullsIgnore
	NullsRespect
)

// NamedArg is name := value or name => value, in a call or an EXECUTE.
type NamedArg struct {
	At
	Name  Ident
	Value Expr
}

// WindowSpec is what follows OVER, or a definition of the WINDOW clause.
type WindowSpec struct {
	At
	// Base is the window it refers to or builds on: OVER w, OVER (w ORDER BY x).
	Base Ident
	// NameOnly tells OVER w from OVER (w).
	NameOnly    bool
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame
}

// WindowDef is name AS (spec) of the WINDOW clause.
type WindowDef struct {
	At
	Name Ident
	Spec *WindowSpec
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

// The frame modes.
const (
	FrameRows FrameMode = iota
	FrameRange
	FrameGroups
)

// String returns the keyword.
func (m FrameMode) String() string { return [...]string{"ROWS", "RANGE", "GROUPS"}[m] }

// BoundKind is the kind of one end of a frame.
type BoundKind uint8

// The frame bounds.
const (
	UnboundedPreceding BoundKind = iota
	Preceding                    // Offset PRECEDING
	CurrentRow
	Following // Offset FOLLOWING
	UnboundedFollowing
)

// FrameExclude is the EXCLUDE option of a frame.
type FrameExclude uint8

// The frame exclusions.
const (
	ExcludeNoOthers FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is the frame clause of a window. A frame without BETWEEN has CURRENT ROW
// as its End.
type Frame struct {
	At
	Mode       FrameMode
	Start, End FrameBound
	Exclude    FrameExclude
}

// FrameBound is one end of a frame.
type FrameBound struct {
	At
	Kind   BoundKind
	Offset Expr // for Preceding and Following
}

func (*FuncCall) expr() {}
func (*NamedArg) expr() {}
