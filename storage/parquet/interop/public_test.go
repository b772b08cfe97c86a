package interop

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	arrowpq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/parquet"
	"github.com/gannetdb/gannet/vector/types"
)

// TestPublicFiles reads the flat columns of the public collection's valid
// files and compares them to what arrow-go reads, in its physical form.
func TestPublicFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "shared", "parquet", "good")
	paths, _ := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if len(paths) == 0 {
		t.Skip("the public collection is not there")
	}
	compared := 0
	for _, p := range paths {
		name := filepath.Base(p)
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parquet.Open(context.Background(), memFS{name: data}, name)
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		rd, err := arrowOpen(data)
		if err != nil {
			t.Logf("%s: arrow-go: %v", name, err)
			continue
		}
		leaf := 0
		for i, c := range f.Columns() {
			leaves := leavesOf(c.Type)
			if c.Type.IsNested() {
				leaf += leaves
				continue
			}
			got, _, err := scan(f, &storage.ScanSpec{Columns: []int{i}})
			if err != nil {
				if sqlerr.Is(err, sqlerr.CodeInternal) || !strings.Contains(name, "corrupt") && !strings.Contains(name, "malformed") && !sqlerr.Is(err, sqlerr.CodeUnsupported) {
					t.Errorf("%s, column %s: %v", name, c.Name, err)
				}
				leaf++
				continue
			}
			want, err := arrowColumn(rd, leaf)
			leaf++
			if err != nil {
				t.Logf("%s, column %s: arrow-go: %v", name, c.Name, err)
				continue
			}
			if len(want) != len(got[0]) {
				t.Errorf("%s, column %s: %d rows, arrow-go has %d", name, c.Name, len(got[0]), len(want))
				continue
			}
			for k, w := range want {
				if g := physicalText(got[0][k]); w != "?" && g != w {
					t.Errorf("%s, column %s, row %d: %s, arrow-go has %s", name, c.Name, k, g, w)
					break
				}
			}
			compared++
		}
	}
	if compared < 100 {
		t.Errorf("only %d columns were compared", compared)
	}
}

// TestInt96OfSpark has the values from the file's description.
func TestInt96OfSpark(t *testing.T) {
	p := filepath.Join("..", "..", "..", "..", "shared", "parquet", "good", "int96_from_spark.parquet")
	data, err := os.ReadFile(p)
	if err != nil {
		t.Skip("the public collection is not there")
	}
	ts := types.Of(types.Timestamp)
	want := []types.Value{types.IntValue(ts, 1704141296123456), types.IntValue(ts, 1704070800000000), types.IntValue(ts, 253402225200000000),
		types.IntValue(ts, 1735599600000000), types.NullOf(ts), types.IntValue(ts, 9089380393200000000)}
	got, _, err := scan(mustOpen(t, data), &storage.ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "a", got[0], want)
}

func arrowOpen(data []byte) (rd *file.Reader, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return file.NewParquetReader(bytes.NewReader(data))
}

func leavesOf(t types.Type) int {
	switch {
	case !t.IsNested():
		return 1
	case t.Ext.Child != nil:
		return leavesOf(*t.Ext.Child)
	}
	n := 0
	for _, f := range t.Ext.Fields {
		n += leavesOf(f.Type)
	}
	return n
}

// physicalText renders a value as arrowColumn does, "?" when the two differ in
// how they see it.
func physicalText(v types.Value) string {
	if v.IsNull {
		return "NULL"
	}
	switch v.Type.Physical() {
	case types.PString:
		return fmt.Sprintf("%q", v.S)
	case types.PFloat32, types.PFloat64:
		return fmt.Sprint(v.F)
	case types.PInt128, types.PUint128, types.PInterval:
		return fmt.Sprint(int64(v.I))
	}
	return fmt.Sprint(v.I)
}

func arrowColumn(rd *file.Reader, leaf int) (out []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	for g := range rd.NumRowGroups() {
		col, err := rd.RowGroup(g).Column(leaf)
		if err != nil {
			return nil, err
		}
		rows := rd.RowGroup(g).NumRows()
		d := col.Descriptor()
		logical := fmt.Sprint(d.LogicalType())
		add := func(text func(i int) string, n int64, defs []int16) {
			k := 0
			for i := range n {
				if d.MaxDefinitionLevel() > 0 && defs[i] < d.MaxDefinitionLevel() {
					out = append(out, "NULL")
					continue
				}
				out = append(out, text(k))
				k++
			}
		}
		defs := make([]int16, rows)
		for done := int64(0); done < rows; {
			var n int64
			var err error
			switch c := col.(type) {
			case *file.BooleanColumnChunkReader:
				v := make([]bool, rows)
				n, _, err = c.ReadBatch(rows-done, v, defs, nil)
				add(func(i int) string { return map[bool]string{false: "0", true: "1"}[v[i]] }, n, defs)
			case *file.Int32ColumnChunkReader:
				v := make([]int32, rows)
				n, _, err = c.ReadBatch(rows-done, v, defs, nil)
				add(func(i int) string {
					if strings.Contains(logical, "isSigned=false") {
						return fmt.Sprint(uint32(v[i]))
					}
					if strings.Contains(logical, "Time(") {
						return "?"
					}
					return fmt.Sprint(v[i])
				}, n, defs)
			case *file.Int64ColumnChunkReader:
				v := make([]int64, rows)
				n, _, err = c.ReadBatch(rows-done, v, defs, nil)
				add(func(i int) string {
					if strings.Contains(logical, "Time") {
						return "?"
					}
					return fmt.Sprint(v[i])
				}, n, defs)
			case *file.Float32ColumnChunkReader:
				v := make([]float32, rows)
				n, _, err = c.ReadBatch(rows-done, v, defs, nil)
				add(func(i int) string { return fmt.Sprint(float64(v[i])) }, n, defs)
			case *file.Float64ColumnChunkReader:
				v := make([]float64, rows)
				n, _, err = c.ReadBatch(rows-done, v, defs, nil)
				add(func(i int) string { return fmt.Sprint(v[i]) }, n, defs)
			case *file.ByteArrayColumnChunkReader:
				v := make([]arrowpq.ByteArray, rows)
				n, _, err = c.ReadBatch(rows-done, v, defs, nil)
				add(func(i int) string { return bytesText(v[i], logical) }, n, defs)
			case *file.FixedLenByteArrayColumnChunkReader:
				v := make([]arrowpq.FixedLenByteArray, rows)
				n, _, err = c.ReadBatch(rows-done, v, defs, nil)
				add(func(i int) string { return bytesText(v[i], logical) }, n, defs)
			default: // INT96
				for range rows {
					out = append(out, "?")
				}
				n = rows
			}
			if err != nil {
				return nil, err
			}
			if n == 0 {
				return nil, fmt.Errorf("ends after %d of %d rows", done, rows)
			}
			done += n
		}
	}
	return out, nil
}

func bytesText(b []byte, logical string) string {
	switch {
	case strings.Contains(logical, "Decimal"):
		x := int64(0)
		if len(b) > 0 {
			x = int64(int8(b[0]) >> 7)
		}
		for _, c := range b {
			x = x<<8 | int64(c)
		}
		return fmt.Sprint(x)
	case strings.Contains(logical, "Float16"):
		h := binary.LittleEndian.Uint16(b)
		if h>>10&31 == 31 {
			return "?"
		}
		return fmt.Sprint(half(h))
	case strings.Contains(logical, "UUID"), strings.Contains(logical, "Interval"):
		return "?"
	}
	return fmt.Sprintf("%q", b)
}

// TestLZ4Framings: three files with the same rows, in the three ways that LZ4
// was ever written.
func TestLZ4Framings(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "shared", "parquet", "good")
	var want [][]types.Value
	for _, name := range []string{"lz4_raw_compressed", "hadoop_lz4_compressed", "non_hadoop_lz4_compressed"} {
		data, err := os.ReadFile(filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.Skip("the public collection is not there")
		}
		got, rows, err := scan(mustOpen(t, data), &storage.ScanSpec{Columns: []int{0, 1, 2}})
		if err != nil || rows == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		if want == nil {
			want = got
			continue
		}
		for i := range got {
			compare(t, name, got[i], want[i])
		}
	}
	sizes := map[string]int{}
	for _, name := range []string{"lz4_raw_compressed_larger", "hadoop_lz4_compressed_larger"} {
		data, err := os.ReadFile(filepath.Join(dir, name+".parquet"))
		if err != nil {
			t.Skip("the public collection is not there")
		}
		_, rows, err := scan(mustOpen(t, data), &storage.ScanSpec{Columns: []int{0}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		sizes[name] = rows
	}
	if sizes["lz4_raw_compressed_larger"] != 10000 || sizes["hadoop_lz4_compressed_larger"] != 10000 {
		t.Errorf("rows: %v", sizes)
	}
}
