package csv

import (
	"bytes"
	"math/bits"

	"github.com/gannetdb/gannet/vector/raw"
)

const (
	sevens = 0x7f7f7f7f7f7f7f7f
	word   = 8 // bytes
)

// special marks the bytes of w that are a delimiter or a line end, each with
// its top bit. Unlike zeroBytes it is exact for every byte, so that all marks
// of a word can be used.
func special(w, delims uint64) uint64 {
	x := w ^ delims
	y := w ^ '\n'*lows
	z := w ^ '\r'*lows
	x |= x&sevens + sevens
	y |= y&sevens + sevens
	z |= z&sevens + sevens
	return ^(x & y & z) & highs
}

// fast finds the fields of records that begin in buf[pos:limit] as long as
// they are plain: of the right number of fields, without escapes in quotes, and
// not at the very end of the buffer, without comments. It returns the begin of the first record
// that is not, or that lies behind limit, for records to deal with. Blank lines
// and comments are not plain.
//
// It walks over the buffer a word at a time and takes the marks of a word one
// after the other, so that short fields share the work.
func (d *dialect) fast(b *block, pos, limit int) (next int) {
	buf, fs, cols := b.buf, b.fields, b.cols
	last := len(buf) - 9 // a word, and the byte behind a line end, can be read
	if pos >= limit || pos > last || d.unusual(buf, pos) {
		return pos
	}
	delim, quote := d.delim, d.quote
	delims := uint64(delim) * lows
	begin, had := pos, len(fs) // of the record
	start := pos               // of the field
	p := pos                   // of the word
	m := special(raw.Load64(buf, p), delims)
	for {
		if c := buf[start]; quote != 0 && (c == quote || c == ' ') {
			if c == quote {
				k := bytes.IndexByte(buf[start+1:], quote)
				end := start + 1 + k
				if k < 0 || end >= last || d.escape != quote && bytes.IndexByte(buf[start+1:end], d.escape) >= 0 {
					break
				}
				if c := buf[end+1]; c != delim && c != '\n' && c != '\r' {
					break
				}
				fs = append(fs, field{uint32(start + 1), uint32(end) | quotedFlag})
				// The marks between the quotes mean nothing.
				p = end + 1
				m = special(raw.Load64(buf, p), delims)
				start = -1
			} else if spacedQuote(buf, start, quote) {
				break
			}
		}
		for m == 0 {
			if p += word; p > last {
				b.fields = fs[:had]
				return begin
			}
			m = special(raw.Load64(buf, p), delims)
		}
		i := p + bits.TrailingZeros64(m)>>3
		m &= m - 1
		if start >= 0 {
			fs = append(fs, field{uint32(start), uint32(i)})
		}
		start = i + 1
		c := buf[i]
		if c != delim {
			if c == '\r' && buf[start] == '\n' {
				start++
				if m != 0 {
					m &= m - 1 // the line feed's mark
				} else if p = start; p <= last {
					m = special(raw.Load64(buf, p), delims)
				}
			}
			switch got := len(fs) - had; {
			case b.maxLine > 0 && start-begin > b.maxLine,
				d.comment != 0 && bytes.IndexByte(buf[begin:start], d.comment) >= 0:
				b.fields = fs[:had]
				return begin
			case got == cols:
			case got == cols+1 && emptyLast(fs):
				fs = fs[:had+cols]
			default:
				b.fields = fs[:had]
				return begin
			}
			begin, had = start, len(fs)
			if start >= limit || start > last || d.unusual(buf, start) {
				break
			}
		} else if start > last {
			break
		}
	}
	b.fields = fs[:had]
	return begin
}

// unusual reports whether a blank line or a comment begins at pos.
func (d *dialect) unusual(buf []byte, pos int) bool {
	c := buf[pos]
	return c == '\n' || c == '\r' || d.comment != 0 && c == d.comment
}

// spacedQuote reports whether the spaces at pos are followed by a quote.
func spacedQuote(buf []byte, pos int, quote byte) bool {
	for pos < len(buf) && buf[pos] == ' ' {
		pos++
	}
	return pos < len(buf) && buf[pos] == quote
}
