package parquet

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// sharedFile returns a file of the public collections beside the repository.
func sharedFile(tb testing.TB, name string) string {
	tb.Helper()
	p := filepath.Join("..", "..", "..", "shared", filepath.FromSlash(name))
	if _, err := os.Stat(p); err != nil {
		tb.Skipf("%s is not there", name)
	}
	return p
}

// drain reads a table with one reader and returns the number of rows.
func drain(tb testing.TB, t storage.Table, spec *storage.ScanSpec, each func(*vector.Chunk)) int {
	tb.Helper()
	ctx := context.Background()
	s, err := t.Scan(ctx, spec)
	if err != nil {
		tb.Fatal(err)
	}
	defer s.Close()
	r, err := s.NewReader()
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Close()
	var ts []types.Type
	for _, c := range spec.Columns {
		ts = append(ts, t.Columns()[c].Type)
	}
	chunk := vector.NewChunk(ts)
	rows := 0
	for {
		_, ok, err := r.NextMorsel(ctx)
		if err != nil {
			tb.Fatal(err)
		}
		if !ok {
			return rows
		}
		for {
			ok, err := r.Next(ctx, chunk)
			if err != nil {
				tb.Fatal(err)
			}
			if !ok {
				break
			}
			rows += chunk.NumRows()
			if each != nil {
				each(chunk)
			}
		}
	}
}

func BenchmarkLineitemColumns(b *testing.B) {
	path := benchFile(b)
	f, err := Open(context.Background(), storage.Local(), path)
	if err != nil {
		b.Fatal(err)
	}
	for i, c := range f.Columns() {
		b.Run(c.Name, func(b *testing.B) {
			rows := 0
			b.ReportAllocs()
			for b.Loop() {
				rows += drain(b, f, &storage.ScanSpec{Columns: []int{i}}, nil)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(rows), "ns/row")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	path := benchFile(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(context.Background(), storage.Local(), path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnpack(b *testing.B) {
	for _, w := range []uint{1, 3, 8, 13, 20} {
		in := make([]byte, 4*w*64)
		out := make([]uint32, 2048)
		b.Run(string(rune('0'+w/10))+string(rune('0'+w%10)), func(b *testing.B) {
			for b.Loop() {
				unpackers[w](in, out)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/2048, "ns/value")
		})
	}
}

// benchFile returns lineitem of TPC-H, or the file that GANNET_BENCH_PARQUET
// names.
func benchFile(b *testing.B) string {
	if p := os.Getenv("GANNET_BENCH_PARQUET"); p != "" {
		return p
	}
	return sharedFile(b, "tpch/sf0.1/lineitem.parquet")
}
