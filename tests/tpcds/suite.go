package tpcds

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/tests/gotree"
)

// Queries is the number of queries.
const Queries = 99

// Suite is where queries, data and answers lie.
type Suite struct{ dir string }

// Find looks for the suite beside the repository that holds the working
// directory; ok is false when there is none.
func Find() (s *Suite, ok bool) {
	root, err := gotree.FindRoot(".")
	if err != nil {
		return nil, false
	}
	s = &Suite{dir: filepath.Join(root, "..", "shared", "tpcds")}
	_, err = os.Stat(s.dir)
	return s, err == nil
}

// Scales lists the sizes that there are answers for.
func (s *Suite) Scales() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "answers"))
	if err != nil {
		return nil, err
	}
	var scales []string
	for _, e := range entries {
		if e.IsDir() {
			scales = append(scales, e.Name())
		}
	}
	slices.Sort(scales)
	return scales, nil
}

// Query returns the text of query n.
func (s *Suite) Query(n int) (string, error) {
	q, err := os.ReadFile(filepath.Join(s.dir, "queries", fmt.Sprintf("%02d.sql", n)))
	return string(q), err
}

// Answer returns the recorded rows of query n, in their order; NULL is "NULL".
func (s *Suite) Answer(scale string, n int) ([][]string, error) {
	f, err := os.Open(filepath.Join(s.dir, "answers", scale, fmt.Sprintf("%02d.csv", n)))
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

// Setup lists the statements that make every table of a scale: kind is VIEW or
// TABLE.
func (s *Suite) Setup(kind, scale string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, scale, "*.parquet"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no Parquet files in %s", filepath.Join(s.dir, scale))
	}
	stmts := make([]string, len(files))
	for i, f := range files {
		stmts[i] = fmt.Sprintf("CREATE %s %s AS SELECT * FROM '%s'", kind, strings.TrimSuffix(filepath.Base(f), ".parquet"), f)
	}
	return stmts, nil
}
