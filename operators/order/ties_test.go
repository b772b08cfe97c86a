package order_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators/order"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// TestLongTies sorts strings that agree in more than the key words hold: beginnings
// of each other, with zero bytes, different late, equal, and a tower of ever longer
// ones; then another key decides.
func TestLongTies(t *testing.T) {
	ts := []types.Type{types.Of(types.Varchar), types.Of(types.BigInt)}
	r := rand.New(rand.NewPCG(1, 2))
	shared := "the same fourteen and more"
	some := map[string]func(i int) string{
		"beginnings": func(i int) string { return (shared + shared)[:i%(2*len(shared)+1)] },
		"zero bytes": func(i int) string { return shared + strings.Repeat("\x00", i%20) },
		"bytes":      func(int) string { return fmt.Sprintf("%s%c%c", shared, rune(r.IntN(3)), rune(0x7e+r.IntN(4))) },
		"late":       func(int) string { return strings.Repeat(shared, 4) + fmt.Sprint(r.IntN(3000)) },
		"equal":      func(int) string { return shared },
		"tower":      func(i int) string { return strings.Repeat("sevenxx", i%80) + "y" },
		"mixed": func(i int) string {
			return strings.Repeat("ab", r.IntN(9)) + strings.Repeat("c", r.IntN(30)) + fmt.Sprint(i%7)
		},
	}
	for name, text := range some {
		for _, desc := range []bool{false, true} {
			for _, rows := range []int{2, 30, 600, 5000} {
				data := make([]row, rows)
				for i := range data {
					data[i] = row{types.StringValue(text(i)), types.IntValue(ts[1], r.Int64N(100))}
					if r.IntN(50) == 0 {
						data[i][0] = types.NullOf(ts[0])
					}
				}
				keys := []order.Key{{Col: 0, Desc: desc, NullsFirst: true}, {Col: 1, Desc: !desc}}
				env := newEnv(t, 256<<20, vector.Capacity)
				s, err := order.NewSort(env, ts, keys)
				if err != nil {
					t.Fatal(err)
				}
				got, err := run(context.Background(), env, s, chunksOf(ts, data, 1000, r))
				if err != nil {
					t.Fatal(err)
				}
				slices.SortStableFunc(data, func(a, b row) int { return compareRows(keys, a, b) })
				if len(got) != len(data) {
					t.Fatalf("%s: %d rows, want %d", name, len(got), len(data))
				}
				for k := range got {
					if compareRows(keys, got[k], data[k]) != 0 {
						t.Fatalf("%s, descending %v: row %d is %v, want %v", name, desc, k, got[k], data[k])
					}
				}
			}
		}
	}
}

// TestClampedIntegers sorts integers around the places from which on a word does not
// tell them apart, in memory and on disk.
func TestClampedIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var some []int64
	for _, x := range []int64{0, 1 << 61, 1 << 62, 1<<62 + 1<<61, -1 << 62, -1 << 63, 1<<63 - 1} {
		for d := int64(-2); d <= 2; d++ {
			some = append(some, x+d)
		}
	}
	for _, id := range []types.ID{types.BigInt, types.UBigInt, types.Timestamp} {
		ts := []types.Type{types.Of(id), types.Of(types.BigInt), types.Of(types.Varchar)}
		for i := range 16 {
			data := make([]row, []int{40, 4000}[i%2])
			for k := range data {
				data[k] = row{types.IntValue(ts[0], some[r.IntN(len(some))]), types.IntValue(ts[1], some[r.IntN(len(some))]), types.StringValue(fmt.Sprint(r.IntN(3)))}
				if r.IntN(20) == 0 {
					data[k][r.IntN(2)] = types.NullOf(ts[0])
				}
			}
			keys := []order.Key{
				{Col: 0, Desc: i&2 > 0, NullsFirst: r.IntN(2) == 0}, {Col: 2, Desc: r.IntN(2) == 0},
				{Col: 1, Desc: r.IntN(2) == 0, NullsFirst: r.IntN(2) == 0},
			}
			env := newEnv(t, 256<<20, vector.Capacity)
			if i&4 > 0 {
				env.Budget.SetSpillCap(0)
			}
			s, err := order.NewSort(env, ts, keys)
			if err != nil {
				t.Fatal(err)
			}
			if i&8 > 0 {
				s.Spread()
			}
			got, err := run(context.Background(), env, s, chunksOf(ts, data, 1000, r))
			if err != nil {
				t.Fatal(err)
			}
			if n := s.Stats().SpilledBytes; n > 0 != (i&4 > 0) {
				t.Fatalf("%d bytes were spilled", n)
			}
			slices.SortStableFunc(data, func(a, b row) int { return compareRows(keys, a, b) })
			if len(got) != len(data) {
				t.Fatalf("%d rows, want %d", len(got), len(data))
			}
			for k := range got {
				if compareRows(keys, got[k], data[k]) != 0 {
					t.Fatalf("%v, keys %v: row %d is %v, want %v", id, keys, k, got[k], data[k])
				}
			}
		}
	}
}
