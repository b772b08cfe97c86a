package dataset

import (
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/parquet"
	"github.com/gannetdb/gannet/vector/types"
)

// Format is a kind of file that can be read.
type Format struct {
	Name       string   // "parquet", as in read_parquet
	Extensions []string // with the dot, lower case: ".csv", ".csv.gz"
	Magic      string   // what files of it begin and end with; empty: nothing
	// Open opens one file with the options that are not dataset's own. It
	// refuses options that it does not know.
	Open func(ctx context.Context, fs storage.FS, path string, opts map[string]types.Value) (storage.Table, error)
}

// Parquet is the format of package parquet.
var Parquet = Format{Name: "parquet", Extensions: []string{".parquet", ".parq", ".pq"}, Magic: "PAR1", Open: openParquet}

func openParquet(ctx context.Context, fs storage.FS, name string, opts map[string]types.Value) (storage.Table, error) {
	for o := range opts {
		return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "unknown option %q of read_parquet", o)
	}
	return parquet.Open(ctx, fs, name)
}

// byExtension returns the format with the longest extension that name ends
// with, nil when none does.
func byExtension(formats []Format, name string) *Format {
	name = strings.ToLower(path.Base(slashes(name)))
	var best *Format
	longest := 0
	for i := range formats {
		for _, e := range formats[i].Extensions {
			if len(e) > longest && len(name) > len(e) && strings.HasSuffix(name, e) {
				best, longest = &formats[i], len(e)
			}
		}
	}
	return best
}

// formatOf finds the format of a file by its extension or, failing that, by
// its first bytes.
func formatOf(ctx context.Context, fs storage.FS, formats []Format, name string) (*Format, error) {
	if f := byExtension(formats, name); f != nil {
		return f, nil
	}
	h, err := fs.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	var head [16]byte
	n, err := h.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, sqlerr.Wrap(err, sqlerr.CodeIO, "cannot read file").WithFile(name, 0)
	}
	for i := range formats {
		if m := formats[i].Magic; m != "" && strings.HasPrefix(string(head[:n]), m) {
			return &formats[i], nil
		}
	}
	var known []string
	for i := range formats {
		known = append(known, formats[i].Extensions...)
	}
	slices.Sort(known)
	return nil, sqlerr.New(sqlerr.CodeBadCopyFile, "cannot tell the format of the file").WithFile(name, 0).
		WithHint("Known extensions are %s; or name the format: read_csv('…'), read_parquet('…').", strings.Join(known, ", "))
}

// byName finds a format by its name.
func byName(formats []Format, name string) *Format {
	if i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name }); i >= 0 {
		return &formats[i]
	}
	return nil
}
