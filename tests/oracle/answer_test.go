package oracle

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/slt"
)

// An answer is what an engine makes of a query.
type answer struct {
	types []string
	rows  [][]string
	err   error
}

// maxRows is the size of the largest answer that is compared; a query that a
// shrinker left without its join conditions may have many more.
const maxRows = 100_000

var errTooMany = errors.New("too many rows to compare")

// ask runs a query and reads its result.
func ask(ctx context.Context, conn *sql.Conn, query string) answer {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return answer{err: err}
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return answer{err: err}
	}
	var a answer
	for _, t := range types {
		name := strings.ToUpper(t.DatabaseTypeName())
		if p, s, ok := t.DecimalSize(); ok && name == "DECIMAL" {
			name = fmt.Sprintf("DECIMAL(%d,%d)", p, s)
		}
		a.types = append(a.types, name)
	}
	cells, places := make([]any, len(types)), make([]any, len(types))
	for i := range cells {
		places[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return answer{err: err}
		}
		row := make([]string, len(cells))
		for i, v := range cells {
			s, ok := text(v, a.types[i])
			if !ok {
				s = slt.ValueText(v, a.types[i])
			}
			if v == nil {
				s = "NULL"
			} else if a.types[i] == "VARCHAR" {
				s = strconv.Quote(s)
			}
			row[i] = s
		}
		if a.rows = append(a.rows, row); len(a.rows) > maxRows {
			return answer{err: errTooMany}
		}
	}
	a.err = rows.Err()
	return a
}

// class says in a word how an engine failed: "" if it did not, "bind" for an
// error that does not depend on the rows, "run" for one that does, "unsupported",
// and "internal" for what must not be.
func class(err error) string {
	if err == nil {
		return ""
	}
	var e *gannet.Error
	if errors.As(err, &e) {
		switch {
		case e.Code == "XX000":
			return "internal"
		case e.Code == "0A000":
			return "unsupported"
		case strings.HasPrefix(string(e.Code), "22"), strings.HasPrefix(string(e.Code), "21"):
			return "run"
		}
		return "bind"
	}
	msg := err.Error()
	for _, p := range []string{"Conversion Error", "Out of Range Error", "Invalid Input Error"} {
		if strings.Contains(msg, p) {
			return "run"
		}
	}
	if strings.Contains(msg, "INTERNAL Error") || strings.Contains(msg, "Invalid Error: ") || strings.Contains(msg, "Not implemented Error") {
		return "unsupported"
	}
	return "bind"
}

// difference says how got is wrong, "" if it is not: a word for the sort of
// difference, a blank, and details.
func difference(want, got answer, ordered bool) string {
	w, g := class(want.err), class(got.err)
	switch {
	case g == "internal":
		if *stacks {
			var e *gannet.Error
			errors.As(got.err, &e)
			fmt.Println(e.Detail)
		}
		return "internal " + got.err.Error()
	case got.err != nil && want.err != nil:
		return ""
	case got.err != nil:
		return g + "-error " + got.err.Error()
	case want.err != nil:
		return "no-" + w + "-error " + firstLine(want.err.Error())
	}
	if !slices.Equal(want.types, got.types) {
		return fmt.Sprintf("types %v, not %v", got.types, want.types)
	}
	if len(want.rows) != len(got.rows) {
		return fmt.Sprintf("rows: %d, not %d", len(got.rows), len(want.rows))
	}
	a, b := want.rows, got.rows
	if !ordered {
		a, b = sorted(a, want.types), sorted(b, want.types)
	}
	for i := range a {
		if !sameRow(a[i], b[i], want.types) {
			// Sums of floats that are nearly equal may sort either way.
			if (!ordered || slices.ContainsFunc(want.types, isFloat)) && len(a) <= 300 && matched(a, b, want.types) {
				return ""
			}
			return fmt.Sprintf("values: %v, not %v", b[i], a[i])
		}
	}
	return ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// sorted gives the rows in an order that does not depend on the last digits of
// floats.
func sorted(rows [][]string, types []string) [][]string {
	type keyed struct {
		key string
		row []string
	}
	all := make([]keyed, len(rows))
	for i, r := range rows {
		var b strings.Builder
		for j, s := range r {
			if isFloat(types[j]) {
				if f, err := strconv.ParseFloat(s, 64); err == nil {
					digits := 12
					if types[j] == "FLOAT" {
						digits = 5
					}
					s = strconv.FormatFloat(f+0, 'g', digits, 64)
				}
			}
			b.WriteString(s)
			b.WriteByte(0)
		}
		all[i] = keyed{b.String(), r}
	}
	slices.SortFunc(all, func(x, y keyed) int { return strings.Compare(x.key, y.key) })
	out := make([][]string, len(rows))
	for i, x := range all {
		out[i] = x.row
	}
	return out
}

// matched finds for every row of a one of b, for rows that floats put elsewhere.
func matched(a, b [][]string, types []string) bool {
	used := make([]bool, len(b))
next:
	for _, r := range a {
		for j := range b {
			if !used[j] && sameRow(r, b[j], types) {
				used[j] = true
				continue next
			}
		}
		return false
	}
	return true
}

func isFloat(typ string) bool { return typ == "DOUBLE" || typ == "FLOAT" }

func sameRow(a, b, types []string) bool {
	for i := range a {
		if a[i] != b[i] && !near(a[i], b[i], types[i]) {
			return false
		}
	}
	return true
}

// near compares floats, also those inside of strings.
func near(a, b, typ string) bool {
	tol := 1e-9
	switch typ {
	case "DOUBLE":
	case "FLOAT":
		tol = 1e-5
	case "VARCHAR":
		if !strings.Contains(a, ".") || !strings.Contains(b, ".") {
			return false
		}
		a, b = strings.Trim(a, `"`), strings.Trim(b, `"`)
	default:
		return false
	}
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 != nil || err2 != nil {
		return false
	}
	return x == y || math.Abs(x-y) <= tol*max(math.Abs(x), math.Abs(y), 1e-3)
}

var (
	numbersRE = regexp.MustCompile(`[0-9]+`)
	quotedRE  = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

// signature is a text without what varies between failures of one cause.
func signature(s string) string {
	return numbersRE.ReplaceAllString(quotedRE.ReplaceAllString(s, "'"), "0")
}
