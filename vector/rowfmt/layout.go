package rowfmt

import (
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// MaxWidth is the widest row, in bytes: a page holds at least two.
const MaxWidth = 128 << 10

// State describes one aggregate state behind the columns.
type State struct {
	// Size in bytes, rounded up to a multiple of 8.
	Size int
	// Ref says that the state begins with a types.StringRef into the row's
	// heap (zero while there is none), which has to follow the row when it is
	// copied. A state refers to its heap in no other way.
	Ref bool
}

// Options choose the optional parts of a row.
type Options struct {
	Hash, Next, Match bool
	States            []State
}

// Layout is how rows of given column types lie in memory. It is immutable and
// safe for concurrent use.
type Layout struct {
	Types []types.Type
	Width uintptr // bytes of a row, a multiple of 8
	// HasHeap says that bytes outside of the row may belong to it: some column
	// may hold a long string, or some state a reference.
	HasHeap bool
	// HasStateRefs says that some state has a reference, so that heap bytes of
	// a row may be added any time after it was stored.
	HasStateRefs bool

	options Options
	cols    []column
	match   uintptr
	hash    uintptr
	next    uintptr
	header  uintptr // bytes of validity, flags and padding
	valid   uintptr // bytes of validity
	states  []uintptr
	stateAt uintptr // where states begin; Width when there are none
}

// kind is how the values of a column are copied and compared.
type kind uint8

const (
	fixed1 kind = iota
	fixed2
	fixed4
	fixed8
	fixed16
	float32s
	float64s
	intervals
	stringRefs
	nested
)

type column struct {
	off  uintptr
	byt  uintptr // of its validity bit
	bit  uint8
	kind kind
}

var kindWidth = [...]uintptr{
	fixed1: 1, fixed2: 2, fixed4: 4, fixed8: 8, fixed16: 16,
	float32s: 4, float64s: 8, intervals: 16, stringRefs: 16, nested: 16,
}

func kindOf(t types.Type) kind {
	switch p := t.Physical(); p {
	case types.PFloat32:
		return float32s
	case types.PFloat64:
		return float64s
	case types.PInterval:
		return intervals
	case types.PString:
		return stringRefs
	case types.PList, types.PArray, types.PStruct:
		return nested
	default:
		switch p.Width() {
		case 1:
			return fixed1
		case 2:
			return fixed2
		case 4:
			return fixed4
		case 8:
			return fixed8
		}
		return fixed16
	}
}

// NewLayout lays out rows of the given columns. It fails with 54011 when a row
// would be wider than MaxWidth.
func NewLayout(cols []types.Type, o Options) (*Layout, error) {
	l := &Layout{Types: cols, options: o, cols: make([]column, len(cols))}
	off := uintptr(len(cols)+7) / 8
	l.valid = off
	if o.Match {
		l.match = off
		off++
	}
	off = align8(off)
	l.header = off
	if o.Hash {
		l.hash = off
		off += 8
	}
	if o.Next {
		l.next = off
		off += 8
	}
	for i, t := range cols {
		if t.ID == types.Invalid {
			return nil, sqlerr.New(sqlerr.CodeInternal, "row layout of a column without a type")
		}
		k := kindOf(t)
		l.cols[i] = column{byt: uintptr(i) / 8, bit: uint8(i) % 8, kind: k}
		l.HasHeap = l.HasHeap || k == stringRefs || k == nested
	}
	for _, width := range []uintptr{8, 16, 4, 2, 1} {
		for i := range l.cols {
			if c := &l.cols[i]; kindWidth[c.kind] == width {
				c.off = off
				off += width
			}
		}
	}
	off = align8(off)
	l.stateAt = off
	l.states = make([]uintptr, len(o.States))
	for i, s := range o.States {
		l.states[i] = off
		off += align8(uintptr(s.Size))
		l.HasStateRefs = l.HasStateRefs || s.Ref
		if off > MaxWidth {
			break
		}
	}
	l.HasHeap = l.HasHeap || l.HasStateRefs
	l.Width = max(off, 8)
	if l.Width > MaxWidth {
		return nil, sqlerr.New(sqlerr.CodeTooManyColumns, "a row of %d columns takes more than %d bytes", len(cols), MaxWidth)
	}
	return l, nil
}

func align8(n uintptr) uintptr { return (n + 7) &^ 7 }

// ColOffset returns where column i begins in a row.
func (l *Layout) ColOffset(i int) uintptr { return l.cols[i].off }

// HashOffset returns where the hash is; meaningful with Options.Hash.
func (l *Layout) HashOffset() uintptr { return l.hash }

// NextOffset returns where the next address is; meaningful with Options.Next.
func (l *Layout) NextOffset() uintptr { return l.next }

// MatchOffset returns where the flag byte is; meaningful with Options.Match.
func (l *Layout) MatchOffset() uintptr { return l.match }

// StateOffset returns where state i begins.
func (l *Layout) StateOffset(i int) uintptr { return l.states[i] }

// ValidBit returns the byte, counted from the row's begin, and the bit in it
// that is set when column i is not NULL.
func (l *Layout) ValidBit(i int) (byt uintptr, bit uint8) { return l.cols[i].byt, l.cols[i].bit }

// HasHash reports whether rows hold their hash.
func (l *Layout) HasHash() bool { return l.options.Hash }
