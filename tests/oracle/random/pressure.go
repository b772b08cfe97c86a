package random

import (
	"fmt"
	"strconv"
	"strings"
)

// LargeColumns are the columns of every large table. id has no duplicates and no
// NULLs; the others have both. hot has one value in most rows, far has as many
// values as rows, g some hundred rows a value, w is text of up to 300 bytes.
var LargeColumns = []Column{
	{"id", "BIGINT", Int}, {"k", "INTEGER", Int}, {"g", "BIGINT", Int}, {"far", "BIGINT", Int}, {"hot", "INTEGER", Int},
	{"s", "VARCHAR", Str}, {"w", "VARCHAR", Str}, {"d", "DOUBLE", Float}, {"m", "DECIMAL(18,3)", Dec}, {"dt", "DATE", Date},
}

// LargeTable is a table that a SELECT over range makes the same in every engine.
type LargeTable struct {
	Name  string
	Rows  int
	Query string
}

// Pressure makes large tables and queries over them that hold much of what they
// read, with every operator that can put rows aside. Every relation of a query has
// the columns of the tables, whatever computes it, so that such operators stand
// above one another. The answer of each is determined by the tables, up to the
// order of rows and the last digits of floats.
type Pressure struct {
	*Gen
	large []LargeTable
}

// NewPressure gives a generator for a seed and a number under it.
func NewPressure(seed, number uint64) *Pressure {
	return &Pressure{Gen: New(seed, number)}
}

// Tables makes the tables b0 (large), b1 (less so) and b2 (small).
func (p *Pressure) Tables() []LargeTable {
	p.large = nil
	large := 8_000 + p.n(30_000)
	if p.chance(20) {
		large *= 5
	}
	for i, rows := range []int{large, large/8 + p.n(large/4), 200 + p.n(1500)} {
		p.large = append(p.large, p.table("b"+strconv.Itoa(i), rows))
	}
	return p.large
}

func (p *Pressure) table(name string, rows int) LargeTable {
	// Each column comes from a number of its own that looks random.
	random := func() string {
		return fmt.Sprintf("((i * %d + %d) %% 2147483647 * 48271 %% 2147483647)", 1_000_003+2*p.n(1_000_000), p.n(1<<30))
	}
	nulls := func(percent int, e string) string {
		if percent == 0 {
			return e
		}
		return fmt.Sprintf("CASE WHEN %s %% 100 < %d THEN NULL ELSE %s END", random(), percent, e)
	}
	few := func() int { return pick(p.Gen, 0, 0, 3, 20) }
	kind := pick(p.Gen, "i", fmt.Sprintf("%d - i", rows), fmt.Sprintf("i * %d %% %d", 7919, prime(rows)))
	scale := pick(p.Gen, 1, 1, 1_000_003) // groups in an array, or by hash
	width := pick(p.Gen, 5, 40, 300)
	h := random()
	cols := []string{
		"CAST(" + kind + " AS BIGINT) AS id",
		nulls(few(), fmt.Sprintf("CAST(%s %% %d AS INTEGER)", random(), 3+p.n(30))) + " AS k",
		nulls(few(), fmt.Sprintf("%s %% %d * %d", random(), max(rows/pick(p.Gen, 5, 100, 1000), 2), scale)) + " AS g",
		nulls(few(), fmt.Sprintf("%s %% %d", random(), rows)) + " AS far",
		nulls(few(), fmt.Sprintf("CAST(CASE WHEN %s %% 100 < %d THEN 7 ELSE %s %% 1000 END AS INTEGER)", random(), pick(p.Gen, 50, 90, 99), random())) + " AS hot",
		nulls(few(), fmt.Sprintf("'s' || CAST(%s %% %d AS VARCHAR)", random(), pick(p.Gen, 10, 3000))) + " AS s",
		nulls(few(), fmt.Sprintf("repeat('%s', CAST(%s %% %d AS INTEGER)) || CAST(%s %% %d AS VARCHAR)", pick(p.Gen, "x", "ab", "é"), random(), width, h, pick(p.Gen, 1000, rows))) + " AS w",
		nulls(few(), fmt.Sprintf("CAST(%s %% 100000 AS DOUBLE) / 8 - 2000", random())) + " AS d",
		nulls(few(), fmt.Sprintf("CAST(CAST(%s %% 1000000 AS DECIMAL(18,3)) / 8 AS DECIMAL(18,3))", random())) + " AS m",
		nulls(few(), fmt.Sprintf("DATE '2020-01-01' + CAST(%s %% %d AS INTEGER)", random(), pick(p.Gen, 5, 700))) + " AS dt",
	}
	return LargeTable{name, rows, fmt.Sprintf("SELECT %s FROM range(%d) r(i)", strings.Join(cols, ", "), rows)}
}

// prime gives a prime number above n.
func prime(n int) int {
next:
	for n++; ; n++ {
		for d := 2; d*d <= n; d++ {
			if n%d == 0 {
				continue next
			}
		}
		return n
	}
}

// PressureQuery is statements to run before, and a query.
type PressureQuery struct {
	Before, After []string
	Text          string
	Ordered       bool // the order of rows is determined
}

// Query makes a query over the tables.
func (p *Pressure) Query() PressureQuery {
	p.names = 0
	switch p.n(20) {
	case 0:
		return p.changed()
	case 1, 2, 3:
		return p.sorted()
	}
	text := p.body(2)
	if p.chance(60) {
		return PressureQuery{Text: p.digest(text)}
	}
	return PressureQuery{Text: "SELECT " + p.out(text) + " FROM (" + text.sql + ") AS q"}
}

// result is a SELECT and its columns.
type result struct {
	sql  string
	cols []Column
}

func (p *Pressure) out(r result) string {
	var names []string
	for _, c := range r.cols {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// digest reduces rows to one that depends on all of them.
func (p *Pressure) digest(r result) string {
	items := []string{"count(*) AS n"}
	for _, c := range r.cols {
		switch {
		case c.Kind == Float:
			items = append(items, fmt.Sprintf("sum(%s)", c.Name), fmt.Sprintf("count(%s)", c.Name))
		case c.Kind == Bool:
			items = append(items, fmt.Sprintf("count(*) FILTER (WHERE %s)", c.Name))
		default:
			items = append(items, fmt.Sprintf("sum(CAST('0x' || substr(md5(CAST(%s AS VARCHAR)), 1, 8) AS BIGINT))", c.Name))
		}
	}
	return "SELECT " + strings.Join(items, ", ") + " FROM (" + r.sql + ") AS q"
}

// rel makes a relation with LargeColumns; rows below most where it can tell. id
// stays without duplicates if unique is set.
func (p *Pressure) rel(depth int, table string, unique bool) string {
	if depth <= 0 || p.chance(45) {
		return table
	}
	in := func() string { return p.rel(depth-1, table, unique) }
	cols := "id, k, g, far, hot, s, w, d, m, dt"
	switch p.n(12) {
	case 0:
		return "(SELECT * FROM " + in() + " WHERE " + pick(p.Gen, "id % 3 <> 1", "k > 2", "hot <> 7", "s IS NOT NULL", "d > 0", "far % 2 = 0") + ")"
	case 1:
		return "(SELECT id, max(k) AS k, min(g) AS g, any_value(far) AS far, max(hot) AS hot, min(s) AS s, max(w) AS w, sum(d) AS d, max(m) AS m, min(dt) AS dt FROM " + in() + " GROUP BY id)"
	case 2:
		return "(SELECT DISTINCT * FROM " + in() + ")"
	case 3:
		return "(SELECT * FROM " + in() + " ORDER BY " + pick(p.Gen, "w", "far DESC", "hot, s", "d NULLS FIRST") + ", id LIMIT " + strconv.Itoa(100+p.n(100_000)) + ")"
	case 4:
		return "(SELECT " + cols + " FROM " + in() + " QUALIFY row_number() OVER (PARTITION BY " + pick(p.Gen, "g", "s", "far", "k, dt") + " ORDER BY " + pick(p.Gen, "w", "d DESC", "dt") + ", id) <= " + strconv.Itoa(1+p.n(20)) + ")"
	case 5:
		return "(SELECT DISTINCT ON (" + pick(p.Gen, "far", "w", "s, g") + ") * FROM " + in() + " ORDER BY " + pick(p.Gen, "ALL", "ALL DESC") + ")"
	case 6:
		return "(SELECT * FROM " + in() + pick(p.Gen, " EXCEPT ", " EXCEPT ALL ", " INTERSECT ", " INTERSECT ALL ") + "SELECT * FROM " + table + " WHERE " + pick(p.Gen, "far % 5 = 0", "k = 3", "TRUE") + ")"
	case 7:
		return "(SELECT * FROM " + in() + " WHERE far " + pick(p.Gen, "IN", "NOT IN") + " (SELECT far FROM " + p.rel(depth-1, pick(p.Gen, "b1", "b2"), false) + pick(p.Gen, "", " WHERE far IS NOT NULL") + "))"
	case 8:
		return "(SELECT a.id, a.k, b.g, a.far, a.hot, b.s, a.w, b.d, a.m, b.dt FROM " + in() + " AS a JOIN " + p.rel(depth-1, table, true) + " AS b ON a.id = b.id)"
	case 9:
		if unique {
			return "(SELECT id, lag(k) OVER o AS k, g, far, max(hot) OVER o AS hot, s, first_value(w) OVER o AS w, sum(d) OVER o AS d, m, dt FROM " + in() + " WINDOW o AS (PARTITION BY " + pick(p.Gen, "g", "s", "hot", "1") + " ORDER BY id))"
		}
		return "(SELECT * FROM " + in() + " UNION ALL SELECT * FROM b2)"
	case 10:
		if unique {
			return "(SELECT a.* FROM " + in() + " AS a LEFT JOIN (SELECT DISTINCT k FROM b2) AS b ON a.k = b.k)"
		}
		return "(SELECT " + cols + " FROM (SELECT *, unnest(range(1 + id % 3)) FROM " + in() + "))"
	default:
		return "(WITH c AS MATERIALIZED (SELECT * FROM " + in() + ") SELECT * FROM c WHERE d <= (SELECT avg(d) + 1000 FROM c) OR id % 2 = 0)"
	}
}

func (p *Pressure) big(depth int, unique bool) string { return p.rel(depth, "b0", unique) }

// column1 names a column of the large tables.
func (p *Pressure) column1(except ...string) Column {
	for {
		c := pick(p.Gen, LargeColumns...)
		taken := false
		for _, x := range except {
			taken = taken || x == c.Name
		}
		if !taken {
			return c
		}
	}
}

// body makes a query with one of the operators at its top.
func (p *Pressure) body(depth int) result {
	switch p.n(18) {
	case 0, 1, 2, 3, 4:
		return p.groups(depth)
	case 5, 6, 7:
		return p.joined(depth)
	case 8:
		return p.asof(depth)
	case 9:
		return p.inequality(depth)
	case 10:
		return p.marked(depth)
	case 11, 12, 13:
		return p.windows(depth)
	case 14:
		return p.distinct(depth)
	case 15:
		return p.setOperation(depth)
	case 16:
		return p.recursive()
	default:
		return p.unnested(depth)
	}
}

func (p *Pressure) as(c *[]Column, kind Kind) string {
	name := "x" + strconv.Itoa(len(*c))
	*c = append(*c, Column{Name: name, Kind: kind})
	return " AS " + name
}

// groups aggregates by nothing, by some keys or by several sets of them.
func (p *Pressure) groups(depth int) result {
	var cols []Column
	keys := pick(p.Gen, []string{}, []string{"k"}, []string{"g"}, []string{"g"}, []string{"far"}, []string{"w"}, []string{"s", "k"}, []string{"id"},
		[]string{"g", "dt"}, []string{"hot", "w"}, []string{"m", "s"}, []string{"d"})
	var items []string
	for _, k := range keys {
		for _, c := range LargeColumns {
			if c.Name == k {
				items = append(items, k+p.as(&cols, c.Kind))
			}
		}
	}
	by := ""
	if len(keys) > 0 {
		by = " GROUP BY " + strings.Join(keys, ", ")
		if len(keys) > 1 && p.chance(50) {
			by = " GROUP BY " + pick(p.Gen, "ROLLUP ", "CUBE ") + "(" + strings.Join(keys, ", ") + ")"
			items = append(items, "GROUPING("+strings.Join(keys, ", ")+")"+p.as(&cols, Int))
		} else if p.chance(10) {
			by = " GROUP BY GROUPING SETS ((" + strings.Join(keys, ", ") + "), ())"
		}
	}
	wide := len(keys) == 0 || keys[0] == "k"
	for range 1 + p.n(4) {
		items = append(items, p.aggregateOf(&cols, wide))
	}
	having := ""
	if by != "" && p.chance(15) {
		having = " HAVING count(*) " + pick(p.Gen, "> 1", "% 2 = 1", "< 100")
	}
	return result{"SELECT " + strings.Join(items, ", ") + " FROM " + p.big(depth, true) + " AS r" + by + having, cols}
}

// aggregateOf makes a call whose result the rows determine. few: there are few
// groups, of many rows.
func (p *Pressure) aggregateOf(cols *[]Column, few bool) string {
	filter := ""
	if p.chance(15) {
		filter = " FILTER (WHERE " + pick(p.Gen, "id % 3 = 0", "d > 0", "k IS NOT NULL", "FALSE") + ")"
	}
	distinct := pick(p.Gen, "", "", "DISTINCT ")
	c := p.column1()
	order := " ORDER BY " + pick(p.Gen, "", "", "d, ", "w DESC, ", "k NULLS FIRST, ") + "id" + pick(p.Gen, "", " DESC")
	number := pick(p.Gen, "k", "g", "far", "hot", "d", "m")
	call, kind := "", Str
	switch p.n(24) {
	case 0:
		call, kind = "count(*)", Int
	case 1:
		call, kind = "count("+distinct+c.Name+")", Int
	case 2, 3:
		call, kind = "count(DISTINCT "+c.Name+")", Int
	case 4:
		call, kind = "sum("+distinct+pick(p.Gen, "k", "g", "far", "m")+")", Int
	case 5:
		call, kind = pick(p.Gen, "avg(", "sum(", "stddev(", "median(")+"d)", Float
	case 6:
		call, kind = pick(p.Gen, "min(", "max(")+c.Name+")", c.Kind
	case 7, 8:
		call, kind = pick(p.Gen, "min(", "max(")+pick(p.Gen, "w", "s")+")", Str
	case 9:
		call, kind = "quantile_cont("+number+", "+pick(p.Gen, "0.1", "0.5", "0.99")+")", Float
	case 10:
		call, kind = "quantile_disc("+c.Name+", "+pick(p.Gen, "0.1", "0.5", "0.99")+")", c.Kind
	case 11:
		call = "CAST(histogram(" + pick(p.Gen, "k", "hot", "s", "dt") + ") AS VARCHAR)"
	case 12:
		// The most frequent value may be one of several; how often it comes is not.
		call, kind = "list_max(map_values(histogram("+pick(p.Gen, "k", "hot", "s", "far")+")))", Int
		filter = ""
	case 13:
		// Whether a value is the most frequent one is known where it makes up most rows.
		call, kind = "CASE WHEN count(*) FILTER (WHERE hot = 7) * 2 > count(hot) THEN mode(hot) END", Int
		filter = ""
	case 14, 15:
		call = "CAST(list(" + c.Name + order + ") AS VARCHAR)"
		if c.Kind == Float || few && c.Name == "w" {
			call, kind, filter = "len(list("+c.Name+order+"))", Int, ""
		}
	case 16, 17:
		call = "string_agg(" + pick(p.Gen, "s", "w", "CAST(far AS VARCHAR)") + ", ','" + order + ")"
	case 18:
		call, kind = pick(p.Gen, "first(", "last(", "any_value(")+c.Name+order+")", c.Kind
	case 19:
		call, kind = pick(p.Gen, "arg_max(", "arg_min(")+c.Name+", id)", c.Kind
	case 20:
		call = "CAST(" + pick(p.Gen, "max(w, 3)", "min(far, 5)", "arg_max(s, id, 4)", "arg_min(w, id, 2)") + " AS VARCHAR)"
	case 21:
		call = "CAST(list_sort(list(DISTINCT " + pick(p.Gen, "k", "s", "dt", "hot") + ")) AS VARCHAR)"
		filter = ""
	case 22:
		call, kind = "approx_count_distinct("+c.Name+") BETWEEN 0.5 * count(DISTINCT "+c.Name+") - 3 AND 2 * count(DISTINCT "+c.Name+") + 3", Bool
		filter = ""
	default:
		call, kind = "approx_quantile(d, 0.5) BETWEEN min(d) AND max(d)", Bool
		filter = ""
	}
	if rest, ok := strings.CutSuffix(call, " AS VARCHAR)"); ok {
		return rest + filter + " AS VARCHAR)" + p.as(cols, kind)
	}
	return call + filter + p.as(cols, kind)
}

// joined joins by equality, now and then with a residual, along keys that give
// a bounded number of pairs.
func (p *Pressure) joined(depth int) result {
	var cols []Column
	right := pick(p.Gen, "b0", "b1", "b1", "b2")
	on := pick(p.Gen, "a.id = b.id", "a.far = b.far", "a.id = b.far", "a.far = b.id", "a.far = b.id AND a.k < b.k", "a.w = b.w AND a.far = b.far", "a.s = b.s AND a.far = b.id",
		"a.far = b.far AND a.d > b.d", "a.id = b.id AND a.w <> b.w", "a.far IS NOT DISTINCT FROM b.id")
	left := p.big(depth, false)
	if p.chance(20) {
		// Many pairs of one key.
		right, on = "(SELECT * FROM b2 WHERE id % 40 = 3)", pick(p.Gen, "a.hot = b.hot", "a.k = b.k", "a.hot = b.hot AND a.far > b.far")
	} else {
		right = p.rel(depth-1, right, false)
	}
	if p.chance(30) {
		left, right = right, left
	}
	join := pick(p.Gen, "JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN")
	var items []string
	for range 1 + p.n(4) {
		c := p.column1()
		side := pick(p.Gen, "a.", "b.")
		if join == "SEMI JOIN" || join == "ANTI JOIN" {
			side = "a."
		}
		items = append(items, side+c.Name+p.as(&cols, c.Kind))
	}
	return result{"SELECT " + strings.Join(items, ", ") + " FROM " + left + " AS a " + join + " " + right + " AS b ON " + on, cols}
}

// asof joins with the nearest row, which id tells from all others. DuckDB lets a
// NULL be nearest to the last row of its key, so there are none.
func (p *Pressure) asof(depth int) result {
	var cols []Column
	right := p.rel(depth-1, pick(p.Gen, "b0", "b1", "b2"), true)
	items := []string{"a.id" + p.as(&cols, Int)}
	for range 1 + p.n(3) {
		c := p.column1()
		items = append(items, pick(p.Gen, "a.", "b.")+c.Name+p.as(&cols, c.Kind))
	}
	by := pick(p.Gen, "", "a.k = b.k AND ", "a.g = b.g AND ", "a.s = b.s AND ", "a.hot = b.hot AND ")
	return result{"SELECT " + strings.Join(items, ", ") + " FROM " + p.big(depth, true) + " AS a ASOF " + pick(p.Gen, "", "LEFT ") + "JOIN " + right + " AS b ON " +
		by + pick(p.Gen, "a.id", "COALESCE(a.far, 0)") + pick(p.Gen, " >= ", " > ", " <= ", " < ") + "b.id", cols}
}

// inequality joins a few rows with many by a range, or counts pairs.
func (p *Pressure) inequality(depth int) result {
	var cols []Column
	items := []string{"a.id" + p.as(&cols, Int), "b." + p.column1("id").Name + p.as(&cols, Str)}
	left, right := p.big(depth, false), p.rel(depth-1, "b2", false)
	if p.chance(30) {
		left, right = right, left
	}
	on := pick(p.Gen, "a.far BETWEEN b.far AND b.far + 30", "a.id > b.id AND a.id < b.id + 25", "a.id >= b.far AND a.far <= b.id AND a.id < b.far + 50",
		"a.id + b.id = 5000", "a.d > b.d + 10300", "a.id < b.id AND a.k = b.k AND a.far = b.far")
	return result{"SELECT " + strings.Join(items, ", ") + " FROM " + left + " AS a " + pick(p.Gen, "JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN") + " " + right + " AS b ON " + on, cols}
}

// marked asks in subqueries, of which some have NULLs.
func (p *Pressure) marked(depth int) result {
	cols := []Column{{Name: "id", Kind: Int}, {Name: "x1", Kind: Bool}, {Name: "x2", Kind: Str}}
	other := p.rel(depth-1, pick(p.Gen, "b0", "b1"), false)
	mark := pick(p.Gen, "far IN (SELECT far FROM "+other+")", "far NOT IN (SELECT far FROM "+other+")", "w NOT IN (SELECT w FROM "+other+" WHERE w IS NOT NULL)",
		"EXISTS (SELECT 1 FROM "+other+" AS b WHERE b.far = r.id)", "NOT EXISTS (SELECT 1 FROM "+other+" AS b WHERE b.far = r.far AND b.k > r.k)",
		"(k, far) IN (SELECT (k, far) FROM "+other+")", "hot IN (SELECT hot FROM "+other+" WHERE hot IS NOT NULL)", "(SELECT count(*) FROM "+other+" AS b WHERE b.far = r.far) > 1")
	value := pick(p.Gen, "w", "(SELECT max(b.w) FROM b1 AS b WHERE b.far = r.far)", "(SELECT string_agg(b.s, ',' ORDER BY b.id) FROM b1 AS b WHERE b.g = r.far)")
	return result{"SELECT id, " + mark + " AS x1, CAST(" + value + " AS VARCHAR) AS x2 FROM " + p.big(depth, false) + " AS r", cols}
}

// windows computes functions over few, many and very unequal partitions.
func (p *Pressure) windows(depth int) result {
	cols := []Column{{Name: "id", Kind: Int}}
	items := []string{"id"}
	partition := pick(p.Gen, "", "PARTITION BY k ", "PARTITION BY g ", "PARTITION BY hot ", "PARTITION BY w ", "PARTITION BY s, dt ")
	order := "ORDER BY " + pick(p.Gen, "", "d, ", "w DESC, ", "dt NULLS FIRST, ", "s, ") + "id"
	for range 1 + p.n(4) {
		c := p.column1()
		frame := pick(p.Gen, "", "", " ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", " ROWS BETWEEN CURRENT ROW AND 100 FOLLOWING",
			" GROUPS BETWEEN 2 PRECEDING AND CURRENT ROW", " ROWS BETWEEN 1000 PRECEDING AND 500 PRECEDING EXCLUDE CURRENT ROW")
		o := " OVER (" + partition + order + frame + ")"
		switch p.n(10) {
		case 0:
			items = append(items, "row_number() OVER ("+partition+order+")"+p.as(&cols, Int))
		case 1:
			items = append(items, pick(p.Gen, "rank()", "dense_rank()")+" OVER ("+partition+"ORDER BY "+pick(p.Gen, "k", "d", "w", "hot")+")"+p.as(&cols, Int))
		case 2:
			items = append(items, pick(p.Gen, "ntile(7)", "ntile(1000)")+" OVER ("+partition+order+")"+p.as(&cols, Int))
		case 3:
			items = append(items, pick(p.Gen, "lag(", "lead(")+c.Name+pick(p.Gen, "", ", 2", ", 5000")+")"+" OVER ("+partition+order+")"+p.as(&cols, c.Kind))
		case 4:
			items = append(items, pick(p.Gen, "first_value(", "last_value(")+c.Name+")"+o+p.as(&cols, c.Kind))
		case 5:
			items = append(items, pick(p.Gen, "sum(", "min(", "max(")+pick(p.Gen, "k", "far", "m")+")"+o+p.as(&cols, Int))
		case 6:
			items = append(items, pick(p.Gen, "min(w)", "max(w)", "max(s)")+o+p.as(&cols, Str))
		case 7:
			items = append(items, "count("+pick(p.Gen, "*", "k", "DISTINCT k", "DISTINCT s")+")"+" OVER ("+partition+pick(p.Gen, "", order)+")"+p.as(&cols, Int))
		case 8:
			items = append(items, "sum(d)"+" OVER ("+partition+"ORDER BY far RANGE BETWEEN 10 PRECEDING AND 20 FOLLOWING)"+p.as(&cols, Float))
		default:
			items = append(items, pick(p.Gen, "cume_dist()", "percent_rank()")+" OVER ("+partition+"ORDER BY "+pick(p.Gen, "far", "d", "s")+")"+p.as(&cols, Float))
		}
	}
	return result{"SELECT " + strings.Join(items, ", ") + " FROM " + p.big(depth, true) + " AS r", cols}
}

func (p *Pressure) distinct(depth int) result {
	if p.chance(50) {
		c, d := p.column1(), pick(p.Gen, LargeColumns...)
		return result{"SELECT DISTINCT " + c.Name + " AS x0, " + d.Name + " AS x1 FROM " + p.big(depth, false) + " AS r",
			[]Column{{Name: "x0", Kind: c.Kind}, {Name: "x1", Kind: d.Kind}}}
	}
	on := pick(p.Gen, "k", "g", "far", "w", "hot, s", "dt, k")
	c := p.column1()
	return result{"SELECT DISTINCT ON (" + on + ") id AS x0, " + c.Name + " AS x1, w AS x2 FROM " + p.big(depth, true) + " AS r ORDER BY " + on + ", " + pick(p.Gen, "d, ", "w DESC, ", "") + "id" + pick(p.Gen, "", " DESC"),
		[]Column{{Name: "x0", Kind: Int}, {Name: "x1", Kind: c.Kind}, {Name: "x2", Kind: Str}}}
}

func (p *Pressure) setOperation(depth int) result {
	c, d := p.column1(), p.column1()
	list := c.Name + " AS x0, " + d.Name + " AS x1"
	sql := "SELECT " + list + " FROM " + p.big(depth, false) + " AS r"
	for range 1 + p.n(2) {
		sql = "(" + sql + ")" + pick(p.Gen, " UNION ", " UNION ALL ", " EXCEPT ", " EXCEPT ALL ", " INTERSECT ", " INTERSECT ALL ") +
			"(SELECT " + list + " FROM " + p.rel(depth-1, pick(p.Gen, "b0", "b1"), false) + " AS r)"
	}
	return result{sql, []Column{{Name: "x0", Kind: c.Kind}, {Name: "x1", Kind: d.Kind}}}
}

// recursive follows edges through the tables.
func (p *Pressure) recursive() result {
	switch p.n(3) {
	case 0:
		return result{"WITH RECURSIVE r(a, n) AS (SELECT id, 0 FROM b1 UNION ALL SELECT b.far, n + 1 FROM r JOIN b1 AS b ON b.id = r.a WHERE n < " + strconv.Itoa(2+p.n(6)) + ") SELECT a AS x0, n AS x1 FROM r",
			[]Column{{Name: "x0", Kind: Int}, {Name: "x1", Kind: Int}}}
	case 1:
		return result{"WITH RECURSIVE r(a, w) AS (SELECT id, w FROM b2 UNION SELECT b.far, b.w FROM r JOIN b1 AS b ON b.id = r.a) SELECT a AS x0, w AS x1 FROM r",
			[]Column{{Name: "x0", Kind: Int}, {Name: "x1", Kind: Str}}}
	default:
		return result{"WITH RECURSIVE r(i, s) AS (SELECT id, s FROM b0 UNION ALL SELECT i, s || 'y' FROM r WHERE length(s) < " + strconv.Itoa(6+p.n(5)) + ") SELECT i AS x0, max(s) AS x1, count(*) AS x2 FROM r GROUP BY i",
			[]Column{{Name: "x0", Kind: Int}, {Name: "x1", Kind: Str}, {Name: "x2", Kind: Int}}}
	}
}

func (p *Pressure) unnested(depth int) result {
	cols := []Column{{Name: "x0", Kind: Int}, {Name: "x1", Kind: Str}}
	switch p.n(4) {
	case 0:
		c := p.column1()
		return result{"SELECT " + pick(p.Gen, "g", "k", "hot") + " AS x0, unnest(list(" + c.Name + " ORDER BY id)) AS x1 FROM " + p.big(depth, true) + " AS r GROUP BY ALL",
			[]Column{cols[0], {Name: "x1", Kind: c.Kind}}}
	case 1:
		return result{"SELECT id AS x0, unnest(range(id % 12)) AS x1 FROM " + p.big(depth, false) + " AS r", cols}
	case 2:
		return result{"SELECT max(n) AS x0, CAST(l AS VARCHAR) AS x1 FROM (SELECT " + pick(p.Gen, "g", "far") + " AS n, list(" + pick(p.Gen, "k", "s", "hot") + " ORDER BY id) AS l FROM " + p.big(depth, true) + " AS r GROUP BY 1) AS q GROUP BY l", cols}
	default:
		return result{"SELECT a.id AS x0, b.w AS x1 FROM b0 AS a POSITIONAL JOIN b1 AS b", cols}
	}
}

// sorted makes a query whose order is determined.
func (p *Pressure) sorted() PressureQuery {
	var items, keys []string
	for _, i := range p.rnd.Perm(len(LargeColumns))[:1+p.n(4)] {
		items = append(items, LargeColumns[i].Name)
	}
	for _, i := range p.rnd.Perm(len(LargeColumns))[:p.n(3)] {
		keys = append(keys, LargeColumns[i].Name+pick(p.Gen, "", " DESC", " NULLS FIRST", " DESC NULLS LAST"))
	}
	keys = append(keys, "id")
	limit := ""
	if p.chance(50) {
		limit = fmt.Sprintf(" LIMIT %d OFFSET %d", p.n(50_000), p.n(10_000))
	}
	return PressureQuery{Text: "SELECT " + strings.Join(items, ", ") + " FROM " + p.big(2, true) + " AS r ORDER BY " + strings.Join(keys, ", ") + limit, Ordered: true}
}

// changed makes a table of a query, changes it and asks for what is in it.
func (p *Pressure) changed() PressureQuery {
	before := []string{"CREATE OR REPLACE TABLE made AS SELECT * FROM " + p.big(2, true)}
	for range p.n(4) {
		before = append(before, pick(p.Gen,
			"INSERT INTO made SELECT * FROM "+p.rel(1, "b1", false),
			"UPDATE made SET w = w || 'z', far = far + 1 WHERE id % 3 = 0",
			"UPDATE made SET d = d * 2",
			"DELETE FROM made WHERE k = 2 OR far % 7 = 1",
			"DELETE FROM made WHERE far IN (SELECT far FROM b1)",
			"UPDATE made SET s = b.w FROM (SELECT id, max(w) AS w FROM b1 GROUP BY id) AS b WHERE b.id = made.id",
		))
	}
	return PressureQuery{Before: before, After: []string{"DROP TABLE made"}, Text: p.digest(result{"SELECT * FROM made", LargeColumns})}
}
