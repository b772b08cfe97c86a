package pipeline

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Branch is a part of a pipeline's input: a source, or branches of its own one
// after the other, and the operators their chunks pass before they reach what
// is behind the branch. All dependencies are the pipeline's.
type Branch struct {
	Open     func(ctx context.Context) (operators.Source, error)
	Branches []*Branch
	Ops      []operators.Operator
	Profiles []*operators.Profile // as in Pipeline, without the sink
}

// layout is a pipeline's tree of branches made flat. Operators are numbered in
// post-order, the sink behind them: what comes before a step has a lower
// number, and so have whole branches before it. That order is also the order
// of stages, which is why one number (run.finished) can tell which steps want
// no more input.
type layout struct {
	ops      []operators.Operator
	next     []int // the step that operator i feeds
	profiles []*operators.Profile
	stages   []stage
	sources  int  // stages that are sources
	shift    uint // of the stage in a batch number
}

// stage is one source of rows: a branch's source, or the continuation of an
// operator.
type stage struct {
	open    func(ctx context.Context) (operators.Source, error) // nil result: no rows
	op      int                                                 // whose continuation it is, -1 for a source
	from    int                                                 // the first step that must want input: op, or level
	level   int                                                 // the step it feeds
	profile *operators.Profile
}

// Batch numbers are stage<<shift + the source's batch.
const (
	stageShift = 56
	manyShift  = 48
	maxStages  = 1<<(63-manyShift) - 1
)

// exit is an operator or a stage whose next step is not known yet.
type exit struct {
	stage bool
	i     int
}

func lay(p *Pipeline) layout {
	l := layout{shift: stageShift}
	own := p.Profiles
	if own != nil {
		own = own[:len(own)-1]
	}
	exits := l.add(&Branch{Open: p.Open, Branches: p.Branches, Ops: p.Ops, Profiles: own})
	l.leadTo(exits, len(l.ops))
	if p.Profiles != nil {
		l.profiles = append(l.profiles, p.Profiles[len(p.Profiles)-1])
	} else {
		l.profiles = append(l.profiles, nil)
	}
	if len(l.stages) >= 1<<(63-stageShift) {
		l.shift = manyShift
	}
	return l
}

func (l *layout) add(b *Branch) []exit {
	profile := func(i int) *operators.Profile {
		if b.Profiles == nil {
			return nil
		}
		return b.Profiles[i]
	}
	var exits []exit
	if b.Open != nil {
		exits = append(exits, exit{true, len(l.stages)})
		l.stages = append(l.stages, stage{open: b.Open, op: -1, profile: profile(0)})
		l.sources++
	} else {
		for _, in := range b.Branches {
			exits = append(exits, l.add(in)...)
		}
	}
	for k, op := range b.Ops {
		i := len(l.ops)
		l.leadTo(exits, i)
		l.ops = append(l.ops, op)
		l.next = append(l.next, 0)
		l.profiles = append(l.profiles, profile(k+1))
		exits = []exit{{false, i}}
		if c, ok := op.(operators.Continuer); ok {
			exits = append(exits, exit{true, len(l.stages)})
			l.stages = append(l.stages, stage{open: c.Continue, op: i, profile: profile(k + 1)})
		}
	}
	return slices.Clip(exits)
}

// leadTo makes step what the exits feed.
func (l *layout) leadTo(exits []exit, step int) {
	for _, e := range exits {
		if !e.stage {
			l.next[e.i] = step
			continue
		}
		s := &l.stages[e.i]
		s.level, s.from = step, step
		if s.op >= 0 {
			s.from = s.op
		}
	}
}

// after returns the step behind step i, which may be the sink.
func (l *layout) after(i int) int {
	if i >= len(l.ops) {
		return i + 1
	}
	return l.next[i]
}

func (l *layout) check() error {
	if l.sources == 0 {
		return sqlerr.New(sqlerr.CodeInternal, "pipeline without a source")
	}
	if len(l.stages) > maxStages {
		return sqlerr.New(sqlerr.CodeTooComplex, "the query reads more than %d inputs one after the other", maxStages)
	}
	return nil
}
