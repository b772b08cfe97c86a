package spill

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/klauspost/compress/s2"
)

// FuzzDecodeFrame gives arbitrary bytes to the decoder, with the checksum made
// to hold half of the time, so that what lies behind it is reached.
func FuzzDecodeFrame(f *testing.F) {
	e := Extent{Seq: 3, Length: 4096, Encoding: encodingS2}
	frame := append(make([]byte, headerSize), s2.Encode(nil, payload(1, 4096, true))...)
	e.Stored = uint32(len(frame) - headerSize)
	putHeader(frame, 1, 2, e)
	f.Add(frame, uint32(4096), true)
	f.Add(frame, uint32(4095), false)
	f.Add(make([]byte, headerSize), uint32(0), true)
	f.Fuzz(func(t *testing.T, frame []byte, length uint32, fix bool) {
		if len(frame) < headerSize || length > 1<<20 {
			return
		}
		e := Extent{Seq: 3, Length: length, Stored: uint32(len(frame) - headerSize), Encoding: encodingS2}
		if fix {
			putHeader(frame, 1, 2, e)
			crc := crc32.Update(headerCRC(frame), castagnoli, frame[headerSize:])
			binary.LittleEndian.PutUint32(frame[crcOffset:], crc)
		}
		dst := make([]byte, length)
		if err := decodeFrame(dst, frame, 1, 2, e); err == nil && !fix && string(frame[:4]) != frameMagic {
			t.Fatal("accepted")
		}
	})
}
