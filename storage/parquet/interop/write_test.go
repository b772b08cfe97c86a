package interop

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// memFS is an FS of files in memory.
type memFS map[string][]byte

type memFile struct {
	*bytes.Reader
	info storage.FileInfo
}

func (f memFile) Close() error           { return nil }
func (f memFile) Info() storage.FileInfo { return f.info }

func (m memFS) Open(ctx context.Context, name string) (storage.File, error) {
	b, ok := m[name]
	if !ok {
		return nil, sqlerr.New(sqlerr.CodeUndefinedFile, "no such file").WithFile(name, 0)
	}
	return memFile{bytes.NewReader(b), storage.FileInfo{Name: name, Size: int64(len(b))}}, nil
}

func (m memFS) Stat(ctx context.Context, name string) (storage.FileInfo, error) {
	return storage.FileInfo{Name: name, Size: int64(len(m[name]))}, nil
}

func (m memFS) List(ctx context.Context, dir string) ([]storage.FileInfo, error) { return nil, nil }

var _ io.ReaderAt = memFile{}

// testColumn is a column to be written, and what must be read.
type testColumn struct {
	name  string
	typ   types.Type
	node  func(name string, rep parquet.Repetition) (schema.Node, error)
	value func(r *rand.Rand) (stored any, want types.Value)
	noDic bool
}

func logical(l schema.LogicalType, t parquet.Type, length int) func(string, parquet.Repetition) (schema.Node, error) {
	return func(name string, rep parquet.Repetition) (schema.Node, error) {
		return schema.NewPrimitiveNodeLogical(name, rep, l, t, length, -1)
	}
}

func plain(t parquet.Type, length int) func(string, parquet.Repetition) (schema.Node, error) {
	return func(name string, rep parquet.Repetition) (schema.Node, error) {
		return schema.NewPrimitiveNode(name, rep, t, -1, int32(length))
	}
}

func converted(c schema.ConvertedType, t parquet.Type, length, precision, scale int) func(string, parquet.Repetition) (schema.Node, error) {
	return func(name string, rep parquet.Repetition) (schema.Node, error) {
		return schema.NewPrimitiveNodeConverted(name, rep, t, c, length, precision, scale, -1)
	}
}

// small draws from few or from many values, so that dictionaries of all widths
// and runs of all lengths occur.
func small(r *rand.Rand) int64 {
	switch r.IntN(4) {
	case 0:
		return 7
	case 1:
		return int64(r.IntN(5))
	case 2:
		return -int64(r.IntN(300))
	}
	return int64(r.IntN(30000)) - 15000
}

// bigEndian returns x in two's complement of n bytes.
func bigEndian(x int64, n int) []byte {
	b := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		b[i] = byte(x)
		x >>= 8
	}
	return b
}

func text(r *rand.Rand) string {
	words := []string{"", "a", "grüße", "hello world!", "hello world!!", "日本語のテキスト", "0123456789ab", "abcd", "abcde"}
	switch r.IntN(4) {
	case 0:
		return words[r.IntN(len(words))]
	case 1:
		return fmt.Sprintf("%d", r.IntN(100))
	case 2:
		return fmt.Sprintf("a longer text with the number %d", r.IntN(10000))
	}
	return string(bytes.Repeat([]byte{byte('a' + r.IntN(26))}, r.IntN(200)))
}

func columnsOfAllTypes() []testColumn {
	i32 := func(t types.Type, mul int64) func(r *rand.Rand) (any, types.Value) {
		return func(r *rand.Rand) (any, types.Value) {
			x := small(r)
			return int32(x), types.IntValue(t, x*mul)
		}
	}
	i64 := func(t types.Type, mul int64) func(r *rand.Rand) (any, types.Value) {
		return func(r *rand.Rand) (any, types.Value) {
			x := small(r) * 1000003
			return x, types.IntValue(t, x*mul)
		}
	}
	str := func(id types.ID) func(r *rand.Rand) (any, types.Value) {
		return func(r *rand.Rand) (any, types.Value) {
			s := text(r)
			return parquet.ByteArray(s), types.Value{Type: types.Of(id), S: s}
		}
	}
	of := types.Of
	bits := func(b uint, signed bool, id types.ID) testColumn {
		return testColumn{name: fmt.Sprintf("int%d_%v", b, signed), typ: of(id),
			node: logical(schema.NewIntLogicalType(int8(b), signed), parquet.Types.Int32, 0),
			value: func(r *rand.Rand) (any, types.Value) {
				x := r.Uint64() >> r.IntN(64)
				v := int64(x << (64 - b) >> (64 - b))
				if signed {
					v = int64(x<<(64-b)) >> (64 - b)
				}
				return int32(v), types.IntValue(of(id), v)
			}}
	}
	decFixed := func(width, scale uint8, n int) testColumn {
		t := types.DecimalOf(width, scale)
		return testColumn{name: fmt.Sprintf("decfixed%d_%d", width, n), typ: t,
			node: logical(schema.NewDecimalLogicalType(int32(width), int32(scale)), parquet.Types.FixedLenByteArray, n),
			value: func(r *rand.Rand) (any, types.Value) {
				x := small(r) % 1000
				return parquet.FixedLenByteArray(bigEndian(x, n)), types.Int128Value(t, types.Int128{Lo: uint64(x), Hi: x >> 63})
			}}
	}
	dec32 := func(width uint8) testColumn {
		t := types.DecimalOf(width, 2)
		return testColumn{name: fmt.Sprintf("dec32_%d", width), typ: t,
			node: logical(schema.NewDecimalLogicalType(int32(width), 2), parquet.Types.Int32, 0),
			value: func(r *rand.Rand) (any, types.Value) {
				x := small(r) % 1000
				return int32(x), types.IntValue(t, x)
			}}
	}
	dec64 := func(width uint8) testColumn {
		t := types.DecimalOf(width, 2)
		return testColumn{name: fmt.Sprintf("dec64_%d", width), typ: t,
			node: logical(schema.NewDecimalLogicalType(int32(width), 2), parquet.Types.Int64, 0),
			value: func(r *rand.Rand) (any, types.Value) {
				x := small(r) % 1000
				return x, types.IntValue(t, x)
			}}
	}
	return []testColumn{
		{name: "bool", typ: of(types.Boolean), node: plain(parquet.Types.Boolean, 0), noDic: true,
			value: func(r *rand.Rand) (any, types.Value) {
				b := r.IntN(3) == 0
				return b, types.BoolValue(b)
			}},
		{name: "i32", typ: of(types.Integer), node: plain(parquet.Types.Int32, 0), value: i32(of(types.Integer), 1)},
		{name: "i64", typ: of(types.BigInt), node: plain(parquet.Types.Int64, 0), value: i64(of(types.BigInt), 1)},
		bits(8, true, types.TinyInt), bits(16, true, types.SmallInt), bits(32, true, types.Integer),
		bits(8, false, types.UTinyInt), bits(16, false, types.USmallInt), bits(32, false, types.UInteger),
		{name: "u64", typ: of(types.UBigInt), node: logical(schema.NewIntLogicalType(64, false), parquet.Types.Int64, 0),
			value: func(r *rand.Rand) (any, types.Value) {
				x := int64(r.Uint64())
				return x, types.Value{Type: of(types.UBigInt), I: x}
			}},
		{name: "f32", typ: of(types.Float), node: plain(parquet.Types.Float, 0), value: func(r *rand.Rand) (any, types.Value) {
			x := float32(small(r)) / 7
			return x, types.Value{Type: of(types.Float), F: float64(x)}
		}},
		{name: "f64", typ: of(types.Double), node: plain(parquet.Types.Double, 0), value: func(r *rand.Rand) (any, types.Value) {
			x := float64(small(r)) / 7
			return x, types.FloatValue(x)
		}},
		{name: "f16", typ: of(types.Float), node: logical(schema.Float16LogicalType{}, parquet.Types.FixedLenByteArray, 2),
			value: func(r *rand.Rand) (any, types.Value) {
				x := uint16(r.IntN(0x7c00)) | uint16(r.IntN(2))<<15
				b := binary.LittleEndian.AppendUint16(nil, x)
				return parquet.FixedLenByteArray(b), types.Value{Type: of(types.Float), F: half(x)}
			}},
		{name: "utf8", typ: of(types.Varchar), node: logical(schema.StringLogicalType{}, parquet.Types.ByteArray, 0), value: str(types.Varchar)},
		{name: "json", typ: of(types.Varchar), node: converted(schema.ConvertedTypes.JSON, parquet.Types.ByteArray, 0, 0, 0), value: str(types.Varchar)},
		{name: "enum", typ: of(types.Varchar), node: converted(schema.ConvertedTypes.Enum, parquet.Types.ByteArray, 0, 0, 0), value: str(types.Varchar)},
		{name: "blob", typ: of(types.Blob), node: plain(parquet.Types.ByteArray, 0), value: str(types.Blob)},
		{name: "fixed5", typ: of(types.Blob), node: plain(parquet.Types.FixedLenByteArray, 5), value: func(r *rand.Rand) (any, types.Value) {
			b := []byte(fmt.Sprintf("%05d", r.IntN(100000)))
			return parquet.FixedLenByteArray(b), types.Value{Type: of(types.Blob), S: string(b)}
		}},
		{name: "fixed20", typ: of(types.Blob), node: plain(parquet.Types.FixedLenByteArray, 20), value: func(r *rand.Rand) (any, types.Value) {
			b := []byte(fmt.Sprintf("%020d", r.IntN(1000)))
			return parquet.FixedLenByteArray(b), types.Value{Type: of(types.Blob), S: string(b)}
		}},
		{name: "uuid", typ: of(types.UUID), node: logical(schema.UUIDLogicalType{}, parquet.Types.FixedLenByteArray, 16), value: func(r *rand.Rand) (any, types.Value) {
			hi, lo := r.Uint64(), r.Uint64()
			b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, hi), lo)
			return parquet.FixedLenByteArray(b), types.Int128Value(of(types.UUID), types.Int128{Lo: lo, Hi: int64(hi ^ 1<<63)})
		}},
		{name: "interval", typ: of(types.IntervalID), node: converted(schema.ConvertedTypes.Interval, parquet.Types.FixedLenByteArray, 12, 0, 0), value: func(r *rand.Rand) (any, types.Value) {
			m, d, ms := r.Uint32()>>8, r.Uint32()>>8, r.Uint32()
			var b []byte
			for _, x := range []uint32{m, d, ms} {
				b = binary.LittleEndian.AppendUint32(b, x)
			}
			return parquet.FixedLenByteArray(b), types.Value{Type: of(types.IntervalID), Iv: types.Interval{Months: int32(m), Days: int32(d), Micros: int64(ms) * 1000}}
		}},
		{name: "date", typ: of(types.Date), node: logical(schema.DateLogicalType{}, parquet.Types.Int32, 0), value: i32(of(types.Date), 1)},
		{name: "time_ms", typ: of(types.Time), node: logical(schema.NewTimeLogicalType(false, schema.TimeUnitMillis), parquet.Types.Int32, 0), value: i32(of(types.Time), 1000)},
		{name: "time_us", typ: of(types.Time), node: logical(schema.NewTimeLogicalType(false, schema.TimeUnitMicros), parquet.Types.Int64, 0), value: i64(of(types.Time), 1)},
		{name: "timetz_us", typ: of(types.TimeTZ), node: logical(schema.NewTimeLogicalType(true, schema.TimeUnitMicros), parquet.Types.Int64, 0), value: func(r *rand.Rand) (any, types.Value) {
			x := r.Int64N(86400 * 1e6)
			return x, types.IntValue(of(types.TimeTZ), x<<24|57599)
		}},
		{name: "ts_ms", typ: of(types.Timestamp), node: logical(schema.NewTimestampLogicalType(false, schema.TimeUnitMillis), parquet.Types.Int64, 0), value: i64(of(types.Timestamp), 1000)},
		{name: "ts_us", typ: of(types.Timestamp), node: logical(schema.NewTimestampLogicalType(false, schema.TimeUnitMicros), parquet.Types.Int64, 0), value: i64(of(types.Timestamp), 1)},
		{name: "ts_ns", typ: of(types.TimestampNS), node: logical(schema.NewTimestampLogicalType(false, schema.TimeUnitNanos), parquet.Types.Int64, 0), value: i64(of(types.TimestampNS), 1)},
		{name: "tstz_ms", typ: of(types.TimestampTZ), node: logical(schema.NewTimestampLogicalType(true, schema.TimeUnitMillis), parquet.Types.Int64, 0), value: i64(of(types.TimestampTZ), 1000)},
		{name: "tstz_us", typ: of(types.TimestampTZ), node: logical(schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), parquet.Types.Int64, 0), value: i64(of(types.TimestampTZ), 1)},
		{name: "tstz_ns", typ: of(types.TimestampTZ), node: logical(schema.NewTimestampLogicalType(true, schema.TimeUnitNanos), parquet.Types.Int64, 0), value: func(r *rand.Rand) (any, types.Value) {
			x := small(r) * 1000003
			return x, types.IntValue(of(types.TimestampTZ), int64(math.Floor(float64(x)/1000)))
		}},
		{name: "int96", typ: of(types.Timestamp), node: plain(parquet.Types.Int96, 0), value: func(r *rand.Rand) (any, types.Value) {
			day, nanos := uint32(2440588+r.IntN(20000)), uint64(r.Int64N(86400*1e9))
			var b parquet.Int96
			binary.LittleEndian.PutUint64(b[:], nanos)
			binary.LittleEndian.PutUint32(b[8:], day)
			return b, types.IntValue(of(types.Timestamp), int64(day-2440588)*86400*1e6+int64(nanos/1000))
		}},
		dec32(4), dec32(9), dec64(4), dec64(9), dec64(18),
		decFixed(4, 2, 2), decFixed(9, 2, 4), decFixed(18, 3, 8), decFixed(25, 2, 11), decFixed(38, 10, 16), decFixed(20, 0, 9),
		{name: "decbytes", typ: types.DecimalOf(12, 2), node: logical(schema.NewDecimalLogicalType(12, 2), parquet.Types.ByteArray, 0), value: func(r *rand.Rand) (any, types.Value) {
			x := small(r) % 100
			return parquet.ByteArray(bigEndian(x, 1+r.IntN(6))), types.IntValue(types.DecimalOf(12, 2), x)
		}},
	}
}

func half(h uint16) float64 {
	exp, frac := int(h>>10&31), float64(h&1023)
	f := math.Ldexp(1024+frac, exp-25)
	if exp == 0 {
		f = math.Ldexp(frac, -24)
	}
	if h>>15 != 0 {
		f = math.Copysign(f, -1)
	}
	return f
}

// fileSpec is how a file is written.
type fileSpec struct {
	codec    compress.Compression
	v2       bool
	dict     bool
	rows     int
	groups   int
	pageSize int64
	dictSize int64
	nulls    int // 0 required; else one of a hundred that many are NULL, in runs
	stats    bool
	delta    bool // delta and byte-stream-split encodings where they exist
}

func (s fileSpec) String() string {
	return fmt.Sprintf("%v/v2=%v/dict=%v/rows=%d*%d/page=%d/dictsize=%d/nulls=%d", s.codec, s.v2, s.dict, s.rows, s.groups, s.pageSize, s.dictSize, s.nulls)
}

// write returns a file of the given columns and, a column each, its values.
func (s fileSpec) write(tb testing.TB, seed uint64, cols []testColumn) ([]byte, [][]types.Value) {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	rep := parquet.Repetitions.Required
	if s.nulls > 0 {
		rep = parquet.Repetitions.Optional
	}
	var nodes schema.FieldList
	for _, c := range cols {
		n, err := c.node(c.name, rep)
		if err != nil {
			tb.Fatalf("%s: %v", c.name, err)
		}
		nodes = append(nodes, n)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		tb.Fatal(err)
	}
	version := parquet.DataPageV1
	if s.v2 {
		version = parquet.DataPageV2
	}
	opts := []parquet.WriterProperty{parquet.WithCompression(s.codec), parquet.WithDataPageVersion(version), parquet.WithStats(s.stats),
		parquet.WithDataPageSize(s.pageSize), parquet.WithDictionaryDefault(s.dict), parquet.WithDictionaryPageSizeLimit(s.dictSize), parquet.WithBatchSize(64),
		parquet.WithPageIndexEnabled(s.stats), parquet.WithBloomFilterEnabled(s.stats && !s.v2),
		parquet.WithMaxBloomFilterBytes(16 << 10)} // not a megabyte a column
	for _, c := range cols {
		if s.delta && (c.name == "i32" || c.name == "i64" || c.name == "u64" || c.name == "ts_ms" || strings.HasPrefix(c.name, "dec32") || c.name == "int8_true") {
			opts = append(opts, parquet.WithDictionaryFor(c.name, false), parquet.WithEncodingFor(c.name, parquet.Encodings.DeltaBinaryPacked))
		}
		if s.delta && (c.name == "utf8" || c.name == "decbytes") {
			opts = append(opts, parquet.WithDictionaryFor(c.name, false), parquet.WithEncodingFor(c.name, parquet.Encodings.DeltaLengthByteArray))
		}
		if s.delta && (c.name == "json" || c.name == "blob") {
			opts = append(opts, parquet.WithDictionaryFor(c.name, false), parquet.WithEncodingFor(c.name, parquet.Encodings.DeltaByteArray))
		}
		if s.delta && (c.name == "f32" || c.name == "f64" || c.name == "uuid" || c.name == "f16" || c.name == "fixed5" || c.name == "fixed20") {
			opts = append(opts, parquet.WithDictionaryFor(c.name, false), parquet.WithEncodingFor(c.name, parquet.Encodings.ByteStreamSplit))
		}
		if c.noDic {
			opts = append(opts, parquet.WithDictionaryFor(c.name, false))
			if s.v2 && s.pageSize > int64(s.rows) {
				// In one page only: arrow-go 18.8 writes wrong bits into the others.
				opts = append(opts, parquet.WithEncodingFor(c.name, parquet.Encodings.RLE))
			}
		}
	}
	var buf bytes.Buffer
	w := file.NewParquetWriter(&buf, root, file.WithWriterProps(parquet.NewWriterProperties(opts...)))
	want := make([][]types.Value, len(cols))
	for range s.groups {
		g, err := w.AppendRowGroupChecked()
		if err != nil {
			tb.Fatal(err)
		}
		for i, c := range cols {
			cw, err := g.NextColumn()
			if err != nil {
				tb.Fatal(err)
			}
			values, defs := s.generate(r, &cols[i], &want[i])
			if err := writeBatch(cw, values, defs); err != nil {
				tb.Fatalf("%s: %v", c.name, err)
			}
			if err := cw.Close(); err != nil {
				tb.Fatalf("%s: %v", c.name, err)
			}
		}
		if err := g.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes(), want
}

// generate draws the values of a column of one row group.
func (s fileSpec) generate(r *rand.Rand, c *testColumn, want *[]types.Value) (values []any, defs []int16) {
	null := false
	run := 0
	var prev any
	var prevWant types.Value
	for range s.rows {
		if run == 0 {
			null = r.IntN(100) < s.nulls
			if run = 1; r.IntN(10) == 0 {
				run = 1 + r.IntN(200)
			}
		}
		run--
		if null {
			defs = append(defs, 0)
			*want = append(*want, types.NullOf(c.typ))
			continue
		}
		if prev == nil || r.IntN(3) == 0 || run == 0 {
			prev, prevWant = c.value(r)
		}
		values = append(values, prev)
		defs = append(defs, 1)
		*want = append(*want, prevWant)
	}
	if s.nulls == 0 {
		defs = nil
	}
	return values, defs
}

func slice[T any](values []any) []T {
	out := make([]T, len(values))
	for i, v := range values {
		out[i] = v.(T)
	}
	return out
}

func writeBatch(cw file.ColumnChunkWriter, values []any, defs []int16) error {
	return writeLevels(cw, values, defs, nil)
}

func writeLevels(cw file.ColumnChunkWriter, values []any, defs, reps []int16) (err error) {
	switch w := cw.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(slice[bool](values), defs, reps)
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(slice[int32](values), defs, reps)
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(slice[int64](values), defs, reps)
	case *file.Int96ColumnChunkWriter:
		_, err = w.WriteBatch(slice[parquet.Int96](values), defs, reps)
	case *file.Float32ColumnChunkWriter:
		_, err = w.WriteBatch(slice[float32](values), defs, reps)
	case *file.Float64ColumnChunkWriter:
		_, err = w.WriteBatch(slice[float64](values), defs, reps)
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(slice[parquet.ByteArray](values), defs, reps)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(slice[parquet.FixedLenByteArray](values), defs, reps)
	default:
		err = fmt.Errorf("no writer for %T", cw)
	}
	return err
}
