package csv

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// writeLineItems writes a file shaped like TPC-H's lineitem: 16 columns of
// integers, decimals, dates and text.
func writeLineItems(tb testing.TB, rows int) string {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,l_returnflag,l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment\n")
	date := func() string {
		return fmt.Sprintf("%d-%02d-%02d", 1992+r.IntN(7), 1+r.IntN(12), 1+r.IntN(28))
	}
	words := strings.Fields("carefully final deposits sleep furiously above the regular requests; ironic, express pinto beans haggle blithely")
	for i := range rows {
		comment := ""
		for range 2 + r.IntN(4) {
			comment += words[r.IntN(len(words))] + " "
		}
		if strings.Contains(comment, ",") {
			comment = `"` + comment + `"`
		}
		fmt.Fprintf(&b, "%d,%d,%d,%d,%d.00,%d.%02d,0.%02d,0.%02d,%c,%c,%s,%s,%s,%s,%s,%s\n",
			i/4+1, r.IntN(200000), r.IntN(10000), i%4+1, 1+r.IntN(50), 900+r.IntN(100000), r.IntN(100), r.IntN(11), r.IntN(9),
			"ANR"[r.IntN(3)], "OF"[r.IntN(2)], date(), date(), date(), "DELIVER IN PERSON", "TRUCK", comment)
	}
	path := filepath.Join(tb.TempDir(), "lineitem.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}

func benchmarkScan(b *testing.B, columns []int) {
	path := writeLineItems(b, 200_000)
	ctx := context.Background()
	t, err := Open(ctx, storage.Local(), path, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(t.size)
	chunk := &vector.Chunk{}
	for _, k := range columns {
		chunk.Cols = append(chunk.Cols, vector.New(t.Columns()[k].Type))
	}
	for b.Loop() {
		s, err := t.Scan(ctx, &storage.ScanSpec{Columns: columns})
		if err != nil {
			b.Fatal(err)
		}
		r, _ := s.NewReader()
		for {
			_, ok, err := r.NextMorsel(ctx)
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
			for {
				more, err := r.Next(ctx, chunk)
				if err != nil {
					b.Fatal(err)
				}
				if !more {
					break
				}
			}
		}
		r.Close()
		s.Close()
	}
}

func BenchmarkAllColumns(b *testing.B) {
	benchmarkScan(b, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
}
func BenchmarkThreeColumns(b *testing.B) { benchmarkScan(b, []int{5, 6, 10}) }
func BenchmarkCountOnly(b *testing.B)    { benchmarkScan(b, nil) }
