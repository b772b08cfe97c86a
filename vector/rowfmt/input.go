package rowfmt

import (
	"github.com/gannetdb/gannet/vector"
)

// Input is one worker's view of the columns of a chunk, with the scratch
// memory that Scatter and Match need. The zero Input is ready for Set. It is
// not safe for concurrent use.
type Input struct {
	cols  []*vector.Vector
	views []vector.View
	tmp   []*vector.Vector
	at    []uint32
	blob  []byte
}

// Set makes in show cols, of any form, whose types must be those of the
// layout's first columns. in keeps the vectors until the next Set.
func (in *Input) Set(cols []*vector.Vector) {
	in.cols = append(in.cols[:0], cols...)
	for len(in.tmp) < len(cols) {
		in.tmp = append(in.tmp, nil)
	}
	in.views = in.views[:0]
	for i, v := range cols {
		if v.Form == vector.Sequence && in.tmp[i] == nil {
			in.tmp[i] = vector.New(v.Type)
		}
		in.views = append(in.views, v.View(in.tmp[i]))
	}
}

// Len returns the number of columns.
func (in *Input) Len() int { return len(in.cols) }

// elements returns, for the n positions sel (nil: 0 to n-1) of column c, which
// element of its view holds each; nil means element i for the i-th.
func (in *Input) elements(c int, sel []uint32, n int) []uint32 {
	codes := in.views[c].Sel
	if codes == nil {
		if sel == nil {
			return nil
		}
		return sel[:n]
	}
	if sel == nil {
		return codes[:n]
	}
	out := in.scratch(n)
	for i, p := range sel[:n] {
		out[i] = codes[p]
	}
	return out
}

// candidates returns which element of column c's view holds the position of
// each candidate: candidate k is position sel[k], or k when sel is nil.
func (in *Input) candidates(c int, sel, cand []uint32) []uint32 {
	codes := in.views[c].Sel
	if codes == nil && sel == nil {
		return cand
	}
	out := in.scratch(len(cand))
	switch {
	case codes == nil:
		for i, k := range cand {
			out[i] = sel[k]
		}
	case sel == nil:
		for i, k := range cand {
			out[i] = codes[k]
		}
	default:
		for i, k := range cand {
			out[i] = codes[sel[k]]
		}
	}
	return out
}

func (in *Input) scratch(n int) []uint32 {
	if cap(in.at) < n {
		in.at = make([]uint32, max(n, vector.Capacity))
	}
	return in.at[:n]
}
