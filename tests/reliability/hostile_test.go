package reliability

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// TestHostileParquet reads every damaged file, and the sound ones of many writers: rows or an error, in time, and
// never an internal error, which is what a recovered panic becomes.
func TestHostileParquet(t *testing.T) {
	for _, folder := range []string{"hostile", "hostile_arrow", "good"} {
		t.Run(folder, func(t *testing.T) {
			dir := shared(t, "parquet", folder)
			db := open(t, "?memory_limit=512MB")
			files, rows, failed := 0, 0, 0
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || filepath.Ext(path) == ".md" {
					return err
				}
				files++
				for _, q := range []string{"SELECT * FROM ", "SELECT count(*) FROM "} {
					ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
					n, err := drain(ctx, db, q+"read_parquet('"+path+"')")
					cancel()
					rows += n
					switch code := sqlerr.Code(err); {
					case code == sqlerr.CodeInternal:
						t.Errorf("%s: %v", filepath.Base(path), err)
					case ctx.Err() == context.DeadlineExceeded:
						t.Errorf("%s: not done in time", filepath.Base(path))
					case err != nil:
						failed++
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if files == 0 {
				t.Fatal("no files")
			}
			t.Logf("%d files: %d rows, %d errors", files, rows, failed)
			alive(t, db)
		})
	}
}
