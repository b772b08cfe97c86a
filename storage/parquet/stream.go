package parquet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// A page of megabytes need not be in memory as a whole to be spooled: PLAIN
// values can be written as they come out of the decompressor, which wants no
// more than the window of its format. LZ4 as Hadoop frames it, where only the end
// tells whether it is framed at all, is decompressed whole.

// streamPiece is how much of a stored page is read at a time.
const streamPiece = 32 << 10

// storedPage reads the body of a page piece by piece and sums it up.
type storedPage struct {
	ctx  context.Context // of the call that the stream lives in
	f    *fetcher
	pos  int64 // of the next piece in the file
	left int64 // bytes of the body behind that
	buf  []byte
	rest []byte // of buf, not taken yet
	crc  uint32
}

// fill reads the next piece if there is nothing left of the last one.
func (p *storedPage) fill() error {
	if len(p.rest) > 0 {
		return nil
	}
	if p.left == 0 {
		return io.EOF
	}
	if err := sqlerr.FromContext(p.ctx); err != nil {
		return err
	}
	b := p.buf[:min(int64(len(p.buf)), p.left)]
	if err := p.f.read(b, p.pos); err != nil {
		return err
	}
	p.crc = crc32.Update(p.crc, crc32.IEEETable, b)
	p.pos += int64(len(b))
	p.left -= int64(len(b))
	p.rest = b
	return nil
}

// Read implements io.Reader.
func (p *storedPage) Read(b []byte) (int, error) {
	if err := p.fill(); err != nil {
		return 0, err
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// ended reports whether all of the body was taken.
func (p *storedPage) ended() bool { return len(p.rest) == 0 && p.left == 0 }

// drain reads to the end.
func (p *storedPage) drain() error {
	for {
		p.rest = nil
		if err := p.fill(); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// zstdStreamCost is what a stream with the given window takes: the window in a
// ring with room for two blocks, and a block as stored.
func zstdStreamCost(window int) int { return window + 384<<10 }

// zstdWindow returns the window of the frame that begins b.
func zstdWindow(b []byte) (int, error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return 0, err
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	if window > maxPageSize {
		return 0, errPageSize
	}
	return max(int(window), zstd.MinWindowSize), nil
}

// stream returns a reader of the size bytes that the page in holds, decompressed; a
// nil reader when that would cost more than whole bytes. What it needs is charged
// to mem.
func (c *codecState) stream(mem *memory, codec int32, in *storedPage, size, whole int) (io.Reader, error) {
	switch codecNames[codec] {
	case "SNAPPY", "LZ4_RAW":
		if blockStreamCost > whole {
			return nil, nil
		}
		if c.block.buf == nil {
			c.block.buf = make([]byte, blockStreamCost) // of codecMemory
		}
		return &c.block, c.block.begin(in, codecNames[codec] == "LZ4_RAW", size)
	case "GZIP":
		if c.gzipDec == nil {
			d, err := gzip.NewReader(in)
			c.gzipDec = d
			return d, err
		}
		return c.gzipDec, c.gzipDec.Reset(in)
	case "BROTLI":
		if err := in.fill(); err != nil {
			return nil, err
		}
		if window := brotliWindow(in.rest); 2*window+brotliTables > max(whole, c.window) {
			return nil, nil
		}
		if err := c.reserve(mem, codec, in.rest); err != nil {
			return nil, err
		}
		if c.brotDec == nil {
			c.brotDec = brotli.NewReader(in)
			return c.brotDec, nil
		}
		return c.brotDec, c.brotDec.Reset(in)
	case "ZSTD":
		if err := in.fill(); err != nil {
			return nil, err
		}
		window, err := zstdWindow(in.rest)
		if err != nil {
			return nil, err
		}
		if zstdStreamCost(window) > whole {
			return nil, nil
		}
		if c.zstdStream == nil || window > c.zstdWindow {
			c.dropStream(mem)
			if err := mem.grow(zstdStreamCost(window)); err != nil {
				return nil, err
			}
			c.zstdWindow = window
			// Frames behind the first must do with its window.
			c.zstdStream, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxMemory(maxPageSize), zstd.WithDecoderMaxWindow(uint64(window)))
			if err != nil {
				mem.shrink(zstdStreamCost(window))
				return nil, err
			}
		}
		return c.zstdStream, c.zstdStream.Reset(in)
	}
	return nil, nil
}

// endStream lets go of the window of a stream where the query holds more than its
// part: so that readers of several queries can have one after the other.
func (c *codecState) endStream(mem *memory) {
	if c.zstdStream != nil && mem.res != nil && mem.res.Held() > mem.res.Budget().Part() {
		c.dropStream(mem)
	}
}

func (c *codecState) dropStream(mem *memory) {
	if c.zstdStream != nil {
		c.zstdStream.Close()
		c.zstdStream = nil
		mem.shrink(zstdStreamCost(c.zstdWindow))
	}
}

// streams reports whether a page can be spooled as a stream.
func (c *columnReader) streams(h *pageHeader) bool {
	if !c.spool.worth(int(h.uncompressedSize)) || c.src.rng >= 0 || h.encoding != encPlain || c.leaf.kind.physical == ptBoolean {
		return false
	}
	n := c.leaf.node
	if h.typ != pageDataV2 && (n.maxRep > 0 && h.repEncoding != encRLE || n.maxDef > 0 && h.defEncoding != encRLE) {
		return false
	}
	switch codecNames[c.meta.codec] {
	case "UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "ZSTD", "LZ4_RAW":
		return true
	}
	return false
}

// streamPage spools a data page without having it in memory as a whole; false
// when that would take more memory than having it, or cannot be done.
func (c *columnReader) streamPage(ctx context.Context, h *pageHeader, at int64) (done bool, err error) {
	done, err = c.streamBody(ctx, h, at)
	if errors.Is(err, errFar) {
		c.spooled.release()
		return false, nil
	}
	return done, err
}

func (c *columnReader) streamBody(ctx context.Context, h *pageHeader, at int64) (done bool, err error) {
	s := c.spool
	if err := s.open(); err != nil {
		return false, err
	}
	if s.stored, err = c.mem.fit(s.stored, max(streamPiece, len(s.stored))); err != nil {
		return false, err
	}
	in := &storedPage{ctx: ctx, f: s.fetch, pos: at, left: int64(h.compressedSize), buf: s.stored[:streamPiece]}
	left, compressed := int(h.uncompressedSize), c.meta.codec != codecNone
	if h.typ == pageDataV2 {
		levels := int64(h.defLen) + int64(h.repLen)
		if levels > int64(h.compressedSize) || levels > int64(left) {
			return false, errLevels
		}
		if c.levels, err = c.mem.resize(c.levels, int(levels)); err != nil {
			return false, err
		}
		if err := readFull(in, c.levels); err != nil {
			return false, err
		}
		left -= int(levels)
		compressed = compressed && !h.uncompressed
	}
	var body io.Reader = in
	empty := left == 0 // some writers compress nothing into something
	if compressed = compressed && !empty; compressed {
		whole := (int(h.uncompressedSize) + int(h.compressedSize)) / 5 * 4
		if s.always {
			whole = maxPageSize
		}
		body, err = c.codec.stream(c.mem, c.meta.codec, in, left, whole)
		if err != nil {
			return false, c.streamError(err)
		}
		if body == nil {
			return false, nil
		}
	}
	// What refers to the page before is done with its buffer.
	if err := c.nextBuffer(); err != nil {
		return false, err
	}
	c.page, c.levelsInPage, c.codesSpooled = c.mem.drop(c.page), false, false
	if h.typ == pageDataV2 {
		c.setLevels(c.levels[:h.repLen], c.levels[h.repLen:])
	} else if left, err = c.streamLevels(body, left); err != nil {
		return false, c.streamError(err)
	}
	defer c.codec.endStream(c.mem)
	d := &c.spooled
	if err := d.begin(s, c.leaf.kind.width); err != nil {
		return false, err
	}
	for left > 0 {
		k := min(left, s.extent-len(s.staging))
		piece := s.staging[len(s.staging) : len(s.staging)+k]
		if err := readFull(body, piece); err != nil {
			return false, c.streamError(err)
		}
		s.staging = s.staging[:len(s.staging)+k]
		d.left += k
		left -= k
		if len(s.staging) == s.extent {
			if err := d.flush(ctx); err != nil {
				return false, err
			}
		}
	}
	if err := d.flush(ctx); err != nil {
		return false, err
	}
	if compressed {
		// The end must be seen, for checksums stand there.
		var one [1]byte
		if n, err := body.Read(one[:]); n != 0 || err != io.EOF {
			if err != nil && err != io.EOF {
				return false, c.streamError(err)
			}
			return false, errPageSize
		}
	} else if !empty && (in.left > 0 || len(in.rest) > 0) {
		return false, errPageSize
	}
	if err := in.drain(); err != nil {
		return false, err
	}
	if h.hasCRC && in.crc != h.crc {
		return false, errCRC
	}
	c.at, c.bit = 0, 0
	c.readSpooled()
	return true, nil
}

// setLevels starts on the levels of a page of version 2.
func (c *columnReader) setLevels(reps, defs []byte) {
	n := c.leaf.node
	if n.maxRep > 0 {
		c.reps.reset(reps, levelWidth(n.maxRep))
	}
	if n.maxDef > 0 {
		c.defs.reset(defs, levelWidth(n.maxDef))
	}
}

// streamLevels reads the levels at the front of a page of version 1, of which
// left bytes are to come, and returns how many are then.
func (c *columnReader) streamLevels(body io.Reader, left int) (int, error) {
	n := c.leaf.node
	c.kept = c.kept[:0]
	var ends [2]int
	for i, maxLevel := range [2]int{n.maxRep, n.maxDef} {
		if maxLevel > 0 {
			var length [4]byte
			if left < 4 {
				return 0, errLevels
			}
			if err := readFull(body, length[:]); err != nil {
				return 0, err
			}
			left -= 4
			size := int64(binary.LittleEndian.Uint32(length[:]))
			if size > int64(left) {
				return 0, errLevels
			}
			at := len(c.kept)
			var err error
			if c.kept, err = c.mem.extend(c.kept, at+int(size)); err != nil {
				return 0, err
			}
			if err := readFull(body, c.kept[at:]); err != nil {
				return 0, err
			}
			left -= int(size)
		}
		ends[i] = len(c.kept)
	}
	c.setLevels(c.kept[:ends[0]], c.kept[ends[0]:])
	return left, nil
}

// readFull fills b; the end before that is errPageSize.
func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errPageSize
	}
	return err
}

// streamError names the codec of an error, unless that is one of ours.
func (c *columnReader) streamError(err error) error {
	var e *sqlerr.Error
	if errors.As(err, &e) || errors.Is(err, errPageSize) || errors.Is(err, errLevels) || errors.Is(err, errShort) {
		return err
	}
	return fmt.Errorf("%s: %w", codecNames[c.meta.codec], err)
}
