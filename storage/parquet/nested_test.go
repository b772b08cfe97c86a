package parquet

import (
	"context"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/tests/scans"
	"github.com/gannetdb/gannet/vector"
)

// rowsText returns the rows of a file's columns as text.
func rowsText(t *testing.T, file string, chunkRows int, columns ...int) []string {
	t.Helper()
	ctx := context.Background()
	f, err := Open(ctx, storage.Local(), sharedFile(t, "parquet/good/"+file))
	if err != nil {
		t.Fatal(err)
	}
	if columns == nil {
		for i := range f.Columns() {
			columns = append(columns, i)
		}
	}
	var out []string
	spec := &storage.ScanSpec{Columns: columns, ChunkRows: chunkRows, Mem: budget.New(64 << 20).Reserve("scan")}
	err = scans.Each(ctx, f, spec, func(_ int64, c *vector.Chunk) error {
		for i := range c.Len {
			var row []string
			for _, v := range c.Cols {
				row = append(row, v.Value(i).String())
			}
			out = append(out, strings.Join(row, "|"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNestedFiles reads files of many writers, among them those that wrote
// lists and maps in older ways. The values are those that DuckDB 1.5 gives, and
// for maps without values what the file's description says.
func TestNestedFiles(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"old_list_structure.parquet", "[[1, 2], [3, 4]]"},
		{"null_list.parquet", "[]"},
		{"nulls.snappy.parquet", strings.Repeat("{'b_c_int': NULL}\n", 7) + "{'b_c_int': NULL}"},
		{"incorrect_map_schema.parquet", "{parent=another, name=report}"},
		{"repeated_no_annotation.parquet", "1|NULL\n2|NULL\n3|{'phone': []}\n" +
			"4|{'phone': [{'number': 5555555555, 'kind': NULL}]}\n5|{'phone': [{'number': 1111111111, 'kind': home}]}\n" +
			"6|{'phone': [{'number': 1111111111, 'kind': home}, {'number': 2222222222, 'kind': NULL}, {'number': 3333333333, 'kind': mobile}]}"},
		{"repeated_primitive_no_list.parquet", "[0, 1, 2, 3]|[foo, zero, one, two]|{'Int32_list_in_group': [0, 1, 2, 3], 'String_list_in_group': [foo, zero, one, two]}\n" +
			"[]|[three]|{'Int32_list_in_group': [], 'String_list_in_group': [three]}\n" +
			"[4]|[four]|{'Int32_list_in_group': [4], 'String_list_in_group': [four]}\n" +
			"[5, 6, 7, 8]|[five, six, seven, eight]|{'Int32_list_in_group': [5, 6, 7, 8], 'String_list_in_group': [five, six, seven, eight]}"},
		{"nested_lists.snappy.parquet", "[[[a, b], [c]], [NULL, [d]]]|1\n[[[a, b], [c, d]], [NULL, [e]]]|1\n[[[a, b], [c, d], [e]], [NULL, [f]]]|1"},
		{"nested_maps.snappy.parquet", "{a={1=true, 2=false}}|1|1.0\n{b={1=true}}|1|1.0\n{c=NULL}|1|1.0\n{d={}}|1|1.0\n{e={1=true}}|1|1.0\n{f={3=true, 4=false, 5=true}}|1|1.0"},
		{"map_no_value.parquet", "{1=NULL, 2=NULL, 3=NULL}|[1, 2, 3]|[1, 2, 3]\n{4=NULL, 5=NULL, 6=NULL}|[4, 5, 6]|[4, 5, 6]\n{7=NULL, 8=NULL, 9=NULL}|[7, 8, 9]|[7, 8, 9]"},
		{"nullable.impala.parquet", `1|[1, 2, 3]|[[1, 2], [3, 4]]|{k1=1, k2=100}|[{k1=1}]|{'A': 1, 'b': [1], 'C': {'d': [[{'E': 10, 'F': aaa}, {'E': -10, 'F': bbb}], [{'E': 11, 'F': c}]]}, 'g': {foo={'H': {'i': [1.1]}}}}
2|[NULL, 1, 2, NULL, 3, NULL]|[[NULL, 1, 2, NULL], [3, NULL, 4], [], NULL]|{k1=2, k2=NULL}|[{k3=NULL, k1=1}, NULL, {}]|{'A': NULL, 'b': [NULL], 'C': {'d': [[{'E': NULL, 'F': NULL}, {'E': 10, 'F': aaa}, {'E': NULL, 'F': NULL}, {'E': -10, 'F': bbb}, {'E': NULL, 'F': NULL}], [{'E': 11, 'F': c}, NULL], [], NULL]}, 'g': {g1={'H': {'i': [2.2, NULL]}}, g2={'H': {'i': []}}, g3=NULL, g4={'H': {'i': NULL}}, g5={'H': NULL}}}
3|[]|[NULL]|{}|[NULL, NULL]|{'A': NULL, 'b': NULL, 'C': {'d': []}, 'g': {}}
4|NULL|[]|{}|[]|{'A': NULL, 'b': NULL, 'C': {'d': NULL}, 'g': NULL}
5|NULL|NULL|{}|NULL|{'A': NULL, 'b': NULL, 'C': NULL, 'g': {foo={'H': {'i': [2.2, 3.3]}}}}
6|NULL|NULL|NULL|NULL|NULL
7|NULL|[NULL, [5, 6]]|{k1=NULL, k3=NULL}|NULL|{'A': 7, 'b': [2, 3, NULL], 'C': {'d': [[], [NULL], NULL]}, 'g': NULL}`},
	} {
		for _, n := range []int{0, 1} {
			if got := strings.Join(rowsText(t, c.file, n), "\n"); got != c.want {
				t.Errorf("%s, %d rows at a time:\n%s\nwant\n%s", c.file, n, got, c.want)
			}
		}
	}
}

// TestLargePage: a page that claims to be larger than the scan may have is an
// error.
func TestLargePage(t *testing.T) {
	ctx := context.Background()
	f, err := Open(ctx, storage.Local(), sharedFile(t, "parquet/good/large_string_map.brotli.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	mem := budget.New(128 << 20).Reserve("scan")
	if err := readSome(t, f, 0, mem); !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
		t.Errorf("a page of 1 GiB in 128 MiB: %v", err)
	}
	if n := mem.Held(); n != 0 {
		t.Errorf("%d bytes are still reserved", n)
	}
}

func TestBrotliWindow(t *testing.T) {
	for b, want := range map[byte]int{0x00: 1 << 16, 0x01: 1 << 17, 0x0b: 1 << 22, 0x0f: 1 << 24, 0x21: 1 << 10, 0x71: 1 << 15, 0x11: 0} {
		if got := brotliWindow([]byte{b}); got != want {
			t.Errorf("window of %#x is %d, want %d", b, got, want)
		}
	}
	if brotliWindow(nil) != 0 {
		t.Error("nothing has a window")
	}
}
