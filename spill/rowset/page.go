package rowset

import (
	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/block"
)

// page is one page of rows or of heap bytes, in memory (b, a block or a part of
// one) or on disk (ext).
type page struct {
	blk *block.Block // nil: on disk
	b   []byte
	ext spill.Extent
	n   int    // rows, or bytes used of a heap page
	num uint32 // of a heap page
}

// size returns the memory that the page takes, its part of a shared block.
func (p *page) size() int64 {
	if len(p.b) < block.Size {
		return int64(len(p.b))
	}
	return p.blk.Charged()
}

// fragment is a run of row pages and the heap pages that they refer to.
type fragment struct {
	rows, heap []page
}

func (f *fragment) numRows() int64 {
	var n int64
	for i := range f.rows {
		n += int64(f.rows[i].n)
	}
	return n
}

// bytes returns what the resident pages take, and whether all pages are
// resident.
func (f *fragment) bytes() (n int64, resident bool) {
	resident = true
	for _, pages := range [][]page{f.rows, f.heap} {
		for i := range pages {
			if pages[i].blk != nil {
				n += pages[i].size()
			} else {
				resident = false
			}
		}
	}
	return n, resident
}

// release gives back memory, and the space in file unless that is nil.
func (f *fragment) release(file *spill.File) {
	releasePages(f.rows, file)
	releasePages(f.heap, file)
	f.rows, f.heap = nil, nil
}

func releasePages(pages []page, file *spill.File) {
	for i := range pages {
		pages[i].release(file)
	}
}

func (p *page) release(file *spill.File) {
	if p.blk != nil {
		p.blk.Release()
		p.blk, p.b = nil, nil
	} else if file != nil && !p.ext.IsZero() {
		file.Free(p.ext)
		p.ext = spill.Extent{}
	}
}
