package scalar

import (
	"cmp"
	"slices"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// A MAP is a list of structs of key and value.
var anyMap = types.Of(types.Map)

// mapTypes returns the types of a map's keys and values.
func mapTypes(t types.Type) (key, value types.Type, err error) {
	if t.ID != types.Map || t.Ext == nil || len(t.Ext.Fields) != 2 {
		return key, value, sqlerr.New(sqlerr.CodeUndefinedFunction, "a map is wanted, not %s", t)
	}
	return t.Ext.Fields[0].Type, t.Ext.Fields[1].Type, nil
}

// keyCheck finds keys that a map must not have.
type keyCheck struct {
	hashes []uint64
	order  []uint32
	cache  kernel.HashCache
}

// check refuses NULL and equal keys among the n elements of keys from offset on.
func (k *keyCheck) check(keys *vector.Vector, offset, n int) error {
	for i := offset; i < offset+n; i++ {
		if keys.IsNull(i) {
			return sqlerr.New(sqlerr.CodeNullNotAllowed, "map keys must not be NULL")
		}
	}
	if n < 2 {
		return nil
	}
	k.order = k.order[:0]
	for i := range n {
		k.order = append(k.order, uint32(offset+i))
	}
	if n > 8 {
		// Equal keys hash alike, so that only neighbours need be compared.
		if len(k.hashes) < keys.Len {
			k.hashes = make([]uint64, max(keys.Len, 2*len(k.hashes)))
		}
		kernel.Hash(keys, n, k.order, 0, k.hashes, false, &k.cache)
		slices.SortFunc(k.order, func(a, b uint32) int { return cmp.Compare(k.hashes[a], k.hashes[b]) })
	}
	for i, a := range k.order {
		for _, b := range k.order[i+1:] {
			if n > 8 && k.hashes[a] != k.hashes[b] {
				break
			}
			if kernel.CompareAt(keys, int(a), keys, int(b)) == 0 {
				return sqlerr.New(sqlerr.CodeDuplicateObjectKey, "map keys must be unique")
			}
		}
	}
	return nil
}

// flatElements returns the elements of a list column as a flat vector.
func flatElements(v *vector.Vector) *vector.Vector {
	if v.Form == vector.Flat {
		return v
	}
	flat := vector.New(v.Type)
	flat.Reference(v)
	flat.Flatten()
	return flat
}

// runMap makes maps of lists of keys and of values.
func runMap(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	keys, values, r := numArg[types.ListEntry](c, args, 0), numArg[types.ListEntry](c, args, 1), living(c)
	dst, entries := vector.Values[types.ListEntry](out), out.Children[0]
	kc, vc := flatElements(keys.view.Children[0]), flatElements(values.view.Children[0])
	var check keyCheck
	var kp, vp []uint32
	for k := range r.n {
		p := r.at(k)
		if keys.null(p) || values.null(p) {
			continue
		}
		ke, ve := keys.at(p), values.at(p)
		if ke.Length != ve.Length {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "a map of %d keys and %d values", ke.Length, ve.Length)
		}
		if err := check.check(kc, int(ke.Offset), int(ke.Length)); err != nil {
			return err
		}
		dst[p] = types.ListEntry{Offset: uint32(len(kp)), Length: ke.Length}
		for i := range ke.Length {
			kp, vp = append(kp, ke.Offset+i), append(vp, ve.Offset+i)
		}
	}
	putEntries(entries, kc, kp, vc, vp)
	return nil
}

// putEntries makes the entries of maps from keys and values at positions.
func putEntries(entries, keys *vector.Vector, kp []uint32, values *vector.Vector, vp []uint32) {
	entries.Resize(0)
	entries.Grow(len(kp))
	kernel.Copy(entries.Children[0], 0, keys, kp, len(kp))
	kernel.Copy(entries.Children[1], 0, values, vp, len(vp))
}

func bindMap(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	k, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	v, err := elementType(args[1])
	if err != nil {
		return nil, err
	}
	return &function.Bound{Params: []types.Type{types.ListOf(k), types.ListOf(v)}, Return: types.MapOf(k, v), CanFail: true, Kernel: runMap}, nil
}

func bindEmptyMap([]types.Type, []*types.Value) (*function.Bound, error) {
	null := types.Of(types.Null)
	return &function.Bound{Return: types.MapOf(null, null), Kernel: func(*function.Call, []*vector.Vector, *vector.Vector) error { return nil }}, nil
}

// runMapFromEntries makes maps of lists of pairs.
func runMapFromEntries(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	list, r := numArg[types.ListEntry](c, args, 0), living(c)
	dst := vector.Values[types.ListEntry](out)
	pairs := flatElements(list.view.Children[0])
	kc, vc := flatElements(pairs.Children[0]), flatElements(pairs.Children[1])
	var check keyCheck
	var pos []uint32
	for k := range r.n {
		p := r.at(k)
		if list.null(p) {
			continue
		}
		e := list.at(p)
		for i := range e.Length {
			if pairs.IsNull(int(e.Offset + i)) {
				return sqlerr.New(sqlerr.CodeNullNotAllowed, "an entry of a map must not be NULL")
			}
		}
		if err := check.check(kc, int(e.Offset), int(e.Length)); err != nil {
			return err
		}
		dst[p] = types.ListEntry{Offset: uint32(len(pos)), Length: e.Length}
		for i := range e.Length {
			pos = append(pos, e.Offset+i)
		}
	}
	putEntries(out.Children[0], kc, pos, vc, pos)
	return nil
}

func bindMapFromEntries(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	pair, err := elementType(args[0])
	if err != nil {
		return nil, err
	}
	if pair.ID != types.Struct || len(pair.Ext.Fields) != 2 {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "a list of pairs is wanted, not %s", args[0])
	}
	return &function.Bound{
		Params: args, Return: types.MapOf(pair.Ext.Fields[0].Type, pair.Ext.Fields[1].Type), CanFail: true, Kernel: runMapFromEntries,
	}, nil
}

// findKey returns the place of the entry with the key at position p of want, -1
// when there is none.
func findKey(keys *vector.Vector, e types.ListEntry, want *vector.Vector, p int) int {
	for i := int(e.Offset); i < int(e.Offset)+int(e.Length); i++ {
		if kernel.CompareAt(keys, i, want, p) == 0 {
			return i
		}
	}
	return -1
}

// runMapValue gives the value of a key, NULL without one.
func runMapValue(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	maps, r := numArg[types.ListEntry](c, args, 0), living(c)
	entries := flatElements(maps.view.Children[0])
	keys, values := flatElements(entries.Children[0]), flatElements(entries.Children[1])
	codes, sel := make([]uint32, c.N), make([]uint32, 0, r.n)
	for k := range r.n {
		p := r.at(k)
		at := -1
		if !maps.null(p) && !args[1].IsNull(p) {
			at = findKey(keys, maps.at(p), args[1], p)
		}
		if at < 0 {
			out.SetNull(p)
			continue
		}
		codes[p] = uint32(at)
		sel = append(sel, uint32(p))
	}
	if len(sel) > 0 {
		at := vector.New(values.Type)
		at.SetDictionary(values, codes, 0)
		kernel.Put(out, at, sel, len(sel))
	}
	return nil
}

// runMapValues gives the value of a key as a list of one or no element, which is
// NULL's too; NULL for a map that is NULL.
func runMapValues(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	maps, r := numArg[types.ListEntry](c, args, 0), living(c)
	entries := flatElements(maps.view.Children[0])
	keys, values := flatElements(entries.Children[0]), flatElements(entries.Children[1])
	dst := vector.Values[types.ListEntry](out)
	for k := range r.n {
		p := r.at(k)
		dst[p] = types.ListEntry{}
		if maps.null(p) {
			out.SetNull(p)
			continue
		}
		if args[1].IsNull(p) {
			continue
		}
		if at := findKey(keys, maps.at(p), args[1], p); at >= 0 {
			dst[p] = types.ListEntry{Offset: uint32(at), Length: 1}
		}
	}
	out.Children[0].Reference(values)
	return nil
}

// runMapContains asks whether there is a key.
func runMapContains(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	maps, r := numArg[types.ListEntry](c, args, 0), living(c)
	keys := flatElements(flatElements(maps.view.Children[0]).Children[0])
	for k := range r.n {
		p := r.at(k)
		if !maps.null(p) && !args[1].IsNull(p) {
			out.Data[p] = flag(findKey(keys, maps.at(p), args[1], p) >= 0)
		}
	}
	return nil
}

// bindKeyed binds a function of a map and a key.
func bindKeyed(kernel function.Kernel, result func(value types.Type) types.Type) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		k, v, err := mapTypes(args[0])
		if err != nil {
			return nil, err
		}
		return &function.Bound{Params: []types.Type{args[0], k}, Return: result(v), Kernel: kernel}, nil
	}
}

// bindMapValues binds map_extract, whose key may be NULL.
func bindMapValues(args []types.Type, consts []*types.Value) (*function.Bound, error) {
	b, err := bindKeyed(runMapValues, types.ListOf)(args, consts)
	if err == nil {
		b.Nulls = function.Special
	}
	return b, err
}

// runMapPart shows the keys or the values, or the entries themselves, as lists.
func runMapPart(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	maps, r := numArg[types.ListEntry](c, args, 0), living(c)
	dst := vector.Values[types.ListEntry](out)
	for k := range r.n {
		if p := r.at(k); !maps.null(p) {
			dst[p] = maps.at(p)
		}
	}
	part := flatElements(maps.view.Children[0])
	if i := c.Bound.Data.(int); i >= 0 {
		part = part.Children[i]
	}
	out.Children[0].Reference(part)
	return nil
}

func bindMapPart(part int) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		k, v, err := mapTypes(args[0])
		if err != nil {
			return nil, err
		}
		of := types.StructOf(args[0].Ext.Fields...)
		switch part {
		case 0:
			of = k
		case 1:
			of = v
		}
		return &function.Bound{Params: args, Return: types.ListOf(of), Kernel: runMapPart, Data: part}, nil
	}
}

// runCardinality counts the entries of maps.
func runCardinality(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	maps, r, dst := numArg[types.ListEntry](c, args, 0), living(c), vector.Values[uint64](out)
	for k := range r.n {
		if p := r.at(k); !maps.null(p) {
			dst[p] = uint64(maps.at(p).Length)
		}
	}
	return nil
}

func bindCardinality(args []types.Type, _ []*types.Value) (*function.Bound, error) {
	if _, _, err := mapTypes(args[0]); err != nil {
		return nil, err
	}
	return &function.Bound{Params: args, Return: ubigint, Kernel: runCardinality}, nil
}

func same(t types.Type) types.Type { return t }

var maps = []*function.Scalar{
	{Name: "map", Category: "map", Description: "A map of a list of keys and a list of values; without arguments, an empty one.", Example: "map(['a'], [1])", Result: "{a=1}",
		Overloads: []function.Overload{binding(bindMap, anyList, anyList), binding(bindEmptyMap)}},
	{Name: "map_from_entries", Category: "map", Description: "A map of a list of structs of key and value.", Example: "map_from_entries([row('a', 1)])", Result: "{a=1}",
		Overloads: []function.Overload{binding(bindMapFromEntries, anyList)}},
	{Name: "map_extract_value", Category: "map", Description: "The value of a key, NULL without one.", Example: "map_extract_value(map(['a'], [1]), 'a')", Result: "1",
		Overloads: []function.Overload{binding(bindKeyed(runMapValue, same), anyMap, anyType)}},
	{Name: "map_extract", Aliases: []string{"element_at"}, Category: "map", Description: "A list of the value of a key, empty without one.", Example: "map_extract(map(['a'], [1]), 'a')", Result: "[1]",
		Overloads: []function.Overload{binding(bindMapValues, anyMap, anyType)}},
	{Name: "map_contains", Category: "map", Description: "Whether a map has a key.", Example: "map_contains(map(['a'], [1]), 'a')", Result: "true",
		Overloads: []function.Overload{binding(bindKeyed(runMapContains, func(types.Type) types.Type { return boolean }), anyMap, anyType)}},
	{Name: "map_keys", Category: "map", Description: "The keys of a map.", Example: "map_keys(map(['a'], [1]))", Result: "[a]", Overloads: []function.Overload{binding(bindMapPart(0), anyMap)}},
	{Name: "map_values", Category: "map", Description: "The values of a map.", Example: "map_values(map(['a'], [1]))", Result: "[1]", Overloads: []function.Overload{binding(bindMapPart(1), anyMap)}},
	{Name: "map_entries", Category: "map", Description: "The entries of a map as structs.", Example: "map_entries(map(['a'], [1]))", Result: "[{'key': a, 'value': 1}]", Overloads: []function.Overload{binding(bindMapPart(-1), anyMap)}},
	{Name: "cardinality", Category: "map", Description: "The number of entries of a map.", Example: "cardinality(map(['a'], [1]))", Result: "1", Overloads: []function.Overload{binding(bindCardinality, anyMap)}},
}
