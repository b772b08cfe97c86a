package parquet

import "github.com/gannetdb/gannet/vector/types"

// field is a part of a nested column's type: a list, a struct or a leaf, with
// what the levels of the leaves below say about it (Melnik and others, "Dremel:
// Interactive Analysis of Web-Scale Datasets", VLDB 2010).
//
// An entry, one repetition and one definition level, is a place for a value of
// the field when its repetition level is at most slotRep and its definition
// level at least slotDef: those of the list that encloses the field. The value
// is not NULL when the definition level is at least def.
type field struct {
	typ      types.Type
	slotRep  int
	slotDef  int
	def      int
	list     bool // children[0] are the elements; a map is a list of structs
	elemRep  int  // of a list: the repetition level of elements but the first
	elemDef  int  // of a list: the definition level from which on there is an element
	children []*field
	first    int // ordinal of the first leaf below; of a leaf, its own
	leaves   int // how many leaves there are below
}

// readable reports whether every struct below has a leaf to tell its length.
func (f *field) readable() bool {
	if f.leaves == 0 {
		return false
	}
	for _, c := range f.children {
		if !c.readable() {
			return false
		}
	}
	return true
}

// fieldOf makes the field of n, by the rules of the format's LogicalTypes.md,
// "Nested Types", those for older writers included.
func (s *schema) fieldOf(n *node, slotRep, slotDef int) *field {
	if n.repetition != repRepeated {
		return s.valueOf(n, slotRep, slotDef)
	}
	// A repeated field outside of a LIST or MAP is a list that is never NULL.
	return s.listOf(s.valueOf(n, n.maxRep, n.maxDef), n, n.maxDef-1, slotRep, slotDef)
}

// listOf makes a list, not NULL from level def on, of what repeats with r.
func (s *schema) listOf(elem *field, r *node, def, slotRep, slotDef int) *field {
	return &field{
		typ: types.ListOf(elem.typ), slotRep: slotRep, slotDef: slotDef, def: def,
		list: true, elemRep: r.maxRep, elemDef: r.maxDef,
		children: []*field{elem}, first: elem.first, leaves: elem.leaves,
	}
}

// valueOf makes the field of n's values, whatever its repetition.
func (s *schema) valueOf(n *node, slotRep, slotDef int) *field {
	if n.leaf >= 0 {
		return &field{typ: s.leaves[n.leaf].kind.typ, slotRep: slotRep, slotDef: slotDef, def: n.maxDef, first: n.leaf, leaves: 1}
	}
	isList := n.logical.kind == ltList || n.converted == ctList
	isMap := n.logical.kind == ltMap || n.converted == ctMap || n.converted == ctMapKeyValue
	if (isList || isMap) && len(n.children) == 1 && n.children[0].repetition == repRepeated {
		r := n.children[0]
		if isMap && len(r.children) == 2 {
			m := s.listOf(s.structOf(r, r.maxRep, r.maxDef), r, n.maxDef, slotRep, slotDef)
			kv := m.children[0]
			m.typ = types.MapOf(kv.children[0].typ, kv.children[1].typ)
			kv.typ = types.StructOf(m.typ.Ext.Fields...)
			return m
		}
		// A map without values is the list of its keys.
		if isMap && len(r.children) == 1 || isList && len(r.children) == 1 && r.name != "array" && r.name != n.name+"_tuple" {
			return s.listOf(s.fieldOf(r.children[0], r.maxRep, r.maxDef), r, n.maxDef, slotRep, slotDef)
		}
		if isList {
			return s.listOf(s.valueOf(r, r.maxRep, r.maxDef), r, n.maxDef, slotRep, slotDef)
		}
	}
	return s.structOf(n, slotRep, slotDef)
}

// structOf makes the struct of n's children.
func (s *schema) structOf(n *node, slotRep, slotDef int) *field {
	f := &field{slotRep: slotRep, slotDef: slotDef, def: n.maxDef}
	fields := make([]types.Field, len(n.children))
	seen := map[string]bool{}
	for i, c := range n.children {
		child := s.fieldOf(c, slotRep, slotDef)
		if f.leaves == 0 {
			f.first = child.first
		}
		f.leaves += child.leaves
		f.children = append(f.children, child)
		fields[i] = types.Field{Name: uniqueName(c.name, seen), Type: child.typ}
	}
	f.typ = types.StructOf(fields...)
	return f
}
