package logical

import "github.com/gannetdb/gannet/vector/types"

// Equal reports whether a and b compute the same from the same row: equal
// trees, positions and names aside. Volatile calls equal nothing, subqueries
// only themselves.
func Equal(a, b Expr) bool {
	switch a := a.(type) {
	case *Column:
		b, ok := b.(*Column)
		return ok && a.ID == b.ID
	case *Const:
		b, ok := b.(*Const)
		return ok && SameValue(a.Value, b.Value)
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Index == b.Index && a.Typ.Equal(b.Typ)
	case *Subquery:
		return Expr(a) == b
	case *Call:
		b, ok := b.(*Call)
		if !ok || IsVolatile(a) || a.Fn.Name != b.Fn.Name || !a.Fn.Return.Equal(b.Fn.Return) {
			return false
		}
	case *Cast:
		b, ok := b.(*Cast)
		if !ok || a.Try != b.Try || !a.To.Equal(b.To) {
			return false
		}
	case *Compare:
		b, ok := b.(*Compare)
		if !ok || a.Op != b.Op {
			return false
		}
	case *And:
		if _, ok := b.(*And); !ok {
			return false
		}
	case *Or:
		if _, ok := b.(*Or); !ok {
			return false
		}
	case *Not:
		if _, ok := b.(*Not); !ok {
			return false
		}
	case *IsNull:
		b, ok := b.(*IsNull)
		if !ok || a.Negated != b.Negated {
			return false
		}
	case *In:
		b, ok := b.(*In)
		if !ok || a.Negated != b.Negated {
			return false
		}
	case *Case:
		b, ok := b.(*Case)
		if !ok || !a.Typ.Equal(b.Typ) {
			return false
		}
	case *Coalesce:
		if _, ok := b.(*Coalesce); !ok {
			return false
		}
	case *Lambda:
		b, ok := b.(*Lambda)
		if !ok || !equalLambda(a, b) {
			return false
		}
	default:
		return false
	}
	return equalLists(Operands(a), Operands(b))
}

func equalLists(a, b []Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// IsVolatile reports whether e itself is a call whose result differs from call
// to call.
func IsVolatile(e Expr) bool {
	if l, ok := e.(*Lambda); ok {
		return HasVolatile(l.Body)
	}
	c, ok := e.(*Call)
	return ok && c.Fn.Vol == volatile
}

// SameValue reports whether a and b are the same value of the same type, NULL
// being the same as NULL. Floats are compared by bits' meaning: NaN is itself,
// and 0 is not -0.
func SameValue(a, b types.Value) bool {
	if !a.Type.Equal(b.Type) || a.IsNull != b.IsNull {
		return false
	}
	if a.IsNull {
		return true
	}
	if a.I != b.I || a.Hi != b.Hi || a.S != b.S || a.Iv != b.Iv || len(a.Children) != len(b.Children) {
		return false
	}
	if a.F != b.F && (a.F == a.F || b.F == b.F) || 1/a.F != 1/b.F && a.F == 0 {
		return false
	}
	for i := range a.Children {
		if !SameValue(a.Children[i], b.Children[i]) {
			return false
		}
	}
	return true
}
