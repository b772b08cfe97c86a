package sketch

import "math/bits"

// Bloom is a Bloom filter whose bits for a hash are three of one 64-bit word
// ("register-blocked": Lang, Neumann, Kemper and Boncz, "Performance-Optimal
// Filtering", PVLDB 12, 2019): a test touches one cache line. With 16 bits a
// value about 1 % of other values pass. Adding is not safe for concurrent use;
// testing is.
type Bloom struct {
	words []uint64
	shift uint
}

// BloomBytes is the memory of a filter for n values.
func BloomBytes(n int64) int64 { return 8 << bloomLog(n) }

// bloomLog is the logarithm of the number of words: 16 to 32 bits a value.
func bloomLog(n int64) uint { return uint(bits.Len64(uint64(max(n, 16)/4 - 1))) }

// NewBloom returns an empty filter for n values.
func NewBloom(n int64) *Bloom {
	log := bloomLog(n)
	return &Bloom{words: make([]uint64, 1<<log), shift: 64 - log}
}

// mask is the three bits of a hash; the word is chosen by other bits.
func mask(h uint64) uint64 {
	return 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63)
}

// Add adds the values with the given hashes.
func (b *Bloom) Add(hashes []uint64) {
	for _, h := range hashes {
		b.words[h>>b.shift] |= mask(h)
	}
}

// Select returns, in out, the positions of sel (nil: 0 to n-1) whose hash may
// have been added. hashes are indexed by position.
func (b *Bloom) Select(hashes []uint64, sel []uint32, n int, out []uint32) []uint32 {
	k := 0
	words, shift := b.words, b.shift&63
	if sel == nil {
		out = out[:n]
		for i, h := range hashes[:n] {
			m := mask(h)
			out[k] = uint32(i)
			if words[h>>shift]&m == m {
				k++
			}
		}
		return out[:k]
	}
	for _, p := range sel[:n] {
		h := hashes[p]
		m := mask(h)
		out[k] = p
		if words[h>>shift]&m == m {
			k++
		}
	}
	return out[:k]
}
