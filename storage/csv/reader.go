package csv

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
)

// reader converts the records of one range after the other.
type reader struct {
	s *scanner
	block
	offset  int64 // of buf[0] in the text
	valid   bool  // all of the range is UTF-8
	row     int   // next record
	charged int64 // bytes of spec.Mem held

	rows      int // records a chunk
	selectors []storage.Selector
	filters   []*vector.Vector // converted filter columns
	sel       []uint32
	kept      []uint32 // records whose values fit, with ignore_errors
	pending   problem  // what is wrong behind the records found
	stop      error    // what is wrong with the value behind the rows delivered
}

func newReader(s *scanner) *reader {
	r := &reader{s: s, rows: s.spec.ChunkRows, sel: make([]uint32, vector.Capacity), kept: make([]uint32, 0, vector.Capacity)}
	r.maxLine = s.t.opt.maxLine
	if r.rows == 0 {
		r.rows = vector.Capacity
	}
	r.cols = len(s.t.schema.cols)
	for _, p := range s.spec.Predicates {
		r.selectors = append(r.selectors, p.NewSelector())
		r.filters = append(r.filters, vector.New(s.t.schema.cols[p.Column].Type))
	}
	return r
}

// charge raises what the reader holds to n bytes.
func (r *reader) charge(n int64) error {
	if n <= r.charged || r.s.spec.Mem == nil {
		return nil
	}
	if err := r.s.spec.Mem.Grow(n - r.charged); err != nil {
		return err
	}
	r.charged = n
	return nil
}

// room makes buf an empty buffer that can take n bytes.
func (r *reader) room(n int) error {
	if cap(r.buf) >= n {
		r.buf = r.buf[:0]
		return nil
	}
	if err := r.charge(int64(n) + int64(cap(r.fields))*8); err != nil {
		return err
	}
	r.buf = make([]byte, 0, n)
	return nil
}

func (r *reader) chargeRest(n int64) error {
	return r.charge(int64(cap(r.buf)) + int64(cap(r.fields))*8 + n)
}

// Close implements storage.Reader.
func (r *reader) Close() {
	if r.s.spec.Mem != nil {
		r.s.spec.Mem.Shrink(r.charged)
	}
	r.charged = 0
	r.buf, r.fields, r.pending = nil, nil, problem{}
}

// NextMorsel implements storage.Reader.
func (r *reader) NextMorsel(ctx context.Context) (batch int64, ok bool, err error) {
	if r.s.in != nil {
		batch, ok, err = r.nextPiece(ctx)
	} else {
		batch, ok, err = r.nextRange(ctx)
	}
	if ok && err == nil {
		r.row, r.stop = 0, nil
		if err := r.charge(int64(cap(r.buf)) + int64(cap(r.fields))*8); err != nil {
			return 0, false, err
		}
		if c := r.s.spec.Counters; c != nil {
			c.RowGroupsRead.Add(1)
			c.RowsScanned.Add(int64(r.block.rows()))
		}
	}
	return batch, ok, err
}

// nextRange reads the next range of a plain file and finds its fields.
func (r *reader) nextRange(ctx context.Context) (int64, bool, error) {
	i, begin, end, ok := r.s.claim()
	if !ok {
		return 0, false, nil
	}
	resolved := false
	defer func() {
		if !resolved {
			r.s.fail() // nobody shall wait for this range's end
		}
	}()
	if err := r.load(begin, end+r.s.tail); err != nil {
		return 0, false, err
	}
	r.offset = begin
	final := begin+int64(len(r.buf)) >= r.s.file.Size()
	limit := int(end - begin)
	if err := r.expect(limit); err != nil {
		return 0, false, err
	}
	// Guess where the first record begins, and look through the range.
	guess := r.guess(i, begin)
	next, p := r.parse(guess, limit, final)
	start, ok := r.s.waitFor(i)
	if !ok {
		resolved = true // an earlier range has failed
		return 0, false, nil
	}
	if start-begin >= int64(limit) {
		// A record of an earlier range covers all of this one.
		r.fields = r.fields[:0]
		resolved = true
		r.s.resolve(i, start)
		return i, true, nil
	}
	from := int(start - begin)
	if from != guess {
		next, p = r.parse(from, limit, final)
	}
	var err error
	if next, p, err = r.complete(ctx, next, p, limit); err != nil {
		return 0, false, err
	}
	// The records before a faulty one come first: their errors are earlier, and
	// a LIMIT may be satisfied by them. Nobody reads on behind it.
	if r.pending = p; p.fault == noFault {
		resolved = true
		r.s.resolve(i, begin+int64(next))
	}
	r.valid = utf8.Valid(r.buf[from:max(from, next)])
	return i, true, nil
}

// guess returns where the first record of range i probably begins: behind the
// first line feed, or at the very beginning when that follows one.
func (r *reader) guess(i, begin int64) int {
	if i == 0 {
		return 0
	}
	var before [1]byte
	if n, _ := r.s.file.ReadAt(before[:], begin-1); n == 1 && before[0] == '\n' {
		return 0
	}
	if k := bytes.IndexByte(r.buf, '\n'); k >= 0 {
		return k + 1
	}
	return len(r.buf)
}

// expect makes room for the fields of limit bytes, as the sample has them.
func (r *reader) expect(limit int) error {
	n := float64(limit) * 1.1 / max(r.s.t.schema.rowLen, 1)
	want := int(min((n+16)*float64(r.cols), float64(limit)+16))
	if cap(r.fields) >= want {
		return nil
	}
	if err := r.charge(int64(cap(r.buf)) + int64(want)*8); err != nil {
		return err
	}
	r.fields = make([]field, 0, want)
	return nil
}

// load reads the bytes from begin to end, or less at the file's end.
func (r *reader) load(begin, end int64) error {
	end = min(end, r.s.file.Size())
	n := int(max(end-begin, 0))
	if err := r.room(n); err != nil {
		return err
	}
	got, err := r.s.file.ReadAt(r.buf[:n], begin)
	if err != nil && err != io.EOF {
		return r.s.t.readError(err)
	}
	if got < n {
		return sqlerr.New(sqlerr.CodeIO, "cannot read %s: the file became shorter", r.s.t.path).WithFile(r.s.t.path, 0)
	}
	if c := r.s.spec.Counters; c != nil {
		c.BytesRead.Add(int64(n))
	}
	r.buf = r.buf[:n]
	return nil
}

// complete brings more bytes as long as the last record that begins in the
// range is not complete.
func (r *reader) complete(ctx context.Context, next int, p problem, limit int) (int, problem, error) {
	for p.fault == incomplete {
		if ctx.Err() != nil {
			return 0, p, cancelled(ctx)
		}
		have := len(r.buf)
		if have-p.pos > r.s.t.opt.maxLine {
			return next, problem{tooLong, p.pos, 0}, nil
		}
		more := max(int(r.s.tail), have-p.pos)
		want := min(int64(have+more), r.s.file.Size()-r.offset)
		if err := r.charge(int64(have) + want + int64(cap(r.fields))*8); err != nil {
			return 0, p, err
		}
		old := r.buf
		r.buf = make([]byte, want)
		copy(r.buf, old)
		if n, err := r.s.file.ReadAt(r.buf[have:], r.offset+int64(have)); err != nil && (err != io.EOF || have+n < int(want)) {
			return 0, p, r.s.t.readError(err)
		}
		if c := r.s.spec.Counters; c != nil {
			c.BytesRead.Add(want - int64(have))
		}
		final := r.offset+want >= r.s.file.Size()
		// The records before the incomplete one stand.
		next, p = r.parseMore(p.pos, limit, final)
	}
	return next, p, nil
}

// parse finds the records that begin in buf[from:limit].
func (r *reader) parse(from, limit int, final bool) (int, problem) {
	r.fields = r.fields[:0]
	return r.parseMore(from, limit, final)
}

func (r *reader) parseMore(from, limit int, final bool) (int, problem) {
	o := r.s.t.opt
	next, p := r.s.t.schema.dialect.records(&r.block, from, limit, final, o.ignoreErrors, o.nullPadding)
	return next, p
}

// Next implements storage.Reader. A value that does not fit ends the rows
// before its record; the error comes with the call after.
func (r *reader) Next(ctx context.Context, chunk *vector.Chunk) (bool, error) {
	for total := r.block.rows(); r.row < total && r.stop == nil; {
		if ctx.Err() != nil {
			return false, cancelled(ctx)
		}
		n := min(r.rows, total-r.row)
		sel, n := r.filter(ctx, n)
		from := r.row
		r.row += n
		if len(r.selectors) > 0 {
			if len(sel) == 0 {
				continue
			}
			if len(sel) == n {
				sel = nil
			}
		}
		for k, ord := range r.s.spec.Columns {
			if n == 0 {
				break
			}
			sel, n = r.convert(ctx, chunk.Cols[k], ord, from, sel, n)
		}
		for _, v := range chunk.Cols {
			v.Len = n // an error may have cut later columns shorter
		}
		chunk.Len, chunk.Sel = n, sel
		out := chunk.NumRows()
		if out == 0 {
			continue
		}
		if c := r.s.spec.Counters; c != nil {
			c.RowsOut.Add(int64(out))
		}
		return true, nil
	}
	if err := r.stop; err != nil {
		return false, err
	}
	if p := r.pending; p.fault != noFault {
		r.pending = problem{}
		return false, r.fault(ctx, p)
	}
	return false, nil
}

// filter applies the predicates to the next n records: those that pass, of the
// n records before the first bad value.
func (r *reader) filter(ctx context.Context, n int) (sel []uint32, _ int) {
	for i, p := range r.s.spec.Predicates {
		if n == 0 || i > 0 && len(sel) == 0 {
			break
		}
		v := r.filters[i]
		sel, n = r.convert(ctx, v, p.Column, r.row, sel, n)
		if n == 0 || sel != nil && len(sel) == 0 {
			return sel, n
		}
		var err error
		if sel, err = r.selectors[i].Select(v, sel, n, r.sel); err != nil {
			r.stop = err
			return nil, 0
		}
	}
	return sel, n
}

// fault words what is wrong with the record at p.
func (r *reader) fault(ctx context.Context, p problem) error {
	var what string
	switch p.fault {
	case openQuote:
		what = "a quoted field never ends"
	case afterQuote:
		what = "a quoted field is followed by something other than a delimiter"
	case fieldCount:
		what = fmt.Sprintf("expected %d fields but found %d", r.cols, p.got)
	case tooLong:
		return r.tooLong(ctx, p.pos)
	case tooManyFields:
		what = fmt.Sprintf("more than %d fields", maxFields)
	}
	e, err := r.at(ctx, p.pos, sqlerr.CodeBadCopyFile, what)
	if err != nil {
		return err
	}
	return e.WithHint("give the options delim, quote and escape if they were not detected right, or ignore_errors = true to leave such records out")
}

func (r *reader) tooLong(ctx context.Context, pos int) error {
	e, err := r.at(ctx, pos, sqlerr.CodeBadCopyFile, fmt.Sprintf("a record is longer than %d bytes, or a quoted field never ends", r.s.t.opt.maxLine))
	if err != nil {
		return err
	}
	return e.WithHint("raise max_line_size, or check the quotes")
}

// at makes an error about the record that begins at pos of the buffer, with
// the line it is in and the line's text.
func (r *reader) at(ctx context.Context, pos int, code, what string) (*sqlerr.Error, error) {
	line, err := r.lineOf(ctx, r.offset+int64(pos))
	if err != nil {
		return nil, err
	}
	text := r.buf[min(pos, len(r.buf)):]
	if k := bytes.IndexByte(text, '\n'); k >= 0 {
		text = text[:k]
	}
	if len(text) > 200 {
		text = append(text[:200:200], "..."...)
	}
	return sqlerr.New(code, "%s", what).
		WithFile(r.s.t.path, line).
		WithDetail("the line is: %s", strings.ToValidUTF8(string(text), "?")), nil
}

// lineOf counts the line that offset off of the text is in, from 1, by reading
// the text up to there again.
func (r *reader) lineOf(ctx context.Context, off int64) (int64, error) {
	in, err := r.s.t.stream(r.s.file)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	buf := make([]byte, 256<<10)
	line := int64(1)
	last := byte(0)
	for left := off; left > 0; {
		if ctx.Err() != nil {
			return 0, cancelled(ctx)
		}
		n, err := in.Read(buf[:min(int64(len(buf)), left)])
		line += lineEnds(buf[:n], &last)
		left -= int64(n)
		if err != nil {
			break
		}
	}
	return line, nil
}

// lineEnds counts the line ends in buf: line feeds, and carriage returns with
// none behind. last is the last byte of the text before, and becomes buf's.
func lineEnds(buf []byte, last *byte) int64 {
	if len(buf) == 0 {
		return 0
	}
	n := int64(bytes.Count(buf, []byte{'\n'}))
	if *last == '\r' || bytes.IndexByte(buf, '\r') >= 0 {
		n = 0
		before := *last
		for _, c := range buf {
			if c == '\r' || c == '\n' && before != '\r' {
				n++
			}
			before = c
		}
	}
	*last = buf[len(buf)-1]
	return n
}
