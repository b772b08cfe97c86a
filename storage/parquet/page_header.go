package parquet

// Page types.
const (
	pageData   = 0
	pageIndex  = 1
	pageDict   = 2
	pageDataV2 = 3
)

// encoding is the format's enumeration of value encodings.
type encoding int32

const (
	encPlain             encoding = 0
	encPlainDictionary   encoding = 2
	encRLE               encoding = 3
	encBitPacked         encoding = 4
	encDeltaBinaryPacked encoding = 5
	encDeltaLengthBytes  encoding = 6
	encDeltaBytes        encoding = 7
	encRLEDictionary     encoding = 8
	encByteStreamSplit   encoding = 9
)

var encodingNames = [...]string{
	"PLAIN", "GROUP_VAR_INT", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED", "DELTA_BINARY_PACKED",
	"DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT",
}

func (e encoding) String() string {
	if e >= 0 && int(e) < len(encodingNames) {
		return encodingNames[e]
	}
	return "an unknown encoding"
}

// pageHeader is what a page says about itself.
type pageHeader struct {
	typ              int32
	uncompressedSize int32
	compressedSize   int32
	hasCRC           bool
	crc              uint32

	numValues   int32
	encoding    encoding
	defEncoding encoding
	repEncoding encoding

	// Data pages of version 2 only.
	numNulls     int32
	numRows      int32
	defLen       int32
	repLen       int32
	uncompressed bool // the values are, whatever the codec
}

// parsePageHeader reads a header from the start of b and returns its length.
func parsePageHeader(b []byte, h *pageHeader) (int, error) {
	*h = pageHeader{typ: -1}
	t := thrift{b: b}
	inner := int16(0)
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tI32:
			h.typ = t.i32()
		case id == 2 && typ == tI32:
			h.uncompressedSize = t.i32()
		case id == 3 && typ == tI32:
			h.compressedSize = t.i32()
		case id == 4 && typ == tI32:
			h.hasCRC, h.crc = true, uint32(t.i32())
		case (id == 5 || id == 7) && typ == tStruct:
			inner = id
			t.dataPageHeader(h)
		case id == 8 && typ == tStruct:
			inner = id
			t.dataPageHeaderV2(h)
		default:
			t.skip(typ)
		}
	}
	if t.err != nil {
		return 0, t.err
	}
	var want int16 // the member that a page of this type must have
	switch h.typ {
	case pageData:
		want = 5
	case pageDict:
		want = 7
	case pageDataV2:
		want = 8
	}
	if h.uncompressedSize < 0 || h.compressedSize < 0 || h.numValues < 0 || inner != want && want != 0 ||
		h.defLen < 0 || h.repLen < 0 || h.numNulls < 0 {
		return 0, errThriftBad
	}
	return t.pos, nil
}

// dataPageHeader reads DataPageHeader, of which DictionaryPageHeader is a
// prefix as far as it matters.
func (t *thrift) dataPageHeader(h *pageHeader) {
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tI32:
			h.numValues = t.i32()
		case id == 2 && typ == tI32:
			h.encoding = encoding(t.i32())
		case id == 3 && typ == tI32:
			h.defEncoding = encoding(t.i32())
		case id == 4 && typ == tI32:
			h.repEncoding = encoding(t.i32())
		default:
			t.skip(typ)
		}
	}
}

func (t *thrift) dataPageHeaderV2(h *pageHeader) {
	for id, typ := range t.fields {
		switch {
		case id == 1 && typ == tI32:
			h.numValues = t.i32()
		case id == 2 && typ == tI32:
			h.numNulls = t.i32()
		case id == 3 && typ == tI32:
			h.numRows = t.i32()
		case id == 4 && typ == tI32:
			h.encoding = encoding(t.i32())
		case id == 5 && typ == tI32:
			h.defLen = t.i32()
		case id == 6 && typ == tI32:
			h.repLen = t.i32()
		case id == 7 && (typ == tTrue || typ == tFalse):
			h.uncompressed = typ == tFalse
		default:
			t.skip(typ)
		}
	}
}
