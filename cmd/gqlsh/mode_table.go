package main

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	tableRows  = 1000    // rows that the widths are taken from
	tableBytes = 4 << 20 // text of them at most
)

// tableWriter writes table and markdown. The first rows decide the widths of
// the columns; a later, wider value pushes its row out.
type tableWriter struct {
	s        *shell
	cols     []engine.Column
	zone     *types.Zone
	markdown bool
	right    []bool
	widths   []int
	held     [][]string
	bytes    int
	open     bool // the head has been written
	buf      strings.Builder
}

func newTable(s *shell, cols []engine.Column) resultWriter {
	w := &tableWriter{s: s, cols: cols, zone: s.zone()}
	for k, c := range cols {
		width, right := s.columnWidth(k)
		w.right = append(w.right, right || rightAligned(c.Type))
		w.widths = append(w.widths, max(width, runewidth.StringWidth(printable([]byte(c.Name)))))
	}
	return w
}

func newMarkdown(s *shell, cols []engine.Column) resultWriter {
	w := newTable(s, cols).(*tableWriter)
	w.markdown = true
	for k := range w.widths {
		w.widths[k] = max(w.widths[k], 2)
	}
	return w
}

// columnWidth is what .width says about column k: the least width, and whether
// to set it to the right.
func (s *shell) columnWidth(k int) (width int, right bool) {
	if k >= len(s.widths) {
		return 0, false
	}
	if s.widths[k] < 0 {
		return -s.widths[k], true
	}
	return s.widths[k], false
}

func (w *tableWriter) streams() bool { return w.open }
func (w *tableWriter) begin()        {}
func (w *tableWriter) abort()        {}

func (w *tableWriter) chunk(c *vector.Chunk) error {
	for i := range c.Len {
		row := make([]string, len(c.Cols))
		for k, v := range c.Cols {
			row[k] = w.cell(v, i)
		}
		if w.open {
			w.write(row)
			continue
		}
		for k, t := range row {
			w.widths[k] = max(w.widths[k], runewidth.StringWidth(t))
			w.bytes += len(t)
		}
		w.held = append(w.held, row)
		if len(w.held) >= tableRows || w.bytes >= tableBytes {
			w.head()
		}
	}
	return w.hand()
}

func (w *tableWriter) cell(v *vector.Vector, i int) string {
	if v.IsNull(i) {
		return w.s.null
	}
	t := printable(appendCell(nil, v, i, w.zone))
	if w.markdown {
		t = strings.ReplaceAll(t, "|", `\|`)
	}
	return t
}

// head writes the column names and the rows held back.
func (w *tableWriter) head() {
	w.open = true
	if w.s.headers || w.markdown {
		w.rule()
		names := make([]string, len(w.cols))
		for k, c := range w.cols {
			names[k] = printable([]byte(c.Name))
			if w.markdown {
				names[k] = strings.ReplaceAll(names[k], "|", `\|`)
			}
		}
		if w.markdown {
			w.write(names)
			w.markdownRule()
		} else {
			w.buf.WriteString("|")
			for k, n := range names {
				w.buf.WriteString(" " + centred(n, w.widths[k]) + " |")
			}
			w.buf.WriteString("\n")
		}
	}
	w.rule()
	for _, r := range w.held {
		w.write(r)
	}
	w.held = nil
}

func (w *tableWriter) markdownRule() {
	w.buf.WriteString("|")
	for k, n := range w.widths {
		if w.right[k] {
			w.buf.WriteString(strings.Repeat("-", n+1) + ":|")
		} else {
			w.buf.WriteString(strings.Repeat("-", n+2) + "|")
		}
	}
	w.buf.WriteString("\n")
}

// rule draws a line of an ASCII table.
func (w *tableWriter) rule() {
	if w.markdown {
		return
	}
	w.buf.WriteString("+")
	for _, n := range w.widths {
		w.buf.WriteString(strings.Repeat("-", n+2) + "+")
	}
	w.buf.WriteString("\n")
}

func (w *tableWriter) write(row []string) {
	w.buf.WriteString("|")
	for k, t := range row {
		pad := strings.Repeat(" ", max(0, w.widths[k]-runewidth.StringWidth(t)))
		if w.right[k] {
			w.buf.WriteString(" " + pad + t + " |")
		} else {
			w.buf.WriteString(" " + t + pad + " |")
		}
	}
	w.buf.WriteString("\n")
}

func (w *tableWriter) hand() error {
	_, err := w.s.out.WriteString(w.buf.String())
	w.buf.Reset()
	return err
}

func (w *tableWriter) end() error {
	if !w.open {
		w.head()
	}
	w.rule()
	return w.hand()
}

func centred(s string, width int) string {
	space := max(0, width-runewidth.StringWidth(s))
	return strings.Repeat(" ", space/2) + s + strings.Repeat(" ", space-space/2)
}

// printable makes text fit for one line of a terminal: line ends and other
// control characters are written as escapes, bytes that are not UTF-8 as
// U+FFFD.
func printable(b []byte) string {
	clean := true
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return string(b)
	}
	var out strings.Builder
	for _, r := range string(b) {
		switch {
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < ' ' || r >= 0x7f && r < 0xa0:
			out.WriteString(`\x`)
			out.WriteByte(hexDigits[r>>4&15])
			out.WriteByte(hexDigits[r&15])
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

const hexDigits = "0123456789abcdef"
