package oracle

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestGoodParquet reads every good file of the collection beside the repository
// with both engines: names, types and values are the same. What DuckDB cannot
// read is listed, and is not compared.
func TestGoodParquet(t *testing.T) {
	dir, err := filepath.Abs("../../../shared/parquet/good")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".parquet") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Skipf("no Parquet files beside the repository: %v", err)
	}
	ctx := context.Background()
	duck, duckConn, err := open(ctx, "duckdb", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer duck.Close()
	ours, ourConn, err := open(ctx, "gannet", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	compared := 0
	for _, f := range files {
		name, err := filepath.Rel(dir, f)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			if testing.Short() && strings.HasPrefix(name, "large_") {
				t.Skip("a string of a gigabyte")
			}
			from := fmt.Sprintf("FROM read_parquet('%s')", strings.ReplaceAll(f, "'", "''"))
			const describe = "SELECT column_name, column_type FROM (DESCRIBE "
			want, got := ask(ctx, duckConn, describe+from+")"), ask(ctx, ourConn, describe+from+")")
			if want.err != nil {
				t.Skipf("DuckDB: %s; Gannet: %v", firstLine(want.err.Error()), got.err)
			}
			if got.err != nil {
				t.Fatalf("DuckDB reads it: %v", got.err)
			}
			// As text: nested values have other Go types in either driver. Of very
			// long ones a checksum.
			var ours, theirs []string
			for i, c := range want.rows {
				column, err := strconv.Unquote(c[0])
				if err != nil {
					t.Fatal(err)
				}
				column = `"` + strings.ReplaceAll(column, `"`, `""`) + `"`
				cell := "CAST(" + column + " AS VARCHAR)"
				if strings.HasPrefix(name, "large_") {
					cell = "md5(" + cell + ")"
				}
				ours, theirs = append(ours, cell), append(theirs, cell)
				if strings.HasPrefix(c[1], `"GEOMETRY`) && i < len(got.rows) {
					// There is no such type here: it is what the file has, a BLOB of WKB.
					theirs[i], c[1] = "CAST(ST_AsWKB("+column+") AS VARCHAR)", `"BLOB"`
				}
			}
			if !slices.EqualFunc(want.rows, got.rows, slices.Equal) {
				t.Errorf("columns %v, not %v", got.rows, want.rows)
			}
			tail := " " + from
			want = ask(ctx, duckConn, "SELECT "+strings.Join(theirs, ", ")+tail)
			if want.err == errTooMany {
				tail += " LIMIT 10000"
				want = ask(ctx, duckConn, "SELECT "+strings.Join(theirs, ", ")+tail)
			}
			got = ask(ctx, ourConn, "SELECT "+strings.Join(ours, ", ")+tail)
			switch {
			case want.err != nil:
				t.Skipf("DuckDB: %s; Gannet: %v", firstLine(want.err.Error()), got.err)
			case strings.Contains(name, "corrupt-checksum"):
				// DuckDB does not look at the checksums.
				if class(got.err) == "" || !strings.Contains(got.err.Error(), "checksum") {
					t.Errorf("%v, want an error of the checksum", got.err)
				}
			case name == "int96_from_spark.parquet":
				// DuckDB takes the days beyond its range for others.
				if got.err != nil || len(got.rows) != len(want.rows) {
					t.Errorf("%d rows, want %d: %v", len(got.rows), len(want.rows), got.err)
				}
				for i := range want.rows {
					if w := want.rows[i][0]; w != got.rows[i][0] && !strings.Contains(w, "(BC)") {
						t.Errorf("%s, not %s", got.rows[i][0], w)
					}
				}
			default:
				if d := difference(want, got, true); d != "" {
					t.Error(d)
				}
			}
			compared++
		})
	}
	t.Logf("%d of %d files compared", compared, len(files))
}
