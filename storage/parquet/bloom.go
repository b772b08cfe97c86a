package parquet

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/gannetdb/gannet/vector/types"
)

// Split-block Bloom filters (the format's BloomFilter.md; Putze, Sanders and
// Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2009): blocks of
// 256 bits, of which a value sets one in each of eight words. The upper half of
// its XXH64 chooses the block, the lower half the bits.
const (
	bloomBlock = 32
	// bloomHeader is read for the header of a filter, of which about 15 bytes
	// are used.
	bloomHeader = 64
	// bloomValues is the most values of an IN that filters are asked about: each
	// takes a read of its own.
	bloomValues = 64
)

var bloomSalt = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

// bloomHas reports whether a value with hash h may be among those of block b.
func bloomHas(b []byte, h uint64) bool {
	x := uint32(h)
	for i, salt := range bloomSalt {
		if binary.LittleEndian.Uint32(b[i*4:])>>(x*salt>>27)&1 == 0 {
			return false
		}
	}
	return true
}

// refutedByBloom reports whether a Bloom filter proves that some predicate
// passes no row of the row group. A filter that makes no sense proves nothing.
func (r *Reader) refutedByBloom(ctx context.Context, group int) (bool, error) {
	g := &r.s.file.groups[group]
	for i := range r.s.filters {
		sc := &r.s.columns[i]
		if sc.leaf < 0 {
			continue
		}
		leaf := &r.s.file.schema.leaves[sc.leaf]
		meta := &g.columns[sc.leaf]
		if meta.bloomOff <= 0 || meta.encrypted {
			continue
		}
		for _, p := range sc.preds {
			values, ok := equalities(p)
			if !ok || len(values) == 0 || len(values) > bloomValues || slices.ContainsFunc(values, wrongType(leaf)) {
				continue
			}
			if none, err := r.bloomLacks(ctx, leaf, meta, values); none || err != nil {
				return none, err
			}
		}
	}
	return false, nil
}

// bloomLacks reports whether none of values is in the chunk.
func (r *Reader) bloomLacks(ctx context.Context, leaf *leafColumn, meta *columnMeta, values []types.Value) (bool, error) {
	size := r.s.file.info.Size
	b, err := r.readIndex(ctx, &r.index, meta.bloomOff, int32(min(bloomHeader, size-min(size, meta.bloomOff))))
	if b == nil || err != nil {
		return false, err
	}
	n, head := parseBloomHeader(b)
	at := meta.bloomOff + int64(head)
	if n < bloomBlock || n%bloomBlock != 0 || at > size-int64(n) {
		return false, nil
	}
	var plain []byte
	for _, v := range values {
		if v.IsNull {
			continue // equal to nothing
		}
		var ok bool
		if plain, ok = leaf.kind.plain(plain[:0], v); !ok {
			return false, nil
		}
		h := xxhash.Sum64(plain)
		block := int64((h >> 32) * uint64(n/bloomBlock) >> 32)
		if b, err = r.readIndex(ctx, &r.index, at+block*bloomBlock, bloomBlock); b == nil || err != nil {
			return false, err
		}
		if bloomHas(b, h) {
			return false, nil
		}
	}
	return true, nil
}

// parseBloomHeader returns the size of the filter and of the header in front of
// it; zero when it is of a kind that we do not know.
func parseBloomHeader(b []byte) (size, head int) {
	t := &thrift{b: b}
	known := 0
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tI32:
			size = int(t.i32())
		case id >= 2 && id <= 4 && typ == tStruct: // unions of which we know the first member
			if t.unionMember() == 1 {
				known++
			}
		default:
			t.skip(typ)
		}
	}
	if t.err != nil || known != 3 {
		return 0, 0
	}
	return size, t.pos
}

// plain appends v, a value of the column's type, as it would be stored: what
// its hash is of. ok is false when values are not stored in just one way.
func (k *leafKind) plain(dst []byte, v types.Value) (_ []byte, ok bool) {
	le := binary.LittleEndian
	switch k.convert {
	case convString:
		if k.width > 0 && len(v.S) != k.width {
			return dst, false
		}
		return append(dst, v.S...), true
	case convUUID:
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.Hi)^1<<63)
		return binary.BigEndian.AppendUint64(dst, uint64(v.I)), true
	case convNarrow8, convNarrow16, convDecimal16, convDecimal32, convDecimal64, convDecimal128, convCopy:
		switch {
		case k.physical == ptFloat || k.physical == ptDouble:
			if v.F == 0 || math.IsNaN(v.F) {
				return dst, false // equal to values with other bits
			}
			if k.physical == ptFloat {
				return le.AppendUint32(dst, math.Float32bits(float32(v.F))), true
			}
			return le.AppendUint64(dst, math.Float64bits(v.F)), true
		case k.physical == ptInt32:
			return le.AppendUint32(dst, uint32(v.I)), true
		case k.physical == ptInt64:
			return le.AppendUint64(dst, uint64(v.I)), true
		}
	case convMillis:
		if v.I%1000 == 0 {
			return le.AppendUint64(dst, uint64(v.I/1000)), true
		}
	case convBigEndian:
		if k.width == 0 {
			return dst, false // as many bytes as the writer liked
		}
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], uint64(v.Hi))
		binary.BigEndian.PutUint64(b[8:], uint64(v.I))
		for range k.width - 16 {
			dst = append(dst, byte(v.Hi>>63))
		}
		return append(dst, b[max(0, 16-k.width):]...), true
	}
	return dst, false
}
