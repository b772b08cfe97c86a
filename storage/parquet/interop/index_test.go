package interop

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/parquet"
	"github.com/gannetdb/gannet/vector/types"
)

// TestIndexes asks for values of the public files' flat columns, those that
// are there and some that are not, with every comparison: page indexes and
// Bloom filters must not change what is found, and must save some work.
func TestIndexes(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "shared", "parquet", "good")
	pages, groups := int64(0), int64(0)
	for _, name := range []string{"alltypes_tiny_pages", "alltypes_tiny_pages_plain", "int32_with_null_pages", "sort_columns",
		"data_index_bloom_encoding_stats", "binary_truncated_min_max", "floating_orders_nan_count", "nan_in_stats"} {
		data, err := os.ReadFile(filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.Skip("the public collection is not there")
		}
		f := mustOpen(t, data)
		cols, _, err := scanOnce(f, &storage.ScanSpec{Columns: all(f)})
		if err != nil {
			t.Fatal(err)
		}
		for c := range cols {
			if f.Columns()[c].Type.IsNested() {
				continue
			}
			n := len(cols[c])
			for i := 0; i < n; i += 1 + n/3 {
				if v := cols[c][i]; !v.IsNull {
					p, g := checkFind(t, f, c, v, cols)
					pages, groups = pages+p, groups+g
				}
			}
			if f.Columns()[c].Type.ID == types.Varchar {
				p, g := checkFind(t, f, c, types.StringValue("no such value"), cols)
				pages, groups = pages+p, groups+g
			}
		}
	}
	if pages == 0 || groups == 0 {
		t.Errorf("%d pages and %d row groups were skipped", pages, groups)
	}
	t.Logf("%d pages and %d row groups were skipped", pages, groups)
}

// checkFind scans for rows whose column c compares to v.
func checkFind(t *testing.T, f *parquet.File, c int, v types.Value, cols [][]types.Value) (pages, groups int64) {
	t.Helper()
	for _, op := range []storage.CompareOp{storage.Equal, storage.Less, storage.Greater, storage.LessEqual, storage.IsNull, storage.IsNotNull} {
		other := len(cols) - 1 - c
		var want, wantOther []types.Value
		for i, x := range cols[c] {
			if passes(x, op, v) {
				want, wantOther = append(want, x), append(wantOther, cols[other][i])
			}
		}
		counters := &storage.ScanCounters{}
		p := storage.Predicate{Column: c, Op: op, Values: []types.Value{v}, NewSelector: func() storage.Selector { return selector{op, v} }}
		got, _, err := scanOnce(f, &storage.ScanSpec{Columns: []int{c, other}, Predicates: []storage.Predicate{p}, Counters: counters, ChunkRows: 100})
		if err != nil {
			t.Fatal(err)
		}
		name := f.Columns()[c].Name
		compare(t, name, got[0], want)
		compare(t, name+" beside", got[1], wantOther)
		pages += counters.PagesSkipped.Load()
		groups += counters.RowGroupsSkipped.Load()
	}
	return pages, groups
}

// TestBloom: files whose statistics would let everything pass are refuted by
// their filters for values that are not there, and never for those that are.
func TestBloom(t *testing.T) {
	cols := columnsOfAllTypes()
	s := fileSpec{rows: 300, groups: 2, pageSize: 1 << 20, dictSize: 1 << 20, nulls: 10, stats: true, dict: true}
	data, want := s.write(t, 77, cols)
	f := mustOpen(t, data)
	other, _ := s.write(t, 78, cols)
	absent, _, err := scanOnce(mustOpen(t, other), &storage.ScanSpec{Columns: all(f)})
	if err != nil {
		t.Fatal(err)
	}
	refuted := map[string]bool{}
	for c, col := range cols {
		find := func(v types.Value) (rows int, skipped int64) {
			counters := &storage.ScanCounters{}
			p := storage.Predicate{Column: c, Op: storage.In, Values: []types.Value{v, types.NullOf(col.typ)},
				NewSelector: func() storage.Selector { return selector{storage.Equal, v} }}
			_, rows, err := scanOnce(f, &storage.ScanSpec{Predicates: []storage.Predicate{p}, Columns: []int{0}, Counters: counters})
			if err != nil {
				t.Fatal(err)
			}
			return rows, counters.RowGroupsSkipped.Load()
		}
		for i := 0; i < 300; i += 30 {
			for _, v := range []types.Value{want[c][i], absent[c][i]} {
				if v.IsNull {
					continue
				}
				n := 0
				for _, x := range want[c] {
					if passes(x, storage.Equal, v) {
						n++
					}
				}
				rows, skipped := find(v)
				if rows != n {
					t.Fatalf("%s: %d rows equal %+v, want %d", col.name, rows, v, n)
				}
				st, err := f.Stats(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if b := st.Columns[c]; skipped == 2 && (!b.HasMinMax || types.Compare(v, b.Min) > 0 && types.Compare(v, b.Max) < 0) {
					refuted[col.name] = true
				}
			}
		}
	}
	for _, name := range []string{"i32", "i64", "u64", "f32", "f64", "utf8", "blob", "fixed20", "uuid", "date", "time_us", "ts_ms", "ts_us", "int32_true", "int16_false", "decfixed25_11"} {
		if !refuted[name] {
			t.Errorf("no filter refuted anything of column %s", name)
		}
	}
}
