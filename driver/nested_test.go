package gannet_test

import (
	"database/sql"
	"reflect"
	"testing"

	_ "github.com/gannetdb/gannet/driver"
)

// TestNestedColumns scans lists, structs and maps of a Parquet file.
func TestNestedColumns(t *testing.T) {
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var l, s, m, d any
	row := db.QueryRow("SELECT l, s, m, d FROM '../tests/slt/data/nested.parquet' WHERE id = 7 OR id = 8 ORDER BY id DESC LIMIT 1")
	if err := row.Scan(&l, &s, &m, &d); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"list", l, []any{int64(0), int64(1), int64(2)}},
		{"struct", s, map[string]any{"a": int64(2), "b": nil}},
		{"map", m, []any{map[string]any{"key": "k2", "value": int64(8)}, map[string]any{"key": "other key that is long", "value": nil}}},
		{"deep", d, map[string]any{"top": map[string]any{"deep": []any{[]any{int64(0)}, []any{}, nil}}}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s is %#v, want %#v", c.name, c.got, c.want)
		}
	}
	row = db.QueryRow("SELECT l, d FROM '../tests/slt/data/nested.parquet' WHERE id = 0")
	if err := row.Scan(&l, &d); err != nil || l != nil || d != nil {
		t.Errorf("NULLs are %v and %v, %v", l, d, err)
	}
}
