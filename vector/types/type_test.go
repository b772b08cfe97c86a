package types

import "testing"

func mustType(t *testing.T, name string) Type {
	t.Helper()
	switch name {
	case "D(2,1)":
		return DecimalOf(2, 1)
	case "D(10,2)":
		return DecimalOf(10, 2)
	case "D(12,8)":
		return DecimalOf(12, 8)
	case "D(38,2)":
		return DecimalOf(38, 2)
	case "D(38,20)":
		return DecimalOf(38, 20)
	case "D(4,1)":
		return DecimalOf(4, 1)
	}
	ty, err := Lookup(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ty
}

func TestCommonType(t *testing.T) {
	for _, c := range [][3]string{
		{"int", "D(2,1)", "DECIMAL(11,1)"}, {"float", "bigint", "FLOAT"}, {"float", "D(10,2)", "FLOAT"}, {"ubigint", "bigint", "HUGEINT"},
		{"hugeint", "uhugeint", "DOUBLE"}, {"D(10,2)", "D(12,8)", "DECIMAL(16,8)"}, {"D(38,2)", "D(38,20)", "DECIMAL(38,2)"}, {"bool", "int", "INTEGER"},
		{"date", "timestamp", "TIMESTAMP"}, {"date", "int", "!"}, {"time", "date", "!"}, {"timestamp", "timestamptz", "TIMESTAMP WITH TIME ZONE"},
		{"hugeint", "double", "DOUBLE"}, {"bigint", "D(4,1)", "DECIMAL(20,1)"}, {"usmallint", "smallint", "INTEGER"}, {"uinteger", "smallint", "BIGINT"},
		{"ubigint", "D(4,1)", "DECIMAL(21,1)"}, {"timestamp_s", "timestamp_ns", "TIMESTAMP_NS"}, {"timestamp_s", "timestamp", "TIMESTAMP"},
		{"timestamp_ns", "timestamptz", "!"}, {"timestamp_ns", "timestamp", "TIMESTAMP_NS"}, {"varchar", "int", "!"}, {"varchar", "blob", "!"},
		{"null", "int", "INTEGER"}, {"tinyint", "utinyint", "SMALLINT"}, {"utinyint", "ubigint", "UBIGINT"},
	} {
		for _, swap := range []bool{false, true} {
			a, b := mustType(t, c[0]), mustType(t, c[1])
			if swap {
				a, b = b, a
			}
			got := "!"
			if ty, ok := CommonType(a, b); ok {
				got = ty.String()
			}
			if got != c[2] {
				t.Errorf("CommonType(%s, %s) = %s, want %s", a, b, got, c[2])
			}
		}
	}
	l, ok := CommonType(ListOf(Of(Integer)), ListOf(DecimalOf(2, 1)))
	if !ok || l.String() != "DECIMAL(11,1)[]" {
		t.Errorf("lists: %v", l)
	}
	s, ok := CommonType(StructOf(Field{"a", Of(Integer)}), StructOf(Field{"b", Of(Varchar)}))
	if !ok || s.String() != "STRUCT(a INTEGER, b VARCHAR)" {
		t.Errorf("structs: %v", s)
	}
	if ty, _ := CommonType(Of(Unknown), Of(Date)); ty.ID != Date {
		t.Errorf("unknown with date: %v", ty)
	}
	if ty, _ := ComparisonType(Of(Varchar), Of(Integer)); ty.ID != Integer {
		t.Errorf("varchar compared with int: %v", ty)
	}
	if ty := UnionType(Of(Varchar), Of(Integer)); ty.ID != Varchar {
		t.Errorf("varchar union int: %v", ty)
	}
}

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		name string
		mods []int
		want string
	}{{"DECIMAL", nil, "DECIMAL(18,3)"}, {"numeric", []int{10}, "DECIMAL(10,0)"}, {"dec", []int{15, 2}, "DECIMAL(15,2)"}, {"dec", []int{39, 2}, "!"},
		{"dec", []int{5, 6}, "!"}, {"varchar", []int{10}, "VARCHAR"}, {"nope", nil, "!"}, {"int", []int{3}, "!"}, {"timestamp", []int{3}, "TIMESTAMP_MS"},
		{"TimestampTZ", nil, "TIMESTAMP WITH TIME ZONE"}, {"double precision", nil, "DOUBLE"}} {
		got := "!"
		if ty, err := Lookup(c.name, c.mods); err == nil {
			got = ty.String()
		}
		if got != c.want {
			t.Errorf("%s%v: %s, want %s", c.name, c.mods, got, c.want)
		}
	}
}

func TestNestedText(t *testing.T) {
	str := func(ss ...string) Value {
		v := Value{Type: ListOf(Of(Varchar))}
		for _, s := range ss {
			v.Children = append(v.Children, StringValue(s))
		}
		return v
	}
	v := str("a", "b,c", "d'e", "", "NULL", " x", `a"b`, "[x]", `a\b`, "{", "a=b", "a:b", "null", "é ", `a,b\c`)
	v.Children = append(v.Children, NullOf(Of(Varchar)))
	want := `[a, 'b,c', 'd\'e', '', 'NULL', ' x', 'a"b', '[x]', a\b, '{', 'a=b', 'a:b', 'null', 'é ', 'a,b\\c', NULL]`
	if got := v.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s := Value{Type: StructOf(Field{"a", Of(Integer)}, Field{"b c", Of(Varchar)}), Children: []Value{IntValue(Of(Integer), 1), StringValue("x,y")}}
	if got := s.String(); got != `{'a': 1, 'b c': 'x,y'}` {
		t.Error(got)
	}
	if got := s.SQL(); got != `{'a': 1, 'b c': 'x,y'}` {
		t.Error(got)
	}
	m := Value{Type: MapOf(Of(Varchar), Of(Integer)), Children: []Value{{Children: []Value{StringValue("k"), IntValue(Of(Integer), 2)}}}}
	if got := m.String() + m.SQL(); got != `{k=2}MAP {'k': 2}` {
		t.Error(got)
	}
	if got := (Value{Type: Of(Date), I: 0}).SQL(); got != `'1970-01-01'::DATE` {
		t.Error(got)
	}
}

func TestIntervals(t *testing.T) {
	day := func(s string) int32 { d, _ := ParseDate([]byte(s)); return d }
	if d, _ := AddMonths(day("2020-01-31"), 1); d != day("2020-02-29") {
		t.Error("month end")
	}
	if d, _ := AddMonths(day("2020-03-31"), -1); d != day("2020-02-29") {
		t.Error("month end backwards")
	}
	if d, _ := AddMonths(day("0001-01-15"), -1); string(AppendDate(nil, d)) != "0001-12-15 (BC)" {
		t.Error("across the era", string(AppendDate(nil, d)))
	}
	if (Interval{Months: 1}).Cmp(Interval{Days: 30}) != 0 || (Interval{Days: 1}).Cmp(Interval{Micros: MicrosPerDay}) != 0 || (Interval{Months: 1}).Cmp(Interval{Days: 31}) >= 0 {
		t.Error("interval order")
	}
	if (Interval{Months: 1, Days: -1}).Cmp(Interval{Days: 29}) != 0 {
		t.Error("mixed signs")
	}
	iv, _ := Interval{Months: 1}.MulFloat(1.5)
	if iv != (Interval{1, 15, 0}) {
		t.Error(iv)
	}
}

func TestCompare(t *testing.T) {
	nan := FloatValue(func() float64 { z := 0.0; return z / z }())
	null := NullOf(Of(Double))
	order := []Value{FloatValue(-1), FloatValue(0), FloatValue(1e308), nan, null}
	for i, a := range order {
		for j, b := range order {
			if got, want := Compare(a, b), cmpInt(int64(i), int64(j)); got != want {
				t.Errorf("Compare(%s, %s) = %d, want %d", a, b, got, want)
			}
		}
	}
}
