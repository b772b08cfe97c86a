package arrowconv

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Import makes out, of the type that Type gives for arr's, show the n values
// of arr from position from on, sharing arr's buffers where layouts agree: arr
// must outlive the use of out. Dictionary arrays become dictionary vectors
// without an ID. Error 22000 for an array that contradicts itself, 22021 for a
// string that is not UTF-8.
func Import(arr arrow.Array, from, n int, out *vector.Vector) error {
	return importData(arr.Data(), from, n, out)
}

func broken(what string) error {
	return sqlerr.New(sqlerr.CodeDataException, "malformed Arrow array: %s", what)
}

// fixed returns buffer k of d from element at on, n elements of w bytes.
func fixed(d arrow.ArrayData, k, at, n, w int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	bufs := d.Buffers()
	if k >= len(bufs) || bufs[k] == nil || at < 0 || bufs[k].Len()/w < at+n {
		return nil, broken("a buffer is too short")
	}
	return bufs[k].Bytes()[at*w : (at+n)*w], nil
}

func importData(d arrow.ArrayData, from, n int, out *vector.Vector) error {
	if from < 0 || n < 0 || from+n > d.Len() {
		return broken("it is shorter than its parent says")
	}
	if n == 0 {
		out.Resize(0)
		return nil
	}
	at := d.Offset() + from
	dt := d.DataType()
	if e, ok := dt.(arrow.ExtensionType); ok {
		dt = e.StorageType()
	}
	if dt.ID() == arrow.NULL {
		out.SetConstantNull(n)
		return nil
	}
	if dt, ok := dt.(*arrow.DictionaryType); ok {
		return importDictionary(d, dt, at, n, out)
	}
	if err := importValues(d, dt, at, n, out); err != nil {
		return err
	}
	return importValid(d, at, n, out)
}

// importValid sets out's bitmap.
func importValid(d arrow.ArrayData, at, n int, out *vector.Vector) error {
	bufs := d.Buffers()
	if n == 0 || len(bufs) == 0 || bufs[0] == nil || d.NullN() == 0 {
		return nil
	}
	src := bufs[0].Bytes()
	if len(src)*8 < at+n {
		return broken("the validity bitmap is too short")
	}
	dst := out.MutableValid()
	for i := range n {
		if p := at + i; src[p>>3]>>(p&7)&1 == 0 {
			dst.Clear(i)
		}
	}
	return nil
}

// show makes out a flat vector over b, copying it only if it is not aligned.
func show(out *vector.Vector, b []byte, n int) {
	w := out.Type.Physical().Width()
	if raw.Of(b)%raw.Addr(min(w, 8)) != 0 {
		out.Resize(n)
		copy(out.Data, b)
		return
	}
	out.Resize(0)
	out.Data, out.Len = b, n
}

func importValues(d arrow.ArrayData, dt arrow.DataType, at, n int, out *vector.Vector) error {
	switch dt := dt.(type) {
	case *arrow.BooleanType:
		b, err := fixed(d, 1, 0, (at+n+7)/8, 1)
		if err != nil {
			return err
		}
		out.Resize(n)
		for i := range out.Data[:n] {
			p := at + i
			out.Data[i] = b[p>>3] >> (p & 7) & 1
		}
		return nil
	case *arrow.Decimal128Type, *arrow.Decimal256Type:
		return importDecimal(d, dt.(arrow.FixedWidthDataType).BitWidth()/8, at, n, out)
	case *arrow.Date64Type:
		return convert(d, at, n, out, func(ms int64) int32 { return int32(floorDiv(ms, 86400000)) })
	case *arrow.Time32Type:
		k := int64(1000)
		if dt.Unit == arrow.Second {
			k = 1000000
		}
		return convert(d, at, n, out, func(t int32) int64 { return int64(t) * k })
	case *arrow.Time64Type:
		if dt.Unit == arrow.Nanosecond {
			return convert(d, at, n, out, func(t int64) int64 { return t / 1000 })
		}
	case *arrow.TimestampType:
		if k := [...]int64{arrow.Second: 1000000, arrow.Millisecond: 1000, arrow.Microsecond: 1, arrow.Nanosecond: 1}[dt.Unit]; dt.TimeZone != "" && dt.Unit != arrow.Microsecond {
			return importInstants(d, dt.Unit == arrow.Nanosecond, k, at, n, out)
		}
	case *arrow.DurationType:
		up := [...]int64{arrow.Second: 1000000, arrow.Millisecond: 1000, arrow.Microsecond: 1, arrow.Nanosecond: 1}[dt.Unit]
		down := int64(1)
		if dt.Unit == arrow.Nanosecond {
			down = 1000
		}
		return convert(d, at, n, out, func(t int64) types.Interval { return types.Interval{Micros: t / down * up} })
	case *arrow.MonthDayNanoIntervalType:
		return convert(d, at, n, out, func(x types.Interval) types.Interval {
			x.Micros /= 1000
			return x
		})
	case *arrow.FixedSizeBinaryType:
		if out.Type.ID == types.UUID {
			return importUUID(d, dt.ByteWidth, at, n, out)
		}
		return importFixedBinary(d, dt.ByteWidth, at, n, out)
	case *arrow.StringType, *arrow.BinaryType:
		return importStrings[int32](d, at, n, 4, out)
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		return importStrings[int64](d, at, n, 8, out)
	case *arrow.StringViewType, *arrow.BinaryViewType:
		return importViews(d, at, n, out)
	case *arrow.ListType, *arrow.MapType:
		return importList[int32](d, at, n, 4, out)
	case *arrow.LargeListType:
		return importList[int64](d, at, n, 8, out)
	case *arrow.FixedSizeListType:
		out.Resize(n)
		size := int(dt.Len())
		return importChild(d, 0, at*size, n*size, out.Children[0])
	case *arrow.StructType:
		out.Resize(n)
		for k, c := range out.Children {
			if err := importChild(d, k, at, n, c); err != nil {
				return err
			}
		}
		return nil
	}
	if t, err := Type(dt); err != nil || t.Physical() != out.Type.Physical() {
		return sqlerr.New(sqlerr.CodeUnsupported, "the Arrow type %s is not supported", dt)
	}
	b, err := fixed(d, 1, at, n, out.Type.Physical().Width())
	if err != nil {
		return err
	}
	show(out, b, n)
	return nil
}

func importChild(d arrow.ArrayData, k, at, n int, out *vector.Vector) error {
	if k >= len(d.Children()) {
		return broken("a child is missing")
	}
	return importData(d.Children()[k], at, n, out)
}

func floorDiv(x, y int64) int64 {
	q := x / y
	if x%y < 0 {
		q--
	}
	return q
}

// elements returns n elements of buffer 1 from at on, aligned.
func elements[T any](d arrow.ArrayData, at, n int, w int) ([]T, error) {
	b, err := fixed(d, 1, at, n, w)
	if err != nil {
		return nil, err
	}
	if raw.Of(b)%raw.Addr(min(w, 8)) != 0 {
		b = append(make([]byte, 0, len(b)+8), b...)
	}
	return raw.Cast[T](b), nil
}

// convert maps elements one by one; imports happen at the edge, where a call a
// value is paid once.
func convert[T, R any](d arrow.ArrayData, at, n int, out *vector.Vector, f func(T) R) error {
	x, err := elements[T](d, at, n, d.DataType().(arrow.FixedWidthDataType).BitWidth()/8)
	if err != nil {
		return err
	}
	out.Resize(n)
	r := vector.Values[R](out)
	for i, v := range x {
		r[i] = f(v)
	}
	return nil
}

// importInstants brings instants of another unit to microseconds; those that
// do not fit are an error.
func importInstants(d arrow.ArrayData, nanos bool, k int64, at, n int, out *vector.Vector) error {
	x, err := elements[int64](d, at, n, 8)
	if err != nil {
		return err
	}
	out.Resize(n)
	r := vector.Values[int64](out)
	for i, v := range x {
		if nanos {
			r[i] = floorDiv(v, 1000)
			continue
		}
		if r[i] = v * k; r[i]/k != v {
			if isNull(d, at+i) {
				continue
			}
			return sqlerr.New(sqlerr.CodeDatetimeOverflow, "a timestamp of an Arrow array is out of range")
		}
	}
	return nil
}

// isNull reports whether the bitmap of d marks position p, offset included,
// as NULL.
func isNull(d arrow.ArrayData, p int) bool {
	bufs := d.Buffers()
	return len(bufs) > 0 && bufs[0] != nil && p>>3 < bufs[0].Len() && bufs[0].Bytes()[p>>3]>>(p&7)&1 == 0
}

func importDecimal(d arrow.ArrayData, width, at, n int, out *vector.Vector) error {
	x, err := elements[uint64](d, at*(width/8), n*(width/8), 8)
	if err != nil {
		return err
	}
	out.Resize(n)
	for i := range n {
		w := x[i*width/8:][:width/8]
		v := types.Int128{Lo: w[0], Hi: int64(w[1])}
		ok := types.FitsDecimal(v, int(out.Type.Width))
		for _, more := range w[2:] {
			ok = ok && int64(more) == v.Hi>>63
		}
		if !ok {
			if isNull(d, at+i) {
				v = types.Int128{}
			} else {
				return sqlerr.New(sqlerr.CodeNumericOutOfRange, "a value of an Arrow array does not fit into %s", out.Type)
			}
		}
		switch out.Type.Physical() {
		case types.PInt16:
			vector.Values[int16](out)[i] = int16(v.Lo)
		case types.PInt32:
			vector.Values[int32](out)[i] = int32(v.Lo)
		case types.PInt64:
			vector.Values[int64](out)[i] = int64(v.Lo)
		default:
			vector.Values[types.Int128](out)[i] = v
		}
	}
	return nil
}

func importUUID(d arrow.ArrayData, width, at, n int, out *vector.Vector) error {
	b, err := fixed(d, 1, at, n, width)
	if err != nil || width != 16 {
		return broken("UUIDs have 16 bytes")
	}
	out.Resize(n)
	for i := range n {
		x := b[16*i:]
		vector.Values[types.Int128](out)[i] = types.Int128{
			Hi: int64(binary.BigEndian.Uint64(x) ^ 1<<63), Lo: binary.BigEndian.Uint64(x[8:]),
		}
	}
	return nil
}

func importFixedBinary(d arrow.ArrayData, width, at, n int, out *vector.Vector) error {
	if width <= 0 {
		out.Resize(n)
		return nil
	}
	b, err := fixed(d, 1, at, n, width)
	if err != nil {
		return err
	}
	if len(b) > maxLen {
		return sqlerr.New(sqlerr.CodeLimitExceeded, "an Arrow array is too large")
	}
	out.Resize(n)
	out.ShareBufs([][]byte{b})
	for i := range n {
		vector.Values[types.StringRef](out)[i] = reference(b, i*width, (i+1)*width)
	}
	return nil
}

// reference returns the reference to b[from:to], b being buffer 0.
func reference(b []byte, from, to int) types.StringRef {
	if s := b[from:to]; len(s) > types.MaxInline {
		return types.LongRef(s, 0, from)
	}
	return types.InlineRef(b[from:to])
}

func importStrings[T int32 | int64](d arrow.ArrayData, at, n, width int, out *vector.Vector) error {
	if n == 0 {
		out.Resize(0)
		return nil
	}
	offsets, err := elements[T](d, at, n+1, width)
	if err != nil {
		return err
	}
	var bytes []byte
	if bufs := d.Buffers(); len(bufs) > 2 && bufs[2] != nil {
		bytes = bufs[2].Bytes()
	}
	first, last := int(offsets[0]), int(offsets[n])
	if first < 0 || last < first || last > len(bytes) {
		return broken("a string lies outside its buffer")
	}
	bytes = bytes[first:last]
	if len(bytes) > maxLen {
		return sqlerr.New(sqlerr.CodeLimitExceeded, "an Arrow array is too large")
	}
	out.Resize(n)
	out.ShareBufs([][]byte{bytes})
	refs := vector.Values[types.StringRef](out)
	for i := range n {
		from, to := int(offsets[i])-first, int(offsets[i+1])-first
		if from < 0 || to < from || to > len(bytes) {
			return broken("a string lies outside its buffer")
		}
		if isNull(d, at+i) {
			continue
		}
		if out.Type.ID == types.Varchar && !utf8.Valid(bytes[from:to]) {
			return sqlerr.New(sqlerr.CodeInvalidEncoding, "a string of an Arrow array is not valid UTF-8")
		}
		refs[i] = reference(bytes, from, to)
	}
	return nil
}

// importViews copies the references, checked and with clean padding; the bytes
// stay where they are.
func importViews(d arrow.ArrayData, at, n int, out *vector.Vector) error {
	views, err := elements[types.StringRef](d, at, n, 16)
	if err != nil {
		return err
	}
	var bufs [][]byte
	for _, b := range d.Buffers()[2:] {
		if b == nil {
			bufs = append(bufs, nil)
			continue
		}
		bufs = append(bufs, b.Bytes())
	}
	out.Resize(n)
	out.ShareBufs(bufs)
	refs := vector.Values[types.StringRef](out)
	for i, v := range views {
		if isNull(d, at+i) {
			continue
		}
		var s []byte
		if v.Inline() {
			s = raw.Within(&views[i], 4, v.Len())
			refs[i] = types.InlineRef(s)
		} else {
			if v.Len() > maxLen || v.Buf() >= len(bufs) || v.Off() > len(bufs[v.Buf()])-v.Len() {
				return broken("a string lies outside its buffer")
			}
			s = bufs[v.Buf()][v.Off() : v.Off()+v.Len()]
			refs[i] = types.LongRef(s, v.Buf(), v.Off())
		}
		if out.Type.ID == types.Varchar && !utf8.Valid(s) {
			return sqlerr.New(sqlerr.CodeInvalidEncoding, "a string of an Arrow array is not valid UTF-8")
		}
	}
	return nil
}

func importList[T int32 | int64](d arrow.ArrayData, at, n, width int, out *vector.Vector) error {
	out.Resize(n)
	if n == 0 {
		return nil
	}
	offsets, err := elements[T](d, at, n+1, width)
	if err != nil {
		return err
	}
	first, last := int(offsets[0]), int(offsets[n])
	if first < 0 || last < first || last-first > maxLen {
		return broken("list offsets are not in order")
	}
	entries := vector.Values[types.ListEntry](out)
	for i := range n {
		from, to := int(offsets[i])-first, int(offsets[i+1])-first
		if from < 0 || to < from || to > last-first {
			return broken("list offsets are not in order")
		}
		entries[i] = types.ListEntry{Offset: uint32(from), Length: uint32(to - from)}
	}
	return importChild(d, 0, first, last-first, out.Children[0])
}

func importDictionary(d arrow.ArrayData, dt *arrow.DictionaryType, at, n int, out *vector.Vector) error {
	values, ok := d.Dictionary().(*array.Data)
	if !ok || values == nil {
		return broken("the dictionary is missing")
	}
	dict := vector.New(out.Type)
	if err := importData(values, 0, values.Len(), dict); err != nil {
		return err
	}
	dict.Flatten()
	codes := make([]uint32, n)
	size := uint64(dict.Len)
	var err error
	switch bits := dt.IndexType.(arrow.FixedWidthDataType).BitWidth(); bits {
	case 8:
		err = indices[uint8](d, at, 1, codes, size)
	case 16:
		err = indices[uint16](d, at, 2, codes, size)
	case 32:
		err = indices[uint32](d, at, 4, codes, size)
	default:
		err = indices[uint64](d, at, 8, codes, size)
	}
	if err != nil {
		return err
	}
	if dict.Len == 0 { // then all are NULL
		out.SetConstantNull(n)
		return nil
	}
	if d.NullN() == 0 {
		out.SetDictionary(dict, codes, 0)
		return nil
	}
	flat := vector.New(out.Type)
	flat.SetDictionary(dict, codes, 0)
	kernel.Take(out, flat, nil, n)
	return importValid(d, at, n, out)
}

// indices reads dictionary indices; a signed negative one is beyond any size.
func indices[T uint8 | uint16 | uint32 | uint64](d arrow.ArrayData, at, width int, codes []uint32, size uint64) error {
	x, err := elements[T](d, at, len(codes), width)
	if err != nil {
		return err
	}
	for i, c := range x {
		if uint64(c) >= size || bits.Len64(uint64(c)) > 32 {
			if !isNull(d, at+i) {
				return broken("an index lies outside the dictionary")
			}
			c = 0
		}
		codes[i] = uint32(c)
	}
	return nil
}
