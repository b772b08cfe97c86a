package order

import (
	"slices"

	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/rowfmt"
	"github.com/gannetdb/gannet/vector/types"
)

// toucher reads a little of rows that are soon looked at one after the other, so
// that memory brings many at once instead: reads that nothing waits for overlap.
type toucher struct {
	word    uintptr // of the row that is read
	text    uintptr // where the row has a string whose bytes are
	hasText bool
	seen    uint64 // what was read: without, it would not be
}

// newToucher returns a toucher of the word at off and of the string in column col
// (-1: none).
func newToucher(l *rowfmt.Layout, off uintptr, col int) toucher {
	if col < 0 {
		return toucher{word: off}
	}
	return toucher{word: off, text: l.ColOffset(col), hasText: true}
}

// firstText returns the first column of strings, whose bytes those of the others
// follow; -1: none.
func firstText(l *rowfmt.Layout) int {
	return slices.IndexFunc(l.Types, func(t types.Type) bool { return t.Physical() == types.PString })
}

// rows touches rows, of which bufs resolves the references.
func (t *toucher) rows(rows []raw.Addr, bufs [][]byte) {
	var x uint64
	for _, r := range rows {
		x ^= *raw.At[uint64](r, t.word)
	}
	if t.hasText {
		for _, r := range rows {
			if ref := raw.At[types.StringRef](r, t.text); !ref.Inline() {
				x ^= uint64(bufs[ref.Buf()][ref.Off()])
			}
		}
	}
	t.seen ^= x
}
