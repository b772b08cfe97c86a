package parquet

import (
	"context"
	"errors"
	"hash/crc32"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

// A reader holds a decompressed page a column, and a file of many columns and
// large pages may want more than memory has. Then the reader spools: it
// decompresses one page at a time, into a buffer that all its columns share,
// and writes the page's values into a temporary file, from which each column
// takes them back an extent at a time. What such a reader needs is the largest
// page, stored and decompressed, and some 64 KiB a column.

// spoolLeast is the size of a page that is worth a way through the file.
const spoolLeast = 64 << 10

// spooler is what the columns of one reader share to read pages that memory has
// no room for. It is not safe for concurrent use.
type spooler struct {
	manager *spill.Manager // nil: nowhere to write
	mem     *memory
	fetch   *fetcher
	columns []*columnReader // of the reader, leaves of nested columns among them

	on      bool // pages go through the file
	always  bool // for tests: on, and every page is worth it
	attends bool // the reservation counts on this reader to look
	file    *spill.File
	stored  []byte // a page as it is in the table's file
	page    []byte // the same, decompressed
	staging []byte // an extent being filled
	extent  int    // bytes of one
	codes   []uint32
}

// add makes s serve a column of its reader.
func (s *spooler) add(c vectorReader) {
	switch c := c.(type) {
	case *columnReader:
		s.columns = append(s.columns, c)
	case *nestedReader:
		for _, l := range c.leaves {
			s.columns = append(s.columns, l.c)
		}
	}
}

// adopt takes over the columns, the buffers and the file of a reader that ends.
func (s *spooler) adopt(o *spooler) {
	o.leave()
	s.columns, s.on, s.file = o.columns, o.on, o.file
	s.stored, s.page, s.staging, s.extent, s.codes = o.stored, o.page, o.staging, o.extent, o.codes
	*o = spooler{}
	s.attend()
}

// attend lets others ask for the memory of a reader that has whole pages in it:
// asked tells that they do.
func (s *spooler) attend() {
	s.mem.able = s.manager != nil && !s.on
	if on := s.mem.able && s.mem.res != nil; on == s.attends {
		return
	} else if on {
		s.mem.res.Attend()
	} else {
		s.mem.res.Leave()
	}
	s.attends = !s.attends
}

// leave ends what attend began.
func (s *spooler) leave() {
	if s.attends {
		s.attends = false
		s.mem.res.Leave()
	}
}

// asked reports whether the reader should spool because others want memory, or
// because more queries share it now.
func (s *spooler) asked() bool {
	return s.attends && (s.mem.res.Wanted() > 0 || s.mem.res.Held() > s.mem.res.Budget().Part())
}

// counters returns where the scan counts, nil when nobody asks.
func (s *spooler) counters() *storage.ScanCounters { return s.fetch.counters }

// able reports whether a reader that was refused memory can go on by spooling.
func (s *spooler) able(err error) bool {
	return !s.on && s.manager != nil && (errors.Is(err, errRefused) || sqlerr.Is(err, sqlerr.CodeOutOfMemory))
}

// start makes the reader spool from now on, and gives back the buffers that it
// no longer wants. Pages that are half read are spooled too, where that is
// simple; but not that of except, which is being opened.
func (s *spooler) start(ctx context.Context, except *columnReader) error {
	s.on = true
	s.attend()
	s.fetch.drop(s.columns)
	for _, c := range s.columns {
		c.dropFree(0)
	}
	if err := s.open(); err != nil {
		return err
	}
	for _, c := range s.columns {
		if c == except {
			continue
		}
		if err := c.spoolRest(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open makes the file and the buffer for its writes.
func (s *spooler) open() (err error) {
	if s.staging == nil {
		n := s.extentBytes()
		if err := s.mem.grow(n + 4*spoolCodes); err != nil {
			return err
		}
		s.extent, s.staging, s.codes = n, make([]byte, 0, n), make([]uint32, spoolCodes)
	}
	if s.file == nil {
		s.file, err = s.manager.CreateStored("pages of a scan")
	}
	return err
}

// extentBytes chooses how much is written and read at a time: every column has an
// extent, and there is the one that is being filled.
func (s *spooler) extentBytes() int {
	if s.mem.res == nil {
		return mostExtent
	}
	most := s.mem.res.Budget().Part() / extentPart / int64(len(s.columns)+1)
	n := spoolExtent
	for n < mostExtent && int64(2*n) <= most {
		n = 2*n + 48 // twice the pages, one frame
	}
	return n
}

// stop ends spooling between two row groups, when memory has room again.
func (s *spooler) stop() {
	s.on = false
	s.attend()
	s.stored, s.page = s.mem.drop(s.stored), s.mem.drop(s.page)
	if s.staging != nil {
		s.mem.shrink(s.extent + 4*spoolCodes)
		s.staging, s.codes = nil, nil
	}
}

// worth reports whether a page of size bytes goes through the file.
func (s *spooler) worth(size int) bool { return s.on && (size > spoolLeast || s.always) }

// roomFor reports whether memory has room for a reader of n bytes.
func (s *spooler) roomFor(n int64) bool {
	res := s.mem.res
	if res == nil || s.always {
		return !s.always
	}
	n -= s.mem.charged(s.mem.held)
	if res.Held()+n > res.Budget().Part() || n > 0 && !res.TryGrow(n) {
		return false
	}
	res.Shrink(max(n, 0))
	return true
}

// read returns the body of a page as it is stored, its checksum verified. It
// lies in a buffer of the spooler until the next call.
func (s *spooler) read(ctx context.Context, h *pageHeader, at int64) (b []byte, err error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return nil, err
	}
	if s.stored, err = s.mem.fit(s.stored, int(h.compressedSize)); err != nil {
		return nil, err
	}
	if err := s.fetch.read(s.stored, at); err != nil {
		return nil, err
	}
	if h.hasCRC && crc32.ChecksumIEEE(s.stored) != h.crc {
		return nil, errCRC
	}
	return s.stored, nil
}

// close removes the file. Its buffers go with the memory that they belong to.
func (s *spooler) close() {
	s.leave()
	if s.file != nil {
		_ = s.file.Close() // a temporary file: nothing can be lost
		s.file = nil
	}
}

// fit is resize without room to spare: for buffers of which every byte counts.
func (m *memory) fit(b []byte, n int) ([]byte, error) {
	if cap(b) >= n+bufferSlack {
		return b[:n], nil
	}
	m.drop(b)
	size := (n + bufferSlack + 4095) &^ 4095
	if err := m.grow(size); err != nil {
		return nil, err
	}
	b = make([]byte, n, size)
	m.bufs = append(m.bufs, b)
	return b, nil
}

// drop gives back a buffer that nothing refers to; it returns nil.
func (m *memory) drop(b []byte) []byte {
	if cap(b) > 0 {
		m.shrink(cap(b))
		m.forget(b)
	}
	return nil
}

// drop gives back the ranges and windows of the present morsel and makes the
// columns read through small windows. Ranges with a column that is not
// compressed stay: its values are used where they are.
func (f *fetcher) drop(columns []*columnReader) {
	stays := make([]bool, len(f.ranges))
	for _, c := range columns {
		if c.src.rng >= 0 && c.src.rng < f.used && c.meta != nil && c.meta.codec == codecNone {
			stays[c.src.rng] = true
		}
	}
	for _, c := range columns {
		if c.src.rng >= 0 && c.src.rng < f.used && !stays[c.src.rng] {
			c.src.rng = -1
		}
		c.src.win = f.mem.drop(c.src.win)
	}
	for i := range f.ranges {
		if r := &f.ranges[i]; i >= f.used || !stays[i] {
			r.buf, r.loaded = f.mem.drop(r.buf), false
		}
	}
}
