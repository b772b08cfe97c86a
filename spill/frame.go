package spill

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	frameMagic = "GSB1"
	headerSize = 48
	crcOffset  = headerSize - 4
)

// Encodings of a payload, Extent.Encoding.
const (
	encodingStored = 0
	encodingS2     = 1
)

// Extent says where a block lies in its file and what Read must find there. It
// is a plain value; the zero Extent is no block.
type Extent struct {
	Offset   int64  // of the frame in the file, in bytes
	Seq      uint64 // block number, from 1, unique in the manager
	Length   uint32 // of the payload, in bytes
	Stored   uint32 // of the encoded payload, in bytes
	Encoding uint8
}

// IsZero reports whether e is no block.
func (e Extent) IsZero() bool { return e.Seq == 0 }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// putHeader writes the header of e's frame, save the checksum, into the first
// headerSize bytes of h.
func putHeader(h []byte, epoch, file uint64, e Extent) {
	h = h[:headerSize]
	clear(h)
	copy(h, frameMagic)
	h[4] = e.Encoding
	le := binary.LittleEndian
	le.PutUint64(h[8:], epoch)
	le.PutUint64(h[16:], file)
	le.PutUint64(h[24:], e.Seq)
	le.PutUint32(h[32:], e.Length)
	le.PutUint32(h[36:], e.Stored)
}

// checkHeader compares a header with what it must be and returns its
// checksum; the error text says what differs.
func checkHeader(h []byte, epoch, file uint64, e Extent) (crc uint32, err error) {
	h = h[:headerSize]
	le := binary.LittleEndian
	switch {
	case string(h[:4]) != frameMagic:
		return 0, fmt.Errorf("magic is %q", h[:4])
	case le.Uint64(h[8:]) != epoch:
		return 0, fmt.Errorf("block of another process: epoch %#x instead of %#x", le.Uint64(h[8:]), epoch)
	case le.Uint64(h[16:]) != file:
		return 0, fmt.Errorf("block of another file: number %d instead of %d", le.Uint64(h[16:]), file)
	case le.Uint64(h[24:]) != e.Seq:
		return 0, fmt.Errorf("another block: number %d instead of %d", le.Uint64(h[24:]), e.Seq)
	case h[4] != e.Encoding:
		return 0, fmt.Errorf("encoding %d instead of %d", h[4], e.Encoding)
	case le.Uint32(h[32:]) != e.Length || le.Uint32(h[36:]) != e.Stored:
		return 0, fmt.Errorf("lengths %d and %d instead of %d and %d",
			le.Uint32(h[32:]), le.Uint32(h[36:]), e.Length, e.Stored)
	case h[5]|h[6]|h[7] != 0 || le.Uint32(h[40:]) != 0:
		return 0, fmt.Errorf("reserved bytes are not zero")
	}
	return le.Uint32(h[crcOffset:]), nil
}

// headerCRC starts the checksum of a frame; the payload is added by
// crc32.Update.
func headerCRC(h []byte) uint32 { return crc32.Checksum(h[:crcOffset], castagnoli) }
