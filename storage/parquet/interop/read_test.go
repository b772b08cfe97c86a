package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/parquet"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// scan returns, a column each, the selected values of a scan with one reader,
// and how many rows there are. Every third call scans a second time with every
// page going through a temporary file, which must give the same.
func scan(t storage.Table, spec *storage.ScanSpec) (cols [][]types.Value, rows int, err error) {
	cols, rows, err = scanOnce(t, spec)
	if scans++; scans%3 != 0 {
		return cols, rows, err
	}
	spool := *spec
	spool.Spill, spool.SpoolAlways, spool.Counters = temporary(), true, &storage.ScanCounters{}
	defer spool.Spill.Close()
	again, n, failed := scanOnce(t, &spool)
	switch {
	case (err == nil) != (failed == nil):
		return cols, rows, fmt.Errorf("error %v, through a file %v", err, failed)
	case err != nil && sqlerr.Code(err) != sqlerr.Code(failed):
		return cols, rows, fmt.Errorf("error %v, through a file %v", err, failed)
	case err == nil && (n != rows || !sameValues(again, cols)):
		return cols, rows, fmt.Errorf("the values of %d rows differ when they go through a file", rows)
	}
	if n := spool.Spill.Stats().OpenFiles; n != 0 {
		return cols, rows, fmt.Errorf("%d temporary files were left open", n)
	}
	return cols, rows, err
}

// scans counts the calls of scan; the tests of this package run one by one.
var scans int

// temporary makes a manager of temporary files in memory.
func temporary() *spill.Manager {
	return spill.NewManager(spill.Options{FS: vfs.NewMem(), Dir: "/tmp"})
}

// sameValues compares columns; NaN is like itself.
func sameValues(a, b [][]types.Value) bool {
	return slices.EqualFunc(a, b, func(a, b []types.Value) bool { return slices.EqualFunc(a, b, sameValue) })
}

// sameValue is what reflect.DeepEqual would say, but for NaN, which is like
// itself, and in a tenth of the time.
func sameValue(a, b types.Value) bool {
	return a.IsNull == b.IsNull && a.I == b.I && a.Hi == b.Hi && (a.F == b.F || a.F != a.F && b.F != b.F) && a.S == b.S && a.Iv == b.Iv &&
		a.Type.Equal(b.Type) && slices.EqualFunc(a.Children, b.Children, sameValue)
}

func scanOnce(t storage.Table, spec *storage.ScanSpec) (cols [][]types.Value, rows int, err error) {
	ctx := context.Background()
	s, err := t.Scan(ctx, spec)
	if err != nil {
		return nil, 0, err
	}
	defer s.Close()
	r, err := s.NewReader()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	var ts []types.Type
	for _, c := range spec.Columns {
		ts = append(ts, t.Columns()[c].Type)
	}
	cols = make([][]types.Value, len(ts))
	chunk := vector.NewChunk(ts)
	last := int64(-1)
	for {
		batch, ok, err := r.NextMorsel(ctx)
		if err != nil || !ok {
			return cols, rows, err
		}
		if batch <= last {
			return nil, 0, fmt.Errorf("batch %d after %d", batch, last)
		}
		last = batch
		for {
			ok, err := r.Next(ctx, chunk)
			if err != nil {
				return cols, rows, err
			}
			if !ok {
				break
			}
			n := chunk.NumRows()
			if n == 0 {
				return nil, 0, fmt.Errorf("a chunk without rows")
			}
			rows += n
			for i, v := range chunk.Cols {
				if v.Len != chunk.Len || !v.Type.Equal(ts[i]) {
					return nil, 0, fmt.Errorf("column %d has %d values of type %s, want %d of %s", i, v.Len, v.Type, chunk.Len, ts[i])
				}
				for k := range n {
					cols[i] = append(cols[i], v.Value(chunk.Position(k)))
				}
			}
		}
	}
}

func mustOpen(tb testing.TB, data []byte) *parquet.File {
	tb.Helper()
	f, err := parquet.Open(context.Background(), memFS{"t.parquet": data}, "t.parquet")
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func all(t storage.Table) []int {
	var out []int
	for i := range t.Columns() {
		out = append(out, i)
	}
	return out
}

func compare(t *testing.T, what string, got, want []types.Value) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if g, w := got[i], want[i]; !sameValue(g, w) {
			t.Errorf("%s: row %d is %+v, want %+v", what, i, g, w)
			return
		}
	}
}

func TestEverythingArrowWrites(t *testing.T) {
	cols := columnsOfAllTypes()
	seed := uint64(0)
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Zstd, compress.Codecs.Gzip} {
		for _, v2 := range []bool{false, true} {
			for _, nulls := range []int{0, 20} {
				for _, shape := range []fileSpec{
					{rows: 2049, groups: 1, pageSize: 1 << 20, dictSize: 1 << 20, dict: true},
					{rows: 1300, groups: 2, pageSize: 700, dictSize: 2000, dict: true},
					{rows: 2500, groups: 1, pageSize: 3000, dictSize: 1 << 20, dict: false},
					{rows: 40, groups: 1, pageSize: 1 << 20, dictSize: 1 << 20, dict: true, nulls: 100},
				} {
					seed++
					s := shape
					s.codec, s.v2, s.stats = codec, v2, seed%2 == 0
					s.nulls = max(s.nulls, nulls)
					if testing.Short() && seed%5 != 0 {
						continue
					}
					t.Run(s.String(), func(t *testing.T) {
						checkFile(t, s, seed, cols)
					})
				}
			}
		}
	}
}

func TestOtherEncodings(t *testing.T) {
	cols := columnsOfAllTypes()
	for i, rows := range []int{0, 1, 2, 127, 128, 129, 2048, 3000} {
		s := fileSpec{codec: compress.Codecs.Snappy, v2: i%2 == 0, delta: true, rows: rows, groups: 1, pageSize: 2000, dictSize: 1 << 20, nulls: 15 * (i % 3), stats: true}
		t.Run(s.String(), func(t *testing.T) { checkFile(t, s, uint64(4*i), cols) })
	}
}

func TestSizesAroundVectors(t *testing.T) {
	cols := columnsOfAllTypes()
	for i, rows := range []int{0, 1, 2, 31, 32, 33, 2047, 2048, 2049, 4096} {
		s := fileSpec{codec: compress.Codecs.Snappy, dict: i%2 == 0, rows: rows, groups: 1, pageSize: 1 << 20, dictSize: 1 << 20, nulls: 10 * (i % 3), stats: true}
		t.Run(s.String(), func(t *testing.T) { checkFile(t, s, uint64(i), cols) })
	}
}

func checkFile(t *testing.T, s fileSpec, seed uint64, cols []testColumn) {
	data, want := s.write(t, seed, cols)
	f := mustOpen(t, data)
	for i, c := range f.Columns() {
		if c.Name != cols[i].name || !c.Type.Equal(cols[i].typ) || c.NotNull != (s.nulls == 0) {
			t.Fatalf("column %d is %s %s not null %v, want %s %s", i, c.Name, c.Type, c.NotNull, cols[i].name, cols[i].typ)
		}
	}
	b := budget.New(256 << 20)
	mem := b.Reserve("scan")
	for _, chunkRows := range []int{0, 7} {
		if chunkRows == 7 && seed%8 != 0 {
			continue
		}
		got, rows, err := scan(f, &storage.ScanSpec{Columns: all(f), ChunkRows: chunkRows, Mem: mem})
		if err != nil {
			t.Fatal(err)
		}
		if rows != s.rows*s.groups {
			t.Fatalf("%d rows, want %d", rows, s.rows*s.groups)
		}
		for i := range got {
			compare(t, cols[i].name, got[i], want[i])
		}
	}
	checkPredicates(t, f, cols, want, seed)
	if n := mem.Held(); n != 0 {
		t.Errorf("%d bytes are still reserved", n)
	}
	checkStats(t, f, want, s.rows*s.groups)
}

func checkStats(t *testing.T, f *parquet.File, want [][]types.Value, rows int) {
	t.Helper()
	st, err := f.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !st.Exact || st.NumRows != float64(rows) {
		t.Errorf("statistics say %v rows", st.NumRows)
	}
	for i, c := range st.Columns {
		nulls := int64(0)
		for _, v := range want[i] {
			if v.IsNull {
				nulls++
			} else if c.HasMinMax && (types.Compare(v, c.Min) < 0 || types.Compare(v, c.Max) > 0) {
				t.Errorf("column %d: %+v is outside of %+v … %+v", i, v, c.Min, c.Max)
				break
			}
		}
		if c.NullCount >= 0 && c.NullCount != nulls {
			t.Errorf("column %d has %d NULLs, statistics say %d", i, nulls, c.NullCount)
		}
	}
}

// selector passes values by their comparison with one.
type selector struct {
	op    storage.CompareOp
	value types.Value
}

func (s selector) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	k := 0
	for i := range n {
		p := i
		if sel != nil {
			if i >= len(sel) {
				break
			}
			p = int(sel[i])
		}
		if passes(v.Value(p), s.op, s.value) {
			out[k] = uint32(p)
			k++
		}
	}
	return out[:k], nil
}

func passes(v types.Value, op storage.CompareOp, x types.Value) bool {
	if op == storage.IsNull || op == storage.IsNotNull {
		return v.IsNull == (op == storage.IsNull)
	}
	if v.IsNull {
		return false
	}
	c := types.Compare(v, x)
	switch op {
	case storage.Equal:
		return c == 0
	case storage.NotEqual:
		return c != 0
	case storage.Less:
		return c < 0
	case storage.LessEqual:
		return c <= 0
	case storage.Greater:
		return c > 0
	}
	return c >= 0
}

// checkPredicates compares scans under random conjunctions with filtering the
// known values.
func checkPredicates(t *testing.T, f *parquet.File, cols []testColumn, want [][]types.Value, seed uint64) {
	t.Helper()
	rows := len(want[0])
	if rows == 0 {
		return
	}
	r := rand.New(rand.NewPCG(seed, 2))
	ops := []storage.CompareOp{storage.Equal, storage.NotEqual, storage.Less, storage.LessEqual, storage.Greater, storage.GreaterEqual, storage.IsNull, storage.IsNotNull}
	for range 5 {
		spec := &storage.ScanSpec{Counters: &storage.ScanCounters{}}
		for range 1 + r.IntN(3) {
			c := r.IntN(len(cols))
			op := ops[r.IntN(len(ops))]
			v := want[c][r.IntN(rows)]
			if v.IsNull && op < storage.IsNull {
				continue
			}
			spec.Predicates = append(spec.Predicates, storage.Predicate{Column: c, Op: op, Values: []types.Value{v},
				NewSelector: func() storage.Selector { return selector{op, v} }})
		}
		for range 1 + r.IntN(4) {
			spec.Columns = append(spec.Columns, r.IntN(len(cols)))
		}
		if len(spec.Predicates) > 0 && r.IntN(2) == 0 {
			spec.Columns = append(spec.Columns, spec.Predicates[0].Column)
		}
		expect := make([][]types.Value, len(spec.Columns))
		n := 0
	row:
		for i := range rows {
			for _, p := range spec.Predicates {
				if !passes(want[p.Column][i], p.Op, p.Values[0]) {
					continue row
				}
			}
			n++
			for k, c := range spec.Columns {
				expect[k] = append(expect[k], want[c][i])
			}
		}
		got, count, err := scan(f, spec)
		if err != nil {
			t.Fatal(err)
		}
		if count != n || spec.Counters.RowsOut.Load() != int64(n) {
			t.Errorf("predicates pass %d rows (%d counted), want %d", count, spec.Counters.RowsOut.Load(), n)
		}
		for k := range got {
			compare(t, fmt.Sprintf("filtered by %v, column %s", describe(spec, cols), cols[spec.Columns[k]].name), got[k], expect[k])
		}
	}
}

func describe(spec *storage.ScanSpec, cols []testColumn) (out []string) {
	for _, p := range spec.Predicates {
		out = append(out, fmt.Sprintf("%s op %d %+v", cols[p.Column].name, p.Op, p.Values[0]))
	}
	return out
}
