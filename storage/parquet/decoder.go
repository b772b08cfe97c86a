package parquet

// valueDecoder yields the values of a data page in an encoding beyond those
// that column.go knows, in the form that PLAIN would have.
type valueDecoder interface {
	// reset starts on the values of a page. What it needs it buys from mem.
	reset(mem *memory, body []byte) error
	// next returns the next n values, each of the column's stored width, back
	// to back; they are valid until the next call.
	next(mem *memory, n int) ([]byte, error)
	// skip passes over n values.
	skip(n int) error
}

// decoders holds, by encoding, what makes a decoder for a kind of column; nil,
// or a nil result, is an encoding that cannot be read. Another encoding is
// another line.
var decoders = [...]func(k *leafKind) valueDecoder{
	encDeltaBinaryPacked: newDeltaPacked,
	encByteStreamSplit:   newByteStreamSplit,
}

// byteStreamSplit decodes BYTE_STREAM_SPLIT (Encodings.md): the first bytes of
// all values, then the second bytes, and so on.
type byteStreamSplit struct {
	width int
	body  []byte
	n, at int // values in the page, and the next one
	out   []byte
}

func newByteStreamSplit(k *leafKind) valueDecoder {
	if k.width == 0 || k.convert == convString {
		return nil
	}
	return &byteStreamSplit{width: k.width}
}

func (d *byteStreamSplit) reset(mem *memory, body []byte) error {
	if len(body)%d.width != 0 {
		return errValuesEnd
	}
	d.body, d.n, d.at = body, len(body)/d.width, 0
	return nil
}

func (d *byteStreamSplit) next(mem *memory, n int) (_ []byte, err error) {
	if n > d.n-d.at {
		return nil, errValuesEnd
	}
	if d.out, err = mem.resize(d.out, n*d.width); err != nil {
		return nil, err
	}
	out, w := d.out, d.width
	for b := range w {
		s := d.body[b*d.n+d.at:][:n]
		for i, c := range s {
			out[i*w+b] = c
		}
	}
	d.at += n
	return out, nil
}

func (d *byteStreamSplit) skip(n int) error {
	if n > d.n-d.at {
		return errValuesEnd
	}
	d.at += n
	return nil
}
