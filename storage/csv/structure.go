package csv

import (
	"bytes"
	"math/bits"

	"github.com/gannetdb/gannet/vector/raw"
)

// dialect is how a file delimits records and fields. quote 0: fields are never
// quoted. escape is the byte that makes a quote inside quotes literal, usually
// the quote itself. comment 0: no comments; else it begins one anywhere outside
// quotes, up to the line's end. relaxed: strict_mode = false, quotes inside
// quoted fields and records with more fields than columns are taken.
type dialect struct {
	delim, quote, escape, comment byte
	relaxed                       bool
}

// field is where a field's content lies in its buffer, without quotes.
type field struct {
	start uint32 // escapedFlag: it has to be unescaped
	end   uint32 // quotedFlag: it was quoted
}

const (
	escapedFlag = 1 << 31
	quotedFlag  = 1 << 31
	flagMask    = 1<<31 - 1
)

func (f field) quoted() bool       { return f.end&quotedFlag != 0 }
func (f field) escaped() bool      { return f.start&escapedFlag != 0 }
func (f field) bounds() (a, b int) { return int(f.start & flagMask), int(f.end & flagMask) }

// fault is what is wrong with a record.
type fault uint8

const (
	noFault       fault = iota
	openQuote           // the quote never ends
	afterQuote          // something other than a delimiter behind a quoted field
	fieldCount          // too many or too few fields
	incomplete          // the buffer ends inside the record
	tooManyFields       // of a line that is absurdly wide
	tooLong             // more bytes than max_line_size
)

// maxFields bounds the fields of a record.
const maxFields = 1 << 16

// record finds the fields of the record that begins at pos and appends them to
// fields. It returns the position behind the record's line end. final says that
// the file ends with buf, so that a record may end without a line feed. With
// incomplete or another fault, next is where the record begins or, for afterQuote, fieldCount and tooManyFields, a place behind it.
func (d *dialect) record(buf []byte, pos int, final bool, fields []field) (_ []field, next int, f fault) {
	begin, had := pos, len(fields)
	delims := uint64(d.delim) * lows
	for {
		if d.quote != 0 && pos < len(buf) && buf[pos] == ' ' {
			// Spaces around quotes do not belong to the value.
			k := pos
			for k < len(buf) && buf[k] == ' ' {
				k++
			}
			switch {
			case k == len(buf) && !final:
				return fields[:had], begin, incomplete
			case k < len(buf) && buf[k] == d.quote:
				pos = k
			}
		}
		if pos < len(buf) && buf[pos] == d.quote && d.quote != 0 {
			var fd field
			fd, pos, f = d.quoted(buf, pos, final)
			if f == afterQuote && d.relaxed {
				fd, pos, f = d.stray(buf, fd, final)
			}
			if f == openQuote || f == incomplete {
				return fields[:had], begin, f
			}
			fields = append(fields, fd)
			if f != noFault {
				return d.skipFaulty(buf, begin, pos, final, fields[:had], f)
			}
		} else {
			start := pos
			pos = find(buf, pos, delims)
			if d.comment != 0 {
				if k := bytes.IndexByte(buf[start:pos], d.comment); k >= 0 {
					pos = start + k
				}
			}
			fields = append(fields, field{uint32(start), uint32(pos)})
		}
		if len(fields)-had > maxFields {
			return d.skipFaulty(buf, begin, pos, final, fields[:had], tooManyFields)
		}
		if pos >= len(buf) {
			if !final {
				return fields[:had], begin, incomplete
			}
			return fields, pos, noFault
		}
		switch buf[pos] {
		case d.delim:
			pos++
			continue
		case '\n':
			return fields, pos + 1, noFault
		}
		if d.comment != 0 && buf[pos] == d.comment {
			if next = skipLine(buf, pos); cutLine(buf, next, final) {
				return fields[:had], begin, incomplete
			}
			return fields, next, noFault
		}
		// A carriage return, alone or before a line feed.
		if pos+1 == len(buf) && !final {
			return fields[:had], begin, incomplete
		}
		if pos+1 < len(buf) && buf[pos+1] == '\n' {
			pos++
		}
		return fields, pos + 1, noFault
	}
}

// skipFaulty ends record at the line end behind pos, if the buffer has it.
func (d *dialect) skipFaulty(buf []byte, begin, pos int, final bool, fields []field, f fault) ([]field, int, fault) {
	next := skipLine(buf, pos)
	if cutLine(buf, next, final) {
		return fields, begin, incomplete
	}
	return fields, next, f
}

// quoted finds the end of the quoted field at pos.
func (d *dialect) quoted(buf []byte, pos int, final bool) (fd field, next int, f fault) {
	start := pos + 1
	fd.start = uint32(start)
	i := start
	for {
		k := bytes.IndexByte(buf[i:], d.quote)
		if d.escape != d.quote && d.escape != 0 {
			e := bytes.IndexByte(buf[i:max(i, i+k)], d.escape)
			if k < 0 {
				e = bytes.IndexByte(buf[i:], d.escape)
			}
			if e >= 0 && (k < 0 || e < k) {
				fd.start |= escapedFlag
				if i += e + 2; i > len(buf) {
					i = len(buf)
				}
				continue
			}
		}
		if k < 0 {
			if final {
				return fd, 0, openQuote
			}
			return fd, 0, incomplete
		}
		i += k
		if i+1 == len(buf) && !final {
			return fd, 0, incomplete
		}
		if d.escape == d.quote && i+1 < len(buf) && buf[i+1] == d.quote {
			fd.start |= escapedFlag
			i += 2
			continue
		}
		break
	}
	fd.end = uint32(i) | quotedFlag
	i++
	for i < len(buf) && buf[i] == ' ' && d.delim != ' ' {
		i++
	}
	if i == len(buf) && !final {
		return fd, 0, incomplete
	}
	if i < len(buf) && !d.ends(buf[i]) {
		return fd, i, afterQuote
	}
	return fd, i, noFault
}

// ends reports whether c, outside quotes, ends a field.
func (d *dialect) ends(c byte) bool {
	return c == d.delim || c == '\n' || c == '\r' || d.comment != 0 && c == d.comment
}

// stray finds the end of a quoted field that goes on behind its closing quote,
// as fd has it, when strict_mode is off. Between that quote and the next one
// delimiters end the field, behind the next one they do not, and so on; a quote
// in front of a delimiter always ends it. The quotes inside belong to the value
// unless quotes are escaped by quotes: then they are dropped.
func (d *dialect) stray(buf []byte, fd field, final bool) (_ field, next int, f fault) {
	_, i := fd.bounds()
	if d.escape == d.quote {
		fd.start |= escapedFlag
	}
	inside := false
	for i++; ; i++ {
		if i >= len(buf) {
			if !final {
				return fd, 0, incomplete
			}
			if inside {
				return fd, 0, openQuote
			}
			break
		}
		c := buf[i]
		if c != d.quote {
			if !inside && d.ends(c) {
				break
			}
			continue
		}
		if i+1 == len(buf) && !final {
			return fd, 0, incomplete
		}
		if i+1 == len(buf) || d.ends(buf[i+1]) {
			fd.end = uint32(i) | quotedFlag
			return fd, i + 1, noFault
		}
		inside = !inside
	}
	fd.end = uint32(i) | quotedFlag
	return fd, i, noFault
}

// skipLine returns the position behind the line that pos is in; len(buf) may
// also mean that the line goes on.
func skipLine(buf []byte, pos int) int {
	pos = min(pos, len(buf))
	k := bytes.IndexAny(buf[pos:], "\r\n")
	if k < 0 {
		return len(buf)
	}
	pos += k + 1
	if buf[pos-1] == '\r' && pos < len(buf) && buf[pos] == '\n' {
		pos++
	}
	return pos
}

// cutLine reports whether the line that ends at next, as skipLine has it, may
// go on behind the buffer.
func cutLine(buf []byte, next int, final bool) bool {
	return next == len(buf) && !final && (next == 0 || buf[next-1] != '\n')
}

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// zeroBytes marks the zero bytes of w, exactly up to the first.
func zeroBytes(w uint64) uint64 { return (w - lows) &^ w & highs }

// find returns the position of the first delimiter, line feed or carriage
// return from pos on, len(buf) when there is none. delims is the delimiter in
// every byte.
func find(buf []byte, pos int, delims uint64) int {
	for ; pos+8 <= len(buf); pos += 8 {
		w := raw.Load64(buf, pos)
		m := zeroBytes(w^delims) | zeroBytes(w^'\n'*lows) | zeroBytes(w^'\r'*lows)
		if m != 0 {
			return pos + bits.TrailingZeros64(m)>>3
		}
	}
	d := byte(delims)
	for ; pos < len(buf); pos++ {
		if c := buf[pos]; c == d || c == '\n' || c == '\r' {
			return pos
		}
	}
	return pos
}

// unescape appends the content of an escaped field to dst.
func (d *dialect) unescape(dst, content []byte) []byte {
	for {
		k := bytes.IndexByte(content, d.escape)
		if k < 0 || k+1 >= len(content) {
			return append(dst, content...)
		}
		dst = append(dst, content[:k]...)
		dst = append(dst, content[k+1])
		content = content[k+2:]
	}
}

// blank reports whether an empty line or a comment begins at pos, and where the
// next line does: at pos itself when the buffer ends within it. A record of one
// column may be empty.
func (d *dialect) blank(buf []byte, pos, cols int, final bool) (next int, ok bool) {
	if pos >= len(buf) {
		return pos, false
	}
	if d.comment != 0 {
		// Spaces may stand in front of a comment that has its line for itself.
		k := pos
		for k < len(buf) && buf[k] == ' ' {
			k++
		}
		switch {
		case k == len(buf) && k > pos && !final:
			return pos, true
		case k < len(buf) && buf[k] == d.comment:
			if next = skipLine(buf, k); cutLine(buf, next, final) {
				return pos, true
			}
			return next, true
		}
	}
	switch c := buf[pos]; {
	case cols == 1:
		return pos, false
	case c == '\n':
		return pos + 1, true
	case c == '\r':
		if pos+1 < len(buf) && buf[pos+1] == '\n' {
			return pos + 2, true
		}
		return pos + 1, pos+1 < len(buf) || final
	}
	return pos, false
}

// block is the records found in a buffer: the fields of record i are
// fields[i*cols : (i+1)*cols].
type block struct {
	buf    []byte
	fields []field
	cols   int
	slow   bool // without fast; tests compare

	maxLine int // most bytes of a record, 0: any
}

func (b *block) rows() int { return len(b.fields) / b.cols }

// problem is a faulty record, for a message.
type problem struct {
	fault fault
	pos   int // in the buffer, of the record
	got   int // fields
}

// records appends all records that begin in buf[from:limit] to b. It returns
// where the first record behind limit begins; with incomplete, that record's
// begin, and the caller brings more bytes. skipBad leaves out faulty records,
// pad fills up short ones.
func (d *dialect) records(b *block, from, limit int, final, skipBad, pad bool) (next int, p problem) {
	pos := from
	for pos < limit {
		if !b.slow {
			if pos = d.fast(b, pos, limit); pos >= limit {
				break
			}
		}
		if n, ok := d.blank(b.buf, pos, b.cols, final); ok {
			if n == pos {
				return pos, problem{incomplete, pos, 0}
			}
			pos = n
			continue
		}
		had := len(b.fields)
		var n int
		var f fault
		b.fields, n, f = d.record(b.buf, pos, final, b.fields)
		got := len(b.fields) - had
		if b.maxLine > 0 && (f == openQuote && len(b.buf)-pos > b.maxLine || f != openQuote && n-pos > b.maxLine) {
			b.fields = b.fields[:had]
			return pos, problem{tooLong, pos, 0}
		}
		if f == noFault && got != b.cols {
			switch {
			case pad && got < b.cols:
				for ; got < b.cols; got++ {
					b.fields = append(b.fields, field{uint32(n), uint32(n)})
				}
			case got == b.cols+1 && emptyLast(b.fields[had:]):
				b.fields = b.fields[:had+b.cols] // a delimiter at the end of the line
			case got > b.cols && d.relaxed:
				b.fields = b.fields[:had+b.cols]
			default:
				f = fieldCount
			}
		}
		switch {
		case f == noFault:
			pos = n
			continue
		case f == incomplete:
			return pos, problem{incomplete, pos, 0}
		case skipBad && f != openQuote:
			b.fields = b.fields[:had]
			pos = n
			continue
		}
		b.fields = b.fields[:had]
		return pos, problem{f, pos, got}
	}
	return pos, problem{}
}

// emptyLast reports whether the last field is empty and unquoted.
func emptyLast(fs []field) bool {
	f := fs[len(fs)-1]
	a, b := f.bounds()
	return a == b && !f.quoted()
}
