package ast

// Query is a whole SELECT-like query: WITH, a body, and the clauses that apply
// to its result. It is a statement, a subquery's content, and, in parentheses,
// the body of another query.
type Query struct {
	At
	With    *With
	Body    QueryBody
	OrderBy []OrderItem
	Limit   *Limit
}

// With is the list of common table expressions of a query, in order: each sees
// those before it, and with Recursive itself.
type With struct {
	At
	Recursive bool
	CTEs      []*CTE
}

// CTE is one common table expression.
type CTE struct {
	At
	Name    Ident
	Columns []Ident // column aliases
	// Key is the USING KEY (columns) list of a recursive CTE.
	Key []Ident
	// Materialized is what the text asks for.
	Materialized Materialization
	// Stmt is a *Query, or an *Insert, *Update or *Delete with RETURNING.
	Stmt Statement
}

// Materialization says whether a CTE is computed once.
type Materialization uint8

// The three cases of AS [[NOT] MATERIALIZED].
const (
	MaterializeDefault Materialization = iota // the optimizer chooses
	MaterializeAlways
	MaterializeNever
)

// Select is SELECT ... FROM ... with its clauses up to the window definitions.
// FROM-first text gives the same node; FROM without SELECT has the one item *.
type Select struct {
	At
	Distinct   bool   // SELECT DISTINCT, also when DistinctOn is present
	DistinctOn []Expr // DISTINCT ON (...)
	Items      []SelectItem
	From       []TableRef // comma-separated items; empty: one row, no columns
	Where      Expr
	GroupBy    *GroupBy
	Having     Expr
	Windows    []WindowDef
	Qualify    Expr
	Sample     *Sample // USING SAMPLE
}

// SelectItem is one entry of a select list. Stars are items whose Expr is a
// *Star or *Columns.
type SelectItem struct {
	At
	Expr  Expr
	Alias Ident
}

// SetOpKind is UNION, INTERSECT or EXCEPT.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// String returns the keyword.
func (k SetOpKind) String() string {
	switch k {
	case Intersect:
		return "INTERSECT"
	case Except:
		return "EXCEPT"
	}
	return "UNION"
}

// SetOp combines two or more bodies, folded from the left: Terms a, b, c mean
// (a op b) op c. A run of the same operation with the same modifiers is one
// node, so that thousands of UNION ALL terms do not nest.
type SetOp struct {
	At
	Kind   SetOpKind
	All    bool
	ByName bool
	Terms  []QueryBody
}

// Values is VALUES (...), (...). All rows have the same length, at least one.
// In INSERT a value may be a *Default.
type Values struct {
	At
	Rows [][]Expr
}

// GroupBy is the GROUP BY clause: either ALL or items.
type GroupBy struct {
	At
	All   bool
	Items []GroupItem
}

// GroupKind tells the forms of a GROUP BY item apart.
type GroupKind uint8

// The forms of a GROUP BY item.
const (
	GroupExpr   GroupKind = iota // Exprs holds the one expression
	GroupSet                     // a parenthesised set of Exprs; may be empty: ()
	GroupRollup                  // ROLLUP (Items)
	GroupCube                    // CUBE (Items)
	GroupSets                    // GROUPING SETS (Items)
)

// GroupItem is an item of GROUP BY or of ROLLUP, CUBE and GROUPING SETS, which
// nest. At the top level a parenthesised list of several expressions is a
// GroupSet too and means its members.
type GroupItem struct {
	At
	Kind  GroupKind
	Exprs []Expr
	Items []GroupItem
}

// Direction is the sort direction as written.
type Direction uint8

// Sort directions; the default is the session's default_order.
const (
	DirDefault Direction = iota
	DirAsc
	DirDesc
)

// NullsOrder is where NULLs sort, as written.
type NullsOrder uint8

// Null orders; the default is the session's default_null_order.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// OrderItem is one key of ORDER BY. With All (ORDER BY ALL or *) Expr is nil
// and the keys are the output columns from left to right.
type OrderItem struct {
	At
	All   bool
	Expr  Expr
	Dir   Direction
	Nulls NullsOrder
}

// Limit is LIMIT and OFFSET; at least one of Count and Offset is there.
// LIMIT ALL has a nil Count.
type Limit struct {
	At
	Count   Expr
	Percent bool // Count is a percentage of the rows
	Offset  Expr
}

// Sample is USING SAMPLE or TABLESAMPLE.
type Sample struct {
	At
	Size    Expr   // number of rows, or percentage
	Percent bool   // Size is a percentage
	Method  string // "system", "bernoulli", "reservoir", as written in lower case; "" for the default
	Seed    Expr   // REPEATABLE (seed), or the second argument; nil for none
}

func (*Query) statement()  {}
func (*Query) queryBody()  {}
func (*Select) queryBody() {}
func (*SetOp) queryBody()  {}
func (*Values) queryBody() {}
