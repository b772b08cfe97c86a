package order_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// runTasks is an Env.Run.
func runTasks(ctx context.Context, name string, n int, task func(ctx context.Context, i int) error) error {
	g, _ := spawn.NewGroup(ctx)
	for i := range n {
		g.Go(name, func(ctx context.Context) error { return task(ctx, i) })
	}
	return g.Wait()
}

// sortNumbers sorts keys and their places, given to two workers in turns, and
// returns those in the order that comes out.
func sortNumbers(ctx context.Context, env *operators.Env, s *order.Sort, keys []int64) ([]int64, error) {
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.BigInt)}
	defer s.Close()
	var locals [2]operators.SinkLocal
	for w := range locals {
		l, err := s.NewLocal(&operators.Task{Env: env, Worker: w})
		if err != nil {
			return nil, err
		}
		defer l.Close()
		locals[w] = l
	}
	in := vector.NewChunk(ts)
	for from := 0; from < len(keys); from += vector.Capacity {
		part := keys[from:min(from+vector.Capacity, len(keys))]
		in.Reset()
		in.Len = len(part)
		for _, v := range in.Cols {
			v.Resize(len(part))
		}
		copy(vector.Values[int64](in.Cols[0]), part)
		places := vector.Values[int64](in.Cols[1])
		for i := range part {
			places[i] = int64(from + i)
			if part[i] < 0 {
				in.Cols[0].MutableValid().Clear(i)
			}
		}
		if _, err := locals[from/vector.Capacity%2].Push(ctx, in); err != nil {
			return nil, err
		}
	}
	for _, l := range locals {
		if err := l.Combine(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.Finalize(ctx); err != nil {
		return nil, err
	}
	l, err := s.Source().NewLocal(&operators.Task{Env: env})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var out []int64
	chunk := vector.NewChunk(ts)
	last := int64(-1)
	for {
		batch, ok, err := l.NextMorsel(ctx)
		if err != nil || !ok {
			return out, err
		}
		if batch <= last {
			return nil, fmt.Errorf("batch %d after %d", batch, last)
		}
		last = batch
		for {
			chunk.Reset()
			ok, err := l.Next(ctx, chunk)
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			out = append(out, vector.Values[int64](chunk.Cols[1])[:chunk.Len]...)
		}
	}
}

// TestWhole sorts what fits into memory in many ranges: negative numbers are NULL.
func TestWhole(t *testing.T) {
	const rows = 80_000
	r := rand.New(rand.NewPCG(1, 2))
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.BigInt)}
	for name, key := range map[string]func(i int) int64{
		"random":   func(int) int64 { return r.Int64() },
		"sorted":   func(i int) int64 { return int64(i) },
		"reversed": func(i int) int64 { return int64(rows - i) },
		"few":      func(int) int64 { return r.Int64N(5) - 1 },
		"equal":    func(int) int64 { return 7 },
		"null":     func(int) int64 { return -1 },
		"skewed": func(int) int64 {
			if r.IntN(10) > 0 {
				return 1000
			}
			return r.Int64N(2000)
		},
	} {
		keys := make([]int64, rows)
		for i := range keys {
			keys[i] = key(i)
		}
		for _, spread := range []bool{false, true} {
			for _, desc := range []bool{false, true} {
				env := newEnv(t, 1<<30, vector.Capacity)
				if !spread {
					env.Run = runTasks
				}
				s, err := order.NewSort(env, ts, []order.Key{{Col: 0, Desc: desc}, {Col: 1}})
				if err != nil {
					t.Fatal(err)
				}
				if spread {
					s.Spread()
				}
				got, err := sortNumbers(context.Background(), env, s, keys)
				if err != nil {
					t.Fatal(name, err)
				}
				want := make([]int64, rows)
				for i := range want {
					want[i] = int64(i)
				}
				slices.SortStableFunc(want, func(a, b int64) int {
					x, y := keys[a], keys[b]
					switch {
					case x < 0 || y < 0: // NULL last
						return int(min(max(y, -1), 0) - min(max(x, -1), 0))
					case x == y:
						return 0
					case x < y != desc:
						return -1
					}
					return 1
				})
				if !slices.Equal(got, want) {
					t.Fatalf("%s, descending %v, spread %v: wrong order", name, desc, spread)
				}
				if n := s.Stats().SpilledBytes; n != 0 {
					t.Errorf("%d bytes were spilled", n)
				}
			}
		}
	}
}

// TestWholeEndsEarly cancels a sort in memory at every place, and refuses memory.
func TestWholeEndsEarly(t *testing.T) {
	ts := []types.Type{types.Of(types.BigInt), types.Of(types.BigInt)}
	keys := make([]int64, 100_000)
	for i := range keys {
		keys[i] = int64(i * 7919 % len(keys))
	}
	for n := 1; ; n += 11 {
		env := newEnv(t, 1<<30, vector.Capacity)
		s, err := order.NewSort(env, ts, []order.Key{{Col: 0}})
		if err != nil {
			t.Fatal(err)
		}
		s.Spread()
		if _, err = sortNumbers(&countdown{context.Background(), n}, env, s, keys); err == nil {
			break
		} else if !sqlerr.Is(err, sqlerr.CodeQueryCancelled) {
			t.Fatal(err)
		}
		if n > 10_000 {
			t.Fatal("it never ends")
		}
	}
	for n := range 12 {
		env := newEnv(t, 1<<30, vector.Capacity)
		calls := 0
		env.Budget.SetFault(func(string, int64) bool { calls++; return calls > 17*n })
		s, err := order.NewSort(env, ts, []order.Key{{Col: 0}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = sortNumbers(context.Background(), env, s, keys); err != nil && !sqlerr.Is(err, sqlerr.CodeOutOfMemory) {
			t.Fatalf("after %d reservations: %v", n, err)
		}
	}
}
