package arrowconv

import (
	"encoding/binary"
	"math"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// owner counts the Arrow buffers that share a chunk's memory and tells when
// the last is gone. It poses as their allocator.
type owner struct {
	refs    atomic.Int64
	release func()
}

func (o *owner) drop() {
	if o.refs.Add(-1) == 0 && o.release != nil {
		o.release()
	}
}

// Allocate implements memory.Allocator; shared buffers never grow.
func (o *owner) Allocate(size int) []byte { return make([]byte, size) }

// Reallocate implements memory.Allocator.
func (o *owner) Reallocate(size int, b []byte) []byte {
	out := make([]byte, size)
	copy(out, b)
	return out
}

// Free implements memory.Allocator: a shared buffer is no longer used.
func (o *owner) Free([]byte) { o.drop() }

// share wraps b, which belongs to the chunk.
func (o *owner) share(b []byte) *memory.Buffer {
	o.refs.Add(1)
	return memory.NewBufferWithAllocator(b, o)
}

// Record returns the selected rows of ch as an Arrow record of the given
// schema (from Schema for ch's types). It shares ch's buffers, nested children
// and strings included: nobody may write to them until release is called,
// which happens once, when the record and all that was made of it are
// released, or before Record returns if it fails or copied everything. release
// may be nil. Error 22015: an interval beyond Arrow's range.
func Record(schema *arrow.Schema, ch *vector.Chunk, release func()) (arrow.RecordBatch, error) {
	o := &owner{release: release}
	o.refs.Store(1)
	defer o.drop()
	n := ch.NumRows()
	cols := make([]arrow.Array, 0, len(ch.Cols))
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for i, v := range ch.Cols {
		d, err := o.data(v, ch.Sel, n, schema.Field(i).Type)
		if err != nil {
			return nil, err
		}
		cols = append(cols, array.MakeFromData(d))
		d.Release()
	}
	return array.NewRecordBatch(schema, cols, int64(n)), nil
}

// data returns v's values at sel as an array of type dt.
func (o *owner) data(v *vector.Vector, sel []uint32, n int, dt arrow.DataType) (arrow.ArrayData, error) {
	if v.Form != vector.Flat || sel != nil {
		dense := vector.New(v.Type)
		kernel.Take(dense, v, sel, n)
		v = dense
	}
	if dt.ID() == arrow.NULL {
		return array.NewData(dt, n, []*memory.Buffer{nil}, nil, n, 0), nil
	}
	nulls := 0
	var valid *memory.Buffer
	if v.Valid != nil {
		nulls = n - v.Valid.CountValid(n)
		valid = o.share(raw.Bytes(v.Valid)[:(n+7)/8])
	}
	bufs := []*memory.Buffer{valid}
	var children []arrow.ArrayData
	var dict *array.Data
	defer func() {
		for _, b := range bufs {
			if b != nil {
				b.Release()
			}
		}
		for _, c := range children {
			c.Release()
		}
		if dict != nil {
			dict.Release()
		}
	}()
	switch v.Type.ID {
	case types.Boolean:
		bufs = append(bufs, packBools(v, n))
	case types.UHugeInt, types.Decimal:
		b, ok := widen(v, n)
		if !ok {
			b = o.share(v.Data[:n*16])
		}
		bufs = append(bufs, b)
	case types.UUID:
		bufs = append(bufs, uuidBytes(v, n))
	case types.IntervalID:
		b, err := intervals(v, n)
		if err != nil {
			return nil, err
		}
		bufs = append(bufs, b)
	case types.Varchar, types.Blob:
		bufs = append(bufs, o.share(v.Data[:n*16]))
		for _, b := range v.Bufs {
			bufs = append(bufs, o.share(b))
		}
	case types.Enum:
		bufs = append(bufs, o.share(v.Data[:n*v.Type.Physical().Width()]))
		dict = labels(v.Type.Ext.Enum)
	case types.List, types.Map:
		offsets, idx, err := listOffsets(v, n)
		if err != nil {
			return nil, err
		}
		bufs = append(bufs, memory.NewBufferBytes(raw.Bytes(offsets)))
		c, err := o.data(v.Children[0], idx, len(idx), dt.(arrow.ListLikeType).Elem())
		if err != nil {
			return nil, err
		}
		children = append(children, c)
	case types.Array:
		c, err := o.data(v.Children[0], nil, n*v.Type.Ext.Size, dt.(arrow.ListLikeType).Elem())
		if err != nil {
			return nil, err
		}
		children = append(children, c)
	case types.Struct:
		for k, f := range dt.(*arrow.StructType).Fields() {
			c, err := o.data(v.Children[k], nil, n, f.Type)
			if err != nil {
				return nil, err
			}
			children = append(children, c)
		}
	default:
		bufs = append(bufs, o.share(v.Data[:n*v.Type.Physical().Width()]))
	}
	d := array.NewData(dt, n, bufs, children, nulls, 0)
	if dict != nil {
		d.SetDictionary(dict)
	}
	return d, nil
}

func packBools(v *vector.Vector, n int) *memory.Buffer {
	out := make([]byte, (n+7)/8)
	for i, b := range v.Data[:n] {
		out[i>>3] |= b & 1 << (i & 7)
	}
	return memory.NewBufferBytes(out)
}

// widen converts decimals to 128 and UHUGEINT to 256 bits; ok is false when
// the layout is right already.
func widen(v *vector.Vector, n int) (b *memory.Buffer, ok bool) {
	if v.Type.Physical() == types.PUint128 {
		out := make([]uint64, 4*n)
		for i, x := range vector.Values[types.Uint128](v)[:n] {
			out[4*i], out[4*i+1] = x.Lo, x.Hi
		}
		return memory.NewBufferBytes(raw.Bytes(out)), true
	}
	out := make([]types.Int128, n)
	switch v.Type.Physical() {
	case types.PInt16:
		signExtend(out, vector.Values[int16](v))
	case types.PInt32:
		signExtend(out, vector.Values[int32](v))
	case types.PInt64:
		signExtend(out, vector.Values[int64](v))
	default:
		return nil, false
	}
	return memory.NewBufferBytes(raw.Bytes(out)), true
}

func signExtend[T int16 | int32 | int64](out []types.Int128, x []T) {
	for i := range out {
		out[i] = types.Int128From(int64(x[i]))
	}
}

func uuidBytes(v *vector.Vector, n int) *memory.Buffer {
	out := make([]byte, 0, 16*n)
	for _, x := range vector.Values[types.Int128](v)[:n] {
		out = binary.BigEndian.AppendUint64(out, uint64(x.Hi)^1<<63)
		out = binary.BigEndian.AppendUint64(out, x.Lo)
	}
	return memory.NewBufferBytes(out)
}

func intervals(v *vector.Vector, n int) (*memory.Buffer, error) {
	out := make([]types.Interval, n) // the layout is Arrow's, the unit is not
	for i, x := range vector.Values[types.Interval](v)[:n] {
		if v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		if x.Micros > math.MaxInt64/1000 || x.Micros < math.MinInt64/1000 {
			return nil, sqlerr.New(sqlerr.CodeIntervalOverflow, "an interval of %d microseconds does not fit into Arrow's nanoseconds", x.Micros)
		}
		x.Micros *= 1000
		out[i] = x
	}
	return memory.NewBufferBytes(raw.Bytes(out)), nil
}

// labels returns the values of an enum as a dictionary.
func labels(e *types.EnumDict) *array.Data {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(e.Labels, nil)
	a := b.NewArray()
	defer a.Release()
	d := a.Data().(*array.Data)
	d.Retain()
	return d
}

// listOffsets returns the offsets of n lists and the child positions in order.
func listOffsets(v *vector.Vector, n int) (offsets []int32, idx []uint32, err error) {
	offsets = make([]int32, n+1)
	idx = []uint32{}
	for i, e := range vector.Values[types.ListEntry](v)[:n] {
		if v.Valid == nil || v.Valid.Get(i) {
			if len(idx)+int(e.Length) > maxLen {
				return nil, nil, sqlerr.New(sqlerr.CodeLimitExceeded, "a column's lists have more elements than Arrow can count")
			}
			for k := range e.Length {
				idx = append(idx, e.Offset+k)
			}
		}
		offsets[i+1] = int32(len(idx))
	}
	return offsets, idx, nil
}
