package logical

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// Node is a relational operator. Implementations are the structs of this file,
// always as pointers.
type Node interface {
	// Children returns the inputs, in order.
	Children() []Node
	// WithChildren returns a copy over other inputs (same number).
	WithChildren(c []Node) Node
	// Columns lists the columns the node produces, in order.
	Columns() []Column
}

// Plan is a bound query.
type Plan struct {
	Root    Node
	Output  []ColID  // the result's columns, in order; a subset of Root's
	Names   []string // their names
	NumCols int      // the next free ColID
	Params  []types.Type
	// ParamNames are the parameters' names, "" for positional ones.
	ParamNames []string
}

// Scan reads a table. Filter is the conjunction pushed into it, over Cols.
type Scan struct {
	Table storage.Table
	Name  string   // for EXPLAIN and messages
	Cols  []Column // produced; Ords[i] is the table ordinal of Cols[i]
	Ords  []int
	// Filters are conjuncts that the scan applies; the columns they use may be
	// absent from Out.
	Filters []Expr
	// Out lists the columns that leave the scan; nil means all of Cols.
	Out []ColID
}

// Values produces constant rows; Rows[i][j] has the type of Cols[j]. With no
// columns it produces len(Rows) empty rows (SELECT without FROM has one).
type Values struct {
	Cols []Column
	Rows [][]Expr
}

// Filter keeps the rows for which every conjunct is true.
type Filter struct {
	Input Node
	Conds []Expr
}

// Project computes columns. A plain Column expression whose ID equals the
// produced ID passes a column through.
type Project struct {
	Input Node
	Cols  []Column
	Exprs []Expr
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds of join. Semi and Anti produce the left columns only; Anti keeps
// left rows without a match (NOT EXISTS); NullAnti is NOT IN's: a NULL on
// either side of a comparison makes the row fail. Single is a left join that
// raises 21000 on a second match; Mark adds a boolean column that tells
// whether there was a match (three-valued).
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	NullAnti
	Single
	Mark
	Cross
)

func (k JoinKind) String() string {
	return [...]string{"INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "NULL-AWARE ANTI", "SINGLE", "MARK", "CROSS"}[k]
}

// Join combines Left and Right. On is a conjunction over both sides' columns.
// In a physical join the right side is the build side; the optimizer swaps.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	On          []Expr
	MarkCol     Column // Mark only
}

// DependentJoin is a join whose Right refers to columns of Left (Outer). The
// unnesting rule removes every one (Neumann and Kemper, "Unnesting Arbitrary
// Queries", BTW 2015).
type DependentJoin struct {
	Kind        JoinKind
	Left, Right Node
	On          []Expr
	Outer       []ColID
	MarkCol     Column
}

// AggCall is one aggregate in an Aggregate node.
type AggCall struct {
	At
	Fn       *function.BoundAgg
	Args     []Expr
	Distinct bool
	Filter   Expr // nil: all rows
	OrderBy  []SortKey
}

// Aggregate groups by the values of Groups (NULLs are one group) and computes
// Aggs. Without Groups it produces exactly one row. Distinct is an Aggregate
// without Aggs.
//
// With Omit (GROUPING SETS) the input is grouped once for each of its entries,
// by all Groups but those listed, which are NULL in these rows; the results
// follow each other. GroupCols then differ from the input's columns. Markings
// tell which groups were left out.
type Aggregate struct {
	Input     Node
	GroupCols []Column // GroupCols[i] holds Groups[i]
	Groups    []Expr
	AggCols   []Column
	Aggs      []AggCall
	Omit      [][]int // nil: grouped once, by all
	Markings  []Marking
}

// Marking is a BIGINT column with a bit for each of Groups, the last the
// lowest, that is set where the grouping left the group out: GROUPING(...).
type Marking struct {
	Col    Column
	Groups []int
}

// SortKey is one ORDER BY item.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Sort orders rows; stable only as far as the keys tell.
type Sort struct {
	Input Node
	Keys  []SortKey
}

// Limit keeps Count rows behind the first Offset. Count nil: all. Both are
// constant expressions of type BIGINT by the time of execution.
type Limit struct {
	Input         Node
	Count, Offset Expr
	Percent       bool
}

// TopN is Sort followed by Limit.
type TopN struct {
	Input         Node
	Keys          []SortKey
	Count, Offset int64
}

// SetOp is UNION, INTERSECT or EXCEPT; inputs have the types of Cols in order.
type SetOp struct {
	Kind   SetOpKind
	All    bool
	Inputs []Node
	In     [][]ColID // per input, which of its columns feed Cols
	Cols   []Column
}

// SetOpKind is the kind of a SetOp.
type SetOpKind uint8

// The kinds of set operation.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// CTE computes Def once; every CTERef with its ID inside Body reads the rows.
type CTE struct {
	ID        int
	Name      string
	Def, Body Node
	DefOut    []ColID
}

// CTERef reads a CTE's rows under fresh ColIDs; Cols[i] is column i of the
// CTE's DefOut.
type CTERef struct {
	ID   int
	Name string
	Cols []Column
}
