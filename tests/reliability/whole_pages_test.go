package reliability

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// wholeGroup is how many rows a row group of wholePages has, as DuckDB makes
// them.
const wholeGroup = 122_880

// column is a column of a file that wholePages writes: one of the two is set.
type column struct {
	name   string
	number func(i int64) int64
	text   func(i int64) string
}

// wholePages writes two tables of TPC-H's shape into a new directory, lines with
// so many rows and heads with a quarter of them, and returns statements that make
// views of them. A column has one page a row group, so that one reader of lines
// wants several megabytes.
func wholePages(t *testing.T, rows int64) []string {
	t.Helper()
	dir := t.TempDir()
	view := func(name string, rows int64, columns []column) string {
		path := filepath.Join(dir, name+".parquet")
		writeWhole(t, path, rows, columns)
		return fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM '%s'", name, path)
	}
	return []string{
		view("lines", rows, []column{
			{name: "l_head", number: func(i int64) int64 { return i / 4 }},
			{name: "l_line", number: func(i int64) int64 { return i % 4 }},
			{name: "l_part", number: func(i int64) int64 { return i * 7919 % 100_003 }},
			{name: "l_price", number: func(i int64) int64 { return i * 104_729 % 1_000_003 }},
			{name: "l_comment", text: func(i int64) string { return fmt.Sprintf("line %d, which says about itself %d", i, i*31%65_537) }},
			{name: "l_shipped", text: func(i int64) string { return fmt.Sprintf("by way number %d", i*13%29) }},
		}),
		view("heads", rows/4, []column{
			{name: "h_key", number: func(i int64) int64 { return i * (1<<20 + 7) % (rows / 4) }},
			{name: "h_buyer", number: func(i int64) int64 { return i % 9973 }},
			{name: "h_comment", text: func(i int64) string { return fmt.Sprintf("head %d has a rather long comment: %d", i, i*17%4099) }},
			{name: "h_clerk", text: func(i int64) string { return fmt.Sprintf("clerk %d", i%1000) }},
		}),
	}
}

// writeWhole writes a file in which a column has one page a row group.
func writeWhole(t *testing.T, path string, rows int64, columns []column) {
	t.Helper()
	var fields schema.FieldList
	for _, c := range columns {
		if c.number != nil {
			fields = append(fields, schema.NewInt64Node(c.name, parquet.Repetitions.Required, -1))
			continue
		}
		n, err := schema.NewPrimitiveNodeLogical(c.name, parquet.Repetitions.Required, schema.StringLogicalType{}, parquet.Types.ByteArray, -1, -1)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, n)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewParquetWriter(out, root, file.WithWriterProps(parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Lz4Raw), parquet.WithDictionaryDefault(false),
		parquet.WithDataPageSize(1<<30), parquet.WithBatchSize(wholeGroup), parquet.WithStats(true))))
	for from := int64(0); from < rows; from += wholeGroup {
		g, err := w.AppendRowGroupChecked()
		if err != nil {
			t.Fatal(err)
		}
		n := min(wholeGroup, rows-from)
		for _, c := range columns {
			cw, err := g.NextColumn()
			if err != nil {
				t.Fatal(err)
			}
			switch cw := cw.(type) {
			case *file.Int64ColumnChunkWriter:
				values := make([]int64, n)
				for i := range values {
					values[i] = c.number(from + int64(i))
				}
				_, err = cw.WriteBatch(values, nil, nil)
			case *file.ByteArrayColumnChunkWriter:
				values := make([]parquet.ByteArray, n)
				for i := range values {
					values[i] = parquet.ByteArray(c.text(from + int64(i)))
				}
				_, err = cw.WriteBatch(values, nil, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := cw.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil { // and out
		t.Fatal(err)
	}
}
