package parquet

import (
	"errors"
	"unicode/utf8"
)

// The format's enumerations (parquet.thrift of parquet-format 2.11).
type physicalType int32

const (
	ptBoolean physicalType = iota
	ptInt32
	ptInt64
	ptInt96
	ptFloat
	ptDouble
	ptByteArray
	ptFixed
	numPhysicalTypes
)

// repetition of a schema element.
const (
	repRequired = 0
	repOptional = 1
	repRepeated = 2
)

// Converted types, the older way to say what a column means; -1 is none.
const (
	ctNone            = -1
	ctUTF8            = 0
	ctMap             = 1
	ctMapKeyValue     = 2
	ctList            = 3
	ctEnum            = 4
	ctDecimal         = 5
	ctDate            = 6
	ctTimeMillis      = 7
	ctTimeMicros      = 8
	ctTimestampMillis = 9
	ctTimestampMicros = 10
	ctUint8           = 11
	ctUint16          = 12
	ctUint32          = 13
	ctUint64          = 14
	ctInt8            = 15
	ctInt16           = 16
	ctInt32           = 17
	ctInt64           = 18
	ctJSON            = 19
	ctBSON            = 20
	ctInterval        = 21
)

// Logical types, by field id of the union; 0 is none.
const (
	ltNone      = 0
	ltString    = 1
	ltMap       = 2
	ltList      = 3
	ltEnum      = 4
	ltDecimal   = 5
	ltDate      = 6
	ltTime      = 7
	ltTimestamp = 8
	ltInteger   = 10
	ltUnknown   = 11
	ltJSON      = 12
	ltBSON      = 13
	ltUUID      = 14
	ltFloat16   = 15
)

// Time units, by field id of the union TimeUnit.
const (
	unitMillis = 1
	unitMicros = 2
	unitNanos  = 3
)

// Bounds on what a footer may hold.
const (
	maxSchemaElements = 1 << 16
	maxRowGroups      = 1 << 20
	maxColumnChunks   = 1 << 20
)

type logicalType struct {
	kind      int16
	scale     int32
	precision int32
	utc       bool
	unit      int16
	bits      int8
	signed    bool
}

type schemaElement struct {
	typ         physicalType // -1: a group
	typeLength  int32
	repetition  int32
	name        string
	numChildren int32
	converted   int32
	scale       int32
	precision   int32
	logical     logicalType
}

// statistics of a column chunk; byte slices point into the footer and are nil
// when absent.
type statistics struct {
	oldMin, oldMax []byte
	min, max       []byte
	nullCount      int64 // -1 unknown
	distinct       int64 // -1 unknown
	nanCount       int64 // -1 unknown
}

type columnMeta struct {
	typ              physicalType
	codec            int32
	numValues        int64
	uncompressedSize int64
	compressedSize   int64
	dataPageOffset   int64
	dictPageOffset   int64 // 0 when absent
	stats            statistics
	encrypted        bool
	dictOnly         bool // all values are codes of the dictionary

	// Where the page index and the Bloom filter are; lengths of 0: nowhere.
	columnIndexOff, offsetIndexOff int64
	columnIndexLen, offsetIndexLen int32
	bloomOff                       int64 // 0: there is none
}

type rowGroup struct {
	columns []columnMeta
	numRows int64
}

type fileMeta struct {
	schema    []schemaElement
	numRows   int64
	rowGroups []rowGroup
	createdBy string
	// typeOrdered says, a leaf each, whether min and max follow the order of
	// the logical type (or, for floats, IEEE's total order). nil: undefined.
	typeOrdered []bool
	encrypted   bool
}

var errTooLarge = errors.New("metadata describes too many columns or row groups")

// parseFileMeta reads the footer. Slices of the result point into b.
func parseFileMeta(b []byte) (*fileMeta, error) {
	t := &thrift{b: b}
	m := &fileMeta{}
	chunks := 0
	for id, typ := range t.fields {
		switch {
		case id == 2 && typ == tList:
			n := t.structs(maxSchemaElements)
			for i := 0; i < n && t.err == nil; i++ {
				m.schema = append(m.schema, t.schemaElement())
			}
		case id == 3 && typ == tI64:
			m.numRows = t.i64()
		case id == 4 && typ == tList:
			n := t.structs(maxRowGroups)
			for i := 0; i < n && t.err == nil; i++ {
				m.rowGroups = append(m.rowGroups, t.rowGroup(&chunks))
			}
		case id == 6 && typ == tBinary:
			m.createdBy = string(t.binary())
		case id == 7 && typ == tList:
			n := t.structs(maxSchemaElements)
			for i := 0; i < n && t.err == nil; i++ {
				// The union ColumnOrder: 1 is TypeDefinedOrder, 2 IEEE 754 total order.
				order := t.unionMember()
				m.typeOrdered = append(m.typeOrdered, order == 1 || order == 2)
			}
		case id == 8:
			m.encrypted = true
			t.skip(typ)
		default:
			t.skip(typ)
		}
	}
	if t.err != nil {
		return nil, t.err
	}
	return m, nil
}

func (t *thrift) schemaElement() schemaElement {
	e := schemaElement{typ: -1, converted: ctNone}
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tI32:
			if e.typ = physicalType(t.i32()); e.typ < 0 || e.typ >= numPhysicalTypes {
				t.fail(errThriftBad)
			}
		case id == 2 && typ == tI32:
			e.typeLength = t.i32()
		case id == 3 && typ == tI32:
			e.repetition = t.i32()
		case id == 4 && typ == tBinary:
			name := t.binary()
			if !utf8.Valid(name) || len(name) > 1<<16 {
				t.fail(errThriftBad)
			}
			e.name = string(name)
		case id == 5 && typ == tI32:
			e.numChildren = t.i32()
		case id == 6 && typ == tI32:
			e.converted = t.i32()
		case id == 7 && typ == tI32:
			e.scale = t.i32()
		case id == 8 && typ == tI32:
			e.precision = t.i32()
		case id == 10 && typ == tStruct:
			e.logical = t.logicalType()
		default:
			t.skip(typ)
		}
	}
	return e
}

func (t *thrift) logicalType() logicalType {
	var l logicalType
	for id, typ := range t.fields {
		l.kind = id
		if typ != tStruct {
			t.skip(typ)
			continue
		}
		t.logicalParams(&l)
	}
	return l
}

// logicalParams reads the parameters of DECIMAL, TIME, TIMESTAMP and INTEGER;
// other kinds have none that matter.
func (t *thrift) logicalParams(l *logicalType) {
	for id, typ := range t.fields {
		switch {
		case l.kind == ltDecimal && id == 1 && typ == tI32:
			l.scale = t.i32()
		case l.kind == ltDecimal && id == 2 && typ == tI32:
			l.precision = t.i32()
		case (l.kind == ltTime || l.kind == ltTimestamp) && id == 1 && (typ == tTrue || typ == tFalse):
			l.utc = typ == tTrue
		case (l.kind == ltTime || l.kind == ltTimestamp) && id == 2 && typ == tStruct:
			l.unit = t.unionMember()
		case l.kind == ltInteger && id == 1 && typ == tByte:
			l.bits = int8(t.byte())
		case l.kind == ltInteger && id == 2 && (typ == tTrue || typ == tFalse):
			l.signed = typ == tTrue
		default:
			t.skip(typ)
		}
	}
}

func (t *thrift) rowGroup(chunks *int) rowGroup {
	var g rowGroup
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tList:
			n := t.structs(maxColumnChunks - *chunks)
			*chunks += n
			g.columns = make([]columnMeta, 0, n)
			for i := 0; i < n && t.err == nil; i++ {
				g.columns = append(g.columns, t.columnChunk())
			}
		case id == 3 && typ == tI64:
			g.numRows = t.i64()
		default:
			t.skip(typ)
		}
	}
	return g
}

func (t *thrift) columnChunk() columnMeta {
	m := columnMeta{typ: -1, stats: statistics{nullCount: -1, distinct: -1, nanCount: -1}}
	for id, typ := range t.fields {
		switch {
		case id == 3 && typ == tStruct:
			t.columnMeta(&m)
		case id == 4 && typ == tI64:
			m.offsetIndexOff = t.i64()
		case id == 5 && typ == tI32:
			m.offsetIndexLen = t.i32()
		case id == 6 && typ == tI64:
			m.columnIndexOff = t.i64()
		case id == 7 && typ == tI32:
			m.columnIndexLen = t.i32()
		case id == 8 || id == 9:
			m.encrypted = true
			t.skip(typ)
		default:
			t.skip(typ)
		}
	}
	return m
}

func (t *thrift) columnMeta(m *columnMeta) {
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tI32:
			m.typ = physicalType(t.i32())
		case id == 4 && typ == tI32:
			m.codec = t.i32()
		case id == 5 && typ == tI64:
			m.numValues = t.i64()
		case id == 6 && typ == tI64:
			m.uncompressedSize = t.i64()
		case id == 7 && typ == tI64:
			m.compressedSize = t.i64()
		case id == 9 && typ == tI64:
			m.dataPageOffset = t.i64()
		case id == 11 && typ == tI64:
			m.dictPageOffset = t.i64()
		case id == 12 && typ == tStruct:
			t.statistics(&m.stats)
		case id == 13 && typ == tList:
			n := t.structs(len(t.b))
			m.dictOnly = n > 0
			for i := 0; i < n && t.err == nil; i++ {
				m.dictOnly = t.pageEncoding() && m.dictOnly
			}
		case id == 14 && typ == tI64:
			m.bloomOff = t.i64()
		default:
			t.skip(typ)
		}
	}
}

// pageEncoding reads how many pages of a chunk have some encoding, and reports
// whether they leave all values in the dictionary.
func (t *thrift) pageEncoding() bool {
	var page, enc int32
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tI32:
			page = t.i32()
		case id == 2 && typ == tI32:
			enc = t.i32()
		default:
			t.skip(typ)
		}
	}
	return dictionaryPages(page, encoding(enc))
}

func (t *thrift) statistics(s *statistics) {
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tBinary:
			s.oldMax = nonNil(t.binary())
		case id == 2 && typ == tBinary:
			s.oldMin = nonNil(t.binary())
		case id == 3 && typ == tI64:
			s.nullCount = t.i64()
		case id == 4 && typ == tI64:
			s.distinct = t.i64()
		case id == 5 && typ == tBinary:
			s.max = nonNil(t.binary())
		case id == 6 && typ == tBinary:
			s.min = nonNil(t.binary())
		case id == 9 && typ == tI64:
			s.nanCount = t.i64()
		default:
			t.skip(typ)
		}
	}
}

// nonNil keeps "present but empty" apart from "absent".
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
