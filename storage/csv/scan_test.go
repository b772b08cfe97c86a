package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if err == nil || sqlerr.Code(err) != code {
		t.Errorf("error %v (%s), want code %s", err, sqlerr.Code(err), code)
	}
}

// TestErrorLines checks the line that an error names, wherever ranges are cut.
func TestErrorLines(t *testing.T) {
	for _, c := range []struct {
		name, text, code string
		line             int64
		o                []any
	}{
		{"value", "a,b\n1,2\n3,x\n", "22P02", 3, []any{"types", []string{"INTEGER", "INTEGER"}}},
		{"value behind line feeds in quotes", "a,b\n\"x\n\ny\",1\n\nz,x\n", "22P02", 6, []any{"types", []string{"VARCHAR", "INTEGER"}}},
		{"too few fields", "a,b\n1,2\n3\n", "22P04", 3, []any{"delim", ",", "columns", [][2]string{{"a", "INTEGER"}, {"b", "INTEGER"}}}},
		{"too many fields", "a,b\n1,2\n3,4,5\n", "22P04", 3, []any{"delim", ",", "columns", [][2]string{{"a", "INTEGER"}, {"b", "INTEGER"}}}},
		{"open quote", "a,b\n1,2\n3,\"x\n4,5\n", "22P04", 3, []any{"delim", ",", "quote", "\"", "columns", [][2]string{{"a", "INTEGER"}, {"b", "VARCHAR"}}}},
		{"text behind a quote", "a,b\n1,2\n3,\"x\"y\n4,5\n", "22P04", 3, []any{"delim", ",", "quote", "\"", "columns", [][2]string{{"a", "INTEGER"}, {"b", "VARCHAR"}}}},
		{"UTF-8", "a,b\n1,x\n2,\xc3\n", "22021", 3, nil},
		{"carriage returns", "a,b\r1,2\r3,x\r", "22P02", 3, []any{"types", []string{"INTEGER", "INTEGER"}}},
		{"long record", "a,b\n1,x\n2," + strings.Repeat("y", 3000) + "\n3,z\n", "22P04", 3, []any{"max_line_size", 1000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := openText(t, c.text, opts(c.o...))
			_, err := rowsOf(t, tab)
			wantCode(t, err, c.code)
			var e *sqlerr.Error
			if errors.As(err, &e) && (e.Line != c.line || e.Path != "f.csv" || e.Detail == "" || e.Hint == "") {
				t.Errorf("line %d of %q, detail %q, hint %q, want line %d", e.Line, e.Path, e.Detail, e.Hint, c.line)
			}
		})
	}
}

// TestBrokenQuote has a quote that never ends in line 900,000.
func TestBrokenQuote(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("id,name\n")
	for i := 2; i <= 1_000_000; i++ {
		if i == 900_000 {
			b.WriteString("900000,\"broken\n")
			continue
		}
		fmt.Fprintf(&b, "%d,\"n, %d\"\n", i, i)
	}
	tab, err := Open(context.Background(), memFS{"big.csv": b.Bytes()}, "big.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(tab); got != "id BIGINT, name VARCHAR" {
		t.Fatal(got)
	}
	for _, readers := range []int{1, 2} {
		_, err = scan(context.Background(), tab, &storage.ScanSpec{Columns: []int{0}}, readers)
		wantCode(t, err, "22P04")
		var e *sqlerr.Error
		if errors.As(err, &e) && e.Line != 900_000 {
			t.Errorf("line %d: %v", e.Line, err)
		}
	}
}

func TestCompressed(t *testing.T) {
	var text strings.Builder
	text.WriteString("a,b\n")
	var want []string
	for i := range 5000 {
		fmt.Fprintf(&text, "%d,\"row\n%d, é\"\n", i, i)
		want = append(want, fmt.Sprintf("%d|row\n%d, é", i, i))
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write([]byte(text.String()))
	w.Close()
	enc, _ := zstd.NewWriter(nil)
	zst := enc.EncodeAll([]byte(text.String()), nil)
	enc.Close()
	files := memFS{"a.csv.gz": gz.Bytes(), "a.csv.zst": zst, "plain": gz.Bytes(), "empty.csv.gz": nil,
		"cut.csv.gz": gz.Bytes()[:gz.Len()/2], "cut.csv.zst": zst[:len(zst)/2], "bad.csv.gz": []byte("no gzip at all")}
	for _, c := range []struct {
		name string
		o    []any
	}{{"a.csv.gz", nil}, {"a.csv.zst", nil}, {"plain", []any{"compression", "gzip"}}} {
		tab, err := Open(context.Background(), files, c.name, opts(c.o...))
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int64{0, 100, 4096} {
			for _, readers := range []int{1, 3} {
				mem := budget.New(64 << 20).Reserve("scan")
				tab.rangeSize = size
				spec := scanAll(tab)
				spec.Mem = mem
				got, err := scan(context.Background(), tab, spec, readers)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%s, pieces of %d: %d rows, %v", c.name, size, len(got), err)
				}
				if mem.Held() != 0 {
					t.Errorf("%d bytes held", mem.Held())
				}
			}
		}
	}
	for _, name := range []string{"cut.csv.gz", "cut.csv.zst", "bad.csv.gz"} {
		tab, err := Open(context.Background(), files, name, nil)
		if err == nil {
			_, err = scan(context.Background(), tab, scanAll(tab), 2)
		}
		wantCode(t, err, "22P04")
	}
	tab, err := Open(context.Background(), files, "empty.csv.gz", nil)
	if err != nil || describe(tab) != "column0 VARCHAR" {
		t.Errorf("empty: %v", err)
	}
}

func TestBinary(t *testing.T) {
	for name, text := range map[string]string{
		"UTF-16": "\xff\xfea\x00,\x00b\x00\n\x00", "zeros": strings.Repeat("\x00\x01", 50),
	} {
		_, err := Open(context.Background(), memFS{"f": []byte(text)}, "f", nil)
		t.Log(name, err)
		wantCode(t, err, "22P04")
	}
	// A NUL byte here and there is a character like others.
	tab := openText(t, "a,b\n1,x\x00y and some more text to keep it rare\n", nil)
	if got, err := rowsOf(t, tab); err != nil || len(got) != 1 || !strings.Contains(got[0], "x\x00y") {
		t.Errorf("%q, %v", got, err)
	}
	_, err := Open(context.Background(), memFS{}, "none", nil)
	wantCode(t, err, "58P01")
}

// above passes integers greater than its bound, counting calls.
type above struct{ bound int64 }

func (a above) Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error) {
	k := 0
	for i := range n {
		p := uint32(i)
		if sel != nil {
			if i == len(sel) {
				break
			}
			p = sel[i]
		}
		if !v.IsNull(int(p)) && v.Value(int(p)).I > a.bound {
			out[k] = p
			k++
		}
	}
	return out[:k], nil
}

func over(column int, bound int64) storage.Predicate {
	return storage.Predicate{Column: column, Op: storage.None, NewSelector: func() storage.Selector { return above{bound} }}
}

func TestProjectionAndPredicates(t *testing.T) {
	var b strings.Builder
	b.WriteString("a,b,c\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "%d,%d,text %d\n", i, 10_000-i, i)
	}
	tab := openText(t, b.String(), nil)
	for _, size := range []int64{0, 500, 100_000} {
		tab.rangeSize = size
		var counters storage.ScanCounters
		got, err := scan(context.Background(), tab, &storage.ScanSpec{
			Columns: []int{2, 0}, Predicates: []storage.Predicate{over(0, 4996), over(1, 5000)}, Counters: &counters,
		}, 2)
		want := []string{"text 4997|4997", "text 4998|4998", "text 4999|4999"}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
		if counters.RowsScanned.Load() != 10_000 || counters.RowsOut.Load() != 3 || counters.FilesOpened.Load() != 1 || counters.BytesRead.Load() < tab.size-tab.schema.start {
			t.Errorf("counters: scanned %d, out %d, bytes %d", counters.RowsScanned.Load(), counters.RowsOut.Load(), counters.BytesRead.Load())
		}
		got, err = scan(context.Background(), tab, &storage.ScanSpec{}, 1)
		if err != nil || len(got) != 10_000 {
			t.Errorf("count: %d, %v", len(got), err)
		}
		got, err = scan(context.Background(), tab, &storage.ScanSpec{Predicates: []storage.Predicate{over(1, 9_000)}}, 1)
		if err != nil || len(got) != 1000 {
			t.Errorf("count of a condition: %d, %v", len(got), err)
		}
		got, err = scan(context.Background(), tab, &storage.ScanSpec{Columns: []int{0}, Predicates: []storage.Predicate{over(1, 10_000)}}, 1)
		if err != nil || len(got) != 0 {
			t.Errorf("nothing passes: %d, %v", len(got), err)
		}
	}
}

// TestPredicateOnBadValues has a filter column with values that do not fit.
func TestPredicateOnBadValues(t *testing.T) {
	tab := openText(t, "a,b\n1,x\nbad,y\n3,z\n4,w\n", opts("types", [][2]string{{"a", "INTEGER"}}, "ignore_errors", true))
	got, err := scan(context.Background(), tab, &storage.ScanSpec{Columns: []int{1, 0}, Predicates: []storage.Predicate{over(0, 1)}}, 1)
	if err != nil || !slices.Equal(got, []string{"z|3", "w|4"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// slowFS cancels a context after a number of reads.
type slowFS struct {
	storage.FS
	left   atomic.Int64
	cancel context.CancelFunc
}

type slowFile struct {
	storage.File
	fs *slowFS
}

func (s *slowFS) Open(ctx context.Context, name string) (storage.File, error) {
	f, err := s.FS.Open(ctx, name)
	return slowFile{f, s}, err
}

func (f slowFile) ReadAt(b []byte, off int64) (int, error) {
	if f.fs.left.Add(-1) == 0 {
		f.fs.cancel()
	}
	return f.File.ReadAt(b, off)
}

func TestCancel(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n", 50_000)
	for _, reads := range []int64{1, 3, 10, 30} {
		ctx, cancel := context.WithCancel(context.Background())
		fs := &slowFS{FS: memFS{"f": []byte(text)}, cancel: cancel}
		tab, err := Open(context.Background(), fs, "f", nil)
		if err != nil {
			t.Fatal(err)
		}
		tab.rangeSize = 1000
		fs.left.Store(reads)
		mem := budget.New(64 << 20).Reserve("scan")
		_, err = scan(ctx, tab, &storage.ScanSpec{Columns: []int{0}, Mem: mem}, 2)
		wantCode(t, err, "57014")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if mem.Held() != 0 {
			t.Errorf("%d bytes held", mem.Held())
		}
		cancel()
	}
}

// TestMemory refuses memory at every point where it is asked for.
func TestMemory(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,some text that is not short\n", 2000) + "1," + strings.Repeat("long ", 400) + "\n"
	tab := openText(t, text, nil)
	tab.rangeSize = 700
	for fail := 1; ; fail++ {
		b := budget.New(64 << 20)
		mem := b.Reserve("scan")
		var n atomic.Int64
		b.SetFault(func(string, int64) bool { return n.Add(1) == int64(fail) })
		rows, err := scan(context.Background(), tab, &storage.ScanSpec{Columns: []int{0, 1}, Mem: mem}, 2)
		if mem.Held() != 0 {
			t.Fatalf("failure %d: %d bytes held", fail, mem.Held())
		}
		if n.Load() < int64(fail) {
			if err != nil || len(rows) != 2001 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
			t.Logf("memory was asked for %d times, peak %d bytes", n.Load(), mem.Peak())
			break
		}
		wantCode(t, err, "53200")
	}
}

// TestLongRecords has records far longer than ranges and their tails.
func TestLongRecords(t *testing.T) {
	var b strings.Builder
	var want []string
	b.WriteString("id,text\n")
	for i := range 20 {
		s := strings.Repeat(fmt.Sprintf("line %d, \"\"quoted\"\"\n", i), 1+i*i*10)
		fmt.Fprintf(&b, "%d,\"%s\"\n", i, s)
		want = append(want, fmt.Sprintf("%d|%s", i, strings.ReplaceAll(s, `""`, `"`)))
	}
	tab := openText(t, b.String(), nil)
	for _, size := range []int64{0, 10, 300, 5000} {
		for _, readers := range []int{1, 3} {
			tab.rangeSize = size
			got, err := scan(context.Background(), tab, scanAll(tab), readers)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("ranges of %d: %d rows, %v", size, len(got), err)
			}
		}
	}
}

// TestFileChanges has files that are not what they were when they were opened.
func TestFileChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f.csv")
	if err := os.WriteFile(path, []byte("a,b\n"+strings.Repeat("1,2\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	tab, err := Open(context.Background(), storage.Local(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	rows, err := scan(context.Background(), tab, scanAll(tab), 1)
	t.Logf("shorter: %d rows, %v", len(rows), err)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err = scan(context.Background(), tab, scanAll(tab), 1)
	wantCode(t, err, "58P01")
}

func TestSharedFiles(t *testing.T) {
	root := "../../../shared/parquet/csv"
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared files are not here")
	}
	const columns = "c1 VARCHAR, c2 BIGINT, c3 BIGINT, c4 BIGINT, c5 BIGINT, c6 BIGINT, c7 BIGINT, c8 BIGINT, c9 BIGINT, c10 DOUBLE, c11 DOUBLE, c12 DOUBLE, c13 VARCHAR"
	var rows [][]string
	for _, name := range []string{"aggregate_test_100.csv", "aggregate_test_100.csv.gz"} {
		tab, err := Open(context.Background(), storage.Local(), filepath.Join(root, name), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(tab); got != columns {
			t.Errorf("%s: %s", name, got)
		}
		got, err := rowsOf(t, tab)
		if err != nil || len(got) != 100 {
			t.Errorf("%s: %d rows, %v", name, len(got), err)
		}
		rows = append(rows, got)
	}
	if !slices.Equal(rows[0], rows[1]) {
		t.Error("the compressed file has other rows")
	}
	tab, err := Open(context.Background(), storage.Local(), filepath.Join(root, "aggregate_test_100_with_dates.csv"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(tab); !strings.HasPrefix(got, columns) || !strings.Contains(got, " DATE") {
		t.Errorf("with dates: %s", got)
	}
	files, _ := filepath.Glob(filepath.Join(root, "fuzzing", "*"))
	for _, f := range files {
		tab, err := Open(context.Background(), storage.Local(), f, nil)
		if err != nil {
			t.Logf("%s: %v", filepath.Base(f), err)
			continue
		}
		rows, err := rowsOf(t, tab)
		t.Logf("%s: %d rows, %v", filepath.Base(f), len(rows), err)
	}
}

// FuzzScan reads any bytes: rows or an error, the same for every range size.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a;b\r\n\"x\n\";2\r\n", "\"\"\"\",\"\n", "a\\,b\n'\\''", "\xef\xbb\xbf", ",,,\n,,\n", "#\n#\na", " \"x\" ,\"y\"z\n",
		"1\n2\n\n3", "a,b\r1,2\r", "\x00\x01", "a\n" + strings.Repeat("9", 50), "x,y\n\"a\"\"b\",\" c\"\n d,\"e\\\"\"\n",
		"2020-01-01 10:00:00+01,10:11:12,t\n", "title\n\na,b,c\n1,2,3\n4,5,6\n",
		"a,b\n\"x\" y\" z\",1 # \"c\n 2,\"a\"b\"\n", "1/2/2020,3#4\n # x\n13/2/2020,5\n",
	} {
		f.Add([]byte(s), byte(0))
		f.Add([]byte(s), byte(0xff))
	}
	f.Fuzz(func(t *testing.T, data []byte, how byte) {
		if len(data) > 4096 {
			return
		}
		o := map[string]types.Value{}
		flag := func(bit byte, name string, x any) {
			if how&bit != 0 {
				o[name] = option(x)
			}
		}
		flag(1, "ignore_errors", true)
		flag(2, "null_padding", true)
		flag(4, "header", how&8 != 0)
		flag(16, "delim", ",")
		flag(32, "quote", `"`)
		flag(64, "escape", `\`)
		flag(128, "comment", "#")
		if how&3 == 3 {
			o["strict_mode"] = option(false)
		}
		fs := memFS{"f": data}
		ctx := context.Background()
		tab, err := Open(ctx, fs, "f", o)
		if err != nil {
			return
		}
		type answer struct {
			rows []string
			err  error
		}
		var first answer
		for i, size := range []int64{0, 1, 3, 17} {
			tab.rangeSize = size
			rows, err := scan(ctx, tab, scanAll(tab), 1)
			if i == 0 {
				first = answer{rows, err}
				// The loop that walks from field to field has to agree.
				compareSlow(t, tab, data, rows, err)
				continue
			}
			if fmt.Sprint(err) != fmt.Sprint(first.err) || err == nil && !slices.Equal(rows, first.rows) {
				t.Fatalf("ranges of %d: %q, %v; without: %q, %v", size, rows, err, first.rows, first.err)
			}
		}
	})
}

// compareSlow finds the records of data without the fast loop.
func compareSlow(t *testing.T, tab *Table, data []byte, rows []string, err error) {
	d, o := tab.schema.dialect, tab.opt
	slow := block{buf: data, cols: len(tab.schema.cols), slow: true}
	quick := block{buf: data, cols: slow.cols}
	from := int(tab.schema.start)
	n1, p1 := d.records(&slow, from, len(data), true, o.ignoreErrors, o.nullPadding)
	n2, p2 := d.records(&quick, from, len(data), true, o.ignoreErrors, o.nullPadding)
	if n1 != n2 || p1 != p2 || !slices.Equal(slow.fields, quick.fields) {
		t.Fatalf("fast and slow differ: %d %v %v, %d %v %v", n1, p1, slow.fields, n2, p2, quick.fields)
	}
	if err == nil && !o.ignoreErrors && len(rows) != slow.rows() {
		t.Fatalf("%d rows of %d", len(rows), slow.rows())
	}
}
