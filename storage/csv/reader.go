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
	scratch   [][]byte // unescaped strings, per column of the chunk
}

func newReader(s *scanner) *reader {
	r := &reader{s: s, rows: s.spec.ChunkRows, sel: make([]uint32, vector.Capacity)}
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
	r.buf, r.fields = nil, nil
}

// NextMorsel implements storage.Reader.
func (r *reader) NextMorsel(ctx context.Context) (batch int64, ok bool, err error) {
	if r.s.in != nil {
		batch, ok, err = r.nextPiece(ctx)
	} else {
		batch, ok, err = r.nextRange(ctx)
		if err != nil {
			r.s.fail()
		}
	}
	if ok && err == nil {
		r.row = 0
		r.valid = utf8.Valid(r.buf)
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
	if err := r.load(begin, end+tail); err != nil {
		return 0, false, err
	}
	r.offset = begin
	final := begin+int64(len(r.buf)) >= r.s.file.Size()
	limit := int(end - begin)
	// Guess where the first record begins, and look through the range.
	guess := 0
	if i > 0 {
		guess = len(r.buf)
		if k := bytes.IndexByte(r.buf, '\n'); k >= 0 {
			guess = k + 1
		}
		if r.buf[0] != '\n' && limit > 0 {
			// Perhaps the line feed just before the range ends a record.
			var last [1]byte
			if _, err := r.s.file.ReadAt(last[:], begin-1); err == nil && last[0] == '\n' {
				guess = 0
			}
		}
	}
	next, p, final, err := r.parseRange(ctx, guess, limit, final)
	if err != nil {
		return 0, false, err
	}
	start, ok := r.s.waitFor(i)
	if !ok {
		return 0, false, nil
	}
	if int(start-begin) != guess {
		if start-begin >= int64(limit) {
			// A record of an earlier range covers all of this one.
			r.fields = r.fields[:0]
			r.s.resolve(i, start)
			return i, true, nil
		}
		if next, p, _, err = r.parseRange(ctx, int(start-begin), limit, final); err != nil {
			return 0, false, err
		}
	}
	if p.fault != noFault {
		return 0, false, r.fault(ctx, p)
	}
	r.s.resolve(i, begin+int64(next))
	return i, true, nil
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

// parseRange is parse that brings more bytes while the last record that begins
// in the range is not complete.
func (r *reader) parseRange(ctx context.Context, from, limit int, final bool) (next int, p problem, _ bool, err error) {
	next, p = r.parse(from, limit, final)
	for p.fault == incomplete {
		if err := ctx.Err(); err != nil {
			return 0, p, false, cancelled(ctx)
		}
		have := len(r.buf)
		if have-p.pos > r.s.t.opt.maxLine {
			return 0, p, false, r.tooLong(ctx, p.pos)
		}
		more := max(tail, have-p.pos)
		want := min(int64(have+more), r.s.file.Size()-r.offset)
		old := r.buf
		r.buf = nil
		if err := r.charge(want + int64(cap(r.fields))*8); err != nil {
			return 0, p, false, err
		}
		r.buf = make([]byte, want)
		copy(r.buf, old)
		if _, err := r.s.file.ReadAt(r.buf[have:], r.offset+int64(have)); err != nil && err != io.EOF {
			return 0, p, false, r.s.t.readError(err)
		}
		if c := r.s.spec.Counters; c != nil {
			c.BytesRead.Add(want - int64(have))
		}
		final = r.offset+want >= r.s.file.Size()
		// The records before the incomplete one stand.
		at := p.pos
		next, p = r.parseMore(at, limit, final)
	}
	return next, p, final, nil
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

// Next implements storage.Reader.
func (r *reader) Next(ctx context.Context, chunk *vector.Chunk) (bool, error) {
	for total := r.block.rows(); r.row < total; {
		if ctx.Err() != nil {
			return false, cancelled(ctx)
		}
		n := min(r.rows, total-r.row)
		from := r.row
		r.row += n
		if err := r.charge(int64(cap(r.buf)) + int64(cap(r.fields))*8); err != nil {
			return false, err
		}
		var sel []uint32
		for i, p := range r.s.spec.Predicates {
			v := r.filters[i]
			keep, err := r.convert(ctx, v, p.Column, from, sel, n)
			if err != nil {
				return false, err
			}
			if keep != nil {
				sel = keep
			}
			if sel, err = r.selectors[i].Select(v, sel, n, r.sel); err != nil {
				return false, err
			}
			if len(sel) == 0 {
				break
			}
		}
		if len(r.selectors) > 0 && len(sel) == 0 {
			continue
		}
		if len(sel) == n {
			sel = nil
		}
		for k, ord := range r.s.spec.Columns {
			keep, err := r.convert(ctx, chunk.Cols[k], ord, from, sel, n)
			if err != nil {
				return false, err
			}
			if keep != nil {
				sel = keep
			}
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
	return false, nil
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
	return sqlerr.New(code, "%s line %d: %s", r.s.t.path, line, what).
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
	for left := off; left > 0; {
		if ctx.Err() != nil {
			return 0, cancelled(ctx)
		}
		n, err := in.Read(buf[:min(int64(len(buf)), left)])
		line += int64(bytes.Count(buf[:n], []byte{'\n'}))
		left -= int64(n)
		if err != nil {
			break
		}
	}
	return line, nil
}
