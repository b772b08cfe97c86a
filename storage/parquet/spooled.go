package parquet

import (
	"context"
	"encoding/binary"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

const (
	// spoolExtent is the least that is written and read at a time, mostExtent the
	// most: with the frame of a temporary file it fills four of its pages, or
	// sixteen. One in extentPart of the query's part may be for extents.
	spoolExtent = 4*4096 - 48
	mostExtent  = 16*4096 - 48
	extentPart  = 32
	// spoolCodes is how many dictionary codes are decoded at a time.
	spoolCodes = vector.Capacity
	// spoolRatio bounds how much longer than its page what goes into the file
	// may be: encodings can make billions of values out of a few bytes.
	spoolRatio = 16
	extentCost = 40 // bytes of a spill.Extent
)

// spooled yields the values of a page from the temporary file: in the form
// that PLAIN has, or dictionary codes of 32 bits.
type spooled struct {
	s       *spooler
	width   int // of a value; 0: each behind its length in four bytes
	left    int // bytes not read yet
	extents []spill.Extent
	upto    int    // extents before it were read
	buf     []byte // an extent
	at      int    // position in buf
}

var _ valueDecoder = (*spooled)(nil)

// begin makes d empty and ready to be written.
func (d *spooled) begin(s *spooler, width int) error {
	d.release()
	d.s, d.width, d.left = s, width, 0
	s.staging = s.staging[:0]
	if err := s.open(); err != nil {
		return err
	}
	if n := s.extent - cap(d.buf); n > 0 {
		if err := s.mem.grow(n); err != nil {
			return err
		}
		d.buf = make([]byte, 0, s.extent)
	}
	d.buf, d.at = d.buf[:0], 0
	return nil
}

// release gives the extents back.
func (d *spooled) release() {
	if d.s != nil && d.s.file != nil {
		for _, e := range d.extents[d.upto:] {
			d.s.file.Free(e)
		}
	}
	d.extents, d.upto, d.left = d.extents[:0], 0, 0
	d.buf, d.at = d.buf[:0], 0
}

// write appends b.
func (d *spooled) write(ctx context.Context, b []byte) error {
	s := d.s
	d.left += len(b)
	for len(b) > 0 {
		n := copy(s.staging[len(s.staging):s.extent], b)
		s.staging = s.staging[:len(s.staging)+n]
		b = b[n:]
		if len(s.staging) == s.extent {
			if err := d.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the extent being filled; it ends the writing.
func (d *spooled) flush(ctx context.Context) error {
	s := d.s
	if len(s.staging) == 0 {
		return nil
	}
	if len(d.extents) == cap(d.extents) {
		if err := s.mem.grow(extentCost * max(16, cap(d.extents))); err != nil {
			return err
		}
		more := make([]spill.Extent, len(d.extents), max(16, 2*cap(d.extents)))
		copy(more, d.extents)
		d.extents = more
	}
	e, err := s.file.Write(ctx, s.staging)
	if err != nil {
		return err
	}
	if c := s.counters(); c != nil {
		c.BytesSpooled.Add(int64(len(s.staging)))
	}
	d.extents = append(d.extents, e)
	s.staging = s.staging[:0]
	return nil
}

// refill loads the next extent.
func (d *spooled) refill() error {
	if d.upto == len(d.extents) {
		return errValuesEnd
	}
	e := d.extents[d.upto]
	// An extent is short work: the context is looked at once a vector.
	b, err := d.s.file.Read(context.Background(), e, d.buf)
	if err != nil {
		return err
	}
	d.s.file.Free(e)
	d.upto++
	d.buf, d.at = b, 0
	return nil
}

// read fills dst with the next bytes.
func (d *spooled) read(dst []byte) error {
	if len(dst) > d.left {
		return errValuesEnd
	}
	d.left -= len(dst)
	for len(dst) > 0 {
		if d.at == len(d.buf) {
			if err := d.refill(); err != nil {
				return err
			}
		}
		n := copy(dst, d.buf[d.at:])
		d.at += n
		dst = dst[n:]
	}
	return nil
}

// pass skips n bytes; extents that lie in them wholly are not read.
func (d *spooled) pass(n int64) error {
	if n > int64(d.left) {
		return errValuesEnd
	}
	d.left -= int(n)
	for n > 0 {
		if d.at == len(d.buf) {
			if d.upto < len(d.extents) && int64(d.extents[d.upto].Length) <= n {
				n -= int64(d.extents[d.upto].Length)
				d.s.file.Free(d.extents[d.upto])
				d.upto++
				continue
			}
			if err := d.refill(); err != nil {
				return err
			}
		}
		k := int(min(n, int64(len(d.buf)-d.at)))
		d.at += k
		n -= int64(k)
	}
	return nil
}

// reset implements valueDecoder; what d yields was written, not given.
func (d *spooled) reset([]byte) error { return errValuesEnd }

// next implements valueDecoder.
func (d *spooled) next(mem *memory, out []byte, n int) (_ []byte, err error) {
	if d.width > 0 {
		if out, err = mem.resize(out, n*d.width); err != nil {
			return nil, err
		}
		return out, d.read(out)
	}
	out = out[:0]
	for n > 0 {
		if k, end := d.wholeTexts(n); k > 0 {
			at := len(out)
			if out, err = mem.extend(out, at+end); err != nil {
				return out, err
			}
			n -= k
			if err := d.read(out[at:]); err != nil {
				return out, err
			}
			continue
		}
		n--
		at := len(out)
		if out, err = mem.extend(out, at+4); err != nil {
			return out, err
		}
		if err := d.read(out[at:]); err != nil {
			return out, err
		}
		size := int64(binary.LittleEndian.Uint32(out[at:]))
		if size > int64(d.left) {
			return out, errValuesEnd
		}
		if out, err = mem.extend(out, at+4+int(size)); err != nil {
			return out, err
		}
		if err := d.read(out[at+4:]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// wholeTexts returns how many of the next n values lie in the extent at hand, and how
// many bytes those are.
func (d *spooled) wholeTexts(n int) (k, end int) {
	b := d.buf[d.at:]
	for k < n && len(b)-end >= 4 {
		size := int64(binary.LittleEndian.Uint32(b[end:]))
		if size > int64(len(b)-end-4) {
			break
		}
		end += 4 + int(size)
		k++
	}
	return k, end
}

// skip implements valueDecoder.
func (d *spooled) skip(_ *memory, n int) error {
	if d.width > 0 {
		return d.pass(int64(n) * int64(d.width))
	}
	for n > 0 {
		if k, end := d.wholeTexts(n); k > 0 {
			n -= k
			if err := d.pass(int64(end)); err != nil {
				return err
			}
			continue
		}
		n--
		var size [4]byte
		if err := d.read(size[:]); err != nil {
			return err
		}
		if err := d.pass(int64(binary.LittleEndian.Uint32(size[:]))); err != nil {
			return err
		}
	}
	return nil
}

// codes reads dictionary codes.
func (d *spooled) codes(out []uint32) error { return d.read(raw.Bytes(out)) }

// spools reports whether the values of a page, m of them in body, go into the
// file. Others are few bytes, or could become too many there.
func (c *columnReader) spools(e encoding, body []byte, m int) bool {
	width := max(c.leaf.kind.width, 4)
	switch e {
	case encPlain:
		return c.leaf.kind.physical != ptBoolean
	case encPlainDictionary, encRLEDictionary:
		width = 4
	case encRLE, encDeltaBytes: // front-coded strings may each be as long as the page
		return false
	}
	return int64(m)*int64(width) <= spoolRatio*int64(len(body))
}

// spoolPage writes the m values of the page just opened into the file. What
// the page's buffer holds is not used afterwards, but for levels.
func (c *columnReader) spoolPage(ctx context.Context, m int) error {
	d := &c.spooled
	switch c.mode {
	case modeFixed, modeBytes, modeBig:
		return c.spoolPlain(ctx)
	case modeDict:
		if err := d.begin(c.spool, 4); err != nil {
			return err
		}
		for m > 0 {
			codes := c.spool.codes[:min(m, spoolCodes)]
			if err := c.index.read(codes); err != nil {
				return err
			}
			if err := d.write(ctx, raw.Bytes(codes)); err != nil {
				return err
			}
			m -= len(codes)
		}
		c.codesSpooled = true
	default:
		if err := d.begin(c.spool, c.leaf.kind.width); err != nil {
			return err
		}
		for m > 0 {
			k := min(m, vector.Capacity)
			var err error
			if c.scratch, err = c.other.next(c.mem, c.scratch, k); err != nil {
				return err
			}
			if err := d.write(ctx, c.scratch); err != nil {
				return err
			}
			m -= k
		}
		c.readSpooled()
	}
	return d.flush(ctx)
}

// spoolPlain writes the rest of a page of PLAIN values into the file.
func (c *columnReader) spoolPlain(ctx context.Context) error {
	d := &c.spooled
	if err := d.begin(c.spool, c.leaf.kind.width); err != nil {
		return err
	}
	if err := d.write(ctx, c.body[c.at:]); err != nil {
		return err
	}
	c.readSpooled()
	return d.flush(ctx)
}

// readSpooled makes the file the source of the current page's values.
func (c *columnReader) readSpooled() {
	if c.referred() {
		c.bufs = c.bufs[:len(c.bufs)-1]
	}
	c.mode, c.other, c.otherIs, c.body = modeOther, &c.spooled, -1, nil
}

// spoolRest moves what is left of a large page, half read, into the file.
func (c *columnReader) spoolRest(ctx context.Context) error {
	plain := c.mode == modeFixed || c.mode == modeBytes || c.mode == modeBig
	switch {
	case cap(c.page) < spoolLeast, c.meta.codec == codecNone:
		return nil
	case c.pageLeft > 0 && !plain:
		return nil // dictionary codes and the like are small
	case c.referred():
		// References of the present vector point into the page.
		c.held = append(c.held, c.page)
		c.page = nil
	}
	if c.pageLeft > 0 {
		if err := c.keepLevels(); err != nil {
			return err
		}
		if err := c.spoolPlain(ctx); err != nil {
			return err
		}
	}
	c.page = c.mem.drop(c.page)
	return nil
}

// keepLevels copies the levels of the current page out of its buffer.
func (c *columnReader) keepLevels() (err error) {
	maxDef, maxRep := c.leaf.node.maxDef, c.leaf.node.maxRep
	if !c.levelsInPage {
		return nil
	}
	n := 0
	if maxRep > 0 {
		n += len(c.reps.b)
	}
	if maxDef > 0 {
		n += len(c.defs.b)
	}
	if c.kept, err = c.mem.resize(c.kept, n); err != nil {
		return err
	}
	rest := c.kept
	if maxRep > 0 {
		k := copy(rest, c.reps.b)
		c.reps.b, rest = rest[:k:k], rest[k:]
	}
	if maxDef > 0 {
		k := copy(rest, c.defs.b)
		c.defs.b = rest[:k:k]
	}
	c.levelsInPage = false
	return nil
}

// countValues returns how many of the page's n entries have a value.
func (c *columnReader) countValues(n int) (int, error) {
	maxDef := c.leaf.node.maxDef
	if maxDef == 0 {
		return n, nil
	}
	defs := c.defs
	if maxDef == 1 {
		return defs.skipBits(n)
	}
	m := 0
	for n > 0 {
		block := c.spool.codes[:min(n, spoolCodes)]
		if err := defs.read(block); err != nil {
			return 0, err
		}
		for _, d := range block {
			if int(d) == maxDef {
				m++
			}
		}
		n -= len(block)
	}
	return m, nil
}
