package joinorder

import "math/bits"

// maxRelations is how many relations a block may have; a larger one keeps the
// order in which it was written beyond them.
const maxRelations = 256

// set is a set of relations.
type set [maxRelations / 64]uint64

func single(i int) (s set) {
	s[i>>6] = 1 << (i & 63)
	return s
}

func (s set) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

func (s set) or(o set) set {
	for i := range s {
		s[i] |= o[i]
	}
	return s
}

func (s set) and(o set) set {
	for i := range s {
		s[i] &= o[i]
	}
	return s
}

func (s set) minus(o set) set {
	for i := range s {
		s[i] &^= o[i]
	}
	return s
}

func (s set) empty() bool { return s[0]|s[1]|s[2]|s[3] == 0 }

func (s set) subsetOf(o set) bool {
	return s[0]&^o[0]|s[1]&^o[1]|s[2]&^o[2]|s[3]&^o[3] == 0
}

func (s set) meets(o set) bool {
	return s[0]&o[0]|s[1]&o[1]|s[2]&o[2]|s[3]&o[3] != 0
}

func (s set) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// min is the smallest member; -1 of the empty set.
func (s set) min() int {
	for i, w := range s {
		if w != 0 {
			return i<<6 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// upTo is the set of relations 0..i.
func upTo(i int) (s set) {
	for w := range s {
		switch {
		case i >= w<<6+63:
			s[w] = ^uint64(0)
		case i >= w<<6:
			s[w] = 1<<(i-w<<6+1) - 1
		}
	}
	return s
}

// members lists the relations, ascending.
func (s set) members() []int {
	out := make([]int, 0, s.count())
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			out = append(out, i<<6+bits.TrailingZeros64(w))
		}
	}
	return out
}
