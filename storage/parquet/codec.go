package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// codecNames is indexed by the format's CompressionCodec.
var codecNames = [...]string{"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"}

// codecs holds the decompressor of each codec: dst has exactly the size that
// the page declares, and must be filled; it is never grown. nil: not
// supported. Another codec is another line.
var codecs = [...]func(c *codecState, dst, src []byte) error{
	1:         (*codecState).snappy,
	2:         (*codecState).gzip,
	4:         (*codecState).brotli,
	5:         (*codecState).lz4Hadoop,
	codecZstd: (*codecState).zstd,
	7:         (*codecState).lz4Raw,
}

const (
	codecNone = 0
	codecZstd = 6
)

var errPageSize = errors.New("page does not have the size it declares")

// codecState keeps decompressors between pages; one a reader.
type codecState struct {
	zstdDec *zstd.Decoder
	gzipDec *gzip.Reader
	brotDec *brotli.Reader
	window  int // bytes charged for brotDec

	zstdStream *zstd.Decoder // for streams, which keep a window
	zstdWindow int           // the largest it takes
	block      blockStream
	src        bytes.Reader
}

// checkCodec gives the error of a codec that cannot be read.
func checkCodec(codec int32) error {
	if codec == codecNone || codec > 0 && int(codec) < len(codecs) && codecs[codec] != nil {
		return nil
	}
	if codec > 0 && int(codec) < len(codecNames) {
		return fmt.Errorf("compression %s", codecNames[codec])
	}
	return fmt.Errorf("compression codec %d", codec)
}

// plausible reports whether size bytes can come out of src, as far as that is
// cheap to tell: a page that lies is found out before it gets its memory.
func plausible(codec int32, src []byte, size int) bool {
	switch codecNames[codec] {
	case "SNAPPY":
		n, err := snappy.DecodedLen(src)
		return err == nil && n == size
	case "GZIP":
		return int64(size) <= 1032*int64(len(src)) // deflate's best
	case "LZ4_RAW":
		return int64(size) <= 255*int64(len(src))
	}
	return true
}

// decompress fills dst from src; codec was checked and is not codecNone.
func (c *codecState) decompress(codec int32, dst, src []byte) error {
	return codecs[codec](c, dst, src)
}

func (c *codecState) snappy(dst, src []byte) error {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return err
	}
	if n != len(dst) {
		return errPageSize
	}
	_, err = snappy.Decode(dst, src)
	return err
}

func (c *codecState) zstd(dst, src []byte) error {
	if c.zstdDec == nil {
		// Synchronous, and without a decoder of its own per stream: DecodeAll
		// writes into dst, and with the limit to its capacity never beyond.
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPageSize), zstd.WithDecoderMaxWindow(256<<20))
		if err != nil {
			return err
		}
		c.zstdDec = d
	}
	// With room behind the output the decoder may use wide stores to the end.
	out, err := c.zstdDec.DecodeAll(src, dst[:0])
	if err != nil {
		return err
	}
	if len(out) != len(dst) {
		return errPageSize
	}
	return nil
}

func (c *codecState) gzip(dst, src []byte) error {
	c.src.Reset(src)
	if c.gzipDec == nil {
		d, err := gzip.NewReader(&c.src)
		if err != nil {
			return err
		}
		c.gzipDec = d
	} else if err := c.gzipDec.Reset(&c.src); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.gzipDec, dst); err != nil {
		return err
	}
	// The end must be seen, for the checksum stands there.
	var one [1]byte
	if n, err := c.gzipDec.Read(one[:]); n != 0 || err != io.EOF {
		if err != nil && err != io.EOF {
			return err
		}
		return errPageSize
	}
	return nil
}

// brotliWindow returns the size of the window that a stream asks for (RFC 7932,
// section 9.1), 0 when it is none.
func brotliWindow(src []byte) int {
	if len(src) == 0 {
		return 0
	}
	bits, b := 0, src[0]
	switch {
	case b&1 == 0:
		bits = 16
	case b>>1&7 != 0:
		bits = 17 + int(b>>1&7)
	case b>>4&7 == 0:
		bits = 17
	case b>>4&7 == 1:
		return 0 // large windows are no part of the format
	default:
		bits = 8 + int(b>>4&7)
	}
	return 1 << bits
}

// brotliTables is about what a decoder takes beside its window.
const brotliTables = 64 << 10

// reserve charges mem for what decompressing src needs that is not bounded by
// codecMemory.
func (c *codecState) reserve(mem *memory, codec int32, src []byte) error {
	if codecNames[codec] != "BROTLI" {
		return nil
	}
	window := brotliWindow(src)
	if window == 0 {
		return errPageSize
	}
	// The window's buffer is grown to its size and may be there twice.
	if n := 2*window + brotliTables; n > c.window {
		if err := mem.grow(n - c.window); err != nil {
			return err
		}
		c.window = n
	}
	return nil
}

func (c *codecState) brotli(dst, src []byte) error {
	c.src.Reset(src)
	if c.brotDec == nil {
		c.brotDec = brotli.NewReader(&c.src)
	} else if err := c.brotDec.Reset(&c.src); err != nil {
		return err
	}
	if _, err := io.ReadFull(c.brotDec, dst); err != nil {
		return err
	}
	var one [1]byte
	if n, err := c.brotDec.Read(one[:]); n != 0 || err != io.EOF {
		if err != nil && err != io.EOF {
			return err
		}
		return errPageSize
	}
	return nil
}

// close lets go of the decompressors.
func (c *codecState) close() {
	if c.zstdDec != nil {
		c.zstdDec.Close()
	}
	if c.zstdStream != nil {
		c.zstdStream.Close()
	}
	*c = codecState{}
}
