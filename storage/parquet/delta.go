package parquet

import (
	"encoding/binary"
	"errors"
)

var errDelta = errors.New("delta-encoded values are malformed")

// deltaPacked decodes DELTA_BINARY_PACKED (Encodings.md, "Delta Encoding";
// after Lemire and Boytsov, "Decoding billions of integers per second through
// vectorization", 2015): a header of block size, miniblocks a block, number of
// values and first value; then blocks of a least delta, the miniblocks' bit
// widths and their packed deltas less the least one. Arithmetic wraps, as the
// format says.
type deltaPacked struct {
	width int // bytes of a value, 4 or 8
	body  []byte
	pos   int

	perMini int // values in a miniblock
	minis   int // miniblocks in a block
	left    int64
	first   bool // the first value is still to be given
	value   int64

	least  int64
	widths []byte // of the block's miniblocks that are still to come
	mini   []byte // the current miniblock
	bits   uint   // its width
	at     int    // next value in it
	have   int    // values in it
}

func newDeltaPacked(k *leafKind) valueDecoder {
	if k.physical != ptInt32 && k.physical != ptInt64 {
		return nil
	}
	return &deltaPacked{width: k.width}
}

func (d *deltaPacked) uvarint() (uint64, bool) {
	x, n := binary.Uvarint(d.body[d.pos:])
	if n <= 0 {
		return 0, false
	}
	d.pos += n
	return x, true
}

func (d *deltaPacked) zigzag() (int64, bool) {
	x, ok := d.uvarint()
	return int64(x>>1) ^ -int64(x&1), ok
}

func (d *deltaPacked) reset(body []byte) error {
	d.body, d.pos, d.left, d.at, d.have, d.widths = body, 0, 0, 0, 0, nil
	if len(body) == 0 {
		return nil // a page of NULLs
	}
	block, ok1 := d.uvarint()
	minis, ok2 := d.uvarint()
	count, ok3 := d.uvarint()
	first, ok4 := d.zigzag()
	if !ok1 || !ok2 || !ok3 || !ok4 || minis == 0 || minis > 1<<16 || block > 1<<24 || block%minis != 0 ||
		block/minis == 0 || block/minis%32 != 0 || count > 1<<31 {
		return errDelta
	}
	d.minis, d.perMini, d.left = int(minis), int(block/minis), int64(count)
	d.value, d.first = first, count > 0
	return nil
}

// nextMini makes the next miniblock current.
func (d *deltaPacked) nextMini() error {
	if len(d.widths) == 0 {
		least, ok := d.zigzag()
		if !ok || d.minis > len(d.body)-d.pos {
			return errDelta
		}
		d.least = least
		d.widths = d.body[d.pos : d.pos+d.minis]
		d.pos += d.minis
	}
	d.bits = uint(d.widths[0])
	d.widths = d.widths[1:]
	if d.bits > 64 {
		return errDelta
	}
	size := d.perMini / 8 * int(d.bits)
	rest := len(d.body) - d.pos
	d.at, d.have = 0, d.perMini
	if size > rest {
		// Some writers cut the last miniblock off behind its last value.
		size = rest
		if d.have = int(int64(rest) * 8 / int64(d.bits)); d.have == 0 {
			return errDelta
		}
	}
	d.mini = d.body[d.pos : d.pos+size]
	d.pos += size
	return nil
}

// delta returns value i of the current miniblock.
func (d *deltaPacked) delta(i int) int64 {
	bit := i * int(d.bits)
	b := d.mini[bit>>3:]
	shift := uint(bit & 7)
	var tmp [9]byte
	if len(b) < 9 {
		copy(tmp[:], b)
		b = tmp[:]
	}
	x := binary.LittleEndian.Uint64(b) >> shift
	if shift > 0 {
		x |= uint64(b[8]) << (64 - shift)
	}
	if d.bits < 64 {
		x &= 1<<d.bits - 1
	}
	return int64(x)
}

// step moves on over n values, storing them in out when that is not nil.
func (d *deltaPacked) step(n int, out []byte) error {
	if int64(n) > d.left {
		return errValuesEnd
	}
	d.left -= int64(n)
	for i := 0; i < n; {
		k := 1
		switch {
		case d.first:
			d.first = false
			d.put(out, i)
		case d.at == d.have:
			if err := d.nextMini(); err != nil {
				return err
			}
			k = 0
		case d.bits == 0:
			for k = 0; i+k < n && d.at < d.have; k++ {
				d.value += d.least
				d.at++
				d.put(out, i+k)
			}
		default:
			for k = 0; i+k < n && d.at < d.have; k++ {
				d.value += d.least + d.delta(d.at)
				d.at++
				d.put(out, i+k)
			}
		}
		i += k
	}
	return nil
}

func (d *deltaPacked) put(out []byte, i int) {
	switch {
	case out == nil:
	case d.width == 4:
		binary.LittleEndian.PutUint32(out[i*4:], uint32(d.value))
	default:
		binary.LittleEndian.PutUint64(out[i*8:], uint64(d.value))
	}
}

func (d *deltaPacked) next(mem *memory, out []byte, n int) (_ []byte, err error) {
	if out, err = mem.resize(out, n*d.width); err != nil {
		return nil, err
	}
	return out, d.step(n, out)
}

func (d *deltaPacked) skip(_ *memory, n int) error { return d.step(n, nil) }

// end returns the position behind the last miniblock that holds values, where
// what follows in the page begins; d was just reset.
func (d *deltaPacked) end() (int, error) {
	saved := *d
	for left := d.left - 1; left > 0; {
		if _, ok := d.zigzag(); !ok || d.minis > len(d.body)-d.pos {
			return 0, errDelta
		}
		widths := d.body[d.pos : d.pos+d.minis]
		d.pos += d.minis
		for _, w := range widths {
			if left <= 0 {
				break
			}
			size := d.perMini / 8 * int(w)
			if w > 64 || size > len(d.body)-d.pos {
				return 0, errDelta
			}
			d.pos += size
			left -= int64(d.perMini)
		}
	}
	pos := d.pos
	*d = saved
	return pos, nil
}
