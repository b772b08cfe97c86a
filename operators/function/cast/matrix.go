package cast

import "github.com/gannetdb/gannet/vector/types"

// maxDepth bounds the nesting of types, as the binder bounds that of
// expressions.
const maxDepth = 1000

// find makes the plan for a pair of types.
func find(from, to types.Type, try bool, depth int) (*plan, error) {
	p := &plan{from: from, to: to, try: try}
	switch {
	case depth > maxDepth, to.ID == types.Invalid, to.ID == types.Any, to.ID == types.Unknown:
		return nil, noCast(from, to)
	case from.ID == types.Null, from.ID == types.Unknown:
		p.run = allNull
		return p, nil
	case from.Equal(to):
		p.run, p.keeps = reference, true
		return p, nil
	case to.ID == types.Varchar:
		p.run, p.session = toText, hasZone(from, depth)
		return p, nil
	case from.ID == types.Varchar:
		return findFromText(p, depth)
	case from.IsNested() && from.ID != types.Enum || to.IsNested() && to.ID != types.Enum:
		return findNested(p, depth)
	case from.ID == types.Enum || to.ID == types.Enum:
		return findEnum(p, depth)
	case from.IsTemporal() || to.IsTemporal():
		p.run, p.session, p.canFail = temporalLoop(from.ID, to.ID)
	case (from.IsNumeric() || from.ID == types.Boolean) && (to.IsNumeric() || to.ID == types.Boolean):
		findNumeric(p)
	}
	if p.run == nil {
		return nil, noCast(from, to)
	}
	return p, nil
}

// hasZone reports whether the text of t depends on the time zone.
func hasZone(t types.Type, depth int) bool {
	if t.ID == types.TimestampTZ {
		return true
	}
	if t.Ext == nil || depth > maxDepth {
		return false
	}
	if t.Ext.Child != nil {
		return hasZone(*t.Ext.Child, depth+1)
	}
	for _, f := range t.Ext.Fields {
		if hasZone(f.Type, depth+1) {
			return true
		}
	}
	return false
}

func findNumeric(p *plan) {
	from, to := p.from, p.to
	_, widening := types.ImplicitCost(from, to)
	p.canFail = !widening
	fp, tp := from.Physical(), to.Physical()
	switch {
	case to.ID == types.Boolean:
		p.run, p.canFail = boolLoop(fp), false
	case from.ID == types.Boolean && to.ID == types.Decimal:
		p.run, p.canFail = boolToDecimal, false
	case from.ID == types.Boolean && (tp == types.PInt128 || tp == types.PUint128):
		p.run, p.canFail = wide, false
	case from.ID == types.Boolean:
		p.run, p.canFail = intLoop(types.PUint8, tp), false
	case from.IsFloat() && to.ID == types.Decimal:
		if p.run = floatToDecimal[float64]; fp == types.PFloat32 {
			p.run = floatToDecimal[float32]
		}
	case from.IsFloat():
		p.run = floatLoop(fp, tp)
	case to.IsFloat() && (from.ID == types.Decimal || from.ID == types.HugeInt || from.ID == types.UHugeInt):
		p.canFail = false
		if p.run = exactToFloat[float64]; tp == types.PFloat32 {
			p.run = exactToFloat[float32]
		}
	case from.ID == types.Decimal || to.ID == types.Decimal:
		findDecimal(p, fp, tp)
	case fp == types.PInt128 || fp == types.PUint128 || tp == types.PInt128 || tp == types.PUint128:
		p.run = wide
	default:
		p.run = intLoop(fp, tp)
	}
}

func findDecimal(p *plan, fp, tp types.Physical) {
	from, to := types.AsDecimal(p.from), types.AsDecimal(p.to)
	if p.to.ID == types.Decimal {
		p.canFail = to.Scale < from.Scale && to.Width-to.Scale <= from.Width-from.Scale ||
			to.Width-to.Scale < from.Width-from.Scale
		if p.from.ID == types.Decimal && fp == tp && from.Scale == to.Scale && to.Width >= from.Width {
			p.run, p.keeps = reference, true
			return
		}
	}
	p.run = decimalLoop(p.from, p.to)
	if p.run == nil {
		p.run = wide
	}
}

func findEnum(p *plan, depth int) (*plan, error) {
	if p.from.ID == types.Enum && p.to.ID == types.Enum {
		to := labelCodes(p.to)
		for _, l := range p.from.Ext.Enum.Labels {
			code := int64(-1)
			if c, ok := to[l]; ok {
				code = int64(c)
			}
			p.codes = append(p.codes, code)
		}
		p.run, p.canFail = enumToEnum, true
		return p, nil
	}
	if p.to.ID == types.Enum {
		return nil, noCast(p.from, p.to)
	}
	text := types.Of(types.Varchar)
	a, err := find(p.from, text, p.try, depth+1)
	if err != nil {
		return nil, err
	}
	b, err := find(text, p.to, p.try, depth+1)
	if err != nil {
		return nil, err
	}
	p.add(a)
	p.add(b)
	p.run = chain
	return p, nil
}

func labelCodes(t types.Type) map[string]uint32 {
	m := make(map[string]uint32, len(t.Ext.Enum.Labels))
	for i, l := range t.Ext.Enum.Labels {
		m[l] = uint32(i)
	}
	return m
}

func findFromText(p *plan, depth int) (*plan, error) {
	p.canFail = true
	p.session = p.to.ID == types.TimestampTZ
	if p.to.ID == types.Enum {
		p.labels = labelCodes(p.to)
	}
	if p.run = textLoop(p.to); p.run != nil {
		return p, nil
	}
	var elems []types.Type
	switch p.to.ID {
	case types.List:
		p.run, elems = textToList, []types.Type{*p.to.Ext.Child}
	case types.Array:
		p.run, elems = textToArray, []types.Type{*p.to.Ext.Child}
	case types.Map, types.Struct:
		if p.run = textToMap; p.to.ID == types.Struct {
			p.run = textToStruct
		}
		for _, f := range p.to.Ext.Fields {
			elems = append(elems, f.Type)
		}
	default:
		return nil, noCast(p.from, p.to)
	}
	return p, addElems(p, p.from, elems, depth)
}

// addElems adds the casts from one type to each of several.
func addElems(p *plan, from types.Type, to []types.Type, depth int) error {
	for _, t := range to {
		e, err := find(from, t, p.try, depth+1)
		if err != nil {
			return err
		}
		p.add(e)
	}
	return nil
}

func findNested(p *plan, depth int) (*plan, error) {
	from, to := p.from, p.to
	switch {
	case from.ID == types.List && to.ID == types.List:
		p.run = listToList
	case from.ID == types.Array && to.ID == types.Array:
		if p.run = arrayToArray; from.Ext.Size != to.Ext.Size {
			return nil, noCast(from, to)
		}
	case from.ID == types.Array && to.ID == types.List:
		p.run = arrayToList
	case from.ID == types.List && to.ID == types.Array:
		p.run, p.canFail = listToArray, true
	case from.ID == types.Map && to.ID == types.Map:
		p.run = listToList
		e, err := find(types.StructOf(from.Ext.Fields...), types.StructOf(to.Ext.Fields...), p.try, depth+1)
		if err != nil {
			return nil, err
		}
		p.add(e)
		return p, nil
	case from.ID == types.Struct && to.ID == types.Struct:
		return structPlan(from, to, p.try, depth)
	default:
		return nil, noCast(from, to)
	}
	return p, addElems(p, *from.Ext.Child, []types.Type{*to.Ext.Child}, depth)
}
