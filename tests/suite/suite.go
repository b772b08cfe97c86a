package suite

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/tests/gotree"
)

// Suite is where queries, data and answers lie.
type Suite struct {
	root   string // of the repository
	dir    string
	prefix string // of the names of queries and answers
}

// Find looks for a suite beside the repository that holds the working directory;
// prefix is what stands before the number in the names of its files. ok is false
// when there is none.
func Find(name, prefix string) (s *Suite, ok bool) {
	root, err := gotree.FindRoot(".")
	if err != nil {
		return nil, false
	}
	s = &Suite{root: root, dir: filepath.Join(root, "..", "shared", name), prefix: prefix}
	_, err = os.Stat(s.dir)
	return s, err == nil
}

// Data returns the folder with the Parquet files of a scale, such as sf0.01.
func (s *Suite) Data(scale string) string { return filepath.Join(s.dir, scale) }

// Made returns a folder of data that tests/bench has made, such as tpch-x10
// (sf0.1 ten times over); ok is false when it has not.
func (s *Suite) Made(name string) (dir string, ok bool) {
	dir = filepath.Join(s.root, "tests", "bench", "data", name)
	_, err := os.Stat(dir)
	return dir, err == nil
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

// Query returns the text of query n, without a semicolon at its end.
func (s *Suite) Query(n int) (string, error) {
	q, err := os.ReadFile(filepath.Join(s.dir, "queries", fmt.Sprintf("%s%02d.sql", s.prefix, n)))
	return string(q), err
}

// Answer returns the recorded rows of query n, in their order; NULL is "NULL".
func (s *Suite) Answer(scale string, n int) ([][]string, error) {
	f, err := os.Open(filepath.Join(s.dir, "answers", scale, fmt.Sprintf("%s%02d.csv", s.prefix, n)))
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

// Setup lists the statements that make every table from the Parquet files in dir:
// kind is VIEW or TABLE.
func Setup(kind, dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no Parquet files in %s", dir)
	}
	stmts := make([]string, len(files))
	for i, f := range files {
		stmts[i] = fmt.Sprintf("CREATE %s %s AS SELECT * FROM '%s'", kind, strings.TrimSuffix(filepath.Base(f), ".parquet"), f)
	}
	return stmts, nil
}
