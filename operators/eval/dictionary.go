package eval

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
)

const (
	// maxEntries bounds the dictionaries that calls are computed over, and
	// maxResultBytes what their results may take.
	maxEntries     = 1 << 16
	maxResultBytes = 16 << 20
)

// dictCall keeps the results of a call for every entry of a dictionary.
type dictCall struct {
	id     uint64 // of the dictionary; 0 none
	seen   int    // rows of it so far
	ready  bool
	failed bool // an entry raised, or the results are too large
	newID  uint64
	result *vector.Vector // flat, one position an entry
	out    *vector.Vector // dictionary form over result
	part   *vector.Vector
	fixed  []*vector.Vector // constant arguments at the length of a part
	args   []*vector.Vector // the call's own arguments meanwhile
	idx    []uint32
}

// overDictionary computes the call once an entry of the dictionary argument at,
// the others being constant. It returns nil when row by row is better.
func (e *callNode) overDictionary(at, n int) (*vector.Vector, error) {
	d := &e.dict
	arg := e.args[at]
	id := arg.DictID
	for i, s := range e.static {
		if i != at && !s {
			id = 0 // this chunk's constants are not the next one's
		}
	}
	if id != 0 && id == d.id {
		d.seen += n
	} else {
		d.id, d.seen, d.ready, d.failed = id, n, false, false
	}
	if d.failed || arg.Dict.Len == 0 {
		return nil, nil
	}
	if !d.ready {
		if arg.Dict.Len > d.seen || arg.Dict.Len > maxEntries || arg.Dict.Len == n && id == 0 {
			return nil, nil
		}
		if !e.entries(at, arg.Dict) {
			d.failed = true
			return nil, nil
		}
		d.ready, d.newID = true, 0
		if id != 0 {
			d.newID = vector.NewDictID()
		}
	}
	d.out.SetDictionary(d.result, arg.Codes, d.newID)
	d.out.Len = arg.Len
	return d.out, nil
}

// entries fills d.result; false when an entry raised.
func (e *callNode) entries(at int, dict *vector.Vector) bool {
	d := &e.dict
	if d.result == nil {
		d.result, d.out, d.part = e.c.result(e.fn.Return), vector.New(e.fn.Return), vector.New(dict.Type)
		d.fixed = make([]*vector.Vector, len(e.args))
		for i, a := range e.args {
			d.fixed[i] = vector.New(a.Type)
		}
	}
	d.part.Type = dict.Type
	d.args = append(d.args[:0], e.args...)
	defer copy(e.args, d.args)
	d.result.Resize(0)
	for off := 0; off < dict.Len; off += vector.Capacity {
		m := min(dict.Len-off, vector.Capacity)
		if dict.Type.IsNested() {
			idx := room(&d.idx, m)
			for i := range idx {
				idx[i] = uint32(off + i)
			}
			kernel.Take(d.part, dict, idx, m)
		} else {
			d.part.Slice(dict, off, m)
		}
		for i := range e.args {
			if i == at {
				e.args[i] = d.part
				continue
			}
			d.fixed[i].Reference(d.args[i])
			d.fixed[i].Len = m
			e.args[i] = d.fixed[i]
		}
		v, err := e.run(m, nil, m)
		if err != nil {
			return false
		}
		kernel.Copy(d.result, off, v, nil, m)
		if d.result.Bytes() > maxResultBytes {
			return false
		}
	}
	return true
}
