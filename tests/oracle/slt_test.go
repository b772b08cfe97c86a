package oracle

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/gannetdb/gannet/tests/slt"
)

var (
	rewriteFiles = flag.Bool("rewrite", false, "fill in the expectations of the files with what DuckDB answers")
	onlyFile     = flag.String("file", "", "run files whose path contains this only")
)

var duck = &slt.Engine{
	Driver:   "duckdb",
	Systems:  []string{"duckdb"},
	Features: []string{"parquet", "core_functions"},
	Text:     text,
	Entries:  entries,
	AnyError: true,
}

// text knows the types of the Go driver that have no text of their own.
func text(v any, typ string) (string, bool) {
	switch v := v.(type) {
	case duckdb.Decimal:
		return decimalText(v.Value, int(v.Scale)), true
	case duckdb.Interval:
		return slt.IntervalText(v.Months, v.Days, v.Micros), true
	case []byte:
		if typ == "UUID" && len(v) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:]), true
		}
	}
	return "", false
}

// entries takes the driver's maps apart.
func entries(v any) (keys, values []any, ok bool) {
	m, ok := v.(duckdb.OrderedMap)
	return m.Keys(), m.Values(), ok
}

func decimalText(unscaled *big.Int, scale int) string {
	digits := new(big.Int).Abs(unscaled).String()
	if n := scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if unscaled.Sign() < 0 {
		digits = "-" + digits
	}
	return digits
}

func TestFilesOnDuckDB(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	records, queries := 0, 0
	err = filepath.WalkDir(filepath.Join("tests", "slt"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".test" || !strings.Contains(path, *onlyFile) {
			return err
		}
		t.Run(strings.TrimSuffix(filepath.ToSlash(path), ".test"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			res, err := duck.Run(context.Background(), string(text), slt.Options{TempDir: t.TempDir(), Root: root})
			if err != nil {
				t.Fatal(err)
			}
			records, queries = records+res.Records, queries+res.Queries
			if *rewriteFiles && res.Skipped == "" && res.Rewritten != string(text) {
				if err := os.WriteFile(path, []byte(res.Rewritten), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range res.Failures {
				if *rewriteFiles && !strings.HasPrefix(f.Why, "error") && !strings.HasPrefix(f.Why, "no error") {
					continue
				}
				t.Errorf("%s:%v", path, f)
			}
			if res.Skipped != "" {
				t.Skip(res.Skipped)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d records, %d of them queries", records, queries)
}
