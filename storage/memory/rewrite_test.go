package memory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// changesOf hands out chunks of at most size rows: IDs, and rows for an update.
func changesOf(cols []storage.Column, ids []int64, rows [][]types.Value, size int) Changes {
	with := append([]storage.Column{{Name: "rowid", Type: types.Of(types.BigInt)}}, cols...)
	at := 0
	return func(context.Context) (*vector.Chunk, error) {
		if at == len(ids) {
			return nil, nil
		}
		n := min(size, len(ids)-at)
		var part [][]types.Value
		for i := at; i < at+n; i++ {
			row := []types.Value{types.IntValue(types.Of(types.BigInt), ids[i])}
			if rows != nil {
				row = append(row, rows[i]...)
			}
			part = append(part, row)
		}
		at += n
		if rows == nil {
			return chunkOf(with[:1], part), nil
		}
		return chunkOf(with, part), nil
	}
}

// TestRewrite changes and deletes rows at random and compares with a list, over
// tables in memory and on disk.
func TestRewrite(t *testing.T) {
	cols := columnsOf(types.Of(types.BigInt), types.Of(types.Varchar), types.ListOf(types.Of(types.Varchar)))
	ts := []types.Type{cols[0].Type, cols[1].Type, cols[2].Type}
	for _, cap := range []int64{-1, 0, 64 << 10} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("cap %d seed %d", cap, seed), func(t *testing.T) {
				f, _ := newEvictable(t, 64<<20, nil, cols...)
				f.b.SetSpillCap(cap)
				r := rand.New(rand.NewPCG(seed, 7))
				type row struct {
					id     int64
					values []types.Value
				}
				var model []row
				next := int64(0)
				add := func(n int) {
					rows := rowsOf(r.Uint64(), ts, n)
					for from := 0; from < n; from += vector.Capacity {
						f.fill(t, chunkOf(cols, rows[from:min(n, from+vector.Capacity)]))
					}
					for _, v := range rows {
						model = append(model, row{next, v})
						next++
					}
				}
				check := func() {
					t.Helper()
					all := f.Snapshot().(storage.RowIdentifier).WithRowIDs()
					var want [][]types.Value
					for _, m := range model {
						want = append(want, append(slices.Clone(m.values), types.IntValue(types.Of(types.BigInt), m.id)))
					}
					var text []string
					for from := 0; from < len(want); from += vector.Capacity {
						text = append(text, textOf(chunkOf(all.Columns(), want[from:min(len(want), from+vector.Capacity)]))...)
					}
					if got := mustScan(t, all, nil); !slices.Equal(got, text) {
						t.Fatalf("%d rows, want %d, or others", len(got), len(text))
					}
					st, err := all.Stats(context.Background())
					if err != nil || int(st.NumRows) != len(model) {
						t.Fatal(st, err)
					}
				}
				add(5000)
				for range 8 {
					var ids []int64
					update := r.IntN(2) == 0
					every := []int{1, 3, 500}[r.IntN(3)]
					keep := model[:0:0]
					for _, m := range model {
						if r.IntN(every) > 0 || len(ids) > 3000 {
							keep = append(keep, m)
							continue
						}
						ids = append(ids, m.id)
						if r.IntN(4) == 0 {
							ids = append(ids, m.id) // counts once
						}
						if update {
							keep = append(keep, m)
						}
					}
					distinct := slices.Compact(slices.Clone(ids))
					var rows [][]types.Value
					if update {
						rows = rowsOf(r.Uint64(), ts, len(ids))
						for i, id := range ids {
							if i > 0 && ids[i-1] == id {
								continue
							}
							k, _ := slices.BinarySearchFunc(keep, id, func(m row, id int64) int { return int(m.id - id) })
							keep[k].values = rows[i]
						}
					}
					n, err := f.Rewrite(context.Background(), f.Snapshot(), update, changesOf(cols, ids, rows, 1+r.IntN(700)))
					if err != nil || n != int64(len(distinct)) {
						t.Fatal(n, len(distinct), err)
					}
					model = keep
					check()
					if r.IntN(3) == 0 {
						add(r.IntN(2500))
						check()
					}
				}
				if _, err := f.Truncate(); err != nil {
					t.Fatal(err)
				}
				model = nil
				check()
				add(3)
				check()
			})
		}
	}
}

// TestRewriteIsolation looks at what others see of a rewrite.
func TestRewriteIsolation(t *testing.T) {
	ctx := context.Background()
	cols := columnsOf(types.Of(types.BigInt))
	f := newTable(t, cols...)
	f.fill(t, ints(1, 2, 3))
	remove := func(base storage.Table, ids ...int64) error {
		_, err := f.Rewrite(ctx, base, false, changesOf(cols, ids, nil, 10))
		return err
	}
	before, stale := f.Snapshot(), f.Snapshot()
	release, err := before.(storage.Holder).Hold()
	if err != nil {
		t.Fatal(err)
	}
	if err := remove(f.Snapshot(), 1); err != nil {
		t.Fatal(err)
	}
	if got := mustScan(t, before, nil); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Error("rows that are held changed:", got)
	}
	if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, []string{"1", "3"}) {
		t.Error(got)
	}
	// The first to change rows wins; rows that were added meanwhile stay.
	wantCode(t, remove(before, 0), sqlerr.CodeSerialization)
	base := f.Snapshot()
	f.fill(t, ints(4))
	if err := remove(base, 0); err != nil {
		t.Fatal(err)
	}
	if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, []string{"3", "4"}) {
		t.Error(got)
	}
	// Once nobody reads them, the old rows are gone.
	release()
	_, err = stale.Scan(ctx, &storage.ScanSpec{Columns: []int{0}})
	wantCode(t, err, sqlerr.CodeSerialization)

	// A failed rewrite changes nothing and keeps nothing.
	used := f.b.Used()
	bad := sqlerr.New(sqlerr.CodeIO, "bad")
	first := true
	_, err = f.Rewrite(ctx, f.Snapshot(), false, func(context.Context) (*vector.Chunk, error) {
		if !first {
			return nil, bad
		}
		first = false
		return ints(2), nil
	})
	wantCode(t, err, sqlerr.CodeIO)
	if f.b.Used() != used {
		t.Errorf("%d bytes more are charged", f.b.Used()-used)
	}
	base = f.Snapshot()
	if err := f.Seal(base); err != nil {
		t.Fatal(err)
	}
	wantCode(t, remove(f.Snapshot(), 2), sqlerr.CodeSerialization)
	f.Unseal()
	wantCode(t, f.Seal(before), sqlerr.CodeSerialization)
	if err := remove(f.Snapshot(), 2, 3); err != nil {
		t.Fatal(err)
	}
	if got := mustScan(t, f.Snapshot(), nil); len(got) != 0 {
		t.Error(got)
	}
	cancelled, cancel := context.WithCancel(ctx)
	f.fill(t, ints(9))
	cancel()
	_, err = f.Rewrite(cancelled, f.Snapshot(), false, changesOf(cols, []int64{4}, nil, 1))
	wantCode(t, err, sqlerr.CodeQueryCancelled)
}

// TestRewriteNotNull refuses NULLs in the new rows.
func TestRewriteNotNull(t *testing.T) {
	cols := columnsOf(types.Of(types.BigInt))
	cols[0].NotNull = true
	f := newTable(t, cols...)
	f.fill(t, ints(1, 2))
	rows := [][]types.Value{{types.NullOf(cols[0].Type)}}
	_, err := f.Rewrite(context.Background(), f.Snapshot(), true, changesOf(cols, []int64{1}, rows, 1))
	wantCode(t, err, sqlerr.CodeNotNullViolation)
	if got := mustScan(t, f.Snapshot(), nil); !slices.Equal(got, []string{"1", "2"}) {
		t.Error(got)
	}
}
