package dataset

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// memFS is an FS of files in memory; directories are what their paths imply.
type memFS struct {
	files map[string]string
	open  atomic.Int64
	most  atomic.Int64
}

type memFile struct {
	*strings.Reader
	fs   *memFS
	info storage.FileInfo
}

func (f *memFile) Close() error           { f.fs.open.Add(-1); return nil }
func (f *memFile) Info() storage.FileInfo { return f.info }

func clean(name string) string { return strings.TrimPrefix(strings.TrimPrefix(name, "./"), ".") }

func (m *memFS) Open(ctx context.Context, name string) (storage.File, error) {
	s, ok := m.files[name]
	if !ok {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFile, "cannot open").WithFile(name, 0)
	}
	m.most.Store(max(m.most.Load(), m.open.Add(1)))
	return &memFile{strings.NewReader(s), m, storage.FileInfo{Name: name, Size: int64(len(s))}}, nil
}

func (m *memFS) Stat(ctx context.Context, name string) (storage.FileInfo, error) {
	if s, ok := m.files[name]; ok {
		return storage.FileInfo{Name: name, Size: int64(len(s))}, nil
	}
	for f := range m.files {
		if strings.HasPrefix(f, strings.TrimSuffix(name, "/")+"/") {
			return storage.FileInfo{Name: name, Mode: 1<<31 | 0o755}, nil
		}
	}
	return storage.FileInfo{}, sqlerr.New(sqlerr.CodeUndefinedFile, "cannot look at").WithFile(name, 0)
}

func (m *memFS) List(ctx context.Context, dir string) ([]storage.FileInfo, error) {
	dir = clean(dir)
	if dir != "" && !strings.HasSuffix(dir, "/") {
		dir += "/"
	}
	seen := map[string]bool{}
	var out []storage.FileInfo
	for f, s := range m.files {
		rest, ok := strings.CutPrefix(f, dir)
		if !ok {
			continue
		}
		name, _, isDir := strings.Cut(rest, "/")
		if seen[name] {
			continue
		}
		seen[name] = true
		i := storage.FileInfo{Name: name, Size: int64(len(s))}
		if isDir {
			i.Mode, i.Size = 1<<31|0o755, 0
		}
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b storage.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// rowsFormat is a format for tests: a line "name TYPE,name TYPE", then rows
// of integers (INTEGER or BIGINT) and strings; every row is a morsel. "opt" is its only option.
var rowsFormat = Format{Name: "rows", Extensions: []string{".rows", ".rows.gz"}, Magic: "#", Open: openRows}

type rowsTable struct {
	fs    storage.FS
	path  string
	cols  []storage.Column
	lines []string
}

func openRows(ctx context.Context, fs storage.FS, path string, opts map[string]types.Value) (storage.Table, error) {
	for o := range opts {
		if o != "opt" {
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "unknown option %q", o)
		}
	}
	f, err := fs.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(string(b), "#")), "\n")
	t := &rowsTable{fs: fs, path: path, lines: lines[1:]}
	for _, c := range strings.Split(lines[0], ",") {
		name, typ, _ := strings.Cut(c, " ")
		col := storage.Column{Name: name, Type: types.Of(types.Varchar), NotNull: true}
		switch typ {
		case "INTEGER":
			col.Type = types.Of(types.Integer)
		case "BIGINT":
			col.Type = types.Of(types.BigInt)
		}
		t.cols = append(t.cols, col)
	}
	return t, nil
}

func (t *rowsTable) Columns() []storage.Column { return t.cols }

func (t *rowsTable) value(row, col int) types.Value {
	s := strings.Split(t.lines[row], ",")[col]
	if t.cols[col].Type.IsInteger() {
		i, _ := strconv.ParseInt(s, 10, 64)
		return types.IntValue(t.cols[col].Type, i)
	}
	return types.StringValue(s)
}

func (t *rowsTable) Stats(context.Context) (*storage.TableStats, error) {
	st := &storage.TableStats{NumRows: float64(len(t.lines)), Exact: true}
	for c := range t.cols {
		s := storage.ColumnStats{Distinct: float64(len(t.lines))}
		for r := range t.lines {
			v := t.value(r, c)
			if r == 0 || types.Compare(v, s.Min) < 0 {
				s.Min = v
			}
			if r == 0 || types.Compare(v, s.Max) > 0 {
				s.Max = v
			}
			s.HasMinMax = true
		}
		st.Columns = append(st.Columns, s)
	}
	return st, nil
}

type rowsScan struct {
	t    *rowsTable
	spec storage.ScanSpec
	h    storage.File
	next atomic.Int64
}

func (t *rowsTable) Scan(ctx context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	h, err := t.fs.Open(ctx, t.path)
	if err != nil {
		return nil, err
	}
	return &rowsScan{t: t, spec: *spec, h: h}, nil
}

func (s *rowsScan) Morsels() int                       { return len(s.t.lines) }
func (s *rowsScan) Close() error                       { return s.h.Close() }
func (s *rowsScan) NewReader() (storage.Reader, error) { return &rowsReader{s: s, row: -1}, nil }

type rowsReader struct {
	s   *rowsScan
	row int
}

func (r *rowsReader) Close() {}

func (r *rowsReader) NextMorsel(context.Context) (int64, bool, error) {
	i := int(r.s.next.Add(1)) - 1
	if i >= len(r.s.t.lines) {
		return 0, false, nil
	}
	r.row = i
	return int64(i), true, nil
}

func (r *rowsReader) Next(ctx context.Context, chunk *vector.Chunk) (bool, error) {
	row := r.row
	r.row = -1
	if row < 0 {
		return false, nil
	}
	for _, p := range r.s.spec.Predicates {
		ok, err := passes(r.s.t.value(row, p.Column), r.s.t.cols[p.Column].Type, p.NewSelector())
		if err != nil || !ok {
			return false, err
		}
	}
	for i, c := range r.s.spec.Columns {
		chunk.Cols[i].Resize(1)
		chunk.Cols[i].SetValue(0, r.s.t.value(row, c))
	}
	chunk.Len, chunk.Sel = 1, nil
	return true, nil
}
