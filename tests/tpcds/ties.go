package tpcds

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/tests/slt"
)

// A result is rows as text and what their columns are.
type result struct {
	names, types []string
	rows         [][]string
}

// An order is what a query's ORDER BY says of its result.
type order struct {
	keys  []int // columns of the result
	whole bool  // keys is all of ORDER BY, not a beginning of it
	limit int   // rows, -1 where there is no limit
}

// orderOf reads the outermost ORDER BY of a query: up to the first expression
// that is no column of the result.
func orderOf(query string, names []string) (order, error) {
	stmt, err := parser.ParseOne(query)
	if err != nil {
		return order{}, err
	}
	q, ok := stmt.(*ast.Query)
	if !ok {
		return order{}, fmt.Errorf("a %T, not a query", stmt)
	}
	o := order{whole: true, limit: -1}
	if q.Limit != nil {
		if l, ok := q.Limit.Count.(*ast.Literal); ok {
			if o.limit, err = strconv.Atoi(l.Text); err != nil {
				return order{}, err
			}
		}
	}
	for _, item := range q.OrderBy {
		c := -1
		switch e := item.Expr.(type) {
		case *ast.Literal:
			if n, err := strconv.Atoi(e.Text); err == nil && n <= len(names) {
				c = n - 1
			}
		case *ast.ColumnRef:
			last := e.Parts[len(e.Parts)-1]
			c = slices.IndexFunc(names, last.Is)
		}
		if c < 0 {
			o.whole = false
			break
		}
		o.keys = append(o.keys, c)
	}
	return o, nil
}

// compare says how a result differs from the wanted rows, "" if it does not.
func (o order) compare(got *result, want [][]string) string {
	if len(got.rows) != len(want) {
		return fmt.Sprintf("%d rows, want %d", len(got.rows), len(want))
	}
	for from := 0; from < len(want); {
		to := from + 1
		for to < len(want) && o.tied(got.types, want[from], want[to]) {
			to++
		}
		// The limit cuts the last rows out of more that are equal to them.
		cut := o.whole && to == len(want) && to == o.limit
		if s := o.bag(got, want, from, to, cut); s != "" {
			return s
		}
		from = to
	}
	return ""
}

// tied tells whether ORDER BY leaves two rows equal.
func (o order) tied(types []string, a, b []string) bool {
	for _, k := range o.keys {
		if !slt.Equal(a[k], b[k], types[k]) {
			return false
		}
	}
	return true
}

// bag compares rows from up to to in any order; with keysOnly their keys alone.
func (o order) bag(got *result, want [][]string, from, to int, keysOnly bool) string {
	rows, wanted := got.rows[from:to], want[from:to]
	first := differ(got, rows, wanted, from, nil)
	if first == "" {
		return ""
	}
	if keysOnly {
		return differ(got, rows, wanted, from, o.keys)
	}
	byText := func(rows [][]string) [][]string {
		rows = slices.Clone(rows)
		slices.SortFunc(rows, func(a, b []string) int {
			// Floating point values may differ in their last digits: they come last.
			if d := slices.Compare(exact(a, got.types), exact(b, got.types)); d != 0 {
				return d
			}
			return slices.Compare(a, b)
		})
		return rows
	}
	if differ(got, byText(rows), byText(wanted), from, nil) == "" {
		return ""
	}
	return first
}

// exact lists the cells that are no floating point numbers.
func exact(row, types []string) []string {
	var cells []string
	for c, cell := range row {
		if types[c] != "DOUBLE" && types[c] != "FLOAT" {
			cells = append(cells, cell)
		}
	}
	return cells
}

// differ describes the first cell that differs among the given columns (nil:
// all); base is the number of the first row.
func differ(got *result, rows, want [][]string, base int, columns []int) string {
	for i := range rows {
		if len(rows[i]) != len(want[i]) {
			return fmt.Sprintf("row %d has %d values, want %d", base+i+1, len(rows[i]), len(want[i]))
		}
		for c := range rows[i] {
			if columns != nil && !slices.Contains(columns, c) {
				continue
			}
			if !slt.Equal(rows[i][c], strings.TrimSpace(want[i][c]), got.types[c]) && rows[i][c] != want[i][c] {
				return fmt.Sprintf("row %d, column %s (%s): got %q, want %q", base+i+1, got.names[c], got.types[c], rows[i][c], want[i][c])
			}
		}
	}
	return ""
}
