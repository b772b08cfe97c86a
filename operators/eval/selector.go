package eval

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
)

var _ storage.Selector = (*selector)(nil)

// NewSelector returns a storage.Selector that keeps the values for which e is
// true; e is BOOLEAN and refers to column 0 alone, which is the vector that
// Select is given. It judges a dictionary once an entry where that is cheaper.
// Not safe for concurrent use; e may be shared.
func NewSelector(session *function.Session, e Expr) storage.Selector {
	t := e.traits()
	return &selector{
		c:      NewContext(session, e),
		chunk:  vector.Chunk{Cols: make([]*vector.Vector, 1)},
		byDict: !t.volatile,
	}
}

type selector struct {
	c      *Context
	chunk  vector.Chunk
	byDict bool
	dict   kernel.DictTable
	failed uint64 // a dictionary with an entry that raises
	part   *vector.Vector
	found  []uint32
	buf    []uint32
}

func (s *selector) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	if sel != nil {
		n = min(n, len(sel))
		sel = sel[:n]
	}
	if n == 0 {
		return out[:0], nil
	}
	if v.Form == vector.Dictionary && s.byDict && (v.DictID == 0 || v.DictID != s.failed) && !v.Type.IsNested() {
		known, build := s.dict.Lookup(v, n)
		if build {
			if known = s.judge(v.Dict); !known {
				s.failed = v.DictID
			}
		}
		if known {
			return s.dict.Select(v.Codes, sel, n, out), nil
		}
	}
	s.chunk.Cols[0], s.chunk.Len = v, v.Len
	return s.c.roots[0].pick(&s.chunk, sel, n, out)
}

// judge decides every entry of dict; false when one raised.
func (s *selector) judge(dict *vector.Vector) bool {
	if s.part == nil {
		s.part = vector.New(dict.Type)
	}
	s.found = s.found[:0]
	for off := 0; off < dict.Len; off += vector.Capacity {
		m := min(dict.Len-off, vector.Capacity)
		s.part.Slice(dict, off, m)
		s.chunk.Cols[0], s.chunk.Len = s.part, m
		got, err := s.c.roots[0].pick(&s.chunk, nil, m, room(&s.buf, m))
		if err != nil {
			return false
		}
		for _, p := range got {
			s.found = append(s.found, uint32(off)+p)
		}
	}
	s.dict.Set(dict.Len, s.found)
	return true
}
