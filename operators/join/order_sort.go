package join

import (
	"bytes"
	"context"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/sortkey"
	"github.com/gannetdb/gannet/vector/types"
)

// orderSorter sorts pairs of a key's word and what leads to a build row.
type orderSorter struct {
	ctx  context.Context
	k    *orderKey
	off  uintptr // of the key in a row
	bufs [][]byte
	// rows are the rows that Pair.Row numbers; nil: it is the row's address.
	rows []raw.Addr
}

func (s *orderSorter) row(p *sortkey.Pair) raw.Addr {
	if s.rows != nil {
		return s.rows[p.Row]
	}
	return p.Row
}

// sort orders a by value; the words of the pairs are the key's. tmp has the
// length of a. Words that stand for several values are lost.
func (s *orderSorter) sort(a, tmp []sortkey.Pair) error {
	if len(a) > 1<<12 {
		if err := sqlerr.FromContext(s.ctx); err != nil {
			return err
		}
	}
	sortkey.SortPairs(a, tmp)
	if s.k.exact {
		return nil
	}
	return s.ties(a, tmp, 1)
}

// ties sorts the runs of equal words by what follows: of strings, the bytes
// from 8·depth on. The pairs' words are changed, but for the first ones' runs,
// to what they were in the end.
func (s *orderSorter) ties(a, tmp []sortkey.Pair, depth int) error {
	for i := 0; i < len(a); {
		w := a[i].Key
		j := i + 1
		for j < len(a) && a[j].Key == w {
			j++
		}
		if run := a[i:j]; len(run) > 1 {
			if err := s.run(run, tmp[i:j], depth); err != nil {
				return err
			}
			for t := range run {
				run[t].Key = w
			}
		}
		i = j
	}
	return nil
}

// run sorts pairs whose values agree up to depth words.
func (s *orderSorter) run(a, tmp []sortkey.Pair, depth int) error {
	if s.k.phys != types.PString {
		for i := range a {
			a[i].Key = s.k.rowRest(s.row(&a[i]), s.off, s.bufs).low
		}
		sortkey.SortPairs(a, tmp)
		return nil
	}
	for ; ; depth++ {
		if err := sqlerr.FromContext(s.ctx); err != nil {
			return err
		}
		first := s.str(&a[0])
		longest, same := 0, true
		for i := range a {
			str := s.str(&a[i])
			longest = max(longest, len(str))
			same = same && bytes.Equal(str, first)
		}
		if same {
			return nil
		}
		if longest <= 8*depth {
			// They differ in trailing zero bytes alone.
			for i := range a {
				a[i].Key = uint64(len(s.str(&a[i]))) ^ s.k.invert
			}
			sortkey.SortPairs(a, tmp)
			return nil
		}
		differ := uint64(0)
		for i := range a {
			a[i].Key = stringWord(s.str(&a[i]), depth) ^ s.k.invert
			differ |= a[i].Key ^ a[0].Key
		}
		if differ != 0 {
			sortkey.SortPairs(a, tmp)
			return s.ties(a, tmp, depth+1)
		}
	}
}

func (s *orderSorter) str(p *sortkey.Pair) []byte {
	return vector.Str(raw.At[types.StringRef](s.row(p), s.off), s.bufs)
}
