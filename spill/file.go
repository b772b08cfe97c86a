package spill

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/klauspost/compress/s2"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/invariants"
)

// MaxPayload is the longest payload of one Write, in bytes.
const MaxPayload = math.MaxInt32

// ioPiece is how much is written or read between two looks at the context.
const ioPiece = 4 << 20

// shortFrame is the longest payload that is written together with its header.
// Of longer ones the checksum is made piece by piece, while they are in the cache.
const shortFrame = 256 << 10

// keepBytes of a file that is wholly free stay on disk for the next blocks.
const keepBytes = 4 << 20

// File is one temporary file. All methods are safe for concurrent use; disk
// transfers run outside of its locks.
type File struct {
	m        *Manager
	tag      string
	number   uint64
	chooser  chooser
	counters counters

	// gate is held shared by calls that use handle and exclusively by Close.
	gate   sync.RWMutex
	handle *handle // nil after Close; guarded by gate

	mu      sync.Mutex
	extents extentMap        // guarded by mu
	live    map[int64]uint64 // under invariants: offset to Seq; guarded by mu
}

// handle is an open file of either the real or another file system.
type handle struct {
	rw interface {
		io.ReaderAt
		io.WriterAt
		io.Closer
	}
	fs   vfs.FS
	path string // to remove at Close; empty if unlinked already
	// oneWriter makes writes take turns: vfs.File allows one at a time.
	oneWriter bool
	turn      sync.Mutex
}

func (h *handle) writeAt(b []byte, off int64) error {
	if h.oneWriter {
		h.turn.Lock()
		defer h.turn.Unlock()
	}
	n, err := h.rw.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// readAt fills b; the end of the file before that is io.ErrUnexpectedEOF.
func (h *handle) readAt(b []byte, off int64) error {
	n, err := h.rw.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// writeAll writes the pieces one behind the other.
func (h *handle) writeAll(pieces [][]byte, off int64) error {
	if o, ok := h.rw.(*os.File); ok && writeVec(o, off, pieces) {
		return nil
	}
	for _, b := range pieces {
		if err := h.writeAt(b, off); err != nil {
			return err
		}
		off += int64(len(b))
	}
	return nil
}

// readFrame fills header from off and payload from behind it. Errors as of readAt.
func (h *handle) readFrame(header, payload []byte, off int64) error {
	if o, ok := h.rw.(*os.File); ok && readVec(o, off, [][]byte{header, payload}) {
		return nil
	}
	if err := h.readAt(header, off); err != nil {
		return err
	}
	return h.readAt(payload, off+int64(len(header)))
}

// truncate gives the file's space behind size back to the disk, where that is
// possible.
func (h *handle) truncate(size int64) bool {
	o, ok := h.rw.(*os.File)
	return ok && o.Truncate(size) == nil
}

// Tag returns the purpose given at Create.
func (f *File) Tag() string { return f.tag }

// Stats returns what the file did so far.
func (f *File) Stats() Stats {
	s := f.counters.stats()
	f.mu.Lock()
	s.DiskBytes = f.extents.end * pageSize
	f.mu.Unlock()
	return s
}

// enter lets a call use the handle until exit.
func (f *File) enter() error {
	f.gate.RLock()
	if f.handle == nil {
		f.gate.RUnlock()
		return sqlerr.New(sqlerr.CodeAdminShutdown, "temporary file was closed")
	}
	return nil
}

func (f *File) exit() { f.gate.RUnlock() }

// Write stores the payload, at most MaxPayload bytes in one piece or several, which
// stay the caller's and must not change during the call; what is in several is not
// compressed. The extent it returns is for Read and Free. Errors: 53100 disk or quota
// full, 58030, 57014, 57P01 after Close; an error leaves no extent.
func (f *File) Write(ctx context.Context, payload ...[]byte) (Extent, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return Extent{}, err
	}
	size := 0
	for _, b := range payload {
		if size += len(b); len(b) > MaxPayload || size > MaxPayload {
			return Extent{}, sqlerr.New(sqlerr.CodeLimitExceeded, "%s: a block of %d bytes and more is too long to spill", f.tag, size)
		}
	}
	if err := f.enter(); err != nil {
		return Extent{}, err
	}
	defer f.exit()

	e := Extent{Length: uint32(size), Stored: uint32(size)}
	var scratch []byte
	if len(payload) == 1 && f.chooser.worthTrying(size) {
		if scratch = f.m.scratch.tryGet(); scratch != nil {
			defer f.m.scratch.put(scratch)
			if n, ok := f.chooser.compress(scratch, payload[0]); ok {
				e.Encoding, e.Stored = encodingS2, uint32(n)
			}
		}
	}
	if err := f.allocate(&e); err != nil {
		return Extent{}, err
	}
	err := f.writeFrame(ctx, e, scratch, payload)
	if sqlerr.Is(err, sqlerr.CodeDiskFull) && f.m.reaper.wait() {
		err = f.writeFrame(ctx, e, scratch, payload)
	}
	if err != nil {
		f.release(e)
		return Extent{}, err
	}
	f.counters.wrote(e)
	f.m.counters.wrote(e)
	return e, nil
}

// writeFrame writes header and payload. A compressed payload is in scratch
// behind the room for its header.
func (f *File) writeFrame(ctx context.Context, e Extent, scratch []byte, payload [][]byte) error {
	if e.Encoding == encodingS2 {
		frame := scratch[:headerSize+int(e.Stored)]
		putHeader(frame, f.m.epoch, f.number, e)
		crc := crc32.Update(headerCRC(frame), castagnoli, frame[headerSize:])
		binary.LittleEndian.PutUint32(frame[crcOffset:], crc)
		return f.write(frame, e.Offset)
	}
	header := make([]byte, headerSize)
	putHeader(header, f.m.epoch, f.number, e)
	crc := headerCRC(header)
	if e.Stored <= shortFrame {
		for _, b := range payload {
			crc = crc32.Update(crc, castagnoli, b)
		}
		binary.LittleEndian.PutUint32(header[crcOffset:], crc)
		pieces := append([][]byte{header}, payload...)
		return f.timed(int(e.Stored), func() error { return f.handle.writeAll(pieces, e.Offset) })
	}
	off := e.Offset + headerSize
	for _, rest := range payload {
		for len(rest) > 0 {
			if err := sqlerr.FromContext(ctx); err != nil {
				return err
			}
			piece := rest[:min(len(rest), ioPiece)]
			rest = rest[len(piece):]
			crc = crc32.Update(crc, castagnoli, piece)
			if err := f.write(piece, off); err != nil {
				return err
			}
			off += int64(len(piece))
		}
	}
	binary.LittleEndian.PutUint32(header[crcOffset:], crc)
	return f.write(header, e.Offset)
}

func (f *File) write(b []byte, off int64) error {
	return f.timed(len(b), func() error { return f.handle.writeAt(b, off) })
}

// timed calls write, which writes n bytes, and learns how fast the disk is.
func (f *File) timed(n int, write func() error) error {
	start := time.Now()
	if err := write(); err != nil {
		return f.writeError(err)
	}
	if n >= minTimed {
		f.m.pace.write.observe(time.Since(start), n)
	}
	return nil
}

// Read brings back the payload of e, which a Write of this file returned and
// Free has not taken back. It is put into dst if that has the capacity (use a
// charged block: dst[:0] or any length will do), else into new memory, which
// nobody has charged. Everything is verified before it returns; after an error
// the contents of dst are undefined. Errors: XX001 damage, 58030, 57014, 57P01
// after Close.
func (f *File) Read(ctx context.Context, e Extent, dst []byte) ([]byte, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return nil, err
	}
	if e.IsZero() || e.Length > MaxPayload {
		return nil, sqlerr.New(sqlerr.CodeInternal, "%s: reading a block that was never written", f.tag)
	}
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.exit()

	if cap(dst) < int(e.Length) {
		dst = make([]byte, e.Length)
	}
	dst = dst[:e.Length]
	var err error
	switch {
	case e.Encoding == encodingS2:
		err = f.readCompressed(ctx, e, dst)
	case e.Encoding == encodingStored && e.Stored == e.Length:
		err = f.readStored(ctx, e, dst)
	default:
		err = f.damaged(e, "unknown encoding %d", e.Encoding)
	}
	if err != nil {
		return nil, err
	}
	f.counters.read(e)
	f.m.counters.read(e)
	return dst, nil
}

func (f *File) readStored(ctx context.Context, e Extent, dst []byte) error {
	header := make([]byte, headerSize)
	first := dst[:min(len(dst), ioPiece)]
	if err := f.readError(e, f.handle.readFrame(header, first, e.Offset)); err != nil {
		return err
	}
	want, err := checkHeader(header, f.m.epoch, f.number, e)
	if err != nil {
		return f.damaged(e, "%v", err)
	}
	crc := crc32.Update(headerCRC(header), castagnoli, first)
	off := e.Offset + headerSize + int64(len(first))
	for rest := dst[len(first):]; len(rest) > 0; {
		if err := sqlerr.FromContext(ctx); err != nil {
			return err
		}
		piece := rest[:min(len(rest), ioPiece)]
		rest = rest[len(piece):]
		if err := f.read(e, piece, off); err != nil {
			return err
		}
		crc = crc32.Update(crc, castagnoli, piece)
		off += int64(len(piece))
	}
	if crc != want {
		return f.damaged(e, "checksum is %08x instead of %08x", crc, want)
	}
	return nil
}

func (f *File) readCompressed(ctx context.Context, e Extent, dst []byte) error {
	if int64(e.Stored)+headerSize > int64(scratchSize) {
		return f.damaged(e, "compressed length %d", e.Stored)
	}
	scratch, err := f.m.scratch.get(ctx)
	if err != nil {
		return err
	}
	defer f.m.scratch.put(scratch)
	frame := scratch[:headerSize+int(e.Stored)]
	if err := f.read(e, frame, e.Offset); err != nil {
		return err
	}
	if err := decodeFrame(dst, frame, f.m.epoch, f.number, e); err != nil {
		return f.damaged(e, "%v", err)
	}
	return nil
}

// decodeFrame verifies a whole frame with a compressed payload and decodes it
// into dst, which has exactly the length of the payload.
func decodeFrame(dst, frame []byte, epoch, file uint64, e Extent) error {
	want, err := checkHeader(frame, epoch, file, e)
	if err != nil {
		return err
	}
	encoded := frame[headerSize:]
	if crc := crc32.Update(headerCRC(frame), castagnoli, encoded); crc != want {
		return errChecksum
	}
	// The checksum holds, so what follows finds only bugs of ours.
	if n, err := s2.DecodedLen(encoded); err != nil || n != len(dst) {
		return errDecodedLen
	}
	out, err := s2.Decode(dst, encoded)
	if err != nil {
		return err
	}
	if len(out) != len(dst) {
		return errDecodedLen
	}
	return nil
}

var (
	errChecksum   = errors.New("checksum does not hold")
	errDecodedLen = errors.New("decoded length does not hold")
)

// read fills b from the file; too short a file is damage.
func (f *File) read(e Extent, b []byte, off int64) error {
	return f.readError(e, f.handle.readAt(b, off))
}

// readError says what a reading of the block at e failed of, nil for nil.
func (f *File) readError(e Extent, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return f.damaged(e, "the file ends within the block")
	}
	return f.m.ioError(err, "read a temporary file")
}

// allocate finds space for e and sets Offset and Seq.
func (f *File) allocate(e *Extent) error {
	e.Seq = f.m.seq.Add(1)
	if f.tryAllocate(e) || f.m.reaper.wait() && f.tryAllocate(e) {
		return nil
	}
	return f.m.quotaError(f.tag, pagesFor(e.Stored)*pageSize)
}

// tryAllocate is allocate; false when MaxBytes forbids it.
func (f *File) tryAllocate(e *Extent) bool {
	pages := pagesFor(e.Stored)
	f.mu.Lock()
	defer f.mu.Unlock()
	page, ok := f.extents.reuse(pages)
	if !ok {
		if !f.m.grow(pages * pageSize) {
			return false
		}
		page = f.extents.extend(pages)
	}
	e.Offset = page * pageSize
	if invariants.Enabled {
		if f.live == nil {
			f.live = make(map[int64]uint64)
		}
		f.live[e.Offset] = e.Seq
	}
	return true
}

// ReadAhead says that e will be read soon: the system may begin to. It costs little
// and promises nothing; of short extents the system is not told, for that costs as
// much as to read them.
func (f *File) ReadAhead(e Extent) {
	if e.IsZero() || e.Stored < minTimed || f.enter() != nil {
		return
	}
	defer f.exit()
	n := int64(e.Stored) + headerSize
	switch x := f.handle.rw.(type) {
	case *os.File:
		readAhead(x, e.Offset, n)
	case vfs.File:
		_ = x.Prefetch(e.Offset, n) // a hint, too
	}
}

// Free lets the space of e, which nobody reads any more, be used by later
// blocks; when nothing is left in the file its space goes back to the disk, in
// the background when it is much. Each extent may be freed once; Close frees all.
func (f *File) Free(e Extent) {
	if e.IsZero() || f.enter() != nil {
		return
	}
	much := f.release(e)
	f.exit()
	if much {
		f.cutLater()
	}
}

// release gives e back and reports whether that left a large file with nothing
// in it.
func (f *File) release(e Extent) (much bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if invariants.Enabled {
		invariants.Check(f.live[e.Offset] == e.Seq, "spill: an extent was freed twice")
		delete(f.live, e.Offset)
	}
	if !f.extents.release(e.Offset/pageSize, pagesFor(e.Stored)) {
		return false
	}
	f.extents.restart(f.extents.end)
	return f.extents.end*pageSize > keepBytes
}

// Close gives back the file's space, after waiting for calls in progress; of a
// large file, in the background. It is idempotent. An error means that something may be left on disk until the
// manager is closed.
func (f *File) Close() error {
	f.gate.Lock()
	h := f.handle
	f.handle = nil
	f.gate.Unlock()
	if h == nil {
		return nil
	}
	f.mu.Lock()
	size := f.extents.end * pageSize
	f.extents = extentMap{}
	f.mu.Unlock()
	if h.path == "" && (size > reapBytes || f.m.reaper.working()) {
		f.m.closeLater(h, size)
		f.m.forget(f)
		return nil
	}
	err := h.rw.Close()
	if h.path != "" {
		rmErr := h.fs.Remove(h.path)
		if rmErr != nil {
			rmErr = h.fs.Remove(h.path) // a passing fault leaves nothing
		}
		if err == nil {
			err = rmErr
		}
	}
	f.m.disk.Add(-size)
	f.m.forget(f)
	if err != nil {
		return f.m.ioError(err, "close a temporary file")
	}
	return nil
}
