package gannet_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
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
		{"map", entries(m), []any{"k2", int64(8), "other key that is long", nil}},
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

// entries returns keys and values of a Map in turn.
func entries(m any) (out []any) {
	for k, v := range m.(gannet.Map).All() {
		out = append(out, k, v)
	}
	return out
}

func TestMap(t *testing.T) {
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var m, dates gannet.Map
	if err := db.QueryRow("SELECT MAP {'a': 1, 'b c': NULL}, MAP {DATE '2024-02-29': [1.50]}").Scan(&m, &dates); err != nil {
		t.Fatal(err)
	}
	if m.Len() != 2 || m.String() != "{a=1, b c=NULL}" || dates.String() != "{2024-02-29=[1.50]}" {
		t.Errorf("%d entries, %s, %s", m.Len(), m, dates)
	}
	if k, v := m.Entry(0); k != "a" || v != int64(1) {
		t.Errorf("the first entry is %v, %v", k, v)
	}
	if s := (gannet.Map{}).String(); s != "{}" {
		t.Errorf("the zero Map is %s", s)
	}
	// A map that was read is a parameter.
	var text string
	if err := db.QueryRow("SELECT CAST(? AS VARCHAR)", m).Scan(&text); err != nil || text != m.String() {
		t.Errorf("%s, %v", text, err)
	}
}

func TestRow(t *testing.T) {
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var r gannet.Row
	var list any
	if err := db.QueryRow("SELECT (1, NULL, 'b c'), [(1, 2), (3, 4)]").Scan(&r, &list); err != nil {
		t.Fatal(err)
	}
	if r.Len() != 3 || r.String() != "(1, NULL, b c)" || r.Member(0) != int64(1) || r.Member(1) != nil {
		t.Errorf("%d members, %s", r.Len(), r)
	}
	if s := fmt.Sprint(list); s != "[(1, 2) (3, 4)]" {
		t.Errorf("a list of rows is %s", s)
	}
	if s := (gannet.Row{}).String(); s != "()" {
		t.Errorf("the zero Row is %s", s)
	}
	n := 0
	for range r.All() {
		n++
	}
	if n != 3 {
		t.Errorf("%d members", n)
	}
	// A row that was read is a parameter.
	var text string
	if err := db.QueryRow("SELECT CAST(? AS VARCHAR)", r).Scan(&text); err != nil || text != r.String() {
		t.Errorf("%s, %v", text, err)
	}
}
