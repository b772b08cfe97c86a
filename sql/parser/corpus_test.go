package parser

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// sharedDir finds a directory beside the repository, or skips.
func sharedDir(t testing.TB, path string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Skip(err)
	}
	for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			full := filepath.Join(dir, "..", "shared", filepath.FromSlash(path))
			if _, err := os.Stat(full); err != nil {
				t.Skipf("../shared/%s is not there", path)
			}
			return full
		}
	}
	t.Skip("repository root not found")
	return ""
}

type record struct {
	file string
	line int
	sql  string
}

// readRecords returns the statements of a sqllogictest file that must succeed.
func readRecords(t testing.TB, path string) []record {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []record
	var cur []string
	in, skip, line, start := false, false, 0, 0
	flush := func() {
		if len(cur) > 0 && !skip {
			out = append(out, record{filepath.Base(path), start, strings.Join(cur, "\n")})
		}
		if in {
			skip = false
		}
		cur, in = nil, false
	}
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 1<<20), 32<<20)
	for sc.Scan() {
		text := sc.Text()
		line++
		switch {
		case strings.HasPrefix(text, "#"):
		case in && (strings.TrimSpace(text) == "" || text == "----"):
			flush()
		case in:
			cur = append(cur, text)
		case strings.HasPrefix(text, "onlyif"), strings.HasPrefix(text, "skipif duckdb"), strings.HasPrefix(text, "skipif postgresql"):
			skip = true // in another system's dialect
		case strings.HasPrefix(text, "statement ok"), strings.HasPrefix(text, "query "):
			in, start = true, line+1
		}
	}
	flush()
	return out
}

// TestCorpus parses the statements of the conformance corpus.
func TestCorpus(t *testing.T) {
	root := sharedDir(t, "conformance/corpus")
	var total, ok, selects, selectsOK int
	failures := map[string]int{}
	verbose := os.Getenv("CORPUS_FAILURES") != ""
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".test") {
			return err
		}
		for _, r := range readRecords(t, path) {
			if strings.Contains(r.sql, "${") {
				continue // a loop variable stands for text
			}
			total++
			word := strings.ToLower(strings.TrimLeft(r.sql, " \t(\n"))
			sel := strings.HasPrefix(word, "select") || strings.HasPrefix(word, "with") || strings.HasPrefix(word, "from")
			if sel {
				selects++
			}
			_, err := Parse(r.sql)
			if err == nil {
				ok++
				if sel {
					selectsOK++
				}
				continue
			}
			failures[err.Error()]++
			if verbose {
				t.Logf("%s:%d: %v\n%s", r.file, r.line, err, r.sql)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	share := func(a, b int) float64 { return 100 * float64(a) / float64(max(b, 1)) }
	t.Logf("statements: %d of %d parse (%.2f %%); SELECTs: %d of %d (%.2f %%)", ok, total, share(ok, total),
		selectsOK, selects, share(selectsOK, selects))
	type count struct {
		msg string
		n   int
	}
	var list []count
	for m, n := range failures {
		list = append(list, count{m, n})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].n > list[j].n })
	for _, c := range list[:min(len(list), 25)] {
		t.Logf("%5d %s", c.n, c.msg)
	}
	if selects > 0 && share(selectsOK, selects) < 97 {
		t.Errorf("only %.2f %% of the SELECT statements parse", share(selectsOK, selects))
	}
}

// TestBenchmarkQueries parses the TPC-H and TPC-DS queries.
func TestBenchmarkQueries(t *testing.T) {
	for _, dir := range []string{"tpch/queries", "tpcds/queries"} {
		t.Run(dir, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(sharedDir(t, dir), "*.sql"))
			if err != nil || len(files) == 0 {
				t.Skip("no queries")
			}
			for _, f := range files {
				text, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Parse(string(text)); err != nil {
					t.Errorf("%s: %v", filepath.Base(f), err)
				}
			}
		})
	}
}
