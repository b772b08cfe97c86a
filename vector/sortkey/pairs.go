package sortkey

import (
	"context"

	"github.com/gannetdb/gannet/vector/raw"
)

// Pair is one word of a row's key and the row's address.
type Pair struct {
	Key uint64
	Row raw.Addr
}

// PairBytes is the size of a Pair.
const PairBytes = 16

const (
	insertionMax = 24  // pairs sorted by insertion
	quickMax     = 512 // pairs sorted by quicksort rather than by radix
)

// SortPairs sorts a by key. tmp has at least the length of a. Equal keys end up
// in any order.
func SortPairs(a, tmp []Pair) { _ = sortPairs(context.Background(), a, tmp) }

// sortPairs is SortPairs that ends early, with ctx's error.
func sortPairs(ctx context.Context, a, tmp []Pair) error {
	if len(a) > quickMax {
		return radixSort(ctx, a, tmp[:len(a)])
	}
	quickSort(a)
	return nil
}

func insertionSort(a []Pair) {
	for i := 1; i < len(a); i++ {
		x := a[i]
		j := i
		for ; j > 0 && x.Key < a[j-1].Key; j-- {
			a[j] = a[j-1]
		}
		a[j] = x
	}
}

// quickSort is three-way quicksort with a median of three; it recurses into
// the smaller part, so its depth is logarithmic. It serves small arrays only,
// for which the quadratic worst case is harmless.
func quickSort(a []Pair) {
	for len(a) > insertionMax {
		p := median(a[0].Key, a[len(a)/2].Key, a[len(a)-1].Key)
		lt, i, gt := 0, 0, len(a)
		for i < gt {
			switch k := a[i].Key; {
			case k < p:
				a[lt], a[i] = a[i], a[lt]
				lt++
				i++
			case k > p:
				gt--
				a[gt], a[i] = a[i], a[gt]
			default:
				i++
			}
		}
		if lt < len(a)-gt {
			quickSort(a[:lt])
			a = a[gt:]
		} else {
			quickSort(a[gt:])
			a = a[:lt]
		}
	}
	insertionSort(a)
}

func median(x, y, z uint64) uint64 {
	return max(min(x, y), min(max(x, y), z))
}

// radixSort sorts by the bytes of the keys, the lowest first, leaving out bytes
// that all keys share. Input that is sorted already costs one pass.
func radixSort(ctx context.Context, a, tmp []Pair) error {
	sorted := true
	differ := uint64(0)
	first := a[0].Key
	prev := first
	for i := range a {
		k := a[i].Key
		differ |= k ^ first
		sorted = sorted && prev <= k
		prev = k
	}
	if sorted {
		return nil
	}
	src, dst := a, tmp
	for shift := uint(0); shift < 64; shift += 8 {
		if differ>>shift&0xff == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var counts [256]int
		for i := range src {
			counts[uint8(src[i].Key>>shift)]++
		}
		at := 0
		for i, c := range counts {
			counts[i] = at
			at += c
		}
		for from := 0; from < len(src); from += piece {
			for _, x := range src[from:min(from+piece, len(src))] {
				b := uint8(x.Key >> shift)
				dst[counts[b]] = x
				counts[b]++
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		src, dst = dst, src
	}
	if &src[0] != &a[0] {
		copy(a, src)
	}
	return nil
}
