package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memFS holds files by name.
type memFS map[string][]byte

type memFile struct {
	*bytes.Reader
	name string
}

func (f memFile) Close() error { return nil }
func (f memFile) Info() storage.FileInfo {
	return storage.FileInfo{Name: f.name, Size: f.Reader.Size()}
}

func (m memFS) Open(_ context.Context, name string) (storage.File, error) {
	data, ok := m[name]
	if !ok {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFile, "cannot open").WithFile(name, 0)
	}
	return memFile{bytes.NewReader(data), name}, nil
}

func (m memFS) Stat(context.Context, string) (storage.FileInfo, error) {
	return storage.FileInfo{}, errors.New("unused")
}

func (m memFS) List(context.Context, string) ([]storage.FileInfo, error) {
	return nil, errors.New("unused")
}

// opts makes options of pairs of names and values.
func opts(pairs ...any) map[string]types.Value {
	out := map[string]types.Value{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = option(pairs[i+1])
	}
	return out
}

func option(x any) types.Value {
	switch x := x.(type) {
	case string:
		return types.StringValue(x)
	case bool:
		return types.BoolValue(x)
	case int:
		return types.IntValue(types.Of(types.BigInt), int64(x))
	case []string:
		v := types.Value{Type: types.ListOf(types.Of(types.Varchar))}
		for _, s := range x {
			v.Children = append(v.Children, types.StringValue(s))
		}
		return v
	case [][2]string:
		v := types.Value{}
		var fields []types.Field
		for _, p := range x {
			fields = append(fields, types.Field{Name: p[0], Type: types.Of(types.Varchar)})
			v.Children = append(v.Children, types.StringValue(p[1]))
		}
		v.Type = types.StructOf(fields...)
		return v
	case types.Value:
		return x
	}
	panic("unknown option")
}

func openText(t testing.TB, text string, o map[string]types.Value) *Table {
	t.Helper()
	tab, err := Open(context.Background(), memFS{"f.csv": []byte(text)}, "f.csv", o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return tab
}

// describe gives the columns as name TYPE.
func describe(tab *Table) string {
	var out []string
	for _, c := range tab.Columns() {
		out = append(out, c.Name+" "+c.Type.String())
	}
	return strings.Join(out, ", ")
}

// scan reads a table with the given number of readers and returns its rows in
// order, as text with | between values and ~ for NULL.
func scan(ctx context.Context, tab *Table, spec *storage.ScanSpec, readers int) ([]string, error) {
	s, err := tab.Scan(ctx, spec)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	type part struct {
		batch int64
		rows  []string
	}
	var mu sync.Mutex
	var parts []part
	var first error
	var wg sync.WaitGroup
	work := func() error {
		r, err := s.NewReader()
		if err != nil {
			return err
		}
		defer r.Close()
		chunk := &vector.Chunk{}
		for _, k := range spec.Columns {
			chunk.Cols = append(chunk.Cols, vector.New(tab.Columns()[k].Type))
		}
		last := int64(-1)
		for {
			batch, ok, err := r.NextMorsel(ctx)
			if !ok || err != nil {
				return err
			}
			if batch <= last {
				return fmt.Errorf("batch %d after %d", batch, last)
			}
			last = batch
			p := part{batch: batch}
			for {
				more, err := r.Next(ctx, chunk)
				if err != nil {
					return err
				}
				if !more {
					break
				}
				p.rows = append(p.rows, chunkRows(chunk)...)
			}
			mu.Lock()
			parts = append(parts, p)
			mu.Unlock()
		}
	}
	for range readers {
		wg.Go(func() {
			if err := work(); err != nil {
				mu.Lock()
				if first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if first != nil {
		return nil, first
	}
	slices.SortFunc(parts, func(a, b part) int { return int(a.batch - b.batch) })
	var out []string
	for _, p := range parts {
		out = append(out, p.rows...)
	}
	return out, nil
}

func chunkRows(c *vector.Chunk) []string {
	var out []string
	for i := range c.NumRows() {
		p := c.Position(i)
		vals := make([]string, len(c.Cols))
		for k, v := range c.Cols {
			if v.IsNull(p) {
				vals[k] = "~"
			} else {
				vals[k] = v.Value(p).String()
			}
		}
		out = append(out, strings.Join(vals, "|"))
	}
	return out
}

func allColumns(tab *Table) []int {
	out := make([]int, len(tab.Columns()))
	for i := range out {
		out[i] = i
	}
	return out
}

// rowsOf reads all columns under several range sizes, chunk sizes and numbers
// of readers, checks that the answers agree, and returns them.
func rowsOf(t testing.TB, tab *Table) ([]string, error) {
	t.Helper()
	ctx := context.Background()
	var want []string
	var wantErr error
	for i, cfg := range []struct {
		size    int64
		chunk   int
		readers int
	}{{0, 0, 1}, {1, 1, 1}, {2, 0, 2}, {3, 7, 1}, {7, 0, 3}, {16, 2, 2}, {61, 0, 1}, {1000, 0, 2}} {
		b := budget.New(64 << 20)
		mem := b.Reserve("scan")
		tab.rangeSize = cfg.size
		got, err := scan(ctx, tab, &storage.ScanSpec{Columns: allColumns(tab), ChunkRows: cfg.chunk, Mem: mem}, cfg.readers)
		tab.rangeSize = 0
		if used := mem.Held(); used != 0 {
			t.Errorf("ranges of %d: %d bytes are still held", cfg.size, used)
		}
		mem.Close()
		if i == 0 {
			want, wantErr = got, err
			continue
		}
		if (err == nil) != (wantErr == nil) || err != nil && cfg.readers == 1 && err.Error() != wantErr.Error() {
			t.Fatalf("ranges of %d: error %v, want %v", cfg.size, err, wantErr)
		}
		if err == nil && !slices.Equal(got, want) {
			t.Fatalf("ranges of %d: rows %q, want %q", cfg.size, got, want)
		}
	}
	return want, wantErr
}

var _ io.ReaderAt = memFile{}
