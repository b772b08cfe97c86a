package join

import (
	"context"
	"sync/atomic"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Positional is the source of a positional join: the i-th rows of its inputs
// beside each other. Inputs that have ended give NULLs. One worker reads each
// input morsel by morsel, so that inputs have to hand morsels out in order.
type Positional struct {
	env     *operators.Env
	inputs  []operators.Source
	types   []types.Type
	claimed atomic.Bool
}

var _ operators.Source = (*Positional)(nil)

// NewPositional returns the source over inputs, which it closes.
func NewPositional(env *operators.Env, inputs []operators.Source) *Positional {
	p := &Positional{env: env, inputs: inputs}
	for _, in := range inputs {
		p.types = append(p.types, in.Types()...)
	}
	return p
}

// Types implements operators.Source: the columns of all inputs.
func (p *Positional) Types() []types.Type { return p.types }

// Workers implements operators.Source.
func (p *Positional) Workers() int { return 1 }

// Close implements operators.Source.
func (p *Positional) Close() {
	for _, in := range p.inputs {
		in.Close()
	}
}

// NewLocal implements operators.Source.
func (p *Positional) NewLocal(t *operators.Task) (operators.SourceLocal, error) {
	l := &positionalLocal{p: p, pos: make([]uint32, vector.Capacity)}
	for _, in := range p.inputs {
		s, err := in.NewLocal(t)
		if err != nil {
			l.Close()
			return nil, err
		}
		l.sides = append(l.sides, positionalSide{local: s, chunk: vector.NewChunk(in.Types())})
	}
	return l, nil
}

type positionalLocal struct {
	p     *Positional
	sides []positionalSide
	pos   []uint32
}

// positionalSide stands at a row of one input.
type positionalSide struct {
	local operators.SourceLocal
	chunk *vector.Chunk
	from  int // rows of chunk that were put out
	rows  int // of chunk
	open  bool
	ended bool
}

// NextMorsel implements operators.SourceLocal.
func (l *positionalLocal) NextMorsel(context.Context) (int64, bool, error) {
	return 0, !l.p.claimed.Swap(true), nil
}

// advance reads on until there is a row or the input has ended.
func (s *positionalSide) advance(ctx context.Context) (err error) {
	for !s.ended && s.from == s.rows {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		if !s.open {
			if _, s.open, err = s.local.NextMorsel(ctx); err != nil {
				return err
			}
			s.ended = !s.open
			continue
		}
		s.chunk.Reset()
		if s.open, err = s.local.Next(ctx, s.chunk); err != nil {
			return err
		}
		s.from, s.rows = 0, 0
		if s.open {
			s.rows = s.chunk.NumRows()
		}
	}
	return nil
}

// Next implements operators.SourceLocal.
func (l *positionalLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	n := min(max(l.p.env.FillLimit, 1), vector.Capacity)
	all := true
	for i := range l.sides {
		s := &l.sides[i]
		if err := s.advance(ctx); err != nil {
			return false, err
		}
		if !s.ended {
			n = min(n, s.rows-s.from)
			all = false
		}
	}
	if all {
		return false, nil
	}
	cols := out.Cols
	for i := range l.sides {
		s := &l.sides[i]
		own := cols[:len(s.chunk.Cols)]
		cols = cols[len(own):]
		switch {
		case s.ended:
			for _, v := range own {
				v.SetConstantNull(n)
			}
		case s.from == 0 && n == s.rows && s.chunk.Sel == nil:
			for k, v := range own {
				v.Reference(s.chunk.Cols[k])
			}
		default:
			pos := l.pos[:n]
			for k := range pos {
				pos[k] = uint32(s.chunk.Position(s.from + k))
			}
			for k, v := range own {
				kernel.Take(v, s.chunk.Cols[k], pos, n)
			}
		}
		if !s.ended {
			s.from += n
		}
	}
	out.Len, out.Sel = n, nil
	return true, nil
}

// Close implements operators.SourceLocal.
func (l *positionalLocal) Close() {
	for i := range l.sides {
		l.sides[i].local.Close()
	}
}
