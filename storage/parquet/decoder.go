package parquet

// valueDecoder yields the values of a data page in an encoding beyond those
// that column.go knows, in the form that PLAIN would have: values of fixed
// width back to back, others each behind its length in four bytes.
type valueDecoder interface {
	// reset starts on the values of a page.
	reset(body []byte) error
	// next puts the next n values, at most vector.Capacity, into out, which it
	// resizes with mem, and returns them.
	next(mem *memory, out []byte, n int) ([]byte, error)
	// skip passes over n values.
	skip(mem *memory, n int) error
}

// decoders holds, by encoding, what makes a decoder for a kind of column; nil,
// or a nil result, is an encoding that cannot be read. Another encoding is
// another line.
var decoders = [...]func(k *leafKind) valueDecoder{
	encDeltaBinaryPacked: newDeltaPacked,
	encDeltaLengthBytes:  newDeltaLength,
	encDeltaBytes:        newDeltaBytes,
	encByteStreamSplit:   newByteStreamSplit,
}

// byteStreamSplit decodes BYTE_STREAM_SPLIT (Encodings.md): the first bytes of
// all values, then the second bytes, and so on.
type byteStreamSplit struct {
	width int
	body  []byte
	n, at int // values in the page, and the next one
}

func newByteStreamSplit(k *leafKind) valueDecoder {
	if k.width == 0 {
		return nil
	}
	return &byteStreamSplit{width: k.width}
}

func (d *byteStreamSplit) reset(body []byte) error {
	if len(body)%d.width != 0 {
		return errValuesEnd
	}
	d.body, d.n, d.at = body, len(body)/d.width, 0
	return nil
}

func (d *byteStreamSplit) next(mem *memory, out []byte, n int) (_ []byte, err error) {
	if n > d.n-d.at {
		return out, errValuesEnd
	}
	if out, err = mem.resize(out, n*d.width); err != nil {
		return nil, err
	}
	w := d.width
	for b := range w {
		s := d.body[b*d.n+d.at:][:n]
		for i, c := range s {
			out[i*w+b] = c
		}
	}
	d.at += n
	return out, nil
}

func (d *byteStreamSplit) skip(_ *memory, n int) error {
	if n > d.n-d.at {
		return errValuesEnd
	}
	d.at += n
	return nil
}
