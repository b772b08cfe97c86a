package window

import (
	"context"
	"math/bits"

	"github.com/gannetdb/gannet/spill/block"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/raw"
)

// wavelet is a wavelet matrix (Claude, Navarro and Ordóñez, "The wavelet matrix:
// An efficient wavelet tree for large alphabets", 2015) over the numbers 0 to
// n-1, each once: it counts the numbers below a bound in a range of places, and
// finds the k-th smallest of some ranges, in a step for each bit.
type wavelet struct {
	n      int
	levels []waveletLevel // from the highest bit
	blk    *block.Block
}

// waveletLevel is a bit of every number, in the order of the level: stable by
// the bits above.
type waveletLevel struct {
	words []uint64
	ones  []uint32 // before each word
	zeros int32    // in all
}

// before returns how many ones come before place p.
func (l *waveletLevel) before(p int32) int32 {
	return int32(l.ones[p>>6]) + int32(bits.OnesCount64(l.words[p>>6]&(1<<(p&63)-1)))
}

// newWavelet makes the matrix of vals, which it overwrites along with tmp, of
// the same length.
func newWavelet(ctx context.Context, w *Window, vals, tmp []int32) (*wavelet, error) {
	n := len(vals)
	depth := bits.Len(uint(max(n-1, 1)))
	words := n/64 + 1
	blk, err := getBlock(w, int64(depth*words*12))
	if err != nil {
		return nil, err
	}
	m := &wavelet{n: n, blk: blk, levels: make([]waveletLevel, depth)}
	all := raw.Cast[uint64](blk.Bytes[:depth*words*8])
	ones := raw.Cast[uint32](blk.Bytes[depth*words*8 : depth*words*12])
	clear(all)
	for k := range m.levels {
		if err := sqlerr.FromContext(ctx); err != nil {
			m.release()
			return nil, err
		}
		l := &m.levels[k]
		l.words, l.ones = all[k*words:(k+1)*words], ones[k*words:(k+1)*words]
		bit := uint(depth - 1 - k)
		zeros := 0
		for i, v := range vals {
			b := uint64(v) >> bit & 1
			l.words[i>>6] |= b << (i & 63)
			zeros += int(1 - b)
		}
		l.zeros = int32(zeros)
		total := uint32(0)
		for i, x := range l.words {
			l.ones[i] = total
			total += uint32(bits.OnesCount64(x))
		}
		at := [2]int{0, zeros}
		for _, v := range vals {
			b := v >> bit & 1
			tmp[at[b]] = v
			at[b]++
		}
		vals, tmp = tmp, vals
	}
	return m, nil
}

func (m *wavelet) release() {
	if m != nil && m.blk != nil {
		m.blk.Release()
		m.blk = nil
	}
}

// below counts the numbers in places [s, e) that are less than x.
func (m *wavelet) below(s, e, x int32) int32 {
	if s >= e {
		return 0
	}
	if int(x) >= m.n {
		return e - s
	}
	count := int32(0)
	for k := range m.levels {
		l := &m.levels[k]
		s1, e1 := l.before(s), l.before(e)
		if x>>(len(m.levels)-1-k)&1 != 0 {
			count += (e - e1) - (s - s1)
			s, e = l.zeros+s1, l.zeros+e1
		} else {
			s, e = s-s1, e-e1
		}
	}
	return count
}

// nth returns number k, from 0 on, of those in the ranges, in order; -1 when
// there are no more than k.
func (m *wavelet) nth(ranges [][2]int32, k int64) int32 {
	var own [3][2]int32
	at := own[:0]
	total := int64(0)
	for _, r := range ranges {
		if r[0] < r[1] {
			at = append(at, r)
			total += int64(r[1] - r[0])
		}
	}
	if k < 0 || k >= total {
		return -1
	}
	x := int32(0)
	for d := range m.levels {
		l := &m.levels[d]
		zeros := int64(0)
		var ones [3][2]int32
		for i, r := range at {
			ones[i] = [2]int32{l.before(r[0]), l.before(r[1])}
			zeros += int64((r[1] - ones[i][1]) - (r[0] - ones[i][0]))
		}
		x <<= 1
		if k < zeros {
			for i, o := range ones[:len(at)] {
				at[i] = [2]int32{at[i][0] - o[0], at[i][1] - o[1]}
			}
			continue
		}
		k -= zeros
		x |= 1
		for i, o := range ones[:len(at)] {
			at[i] = [2]int32{l.zeros + o[0], l.zeros + o[1]}
		}
	}
	return x
}
