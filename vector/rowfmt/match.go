package rowfmt

import (
	"bytes"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Match compares the first keys columns: candidate k, an index into rows and
// into the positions sel (nil: position k), is equal when each column of the
// row at rows[k] holds what in has at the position. NULL equals NULL if
// nullsEqual, otherwise nothing. bufs resolves the rows' strings.
//
// The candidates that are equal are moved to the front of cand, which is
// returned cut to them; the others are appended to miss, which must have room
// for len(cand) more. Both keep their order only as far as one column decides.
func (l *Layout) Match(in *Input, keys int, sel []uint32, rows []raw.Addr, cand []uint32, bufs [][]byte, nullsEqual bool, miss []uint32) (equal, unequal []uint32) {
	for c := 0; c < keys && len(cand) > 0; c++ {
		col := &l.cols[c]
		w := &in.views[c]
		if col.kind == nested {
			cand, miss = matchNested(in, c, col, sel, rows, cand, bufs, nullsEqual, miss)
			continue
		}
		at := in.candidates(c, sel, cand)
		m := matcher{col: col, rows: rows, at: at, valid: w.Valid}
		if nullsEqual {
			m.both = 1
		}
		room := miss[len(miss) : len(miss)+len(cand)]
		var n int
		switch col.kind {
		case fixed1:
			n = matchFixed(&m, w.Data, cand, room)
		case fixed2:
			n = matchFixed(&m, raw.Cast[uint16](w.Data), cand, room)
		case fixed4:
			n = matchFixed(&m, raw.Cast[uint32](w.Data), cand, room)
		case fixed8:
			n = matchFixed(&m, raw.Cast[uint64](w.Data), cand, room)
		case fixed16:
			n = matchFixed(&m, raw.Cast[types.Int128](w.Data), cand, room)
		case float32s:
			n = matchFloat(&m, raw.Cast[float32](w.Data), cand, room)
		case float64s:
			n = matchFloat(&m, raw.Cast[float64](w.Data), cand, room)
		case intervals:
			n = matchIntervals(&m, raw.Cast[types.Interval](w.Data), cand, room)
		case stringRefs:
			n = matchStrings(&m, raw.Cast[types.StringRef](w.Data), w.Bufs, bufs, cand, room)
		}
		miss = miss[:len(miss)+len(cand)-n]
		cand = cand[:n]
	}
	return cand, miss
}

type matcher struct {
	col   *column
	rows  []raw.Addr
	at    []uint32 // element of each candidate
	valid vector.Bitmap
	both  uint8 // 1: NULL equals NULL
}

// settle decides candidate j from "the values are equal" and both validities.
func (m *matcher) settle(r raw.Addr, e uint32, same uint8) uint8 {
	row := *raw.At[uint8](r, m.col.byt) >> m.col.bit & 1
	key := uint8(1)
	if m.valid != nil {
		key = uint8(m.valid[e>>6]>>(e&63)) & 1
	}
	return same&row&key | m.both&^(row|key)
}

func matchFixed[T comparable](m *matcher, vals []T, cand, miss []uint32) int {
	ne, nm := 0, 0
	off, byt, bit := m.col.off, m.col.byt, m.col.bit
	rows, at := m.rows, m.at[:len(cand)]
	if m.valid == nil {
		for j, k := range cand {
			r := rows[k]
			eq := uint8(0)
			if *raw.At[T](r, off) == vals[at[j]] {
				eq = 1
			}
			eq &= *raw.At[uint8](r, byt) >> bit
			cand[ne] = k
			ne += int(eq)
			miss[nm] = k
			nm += int(1 - eq)
		}
		return ne
	}
	for j, k := range cand {
		r, e := rows[k], at[j]
		eq := uint8(0)
		if *raw.At[T](r, off) == vals[e] {
			eq = 1
		}
		if eq = m.settle(r, e, eq); eq != 0 {
			cand[ne] = k
			ne++
		} else {
			miss[nm] = k
			nm++
		}
	}
	return ne
}

func matchFloat[T float32 | float64](m *matcher, vals []T, cand, miss []uint32) int {
	ne, nm := 0, 0
	for j, k := range cand {
		r, e := m.rows[k], m.at[j]
		eq := uint8(0)
		if a, b := *raw.At[T](r, m.col.off), vals[e]; a == b || a != a && b != b {
			eq = 1
		}
		if m.settle(r, e, eq) != 0 {
			cand[ne] = k
			ne++
		} else {
			miss[nm] = k
			nm++
		}
	}
	return ne
}

func matchIntervals(m *matcher, vals []types.Interval, cand, miss []uint32) int {
	ne, nm := 0, 0
	for j, k := range cand {
		r, e := m.rows[k], m.at[j]
		eq := uint8(0)
		if raw.At[types.Interval](r, m.col.off).Cmp(vals[e]) == 0 {
			eq = 1
		}
		if m.settle(r, e, eq) != 0 {
			cand[ne] = k
			ne++
		} else {
			miss[nm] = k
			nm++
		}
	}
	return ne
}

func matchStrings(m *matcher, vals []types.StringRef, valBufs, rowBufs [][]byte, cand, miss []uint32) int {
	ne, nm := 0, 0
	for j, k := range cand {
		r, e := m.rows[k], m.at[j]
		eq := uint8(0)
		a, b := raw.At[types.StringRef](r, m.col.off), &vals[e]
		// A NULL's reference may be long, but then row or key has no bit.
		if a.Lo == b.Lo {
			if a.Inline() {
				if a.Hi == b.Hi {
					eq = 1
				}
			} else if m.valid == nil || m.valid.Get(int(e)) {
				if bytes.Equal(vector.Str(a, rowBufs), vector.Str(b, valBufs)) {
					eq = 1
				}
			}
		}
		if m.settle(r, e, eq) != 0 {
			cand[ne] = k
			ne++
		} else {
			miss[nm] = k
			nm++
		}
	}
	return ne
}

func matchNested(in *Input, c int, col *column, sel []uint32, rows []raw.Addr, cand []uint32, bufs [][]byte, nullsEqual bool, miss []uint32) ([]uint32, []uint32) {
	v := in.cols[c]
	ne := 0
	for _, k := range cand {
		p := int(k)
		if sel != nil {
			p = int(sel[k])
		}
		r := rows[k]
		rowNull := *raw.At[uint8](r, col.byt)>>col.bit&1 == 0
		eq := false
		if keyNull := v.IsNull(p); rowNull || keyNull {
			eq = rowNull && keyNull && nullsEqual
		} else {
			in.blob = AppendValue(in.blob[:0], v, p)
			eq = sameBlob(v.Type, in.blob, vector.Str(raw.At[types.StringRef](r, col.off), bufs))
		}
		if eq {
			cand[ne] = k
			ne++
		} else {
			miss = append(miss, k)
		}
	}
	return cand[:ne], miss
}

// MatchRows compares the first keys columns of the rows a[k] and b[k] for each
// candidate k, NULL being equal to NULL. bufsA and bufsB resolve their strings.
// cand and miss are as for Match.
func (l *Layout) MatchRows(keys int, a, b []raw.Addr, cand []uint32, bufsA, bufsB [][]byte, miss []uint32) (equal, unequal []uint32) {
	for c := 0; c < keys && len(cand) > 0; c++ {
		col := &l.cols[c]
		room := miss[len(miss) : len(miss)+len(cand)]
		var n int
		switch col.kind {
		case fixed1:
			n = matchRowsFixed[uint8](col, a, b, cand, room)
		case fixed2:
			n = matchRowsFixed[uint16](col, a, b, cand, room)
		case fixed4:
			n = matchRowsFixed[uint32](col, a, b, cand, room)
		case fixed8:
			n = matchRowsFixed[uint64](col, a, b, cand, room)
		case fixed16:
			n = matchRowsFixed[types.Int128](col, a, b, cand, room)
		default:
			n = matchRowsOther(l.Types[c], col, a, b, cand, bufsA, bufsB, room)
		}
		miss = miss[:len(miss)+len(cand)-n]
		cand = cand[:n]
	}
	return cand, miss
}

func matchRowsFixed[T comparable](col *column, a, b []raw.Addr, cand, miss []uint32) int {
	ne, nm := 0, 0
	for _, k := range cand {
		x, y := a[k], b[k]
		vx, vy := *raw.At[uint8](x, col.byt)>>col.bit&1, *raw.At[uint8](y, col.byt)>>col.bit&1
		if vx == vy && (vx == 0 || *raw.At[T](x, col.off) == *raw.At[T](y, col.off)) {
			cand[ne] = k
			ne++
		} else {
			miss[nm] = k
			nm++
		}
	}
	return ne
}

func matchRowsOther(t types.Type, col *column, a, b []raw.Addr, cand []uint32, bufsA, bufsB [][]byte, miss []uint32) int {
	ne, nm := 0, 0
	for _, k := range cand {
		x, y := a[k], b[k]
		vx, vy := *raw.At[uint8](x, col.byt)>>col.bit&1, *raw.At[uint8](y, col.byt)>>col.bit&1
		eq := vx == vy
		if eq && vx != 0 {
			switch col.kind {
			case float32s:
				f, g := *raw.At[float32](x, col.off), *raw.At[float32](y, col.off)
				eq = f == g || f != f && g != g
			case float64s:
				f, g := *raw.At[float64](x, col.off), *raw.At[float64](y, col.off)
				eq = f == g || f != f && g != g
			case intervals:
				eq = raw.At[types.Interval](x, col.off).Cmp(*raw.At[types.Interval](y, col.off)) == 0
			case stringRefs, nested:
				f, g := raw.At[types.StringRef](x, col.off), raw.At[types.StringRef](y, col.off)
				switch {
				case col.kind == nested:
					eq = sameBlob(t, vector.Str(f, bufsA), vector.Str(g, bufsB))
				case f.Lo != g.Lo:
					eq = false
				case f.Inline():
					eq = f.Hi == g.Hi
				default:
					eq = bytes.Equal(vector.Str(f, bufsA), vector.Str(g, bufsB))
				}
			}
		}
		if eq {
			cand[ne] = k
			ne++
		} else {
			miss[nm] = k
			nm++
		}
	}
	return ne
}
