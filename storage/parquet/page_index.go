package parquet

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// maxIndexBytes bounds the index of one column chunk that is worth reading.
const maxIndexBytes = 4 << 20

// rowRange is rows of a row group, from first up to but not including end.
type rowRange struct{ first, end int64 }

// columnIndex holds the bounds of a chunk's pages; slices point into the bytes
// it was parsed from.
type columnIndex struct {
	nullPages  []bool
	min, max   [][]byte
	nullCounts []int64 // nil: unknown
}

// pruneByPages asks the page index of the columns that predicates are on which
// rows of row group number group cannot pass, and sets r.holes to them. An
// index that is missing or makes no sense prunes nothing.
func (r *Reader) pruneByPages(ctx context.Context, group int) error {
	r.holes, r.hole = r.holes[:0], 0
	g := &r.s.file.groups[group]
	for i := range r.s.filters {
		sc := &r.s.columns[i]
		if sc.leaf < 0 || !slices.ContainsFunc(sc.preds, refutable) {
			continue
		}
		if err := r.pruneByColumn(ctx, g, sc); err != nil {
			return err
		}
	}
	if len(r.holes) > 1 {
		r.holes = merge(r.holes)
	}
	return nil
}

// refutable reports whether statistics can refute p.
func refutable(p *storage.Predicate) bool { return p.Op != storage.None }

// pruneByColumn adds the rows of pages that predicates on one column refute.
func (r *Reader) pruneByColumn(ctx context.Context, g *rowGroup, sc *scanColumn) error {
	leaf := &r.s.file.schema.leaves[sc.leaf]
	meta := &g.columns[sc.leaf]
	if leaf.node.maxRep > 0 || meta.columnIndexLen == 0 || meta.offsetIndexLen == 0 {
		return nil
	}
	b, err := r.readIndex(ctx, &r.index, meta.columnIndexOff, meta.columnIndexLen)
	if b == nil || err != nil {
		return err
	}
	var ci columnIndex
	if parseColumnIndex(b, &ci) != nil || len(ci.nullPages) < 2 {
		return nil
	}
	var bad []int // pages
	for p := range ci.nullPages {
		st := leaf.pageStats(&ci, p)
		for _, pred := range sc.preds {
			if refutable(pred) && !slices.ContainsFunc(pred.Values, wrongType(leaf)) && pred.Refuted(&st, pageRows) {
				bad = append(bad, p)
				break
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	// The bounds are not needed any more: their buffer is free.
	if b, err = r.readIndex(ctx, &r.index, meta.offsetIndexOff, meta.offsetIndexLen); b == nil || err != nil {
		return err
	}
	first, err := parseOffsetIndex(b)
	if err != nil || len(first) != len(ci.nullPages) || first[0] != 0 || first[len(first)-1] > g.numRows || !slices.IsSorted(first) {
		return nil
	}
	for _, p := range bad {
		end := g.numRows
		if p+1 < len(first) {
			end = first[p+1]
		}
		if n := len(r.holes); n > 0 && r.holes[n-1].end == first[p] {
			r.holes[n-1].end = end
		} else if end > first[p] {
			r.holes = append(r.holes, rowRange{first[p], end})
		}
	}
	return nil
}

// pageRows stands for the number of rows of a page, which the index does not
// tell directly: a page of nothing but NULL has as many.
const pageRows = 1 << 40

// pageStats returns the bounds of page p, which has pageRows rows.
func (l *leafColumn) pageStats(ci *columnIndex, p int) storage.ColumnStats {
	if ci.nullPages[p] {
		return storage.ColumnStats{NullCount: pageRows}
	}
	s := storage.ColumnStats{NullCount: -1}
	if l.node.maxDef == 0 || ci.nullCounts != nil && ci.nullCounts[p] == 0 {
		s.NullCount = 0
	}
	if l.order || l.signedOrder() {
		l.setBounds(&s, ci.min[p], ci.max[p])
	}
	return s
}

// merge sorts ranges and joins those that overlap.
func merge(in []rowRange) []rowRange {
	slices.SortFunc(in, func(a, b rowRange) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	out := in[:1]
	for _, r := range in[1:] {
		if last := &out[len(out)-1]; r.first <= last.end {
			last.end = max(last.end, r.end)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// nextHole returns the range to pass over that r.row lies in (ok), and else the
// row at which the next one begins, at most r.end.
func (r *Reader) nextHole() (end int64, ok bool) {
	for r.hole < len(r.holes) && r.holes[r.hole].end <= r.row {
		r.hole++
	}
	if r.hole == len(r.holes) || r.holes[r.hole].first >= r.end {
		return r.end, false
	}
	if h := r.holes[r.hole]; h.first > r.row {
		return h.first, false
	}
	return min(r.holes[r.hole].end, r.end), true
}

// readIndex reads n bytes at off of the file into buf; nil when they cannot be
// an index.
func (r *Reader) readIndex(ctx context.Context, buf *[]byte, off int64, n int32) (_ []byte, err error) {
	if n <= 0 || n > maxIndexBytes || off < 4 || off > r.s.file.info.Size-int64(n) {
		return nil, nil
	}
	if *buf, err = r.mem.resize(*buf, int(n)); err != nil {
		return nil, err
	}
	if err := r.fetch.read(*buf, off); err != nil {
		return nil, err
	}
	return *buf, nil
}

// parseColumnIndex reads the structure ColumnIndex.
func parseColumnIndex(b []byte, ci *columnIndex) error {
	t := &thrift{b: b}
	for id, typ := range t.fields {
		if typ != tList || id > 5 || id == 4 {
			t.skip(typ)
			continue
		}
		n, elem := t.list()
		for i := 0; i < n && t.err == nil; i++ {
			switch {
			case id == 1 && (elem == tTrue || elem == tFalse):
				ci.nullPages = append(ci.nullPages, t.byte() == tTrue)
			case id == 2 && elem == tBinary:
				ci.min = append(ci.min, nonNil(t.binary()))
			case id == 3 && elem == tBinary:
				ci.max = append(ci.max, nonNil(t.binary()))
			case id == 5 && elem == tI64:
				ci.nullCounts = append(ci.nullCounts, t.i64())
			default:
				t.fail(errThriftBad)
			}
		}
	}
	if n := len(ci.nullPages); len(ci.min) != n || len(ci.max) != n || ci.nullCounts != nil && len(ci.nullCounts) != n {
		t.fail(errThriftBad)
	}
	return t.err
}

// parseOffsetIndex returns each page's first row, from the structure
// OffsetIndex.
func parseOffsetIndex(b []byte) (first []int64, err error) {
	t := &thrift{b: b}
	for id, typ := range t.fields {
		if id != 1 || typ != tList {
			t.skip(typ)
			continue
		}
		n := t.structs(len(b))
		for i := 0; i < n && t.err == nil; i++ {
			first = append(first, t.pageLocation())
		}
	}
	if len(first) == 0 {
		t.fail(errThriftBad)
	}
	return first, t.err
}

// pageLocation returns the field first_row_index.
func (t *thrift) pageLocation() int64 {
	first := int64(-1)
	for id, typ := range t.fields {
		if id == 3 && typ == tI64 {
			first = t.i64()
			continue
		}
		t.skip(typ)
	}
	return first
}

// equalities returns the values of which one must be in a column for p to pass
// some row; ok is false when p is of another kind.
func equalities(p *storage.Predicate) (values []types.Value, ok bool) {
	return p.Values, p.Op == storage.Equal && len(p.Values) == 1 || p.Op == storage.In
}
