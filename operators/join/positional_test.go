package join_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// numbered makes n rows of a number, every fifth NULL, and a text.
func numbered(n int) *data {
	d := &data{types: []types.Type{types.Of(types.BigInt), types.Of(types.Varchar)}}
	for i := range n {
		num := types.IntValue(d.types[0], int64(i))
		if i%5 == 4 {
			num = types.NullOf(d.types[0])
		}
		d.rows = append(d.rows, row{num, types.StringValue(fmt.Sprintf("row number %d", i))})
	}
	return d
}

// runPositional reads the inputs beside each other.
func (f *fixture) runPositional(ctx context.Context, inputs []*data, seed uint64, plain bool, stop int, cancel func()) (*gathered, error) {
	var sources []operators.Source
	for i, d := range inputs {
		s := &feed{d: d, r: seed + uint64(i), fill: f.env.FillLimit, morsels: 1 + i, plain: plain}
		if cancel != nil && i == len(inputs)-1 {
			s.cancel, s.at = cancel, 3
		}
		sources = append(sources, s)
	}
	p := join.NewPositional(f.env, sources)
	sink := &gathered{fill: f.env.FillLimit, stop: stop}
	e := pipeline.Start(ctx, f.sched, f.env, []*pipeline.Pipeline{{
		Name: "positional", Sink: sink,
		Open: func(context.Context) (operators.Source, error) { return p, nil },
	}})
	err := e.Wait()
	if sink.err != nil {
		f.t.Fatal(sink.err)
	}
	return sink, err
}

func TestPositional(t *testing.T) {
	sizes := []int{0, 1, 7, vector.Capacity - 1, vector.Capacity, vector.Capacity + 1, 5000}
	r := rand.New(rand.NewPCG(3, 1))
	for k := range 40 {
		f := newFixture(t, 64<<20, 2)
		if k%4 == 0 {
			f.env.FillLimit = 1 + r.IntN(3)
		}
		var inputs []*data
		for range 1 + r.IntN(3) {
			n := sizes[r.IntN(len(sizes))]
			if k%4 == 0 {
				n = min(n, 30)
			}
			inputs = append(inputs, numbered(n))
		}
		var want []string
		for i := 0; ; i++ {
			var all row
			more := false
			for _, d := range inputs {
				if i < len(d.rows) {
					all, more = append(all, d.rows[i]...), true
					continue
				}
				for _, t := range d.types {
					all = append(all, types.NullOf(t))
				}
			}
			if !more {
				break
			}
			want = append(want, rowText(all))
		}
		got, err := f.runPositional(context.Background(), inputs, uint64(k), k%3 == 0, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.rows, want) { // in order, too
			t.Fatalf("run %d: %d rows, want %d; %s", k, len(got.rows), len(want), diff(got.rows, want))
		}
		f.close()
	}
}

func TestPositionalEndsEarly(t *testing.T) {
	f := newFixture(t, 64<<20, 2)
	got, err := f.runPositional(context.Background(), []*data{numbered(50000), numbered(3)}, 1, true, 10, nil)
	if err != nil || len(got.rows) > 2*vector.Capacity {
		t.Errorf("%d rows for a sink that wants ten, %v", len(got.rows), err)
	}
	f.close()

	f = newFixture(t, 64<<20, 2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, err := f.runPositional(ctx, []*data{numbered(50000), numbered(50000)}, 1, true, 0, cancel); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after a cancel", err)
	}
	f.close()
}
