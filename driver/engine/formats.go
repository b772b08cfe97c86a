package engine

import (
	"context"

	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/csv"
	"github.com/gannetdb/gannet/storage/dataset"
	"github.com/gannetdb/gannet/vector/types"
)

// formats is the table of file formats that FROM 'path' knows.
var formats = []dataset.Format{
	dataset.Parquet,
	{
		Name:       "csv",
		Extensions: []string{".csv", ".tsv", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst", ".tbl"},
		Open: func(ctx context.Context, fs storage.FS, path string, opts map[string]types.Value) (storage.Table, error) {
			return csv.Open(ctx, fs, path, opts)
		},
	},
}

// readers maps reading functions to formats.
var readers = map[string]string{
	"": "", "read_parquet": "parquet", "parquet_scan": "parquet",
	"read_csv": "csv", "read_csv_auto": "csv",
}

// openPath opens what FROM 'path' or a reading function names.
func (s *Session) openPath(ctx context.Context, path string, args bind.OpenArgs) (storage.Table, error) {
	if !s.db.options().external {
		return nil, sqlerr.New(sqlerr.CodePrivilege, "cannot open %q: external access is disabled", path)
	}
	format, ok := readers[args.Function]
	if !ok {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFunction, "there is no function %s that reads files", args.Function)
	}
	paths := args.Paths
	if len(paths) == 0 {
		paths = []string{path}
	}
	return dataset.Open(ctx, s.db.files, dataset.Source{Patterns: paths, Format: format, Options: args.Named, Caster: s.caster()}, formats)
}
