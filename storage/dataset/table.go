package dataset

import (
	"context"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// Source names what is to be read.
type Source struct {
	// Patterns are paths, globs and directories.
	Patterns []string
	// Format is the name of a format; empty: told by the files' extensions.
	Format string
	// Options are those of read_parquet and the like. Of dataset's own there
	// are filename (BOOLEAN, or the column's name), hive_partitioning,
	// hive_types_autocast and union_by_name (BOOLEAN); the others go to the
	// format. Names are lower case.
	Options map[string]types.Value
	// Caster makes casts for files that have a column in another type; nil:
	// that is an error.
	Caster Caster
}

// fileRef is one file of a table.
type fileRef struct {
	path string
	info storage.FileInfo
}

// Where a column's values come from.
const (
	fromFile      = iota // from the files, by name
	fromPartition        // from the path
	fromName             // the path itself
)

// column says where the values of a column of the table come from.
type column struct {
	from int
	key  int    // fromPartition: which
	name string // fromFile: the name in the files, lower case
}

// Table is many files as one table. It is an immutable snapshot of the list of
// files and safe for concurrent use.
type Table struct {
	fs      storage.FS
	format  *Format
	opts    map[string]types.Value
	files   []fileRef
	parts   *partitions
	columns []storage.Column
	sources []column
	union   bool
	caster  Caster

	mu    sync.Mutex
	kept  []storage.Table // footers of the first files; guarded by mu
	stats *storage.TableStats
}

var (
	_ storage.Table       = (*Table)(nil)
	_ storage.ReaderSizer = (*Table)(nil)
)

// keptTables is how many files' footers stay in memory between scans.
const keptTables = 64

// Open finds the files of src and reads the first one's schema. When there is
// only one file and no column beside its own, the format's table itself is
// returned. Errors: 58P01 when no file is found, 22023 for bad options, those
// of the format.
func Open(ctx context.Context, fs storage.FS, src Source, formats []Format) (storage.Table, error) {
	o, rest, err := parseOptions(src.Options)
	if err != nil {
		return nil, err
	}
	f := finder{ctx: ctx, fs: fs, formats: formats}
	if src.Format != "" {
		if f.format = byName(formats, src.Format); f.format == nil {
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "unknown file format %q", src.Format)
		}
	}
	if len(src.Patterns) == 0 {
		return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "an empty list of files")
	}
	for _, p := range src.Patterns {
		if err := f.find(p); err != nil {
			return nil, err
		}
	}
	t := &Table{fs: fs, opts: rest, union: o.union, format: f.format, caster: src.Caster}
	for _, i := range f.out {
		t.files = append(t.files, fileRef{i.Name, i})
	}
	if t.format == nil {
		if err := t.detectFormat(ctx, formats); err != nil {
			return nil, err
		}
	}
	first, err := t.openFile(ctx, 0)
	if err != nil {
		return nil, err
	}
	if o.hive != no {
		t.parts = detectPartitions(t.files, o.autocast)
		if t.parts == nil && o.hive == yes {
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "hive_partitioning: the files' directories do not all have the same keys").WithFile(t.files[0].path, 0)
		}
	}
	if len(t.files) == 1 && t.parts == nil && o.filename == "" {
		return first, nil
	}
	return t, t.buildColumns(ctx, first, o.filename)
}

// detectFormat finds the one format of all files.
func (t *Table) detectFormat(ctx context.Context, formats []Format) error {
	for i, f := range t.files {
		k := byExtension(formats, f.path)
		if k == nil {
			var err error
			if k, err = formatOf(ctx, t.fs, formats, f.path); err != nil {
				return err
			}
		}
		if i > 0 && k != t.format {
			return sqlerr.New(sqlerr.CodeInvalidArgument, "files of different formats: %q is %s, %q is %s", t.files[0].path, t.format.Name, f.path, k.Name)
		}
		t.format = k
	}
	return nil
}

// openFile reads the footer (or whatever the format has) of file i, or finds
// it among those kept.
func (t *Table) openFile(ctx context.Context, i int) (storage.Table, error) {
	if i < keptTables {
		t.mu.Lock()
		if i < len(t.kept) && t.kept[i] != nil {
			f := t.kept[i]
			t.mu.Unlock()
			return f, nil
		}
		t.mu.Unlock()
	}
	f, err := t.format.Open(ctx, t.fs, t.files[i].path, t.opts)
	if err != nil {
		return nil, err
	}
	if i < keptTables {
		t.mu.Lock()
		for len(t.kept) <= i {
			t.kept = append(t.kept, nil)
		}
		t.kept[i] = f
		t.mu.Unlock()
	}
	return f, nil
}

// FooterBytes implements storage.FooterSizer: those of the files that are kept.
func (t *Table) FooterBytes() (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.kept {
		if s, ok := f.(storage.FooterSizer); ok {
			n += s.FooterBytes()
		}
	}
	return n
}

// buildColumns makes the columns: the first file's, or those of all when they
// are to be united, then the partitions, then the file's name.
func (t *Table) buildColumns(ctx context.Context, first storage.Table, filename string) error {
	at := map[string]int{}
	add := func(c storage.Column, s column) {
		at[strings.ToLower(c.Name)] = len(t.columns)
		t.columns = append(t.columns, c)
		t.sources = append(t.sources, s)
	}
	addFile := func(f storage.Table, i int) error {
		for _, c := range f.Columns() {
			k, ok := at[strings.ToLower(c.Name)]
			if !ok {
				c.NotNull = c.NotNull && !t.union
				add(c, column{from: fromFile, name: strings.ToLower(c.Name)})
			} else if have := t.columns[k].Type; !have.Equal(c.Type) {
				common, ok := types.CommonType(have, c.Type)
				if !ok || t.caster == nil {
					return t.mismatch(i, c.Name, c.Type, have)
				}
				t.columns[k].Type = common
			}
		}
		return nil
	}
	if err := addFile(first, 0); err != nil {
		return err
	}
	if t.union {
		for i := 1; i < len(t.files); i++ {
			f, err := t.openFile(ctx, i)
			if err != nil {
				return err
			}
			if err := addFile(f, i); err != nil {
				return err
			}
		}
	} else if len(t.files) > 1 {
		// What the first file promises of NULLs, others need not keep.
		for i := range t.columns {
			t.columns[i].NotNull = false
		}
	}
	if t.parts != nil {
		for k, key := range t.parts.keys {
			c, s := storage.Column{Name: key, Type: t.parts.types[k]}, column{from: fromPartition, key: k}
			if i, ok := at[strings.ToLower(key)]; ok {
				// The directory's name is what the user sees: it wins.
				c.Name = t.columns[i].Name
				t.columns[i], t.sources[i] = c, s
				continue
			}
			add(c, s)
		}
	}
	if filename != "" {
		if _, ok := at[strings.ToLower(filename)]; ok {
			return sqlerr.New(sqlerr.CodeDuplicateColumn, "option filename: the files have a column %q of their own", filename).
				WithHint("Give the column another name: filename = 'path'.")
		}
		add(storage.Column{Name: filename, Type: types.Of(types.Varchar), NotNull: true}, column{from: fromName})
	}
	return nil
}

func (t *Table) mismatch(file int, name string, got, want types.Type) error {
	return sqlerr.New(sqlerr.CodeDatatypeMismatch, "column %q has type %s in this file, but %s in %q", name, got, want, t.files[0].path).
		WithFile(t.files[file].path, 0)
}

// mapping returns, for each column of the table, its ordinal in file i, -1 for
// columns that are not in it.
func (t *Table) mapping(i int, f storage.Table) ([]int, error) {
	cols := f.Columns()
	at := make(map[string]int, len(cols))
	for k, c := range cols {
		at[strings.ToLower(c.Name)] = k
	}
	out := make([]int, len(t.columns))
	for k, s := range t.sources {
		out[k] = -1
		if s.from != fromFile {
			continue
		}
		o, ok := at[s.name]
		if !ok {
			if t.union {
				continue
			}
			return nil, sqlerr.New(sqlerr.CodeUndefinedColumn, "this file lacks column %q, of type %s in %q", t.columns[k].Name, t.columns[k].Type, t.files[0].path).
				WithFile(t.files[i].path, 0).WithHint("To have NULL in its place set union_by_name = true.")
		}
		if !cols[o].Type.Equal(t.columns[k].Type) && !t.castable(cols[o].Type, t.columns[k].Type) {
			return nil, t.mismatch(i, cols[o].Name, cols[o].Type, t.columns[k].Type)
		}
		out[k] = o
	}
	return out, nil
}

// constant returns the value of a column that is the same in all of file i.
func (t *Table) constant(col, i int) types.Value {
	switch s := &t.sources[col]; s.from {
	case fromPartition:
		return t.parts.values[s.key][i]
	case fromName:
		name := t.files[i].path
		if !utf8.ValidString(name) {
			name = strings.ToValidUTF8(name, "\uFFFD")
		}
		return types.StringValue(name)
	}
	return types.NullOf(t.columns[col].Type)
}

// Columns implements storage.Table.
func (t *Table) Columns() []storage.Column { return t.columns }

// NumFiles returns the number of files.
func (t *Table) NumFiles() int { return len(t.files) }

// ReaderBytes implements storage.ReaderSizer from the files that were opened
// already; 0 when their format cannot tell.
func (t *Table) ReaderBytes(columns []int) int64 {
	return t.mostOf(columns, func(f storage.Table, inside []int) int64 {
		if s, ok := f.(storage.ReaderSizer); ok {
			return s.ReaderBytes(inside)
		}
		return 0
	})
}

// SpooledBytes implements storage.Spooler, as ReaderBytes.
func (t *Table) SpooledBytes(columns []int) int64 {
	return t.mostOf(columns, func(f storage.Table, inside []int) int64 {
		if s, ok := f.(storage.Spooler); ok {
			return s.SpooledBytes(inside)
		}
		return 0
	})
}

// mostOf returns the largest size of the files that were opened already; columns
// are the table's, inside those of the file.
func (t *Table) mostOf(columns []int, size func(f storage.Table, inside []int) int64) (most int64) {
	t.mu.Lock()
	kept := append([]storage.Table(nil), t.kept...)
	t.mu.Unlock()
	for i, f := range kept {
		if f == nil {
			continue
		}
		at, err := t.mapping(i, f)
		if err != nil {
			continue // the scan will report it
		}
		var inside []int
		for _, c := range columns {
			if at[c] >= 0 {
				inside = append(inside, at[c])
			}
		}
		most = max(most, size(f, inside))
	}
	return most
}
