package parquet

import (
	"context"
	"errors"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

var errShape = errors.New("the leaves of a nested column disagree about its lists")

// nestedReader reads one nested column, a vector at a time: every leaf's levels
// and values for the same rows, then the lists and structs above them.
type nestedReader struct {
	name   string
	path   string
	leaves []*leafReader
	root   *nestedPart
}

// nestedPart is the vector of one field, with the buffers that it owns. A leaf's
// values are its leafReader's.
type nestedPart struct {
	f        *field
	leaf     *leafReader // the first below, which tells about lists and structs
	children []*nestedPart
	data     []byte
	valid    []byte
	out      vector.Vector
	outs     []*vector.Vector // of children
}

func newNestedReader(s *schema, c *column, path string, reader *Reader) (*nestedReader, error) {
	r := &nestedReader{name: c.Name, path: path}
	f := c.nested
	for i := range f.leaves {
		leaf, err := newColumnReader(&s.leaves[f.first+i], c.Name, path, reader)
		if err != nil {
			return nil, err
		}
		if err := reader.mem.grow(2 * 4 * levelBlock); err != nil {
			return nil, err
		}
		r.leaves = append(r.leaves, &leafReader{c: leaf})
	}
	r.root = r.part(f, f.first)
	return r, nil
}

func (r *nestedReader) part(f *field, base int) *nestedPart {
	p := &nestedPart{f: f, leaf: r.leaves[f.first-base]}
	if len(f.children) == 0 {
		p.leaf.slotDef = f.slotDef
	}
	for _, c := range f.children {
		child := r.part(c, base)
		p.children = append(p.children, child)
		p.outs = append(p.outs, &child.out)
	}
	return p
}

// open starts on a row group; the leaves' sources are set by the caller's plan.
func (r *nestedReader) open() {
	for _, l := range r.leaves {
		l.open()
	}
}

// skip passes over n rows, some time.
func (r *nestedReader) skip(n int64) {
	for _, l := range r.leaves {
		l.c.skip(n)
	}
}

// read decodes the next n rows; sel and coded change nothing, since finding the
// rows' ends takes all levels anyway.
func (r *nestedReader) read(ctx context.Context, n int, sel []uint32, coded bool) error {
	for _, l := range r.leaves {
		if err := l.read(ctx, n); err != nil {
			return err
		}
	}
	return r.root.build(n)
}

func (r *nestedReader) settle([]uint32) {}

func (r *nestedReader) vector() *vector.Vector { return &r.root.out }

// wrap gives an error its place and code.
func (r *nestedReader) wrap(err error) error { return r.leaves[0].c.wrap(err) }

// build assembles the part's vector of slots values.
func (p *nestedPart) build(slots int) (err error) {
	f, v := p.f, &p.out
	if len(f.children) == 0 {
		if p.leaf.slots != slots {
			return errShape
		}
		p.leaf.fill(v)
		return nil
	}
	mem := p.leaf.c.mem
	if p.valid, err = mem.resize(p.valid, (slots+63)/64*8); err != nil {
		return err
	}
	valid := vector.Bitmap(raw.Cast[uint64](p.valid))
	nulls := 0
	if f.list {
		if p.data, err = mem.resize(p.data, slots*8); err != nil {
			return err
		}
		elems := 0
		elems, nulls, err = p.leaf.lists(f, raw.Cast[types.ListEntry](p.data), valid)
		if err != nil {
			return err
		}
		if err := p.children[0].build(elems); err != nil {
			return err
		}
	} else {
		if f.def > f.slotDef {
			if nulls, err = p.leaf.structs(f, valid, slots); err != nil {
				return err
			}
		}
		for _, c := range p.children {
			if err := c.build(slots); err != nil {
				return err
			}
		}
	}
	*v = vector.Vector{Type: f.typ, Len: slots, Children: p.outs}
	if f.list {
		v.Data = p.data
	}
	if nulls > 0 {
		v.Valid = valid
	}
	return nil
}
