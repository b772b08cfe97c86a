package reliability

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/gotree"
)

// TestBadInput feeds what users get wrong: each is an error with a code that
// says what kind, and a text that says where.
func TestBadInput(t *testing.T) {
	root, err := gotree.FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sample, err := os.ReadFile(filepath.Join(root, "docs", "examples", "sales", "2025-01.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	truncated := file("truncated.parquet", sample[:len(sample)/2])
	torn := file("torn.parquet", append(append([]byte{}, sample[:len(sample)/2]...), sample[len(sample)-2000:]...))
	text := file("text.parquet", []byte("this is a text file, not Parquet\n"))
	none := file("empty.parquet", nil)
	broken := filepath.Join(dir, "broken.csv")
	writeBrokenCSV(t, broken, 900_000)

	db := open(t, "")
	for _, c := range []struct {
		name, q string
		codes   []string // any of them
		texts   []string // all of them
	}{
		{"truncated file", "SELECT * FROM '" + truncated + "'", []string{sqlerr.CodeBadCopyFile, "XX001"}, []string{"truncated.parquet"}},
		{"torn file", "SELECT * FROM '" + torn + "'", []string{sqlerr.CodeBadCopyFile, "XX001"}, []string{"torn.parquet"}},
		{"text named .parquet", "SELECT * FROM '" + text + "'", []string{sqlerr.CodeBadCopyFile, "XX001"}, []string{"text.parquet"}},
		{"empty .parquet", "SELECT * FROM '" + none + "'", []string{sqlerr.CodeBadCopyFile, "XX001"}, []string{"empty.parquet"}},
		{"broken quote", "SELECT count(*), max(b) FROM '" + broken + "'", []string{sqlerr.CodeBadCopyFile}, []string{"broken.csv", "900001"}},
		{"missing file", "SELECT * FROM '" + filepath.Join(dir, "none.parquet") + "'", nil, []string{"none.parquet"}},
		{"unknown column", "SELECT a, nope FROM (SELECT 1 AS a) t", []string{"42703"}, []string{"nope"}},
		{"unknown function", "SELECT nope(1)", []string{"42883"}, []string{"nope"}},
		{"cast", "SELECT CAST('x' AS INTEGER)", []string{sqlerr.CodeInvalidCast, sqlerr.CodeInvalidText}, []string{"x"}},
		{"overflow", "SELECT 2147483647 + 1", []string{"22003"}, nil},
		{"nested parentheses", "SELECT " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), nil, nil},
		{"nested calls", "SELECT " + strings.Repeat("abs(", 10_000) + "1" + strings.Repeat(")", 10_000), nil, nil},
		{"nested NOT", "SELECT " + strings.Repeat("NOT ", 10_000) + "true", nil, nil},
		{"nested minus", "SELECT " + strings.Repeat("- ", 10_000) + "1", nil, nil},
		{"nested CASE", "SELECT " + strings.Repeat("CASE WHEN true THEN ", 10_000) + "1" + strings.Repeat(" END", 10_000), nil, nil},
		{"nested queries", strings.Repeat("SELECT * FROM (", 10_000) + "SELECT 1" + strings.Repeat(")", 10_000), nil, nil},
		{"not UTF-8", "SELECT '\xff\xfe'", nil, nil},
		{"NUL", "SELECT 1\x00", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := drain(context.Background(), db, c.q)
			if err == nil {
				t.Fatal("no error")
			}
			code := sqlerr.Code(err)
			if code == sqlerr.CodeInternal {
				t.Errorf("internal error: %.300v", err)
			}
			if len(c.codes) > 0 && !contains(c.codes, code) {
				t.Errorf("code %s, want one of %v: %.300v", code, c.codes, err)
			}
			for _, s := range c.texts {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("error %.300q lacks %q", err, s)
				}
			}
			alive(t, db)
		})
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// TestManyTerms is the other side of nesting: long lists are no deep trees.
func TestManyTerms(t *testing.T) {
	db := open(t, "")
	numbers := make([]string, 10_000)
	for i := range numbers {
		numbers[i] = fmt.Sprint(i)
	}
	for name, q := range map[string]string{
		"OR":  "SELECT count(*) FROM (SELECT 9999 AS a) t WHERE a = " + strings.Join(numbers, " OR a = "),
		"AND": "SELECT count(*) FROM (SELECT 10000 AS a) t WHERE a <> " + strings.Join(numbers, " AND a <> "),
		"IN":  "SELECT count(*) FROM (SELECT 9999 AS a) t WHERE a IN (" + strings.Join(numbers, ", ") + ")",
	} {
		t.Run(name, func(t *testing.T) {
			var n int
			if err := db.QueryRow(q).Scan(&n); err != nil || n != 1 {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
}

// writeBrokenCSV writes a file whose data line n opens a quote that never closes
// before a stray character; the header is line 1.
func writeBrokenCSV(t *testing.T, path string, n int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "a,b")
	for i := 1; i <= n+100; i++ {
		if i == n {
			fmt.Fprintf(w, "%d,\"broken\" quote\n", i)
			continue
		}
		fmt.Fprintf(w, "%d,\"row %d\"\n", i, i)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
