package interop

import (
	"context"
	"math/rand/v2"
	"runtime/metrics"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/parquet"
)

// readDamaged opens and reads what may be anything: there must be rows or an
// error with a SQLSTATE other than XX000, and no memory left reserved.
func readDamaged(tb testing.TB, data []byte) error {
	tb.Helper()
	b := budget.New(256 << 20)
	before := allocated()
	f, err := parquet.Open(context.Background(), memFS{"t.parquet": data}, "t.parquet")
	if err == nil {
		if _, err := f.Stats(context.Background()); err != nil {
			tb.Fatal(err)
		}
		mem := b.Reserve("scan")
		defer mem.Close()
		for i := range f.Columns() {
			// One by one: an error in a column must not hide the others.
			if _, _, e := scan(limited{f, 1 << 16}, &storage.ScanSpec{Columns: []int{i}, Mem: mem}); e != nil {
				err = e
			}
		}
		if n := mem.Held(); n != 0 {
			tb.Fatalf("%d bytes are still reserved", n)
		}
	}
	if n := allocated() - before; n > 256<<20 {
		tb.Fatalf("%d bytes were allocated for a file of %d", n, len(data))
	} else if n > most {
		most = n
	}
	if err != nil && sqlerr.Code(err) == sqlerr.CodeInternal {
		tb.Fatalf("internal error: %v", err)
	}
	return err
}

// allocated returns how many bytes the process has ever allocated; unlike
// runtime.ReadMemStats it stops nobody.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// most is the most that a damaged file made anybody allocate.
var most uint64

// limited ends a scan after some rows: damaged counts may promise 2^56.
type limited struct {
	*parquet.File
	rows int
}

func (l limited) Scan(ctx context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	if l.NumRows() > int64(l.rows) {
		return nil, sqlerr.New(sqlerr.CodeLimitExceeded, "too many rows for the test")
	}
	return l.File.Scan(ctx, spec)
}

func damagedSeeds(tb testing.TB) [][]byte {
	var out [][]byte
	cols := columnsOfAllTypes()
	for i, s := range []fileSpec{
		{codec: compress.Codecs.Uncompressed, dict: true, rows: 40, groups: 1, pageSize: 1 << 20, dictSize: 1 << 20, nulls: 20, stats: true},
		{codec: compress.Codecs.Uncompressed, dict: false, rows: 40, groups: 2, pageSize: 100, dictSize: 1 << 20, nulls: 20},
		{codec: compress.Codecs.Snappy, v2: true, dict: true, rows: 60, groups: 1, pageSize: 200, dictSize: 200, nulls: 20},
		{codec: compress.Codecs.Zstd, v2: true, dict: false, rows: 60, groups: 1, pageSize: 200, dictSize: 200},
		{codec: compress.Codecs.Uncompressed, delta: true, rows: 200, groups: 1, pageSize: 400, dictSize: 200},
		{codec: compress.Codecs.Gzip, dict: true, rows: 30, groups: 1, pageSize: 1 << 20, dictSize: 1 << 20},
	} {
		for k := 0; k < len(cols); k += 9 {
			data, _ := s.write(tb, uint64(i), cols[k:min(k+9, len(cols))])
			out = append(out, data)
		}
	}
	for i := range 8 {
		s := fileSpec{codec: compress.Codecs.Uncompressed, v2: i%2 == 0, dict: i%4 < 2, delta: i%4 == 2, rows: 30, groups: 1, pageSize: 200, dictSize: 1 << 20, stats: true}
		out = append(out, writeNested(tb, uint64(100+i), s, 1+i%4).data)
	}
	return out
}

// TestDamage flips bits and bytes, cuts and copies, 6,000 times.
func TestDamage(t *testing.T) {
	seeds := damagedSeeds(t)
	n := 6000
	if testing.Short() {
		n = 2000
	}
	r := rand.New(rand.NewPCG(3, 4))
	failed := 0
	for i := range n {
		data := append([]byte(nil), seeds[i%len(seeds)]...)
		for range 1 + r.IntN(4) {
			switch at := r.IntN(len(data)); r.IntN(6) {
			case 0, 1:
				data[at] ^= 1 << r.IntN(8)
			case 2:
				data[at] = byte(r.Uint32())
			case 3:
				data[at] = []byte{0, 0xff, 0x7f, 0x80}[r.IntN(4)]
			case 4:
				k := r.IntN(16)
				copy(data[at:min(at+k, len(data))], data[r.IntN(len(data)):])
			case 5: // the footer decides most: damage it more
				at = len(data) - 8 - r.IntN(min(len(data)-8, 2000))
				data[at] ^= 1 << r.IntN(8)
			}
		}
		if readDamaged(t, data) != nil {
			failed++
		}
	}
	t.Logf("at most %d bytes were allocated for a file", most)
	if failed == 0 || failed == n {
		t.Errorf("%d of %d damaged files were refused", failed, n)
	}
}

func FuzzRead(f *testing.F) {
	for i, s := range damagedSeeds(f) {
		if i%3 == 0 {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { readDamaged(t, data) })
}
