package tpch

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/tests/slt"
	"github.com/gannetdb/gannet/tests/suite"
)

// stateful are the queries whose joins and aggregations hold rows: with the
// spill cap at 0 those go to disk. The others keep a handful of groups.
var stateful = []int{2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22}

// TestAnswers runs the queries through database/sql.
func TestAnswers(t *testing.T) {
	data, ok := Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	for _, scale := range scales() {
		t.Run(scale, func(t *testing.T) {
			dir := data.Data(scale)
			files := &csvFiles{from: dir, dir: t.TempDir()}
			for _, c := range []struct {
				name  string
				setup func(t *testing.T, db *sql.DB) []string
			}{
				{"parquet", func(*testing.T, *sql.DB) []string { return Setup("VIEW", dir) }},
				{"table", func(*testing.T, *sql.DB) []string { return Setup("TABLE", dir) }},
				{"csv", files.setup},
			} {
				for _, v := range []struct {
					name, setting string
				}{
					{"threads2", "SET threads = 2"},
					{"threads1", "SET threads = 1"},
					{"spill", "SET threads = 2; SET debug_spill_cap = 0"},
				} {
					if c.name == "csv" && scale != "sf0.01" && v.name != "threads2" {
						continue // the larger files take longer to read and show nothing more
					}
					t.Run(c.name+"_"+v.name, func(t *testing.T) {
						db, e := suite.Open(t)
						for _, s := range append([]string{v.setting}, c.setup(t, db)...) {
							suite.Execute(t, db, s)
						}
						for _, q := range Numbers {
							t.Run(fmt.Sprintf("q%02d", q), func(t *testing.T) {
								before := e.SpillStats().BytesWritten
								check(t, data, db, scale, q)
								spilled := e.SpillStats().BytesWritten - before
								// Of the smaller data nothing is left for query 17 to hold.
								nothing := q == 17 && scale == "sf0.01"
								if v.name == "spill" && slices.Contains(stateful, q) && spilled == 0 && !nothing {
									t.Error("nothing was spilled")
								}
							})
						}
					})
				}
			}
		})
	}
}

// scales lists the sizes of data that are tested.
func scales() []string {
	if testing.Short() {
		return []string{"sf0.01"}
	}
	return []string{"sf0.01", "sf0.1"}
}

// check compares a query's rows with the recorded ones, in their order.
func check(t *testing.T, data *Suite, db *sql.DB, scale string, number int) []suite.Column {
	t.Helper()
	q, err := data.Query(number)
	if err != nil {
		t.Fatal(err)
	}
	want, err := data.Answer(scale, number)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	columns, err := suite.Stream(db, q, func(columns []suite.Column, cells []string) error {
		n++
		if n > len(want) {
			return fmt.Errorf("more than the %d rows wanted", len(want))
		}
		return compare(columns, n, cells, want[n-1])
	})
	if err != nil {
		t.Fatal(err)
	}
	if n != len(want) {
		t.Fatalf("%d rows, want %d", n, len(want))
	}
	return columns
}

// compare compares row n with the one that is wanted.
func compare(columns []suite.Column, n int, got, want []string) error {
	if len(got) != len(want) || len(got) != len(columns) {
		return fmt.Errorf("row %d has %d values, want %d", n, len(got), len(want))
	}
	for c := range got {
		if !slt.Equal(got[c], want[c], columns[c].Type) {
			return fmt.Errorf("row %d, column %d (%s): got %q, want %q", n, c+1, columns[c].SQLType(), got[c], want[c])
		}
	}
	return nil
}

// csvFiles are the tables as CSV, written once from Parquet files.
type csvFiles struct {
	from, dir string
	columns   map[string][]suite.Column // by table
}

// setup writes the files unless it has done so, and lists the statements that
// make views of them, with the types that the Parquet files have.
func (f *csvFiles) setup(t *testing.T, db *sql.DB) []string {
	t.Helper()
	if f.columns == nil {
		f.columns = map[string][]suite.Column{}
		for _, table := range Tables {
			if err := f.write(db, table); err != nil {
				t.Fatal(err)
			}
		}
	}
	var stmts []string
	for _, table := range Tables {
		var types []string
		for _, c := range f.columns[table] {
			types = append(types, fmt.Sprintf("'%s': '%s'", c.Name, c.SQLType()))
		}
		stmts = append(stmts, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM read_csv('%s', header = true, columns = {%s})",
			table, f.path(table), strings.Join(types, ", ")))
	}
	return stmts
}

func (f *csvFiles) path(table string) string { return filepath.Join(f.dir, table+".csv") }

func (f *csvFiles) write(db *sql.DB, table string) error {
	out, err := os.Create(f.path(table))
	if err != nil {
		return err
	}
	defer out.Close()
	w := csv.NewWriter(out)
	first := true
	f.columns[table], err = suite.Stream(db, fmt.Sprintf("SELECT * FROM '%s'", filepath.Join(f.from, table+".parquet")), func(columns []suite.Column, cells []string) error {
		if first {
			first = false
			var names []string
			for _, c := range columns {
				names = append(names, c.Name)
			}
			if err := w.Write(names); err != nil {
				return err
			}
		}
		return w.Write(cells)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}
