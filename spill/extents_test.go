package spill

import (
	"math/rand/v2"
	"testing"
)

func TestSizeClasses(t *testing.T) {
	if pagesFor(0) != 1 || pagesFor(pageSize-headerSize) != 1 || pagesFor(pageSize-headerSize+1) != 2 {
		t.Fatal("small")
	}
	if pagesFor(256<<10) != 65 {
		t.Fatal("a block takes 65 pages")
	}
	last := 0
	for pages := int64(1); pages < 1<<22; pages += 1 + pages/97 {
		c := classOf(pages)
		if c < last || c >= numClasses {
			t.Fatalf("%d pages: class %d after %d", pages, c, last)
		}
		last = c
	}
	for stored := int64(0); stored < 1<<32; stored += 1 + stored/53 {
		p := pagesFor(uint32(stored))
		need := (stored + headerSize + pageSize - 1) / pageSize
		if p < need || p > need+need/16+1 {
			t.Fatalf("%d bytes: %d pages for %d", stored, p, need)
		}
		// Runs in the class of p hold p pages; one page less is a class below.
		if p > 1 && p < 1<<20 && classOf(p-1) >= classOf(p) {
			t.Fatalf("class of %d pages is %d, of one less %d", p, classOf(p), classOf(p-1))
		}
	}
}

// TestExtentMapAgainstModel hands out and takes back runs and checks on a map
// of pages that no two overlap.
func TestExtentMapAgainstModel(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var m extentMap
		used := map[int64]bool{}
		type run struct{ page, pages int64 }
		var runs []run
		for range 3000 {
			if rng.IntN(5) < 3 {
				pages := pagesFor(uint32(rng.IntN(1 << (8 + rng.IntN(14)))))
				page, ok := m.reuse(pages)
				if !ok {
					page = m.extend(pages)
				}
				for p := page; p < page+pages; p++ {
					if used[p] || p >= m.end {
						t.Fatalf("seed %d: page %d handed out twice or beyond the end", seed, p)
					}
					used[p] = true
				}
				runs = append(runs, run{page, pages})
			} else if len(runs) > 0 {
				i := rng.IntN(len(runs))
				r := runs[i]
				runs = append(runs[:i], runs[i+1:]...)
				for p := r.page; p < r.page+r.pages; p++ {
					delete(used, p)
				}
				if m.release(r.page, r.pages) {
					if len(used) != 0 {
						t.Fatalf("seed %d: wholly free with %d pages in use", seed, len(used))
					}
					m.restart(m.end)
				}
			}
			if m.live != int64(len(used)) {
				t.Fatalf("seed %d: live %d, want %d", seed, m.live, len(used))
			}
		}
		// Free and used pages together are the file.
		var free int64
		for _, list := range m.classes {
			for _, f := range list {
				free += f.pages
			}
		}
		if free+m.live != m.end {
			t.Fatalf("seed %d: %d free and %d used of %d pages", seed, free, m.live, m.end)
		}
	}
}
