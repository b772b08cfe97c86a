package main

import (
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// jsonWriter writes rows as objects: in an array, or one a line.
type jsonWriter struct {
	s     *shell
	zone  *types.Zone
	array bool
	first bool
	names [][]byte // "name": with what stands before it
	buf   []byte
}

func newJSON(s *shell, cols []engine.Column) resultWriter {
	w := &jsonWriter{s: s, zone: s.zone(), array: true, first: true}
	for k, c := range cols {
		name := []byte{"{,"[min(k, 1)]}
		name = append(types.AppendJSONString(name, []byte(c.Name)), ':')
		w.names = append(w.names, name)
	}
	return w
}

func newJSONLines(s *shell, cols []engine.Column) resultWriter {
	w := newJSON(s, cols).(*jsonWriter)
	w.array = false
	return w
}

func (w *jsonWriter) streams() bool { return true }

func (w *jsonWriter) begin() {
	if w.array {
		w.buf = append(w.buf, '[')
	}
}

func (w *jsonWriter) chunk(c *vector.Chunk) error {
	for i := range c.Len {
		if w.array && !w.first {
			w.buf = append(w.buf, ",\n"...)
		}
		w.first = false
		for k, v := range c.Cols {
			w.buf = append(w.buf, w.names[k]...)
			w.buf = w.value(w.buf, v, i)
		}
		w.buf = append(w.buf, '}')
		if !w.array {
			w.buf = append(w.buf, '\n')
		}
		if len(w.buf) >= flushAt {
			if err := w.hand(); err != nil {
				return err
			}
		}
	}
	return nil
}

// value appends the value at position i. Numbers, also those of more than 53
// bits, are JSON numbers; what has no JSON type is a string.
func (w *jsonWriter) value(dst []byte, v *vector.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	t := v.Type
	switch {
	case t.IsNested():
		return types.AppendJSON(dst, v.Value(i), w.zone)
	case t.ID == types.Double && v.Form == vector.Flat:
		return types.AppendJSONFloat(dst, vector.Values[float64](v)[i], 64)
	case t.ID == types.Float && v.Form == vector.Flat:
		return types.AppendJSONFloat(dst, float64(vector.Values[float32](v)[i]), 32)
	case t.ID == types.Boolean || t.IsInteger() || t.ID == types.Decimal:
		return appendCell(dst, v, i, w.zone)
	case t.IsTemporal() || t.ID == types.UUID: // their text needs no escapes
		return append(appendCell(append(dst, '"'), v, i, w.zone), '"')
	case t.ID == types.Varchar && v.Form == vector.Flat:
		return types.AppendJSONString(dst, vector.Str(&vector.Values[types.StringRef](v)[i], v.Bufs))
	}
	return types.AppendJSON(dst, v.Value(i), w.zone)
}

func (w *jsonWriter) hand() error {
	_, err := w.s.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *jsonWriter) end() error {
	if w.array {
		w.buf = append(w.buf, "]\n"...)
	}
	return w.hand()
}

func (w *jsonWriter) abort() { _ = w.hand() }
