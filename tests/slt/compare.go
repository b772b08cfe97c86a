package slt

import (
	"crypto/md5"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A table is a result as text.
type table struct {
	types []string   // SQL types, upper case
	rows  [][]string // cells as a file writes them
}

// cell writes a value as a file does: booleans are 1 and 0, as DuckDB's runner
// has them before it sorts and hashes.
func (e *Engine) cell(v any, typ string) string {
	if v == nil {
		return "NULL"
	}
	s := e.text(v, typ)
	switch {
	case isBool(typ) && s == "true":
		return "1"
	case isBool(typ) && s == "false":
		return "0"
	case s == "":
		return "(empty)"
	}
	return strings.ReplaceAll(s, "\x00", `\0`)
}

// values lays the cells out row after row, in the order the sort mode asks for.
func (t *table) values(mode string) []string {
	rows := t.rows
	if mode == "rowsort" {
		rows = slices.Clone(rows)
		sort.SliceStable(rows, func(i, j int) bool { return slices.Compare(rows[i], rows[j]) < 0 })
	}
	var vals []string
	for _, r := range rows {
		vals = append(vals, r...)
	}
	if mode == "valuesort" {
		sort.Strings(vals)
	}
	return vals
}

func hashOf(vals []string) string {
	h := md5.New()
	for _, v := range vals {
		h.Write([]byte(v))
		h.Write([]byte{'\n'})
	}
	return fmt.Sprintf("%d values hashing to %x", len(vals), h.Sum(nil))
}

var hashLine = regexp.MustCompile(`^\d+ values hashing to [0-9a-f]{32}$`)

// compare says what is wrong with a result, "" if nothing.
func (r *run) compare(c *Command, got *table) string {
	vals := got.values(c.Sort)
	if c.Label != "" {
		hash := hashOf(vals)
		if first, ok := r.labels[c.Label]; !ok {
			r.labels[c.Label] = hash
		} else if first != hash {
			return fmt.Sprintf("another query labelled %s gave another result\n%s", c.Label, show(got))
		}
		if c.wantFrom < 0 || len(c.Want) == 0 {
			return ""
		}
	}
	want := make([]string, len(c.Want))
	for i, w := range c.Want {
		want[i] = r.fill(w)
	}
	if len(want) == 1 && hashLine.MatchString(want[0]) {
		if hash := hashOf(vals); hash != want[0] {
			return fmt.Sprintf("got %s, want %s\n%s", hash, want[0], show(got))
		}
		return ""
	}
	cols := len(got.types)
	if cols != c.Cols {
		return fmt.Sprintf("got %d columns, want %d\n%s", cols, c.Cols, show(got))
	}
	want, err := splitWant(want, cols, len(got.rows))
	if err != nil {
		return fmt.Sprintf("%v\n%s", err, show(got))
	}
	if len(want) != len(vals) {
		return fmt.Sprintf("got %d rows, want %d\n%s", len(got.rows), len(want)/cols, show(got))
	}
	for i := range vals {
		typ := got.types[i%cols]
		if c.Sort == "valuesort" {
			typ = ""
		}
		if !equal(vals[i], want[i], typ) {
			return fmt.Sprintf("row %d, column %d (%s): got %q, want %q\n%s",
				i/cols+1, i%cols+1, got.types[i%cols], vals[i], want[i], show(got))
		}
	}
	return ""
}

// splitWant gives the single values of the expected lines, which hold a row
// each, with tabs, or a value each.
func splitWant(lines []string, cols, rows int) ([]string, error) {
	byRow := cols > 1 && len(lines) == rows
	if cols > 1 && !byRow && len(lines) > 0 {
		byRow = true
		for _, l := range lines {
			byRow = byRow && strings.Count(l, "\t") >= cols-1
		}
	}
	if !byRow {
		if len(lines)%cols != 0 {
			return nil, fmt.Errorf("%d expected values do not fill rows of %d columns", len(lines), cols)
		}
		return lines, nil
	}
	var vals []string
	for _, l := range lines {
		cells := strings.Split(l, "\t")
		if len(cells) != cols {
			// Several tabs are as good as one.
			cells = slices.DeleteFunc(cells, func(s string) bool { return s == "" })
		}
		if len(cells) != cols {
			return nil, fmt.Errorf("expected row %q has %d values, not %d", l, len(cells), cols)
		}
		vals = append(vals, cells...)
	}
	return vals, nil
}

// Equal tells whether a value's text, as ValueText gives it, is the expected one
// for a column of that SQL type: as text, or as a number of the type.
func Equal(got, want, typ string) bool {
	if isBool(typ) {
		switch got {
		case "true":
			got = "1"
		case "false":
			got = "0"
		}
	}
	return equal(got, want, typ)
}

// equal compares a cell with its expected text.
func equal(got, want, typ string) bool {
	if got == want {
		return true
	}
	if pattern, ok := strings.CutPrefix(want, "<REGEX>:"); ok {
		return matches(pattern, got)
	}
	if pattern, ok := strings.CutPrefix(want, "<!REGEX>:"); ok {
		return !matches(pattern, got)
	}
	want = strings.TrimSpace(want)
	switch {
	case isBool(typ):
		switch strings.ToLower(want) {
		case "true", "t":
			return got == "1"
		case "false", "f":
			return got == "0"
		}
		return false
	case isFloat(typ):
		g, okG := parseFloat(got)
		w, okW := parseFloat(want)
		if !okG || !okW {
			return false
		}
		if math.IsNaN(g) || math.IsNaN(w) {
			return math.IsNaN(g) && math.IsNaN(w)
		}
		tolerance := 1e-9
		if typ == "FLOAT" || typ == "REAL" || typ == "FLOAT4" {
			tolerance = 1e-6
		}
		return g == w || math.Abs(g-w) <= tolerance*math.Max(math.Abs(g), math.Abs(w))
	case isExact(typ):
		// The expected text means a value of the column's type.
		g, okG := new(big.Rat).SetString(got)
		w, okW := new(big.Rat).SetString(want)
		if !okG || !okW || len(want) > 400 || strings.ContainsAny(want, "/") {
			return false
		}
		scale := 0
		if _, frac, ok := strings.Cut(got, "."); ok {
			scale = len(frac)
		}
		return g.FloatString(scale) == w.FloatString(scale)
	}
	return false
}

func matches(pattern, s string) bool {
	re, err := regexp.Compile(`(?s)\A(?:` + pattern + `)\z`)
	return err == nil && re.MatchString(s)
}

func parseFloat(s string) (float64, bool) {
	if strings.EqualFold(s, "-nan") {
		return math.NaN(), true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

func isBool(typ string) bool { return typ == "BOOLEAN" || typ == "BOOL" }

func isFloat(typ string) bool {
	switch typ {
	case "FLOAT", "DOUBLE", "REAL", "FLOAT4", "FLOAT8":
		return true
	}
	return false
}

func isExact(typ string) bool {
	return strings.HasSuffix(typ, "INT") || typ == "INTEGER" || typ == "UINTEGER" ||
		strings.HasPrefix(typ, "DECIMAL") || strings.HasPrefix(typ, "NUMERIC")
}

// lines writes a result the way -rewrite puts it into a file.
func (t *table) lines(mode string) []string {
	cols := len(t.types)
	named := func(s, typ string) string {
		if isBool(typ) && s == "1" {
			return "true"
		}
		if isBool(typ) && s == "0" {
			return "false"
		}
		return s
	}
	var out []string
	vals := t.values(mode)
	if mode == "valuesort" {
		return vals
	}
	// A tab inside a value would read as two values.
	tabs := slices.ContainsFunc(vals, func(s string) bool { return strings.Contains(s, "\t") })
	for i := 0; i < len(vals); i += cols {
		row := make([]string, cols)
		for k := range row {
			row[k] = named(vals[i+k], t.types[k])
		}
		if tabs {
			out = append(out, row...)
			continue
		}
		out = append(out, strings.Join(row, "\t"))
	}
	return out
}

// letters gives the type letters of a query line.
func (t *table) letters() string {
	out := make([]byte, len(t.types))
	for i, typ := range t.types {
		switch {
		case strings.HasSuffix(typ, "INT") || typ == "INTEGER" || typ == "UINTEGER":
			out[i] = 'I'
		case isFloat(typ) || isExact(typ):
			out[i] = 'R'
		default:
			out[i] = 'T'
		}
	}
	return string(out)
}

// show is the start of a result, for a failure's message.
func show(t *table) string {
	const most = 12
	out := "result (" + strings.Join(t.types, ", ") + "):"
	for i, l := range t.lines("nosort") {
		if i == most {
			out += fmt.Sprintf("\n  ... %d rows in all", len(t.rows))
			break
		}
		if len(l) > 300 {
			l = strings.ToValidUTF8(l[:300], "") + "..."
		}
		out += "\n  " + l
	}
	return out
}
