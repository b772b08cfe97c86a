package aggregate

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// number maps values of a type of fixed width to unsigned integers of the same
// order, its keys, and back.
type number struct {
	width int
	// One of these fills dst with the keys of the values in b.
	narrow func(dst []uint64, b []byte)
	wide   func(dst []types.Uint128, b []byte)
	// back appends the value of a key.
	back func(dst []byte, k types.Uint128) []byte
}

// numberOf returns the keys of t, nil when there are none.
func numberOf(t types.Type) *number {
	n := &number{width: t.Physical().Width(), back: unsignedBack}
	switch t.Physical() {
	case types.PBool, types.PUint8:
		n.narrow = unsignedKeys[uint8]
	case types.PUint16:
		n.narrow = unsignedKeys[uint16]
	case types.PUint32:
		n.narrow = unsignedKeys[uint32]
	case types.PUint64:
		n.narrow = unsignedKeys[uint64]
	case types.PInt8:
		n.narrow, n.back = signedKeys[int8], signedBack
	case types.PInt16:
		n.narrow, n.back = signedKeys[int16], signedBack
	case types.PInt32:
		n.narrow, n.back = signedKeys[int32], signedBack
	case types.PInt64:
		if t.ID == types.TimeTZ {
			return nil // ordered by instant, not by its bits
		}
		n.narrow, n.back = signedKeys[int64], signedBack
	case types.PFloat32:
		n.narrow, n.back = floatKeys32, floatBack32
	case types.PFloat64:
		n.narrow, n.back = floatKeys64, floatBack64
	case types.PInt128:
		n.wide, n.back = wideKeys, wideBack
	case types.PUint128:
		n.wide = func(dst []types.Uint128, b []byte) { copy(raw.Bytes(dst), b) }
	default:
		return nil
	}
	back, width := n.back, n.width
	n.back = func(dst []byte, k types.Uint128) []byte { return back(dst, k)[:len(dst)+width] }
	return n
}

func unsignedKeys[T uint8 | uint16 | uint32 | uint64](dst []uint64, b []byte) {
	vals := raw.Cast[T](b)
	vals = vals[:len(dst)]
	for i, v := range vals {
		dst[i] = uint64(v)
	}
}

func unsignedBack(dst []byte, k types.Uint128) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, k.Lo), k.Hi)
}

func signedKeys[T int8 | int16 | int32 | int64](dst []uint64, b []byte) {
	vals := raw.Cast[T](b)
	vals = vals[:len(dst)]
	for i, v := range vals {
		dst[i] = uint64(int64(v)) ^ 1<<63
	}
}

func signedBack(dst []byte, k types.Uint128) []byte {
	return binary.LittleEndian.AppendUint64(dst, k.Lo^1<<63)
}

// orderedFloat orders floats by their bits: NaN last, the two zeros alike.
func orderedFloat(v float64) uint64 {
	if v != v {
		return math.MaxUint64
	}
	u := math.Float64bits(v + 0) // -0 becomes 0
	return u ^ (uint64(int64(u)>>63) | 1<<63)
}

func floatOf(k uint64) float64 {
	if k == math.MaxUint64 {
		return math.NaN()
	}
	return math.Float64frombits(k ^ (uint64(int64(^k)>>63) | 1<<63))
}

func floatKeys32(dst []uint64, b []byte) {
	vals := raw.Cast[float32](b)
	vals = vals[:len(dst)]
	for i, v := range vals {
		dst[i] = orderedFloat(float64(v))
	}
}

func floatBack32(dst []byte, k types.Uint128) []byte {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(floatOf(k.Lo))))
}

func floatKeys64(dst []uint64, b []byte) {
	vals := raw.Cast[float64](b)
	vals = vals[:len(dst)]
	for i, v := range vals {
		dst[i] = orderedFloat(v)
	}
}

func floatBack64(dst []byte, k types.Uint128) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(floatOf(k.Lo)))
}

func wideKeys(dst []types.Uint128, b []byte) {
	vals := raw.Cast[types.Uint128](b)
	vals = vals[:len(dst)]
	for i, v := range vals {
		dst[i] = types.Uint128{Lo: v.Lo, Hi: v.Hi ^ 1<<63}
	}
}

func wideBack(dst []byte, k types.Uint128) []byte {
	return unsignedBack(dst, types.Uint128{Lo: k.Lo, Hi: k.Hi ^ 1<<63})
}

// selectSmall is how many keys are sorted rather than divided.
const selectSmall = 48

// selectKeys moves the keys that would be at the given places, ascending, if all
// were sorted there. base is the place of the first key.
func selectKeys(keys []uint64, places []int64, base int64) {
	for depth := 0; len(places) > 0; depth++ {
		if len(keys) <= selectSmall {
			insertionSort(keys)
			return
		}
		if depth > 64 || 4*len(places) > len(keys) {
			slices.Sort(keys)
			return
		}
		lt, gt := divide(keys, pivotOf(keys))
		i, _ := slices.BinarySearch(places, base+int64(lt))
		j, _ := slices.BinarySearch(places, base+int64(gt))
		// Those between are where they belong.
		left, right := places[:i], places[j:]
		if len(left) > 0 && len(right) > 0 {
			selectKeys(keys[:lt], left, base)
			left = nil
		}
		if len(left) > 0 {
			keys, places = keys[:lt], left
		} else {
			keys, places, base = keys[gt:], right, base+int64(gt)
		}
	}
}

// pivotOf is the median of the medians of three places.
func pivotOf(keys []uint64) uint64 {
	n := len(keys)
	third := func(at int) uint64 {
		d := max(n/64, 1)
		return medianOf(keys[max(at-d, 0)], keys[at], keys[min(at+d, n-1)])
	}
	return medianOf(third(n/4), third(n/2), third(n-n/4-1))
}

func medianOf(a, b, c uint64) uint64 { return max(min(a, b), min(max(a, b), c)) }

// divide puts the keys less than p first and those greater last; those from lt
// to gt equal it.
func divide(keys []uint64, p uint64) (lt, gt int) {
	// Those less than p first, without a branch that nobody foresees.
	for i, k := range keys {
		keys[i] = keys[lt]
		keys[lt] = k
		if k < p {
			lt++
		}
	}
	gt = lt
	for i, k := range keys[lt:] {
		keys[lt+i] = keys[gt]
		keys[gt] = k
		if k == p {
			gt++
		}
	}
	return lt, gt
}

func insertionSort(keys []uint64) {
	for i := 1; i < len(keys); i++ {
		x, j := keys[i], i
		for ; j > 0 && x < keys[j-1]; j-- {
			keys[j] = keys[j-1]
		}
		keys[j] = x
	}
}
