package types

import "strings"

// Compare orders two values of the same type: -1, 0 or 1. NULL equals NULL and
// is above everything, NaN equals NaN and is above infinity, -0 equals 0,
// strings compare as bytes, intervals by their normal form, nested values
// element by element.
func Compare(a, b Value) int {
	if a.IsNull || b.IsNull {
		return btoi(a.IsNull) - btoi(b.IsNull)
	}
	switch a.Type.ID {
	case Float, Double:
		return CompareFloat(a.F, b.F)
	case Varchar, Blob:
		return strings.Compare(a.S, b.S)
	case Bit:
		return compareBit(a.S, b.S)
	case UBigInt:
		return Uint128From(uint64(a.I)).Cmp(Uint128From(uint64(b.I)))
	case UHugeInt:
		return Uint128{uint64(a.I), uint64(a.Hi)}.Cmp(Uint128{uint64(b.I), uint64(b.Hi)})
	case HugeInt, UUID, Decimal:
		return a.Int128().Cmp(b.Int128())
	case TimeTZ:
		return cmpInt(TimeTZKey(a.I), TimeTZKey(b.I))
	case IntervalID:
		return a.Iv.Cmp(b.Iv)
	case List, Array, Struct, Map, Union:
		for i := range min(len(a.Children), len(b.Children)) {
			if c := Compare(a.Children[i], b.Children[i]); c != 0 {
				return c
			}
		}
		return cmpInt(int64(len(a.Children)), int64(len(b.Children)))
	}
	return cmpInt(a.I, b.I)
}

func cmpInt(a, b int64) int {
	if a < b {
		return -1
	}
	return btoi(a > b)
}

// CompareFloat orders floats with NaN equal to itself and above everything.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return btoi(a != a) - btoi(b != b)
}

// compareBit orders bit strings from the left; a prefix sorts first.
func compareBit(a, b string) int {
	x, y := AppendBit(nil, []byte(a)), AppendBit(nil, []byte(b))
	return strings.Compare(string(x), string(y))
}
