package logical

import "github.com/gannetdb/gannet/vector/types"

// digits is how many decimal digits hold every value of an integer type.
var digits = map[types.ID]int{
	types.TinyInt: 3, types.SmallInt: 5, types.Integer: 10, types.BigInt: 19, types.HugeInt: 39,
	types.UTinyInt: 3, types.USmallInt: 5, types.UInteger: 10, types.UBigInt: 20, types.UHugeInt: 39,
}

// SafeCast reports whether casting any value of type from to type to succeeds
// and loses nothing, so that distinct values stay distinct and order is kept.
func SafeCast(from, to types.Type) bool {
	if from.Equal(to) || from.ID == types.Null {
		return true
	}
	switch {
	case from.IsInteger() && to.IsInteger():
		df, dt := digits[from.ID], digits[to.ID]
		switch {
		case from.IsUnsigned() == to.IsUnsigned():
			return df <= dt
		case from.IsUnsigned():
			return df < dt || from.ID == types.UTinyInt && to.ID != types.TinyInt && df < dt
		}
		return false
	case from.IsInteger() && to.ID == types.Decimal:
		return digits[from.ID] <= int(to.Width)-int(to.Scale)
	case from.IsInteger() && to.ID == types.Double:
		return digits[from.ID] <= 10
	case from.IsInteger() && to.ID == types.Float:
		return digits[from.ID] <= 5
	case from.ID == types.Float && to.ID == types.Double:
		return true
	case from.ID == types.Decimal && to.ID == types.Decimal:
		return to.Scale >= from.Scale && to.Width-to.Scale >= from.Width-from.Scale
	case from.ID == types.Decimal && to.ID == types.Double:
		return from.Width <= 15
	case from.ID == types.Boolean && to.IsInteger():
		return true
	}
	return false
}
