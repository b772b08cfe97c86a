package order

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// dice gives random numbers that depend on a seed, and within one run of a
// pipeline on nothing but the batch and how often it was asked in it.
type dice struct {
	task  *operators.Task
	seed  uint64
	batch int64
	begun bool
	pcg   rand.PCG
}

// next goes to the numbers of the current batch, and reports whether it is a
// new one.
func (d *dice) next() bool {
	if d.begun && d.batch == d.task.Batch {
		return false
	}
	d.begun, d.batch = true, d.task.Batch
	d.pcg.Seed(d.seed, uint64(d.batch)*0x9e3779b97f4a7c15+1)
	return true
}

// chance is a random number in [0, 1).
func (d *dice) chance() float64 { return float64(d.pcg.Uint64()>>11) / (1 << 53) }

// Sample passes rows, or whole chunks, with a probability.
type Sample struct {
	types  []types.Type
	share  float64
	chunks bool
	seed   uint64
}

var _ operators.Narrower = (*Sample)(nil)

// NewSample returns the operator that passes each row, or each chunk as a
// whole, with the probability share.
func NewSample(ts []types.Type, share float64, chunks bool, seed uint64) *Sample {
	return &Sample{types: ts, share: share, chunks: chunks, seed: seed}
}

// Types implements operators.Operator.
func (s *Sample) Types() []types.Type { return s.types }

// Narrows implements operators.Narrower.
func (s *Sample) Narrows() {}

// NewLocal implements operators.Operator.
func (s *Sample) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	return &sampleLocal{s: s, dice: dice{task: t, seed: s.seed}, sel: make([]uint32, vector.Capacity)}, nil
}

type sampleLocal struct {
	s    *Sample
	dice dice
	sel  []uint32
}

// Push implements operators.OperatorLocal.
func (l *sampleLocal) Push(_ context.Context, in, out *vector.Chunk) (operators.Status, error) {
	l.dice.next()
	share := l.s.share
	if l.s.chunks {
		if l.dice.chance() < share {
			out.Reference(in)
		}
		return operators.NeedInput, nil
	}
	k := 0
	for i := range in.NumRows() {
		l.sel[k] = uint32(in.Position(i))
		if l.dice.chance() < share {
			k++
		}
	}
	if k > 0 {
		out.Reference(in)
		out.Sel = l.sel[:k]
	}
	return operators.NeedInput, nil
}

// Flush implements operators.OperatorLocal.
func (l *sampleLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

// Close implements operators.OperatorLocal.
func (l *sampleLocal) Close() {}

// Choice passes exactly a share of a known number of rows, every set of as many
// rows with the same probability: a row is passed with the probability that
// those still wanted have among those still to come (Knuth, The Art of Computer
// Programming 2, section 3.4.2, algorithm S).
type Choice struct {
	types []types.Type
	share float64
	total func(context.Context) (int64, error)
	seed  uint64
}

var _ operators.Narrower = (*Choice)(nil)

// NewChoice returns the operator; total is asked when rows come how many there
// are. The pipeline's source must have one worker.
func NewChoice(ts []types.Type, share float64, total func(context.Context) (int64, error), seed uint64) *Choice {
	return &Choice{types: ts, share: share, total: total, seed: seed}
}

// Types implements operators.Operator.
func (c *Choice) Types() []types.Type { return c.types }

// Narrows implements operators.Narrower.
func (c *Choice) Narrows() {}

// NewLocal implements operators.Operator.
func (c *Choice) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	return &choiceLocal{c: c, dice: dice{task: t, seed: c.seed}, sel: make([]uint32, vector.Capacity)}, nil
}

type choiceLocal struct {
	c             *Choice
	dice          dice
	known         bool
	wanted, still int64 // rows to pass, rows to come
	sel           []uint32
}

// Push implements operators.OperatorLocal.
func (l *choiceLocal) Push(ctx context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if !l.known {
		total, err := l.c.total(ctx)
		if err != nil {
			return 0, err
		}
		l.known, l.still, l.wanted = true, total, int64(math.Floor(float64(total)*l.c.share+1e-9))
	}
	l.dice.next()
	k := 0
	for i := range in.NumRows() {
		l.sel[k] = uint32(in.Position(i))
		if l.dice.chance()*float64(l.still) < float64(l.wanted) {
			k++
			l.wanted--
		}
		l.still--
	}
	if k > 0 {
		out.Reference(in)
		out.Sel = l.sel[:k]
	}
	if l.wanted <= 0 {
		return operators.Finished, nil
	}
	return operators.NeedInput, nil
}

// Flush implements operators.OperatorLocal.
func (l *choiceLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

// Close implements operators.OperatorLocal.
func (l *choiceLocal) Close() {}

// Draw gives each row a random number and its number in the input, as two
// further columns of type UBIGINT: the rows with the least random numbers are a
// sample of as many rows, and the other column puts them into order again.
type Draw struct {
	types []types.Type
	seed  uint64
}

var _ operators.Narrower = (*Draw)(nil)

// NewDraw returns the operator over columns of the types ts.
func NewDraw(ts []types.Type, seed uint64) *Draw {
	t := types.Of(types.UBigInt)
	return &Draw{types: append(append([]types.Type{}, ts...), t, t), seed: seed}
}

// Types implements operators.Operator.
func (d *Draw) Types() []types.Type { return d.types }

// Narrows implements operators.Narrower.
func (d *Draw) Narrows() {}

// NewLocal implements operators.Operator.
func (d *Draw) NewLocal(t *operators.Task) (operators.OperatorLocal, error) {
	l := &drawLocal{dice: dice{task: t, seed: d.seed}}
	for i := range l.extra {
		l.extra[i] = vector.New(types.Of(types.UBigInt))
		l.extra[i].Resize(vector.Capacity)
	}
	return l, nil
}

type drawLocal struct {
	dice  dice
	row   uint64 // the next row's number
	extra [2]*vector.Vector
}

// batchRows is more than the rows of a batch, as far as the order goes.
const batchRows = 1 << 32

// Push implements operators.OperatorLocal.
func (l *drawLocal) Push(_ context.Context, in, out *vector.Chunk) (operators.Status, error) {
	if l.dice.next() {
		l.row = uint64(l.dice.batch) * batchRows
	}
	random, number := vector.Values[uint64](l.extra[0]), vector.Values[uint64](l.extra[1])
	for i := range in.NumRows() {
		p := in.Position(i)
		random[p], number[p] = l.dice.pcg.Uint64(), l.row
		l.row++
	}
	n := len(in.Cols)
	for i, v := range in.Cols {
		out.Cols[i].Reference(v)
	}
	for i, v := range l.extra {
		v.Resize(in.Len)
		out.Cols[n+i].Reference(v)
		v.Resize(vector.Capacity)
	}
	out.Len, out.Sel = in.Len, in.Sel
	return operators.NeedInput, nil
}

// Flush implements operators.OperatorLocal.
func (l *drawLocal) Flush(context.Context, *vector.Chunk) (operators.Status, error) {
	return operators.NeedInput, nil
}

// Close implements operators.OperatorLocal.
func (l *drawLocal) Close() {}
