package main

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// lineWriter writes a value a line, with its column's name, and an empty line
// between rows.
type lineWriter struct {
	s     *shell
	zone  *types.Zone
	names []string // padded, with the equals sign
	rows  int64
	buf   []byte
}

func newLine(s *shell, cols []engine.Column) resultWriter {
	w := &lineWriter{s: s, zone: s.zone()}
	width := 5
	for _, c := range cols {
		width = max(width, runewidth.StringWidth(c.Name))
	}
	for _, c := range cols {
		w.names = append(w.names, strings.Repeat(" ", width-runewidth.StringWidth(c.Name))+c.Name+" = ")
	}
	return w
}

func (w *lineWriter) streams() bool { return true }
func (w *lineWriter) begin()        {}

func (w *lineWriter) chunk(c *vector.Chunk) error {
	for i := range c.Len {
		if w.rows > 0 {
			w.buf = append(w.buf, '\n')
		}
		w.rows++
		for k, v := range c.Cols {
			w.buf = append(w.buf, w.names[k]...)
			if v.IsNull(i) {
				w.buf = append(w.buf, w.s.null...)
			} else {
				w.buf = appendCell(w.buf, v, i, w.zone)
			}
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

func (w *lineWriter) hand() error {
	_, err := w.s.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

func (w *lineWriter) end() error { return w.hand() }
func (w *lineWriter) abort()     { _ = w.hand() }
