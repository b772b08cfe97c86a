package plans

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// Table is a table without rows.
type Table struct {
	cols  []storage.Column
	stats storage.TableStats
}

// Columns implements storage.Table.
func (t *Table) Columns() []storage.Column { return t.cols }

// Stats implements storage.Table.
func (t *Table) Stats(context.Context) (*storage.TableStats, error) { return &t.stats, nil }

// Scan implements storage.Table; it fails.
func (t *Table) Scan(context.Context, *storage.ScanSpec) (storage.Scanner, error) {
	return nil, sqlerr.New(sqlerr.CodeUnsupported, "the table has no rows")
}

// column is one column: name, type, distinct values, bounds. Bounds are texts
// for dates and strings, numbers else; "" for none.
type column struct {
	name, typ string
	distinct  float64
	lo, hi    string
}

var tpch = []struct {
	name string
	rows float64
	cols []column
}{
	{"region", 5, []column{
		{"r_regionkey", "integer", 5, "0", "4"}, {"r_name", "varchar", 5, "AFRICA", "MIDDLE EAST"}, {"r_comment", "varchar", 5, "", ""}}},
	{"nation", 25, []column{
		{"n_nationkey", "integer", 25, "0", "24"}, {"n_name", "varchar", 25, "ALGERIA", "VIETNAM"},
		{"n_regionkey", "integer", 5, "0", "4"}, {"n_comment", "varchar", 25, "", ""}}},
	{"supplier", 10_000, []column{
		{"s_suppkey", "bigint", 10_000, "1", "10000"}, {"s_name", "varchar", 10_000, "", ""}, {"s_address", "varchar", 10_000, "", ""},
		{"s_nationkey", "integer", 25, "0", "24"}, {"s_phone", "varchar", 10_000, "", ""},
		{"s_acctbal", "decimal", 9955, "-999.99", "9999.99"}, {"s_comment", "varchar", 9900, "", ""}}},
	{"part", 200_000, []column{
		{"p_partkey", "bigint", 200_000, "1", "200000"}, {"p_name", "varchar", 199_996, "", ""}, {"p_mfgr", "varchar", 5, "", ""},
		{"p_brand", "varchar", 25, "Brand#11", "Brand#55"}, {"p_type", "varchar", 150, "", ""}, {"p_size", "integer", 50, "1", "50"},
		{"p_container", "varchar", 40, "", ""}, {"p_retailprice", "decimal", 20_899, "901.00", "2098.99"}, {"p_comment", "varchar", 130_000, "", ""}}},
	{"partsupp", 800_000, []column{
		{"ps_partkey", "bigint", 200_000, "1", "200000"}, {"ps_suppkey", "bigint", 10_000, "1", "10000"},
		{"ps_availqty", "bigint", 9_999, "1", "9999"}, {"ps_supplycost", "decimal", 99_900, "1.00", "1000.00"}, {"ps_comment", "varchar", 790_000, "", ""}}},
	{"customer", 150_000, []column{
		{"c_custkey", "bigint", 150_000, "1", "150000"}, {"c_name", "varchar", 150_000, "", ""}, {"c_address", "varchar", 150_000, "", ""},
		{"c_nationkey", "integer", 25, "0", "24"}, {"c_phone", "varchar", 150_000, "", ""},
		{"c_acctbal", "decimal", 140_187, "-999.99", "9999.99"}, {"c_mktsegment", "varchar", 5, "AUTOMOBILE", "MACHINERY"}, {"c_comment", "varchar", 149_968, "", ""}}},
	{"orders", 1_500_000, []column{
		{"o_orderkey", "bigint", 1_500_000, "1", "6000000"}, {"o_custkey", "bigint", 99_996, "1", "149999"}, {"o_orderstatus", "varchar", 3, "F", "P"},
		{"o_totalprice", "decimal", 1_464_556, "857.71", "555285.16"}, {"o_orderdate", "date", 2406, "1992-01-01", "1998-08-02"},
		{"o_orderpriority", "varchar", 5, "1-URGENT", "5-LOW"}, {"o_clerk", "varchar", 1000, "", ""}, {"o_shippriority", "integer", 1, "0", "0"},
		{"o_comment", "varchar", 1_482_071, "", ""}}},
	{"lineitem", 6_001_215, []column{
		{"l_orderkey", "bigint", 1_500_000, "1", "6000000"}, {"l_partkey", "bigint", 200_000, "1", "200000"}, {"l_suppkey", "bigint", 10_000, "1", "10000"},
		{"l_linenumber", "bigint", 7, "1", "7"}, {"l_quantity", "decimal", 50, "1.00", "50.00"}, {"l_extendedprice", "decimal", 933_900, "901.00", "104949.50"},
		{"l_discount", "decimal", 11, "0.00", "0.10"}, {"l_tax", "decimal", 9, "0.00", "0.08"}, {"l_returnflag", "varchar", 3, "A", "R"},
		{"l_linestatus", "varchar", 2, "F", "O"}, {"l_shipdate", "date", 2526, "1992-01-02", "1998-12-01"}, {"l_commitdate", "date", 2466, "1992-01-31", "1998-10-31"},
		{"l_receiptdate", "date", 2554, "1992-01-04", "1998-12-31"}, {"l_shipinstruct", "varchar", 4, "", ""}, {"l_shipmode", "varchar", 7, "AIR", "TRUCK"},
		{"l_comment", "varchar", 3_813_023, "", ""}}},
}

func value(t types.Type, text string) types.Value {
	switch t.ID {
	case types.Varchar:
		return types.StringValue(text)
	case types.Date:
		d, _ := types.ParseDate([]byte(text))
		return types.IntValue(t, int64(d))
	case types.Decimal:
		i, _ := types.ParseDecimal([]byte(text), int(t.Width), int(t.Scale))
		return types.Int128Value(t, i)
	}
	i, _ := types.ParseInt64([]byte(text))
	return types.IntValue(t, i)
}

// NewTable makes a table of the given columns and row count. Columns are
// "name type" pairs; nothing is known about their values.
func NewTable(rows float64, cols ...string) *Table {
	t := &Table{stats: storage.TableStats{NumRows: rows, Exact: true}}
	for _, c := range cols {
		name, typ, _ := strings.Cut(c, " ")
		ty, err := types.Lookup(typ, nil)
		if err != nil {
			panic(err)
		}
		t.cols = append(t.cols, storage.Column{Name: name, Type: ty})
		t.stats.Columns = append(t.stats.Columns, storage.ColumnStats{NullCount: -1})
	}
	return t
}

func tpchTable(rows float64, cols []column) *Table {
	t := &Table{stats: storage.TableStats{NumRows: rows, Exact: true}}
	for _, c := range cols {
		ty := types.DecimalOf(15, 2)
		if c.typ != "decimal" {
			ty, _ = types.Lookup(c.typ, nil)
		}
		t.cols = append(t.cols, storage.Column{Name: c.name, Type: ty})
		s := storage.ColumnStats{Distinct: c.distinct}
		if c.lo != "" {
			s.HasMinMax, s.Min, s.Max = true, value(ty, c.lo), value(ty, c.hi)
		}
		if ty.ID == types.Varchar {
			s.AvgBytes = math.Min(30, 4+math.Log2(c.distinct+1))
		}
		t.stats.Columns = append(t.stats.Columns, s)
	}
	return t
}

// Add puts a table into a catalog.
func Add(c *catalog.Catalog, name string, t storage.Table) {
	e := &catalog.Table{Name: name, Data: catalog.Fixed{Rows: t}}
	for _, col := range t.Columns() {
		e.Columns = append(e.Columns, catalog.Column{Name: col.Name, Type: col.Type, NotNull: col.NotNull})
	}
	if _, err := c.CreateTable(e, ast.CreateError); err != nil {
		panic(err)
	}
}

// Catalog returns a catalog of the TPC-H tables and of t(a integer, b varchar,
// c date, d decimal(18,3)), u(a bigint, b varchar, x double) and
// v(k integer, s smallint, f boolean).
func Catalog() *catalog.Catalog {
	c := catalog.New("memory")
	for _, t := range tpch {
		Add(c, t.name, tpchTable(t.rows, t.cols))
	}
	Add(c, "t", NewTable(1000, "a integer", "b varchar", "c date", "d decimal"))
	Add(c, "u", NewTable(100, "a bigint", "b varchar", "x double"))
	Add(c, "v", NewTable(10, "k integer", "s smallint", "f boolean"))
	return c
}

// Shared returns the path of a file of the shared data, and whether it is there.
func Shared(parts ...string) (string, bool) {
	_, here, _, _ := runtime.Caller(0)
	p := filepath.Join(append([]string{filepath.Dir(here), "..", "..", "..", "shared"}, parts...)...)
	_, err := os.Stat(p)
	return p, err == nil
}

// Query returns the text of TPC-H query n; ok is false when the shared data are
// absent.
func Query(n int) (text string, ok bool) {
	p, ok := Shared("tpch", "queries", "q"+string(rune('0'+n/10))+string(rune('0'+n%10))+".sql")
	if !ok {
		return "", false
	}
	b, err := os.ReadFile(p)
	return strings.TrimRight(string(b), "; \n"), err == nil
}
