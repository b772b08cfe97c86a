package logical

import "github.com/gannetdb/gannet/vector/types"

// LambdaKind tells what a Lambda makes of a list.
type LambdaKind uint8

// The kinds of Lambda.
const (
	// Transform makes a list of the body's values. Params: element, place.
	Transform LambdaKind = iota
	// ListFilter keeps the elements for which the body is true. Params: element,
	// place.
	ListFilter
	// Reduce folds a list from the left. Params: what the elements so far made,
	// element, place. The first is the second of Args if Init, else the list's
	// first element.
	Reduce
)

func (k LambdaKind) String() string {
	return [...]string{"list_transform", "list_filter", "list_reduce"}[k]
}

// Lambda applies an expression to the elements of a list; a NULL list gives
// NULL. Args are the list, for Reduce with Init the first value, then what the
// body uses of the row around it (its captures).
//
// Body sees Params only, which are the parameters of the kind, then one column
// for each capture. Their ColIDs are -1, -2, ... in order: they mean nothing
// outside, and the same lambda written twice is equal. Places are BIGINT, from 1.
type Lambda struct {
	At
	Kind   LambdaKind
	Init   bool
	Args   []Expr
	Params []Column
	Body   Expr
	Typ    types.Type
}

// Type implements Expr.
func (e *Lambda) Type() types.Type { return e.Typ }

// equalLambda compares all but the operands.
func equalLambda(a, b *Lambda) bool {
	if a.Kind != b.Kind || a.Init != b.Init || !a.Typ.Equal(b.Typ) || len(a.Params) != len(b.Params) {
		return false
	}
	for i := range a.Params {
		if !a.Params[i].Typ.Equal(b.Params[i].Typ) {
			return false
		}
	}
	return Equal(a.Body, b.Body)
}
