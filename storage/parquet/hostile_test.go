package parquet

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/tests/scans"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// readSome reads a column until its end, an error, or a million rows.
func readSome(t *testing.T, f *File, column int, mem *budget.Reservation) error {
	rows := 0
	err := scans.Each(context.Background(), f, &storage.ScanSpec{Columns: []int{column}, Mem: mem}, func(_ int64, c *vector.Chunk) error {
		for i := range c.Len {
			c.Cols[0].Value(i) // every reference must be in bounds
		}
		if rows += c.Len; rows >= 1<<20 {
			return errEnough
		}
		return nil
	})
	if err == errEnough {
		return nil
	}
	return err
}

var errEnough = errors.New("enough rows")

// TestHostileFiles reads the public collections of damaged and fuzzed files:
// rows or an error, within 256 MiB.
func TestHostileFiles(t *testing.T) {
	for _, dir := range []string{"parquet/hostile", "parquet/good"} {
		path := sharedFile(t, dir)
		entries, err := os.ReadDir(path)
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			name := filepath.Join(path, e.Name())
			b := budget.New(256 << 20)
			mem := b.Reserve("scan")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := Open(context.Background(), storage.Local(), name)
			if err == nil {
				if _, e := f.Stats(context.Background()); e != nil {
					t.Errorf("%s: statistics: %v", name, e)
				}
				for i := range f.Columns() {
					if e := readSome(t, f, i, mem); e != nil {
						err = e
					}
				}
			}
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
				t.Errorf("%s: %d bytes were allocated", name, n)
			}
			if n := mem.Held(); n != 0 {
				t.Errorf("%s: %d bytes are still reserved", name, n)
			}
			if err != nil {
				refused++
				if code := sqlerr.Code(err); code == sqlerr.CodeInternal {
					t.Errorf("%s: internal error: %v", name, err)
				}
				if testing.Verbose() {
					t.Logf("%s: %s %v", e.Name(), sqlerr.Code(err), err)
				}
			}
		}
		t.Logf("%s: %d of %d refused", dir, refused, len(entries))
	}
}

// TestTypes checks the types of the public files' columns, as DuckDB 1.5 has
// them.
func TestTypes(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"alltypes_plain.parquet", "id INTEGER,bool_col BOOLEAN,tinyint_col INTEGER,smallint_col INTEGER,int_col INTEGER,bigint_col BIGINT,float_col FLOAT,double_col DOUBLE,date_string_col BLOB,string_col BLOB,timestamp_col TIMESTAMP"},
		{"byte_array_decimal.parquet", "value DECIMAL(4,2)"},
		{"fixed_length_decimal_legacy.parquet", "value DECIMAL(13,2)"},
		{"incorrect_map_schema.parquet", "my_map MAP(VARCHAR, VARCHAR)"},
		{"nested_lists.snappy.parquet", "a VARCHAR[][][],b INTEGER"},
		{"nested_maps.snappy.parquet", "a MAP(VARCHAR, MAP(INTEGER, BOOLEAN)),b INTEGER,c DOUBLE"},
		{"old_list_structure.parquet", "a INTEGER[][]"},
		{"repeated_no_annotation.parquet", "id INTEGER,phoneNumbers STRUCT(phone STRUCT(number BIGINT, kind VARCHAR)[])"},
		{"repeated_primitive_no_list.parquet", "Int32_list INTEGER[],String_list VARCHAR[],group_of_lists STRUCT(Int32_list_in_group INTEGER[], String_list_in_group VARCHAR[])"},
		{"unknown-logical-type.parquet", "column with known type VARCHAR,column with unknown type BLOB"},
	} {
		f, err := Open(context.Background(), storage.Local(), sharedFile(t, "parquet/good/"+c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		got := ""
		for i, col := range f.Columns() {
			if i > 0 {
				got += ","
			}
			got += col.Name + " " + col.Type.String()
		}
		if got != c.want {
			t.Errorf("%s has\n%s, want\n%s", c.file, got, c.want)
		}
	}
}

// TestCancel: a cancelled context ends a scan.
func TestCancel(t *testing.T) {
	f, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.01/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, err := f.Scan(ctx, &storage.ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, _, err := r.NextMorsel(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := r.Next(ctx, vector.NewChunk([]types.Type{types.Of(types.BigInt)})); !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
		t.Errorf("after cancelling: %v", err)
	}
}

// TestMemoryRefused: a budget too small is 53200, and everything is given back.
func TestMemoryRefused(t *testing.T) {
	f, err := Open(context.Background(), storage.Local(), sharedFile(t, "tpch/sf0.01/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{1 << 10, 300 << 10, 500 << 10, 1 << 20} {
		b := budget.New(limit)
		mem := b.Reserve("scan")
		err := readSome(t, f, 15, mem)
		if !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			t.Errorf("limit %d: %v", limit, err)
		}
		if mem.Held() != 0 || b.Peak() > limit {
			t.Errorf("limit %d: %d held, peak %d", limit, mem.Held(), b.Peak())
		}
	}
}

// What a footer says of a column is not checked before the column is read: how much
// memory that will take can be asked of any.
func TestSizesOfWrongFooters(t *testing.T) {
	s := &schema{leaves: []leafColumn{{}}, columns: []column{{}}}
	for _, m := range []columnMeta{
		{codec: -9}, {codec: 99}, {codec: math.MinInt32},
		{codec: codecZstd, uncompressedSize: -1, compressedSize: math.MinInt64, numValues: -1},
		{codec: codecZstd, uncompressedSize: math.MaxInt64, compressedSize: math.MaxInt64, numValues: 1, dictPageOffset: 1, dataPageOffset: math.MaxInt64},
	} {
		f := &File{schema: s, groups: []rowGroup{{columns: []columnMeta{m}}}}
		for what, n := range map[string]int64{"whole": f.ReaderBytes([]int{0}), "spooled": f.SpooledBytes([]int{0})} {
			if n <= 0 || n > 1<<41 {
				t.Errorf("codec %d: %s pages take %d bytes", m.codec, what, n)
			}
		}
	}
}
