package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const (
	// DuckDB, which writes the rest of the data, makes one page of a column's
	// whole row group. Writers that others use, Spark's and Arrow's, make long
	// row groups of many pages of some 20,000 rows; so do these files.
	pagedRowGroup = 1 << 20
	pagedPage     = 128 << 10
)

// paged writes the suite's enlarged data once more, as writers with small pages
// lay it out.
func (o *options) paged(ctx context.Context, copies int) (string, error) {
	src, err := o.enlarged(ctx, copies)
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(src, "*.parquet"))
	if err != nil {
		return "", err
	}
	return o.generate(ctx, filepath.Base(src)+"-paged", func(_ *sql.Conn, dir string) error {
		for _, f := range files {
			if err := repage(ctx, f, filepath.Join(dir, filepath.Base(f))); err != nil {
				return err
			}
		}
		return nil
	})
}

// repage copies a Parquet file row for row.
func repage(ctx context.Context, from, to string) (err error) {
	in, err := file.OpenParquetFile(from, false)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{BatchSize: pagedRowGroup / 8}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	records, err := rows.GetRecordReader(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	w, err := pqarrow.NewFileWriter(records.Schema(), out, parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithMaxRowGroupLength(pagedRowGroup),
		parquet.WithDataPageSize(pagedPage), parquet.WithDictionaryPageSizeLimit(pagedPage),
	), pqarrow.DefaultWriterProps())
	if err != nil {
		out.Close()
		return err
	}
	for records.Next() {
		if err := w.WriteBuffered(records.RecordBatch()); err != nil {
			w.Close()
			return err
		}
	}
	if err := records.Err(); err != nil {
		w.Close()
		return err
	}
	return w.Close() // and out
}
