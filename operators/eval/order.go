package eval

import "time"

const (
	sampleEvery  = 4  // chunks between two that are timed
	reorderEvery = 64 // chunks between two choices of an order
)

// conjunctOrder chooses the order in which a conjunction is evaluated: by what
// an argument costs a row it removes, as measured on a sample of chunks. An
// argument that can fail stays behind all those written before it, which may
// guard it; with a volatile one the order never changes.
type conjunctOrder struct {
	seq     []int // arguments in the order of evaluation
	canFail []bool
	fixed   bool
	chunks  int
	sample  bool
	stats   []conjunctStats
	placed  []bool
}

// conjunctStats sums up the sampled chunks since the last choice.
type conjunctStats struct {
	nanos   float64
	in, out float64 // rows
}

func newOrder(args []Expr) conjunctOrder {
	o := conjunctOrder{stats: make([]conjunctStats, len(args)), placed: make([]bool, len(args))}
	for i, a := range args {
		t := a.traits()
		o.seq = append(o.seq, i)
		o.canFail = append(o.canFail, t.canFail)
		o.fixed = o.fixed || t.volatile
	}
	return o
}

func (o *conjunctOrder) begin() {
	if o.fixed {
		return
	}
	if o.chunks++; o.chunks%reorderEvery == 0 {
		o.choose()
	}
	o.sample = o.chunks%sampleEvery == 1
}

func (o *conjunctOrder) clock() time.Time {
	if !o.sample {
		return time.Time{}
	}
	return time.Now()
}

func (o *conjunctOrder) count(i int, start time.Time, in, out int) {
	if !o.sample {
		return
	}
	s := &o.stats[i]
	s.nanos += float64(time.Since(start))
	s.in += float64(in)
	s.out += float64(out)
}

// choose puts the arguments in order of cost a row removed, and lets old
// measurements count half.
func (o *conjunctOrder) choose() {
	clear(o.placed)
	for k := range o.seq {
		best, bestRank := -1, 0.0
		for i := range o.stats {
			if !o.placed[i] && (!o.canFail[i] || o.allBefore(i)) {
				if r := o.stats[i].rank(); best < 0 || r < bestRank {
					best, bestRank = i, r
				}
			}
		}
		o.seq[k] = best
		o.placed[best] = true
	}
	for i := range o.stats {
		s := &o.stats[i]
		s.nanos, s.in, s.out = s.nanos/2, s.in/2, s.out/2
	}
}

// allBefore reports whether everything written before argument i is placed.
func (o *conjunctOrder) allBefore(i int) bool {
	for _, p := range o.placed[:i] {
		if !p {
			return false
		}
	}
	return true
}

// rank is the nanoseconds spent for a row removed.
func (s *conjunctStats) rank() float64 {
	return (s.nanos + 1) / (s.in - s.out + s.in/1024 + 1)
}
