package gannet_test

import (
	"database/sql"
	"encoding/json"
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
		{"struct", fields(s), []any{"a", int64(2), "b", nil}},
		{"map", entries(m), []any{"k2", int64(8), "other key that is long", nil}},
		{"deep", fields(fields(d)[1]), []any{"deep", []any{[]any{int64(0)}, []any{}, nil}}},
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

// fields returns names and values of a Struct in turn.
func fields(s any) (out []any) {
	for name, v := range s.(gannet.Struct).All() {
		out = append(out, name, v)
	}
	return out
}

func TestStruct(t *testing.T) {
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var s gannet.Struct
	var list any
	const query = "SELECT {'z': 1, 'a b': 'it''s', 'm': NULL, 'l': [{'y': 1.5, 'x': DATE '2024-02-29'}]}, [{'b': 1, 'a': (1, 1)}]"
	if err := db.QueryRow(query).Scan(&s, &list); err != nil {
		t.Fatal(err)
	}
	if got, want := s.String(), "{'z': 1, 'a b': 'it\\'s', 'm': NULL, 'l': [{'y': 1.5, 'x': 2024-02-29}]}"; got != want {
		t.Errorf("the text is %s, want %s", got, want)
	}
	if text := fmt.Sprint(list); text != "[{'b': 1, 'a': (1, 1)}]" {
		t.Errorf("a list of structs is %s", text)
	}
	if name, v := s.Field(1); s.Len() != 4 || name != "a b" || v != "it's" {
		t.Errorf("%d fields, the second %s: %v", s.Len(), name, v)
	}
	if v, ok := s.Get("Z"); !ok || v != int64(1) {
		t.Errorf("field z is %v, %v", v, ok)
	}
	if v, ok := s.Get("m"); !ok || v != nil {
		t.Errorf("field m is %v, %v", v, ok)
	}
	if v, ok := s.Get("no"); ok || v != nil {
		t.Errorf("there is a field no: %v", v)
	}
	for _, c := range []struct {
		v    any
		want string
	}{
		{s, `{"z":1,"a b":"it's","m":null,"l":[{"y":1.5,"x":"2024-02-29"}]}`},
		{list, `[{"b":1,"a":[1,1]}]`},
		{gannet.Struct{}, "{}"}, {gannet.Map{}, "{}"}, {gannet.Row{}, "[]"},
	} {
		if got, err := json.Marshal(c.v); err != nil || string(got) != c.want {
			t.Errorf("JSON %s, %v, want %s", got, err, c.want)
		}
	}
	if text := (gannet.Struct{}).String(); text != "{}" {
		t.Errorf("the zero Struct is %s", text)
	}
	// A struct that was read is a parameter; the zero value has no type.
	var text string
	if err := db.QueryRow("SELECT CAST(? AS VARCHAR)", s).Scan(&text); err != nil || text != s.String() {
		t.Errorf("%s, %v", text, err)
	}
	for _, zero := range []any{gannet.Struct{}, gannet.Map{}, gannet.Row{}} {
		if err := db.QueryRow("SELECT CAST(? AS VARCHAR)", zero).Scan(&text); err == nil {
			t.Errorf("a zero %T is %s", zero, text)
		}
	}
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
