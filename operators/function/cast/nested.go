package cast

import (
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// element casts a child vector of size positions at the given ones.
func (c *call) element(k int, sel []uint32, n, size int, src, out *vector.Vector) error {
	in := call{plan: c.elems[k], sel: sel, n: n, size: size, session: c.session, scratch: c.scratch.elem(k)}
	return in.cast(src, out)
}

// overDictionary runs a nested cast once an entry of a dictionary, for the
// entries that living rows use, and shows the result through the same codes.
func overDictionary(c *call, src, out *vector.Vector) (done bool, err error) {
	if src.Form != vector.Dictionary {
		return false, nil
	}
	used := make([]bool, src.Dict.Len)
	r := rows{c.sel, src.Codes, c.n}
	for k := range r.n {
		_, i := r.at(k)
		used[i] = true
	}
	sel := trueOnes(used)
	dict := vector.New(c.to)
	dict.Resize(src.Dict.Len)
	in := *c
	in.sel, in.n, in.size = sel, len(sel), src.Dict.Len
	in.scratch = c.scratch.elem(len(c.elems))
	if err := in.cast(src.Dict, dict); err != nil {
		return true, err
	}
	dict.Flatten()
	out.SetDictionary(dict, src.Codes, 0)
	return true, nil
}

func trueOnes(b []bool) []uint32 {
	sel := make([]uint32, 0, len(b))
	for i, x := range b {
		if x {
			sel = append(sel, uint32(i))
		}
	}
	return sel
}

// listToList casts lists and maps, whose children are cast once at every
// position that a living list holds.
func listToList(c *call, src, out *vector.Vector) error {
	if done, err := overDictionary(c, src, out); done {
		return err
	}
	in, dst := vector.Values[types.ListEntry](src), vector.Values[types.ListEntry](out)
	child := src.Children[0]
	used := make([]bool, child.Len)
	r := rows{c.sel, nil, c.n}
	for k := range r.n {
		p, _ := r.at(k)
		e := in[p]
		dst[p] = e
		for j := range used[e.Offset:][:e.Length] {
			used[int(e.Offset)+j] = true
		}
	}
	sel := trueOnes(used)
	out.Children[0].Resize(child.Len)
	return c.element(0, sel, len(sel), child.Len, child, out.Children[0])
}

// arrayPositions lists the child positions of the call's arrays.
func arrayPositions(c *call, size int) []uint32 {
	sel := make([]uint32, 0, c.n*size)
	r := rows{c.sel, nil, c.n}
	for k := range r.n {
		p, _ := r.at(k)
		for j := range size {
			sel = append(sel, uint32(p*size+j))
		}
	}
	return sel
}

func arrayToArray(c *call, src, out *vector.Vector) error {
	if done, err := overDictionary(c, src, out); done {
		return err
	}
	size := c.from.Ext.Size
	sel := arrayPositions(c, size)
	out.Children[0].Resize(c.size * size)
	return c.element(0, sel, len(sel), c.size*size, src.Children[0], out.Children[0])
}

func arrayToList(c *call, src, out *vector.Vector) error {
	if done, err := overDictionary(c, src, out); done {
		return err
	}
	size := c.from.Ext.Size
	dst := vector.Values[types.ListEntry](out)
	r := rows{c.sel, nil, c.n}
	for k := range r.n {
		p, _ := r.at(k)
		dst[p] = types.ListEntry{Offset: uint32(p * size), Length: uint32(size)}
	}
	sel := arrayPositions(c, size)
	out.Children[0].Resize(c.size * size)
	return c.element(0, sel, len(sel), c.size*size, src.Children[0], out.Children[0])
}

// listToArray gathers the lists' elements through a dictionary over the child
// and casts that.
func listToArray(c *call, src, out *vector.Vector) error {
	if done, err := overDictionary(c, src, out); done {
		return err
	}
	size := c.to.Ext.Size
	in := vector.Values[types.ListEntry](src)
	codes := make([]uint32, c.size*size)
	sel := make([]uint32, 0, c.n*size)
	r := rows{c.sel, nil, c.n}
	for k := range r.n {
		p, _ := r.at(k)
		e := in[p]
		if int(e.Length) != size {
			if c.misfit(out, p) {
				return sqlerr.New(sqlerr.CodeInvalidCast, "cannot cast a list of length %d to %s", e.Length, c.to)
			}
			continue
		}
		for j := range size {
			codes[p*size+j] = e.Offset + uint32(j)
			sel = append(sel, uint32(p*size+j))
		}
	}
	child := src.Children[0]
	if child.Form != vector.Flat {
		flat := vector.New(child.Type)
		flat.Reference(child)
		flat.Flatten()
		child = flat
	}
	out.Children[0].Resize(c.size * size)
	if len(sel) == 0 {
		return nil
	}
	gathered := vector.New(child.Type)
	gathered.SetDictionary(child, codes, 0)
	if err := c.element(0, sel, len(sel), c.size*size, gathered, out.Children[0]); err != nil {
		return err
	}
	out.Children[0].Flatten()
	return nil
}

// structToStruct casts field by field; index says where each comes from.
func structToStruct(c *call, src, out *vector.Vector) error {
	if done, err := overDictionary(c, src, out); done {
		return err
	}
	for k, child := range out.Children {
		from := c.index[k]
		if from < 0 {
			child.SetConstantNull(c.size)
			continue
		}
		child.Resize(c.size)
		if err := c.element(k, c.sel, c.n, c.size, src.Children[from], child); err != nil {
			return err
		}
	}
	return nil
}

// structPlan matches the fields of two structs: by name, without regard to
// case, or by position when a side has no names.
func structPlan(from, to types.Type, try bool, depth int) (*plan, error) {
	a, b := from.Ext.Fields, to.Ext.Fields
	p := &plan{from: from, to: to, try: try, run: structToStruct}
	byPosition := types.IsUnnamed(from) || types.IsUnnamed(to)
	if byPosition && len(a) != len(b) {
		return nil, sqlerr.New(sqlerr.CodeCannotCoerce, "cannot cast %s to %s: the number of fields differs", from, to)
	}
	matched := false
	for i, f := range b {
		at := -1
		if byPosition {
			at = i
		} else {
			for j, g := range a {
				if strings.EqualFold(f.Name, g.Name) {
					at = j
					break
				}
			}
		}
		p.index = append(p.index, at)
		if at < 0 {
			p.elems = append(p.elems, nil)
			continue
		}
		matched = true
		e, err := find(a[at].Type, f.Type, try, depth+1)
		if err != nil {
			return nil, err
		}
		p.add(e)
	}
	if !matched {
		return nil, sqlerr.New(sqlerr.CodeCannotCoerce, "cannot cast %s to %s: no field has the same name", from, to)
	}
	return p, nil
}

// add appends the plan of an element.
func (p *plan) add(e *plan) {
	p.elems = append(p.elems, e)
	p.canFail = p.canFail || e.canFail
	p.session = p.session || e.session
}

// chain casts through a type between.
func chain(c *call, src, out *vector.Vector) error {
	mid := vector.New(c.elems[0].to)
	mid.Resize(c.size)
	if err := c.element(0, c.sel, c.n, c.size, src, mid); err != nil {
		return err
	}
	return c.element(1, c.sel, c.n, c.size, mid, out)
}

// enumToEnum goes by label.
func enumToEnum(c *call, src, out *vector.Vector) error {
	v, r := c.view(src)
	for k := range r.n {
		p, i := r.at(k)
		code := c.codes[enumCode(c.from, v.Data, i)]
		if code < 0 {
			if c.misfit(out, p) {
				return errText(raw.StringBytes(c.from.Ext.Enum.Labels[enumCode(c.from, v.Data, i)]), c.to)
			}
			continue
		}
		putCode(out, p, uint32(code))
	}
	return nil
}
