package sortkey

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Rows whose words hold the same beginning of longer values are told apart by
// what follows: of strings seven bytes at a time, which take the place of the
// words in the pairs, so that each row is looked at once for all comparisons with
// the others. Bytes that all have in common are left out before.

const (
	// textBytes of a string make a key of a pair. Its last byte says how many
	// bytes there were, moreText for more.
	textBytes = 7
	moreText  = textBytes + 1
	// mostDepth is how often text calls itself before what is left is sorted by
	// comparison: keys of seven bytes are not for strings that differ in their
	// thousands.
	mostDepth = 32
)

// str returns the string at off in the row at a.
func (s *sorter) str(a raw.Addr, off uintptr) []byte {
	return vector.Str(raw.At[types.StringRef](a, off), s.bufs)
}

// long orders rows whose words up to key k are equal and stand for more values
// than one.
func (s *sorter) long(a, tmp []Pair, k int) error {
	switch e := &s.r.Keys[k]; {
	case e.compact:
		return s.exact(a, tmp, k)
	case isNested(e.typ):
		return s.compared(a, tmp, k)
	}
	return s.text(a, tmp, k, prefixBytes)
}

// text orders rows that are equal up to key k, a string, and in its first from
// bytes.
func (s *sorter) text(a, tmp []Pair, k, from int) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.depth == mostDepth {
		return s.compared(a, tmp, k)
	}
	s.depth++
	defer func() { s.depth-- }()
	e := &s.r.Keys[k]
	off := s.r.Layout.ColOffset(e.Col)
	from += s.common(a, off, from)
	flip := e.flip()
	for i := range a {
		a[i].Key = textKey(s.str(a[i].Row, off), from) ^ flip
	}
	if err := sortPairs(s.ctx, a, tmp); err != nil {
		return err
	}
	for i := 0; i < len(a); {
		tie := tieOf(a[i:])
		i += len(tie)
		if len(tie) == 1 {
			continue
		}
		var err error
		if (tie[0].Key^flip)&0xff == moreText {
			err = s.text(tie, tmp, k, from+textBytes)
		} else {
			err = s.next(tie, tmp, k+1, e.First+e.Words)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TextFrom is where the text of a string begins that is longer than its words.
const TextFrom = prefixBytes

// HasText reports whether values whose words are Long are strings, which Text goes
// on with.
func (e *Encoder) HasText() bool { return e.typ.Physical() == types.PString }

// Text returns a word that compares as the bytes of str, a string longer than its
// words, behind the first from ones do: TextFrom to begin with. It holds not all of
// them when next, where to go on, is not 0. Strings with the same words and texts
// are equal.
func (e *Encoder) Text(str []byte, from int) (word uint64, next int) {
	word = textKey(str, from)
	if word&0xff == moreText {
		next = from + textBytes
	}
	return word ^ e.flip(), next
}

// textKey returns the bytes of str, which has 8 or more, behind the first from ones
// as a number that compares as they do.
func textKey(str []byte, from int) uint64 {
	n := len(str) - from
	if n >= 8 {
		return binary.BigEndian.Uint64(str[from:])&^0xff | moreText
	}
	return binary.BigEndian.Uint64(str[len(str)-8:])<<(64-8*uint(n)) | uint64(n)
}

// common returns how many bytes all strings have in common behind the first from
// ones, or 0 when it is not worth leaving them out.
func (s *sorter) common(a []Pair, off uintptr, from int) int {
	first := s.str(a[0].Row, off)[from:]
	for i := 1; i < len(a); i++ {
		first = first[:commonBytes(first, s.str(a[i].Row, off)[from:])]
		if len(first) < textBytes {
			return 0
		}
	}
	return len(first)
}

// commonBytes returns how many bytes a and b begin with in common.
func commonBytes(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for ; i < n && a[i] == b[i]; i++ {
	}
	return i
}

// longPiece is how many rows are sorted by comparison at once.
const longPiece = 1 << 12

// compared orders rows whose words up to key k are equal by comparing the values
// themselves: pieces first, which are then merged.
func (s *sorter) compared(a, tmp []Pair, k int) error {
	compare := func(x, y Pair) int { return s.r.Compare(k, x.Row, s.bufs, y.Row, s.bufs) }
	for from := 0; from < len(a); from += longPiece {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		slices.SortFunc(a[from:min(from+longPiece, len(a))], compare)
	}
	src, dst := a, tmp[:len(a)]
	for width := longPiece; width < len(a); width *= 2 {
		for from := 0; from < len(a); from += 2 * width {
			mid, end := min(from+width, len(a)), min(from+2*width, len(a))
			i, j := from, mid
			for at := from; at < end; at++ {
				if at%longPiece == 0 {
					if err := s.ctx.Err(); err != nil {
						return err
					}
				}
				if i < mid && (j == end || compare(src[i], src[j]) <= 0) {
					dst[at] = src[i]
					i++
				} else {
					dst[at] = src[j]
					j++
				}
			}
		}
		src, dst = dst, src
	}
	if &src[0] != &a[0] {
		copy(a, src)
	}
	return nil
}
