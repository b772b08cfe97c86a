package spill

import "math/bits"

// pageSize is the unit of disk space, in bytes.
const pageSize = 4096

// Size classes: every number of pages up to exactPages, then classesPerOctave
// for each doubling, so that rounding up wastes at most a sixteenth.
const (
	exactPages       = 128
	octaveBits       = 4
	classesPerOctave = 1 << octaveBits
	exactBits        = 7  // log2 of exactPages
	maxOctaves       = 14 // payloads below 4 GiB and the header: under 2^21 pages
	numClasses       = exactPages + maxOctaves*classesPerOctave + 1
)

// pagesFor returns how many pages a frame with that many bytes of encoded
// payload takes, rounded up to a size class.
func pagesFor(stored uint32) int64 {
	p := (int64(stored) + headerSize + pageSize - 1) / pageSize
	if p <= exactPages {
		return p
	}
	step := int64(1) << (bits.Len64(uint64(p-1)) - 1 - octaveBits)
	return (p + step - 1) &^ (step - 1)
}

// classOf returns the number of the largest size class that holds at most
// pages > 0. For a number of pages that pagesFor gives it is the class itself.
func classOf(pages int64) int {
	if pages <= exactPages {
		return int(pages) - 1
	}
	octave := bits.Len64(uint64(pages)) - 1 // pages in [2^octave, 2^(octave+1))
	step := octave - octaveBits
	within := int(pages>>step) - classesPerOctave
	return min(exactPages-1+(octave-exactBits)*classesPerOctave+within, numClasses-1)
}

// freeExtent is a run of pages nobody uses.
type freeExtent struct{ page, pages int64 }

// extentMap hands out runs of pages of one file. It is not safe for concurrent
// use. It keeps 16 bytes for each freed run and does not merge neighbours
// until the whole file is free.
type extentMap struct {
	end      int64 // pages the file has
	live     int64 // pages handed out
	classes  [][]freeExtent
	nonEmpty [numClasses/64 + 1]uint64 // bit per class
}

// reuse takes a run of pages from the freed ones, from the best size class
// that has any; ok is false when there is none large enough.
func (m *extentMap) reuse(pages int64) (page int64, ok bool) {
	c := m.findClass(classOf(pages))
	if c < 0 {
		return 0, false
	}
	list := m.classes[c]
	f := list[len(list)-1]
	m.classes[c] = list[:len(list)-1]
	if len(list) == 1 {
		m.nonEmpty[c/64] &^= 1 << (c % 64)
	}
	if f.pages > pages {
		m.add(freeExtent{f.page + pages, f.pages - pages})
	}
	m.live += pages
	return f.page, true
}

// extend takes a run of pages behind the end of the file.
func (m *extentMap) extend(pages int64) (page int64) {
	page = m.end
	m.end += pages
	m.live += pages
	return page
}

// release takes back a run; it reports whether the whole file is free now, and
// then has forgotten the pieces: the caller calls restart.
func (m *extentMap) release(page, pages int64) (allFree bool) {
	m.live -= pages
	if m.live == 0 {
		m.classes = nil
		m.nonEmpty = [len(m.nonEmpty)]uint64{}
		return true
	}
	m.add(freeExtent{page, pages})
	return false
}

// restart makes a file that is wholly free one free run of the given pages.
func (m *extentMap) restart(pages int64) {
	m.end = pages
	if pages > 0 {
		m.add(freeExtent{0, pages})
	}
}

func (m *extentMap) add(f freeExtent) {
	if m.classes == nil {
		m.classes = make([][]freeExtent, numClasses)
	}
	c := classOf(f.pages)
	m.classes[c] = append(m.classes[c], f)
	m.nonEmpty[c/64] |= 1 << (c % 64)
}

// findClass returns the smallest class from c up that has a run, or -1.
func (m *extentMap) findClass(c int) int {
	w := c / 64
	if s := m.nonEmpty[w] >> (c % 64); s != 0 {
		return c + bits.TrailingZeros64(s)
	}
	for w++; w < len(m.nonEmpty); w++ {
		if m.nonEmpty[w] != 0 {
			return w*64 + bits.TrailingZeros64(m.nonEmpty[w])
		}
	}
	return -1
}
