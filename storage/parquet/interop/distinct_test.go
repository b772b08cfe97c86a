package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"

	"github.com/gannetdb/gannet/vector/types"
)

// TestDistinctOfDictionaries: a writer that counts no distinct values shows by
// the size of its dictionary codes about how many there are; one that gave its
// dictionary up shows nothing.
func TestDistinctOfDictionaries(t *testing.T) {
	checked := 0
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Zstd, compress.Codecs.Snappy} {
		for _, n := range []int{1, 2, 3, 7, 50, 300, 2500, 9000} {
			t.Run(fmt.Sprintf("%v of %d", codec, n), func(t *testing.T) {
				number := testColumn{name: "number", typ: types.Of(types.BigInt), node: plain(parquet.Types.Int64, 0),
					value: func(r *rand.Rand) (any, types.Value) {
						x := int64(r.IntN(n)) * 1_000_000_007
						return x, types.IntValue(types.Of(types.BigInt), x)
					}}
				str := testColumn{name: "text", typ: types.Of(types.Blob), node: plain(parquet.Types.ByteArray, 0),
					value: func(r *rand.Rand) (any, types.Value) {
						s := fmt.Sprintf("the value %05d", r.IntN(n))
						return parquet.ByteArray(s), types.Value{Type: types.Of(types.Blob), S: s}
					}}
				cols := []testColumn{number, str}
				spec := fileSpec{codec: codec, dict: true, rows: 100_000, groups: 1, pageSize: 1 << 16, dictSize: 1 << 20, nulls: 10, stats: true}
				data, _ := spec.write(t, uint64(n), cols)
				st, err := mustOpen(t, data).Stats(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				rd, err := arrowOpen(data)
				if err != nil {
					t.Fatal(err)
				}
				for i, c := range st.Columns {
					// Arrow now and then decides against a dictionary.
					if m, err := rd.MetaData().RowGroup(0).ColumnChunk(i); err != nil || !m.HasDictionaryPage() {
						continue
					}
					checked++
					if c.Distinct < float64(n)/2.5 || c.Distinct > float64(n)*2.5 {
						t.Errorf("%s: %v distinct values, there are %d", cols[i].name, c.Distinct, n)
					}
				}
				if n < 9000 {
					return
				}
				spec.dictSize = 1 << 14
				data, _ = spec.write(t, uint64(n), cols)
				if st, err = mustOpen(t, data).Stats(context.Background()); err != nil {
					t.Fatal(err)
				}
				if d := st.Columns[1].Distinct; d != 0 {
					t.Errorf("%v distinct values in a chunk that is not all dictionary", d)
				}
			})
		}
	}
	if checked < 40 {
		t.Errorf("only %d columns have a dictionary", checked)
	}
}
