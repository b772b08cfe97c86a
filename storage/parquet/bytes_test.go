package parquet

import (
	"context"
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// TestReadsOnlyItsColumns: a scan of three of sixteen columns reads the bytes
// that the footer says these columns take, and no others.
func TestReadsOnlyItsColumns(t *testing.T) {
	f, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.1/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"l_quantity", "l_shipdate", "l_shipmode"}
	spec := storage.ScanSpec{Counters: &storage.ScanCounters{}, Workers: 1, Mem: budget.New(-1).Reserve("scan")}
	var want, all int64
	for _, name := range names {
		for i, c := range f.Columns() {
			if c.Name == name {
				spec.Columns = append(spec.Columns, i)
			}
		}
	}
	if len(spec.Columns) != len(names) || len(f.Columns()) != 16 {
		t.Fatalf("columns %v of %d", spec.Columns, len(f.Columns()))
	}
	for g := range f.groups {
		for _, c := range spec.Columns {
			want += f.groups[g].columns[c].compressedSize // flat: a leaf a column
		}
		for c := range f.groups[g].columns {
			all += f.groups[g].columns[c].compressedSize
		}
	}
	// The estimate may be wrong, but not by much.
	promised := f.ReaderBytes(spec.Columns)
	drain(t, f, &spec, func(*vector.Chunk) {})
	if got := spec.Counters.BytesRead.Load(); got != want {
		t.Errorf("%d bytes read, the columns have %d of %d", got, want, all)
	}
	if n := spec.Counters.RowGroupsRead.Load(); n != int64(len(f.groups)) {
		t.Errorf("%d row groups read of %d", n, len(f.groups))
	}
	if peak := spec.Mem.Peak(); peak > promised*5/4 || peak < promised/4 {
		t.Errorf("a reader held %d bytes, %d were estimated", peak, promised)
	}
}
