package join

import (
	"context"

	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
)

// nullScan finds the positions for which a condition of several parts is
// unknown for some build row because of NULL keys, for one worker. Hashes say
// nothing about such pairs, so it compares the rows in question with each
// position in question; both are few in general.
type nullScan struct {
	cmp  kernel.CompareCache
	vals []*vector.Vector // keys of one build row
	addr []raw.Addr
	a, b [vector.Capacity]uint32
	open [vector.Capacity]uint32 // positions not decided yet
}

// run looks at positions without a match: those of keyed may be unknown by
// build rows with a NULL in a key, the others by any.
func (s *nullScan) run(ctx context.Context, p *prober, keyed []uint32) error {
	if s.vals == nil {
		for _, c := range p.b.spec.BuildKeys {
			s.vals = append(s.vals, vector.New(p.b.spec.BuildTypes[c]))
		}
		s.addr = make([]raw.Addr, vector.Capacity)
	}
	n := 0
	for _, q := range p.all {
		s.open[n&laneMask] = q
		if p.mark[q&laneMask] == 0 {
			n++
		}
	}
	left, err := s.scan(ctx, p, p.b.nulls, s.open[:n])
	if err != nil || len(keyed) == len(p.all) {
		return err
	}
	_, err = s.scan(ctx, p, p.b.set, kernel.Difference(left, len(left), keyed, s.open[:]))
	return err
}

// scan marks those of open for which the condition is not false for some row
// of set, and returns the others, in open's memory.
func (s *nullScan) scan(ctx context.Context, p *prober, set *rowset.Set, open []uint32) ([]uint32, error) {
	for i := 0; i < set.Partitions() && len(open) > 0; i++ {
		var err error
		if open, err = s.partition(ctx, p, set.Partition(i), open); err != nil {
			return nil, err
		}
	}
	return open, nil
}

func (s *nullScan) partition(ctx context.Context, p *prober, part *rowset.Partition, open []uint32) ([]uint32, error) {
	sc := part.Scan(p.b.force, false)
	defer sc.Close()
	width := p.b.build.layout.Width
	for len(open) > 0 {
		page, ok, err := sc.Next(ctx)
		if err != nil || !ok {
			return open, err
		}
		for page.Count > 0 && len(open) > 0 {
			rows := s.addr[:page.Take(s.addr, width)]
			if err := sqlerr.FromContext(ctx); err != nil {
				return nil, err
			}
			for i := 0; i < len(rows) && len(open) > 0; i++ {
				found, err := s.row(ctx, p, rows[i:i+1], sc.Bufs(), open)
				if err != nil {
					return nil, err
				}
				for _, q := range found {
					p.mark[q&laneMask] |= isUnknown
				}
				open = kernel.Difference(open, len(open), found, open)
			}
		}
	}
	return open, nil
}

// row returns the positions of open for which the condition is not false with
// the given build row.
func (s *nullScan) row(ctx context.Context, p *prober, row []raw.Addr, bufs [][]byte, open []uint32) ([]uint32, error) {
	b := p.b
	cur := open
	for k, v := range s.vals {
		b.constant(v, k, row, bufs, p.in.Len)
		op := kernel.Ne
		if b.spec.nullSafe(k) {
			op = kernel.Distinct
		}
		s.cmp.Forget()
		differ := kernel.SelectCompare(op, p.vecs[k], v, cur, len(cur), s.a[:], &s.cmp)
		cur = kernel.Difference(cur, len(cur), differ, s.b[:])
		if len(cur) == 0 {
			return nil, nil
		}
	}
	if p.cond == nil {
		return cur, nil
	}
	pass, null, err := p.cond.one(ctx, p, cur, row, bufs)
	if err != nil {
		return nil, err
	}
	return kernel.Union(pass, null, s.a[:]), nil
}
