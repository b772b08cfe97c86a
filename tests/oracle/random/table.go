package random

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Kind is a family of types whose values may be compared with one another.
type Kind uint8

const (
	Bool Kind = iota
	Int
	Float
	Dec
	Str
	Date
	Timestamp
	Time
	Interval
)

// Column is a column of a table or of a query's result.
type Column struct {
	Name string
	Type string // as DDL writes it; "" of a computed column
	Kind Kind
}

// Table is a table with its rows.
type Table struct {
	Name    string
	Columns []Column
	Rows    []string // (literal, ...)
}

// columnTypes are the types of columns, and how often they are taken.
var columnTypes = []struct {
	name   string
	kind   Kind
	weight int
}{
	{"BOOLEAN", Bool, 4},
	{"TINYINT", Int, 2}, {"SMALLINT", Int, 2}, {"INTEGER", Int, 8}, {"BIGINT", Int, 5}, {"HUGEINT", Int, 2},
	{"UTINYINT", Int, 1}, {"USMALLINT", Int, 1}, {"UINTEGER", Int, 1}, {"UBIGINT", Int, 1},
	{"FLOAT", Float, 2}, {"DOUBLE", Float, 5},
	{"DECIMAL(4,1)", Dec, 2}, {"DECIMAL(9,2)", Dec, 3}, {"DECIMAL(18,3)", Dec, 3}, {"DECIMAL(30,5)", Dec, 2},
	{"VARCHAR", Str, 9},
	{"DATE", Date, 5}, {"TIMESTAMP", Timestamp, 4}, {"TIME", Time, 1}, {"INTERVAL", Interval, 2},
}

// Gen makes tables and queries.
type Gen struct {
	rnd    *rand.Rand
	tables []*Table
	names  int // aliases given so far
	cross  int // estimate of the rows that the FROM clause being made yields
}

// New gives a generator for a seed and a number under it.
func New(seed, number uint64) *Gen {
	return &Gen{rnd: rand.New(rand.NewPCG(seed, number))}
}

func (g *Gen) n(n int) int             { return g.rnd.IntN(n) }
func (g *Gen) chance(percent int) bool { return g.rnd.IntN(100) < percent }

func pick[T any](g *Gen, from ...T) T { return from[g.n(len(from))] }

// Tables makes the tables that the queries after it are about.
func (g *Gen) Tables() []*Table {
	g.tables = nil
	big := -1
	if g.chance(12) {
		big = g.n(4)
	}
	for i := range 4 {
		t := &Table{Name: "t" + strconv.Itoa(i)}
		t.Columns = append(t.Columns,
			Column{"k0", pick(g, "INTEGER", "INTEGER", "BIGINT", "SMALLINT"), Int},
			Column{"k1", "VARCHAR", Str})
		if g.chance(50) {
			t.Columns = append(t.Columns, Column{"k2", "DATE", Date})
		}
		for j := range 3 + g.n(5) {
			name, kind := g.columnType()
			t.Columns = append(t.Columns, Column{"c" + strconv.Itoa(j), name, kind})
		}
		rows := g.numRows()
		if i == big {
			rows = 2049 + g.n(3000)
		}
		columns := make([][]string, len(t.Columns))
		for j, c := range t.Columns {
			columns[j] = g.values(c, rows)
		}
		var b strings.Builder
		for r := range rows {
			b.Reset()
			for j := range columns {
				if j > 0 {
					b.WriteString(", ")
				}
				b.WriteString(columns[j][r])
			}
			t.Rows = append(t.Rows, "("+b.String()+")")
		}
		g.tables = append(g.tables, t)
	}
	return g.tables
}

func (g *Gen) columnType() (string, Kind) {
	total := 0
	for _, t := range columnTypes {
		total += t.weight
	}
	at := g.n(total)
	for _, t := range columnTypes {
		if at -= t.weight; at < 0 {
			return t.name, t.kind
		}
	}
	panic("unreachable")
}

func (g *Gen) numRows() int {
	switch p := g.n(100); {
	case p < 8:
		return 0
	case p < 16:
		return 1
	case p < 85:
		return 2 + g.n(30)
	default:
		return 30 + g.n(150)
	}
}

// values makes the values of a column: few or many different ones, often with
// one that is frequent, with few, many or only NULLs.
func (g *Gen) values(c Column, rows int) []string {
	distinct := pick(g, 1, 3, 5, 8, 20, rows+1)
	domain := make([]string, min(distinct, rows)+1)
	for i := range domain {
		domain[i] = g.value(c.Type, c.Kind)
	}
	nulls := pick(g, 0, 0, 10, 10, 30, 95)
	skew := pick(g, 0, 0, 30, 90)
	out := make([]string, rows)
	for i := range out {
		switch {
		case g.chance(nulls):
			out[i] = "NULL"
		case g.chance(skew):
			out[i] = domain[0]
		default:
			out[i] = domain[g.n(len(domain))]
		}
	}
	return out
}

var words = []string{
	"''", "'a'", "'b'", "'A'", "'ab'", "'abc'", "'a%c'", "'a_c'", "'x'", "' '", "'0'", "'1'", "'-7'", "'12.5'", "'1e2'", "' 3 '",
	"'true'", "'2020-02-29'", "'twelve bytes'", "'thirteen byte'", "'thirteen bytes and more'", "'thirteen byte prefix, other end'",
	"'it''s'", "'é'", "'日本語'", "'a long string with é and 日本 in it'", "'null'", "'NULL'", "'zz'", "'Z'",
}

// value makes a literal of a column's type.
func (g *Gen) value(typ string, kind Kind) string {
	switch kind {
	case Bool:
		return pick(g, "TRUE", "FALSE")
	case Int:
		return g.intValue(typ)
	case Float:
		switch g.n(40) {
		case 0:
			return "'nan'::" + typ
		case 1:
			return pick(g, "'inf'::", "'-inf'::") + typ
		case 2:
			return "(-0.0)::" + typ
		case 3:
			return pick(g, "1e10", "1e-5", "-2.5e7", "123456.75")
		}
		return fmt.Sprintf("%.2f::%s", float64(g.n(401)-200)/4, typ)
	case Dec:
		return g.decValue(typ)
	case Str:
		return pick(g, words...)
	case Date:
		return "DATE '" + g.date() + "'"
	case Timestamp:
		return "TIMESTAMP '" + g.date() + " " + g.time() + "'"
	case Time:
		return "TIME '" + g.time() + "'"
	case Interval:
		return "INTERVAL '" + g.interval() + "'"
	}
	panic("unreachable")
}

func (g *Gen) intValue(typ string) string {
	unsigned := strings.HasPrefix(typ, "U")
	if g.chance(4) {
		switch typ {
		case "TINYINT":
			return pick(g, "-128", "127")
		case "SMALLINT":
			return pick(g, "-32768", "32767", "1000")
		case "INTEGER":
			return pick(g, "-2147483648", "2147483647", "100000")
		case "BIGINT":
			return pick(g, "-9223372036854775808", "9223372036854775807", "10000000000")
		case "HUGEINT":
			return pick(g, "170141183460469231731687303715884105727", "-170141183460469231731687303715884105728", "100000000000000000000")
		case "UTINYINT":
			return "255"
		case "USMALLINT":
			return "65535"
		case "UINTEGER":
			return "4294967295"
		case "UBIGINT":
			return "18446744073709551615"
		}
	}
	v := g.n(12)
	if !unsigned {
		v -= 4
	}
	if g.chance(20) && !strings.HasSuffix(typ, "TINYINT") {
		v *= 100
	}
	return strconv.Itoa(v)
}

func (g *Gen) decValue(typ string) string {
	var p, s int
	fmt.Sscanf(typ, "DECIMAL(%d,%d)", &p, &s)
	if g.chance(3) {
		nines := strings.Repeat("9", p-s) + "." + strings.Repeat("9", s)
		return pick(g, nines, "-"+nines)
	}
	sign := pick(g, "", "", "-")
	whole := strconv.Itoa(g.n(20))
	frac := strconv.Itoa(g.n(100000)) + "0000"
	if g.chance(40) {
		frac = pick(g, "50000", "00000", "25000")
	}
	return sign + whole + "." + frac[:s]
}

func (g *Gen) date() string {
	if g.chance(5) {
		return pick(g, "1969-12-31", "1600-02-29", "2100-03-01", "0001-01-01", "9999-12-31")
	}
	return fmt.Sprintf("%04d-%02d-%02d", 2019+g.n(4), 1+g.n(12), 1+g.n(28)+g.n(2)*g.n(1))
}

func (g *Gen) time() string {
	if g.chance(30) {
		return "00:00:00"
	}
	s := fmt.Sprintf("%02d:%02d:%02d", g.n(24), pick(g, 0, 15, 30, 59), pick(g, 0, 1, 59))
	if g.chance(20) {
		s += pick(g, ".5", ".000001", ".123456")
	}
	return s
}

func (g *Gen) interval() string {
	n := g.n(40) - 10
	return strconv.Itoa(n) + " " + pick(g, "days", "months", "hours", "minutes", "years", "seconds", "days")
}

// Load gives the statements that make the table: a CREATE and INSERTs.
func (t *Table) Load() []string {
	var cols []string
	for _, c := range t.Columns {
		cols = append(cols, c.Name+" "+c.Type)
	}
	out := []string{"CREATE TABLE " + t.Name + " (" + strings.Join(cols, ", ") + ")"}
	const most = 1000
	for i := 0; i < len(t.Rows); i += most {
		rows := t.Rows[i:min(i+most, len(t.Rows))]
		out = append(out, "INSERT INTO "+t.Name+" VALUES "+strings.Join(rows, ", "))
	}
	return out
}

// File gives the SELECT that writes the table's file, and the one that reads
// what from gives as the table: Parquet has no type for all that a table has.
func (t *Table) File(from string) (write, read string) {
	var w, r []string
	for _, c := range t.Columns {
		if c.Type == "HUGEINT" || c.Type == "INTERVAL" {
			w = append(w, "CAST("+c.Name+" AS VARCHAR) AS "+c.Name)
			r = append(r, "CAST("+c.Name+" AS "+c.Type+") AS "+c.Name)
			continue
		}
		w, r = append(w, c.Name), append(r, c.Name)
	}
	return "SELECT " + strings.Join(w, ", ") + " FROM " + t.Name, "SELECT " + strings.Join(r, ", ") + " FROM " + from
}
