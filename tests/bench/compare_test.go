package main

import "testing"

func answer(typ string, cells ...string) *response {
	r := &response{Types: []string{typ}}
	for _, c := range cells {
		r.Cells = append(r.Cells, []string{c})
	}
	return r
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b *response
		want string
	}{
		{"same", answer("VARCHAR", "x", "y"), answer("VARCHAR", "x", "y"), equalAnswers},
		{"order", answer("VARCHAR", "x", "y"), answer("VARCHAR", "y", "x"), reorderedAnswers},
		{"last digit", answer("DOUBLE", "0.30000000000000004"), answer("DOUBLE", "0.3"), equalAnswers},
		{"scale", answer("DECIMAL(10,2)", "1.50"), answer("DECIMAL(10,4)", "1.5000"), equalAnswers},
		{"decimal and float", answer("DECIMAL(10,2)", "1.50"), answer("DOUBLE", "1.5"), equalAnswers},
		{"integer types", answer("HUGEINT", "7"), answer("BIGINT", "7"), equalAnswers},
		{"null", answer("BIGINT", nullCell), answer("BIGINT", nullCell), equalAnswers},
	} {
		if got := compare(c.a, c.b); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for name, c := range map[string][2]*response{
		"value":      {answer("VARCHAR", "x"), answer("VARCHAR", "y")},
		"null":       {answer("BIGINT", nullCell), answer("BIGINT", "0")},
		"cent":       {answer("DECIMAL(10,2)", "1.50"), answer("DECIMAL(10,2)", "1.51")},
		"ninth":      {answer("DOUBLE", "1.00000001"), answer("DOUBLE", "1")},
		"text":       {answer("VARCHAR", "1.50"), answer("VARCHAR", "1.5")},
		"rows":       {answer("VARCHAR", "x"), answer("VARCHAR")},
		"duplicates": {answer("VARCHAR", "x", "x", "y"), answer("VARCHAR", "x", "y", "y")},
	} {
		if got := compare(c[0], c[1]); got == equalAnswers || got == reorderedAnswers {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		times []int64
		want  int64
	}{{[]int64{3, 1, 2}, 2}, {[]int64{4, 1, 3, 2}, 2}, {[]int64{5}, 5}, {nil, 0}} {
		x := &side{Times: c.times}
		if x.finish(); x.Median != c.want {
			t.Errorf("median of %v: %d, want %d", c.times, x.Median, c.want)
		}
	}
}
