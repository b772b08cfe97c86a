package rowset

import (
	"errors"
	"fmt"
	"testing"
)

// Numbers are of pages in memory, however many there are on disk, so that arrays of
// pages by number stay small; and what went to disk in small pieces is one fragment
// where rows need no heap pages beside them.
func TestNumbersComeBack(t *testing.T) {
	for _, noRefs := range []bool{false, true} {
		t.Run(fmt.Sprintf("no references %t", noRefs), func(t *testing.T) {
			w := newWorld(t, 256<<20)
			w.noRefs = noRefs
			w.budget.SetSpillCap(512 << 10)
			s := New(w.config(3))
			defer s.Close()
			wr := s.NewWriter()
			defer wr.Close()
			const rows = 100_000
			if err := errors.Join(write(t, wr, 0, rows), s.Combine(ctx, wr), s.Seal(ctx)); err != nil {
				t.Fatal(err)
			}
			pages, frags := 0, 0
			for _, p := range s.parts {
				frags += len(p.frags)
				for i := range p.frags {
					pages += len(p.frags[i].rows.list) + len(p.frags[i].heap.list)
				}
			}
			w.budget.SetSpillCap(-1)
			checkSet(t, s, w.mem, rows, "scan")
			if n := int(s.pages.Load()); n > pages/4 || s.Stats().SpilledBytes == 0 {
				t.Errorf("%d numbers for %d pages, of which %d bytes are on disk", n, pages, s.Stats().SpilledBytes)
			}
			if noRefs && frags > 2*len(s.parts) {
				t.Errorf("%d fragments of %d partitions", frags, len(s.parts))
			}
		})
	}
}
