package main

import (
	"bytes"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// csvWriter writes values with separators: csv with quotes where a value needs
// them, list as they are.
type csvWriter struct {
	s     *shell
	cols  []engine.Column
	zone  *types.Zone
	sep   string
	quote bool
	plain []bool // columns whose text never needs quotes
	buf   []byte
}

func newCSV(s *shell, cols []engine.Column) resultWriter {
	w := &csvWriter{s: s, cols: cols, zone: s.zone(), sep: s.separatorOr(","), quote: true}
	for _, c := range cols {
		// Numbers and dates are free of everything but digits, letters and
		// signs, unless the separator is one of them.
		plain := (rightAligned(c.Type) || c.Type.ID == types.Boolean || c.Type.ID == types.Date) && w.sep == ","
		w.plain = append(w.plain, plain)
	}
	return w
}

func newList(s *shell, cols []engine.Column) resultWriter {
	return &csvWriter{s: s, cols: cols, zone: s.zone(), sep: s.separatorOr("|")}
}

func (w *csvWriter) streams() bool { return true }

func (w *csvWriter) begin() {
	if !w.s.headers {
		return
	}
	for k, c := range w.cols {
		if k > 0 {
			w.buf = append(w.buf, w.sep...)
		}
		from := len(w.buf)
		w.buf = append(w.buf, c.Name...)
		w.protect(from)
	}
	w.buf = append(w.buf, w.s.newline...)
}

func (w *csvWriter) chunk(c *vector.Chunk) error {
	for i := range c.Len {
		for k, v := range c.Cols {
			if k > 0 {
				w.buf = append(w.buf, w.sep...)
			}
			if v.IsNull(i) {
				w.buf = append(w.buf, w.s.null...)
				continue
			}
			from := len(w.buf)
			w.buf = appendCell(w.buf, v, i, w.zone)
			if w.quote && !w.plain[k] {
				w.protect(from)
			}
		}
		w.buf = append(w.buf, w.s.newline...)
		if len(w.buf) >= flushAt {
			if err := w.hand(); err != nil {
				return err
			}
		}
	}
	return nil
}

// protect puts the field buf[from:] in quotes if it needs them: when it has a
// quote, the separator, a line end or another control character.
func (w *csvWriter) protect(from int) {
	if !w.quote {
		return
	}
	field := w.buf[from:]
	need, quotes := false, 0
	for _, c := range field {
		if c < ' ' || c == '"' {
			need = true
			if c == '"' {
				quotes++
			}
		}
	}
	if !need {
		if len(w.sep) == 1 {
			need = bytes.IndexByte(field, w.sep[0]) >= 0
		} else {
			need = bytes.Contains(field, []byte(w.sep))
		}
	}
	if !need {
		return
	}
	n := len(field)
	for range quotes + 2 {
		w.buf = append(w.buf, '"')
	}
	field = w.buf[from:]
	at := len(field) - 2 // behind it stands the closing quote
	for i := n - 1; i >= 0; i-- {
		field[at] = field[i]
		at--
		if field[at+1] == '"' {
			field[at] = '"'
			at--
		}
	}
	field[0] = '"'
}

func (w *csvWriter) hand() error {
	_, err := w.s.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *csvWriter) end() error { return w.hand() }
func (w *csvWriter) abort()     { _ = w.hand() }
