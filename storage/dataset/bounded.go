package dataset

import (
	"math"

	"github.com/gannetdb/gannet/storage"
)

// fileBatches is how many batches a file has: its format's are below.
const fileBatches = 1 << 32

// mostRows returns what a scan says its batches hold at most.
func mostRows(s storage.Scanner, from, to int64) int64 {
	switch s := s.(type) {
	case nothing:
		return 0
	case storage.Bounded:
		return s.MostRows(from, to)
	}
	return math.MaxInt64
}

// MostRows implements storage.Bounded: files that were not opened yet are not
// known.
func (s *Scanner) MostRows(from, to int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int64(0)
	for i, file := range s.files {
		first := int64(file) * fileBatches
		if first+fileBatches <= from {
			continue
		}
		if first > to {
			break
		}
		p := s.parts[i]
		if p == nil {
			return math.MaxInt64
		}
		most := p.most
		if p.scan != nil && (from > first || to < first+fileBatches-1) {
			most = mostRows(p.scan, max(from-first, 0), min(to-first, fileBatches-1))
		}
		if most > math.MaxInt64-n {
			return math.MaxInt64
		}
		n += most
	}
	return n
}
