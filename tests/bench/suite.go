package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A suite is SQL files over tables.
type suite struct {
	queries []query
	tables  []tableFile
}

type query struct {
	name string   // as "06"
	sql  []string // statements; the last one's rows are the answer
}

// ownSuites names the suites whose queries lie beside this program, and the
// suite whose data they read.
var ownSuites = map[string]string{"outofcore": "tpch"}

// data is the folder of the suite's data below -source.
func (o *options) dataOf() string {
	if of, ok := ownSuites[o.suite]; ok {
		return of
	}
	return o.suite
}

// queryDir is where the suite's queries are.
func (o *options) queryDir() (string, error) {
	if _, ok := ownSuites[o.suite]; !ok {
		return filepath.Join(o.source, o.suite, "queries"), nil
	}
	here, err := sourceDir()
	return filepath.Join(here, o.suite, "queries"), err
}

// statements splits the text of a query file where a line ends in a semicolon.
func statements(text string) []string {
	var out []string
	for _, s := range strings.Split(text+"\n", ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// A tableFile is a table and the file that holds it.
type tableFile struct{ name, path string }

var queryFile = regexp.MustCompile(`^q?(\d+)\.sql$`)

// loadSuite reads the queries and finds the data, which it makes if needed.
func loadSuite(ctx context.Context, o *options) (*suite, error) {
	s := &suite{}
	wanted, err := o.wanted()
	if err != nil {
		return nil, err
	}
	dir, err := o.queryDir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		m := queryFile.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || len(wanted) > 0 && !slices.Contains(wanted, n) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		stmts := statements(string(text))
		if len(stmts) == 0 {
			return nil, fmt.Errorf("no statement in %s", e.Name())
		}
		s.queries = append(s.queries, query{m[1], stmts})
	}
	if len(s.queries) == 0 {
		return nil, fmt.Errorf("no queries in %s", dir)
	}
	if s.tables, err = o.tables(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// wanted reads -query.
func (o *options) wanted() ([]int, error) {
	var wanted []int
	for _, w := range strings.FieldsFunc(o.queries, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(w)
		if err != nil {
			return nil, fmt.Errorf("-query %s: %q is no number", o.queries, w)
		}
		wanted = append(wanted, n)
	}
	return wanted, nil
}

// tables finds the files of the tables.
func (o *options) tables(ctx context.Context) ([]tableFile, error) {
	dir := filepath.Join(o.source, o.dataOf(), o.scale)
	if made, ok, err := o.made(ctx, o.scale); err != nil {
		return nil, err
	} else if ok {
		dir = made
	}
	ext := ".parquet"
	if o.format == "csv" {
		var err error
		if dir, err = o.asCSV(ctx, dir); err != nil {
			return nil, err
		}
		ext = ".csv"
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+ext))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no %s files in %s", ext, dir)
	}
	var tables []tableFile
	for _, f := range files {
		tables = append(tables, tableFile{strings.TrimSuffix(filepath.Base(f), ext), f})
	}
	return tables, nil
}

// setup lists the statements that a worker runs before the query.
func (o *options) setup(s *suite, extra string) []string {
	stmts := []string{fmt.Sprintf("SET threads = %d", o.threads)}
	if o.memory != "0" && o.memory != "" {
		stmts = append(stmts, "SET memory_limit = "+quote(o.memory))
	}
	if o.temp != "" {
		stmts = append(stmts, "SET temp_directory = "+quote(o.temp))
	}
	for _, x := range strings.Split(extra, ";") {
		if x = strings.TrimSpace(x); x != "" {
			stmts = append(stmts, x)
		}
	}
	kind := "VIEW"
	if o.format == "table" {
		kind = "TABLE"
	}
	for _, t := range s.tables {
		stmts = append(stmts, fmt.Sprintf("CREATE %s %s AS SELECT * FROM %s", kind, t.name, quote(t.path)))
	}
	return stmts
}

// quote writes a SQL string.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
