package tpcds

import "testing"

func TestOrder(t *testing.T) {
	names, types := []string{"a", "b", "x"}, []string{"INTEGER", "VARCHAR", "DOUBLE"}
	want := [][]string{{"1", "p", "1.5"}, {"1", "q", "2.5"}, {"2", "r", "3.5"}, {"2", "s", "4.5"}}
	swap := func(i, j int) [][]string {
		rows := append([][]string(nil), want...)
		rows[i], rows[j] = rows[j], rows[i]
		return rows
	}
	other := append(append([][]string(nil), want[:3]...), []string{"2", "t", "9.5"})
	for _, c := range []struct {
		query string
		rows  [][]string
		equal bool
	}{
		{"SELECT a, b, x FROM t ORDER BY a", want, true},
		{"SELECT a, b, x FROM t ORDER BY a", swap(0, 1), true},
		{"SELECT a, b, x FROM t ORDER BY 1, t.b", swap(0, 1), false},
		{"SELECT a, b, x FROM t ORDER BY a, b + 1", swap(0, 1), true},
		{"SELECT a, b, x FROM t ORDER BY a LIMIT 4", swap(1, 2), false},
		{"SELECT a, b, x FROM t ORDER BY a LIMIT 4", other, true},
		{"SELECT a, b, x FROM t ORDER BY a LIMIT 100", other, false},
		{"SELECT a, b, x FROM t ORDER BY a, b + 1 LIMIT 4", other, false},
		{"SELECT a, b, x FROM t ORDER BY a", want[:3], false},
	} {
		o, err := orderOf(c.query, names)
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		if s := o.compare(&result{names, types, c.rows}, want); (s == "") != c.equal {
			t.Errorf("%s over %v: %q", c.query, c.rows, s)
		}
	}
}
