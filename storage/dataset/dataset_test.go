package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

var formats = []Format{Parquet, rowsFormat}

// text renders a value.
func text(v types.Value) string {
	switch {
	case v.IsNull:
		return "NULL"
	case v.Type.ID == types.Varchar:
		return v.S
	case v.Type.ID == types.Date:
		return string(types.AppendDate(nil, int32(v.I)))
	}
	return fmt.Sprint(v.I)
}

// rows scans all columns with two readers that take turns, and returns the
// rows in the order of their batches.
func rows(t *testing.T, tab storage.Table, preds ...storage.Predicate) (out []string, err error) {
	t.Helper()
	ctx := context.Background()
	var cols []int
	var ts []types.Type
	for i, c := range tab.Columns() {
		cols, ts = append(cols, i), append(ts, c.Type)
	}
	s, err := tab.Scan(ctx, &storage.ScanSpec{Columns: cols, Predicates: preds})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var readers [2]storage.Reader
	for i := range readers {
		if readers[i], err = s.NewReader(); err != nil {
			return nil, err
		}
		defer readers[i].Close()
	}
	chunk := vector.NewChunk(ts)
	last, idle := int64(-1), 0
	for turn := 0; idle < 2; turn++ {
		r := readers[turn%2]
		batch, ok, err := r.NextMorsel(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			idle++
			continue
		}
		if batch <= last {
			t.Errorf("batch %x after %x", batch, last)
		}
		last = batch
		for {
			ok, err := r.Next(ctx, chunk)
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			for i := range chunk.NumRows() {
				var row []string
				for _, v := range chunk.Cols {
					row = append(row, text(v.Value(chunk.Position(i))))
				}
				out = append(out, strings.Join(row, "|"))
			}
		}
	}
	return out, nil
}

func open(t *testing.T, fs storage.FS, opts map[string]types.Value, patterns ...string) storage.Table {
	t.Helper()
	tab, err := Open(context.Background(), fs, Source{Patterns: patterns, Options: opts}, formats)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func expect(t *testing.T, tab storage.Table, want ...string) {
	t.Helper()
	got, err := rows(t, tab)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func someFiles() *memFS {
	return &memFS{files: map[string]string{
		"d/a.rows":                      "x INTEGER,y VARCHAR\n1,a\n2,b\n",
		"d/b.rows":                      "y VARCHAR,X INTEGER,z VARCHAR\nc,3,more\n",
		"d/c.rows.gz":                   "x INTEGER,y VARCHAR\n4,d\n",
		"d/_SUCCESS":                    "",
		"d/.hidden.rows":                "x INTEGER\n9\n",
		"d/sub/deep/d.rows":             "x INTEGER,y VARCHAR\n5,e\n",
		"d/sub/e.txt":                   "no data",
		"d/sub/.git/f.rows":             "x INTEGER,y VARCHAR\n8,h\n",
		"h/y=2024/m=1/f.rows":           "x INTEGER\n1\n2\n",
		"h/y=2024/m=2/f.rows":           "x INTEGER\n3\n",
		"h/y=2025/m=1/f.rows":           "x INTEGER\n4\n",
		"p/d=2024-01-01/k=a%20b/f.rows": "x INTEGER,k VARCHAR\n1,own\n",
		"p/d=2024-01-02/k=__HIVE_DEFAULT_PARTITION__/f.rows": "x INTEGER,k VARCHAR\n2,own\n",
		"bad/a.rows":      "x INTEGER\n1\n",
		"bad/b.rows":      "x VARCHAR\n1\n",
		"miss/a.rows":     "x INTEGER,y VARCHAR\n1,a\n",
		"miss/b.rows":     "y VARCHAR\nb\n",
		"magic.data":      "#x INTEGER\n7\n",
		"text.parquet":    "this is not a Parquet file, but text\n",
		"odd[1].rows":     "x INTEGER\n6\n",
		"lineitem.rows":   "x INTEGER\n6\n",
		"nothing.unknown": "hello",
	}}
}

func TestFinding(t *testing.T) {
	for _, c := range []struct {
		patterns []string
		want     string
	}{
		{[]string{"d/a.rows"}, "d/a.rows"},
		{[]string{"d/*.rows"}, "d/a.rows d/b.rows"},
		{[]string{"d/?.rows"}, "d/a.rows d/b.rows"},
		{[]string{"d/[!a].rows"}, "d/b.rows"},
		{[]string{"d/[b-c].rows*"}, "d/b.rows d/c.rows.gz"},
		{[]string{"d/.*.rows"}, "d/.hidden.rows"},
		{[]string{"d/{b,a}.rows"}, "d/a.rows d/b.rows"},
		{[]string{"{d,h/{y=2024,y=2025}/m=1}/[af].rows"}, "d/a.rows h/y=2024/m=1/f.rows h/y=2025/m=1/f.rows"},
		{[]string{"d/**"}, "d/a.rows d/b.rows d/c.rows.gz d/sub/deep/d.rows"},
		{[]string{"d/**/*.rows"}, "d/a.rows d/b.rows d/sub/deep/d.rows"},
		{[]string{"**/d.rows"}, "d/sub/deep/d.rows"},
		{[]string{"d/**/deep/**/d.rows"}, "d/sub/deep/d.rows"},
		{[]string{"d"}, "d/a.rows d/b.rows d/c.rows.gz d/sub/deep/d.rows"},
		{[]string{"d/"}, "d/a.rows d/b.rows d/c.rows.gz d/sub/deep/d.rows"},
		{[]string{"h"}, "h/y=2024/m=1/f.rows h/y=2024/m=2/f.rows h/y=2025/m=1/f.rows"},
		{[]string{"d/b.rows", "d/a.rows", "d/b.rows"}, "d/b.rows d/a.rows d/b.rows"},
		{[]string{"odd[1].rows"}, "odd[1].rows"},
	} {
		f := finder{ctx: context.Background(), fs: someFiles(), formats: formats}
		for _, p := range c.patterns {
			if err := f.find(p); err != nil {
				t.Errorf("%v: %v", c.patterns, err)
			}
		}
		var got []string
		for _, i := range f.out {
			got = append(got, i.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: %v, want %s", c.patterns, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*", "abc", true}, {"a*c", "abbbc", true}, {"a*c", "abbbd", false}, {"*a*b*", "xxaxxbxx", true},
		{"*ab", "aab", true}, {"?", "ü", true}, {"??", "ü", false}, {"[a-c]x", "bx", true}, {"[^a-c]x", "bx", false},
		{"[]]", "]", true}, {"[", "[", true}, {"a[", "a[", true}, {"*[0-9].csv", "part-0001.csv", true}, {"*", ".x", false}, {".*", ".x", true},
		{"a", "ab", false}, {"ab", "a", false}, {"", "", true}, {"**", "abc", true}, {"[!", "[!", true},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := match(c.pattern, c.name); got != c.want {
			t.Errorf("match(%.20q, %.20q) = %v", c.pattern, c.name, got)
		}
	}
	if _, err := braces(strings.Repeat("{a,b}", 40)); !sqlerr.Is(err, sqlerr.CodeLimitExceeded) {
		t.Errorf("2^40 alternatives: %v", err)
	}
	if got, _ := braces("a{b,c{d,e}}f{"); strings.Join(got, " ") != "abf{ acdf{ acef{" && len(got) != 4 {
		t.Errorf("braces: %q", got)
	}
}

func TestManyFilesAsOne(t *testing.T) {
	fs := someFiles()
	tab := open(t, fs, nil, "d/a.rows", "d/b.rows", "d/**/d.rows")
	expect(t, tab, "1|a", "2|b", "3|c", "5|e")
	for _, c := range tab.Columns() {
		if c.NotNull {
			t.Error("a promise that only the first file made")
		}
	}
	st, err := tab.Stats(context.Background())
	if err != nil || st.NumRows != 4 || !st.Exact {
		t.Fatalf("statistics: %+v, %v", st, err)
	}
	if x := st.Columns[0]; !x.HasMinMax || x.Min.I != 1 || x.Max.I != 5 {
		t.Errorf("bounds of x: %+v", x)
	}
	if n := fs.open.Load(); n != 0 {
		t.Errorf("%d files are open", n)
	}
	if tab := open(t, fs, nil, "d/a.rows"); fmt.Sprintf("%T", tab) != "*dataset.rowsTable" {
		t.Errorf("one file is a %T", tab)
	}
	expect(t, open(t, fs, nil, "magic.data"), "7")
}

func equals(column int, v types.Value) storage.Predicate {
	return storage.Predicate{Column: column, Op: storage.Equal, Values: []types.Value{v}, NewSelector: func() storage.Selector { return equalTo{v} }}
}

type equalTo struct{ v types.Value }

func (e equalTo) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	k := 0
	for i := range n {
		if x := v.Value(i); !x.IsNull && types.Compare(x, e.v) == 0 {
			out[k] = uint32(i)
			k++
		}
	}
	return out[:k], nil
}

func TestHive(t *testing.T) {
	fs := someFiles()
	tab := open(t, fs, nil, "h")
	expect(t, tab, "1|2024|1", "2|2024|1", "3|2024|2", "4|2025|1")
	if c := tab.Columns(); c[1].Name != "y" || c[1].Type.ID != types.BigInt || c[2].Name != "m" {
		t.Errorf("columns: %+v", c)
	}
	got, err := rows(t, tab, equals(1, types.IntValue(types.Of(types.BigInt), 2024)), equals(0, types.IntValue(types.Of(types.Integer), 3)))
	if err != nil || !slices.Equal(got, []string{"3|2024|2"}) {
		t.Errorf("filtered: %v, %v", got, err)
	}
	s, err := tab.Scan(context.Background(), &storage.ScanSpec{Predicates: []storage.Predicate{equals(1, types.IntValue(types.Of(types.BigInt), 2025))}})
	if err != nil || s.Morsels() != 1 {
		t.Errorf("pruned scan: %v", err)
	}
	s.Close()
	st, err := tab.Stats(context.Background())
	if err != nil || st.Columns[1].Distinct != 2 || st.Columns[1].Max.I != 2025 {
		t.Errorf("statistics: %+v, %v", st, err)
	}
	// The directory's value stands in place of the file's own column.
	expect(t, open(t, fs, nil, "p/**/*.rows"), "1|a b|2024-01-01", "2|NULL|2024-01-02")
	expect(t, open(t, fs, map[string]types.Value{"hive_partitioning": types.BoolValue(false)}, "p"), "1|own", "2|own")
	tab = open(t, fs, map[string]types.Value{"hive_types_autocast": types.BoolValue(false)}, "h")
	if c := tab.Columns(); c[1].Type.ID != types.Varchar {
		t.Errorf("without cast: %+v", c)
	}
	if _, err := Open(context.Background(), fs, Source{Patterns: []string{"d"}, Options: map[string]types.Value{"hive_partitioning": types.BoolValue(true)}}, formats); !sqlerr.Is(err, sqlerr.CodeInvalidArgument) {
		t.Errorf("no partitions: %v", err)
	}
}

func TestFilename(t *testing.T) {
	fs := someFiles()
	expect(t, open(t, fs, map[string]types.Value{"filename": types.BoolValue(true), "opt": types.BoolValue(true)}, "d/a.rows"), "1|a|d/a.rows", "2|b|d/a.rows")
	tab := open(t, fs, map[string]types.Value{"filename": types.StringValue("src")}, "h")
	if c := tab.Columns(); c[len(c)-1].Name != "src" {
		t.Errorf("columns: %+v", c)
	}
	if _, err := Open(context.Background(), fs, Source{Patterns: []string{"d/a.rows"}, Options: map[string]types.Value{"filename": types.StringValue("X")}}, formats); !sqlerr.Is(err, sqlerr.CodeDuplicateColumn) {
		t.Errorf("clash: %v", err)
	}
}

func TestUnionByName(t *testing.T) {
	fs := someFiles()
	union := map[string]types.Value{"union_by_name": types.BoolValue(true)}
	tab := open(t, fs, union, "d/b.rows", "miss")
	expect(t, tab, "c|3|more", "a|1|NULL", "b|NULL|NULL")
	got, err := rows(t, tab, equals(1, types.IntValue(types.Of(types.Integer), 1)))
	if err != nil || !slices.Equal(got, []string{"a|1|NULL"}) {
		t.Errorf("filtered: %v, %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		src        Source
		code, text string
	}{
		{Source{Patterns: []string{"d/aa.rows"}}, sqlerr.CodeUndefinedFile, `"d/a.rows"`},
		{Source{Patterns: []string{"lineitme.rows"}}, sqlerr.CodeUndefinedFile, `Did you mean "lineitem.rows"?`},
		{Source{Patterns: []string{"d/*.none"}}, sqlerr.CodeUndefinedFile, "no files match"},
		{Source{Patterns: nil}, sqlerr.CodeInvalidArgument, "empty"},
		{Source{Patterns: []string{""}}, sqlerr.CodeUndefinedFile, "empty"},
		{Source{Patterns: []string{"d/a.rows"}, Format: "orc"}, sqlerr.CodeInvalidArgument, "orc"},
		{Source{Patterns: []string{"text.parquet"}}, sqlerr.CodeBadCopyFile, "not a Parquet file"},
		{Source{Patterns: []string{"nothing.unknown"}}, sqlerr.CodeBadCopyFile, "cannot tell the format"},
		{Source{Patterns: []string{"d/a.rows", "text.parquet"}}, sqlerr.CodeInvalidArgument, "different formats"},
		{Source{Patterns: []string{"d/a.rows"}, Options: map[string]types.Value{"zzz": types.BoolValue(true)}}, sqlerr.CodeInvalidArgument, "zzz"},
		{Source{Patterns: []string{"d/a.rows"}, Options: map[string]types.Value{"union_by_name": types.StringValue("x")}}, sqlerr.CodeInvalidArgument, "true or false"},
	} {
		_, err := Open(context.Background(), someFiles(), c.src, formats)
		full := ""
		var e *sqlerr.Error
		if errors.As(err, &e) {
			full = e.Error() + " " + e.Hint
		}
		if !sqlerr.Is(err, c.code) || !strings.Contains(full, c.text) {
			t.Errorf("%v: %s %v (%s), want %s %s", c.src, sqlerr.Code(err), err, full, c.code, c.text)
		}
	}
	for dir, want := range map[string]string{"bad": sqlerr.CodeDatatypeMismatch, "miss": sqlerr.CodeUndefinedColumn} {
		_, err := rows(t, open(t, someFiles(), nil, dir))
		if !sqlerr.Is(err, want) || !strings.Contains(err.Error(), dir+"/b.rows") {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// TestThousandFiles reads a thousand small Parquet files with two workers.
func TestThousandFiles(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "tpch", "sf0.1", "region.parquet"))
	if err != nil {
		t.Skip("region.parquet is not there")
	}
	dir := t.TempDir()
	for i := range 1000 {
		sub := filepath.Join(dir, fmt.Sprintf("k=%d", i%10))
		if i < 10 {
			if err := os.Mkdir(sub, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("%04d.parquet", i)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	tab := open(t, storage.Local(), nil, dir)
	t.Logf("found after %v", time.Since(start))
	st, err := tab.Stats(context.Background())
	if err != nil || st.NumRows != 5000 || !st.Exact {
		t.Fatalf("statistics: %+v, %v", st, err)
	}
	t.Logf("footers read after %v", time.Since(start))
	b := budget.New(64 << 20)
	mem := b.Reserve("scan")
	counters := &storage.ScanCounters{}
	s, err := tab.Scan(context.Background(), &storage.ScanSpec{Columns: []int{0, 1, 2, 3}, Mem: mem, Counters: counters})
	if err != nil {
		t.Fatal(err)
	}
	var rows [2]int
	g, ctx := spawn.NewGroup(context.Background())
	for w := range rows {
		g.Go("read", func(context.Context) error {
			r, err := s.NewReader()
			if err != nil {
				return err
			}
			defer r.Close()
			chunk := vector.NewChunk([]types.Type{types.Of(types.Integer), types.Of(types.Varchar), types.Of(types.Varchar), types.Of(types.BigInt)})
			for {
				_, ok, err := r.NextMorsel(ctx)
				if err != nil || !ok {
					return err
				}
				for {
					ok, err := r.Next(ctx, chunk)
					if err != nil {
						return err
					}
					if !ok {
						break
					}
					rows[w] += chunk.NumRows()
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("rows read after %v", time.Since(start))
	if rows[0]+rows[1] != 5000 || counters.FilesOpened.Load() != 1000 || counters.RowsOut.Load() != 5000 {
		t.Errorf("%v rows of %d files", rows, counters.FilesOpened.Load())
	}
	if mem.Held() != 0 || b.Peak() > 8<<20 {
		t.Errorf("%d bytes held, peak %d", mem.Held(), b.Peak())
	}
}

// TestOpenFilesAreFew: readers that go through many files leave none open.
func TestOpenFilesAreFew(t *testing.T) {
	fs := &memFS{files: map[string]string{}}
	for i := range 200 {
		fs.files[fmt.Sprintf("f/%03d.rows", i)] = fmt.Sprintf("x INTEGER\n%d\n%d\n", 2*i, 2*i+1)
	}
	tab := open(t, fs, nil, "f")
	got, err := rows(t, tab)
	if err != nil || len(got) != 400 || got[399] != "399" {
		t.Errorf("%d rows, %v", len(got), err)
	}
	if fs.open.Load() != 0 || fs.most.Load() > 5 {
		t.Errorf("%d files open, at most %d at once", fs.open.Load(), fs.most.Load())
	}
	// A scan given up early closes what it opened.
	s, err := tab.Scan(context.Background(), &storage.ScanSpec{Columns: []int{0}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	for range 7 {
		if _, ok, err := r.NextMorsel(context.Background()); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	r.Close()
	s.Close()
	if fs.open.Load() != 0 {
		t.Errorf("%d files open", fs.open.Load())
	}
}
