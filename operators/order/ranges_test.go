package order_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// TestSpread sorts with as many readers as the source wants: the batches in order
// are the rows in order. Strings are long, keys tie in their words.
func TestSpread(t *testing.T) {
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.Varchar), types.ListOf(types.Of(types.BigInt))}
	const rows = 80_000
	for _, c := range []struct {
		name    string
		limit   int64
		spills  bool
		readers int
	}{
		{"in memory", 1 << 30, false, 2},
		{"on disk", 14 << 20, true, 2},
		{"little memory", 8 << 20, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			env := newEnv(t, c.limit, 1000)
			s, err := order.NewSort(env, ts, []order.Key{{Col: 1, Desc: true}, {Col: 0}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Spread()
			g, _ := spawn.NewGroup(ctx)
			for w := range 2 {
				g.Go("writer", func(ctx context.Context) error {
					l, err := s.NewLocal(&operators.Task{Env: env, Worker: w})
					if err != nil {
						return err
					}
					defer l.Close()
					chunk := vector.NewChunk(ts)
					for from := w * rows / 2; from < (w+1)*rows/2; from += 1000 {
						chunk.Reset()
						chunk.Len = 1000
						for k, v := range chunk.Cols {
							v.Resize(1000)
							for i := range 1000 {
								x := int64(from+i) * 7919 % rows
								switch k {
								case 0:
									v.SetValue(i, types.IntValue(ts[0], x))
								case 1:
									v.SetValue(i, types.StringValue(fmt.Sprintf("a text that ties for long %05d", x/3)))
								default:
									v.SetValue(i, types.Value{Type: ts[2], Children: []types.Value{types.IntValue(ts[0], x), types.IntValue(ts[0], -x)}})
								}
							}
						}
						if _, err := l.Push(ctx, chunk); err != nil {
							return err
						}
					}
					return l.Combine(ctx)
				})
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			if err := s.Finalize(ctx); err != nil {
				t.Fatal(err)
			}
			src := s.Source()
			if n := src.Workers(); n < c.readers {
				t.Errorf("%d readers", n)
			}
			var mu sync.Mutex
			got := map[int64][]int64{}
			g, _ = spawn.NewGroup(ctx)
			for range src.Workers() {
				g.Go("reader", func(ctx context.Context) error {
					l, err := src.NewLocal(&operators.Task{Env: env})
					if err != nil {
						return err
					}
					defer l.Close()
					out := vector.NewChunk(ts)
					for {
						batch, ok, err := l.NextMorsel(ctx)
						if err != nil || !ok {
							return err
						}
						var keys []int64
						for {
							out.Reset()
							ok, err := l.Next(ctx, out)
							if err != nil {
								return err
							}
							if !ok {
								break
							}
							for i := range out.Len {
								x := out.Cols[0].Value(i).I
								if v := out.Cols[1].Value(i).S; v != fmt.Sprintf("a text that ties for long %05d", x/3) {
									return fmt.Errorf("row %d has %q", x, v)
								}
								if v := out.Cols[2].Value(i); len(v.Children) != 2 || v.Children[1].I != -x {
									return fmt.Errorf("row %d has %v", x, v)
								}
								keys = append(keys, x)
							}
						}
						mu.Lock()
						if got[batch] != nil {
							err = fmt.Errorf("batch %d comes twice", batch)
						}
						got[batch] = keys
						mu.Unlock()
						if err != nil {
							return err
						}
					}
				})
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			var batches []int64
			for b := range got {
				batches = append(batches, b)
			}
			slices.Sort(batches)
			at, last := 0, int64(-1)
			for _, b := range batches {
				for _, x := range got[b] {
					// Texts descend, the three rows of each ascend.
					if at++; last >= 0 && (x/3 > last/3 || x/3 == last/3 && x <= last) {
						t.Fatalf("row %d comes behind %d", x, last)
					}
					last = x
				}
			}
			if at != rows {
				t.Fatalf("%d rows", at)
			}
			if n := s.Stats().SpilledBytes; c.spills != (n > 0) {
				t.Errorf("%d bytes were spilled", n)
			}
		})
	}
}
