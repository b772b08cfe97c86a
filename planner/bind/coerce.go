package bind

import (
	"math/big"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// cast makes e of type to: unchanged when it is, adapted in place when it is a
// NULL, an untyped parameter or an integer literal that fits, else with a Cast.
func (b *binder) cast(e logical.Expr, to types.Type) logical.Expr {
	from := e.Type()
	if from.Equal(to) || to.ID == types.Any {
		return b.settledFor(e, to)
	}
	switch x := e.(type) {
	case *logical.Param:
		if x.Typ.ID == types.Unknown {
			return b.typeParam(x, to)
		}
	case *logical.Call:
		if y := b.castRow(x, to); y != nil {
			return y
		}
	case *logical.Column, *logical.Subquery:
		if n := b.untypedAs(x, to); n != nil {
			return n
		}
	case *logical.Const:
		if x.Value.IsNull {
			return &logical.Const{At: x.At, Value: types.NullOf(to)}
		}
		if from.IsInteger() && to.IsInteger() && fits(x.Value, to) {
			v := x.Value
			v.Type = to
			return &logical.Const{At: x.At, Value: v}
		}
	}
	return &logical.Cast{At: logical.At(e.Pos()), Arg: e, To: to}
}

// untypedAs makes an untyped NULL of a column or subquery one of type to; nil
// when e is something else.
func (b *binder) untypedAs(e logical.Expr, to types.Type) logical.Expr {
	switch x := e.(type) {
	case *logical.Column:
		if b.untyped[x.ID] {
			return &logical.Const{At: x.At, Value: types.NullOf(to)}
		}
	case *logical.Subquery:
		if b.untypedSubquery(x) {
			// Its rows are still counted.
			col := b.newCol("", to)
			s := *x
			s.Plan = &logical.Project{Input: x.Plan, Cols: []logical.Column{col}, Exprs: []logical.Expr{&logical.Const{At: -1, Value: types.NullOf(to)}}}
			s.Col, s.Typ = col.ID, to
			return &s
		}
	}
	return nil
}

func (b *binder) settledFor(e logical.Expr, to types.Type) logical.Expr {
	if to.ID == types.Any {
		return b.settled(e)
	}
	return e
}

// intBits is the width of the integer types.
var intBits = map[types.ID]int{
	types.TinyInt: 8, types.SmallInt: 16, types.Integer: 32, types.BigInt: 64, types.HugeInt: 128,
	types.UTinyInt: 8, types.USmallInt: 16, types.UInteger: 32, types.UBigInt: 64, types.UHugeInt: 128,
}

// bigInt returns the integer payload of v.
func bigInt(v types.Value) *big.Int {
	i := new(big.Int)
	switch {
	case v.Type.ID == types.UBigInt:
		return i.SetUint64(uint64(v.I))
	case v.Type.ID == types.UHugeInt:
		i.SetUint64(uint64(v.Hi))
	case v.Type.ID == types.HugeInt, v.Type.ID == types.Decimal:
		i.SetInt64(v.Hi)
	default:
		return i.SetInt64(v.I)
	}
	i.Lsh(i, 64)
	return i.Add(i, new(big.Int).SetUint64(uint64(v.I)))
}

// fits reports whether the integer v is in the range of the integer type to.
func fits(v types.Value, to types.Type) bool {
	i := bigInt(v)
	bits := intBits[to.ID]
	if to.IsUnsigned() {
		return i.Sign() >= 0 && i.BitLen() <= bits
	}
	if i.Sign() < 0 {
		i.Not(i) // -2^(n-1) has n-1 bits
	}
	return i.BitLen() < bits
}

// literal tells what kind of literal e is; literals adapt to other types.
func literal(e logical.Expr) (isString, isInt bool) {
	c, ok := e.(*logical.Const)
	if !ok || c.Value.IsNull {
		return false, false
	}
	return c.Value.Type.ID == types.Varchar, c.Value.Type.IsInteger()
}

// Costs of adapting literals; types.ImplicitCost counts from 100 on or so, so
// that any of these is cheaper than a cast of a column.
const (
	costNo        = -1
	costExact     = 0
	costLiteral   = 1
	costAny       = 5
	costStringLit = 20
)

// cost is the price of passing e where to is wanted, costNo when it cannot be.
func (b *binder) cost(e logical.Expr, to types.Type) int {
	from := e.Type()
	if from.ID == types.Unknown {
		from = b.typeOf(e)
	}
	if to.ID == types.Any {
		return costAny
	}
	if from.Equal(to) {
		return costExact
	}
	if from.ID == types.Unknown || from.ID == types.Null {
		return costLiteral
	}
	if generic(to) && from.ID == to.ID {
		return costExact
	}
	isString, isInt := literal(e)
	switch {
	case isString && to.ID == types.Varchar:
		return costExact
	case isString:
		return costStringLit
	case isInt && to.IsInteger():
		c := e.(*logical.Const)
		if !fits(c.Value, to) {
			break
		}
		if to.ID == types.BigInt { // the usual width after INTEGER
			return costLiteral
		}
		return costLiteral + 1
	}
	if c, ok := types.ImplicitCost(from, to); ok {
		return c
	}
	return costNo
}

// generic reports whether a signature's type stands for all types of its ID.
func generic(t types.Type) bool {
	switch t.ID {
	case types.Decimal:
		return t.Width == 0
	case types.List, types.Array, types.Struct, types.Map, types.Enum, types.Union:
		return t.Ext == nil || t.Ext.Child != nil && t.Ext.Child.ID == types.Any
	}
	return false
}

// unify is what a common type is wanted for; the rules differ for strings.
type unify uint8

const (
	unifyCompare unify = iota // strings become the other type
	unifyResult               // CASE, COALESCE, VALUES: string literals become the other type
	unifyColumns              // set operations: no literals, strings win
)

// common finds the type that all of list can take. It fails with 42804 at the
// first expression that has none with those before.
func (b *binder) common(list []logical.Expr, how unify, what string) (types.Type, error) {
	acc := types.Of(types.Null)
	var strLit, intLit types.Type
	var ints []types.Value
	for _, e := range list {
		t := b.typeOf(e)
		if t.ID == types.Null || t.ID == types.Unknown {
			continue
		}
		isString, isInt := literal(e)
		if how != unifyColumns {
			if isString {
				strLit = t
				continue
			}
			if isInt {
				if len(ints) > 0 {
					intLit, _ = types.CommonType(intLit, t)
				} else {
					intLit = t
				}
				ints = append(ints, e.(*logical.Const).Value)
				continue
			}
		}
		next, ok := b.pair(acc, t, how)
		if !ok {
			return acc, sqlerr.At(e.Pos(), sqlerr.CodeDatatypeMismatch, "%s cannot mix types %s and %s", what, acc, t).
				WithHint("add an explicit cast")
		}
		acc = next
	}
	if len(ints) > 0 {
		all := acc.IsInteger()
		for _, v := range ints {
			all = all && fits(v, acc)
		}
		if !all {
			next, ok := b.pair(acc, intLit, how)
			if !ok {
				return acc, sqlerr.At(list[0].Pos(), sqlerr.CodeDatatypeMismatch, "%s cannot mix types %s and %s", what, acc, intLit).
					WithHint("add an explicit cast")
			}
			acc = next
		}
	}
	if acc.ID == types.Null && strLit.ID != types.Invalid {
		return strLit, nil
	}
	return acc, nil
}

// pair is the common type of two types.
func (b *binder) pair(x, y types.Type, how unify) (types.Type, bool) {
	switch {
	case x.ID == types.Null:
		return y, true
	case y.ID == types.Null:
		return x, true
	case x.Equal(y):
		if x.Collation == 0 {
			x.Collation = y.Collation
		}
		return x, true
	}
	switch how {
	case unifyCompare:
		return types.ComparisonType(x, y)
	case unifyColumns:
		return types.UnionType(x, y), true
	}
	return types.CommonType(x, y)
}

// castAll casts every expression of list to t.
func (b *binder) castAll(list []logical.Expr, t types.Type) []logical.Expr {
	out := make([]logical.Expr, len(list))
	for i, e := range list {
		out[i] = b.cast(e, t)
	}
	return out
}

// boolean makes e a condition: 42804 unless it is boolean or can be one.
func (b *binder) boolean(e logical.Expr, what string) (logical.Expr, error) {
	t := e.Type()
	isString, _ := literal(e)
	switch {
	case t.ID == types.Boolean:
		return e, nil
	case t.ID == types.Null, t.ID == types.Unknown, t.IsInteger(), isString, t.ID == types.Varchar, t.IsFloat():
		return b.cast(e, types.Of(types.Boolean)), nil
	}
	return nil, sqlerr.At(e.Pos(), sqlerr.CodeDatatypeMismatch, "argument of %s must be BOOLEAN, not %s", what, t)
}
