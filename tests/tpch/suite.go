package tpch

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gannetdb/gannet/tests/gotree"
)

// Numbers lists the queries that the engine answers so far.
var Numbers = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22}

// Tables lists the tables of TPC-H.
var Tables = []string{"customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"}

// Suite is where queries, data and answers lie.
type Suite struct {
	root string // of the repository
	dir  string
}

// Find looks for the suite beside the repository that holds the working
// directory; ok is false when there is none.
func Find() (s *Suite, ok bool) {
	root, err := gotree.FindRoot(".")
	if err != nil {
		return nil, false
	}
	s = &Suite{root: root, dir: filepath.Join(root, "..", "shared", "tpch")}
	_, err = os.Stat(s.dir)
	return s, err == nil
}

// Data returns the folder with the Parquet files of a scale: sf0.01 or sf0.1.
func (s *Suite) Data(scale string) string { return filepath.Join(s.dir, scale) }

// Made returns a folder of data that tests/bench has made, such as tpch-x10
// (sf0.1 ten times over); ok is false when it has not.
func (s *Suite) Made(name string) (dir string, ok bool) {
	dir = filepath.Join(s.root, "tests", "bench", "data", name)
	_, err := os.Stat(dir)
	return dir, err == nil
}

// Query returns the text of query n, without a semicolon at its end.
func (s *Suite) Query(n int) (string, error) {
	q, err := os.ReadFile(filepath.Join(s.dir, "queries", fmt.Sprintf("q%02d.sql", n)))
	return string(q), err
}

// Answer returns the recorded rows of query n, in their order.
func (s *Suite) Answer(scale string, n int) ([][]string, error) {
	f, err := os.Open(filepath.Join(s.dir, "answers", scale, fmt.Sprintf("q%02d.csv", n)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = '|'
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("answer of query %d: no header line (%v)", n, err)
	}
	return rows[1:], nil
}

// Setup lists the statements that make every table from the files in dir: kind
// is VIEW or TABLE.
func Setup(kind, dir string) []string {
	stmts := make([]string, len(Tables))
	for i, table := range Tables {
		stmts[i] = fmt.Sprintf("CREATE %s %s AS SELECT * FROM '%s'", kind, table, filepath.Join(dir, table+".parquet"))
	}
	return stmts
}
