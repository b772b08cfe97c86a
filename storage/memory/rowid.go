package memory

import (
	"slices"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// idBytes is the size of an entry of group.ids.
const idBytes = 4

// WithRowIDs implements storage.RowIdentifier. Rows are numbered from 0 in the
// order in which they were added; an update keeps a row's number, those of deleted
// rows are not used again.
func (s *snapshot) WithRowIDs() storage.Table {
	if s.ids {
		return s
	}
	id := storage.Column{Name: "rowid", Type: types.Of(types.BigInt), NotNull: true}
	return &snapshot{t: s.t, cols: append(slices.Clip(s.cols), id), groups: s.groups, ids: true}
}

// id returns the row ID of row i.
func (g *group) id(i int) int64 {
	if g.ids == nil {
		return g.first + int64(i)
	}
	return g.first + int64(g.ids[i])
}

// readIDs makes v the row IDs of rows [from, from+n).
func (g *group) readIDs(v *vector.Vector, from, n int) {
	v.Resize(n)
	dst := vector.Values[int64](v)
	if g.ids == nil {
		for i := range dst {
			dst[i] = g.first + int64(from+i)
		}
		return
	}
	for i, id := range g.ids[from : from+n] {
		dst[i] = g.first + int64(id)
	}
}

// idStats are the statistics of the row IDs of row groups.
func idStats(groups []*group) storage.ColumnStats {
	var st storage.ColumnStats
	for _, g := range groups {
		if g.rows == 0 {
			continue
		}
		t := types.Of(types.BigInt)
		if !st.HasMinMax {
			st.HasMinMax, st.Min = true, types.IntValue(t, g.id(0))
		}
		st.Max = types.IntValue(t, g.id(g.rows-1))
		st.Distinct += float64(g.rows)
	}
	return st
}
