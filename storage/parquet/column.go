package parquet

import (
	"context"
	"encoding/binary"
	"sync/atomic"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// dictIDs numbers the dictionaries of the process.
var dictIDs atomic.Uint64

// columnReader reads one flat column of one row group after another, a vector
// at a time. It serves one worker. For a leaf of a nested column it does what
// concerns pages and values, and leafReader the rest: rowsLeft and pageLeft then
// count entries, which are what the levels describe.
type columnReader struct {
	leaf     *leafColumn
	name     string
	path     string
	group    int
	mem      *memory
	codec    *codecState
	spool    *spooler
	counters *storage.ScanCounters
	meta     *columnMeta
	src      chunkSource

	pos      int64 // of the next page's header
	rowsLeft int64 // rows behind the current page
	skipped  int64 // rows that were skipped and not yet passed over
	pageLeft int   // rows left in the current page
	sawData  bool
	aligned  bool // the current page ends with a row

	// The current page.
	mode    pageMode
	reps    hybrid // repetition levels, when the column is part of a list
	defs    hybrid // definition levels, when the column is optional
	index   hybrid // dictionary indices or booleans
	body    []byte
	at      int          // position in body
	bit     int          // of a bit-packed boolean
	other   valueDecoder // of encoding otherIs, kept from page to page
	otherIs encoding
	scratch []byte // values of other

	// When the reader spools.
	spooled      spooled
	codesSpooled bool   // the file has the page's dictionary codes
	levelsInPage bool   // levels lie in the page's buffer
	kept         []byte // levels of a page whose buffer is gone

	// The dictionary: entries, one zero entry behind them for NULL.
	dictAt     int64 // 0: none
	dictHeader pageHeader
	dictReady  bool
	dictLen    int
	dictNull   bool // the zero entry is in use
	dictData   []byte
	dictBits   []byte // bitmap of the entries
	dict       vector.Vector
	dictID     uint64

	// Buffers. bufs[0] is the dictionary's page, the others the pages that
	// references of the present vector point into; held are their buffers
	// while page is the current one's.
	page     []byte
	dictPage []byte
	levels   []byte
	held     [][]byte
	free     [][]byte
	bufs     [][]byte

	out   *vector.Vector // the vector last read; refers to flat's or codes' memory
	flat  *vector.Vector
	codes []uint32
	valid [vector.Capacity / 64]uint64
}

// readerVector is the memory of a column's vectors: values, codes, bitmap.
func readerVector(k *leafKind) int { return vector.Capacity*(k.typ.Physical().Width()+4) + 1024 }

func newColumnReader(leaf *leafColumn, name, path string, r *Reader) (*columnReader, error) {
	mem := &r.mem
	if err := mem.grow(readerVector(&leaf.kind)); err != nil {
		return nil, err
	}
	return &columnReader{
		leaf: leaf, name: name, path: path, mem: mem, codec: &r.codec, spool: &r.spool, counters: r.s.spec.Counters,
		out: vector.New(leaf.kind.typ), flat: vector.New(leaf.kind.typ), bufs: make([][]byte, 1, 4),
	}, nil
}

// open starts on the column's chunk of a row group; src's range is set by the
// caller's plan.
func (c *columnReader) open(meta *columnMeta, group int, rows int64) {
	if c.codes == nil {
		c.codes = make([]uint32, vector.Capacity)
	}
	c.meta, c.group = meta, group
	c.pos, c.rowsLeft, c.skipped, c.pageLeft = c.src.off, rows, 0, 0
	c.mode, c.sawData = modeNone, false
	c.dictAt, c.dictReady = 0, false
	c.codesSpooled, c.levelsInPage = false, false
	c.spooled.release()
	c.releaseHeld()
	c.bufs = c.bufs[:1]
	c.bufs[0] = nil
}

// skip passes over n rows, some time.
func (c *columnReader) skip(n int64) { c.skipped += n }

// nextBuffer makes c.page a buffer that no reference of the present vector
// points into.
func (c *columnReader) nextBuffer() error {
	if !c.leaf.kind.isString() || c.page == nil {
		return nil
	}
	if !c.referred() {
		return nil // the page held no strings
	}
	c.held = append(c.held, c.page)
	c.page = c.takeFree()
	return nil
}

// referred reports whether references point into the current page.
func (c *columnReader) referred() bool { return c.mode == modeBytes || c.mode == modeLengths }

// takeFree returns a buffer that nobody uses, or nil.
func (c *columnReader) takeFree() (b []byte) {
	if n := len(c.free); n > 0 {
		b = c.free[n-1]
		c.free = c.free[:n-1]
	}
	return b
}

// releaseHeld takes back the page buffers of the vector before; two are kept,
// or, when memory is short, small ones.
func (c *columnReader) releaseHeld() {
	c.free = append(c.free, c.held...)
	c.held = c.held[:0]
	c.dropFree(2)
}

// dropFree gives back the buffers that nobody uses, but for the last most.
func (c *columnReader) dropFree(most int) {
	kept := c.free[:0]
	for i, b := range c.free {
		if len(c.free)-i <= most && (!c.spool.on || cap(b) < spoolLeast) {
			kept = append(kept, b)
		} else {
			c.mem.drop(b)
		}
	}
	c.free = kept
}

// start prepares for a read: pending skips are made, buffers that only the
// last vector used are free again.
func (c *columnReader) start(ctx context.Context) error {
	c.releaseHeld()
	for c.skipped > 0 {
		if c.pageLeft == 0 {
			if err := c.openPage(ctx); err != nil {
				return err
			}
			continue
		}
		k := int(min(c.skipped, int64(c.pageLeft)))
		if k < c.pageLeft {
			if err := c.skipInPage(k); err != nil {
				return err
			}
		}
		c.pageLeft -= k
		c.skipped -= int64(k)
	}
	c.trimBufs()
	if c.pageLeft == 0 {
		return c.openPage(ctx)
	}
	return nil
}

// trimBufs forgets the buffers of pages before the current one.
func (c *columnReader) trimBufs() {
	if len(c.bufs) > 2 || !c.referred() {
		last := c.bufs[len(c.bufs)-1]
		c.bufs = c.bufs[:1]
		if c.referred() {
			c.bufs = append(c.bufs, last)
		}
	}
}

// read decodes the next n rows into c.out. sel, when not nil, lists the
// positions of interest; values elsewhere are unspecified. coded asks for a
// dictionary vector whenever the pages allow it; strings always come so.
func (c *columnReader) read(ctx context.Context, n int, sel []uint32, coded bool) error {
	if err := c.start(ctx); err != nil {
		return err
	}
	done, nulls := 0, 0
	// Judging entries pays only when there are fewer of them than rows.
	coded = coded && int64(c.dictLen) < c.meta.numValues/2
	if c.mode == modeDict && (coded || c.leaf.kind.isString()) {
		var err error
		if done, err = c.readCodes(ctx, n); err != nil {
			return err
		}
		if done == n {
			c.out.SetDictionary(&c.dict, c.codes[:n], c.dictID)
			return nil
		}
		// The writer gave up its dictionary within this vector.
		nulls = c.flatten(done, n, nil)
	} else {
		c.flat.Resize(n)
	}
	for done < n {
		if c.pageLeft == 0 {
			if err := c.openPage(ctx); err != nil {
				return err
			}
		}
		k := min(n-done, c.pageLeft)
		m, err := c.readDefs(done, k)
		if err != nil {
			return err
		}
		w := c.leaf.kind.typ.Physical().Width()
		if err := c.readValues(c.flat.Data[done*w:(done+m)*w], done, m, k, sel); err != nil {
			return err
		}
		if m < k {
			spreadWidth(w, c.flat.Data[done*w:(done+k)*w], c.flat.Valid, done, m)
			nulls += k - m
		}
		c.pageLeft -= k
		done += k
	}
	if nulls == 0 {
		c.flat.Valid = nil
	}
	if c.leaf.kind.isString() {
		c.flat.Bufs = c.bufs
	}
	c.out.Reference(c.flat)
	return nil
}

// readDefs reads the definition levels of k rows into the bitmap of c.flat
// from position at on, and returns how many rows have a value.
func (c *columnReader) readDefs(at, k int) (int, error) {
	if c.leaf.node.maxDef == 0 || c.defs.allSet(k) {
		return k, nil
	}
	return c.defs.readBits(c.flat.MutableValid(), at, k)
}

// readValues decodes m values of the current page, at most vector.Capacity,
// into dst. They are for the k >= m rows from at on, of which sel, when not
// nil, lists those of interest.
func (c *columnReader) readValues(dst []byte, at, m, k int, sel []uint32) (err error) {
	kind := &c.leaf.kind
	switch c.mode {
	case modeFixed:
		size := m * kind.width
		if size > len(c.body)-c.at {
			return errValuesEnd
		}
		if err := kind.convertFixed(dst, c.body[c.at:], m); err != nil {
			return err
		}
		c.at += size
	case modeBytes:
		refs := castRefs(dst)
		buf := len(c.bufs) - 1
		if from, to := within(sel, at, at+k); sel != nil && m == k && kind.width == 0 && to-from < k/4 {
			start := c.at
			if c.at, err = plainRefsSel(refs, c.body, c.at, buf, sel[from:to], at); err == nil && kind.text {
				err = checkPlainText(c.body, start, c.at, m)
			}
			return err
		}
		c.at, err = kind.decodeStrings(refs, c.body, c.at, buf)
		return err
	case modeBig:
		c.at, err = kind.decodeBig(dst, c.body, c.at, m)
		return err
	case modeBits:
		if c.bit+m > len(c.body)*8 {
			return errValuesEnd
		}
		for i := range dst {
			b := c.bit + i
			dst[i] = c.body[b>>3] >> (b & 7) & 1
		}
		c.bit += m
	case modeOther:
		return c.readOther(dst, m)
	case modeLengths:
		return c.other.(*deltaLength).refs(castRefs(dst), c.body, len(c.bufs)-1, kind.text)
	case modeRLE:
		codes := c.codes[:m]
		if err := c.index.read(codes); err != nil {
			return err
		}
		for i, x := range codes {
			dst[i] = byte(x)
		}
	case modeDict:
		codes := c.codes[:m]
		if err := c.readIndices(codes); err != nil {
			return err
		}
		gatherWidth(kind.typ.Physical().Width(), dst, c.dictData, codes)
	}
	return nil
}

// readOther decodes m values by c.other into dst.
func (c *columnReader) readOther(dst []byte, m int) (err error) {
	kind := &c.leaf.kind
	if c.other == valueDecoder(&c.spooled) && kind.convert == convCopy {
		return c.spooled.read(dst[:m*kind.width])
	}
	if kind.convert != convString {
		if c.scratch, err = c.other.next(c.mem, c.scratch, m); err != nil {
			return err
		}
		if kind.width == 0 {
			_, err = kind.decodeBig(dst, c.scratch, 0, m)
			return err
		}
		return kind.convertFixed(dst, c.scratch, m)
	}
	// References will point into the buffer: it is free again when the page
	// buffers of this vector are.
	buf, err := c.other.next(c.mem, c.takeFree(), m)
	if buf != nil {
		c.held = append(c.held, buf)
	}
	if err != nil {
		return err
	}
	c.bufs = append(c.bufs, buf)
	_, err = kind.decodeStrings(castRefs(dst), buf, 0, len(c.bufs)-1)
	return err
}

// within returns the part of sel whose positions lie in [lo, hi).
func within(sel []uint32, lo, hi int) (from, to int) {
	if lo == 0 && (len(sel) == 0 || int(sel[len(sel)-1]) < hi) {
		return 0, len(sel)
	}
	for from < len(sel) && int(sel[from]) < lo {
		from++
	}
	for to = from; to < len(sel) && int(sel[to]) < hi; to++ {
	}
	return from, to
}

// readIndices reads dictionary indices and checks that each has an entry.
func (c *columnReader) readIndices(codes []uint32) error {
	if c.codesSpooled {
		if err := c.spooled.codes(codes); err != nil {
			return err
		}
	} else if err := c.index.read(codes); err != nil {
		return err
	}
	if c.index.width < 31 && 1<<c.index.width <= c.dictLen {
		return nil
	}
	if !allBelow(codes, c.dictLen) {
		return errIndex
	}
	return nil
}

// allBelow reports whether every code is below limit, at most 2^31 - 1.
func allBelow(codes []uint32, limit int) bool {
	if int64(limit) >= 1<<31 {
		return false
	}
	// Two at a time: a code below 2^31 plus 2^31 - limit has its top bit set if
	// and only if it is not below limit, and never carries.
	const top = 1<<63 | 1<<31
	bias := (1<<31 - uint64(limit)) * (1<<32 | 1)
	acc := uint64(0)
	b := raw.Bytes(codes)
	for len(b) >= 32 {
		s := b[:32:32]
		w0, w1 := binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[8:])
		w2, w3 := binary.LittleEndian.Uint64(s[16:]), binary.LittleEndian.Uint64(s[24:])
		acc |= w0 | w1 | w2 | w3 // codes of 32 bits have the top bit themselves
		acc |= (w0&^top + bias) | (w1&^top + bias) | (w2&^top + bias) | (w3&^top + bias)
		b = b[32:]
	}
	for i := len(codes) - len(b)/4; i < len(codes); i++ {
		if int64(codes[i]) >= int64(limit) {
			return false
		}
	}
	return acc&top == 0
}

// readCodes reads up to n rows as dictionary codes, NULL being the entry
// dictLen, for as long as pages are dictionary encoded.
func (c *columnReader) readCodes(ctx context.Context, n int) (done int, err error) {
	for done < n {
		if c.pageLeft == 0 {
			if err := c.openPage(ctx); err != nil {
				return done, err
			}
			if c.mode != modeDict {
				return done, nil
			}
		}
		k := min(n-done, c.pageLeft)
		m := k
		if c.leaf.node.maxDef > 0 && !c.defs.allSet(k) {
			if m, err = c.defs.readBits(c.valid[:], 0, k); err != nil {
				return done, err
			}
		}
		codes := c.codes[done : done+k]
		if err := c.readIndices(codes[:m]); err != nil {
			return done, err
		}
		if m < k {
			if !c.dictNull {
				if err := c.newDictionary(true); err != nil {
					return done, err
				}
			}
			spreadCodes(codes, c.valid[:], m, uint32(c.dictLen))
		}
		c.pageLeft -= k
		done += k
	}
	return done, nil
}

// newDictionary sets up the dictionary vector over the entries, with or
// without the one for NULL, under a new ID.
func (c *columnReader) newDictionary(null bool) (err error) {
	kind := &c.leaf.kind
	w := kind.typ.Physical().Width()
	c.dictNull = null
	c.dictID = dictIDs.Add(1)
	n := c.dictLen
	c.dict = vector.Vector{Type: kind.typ}
	if null {
		n++
		words := (n + 63) / 64
		if c.dictBits, err = c.mem.resize(c.dictBits, words*8); err != nil {
			return err
		}
		valid := vector.Bitmap(raw.Cast[uint64](c.dictBits))
		for i := range valid {
			valid[i] = ^uint64(0)
		}
		valid.Clear(c.dictLen)
		c.dict.Valid = valid
	}
	c.dict.Len, c.dict.Data = n, c.dictData[:n*w]
	if kind.isString() {
		c.dict.Bufs = [][]byte{c.bufs[0]}
	}
	return nil
}

// flatten gathers the first done codes into c.flat, which gets n positions,
// at the positions sel (nil = all), and returns how many are NULL.
func (c *columnReader) flatten(done, n int, sel []uint32) (nulls int) {
	w := c.leaf.kind.typ.Physical().Width()
	c.flat.Resize(n)
	if sel != nil && len(sel) < done/2 {
		gatherWidthSel(w, c.flat.Data, c.dictData, c.codes[:done], sel)
	} else {
		gatherWidth(w, c.flat.Data[:done*w], c.dictData, c.codes[:done])
	}
	if !c.dictNull {
		return 0
	}
	null := uint32(c.dictLen)
	for i, x := range c.codes[:done] {
		if x == null {
			c.flat.SetNull(i)
			nulls++
		}
	}
	return nulls
}

func (c *columnReader) vector() *vector.Vector { return c.out }

// settle makes the vector that read with coded = true gave ready for output:
// numbers come out flat, since arithmetic on a dictionary would cost each
// operator the gather.
func (c *columnReader) settle(sel []uint32) {
	if c.out.Form == vector.Dictionary && !c.leaf.kind.isString() {
		c.flatten(c.out.Len, c.out.Len, sel)
		c.out.Reference(c.flat)
	}
}

// skipInPage passes over k rows, fewer than the page has left.
func (c *columnReader) skipInPage(k int) (err error) {
	m := k
	if c.leaf.node.maxDef > 0 && !c.defs.allSet(k) {
		if m, err = c.defs.skipBits(k); err != nil {
			return err
		}
	}
	return c.skipValues(m)
}

// skipValues passes over m values of the current page.
func (c *columnReader) skipValues(m int) (err error) {
	switch c.mode {
	case modeFixed:
		if int64(m)*int64(c.leaf.kind.width) > int64(len(c.body)-c.at) {
			return errValuesEnd
		}
		c.at += m * c.leaf.kind.width
	case modeBytes, modeBig:
		if w := c.leaf.kind.width; w > 0 {
			if int64(m)*int64(w) > int64(len(c.body)-c.at) {
				return errValuesEnd
			}
			c.at += m * w
			return nil
		}
		c.at, err = skipPlainBytes(c.body, c.at, m)
	case modeBits:
		if c.bit+m > len(c.body)*8 {
			return errValuesEnd
		}
		c.bit += m
	case modeOther, modeLengths:
		err = c.other.skip(c.mem, m)
	case modeDict:
		if c.codesSpooled {
			return c.spooled.pass(int64(m) * 4)
		}
		err = c.index.skip(m)
	case modeRLE:
		err = c.index.skip(m)
	}
	return err
}

func castRefs(b []byte) []types.StringRef { return raw.Cast[types.StringRef](b) }
