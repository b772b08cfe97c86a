package parquet

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// pageMode says how the values of the current page are read.
type pageMode uint8

const (
	modeNone    pageMode = iota
	modeFixed            // PLAIN, values of fixed width, to be converted
	modeBytes            // PLAIN, length-prefixed or fixed, as string references
	modeBig              // PLAIN, length-prefixed numbers
	modeBits             // PLAIN booleans
	modeRLE              // RLE booleans
	modeDict             // indices into the dictionary
	modeLengths          // DELTA_LENGTH_BYTE_ARRAY as string references
	modeOther            // one of decoders
)

var (
	errPageHeader = errors.New("page header is malformed")
	errCRC        = errors.New("page checksum does not match")
	errDictionary = errors.New("dictionary page is malformed")
	errNoDict     = errors.New("page refers to a dictionary that is not there")
	errIndex      = errors.New("dictionary index is out of range")
	errTooFew     = errors.New("column chunk has fewer values than its row group has rows")
)

// unsupported is what a page needs and this reader lacks.
type unsupported struct{ what string }

func (u unsupported) Error() string { return u.what }

// openPage makes the next data page current, decompressed and positioned at
// its first value. Pages that lie in the skipped rows entirely are passed over
// by their headers.
func (c *columnReader) openPage(ctx context.Context) error {
	var h pageHeader
	for {
		if c.rowsLeft <= 0 {
			return errTooFew
		}
		body, err := c.readHeader(ctx, &h)
		if err != nil {
			if c.spool.able(err) {
				if err := c.spool.start(ctx, c); err != nil {
					return err
				}
				continue
			}
			return err
		}
		next := body + int64(h.compressedSize)
		switch h.typ {
		case pageDict:
			// Decoded when the first page that needs it is.
			if c.dictAt != 0 || c.sawData {
				return errDictionary
			}
			c.dictAt, c.dictHeader = body, h
		case pageData, pageDataV2:
			c.sawData = true
			n := int(h.numValues)
			if int64(n) > c.rowsLeft {
				return errPageHeader
			}
			c.pos, c.rowsLeft = next, c.rowsLeft-int64(n)
			if c.passOver(&h) {
				if n > 0 && c.counters != nil {
					c.counters.PagesSkipped.Add(1)
				}
				continue
			}
			err := c.loadPage(ctx, &h, body)
			if c.spool.able(err) {
				if err := c.spool.start(ctx, c); err != nil {
					return err
				}
				err = c.loadPage(ctx, &h, body)
			}
			if err != nil {
				return err
			}
			c.pageLeft, c.aligned = n, h.typ == pageDataV2
			return nil
		case pageIndex:
		default:
			if h.typ < 0 {
				return errPageHeader
			}
		}
		c.pos = next
	}
}

// passOver reports whether all rows of a page are skipped, and then counts
// them. Of a column with lists only a header of version 2 tells how many rows
// there are, and only it promises that they end with the page.
func (c *columnReader) passOver(h *pageHeader) bool {
	rows := int64(h.numValues)
	if c.leaf.node.maxRep > 0 {
		if h.typ != pageDataV2 || h.numRows <= 0 || h.numRows > h.numValues {
			return false
		}
		rows = int64(h.numRows)
	}
	if rows > c.skipped {
		return false
	}
	c.skipped -= rows
	return true
}

// readHeader parses the page header at c.pos and returns where the body is.
func (c *columnReader) readHeader(ctx context.Context, h *pageHeader) (body int64, err error) {
	more := 64 << 10
	if c.skipped > 0 {
		more = 8 << 10 // the body is perhaps not wanted
	}
	if c.spool.on {
		more = 2 << 10
	}
	for size := 256; ; size *= 8 {
		b, _, err := c.src.at(ctx, c.pos, size, more)
		if err != nil {
			return 0, err
		}
		n, err := parsePageHeader(b, h)
		if err == nil {
			if int64(h.compressedSize) > c.src.end-c.pos-int64(n) {
				return 0, errShort
			}
			return c.pos + int64(n), nil
		}
		if !errors.Is(err, errThriftShort) || len(b) < size || size >= maxHeaderSize {
			return 0, err
		}
	}
}

// pageBytes returns the body of a page as stored, its checksum verified.
func (c *columnReader) pageBytes(ctx context.Context, h *pageHeader, at int64) (b []byte, lasting bool, err error) {
	if c.spool.on && c.src.rng < 0 {
		b, err = c.spool.read(ctx, h, at)
		return b, false, err
	}
	b, lasting, err = c.src.at(ctx, at, int(h.compressedSize), window)
	if err != nil {
		return nil, false, err
	}
	if len(b) < int(h.compressedSize) {
		return nil, false, errShort
	}
	if h.hasCRC && crc32.ChecksumIEEE(b) != h.crc {
		return nil, false, errCRC
	}
	return b, lasting, nil
}

// unpack returns the page body src as it was before compression, size bytes;
// it lies in buf (which may be reallocated) unless the bytes last as they are.
func (c *columnReader) unpack(buf, src []byte, size int, compressed, lasting bool) (out, newBuf []byte, err error) {
	if !compressed {
		if len(src) != size {
			return nil, buf, errPageSize
		}
		if lasting {
			return src, buf, nil
		}
		if buf, err = c.mem.resizePage(buf, size); err != nil {
			return nil, nil, err
		}
		copy(buf, src)
		return buf, buf, nil
	}
	if size > 0 && !plausible(c.meta.codec, src, size) {
		return nil, buf, errPageSize
	}
	if buf, err = c.mem.resizePage(buf, size); err != nil {
		return nil, nil, err
	}
	if size == 0 {
		return buf, buf, nil // some writers compress nothing into nothing
	}
	if err := c.codec.reserve(c.mem, c.meta.codec, src); err != nil {
		return nil, buf, err
	}
	if err := c.codec.decompress(c.meta.codec, buf, src); err != nil {
		return nil, buf, fmt.Errorf("%s: %w", codecNames[c.meta.codec], err)
	}
	return buf, buf, nil
}

// loadPage decompresses a data page and sets its levels and values up.
func (c *columnReader) loadPage(ctx context.Context, h *pageHeader, at int64) error {
	if err := c.checkEncoding(h.encoding); err != nil {
		return err
	}
	if c.streams(h) {
		if done, err := c.streamPage(ctx, h, at); done || err != nil {
			return err
		}
	}
	if c.spool.on && (h.encoding == encPlainDictionary || h.encoding == encRLEDictionary) {
		// Dictionary and data page go through the same buffers.
		if err := c.loadDictionary(ctx); err != nil {
			return err
		}
	}
	src, lasting, err := c.pageBytes(ctx, h, at)
	if err != nil {
		return err
	}
	compressed := c.meta.codec != codecNone
	size := int(h.uncompressedSize)
	maxDef, maxRep := c.leaf.node.maxDef, c.leaf.node.maxRep
	var reps, defs []byte
	if h.typ == pageDataV2 {
		levels := int64(h.defLen) + int64(h.repLen)
		if levels > int64(len(src)) || levels > int64(size) {
			return errLevels
		}
		// Levels are small and must outlive src when that does not last.
		if c.levels, err = c.mem.resize(c.levels, int(levels)); err != nil {
			return err
		}
		copy(c.levels, src[:levels])
		reps, defs = c.levels[:h.repLen], c.levels[h.repLen:]
		src, size = src[levels:], size-int(levels)
		compressed = compressed && !h.uncompressed
	}
	if err := c.nextBuffer(); err != nil {
		return err
	}
	spooling := c.spool.worth(size) && !lasting
	body, err := c.unpackPage(spooling, src, size, compressed, lasting)
	if err != nil {
		return err
	}
	c.levelsInPage = h.typ != pageDataV2
	if h.typ == pageDataV2 {
		c.setLevels(reps, defs)
	} else {
		n := int(h.numValues)
		ofReps := packedLevelSize(h.repEncoding, maxRep, n)
		if k := ofReps + packedLevelSize(h.defEncoding, maxDef, n); k > 0 {
			if k > len(body) {
				return errLevels
			}
			if c.levels, err = c.mem.resize(c.levels, k); err != nil {
				return err
			}
		}
		if maxRep > 0 {
			if body, err = c.reps.resetV1(body, h.repEncoding, maxRep, n, c.levels); err != nil {
				return err
			}
		}
		if maxDef > 0 {
			if body, err = c.defs.resetV1(body, h.defEncoding, maxDef, n, c.levels[min(ofReps, len(c.levels)):]); err != nil {
				return err
			}
		}
	}
	if !spooling {
		return c.openValues(ctx, h.encoding, body)
	}
	if err := c.spool.open(); err != nil {
		return err
	}
	if err := c.keepLevels(); err != nil {
		return err
	}
	m, err := c.countValues(int(h.numValues))
	if err != nil {
		return err
	}
	if c.spools(h.encoding, body, m) {
		if err := c.openValues(ctx, h.encoding, body); err != nil {
			return err
		}
		return c.spoolPage(ctx, m)
	}
	if c.page, err = c.mem.fit(c.page, len(body)); err != nil {
		return err
	}
	copy(c.page, body)
	return c.openValues(ctx, h.encoding, c.page)
}

// unpackPage decompresses the body of a data page: into the column's buffer,
// or, when the page is spooled, into the one that the reader's columns share.
func (c *columnReader) unpackPage(spooling bool, src []byte, size int, compressed, lasting bool) (body []byte, err error) {
	if !spooling {
		body, c.page, err = c.unpack(c.page, src, size, compressed, lasting)
		return body, err
	}
	c.page = c.mem.drop(c.page)
	if !compressed {
		if len(src) != size {
			return nil, errPageSize
		}
		return src, nil
	}
	s := c.spool
	if size > 0 && !plausible(c.meta.codec, src, size) {
		return nil, errPageSize
	}
	if s.page, err = c.mem.fit(s.page, size); err != nil {
		return nil, err
	}
	body, s.page, err = c.unpack(s.page, src, size, true, false)
	return body, err
}

// checkEncoding refuses encodings before anything is read for them.
func (c *columnReader) checkEncoding(e encoding) error {
	switch e {
	case encPlain, encPlainDictionary, encRLEDictionary:
		return nil
	case encRLE:
		if c.leaf.kind.physical == ptBoolean {
			return nil
		}
	default:
		if e > 0 && int(e) < len(decoders) && decoders[e] != nil && decoders[e](&c.leaf.kind) != nil {
			return nil
		}
	}
	return unsupported{fmt.Sprintf("encoding %s of column %q", e, c.name)}
}

// openValues sets up the values of a data page.
func (c *columnReader) openValues(ctx context.Context, e encoding, body []byte) error {
	c.body, c.at, c.bit, c.codesSpooled = body, 0, 0, false
	k := &c.leaf.kind
	switch e {
	case encPlainDictionary, encRLEDictionary:
		if err := c.loadDictionary(ctx); err != nil {
			return err
		}
		c.mode = modeDict
		width := uint(0)
		if len(body) > 0 {
			if width = uint(body[0]); width > 32 {
				return errHybrid
			}
			body = body[1:]
		}
		c.index.reset(body, width)
	case encRLE:
		if len(body) < 4 {
			return errHybrid
		}
		n := int(uint32(body[0]) | uint32(body[1])<<8 | uint32(body[2])<<16 | uint32(body[3])<<24)
		if n > len(body)-4 {
			return errHybrid
		}
		c.mode = modeRLE
		c.index.reset(body[4:4+n], 1)
	default:
		if e != encPlain {
			if c.other == nil || c.otherIs != e {
				c.other, c.otherIs = decoders[e](k), e
			}
			c.mode = modeOther
			if e == encDeltaLengthBytes && k.convert == convString {
				c.mode = modeLengths
				c.bufs = append(c.bufs, body)
			}
			return c.other.reset(body)
		}
		switch {
		case k.physical == ptBoolean:
			c.mode = modeBits
		case k.convert == convString:
			c.mode = modeBytes
			c.bufs = append(c.bufs, body)
		case k.width == 0:
			c.mode = modeBig
		default:
			c.mode = modeFixed
		}
	}
	return nil
}

// loadDictionary decodes the chunk's dictionary page, once.
func (c *columnReader) loadDictionary(ctx context.Context) error {
	if c.dictReady {
		return nil
	}
	if c.dictAt == 0 {
		return errNoDict
	}
	k, h := &c.leaf.kind, &c.dictHeader
	if k.physical == ptBoolean {
		return errDictionary
	}
	if h.encoding != encPlain && h.encoding != encPlainDictionary {
		return unsupported{fmt.Sprintf("encoding %s of a dictionary, column %q", h.encoding, c.name)}
	}
	src, lasting, err := c.pageBytes(ctx, h, c.dictAt)
	if err != nil {
		return err
	}
	body, buf, err := c.unpack(c.dictPage, src, int(h.uncompressedSize), c.meta.codec != codecNone, lasting)
	c.dictPage = buf
	if err != nil {
		return err
	}
	// Every entry takes its width of the body, or four bytes for its length.
	n, each := int(h.numValues), k.width
	if each == 0 {
		each = 4
	}
	if int64(n)*int64(each) > int64(len(body)) {
		return errDictionary
	}
	width := k.typ.Physical().Width()
	if c.dictData, err = c.mem.resize(c.dictData, (n+1)*width); err != nil {
		return err
	}
	data := c.dictData
	clear(data[n*width:])
	switch {
	case k.convert == convString:
		_, err = k.decodeStrings(castRefs(data)[:n], body, 0, 0)
	case k.width == 0:
		_, err = k.decodeBig(data, body, 0, n)
	default:
		err = k.convertFixed(data, body, n)
	}
	if err != nil {
		return err
	}
	c.dictLen, c.dictReady = n, true
	c.bufs[0] = body
	return c.newDictionary(c.meta.stats.nullCount > 0 && c.leaf.node.maxDef > 0)
}

// isString reports whether elements are string references.
func (k *leafKind) isString() bool { return k.typ.Physical() == types.PString }

// wrap gives an error of reading this column its place and code.
func (c *columnReader) wrap(err error) error {
	var e *sqlerr.Error
	if errors.As(err, &e) {
		return err
	}
	var u unsupported
	if errors.As(err, &u) {
		return sqlerr.New(sqlerr.CodeUnsupported, "%s is not supported", u.what).WithFile(c.path, 0)
	}
	return sqlerr.New(sqlerr.CodeCorruption, "column %q of row group %d: %v", c.name, c.group, err).WithFile(c.path, 0)
}
