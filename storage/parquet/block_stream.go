package parquet

import (
	"errors"
	"io"
)

// Snappy's and LZ4's blocks say of no window, but they have one: LZ4's distances
// take two bytes, and Snappy's writers compress 64 KiB at a time, so that nobody
// uses its distances of four bytes. A block that does is read as a whole.

// blockWindow is how far back the stream of a block can look.
const blockWindow = 64 << 10

// blockStreamCost is what a stream takes: its window twice, for what it has put out
// and what it is about to.
const blockStreamCost = 2 * blockWindow

// errFar tells that a block looks further back than its stream can.
var errFar = errors.New("the block has a distance beyond its window")

var errBlock = errors.New("compressed block is malformed")

// blockStream decompresses a block of Snappy or LZ4 piece by piece. It implements
// io.Reader.
type blockStream struct {
	in   *storedPage
	lz4  bool
	left int    // bytes of the block that are still to come
	buf  []byte // what was put out last, and what comes next
	r, w int    // buf[r:w] was not taken yet

	// The element being put out: one of literal and match is 0.
	literal     int  // bytes to take from in
	match, dist int  // bytes to repeat, from so far back
	token       byte // of LZ4's sequence
	behind      bool // whose match comes next

	err error // of the end
}

// begin starts on a block of size bytes.
func (s *blockStream) begin(in *storedPage, lz4 bool, size int) error {
	s.in, s.lz4, s.left = in, lz4, size
	s.r, s.w, s.literal, s.match, s.behind, s.err = 0, 0, 0, 0, false, nil
	if lz4 {
		return nil
	}
	n, err := s.uvarint()
	if err == nil && n != uint64(size) {
		err = errPageSize
	}
	return err
}

// uvarint reads the size that a block of Snappy begins with.
func (s *blockStream) uvarint() (n uint64, err error) {
	for shift := 0; shift < 35; shift += 7 {
		b, err := s.next()
		if err != nil {
			return 0, err
		}
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n, nil
		}
	}
	return 0, errBlock
}

// next returns the next byte of the block.
func (s *blockStream) next() (byte, error) {
	if len(s.in.rest) == 0 {
		if err := s.in.fill(); err != nil {
			return 0, inBlock(err)
		}
	}
	b := s.in.rest[0]
	s.in.rest = s.in.rest[1:]
	return b, nil
}

// inBlock makes the end of the page an error of the block that it cuts off.
func inBlock(err error) error {
	if err == io.EOF {
		return errBlock
	}
	return err
}

// Read implements io.Reader.
func (s *blockStream) Read(b []byte) (int, error) {
	if s.r == s.w {
		if s.err == nil {
			s.err = s.more()
		}
		if s.r == s.w {
			return 0, s.err
		}
	}
	n := copy(b, s.buf[s.r:s.w])
	s.r += n
	return n, nil
}

// more fills the buffer behind the window, all of which was taken.
func (s *blockStream) more() error {
	if s.w > blockWindow {
		copy(s.buf, s.buf[s.w-blockWindow:s.w])
		s.r, s.w = blockWindow, blockWindow
	}
	for s.w < len(s.buf) {
		var err error
		switch {
		case s.literal > 0:
			err = s.putLiteral()
		case s.match > 0:
			err = s.putMatch()
		case s.in.ended():
			if s.left > 0 {
				return errPageSize
			}
			return io.EOF
		case !s.lz4:
			err = s.tag()
		case s.behind:
			err = s.lz4Match()
		default:
			err = s.lz4Literal()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putLiteral copies bytes of the page.
func (s *blockStream) putLiteral() error {
	if err := s.in.fill(); err != nil {
		return inBlock(err)
	}
	n := copy(s.buf[s.w:], s.in.rest[:min(s.literal, len(s.in.rest))])
	s.in.rest = s.in.rest[n:]
	s.w += n
	s.literal -= n
	return nil
}

// putMatch repeats bytes that were put out. A match may overlap itself: each copy
// doubles what there is of it.
func (s *blockStream) putMatch() error {
	if s.dist > s.w {
		return errFar // or malformed: whoever has the whole block finds out
	}
	from, end := s.w-s.dist, min(s.w+s.match, len(s.buf))
	s.match -= end - s.w
	for s.w < end {
		s.w += copy(s.buf[s.w:end], s.buf[from:s.w])
	}
	return nil
}

// take says that n bytes of the block come next, and checks that it has so many.
func (s *blockStream) take(n int) error {
	if n > s.left {
		return errBlock
	}
	s.left -= n
	return nil
}

// number reads n bytes, the lowest first.
func (s *blockStream) number(n int) (x int, err error) {
	for i := range n {
		b, err := s.next()
		if err != nil {
			return 0, err
		}
		x |= int(b) << (8 * i)
	}
	return x, nil
}

// tag reads an element of Snappy ("Snappy compressed format description").
func (s *blockStream) tag() error {
	t, err := s.next()
	if err != nil {
		return err
	}
	if t&3 == 0 {
		s.literal = int(t>>2) + 1
		if s.literal > 60 {
			n, err := s.number(s.literal - 60)
			if err != nil {
				return err
			}
			s.literal = n + 1
		}
		return s.take(s.literal)
	}
	if t&3 == 1 {
		s.match = int(t>>2&7) + 4
		s.dist, err = s.number(1)
		s.dist |= int(t>>5) << 8
	} else {
		s.match = int(t>>2) + 1
		s.dist, err = s.number(2 << (t & 1)) // 2 bytes or 4
	}
	if err == nil && s.dist == 0 {
		err = errBlock
	}
	if err != nil {
		return err
	}
	return s.take(s.match)
}

// lz4Literal reads the head of a sequence of LZ4 ("LZ4 Block Format Description").
func (s *blockStream) lz4Literal() error {
	t, err := s.next()
	if err != nil {
		return err
	}
	s.token, s.behind = t, true
	if s.literal, err = s.lz4Length(int(t >> 4)); err != nil {
		return err
	}
	return s.take(s.literal)
}

// lz4Match reads what stands behind a sequence's literal; the last one has none.
func (s *blockStream) lz4Match() (err error) {
	s.behind = false
	if s.dist, err = s.number(2); err != nil {
		return err
	}
	if s.dist == 0 {
		return errBlock
	}
	n, err := s.lz4Length(int(s.token & 15))
	if err != nil {
		return err
	}
	s.match = n + 4
	return s.take(s.match)
}

// lz4Length reads the rest of a length that begins with n: where that is 15, bytes
// that add up until one is not 255.
func (s *blockStream) lz4Length(n int) (int, error) {
	for more := n == 15; more; {
		b, err := s.next()
		if err != nil {
			return 0, err
		}
		if n += int(b); n > s.left {
			return 0, errBlock
		}
		more = b == 255
	}
	return n, nil
}
