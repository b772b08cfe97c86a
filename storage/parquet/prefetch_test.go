package parquet

import (
	"context"
	"testing"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// announcedFS opens files that write down what is announced.
type announcedFS struct {
	storage.FS
	ranges *[][2]int64
}

type announcedFile struct {
	storage.File
	ranges *[][2]int64
}

func (a announcedFS) Open(ctx context.Context, name string) (storage.File, error) {
	f, err := a.FS.Open(ctx, name)
	return announcedFile{f, a.ranges}, err
}

func (a announcedFile) Prefetch(off, n int64) { *a.ranges = append(*a.ranges, [2]int64{off, off + n}) }

// TestPrefetch: every chunk that a scan reads, but for those of its first row
// group, was announced, and hardly anything else.
func TestPrefetch(t *testing.T) {
	var ranges [][2]int64
	f, err := Open(context.Background(), announcedFS{storage.Local(), &ranges}, sharedFile(t, "tpch/sf0.1/lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	columns := []int{0, 5, 15}
	drain(t, f, &storage.ScanSpec{Columns: columns, Workers: 1}, func(*vector.Chunk) {})
	var wanted, announced int64
	for g := range f.groups {
		for _, c := range columns {
			off, end, err := f.chunkRange(&f.groups[g].columns[f.schema.columns[c].leaf])
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, r := range ranges {
				found = found || r[0] <= off && end <= r[1]
			}
			if found != (g > 0) {
				t.Errorf("column %d of row group %d: announced is %v", c, g, found)
			}
			if g > 0 {
				wanted += end - off
			}
		}
	}
	for _, r := range ranges {
		announced += r[1] - r[0]
	}
	if announced > wanted+int64(len(ranges))*readGap {
		t.Errorf("%d bytes announced of %d", announced, wanted)
	}
}
