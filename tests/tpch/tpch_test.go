package tpch

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/tests/gotree"
	"github.com/gannetdb/gannet/tests/slt"
)

// queries are those that the engine answers so far.
var queries = []int{1, 3, 5, 6, 7, 8, 9, 10, 12, 14, 18, 19}

var tables = []string{"customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"}

func TestAnswers(t *testing.T) {
	root, err := gotree.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(root, "..", "shared", "tpch")
	if _, err := os.Stat(shared); err != nil {
		t.Skip("no TPC-H data beside the repository")
	}
	for _, scale := range []string{"sf0.01", "sf0.1"} {
		if scale == "sf0.1" && testing.Short() {
			continue
		}
		t.Run(scale, func(t *testing.T) {
			parquet := filepath.Join(shared, scale)
			csvDir := t.TempDir()
			for _, c := range []struct {
				name, kind, dir, ext string
				setup                []string
			}{
				{"parquet", "VIEW", parquet, ".parquet", nil},
				{"parquet_one_thread", "VIEW", parquet, ".parquet", []string{"SET threads = 1"}},
				{"parquet_spill", "VIEW", parquet, ".parquet", []string{"SET debug_spill_cap = 0"}},
				{"table", "TABLE", parquet, ".parquet", nil},
				{"table_one_thread", "TABLE", parquet, ".parquet", []string{"SET threads = 1"}},
				{"table_spill", "TABLE", parquet, ".parquet", []string{"SET debug_spill_cap = 0"}},
				{"csv", "VIEW", csvDir, ".csv", nil},
				{"csv_one_thread", "VIEW", csvDir, ".csv", []string{"SET threads = 1"}},
			} {
				t.Run(c.name, func(t *testing.T) {
					db := open(t, append([]string{"SET threads = 2"}, c.setup...))
					if c.ext == ".csv" {
						writeCSV(t, db, parquet, csvDir)
					}
					for _, table := range tables {
						exec(t, db, fmt.Sprintf("CREATE %s %s AS SELECT * FROM '%s'", c.kind, table, filepath.Join(c.dir, table+c.ext)))
					}
					for _, q := range queries {
						t.Run(fmt.Sprintf("q%02d", q), func(t *testing.T) {
							check(t, db, filepath.Join(shared, "queries", fmt.Sprintf("q%02d.sql", q)),
								filepath.Join(shared, "answers", scale, fmt.Sprintf("q%02d.csv", q)))
						})
					}
				})
			}
		})
	}
}

func open(t *testing.T, setup []string) *sql.DB {
	t.Helper()
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	// Views and settings belong to the database and the session: one of each.
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	for _, s := range setup {
		exec(t, db, s)
	}
	return db
}

func exec(t *testing.T, db *sql.DB, stmt string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), stmt); err != nil {
		t.Fatalf("%s: %v", stmt, err)
	}
}

// stream runs a query and calls row with the text of every row; names and types
// of the columns are known before.
func stream(db *sql.DB, q string, row func(names, types, cells []string) error) error {
	res, err := db.QueryContext(context.Background(), q)
	if err != nil {
		return err
	}
	defer res.Close()
	columns, err := res.ColumnTypes()
	if err != nil {
		return err
	}
	values, places, texts := make([]any, len(columns)), make([]any, len(columns)), make([]string, len(columns))
	var names, types []string
	for i, c := range columns {
		names = append(names, c.Name())
		types = append(types, strings.ToUpper(c.DatabaseTypeName()))
		places[i] = &values[i]
	}
	for res.Next() {
		if err := res.Scan(places...); err != nil {
			return err
		}
		for i, v := range values {
			texts[i] = slt.ValueText(v, types[i])
		}
		if err := row(names, types, texts); err != nil {
			return err
		}
	}
	return res.Err()
}

// check compares a query's rows with the recorded ones, in their order.
func check(t *testing.T, db *sql.DB, queryFile, answerFile string) {
	q, err := os.ReadFile(queryFile)
	if err != nil {
		t.Fatal(err)
	}
	want := readAnswer(t, answerFile)
	n := 0
	err = stream(db, string(q), func(_, types, cells []string) error {
		if n == len(want) {
			return fmt.Errorf("more than the %d rows wanted", n)
		}
		if len(cells) != len(want[n]) {
			return fmt.Errorf("%d columns, want %d", len(cells), len(want[n]))
		}
		for c := range cells {
			if !slt.Equal(cells[c], want[n][c], types[c]) {
				return fmt.Errorf("row %d, column %d (%s): got %q, want %q", n+1, c+1, types[c], cells[c], want[n][c])
			}
		}
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n != len(want) {
		t.Fatalf("%d rows, want %d", n, len(want))
	}
}

// readAnswer reads a recorded answer: values between bars, a header line first.
func readAnswer(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = '|'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// writeCSV writes every table as CSV, once.
func writeCSV(t *testing.T, db *sql.DB, from, to string) {
	t.Helper()
	for _, table := range tables {
		path := filepath.Join(to, table+".csv")
		if _, err := os.Stat(path); err == nil {
			continue
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w := csv.NewWriter(f)
		first := true
		err = stream(db, fmt.Sprintf("SELECT * FROM '%s'", filepath.Join(from, table+".parquet")), func(names, _, cells []string) error {
			if first {
				first = false
				if err := w.Write(names); err != nil {
					return err
				}
			}
			return w.Write(cells)
		})
		if err != nil {
			t.Fatal(err)
		}
		if w.Flush(); w.Error() != nil {
			t.Fatal(w.Error())
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
