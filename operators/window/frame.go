package window

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// offsetBound reports whether b has an offset that the frame compares with the
// order key.
func (f *Frame) offsetBound(b Bound) bool {
	return f.Mode == function.FrameRange && (b.Kind == function.Preceding || b.Kind == function.Following)
}

// frames computes the frames of a chunk's rows.
type frames struct {
	w    *Window
	s    *section
	far  *far // the other ranges of the part; nil: s is all of it
	from int  // index of the first row
	ctx  context.Context
	call function.WinCall

	iota    []int32
	have    Frame // of which call.Frames holds the frames, if valid
	valid   bool
	spans   []function.Span
	offsets *vector.Vector
	words   [3][]uint64
	tmp     *vector.Vector
	out     []function.Span // scratch memory
}

// begin turns to the rows with the indices [from, to) of s.
func (f *frames) begin(ctx context.Context, s *section, far *far, from, to int) {
	f.ctx, f.s, f.far, f.from, f.valid = ctx, s, far, from, false
	n := to - from
	if f.iota == nil {
		f.iota = make([]int32, vector.Capacity)
	}
	c := &f.call
	c.Row = f.iota[:n]
	for i := range c.Row {
		c.Row[i] = int32(s.base + from + i)
	}
	c.PartStart, c.PartEnd = s.partStart[from:to], s.partEnd[from:to]
	c.PeerStart, c.PeerEnd = s.peerStart[from:to], s.peerEnd[from:to]
	c.Group = s.group[from:to]
}

// compute sets call.Frames to the frames of the rows. Errors: 22013, and those of
// loading other ranges.
func (f *frames) compute(fr *Frame) error {
	if f.valid && f.have == *fr {
		f.call.Frames = f.spans
		return nil
	}
	if f.out == nil {
		for range 3 {
			f.out = append(f.out, function.Span{Start: make([]int32, vector.Capacity), End: make([]int32, vector.Capacity)})
		}
	}
	n := len(f.call.Row)
	span := func(k int) function.Span {
		return function.Span{Start: f.out[k].Start[:n], End: f.out[k].End[:n]}
	}
	whole := span(0)
	if err := f.start(fr, whole.Start); err != nil {
		return err
	}
	if err := f.end(fr, whole.End); err != nil {
		return err
	}
	c := &f.call
	for i := range whole.Start {
		s := min(max(whole.Start[i], c.PartStart[i]), c.PartEnd[i])
		whole.Start[i], whole.End[i] = s, max(min(whole.End[i], c.PartEnd[i]), s)
	}
	f.spans = append(f.spans[:0], whole)
	if fr.Exclude != function.ExcludeNothing {
		f.exclude(fr.Exclude, whole, span(1), span(2))
	}
	c.Frames = f.spans
	f.have, f.valid = *fr, true
	return nil
}

// exclude cuts whole into what is before and behind the rows left out. With
// TIES the row itself is between.
func (f *frames) exclude(x function.Exclusion, whole, middle, rest function.Span) {
	c := &f.call
	for i, r := range c.Row {
		s, e := whole.Start[i], whole.End[i]
		from, to := c.PeerStart[i], c.PeerEnd[i]
		if x == function.ExcludeCurrentRow {
			from, to = r, r+1
		}
		whole.End[i] = max(min(e, from), s)
		middle.Start[i], middle.End[i] = r, r
		if x == function.ExcludeTies && r >= s && r < e {
			middle.End[i] = r + 1
		}
		rest.Start[i] = max(s, to)
		rest.End[i] = max(e, rest.Start[i])
	}
	if x == function.ExcludeTies {
		f.spans = append(f.spans, middle)
	}
	f.spans = append(f.spans, rest)
}

func (f *frames) start(fr *Frame, out []int32) error {
	c := &f.call
	switch fr.Start.Kind {
	case function.UnboundedPreceding:
		copy(out, c.PartStart)
		return nil
	case function.CurrentRow:
		if fr.Mode == function.FrameRows {
			copy(out, c.Row)
		} else {
			copy(out, c.PeerStart)
		}
		return nil
	case function.UnboundedFollowing:
		copy(out, c.PartEnd)
		return nil
	}
	if fr.Mode == function.FrameRange {
		return f.search(fr.Start, out, false)
	}
	f.shift(fr, fr.Start, out)
	if fr.Mode == function.FrameGroups {
		return f.groups(out)
	}
	return nil
}

func (f *frames) end(fr *Frame, out []int32) error {
	c := &f.call
	switch fr.End.Kind {
	case function.UnboundedFollowing:
		copy(out, c.PartEnd)
		return nil
	case function.CurrentRow:
		if fr.Mode == function.FrameRows {
			for i, r := range c.Row {
				out[i] = r + 1
			}
		} else {
			copy(out, c.PeerEnd)
		}
		return nil
	case function.UnboundedPreceding:
		copy(out, c.PartStart)
		return nil
	}
	if fr.Mode == function.FrameRange {
		return f.search(fr.End, out, true)
	}
	f.shift(fr, fr.End, out)
	for i := range out {
		out[i]++
	}
	if fr.Mode == function.FrameGroups {
		return f.groups(out)
	}
	return nil
}

// shift sets out to the row or group at the bound's offset, just outside the
// partition when it is farther. A NULL offset is 0.
func (f *frames) shift(fr *Frame, b Bound, out []int32) {
	c := &f.call
	v := f.gather(b.Offset)
	vals := vector.Values[int64](v)
	sign := int64(1)
	if b.Kind == function.Preceding {
		sign = -1
	}
	for i := range out {
		d := int64(0)
		if v.Valid == nil || v.Valid.Get(i) {
			d = sign * min(max(vals[i], -1<<40), 1<<40)
		}
		if fr.Mode == function.FrameGroups {
			out[i] = int32(min(max(int64(c.Group[i])+d, -1), int64(c.PartEnd[i])))
			continue
		}
		out[i] = int32(min(max(int64(c.Row[i])+d, int64(c.PartStart[i])-1), int64(c.PartEnd[i])))
	}
}

// groups turns numbers of groups of peers into the place of each one's first row,
// or of one behind the partition.
func (f *frames) groups(out []int32) error {
	for i, g := range out {
		lo, hi := f.call.PartStart[i], f.call.PartEnd[i]
		s := f.s
		if f.far != nil {
			var err error
			if s, err = f.far.groupSection(f.ctx, g, lo, hi); err != nil {
				return err
			}
			lo, hi = max(lo, int32(s.base)), min(hi, int32(s.end()))
		}
		groups := s.group[int(lo)-s.base : int(hi)-s.base]
		n, _ := slices.BinarySearch(groups, g)
		out[i] = lo + int32(n)
	}
	return nil
}

// gather reads a column of the rows.
func (f *frames) gather(col int) *vector.Vector {
	t := f.w.plan.Input[col]
	if f.offsets == nil || !f.offsets.Type.Equal(t) {
		f.offsets = vector.New(t)
	}
	n := len(f.call.Row)
	f.offsets.Resize(n)
	f.w.rows.Layout.Gather(col, f.s.rows[f.from:f.from+n], f.s.loaded.Bufs(), f.offsets, nil)
	return f.offsets
}

// search sets out to the first row that is not before the bound's value or,
// when behind is set, to the first row behind it.
func (f *frames) search(b Bound, out []int32, behind bool) error {
	enc := f.w.bounds[b.Offset]
	v := f.gather(b.Offset)
	n := len(out)
	if f.words[0] == nil {
		for k := range f.words {
			f.words[k] = make([]uint64, vector.Capacity)
		}
		f.tmp = vector.New(types.Of(types.BigInt))
	}
	enc.Encode(v, nil, n, f.words[:], f.tmp)
	key := &f.w.rows.Keys[len(f.w.plan.Partition)]
	offs := f.w.rows.Words[key.First : key.First+key.Words]
	c := &f.call
	var last [3]uint64
	for i := range out {
		var want [3]uint64
		for k := range offs {
			want[k] = f.words[k][i]
		}
		own := compareWords(f.s.row(c.Row[i]), offs, &want)
		if b.Kind == function.Preceding && own < 0 || b.Kind == function.Following && own > 0 {
			return sqlerr.New(sqlerr.CodeInvalidFrame, "the offset of RANGE %s is negative", b.Kind)
		}
		if i > 0 && want == last && c.PartStart[i] == c.PartStart[i-1] {
			out[i] = out[i-1]
			continue
		}
		last = want
		lo, hi := c.PartStart[i], c.PartEnd[i]
		s := f.s
		if f.far != nil {
			var err error
			if s, err = f.far.orderSection(f.ctx, offs, &want, behind, lo, hi); err != nil {
				return err
			}
			lo, hi = max(lo, int32(s.base)), min(hi, int32(s.end()))
		}
		for lo < hi {
			m := lo + (hi-lo)/2
			if d := compareWords(s.row(m), offs, &want); d < 0 || behind && d == 0 {
				lo = m + 1
			} else {
				hi = m
			}
		}
		out[i] = lo
	}
	return nil
}

// compareWords compares the key words of a row with those wanted.
func compareWords(r raw.Addr, offs []uintptr, want *[3]uint64) int {
	for k, off := range offs {
		if w := *raw.At[uint64](r, off); w != want[k] {
			if w < want[k] {
				return -1
			}
			return 1
		}
	}
	return 0
}
