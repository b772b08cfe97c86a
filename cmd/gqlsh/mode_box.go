package main

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

const (
	// boxCell is how many bytes of a value's text are kept.
	boxCell = 16 << 10
	// shrinkTo is the width down to which columns shrink before whole columns
	// are left out.
	shrinkTo = 20
	// footerRows is from how many rows on their number is shown.
	footerRows = 10
)

// boxWriter draws a table with the types under the names. Of a long result it
// keeps and shows the first and the last rows.
type boxWriter struct {
	s     *shell
	cols  []engine.Column
	zone  *types.Zone
	limit int // rows shown, 0: all

	head  [][]string
	tail  [][]string // ring of the last rows behind head
	next  int        // place in tail of the next row
	total int64
	text  []byte

	names, types []string
	right        []bool
	widths       []int
	order        []int // columns shown; -1 stands for those left out
	buf          strings.Builder
}

func newBox(s *shell, cols []engine.Column) resultWriter {
	w := &boxWriter{s: s, cols: cols, zone: s.zone(), limit: s.maxRows}
	for k, c := range cols {
		_, right := s.columnWidth(k)
		w.names = append(w.names, printable([]byte(c.Name)))
		w.types = append(w.types, boxType(c.Type))
		w.right = append(w.right, right || rightAligned(c.Type))
	}
	return w
}

func (w *boxWriter) streams() bool { return false }
func (w *boxWriter) begin()        {}
func (w *boxWriter) abort()        {}

// top and bottom are how many rows are shown above and below those left out.
func (w *boxWriter) top() int    { return (w.limit + 1) / 2 }
func (w *boxWriter) bottom() int { return w.limit - w.top() }

func (w *boxWriter) chunk(c *vector.Chunk) error {
	// Of the chunk's rows those in the middle are never shown.
	keep := w.bottom() + 3
	for i := range c.Len {
		switch {
		case w.limit == 0 || len(w.head) < w.top():
			w.head = append(w.head, w.row(c, i))
		case c.Len-i > keep:
			// Later rows of this chunk push it out of the ring.
		case len(w.tail) < keep:
			w.tail = append(w.tail, w.row(c, i))
		default:
			w.tail[w.next] = w.row(c, i)
			w.next = (w.next + 1) % keep
		}
	}
	w.total += int64(c.Len)
	return nil
}

func (w *boxWriter) row(c *vector.Chunk, i int) []string {
	out := make([]string, len(c.Cols))
	for k, v := range c.Cols {
		if v.IsNull(i) {
			out[k] = w.s.null
			continue
		}
		w.text = appendCell(w.text[:0], v, i, w.zone)
		if len(w.text) > boxCell {
			out[k] = printable(w.text[:boxCell]) + "…"
			continue
		}
		out[k] = printable(w.text)
	}
	return out
}

func (w *boxWriter) end() error {
	tail := append(w.tail[w.next:len(w.tail):len(w.tail)], w.tail[:w.next]...)
	// Leaving out three rows or fewer saves no line.
	hidden := w.total - int64(len(w.head)+len(tail))
	if hidden > 0 || w.limit > 0 && w.total > int64(w.limit)+3 {
		tail = tail[max(0, len(tail)-w.bottom()):]
		hidden = w.total - int64(len(w.head)+len(tail))
	}
	w.measure(tail)
	foot := w.footer(int64(len(w.head)+len(tail)), hidden > 0)
	w.draw(tail, hidden > 0, foot)
	_, err := w.s.out.WriteString(w.buf.String())
	return err
}

// measure decides which columns are shown and how wide they are.
func (w *boxWriter) measure(tail [][]string) {
	w.widths = make([]int, len(w.cols))
	for k := range w.cols {
		least, _ := w.s.columnWidth(k)
		w.widths[k] = max(least, runewidth.StringWidth(w.types[k]))
		if w.s.headers {
			w.widths[k] = max(w.widths[k], runewidth.StringWidth(w.names[k]))
		}
		for _, rows := range [][][]string{w.head, tail} {
			for _, r := range rows {
				w.widths[k] = max(w.widths[k], runewidth.StringWidth(r[k]))
			}
		}
		w.order = append(w.order, k)
	}
	limit := w.s.terminalWidth()
	if limit <= 0 {
		return
	}
	over := w.width() - limit
	for over > 0 {
		// Shrink the widest column towards the next narrower one.
		widest, second := -1, shrinkTo
		for k, n := range w.widths {
			if widest < 0 || n > w.widths[widest] {
				widest = k
			}
		}
		for k, n := range w.widths {
			if k != widest && n < w.widths[widest] {
				second = max(second, n)
			}
		}
		if widest < 0 || w.widths[widest] <= shrinkTo {
			break
		}
		cut := max(1, min(over, w.widths[widest]-second))
		w.widths[widest] -= cut
		over -= cut
	}
	if over > 0 {
		w.leaveOut(limit)
	}
}

// leaveOut drops columns from the middle until the rest fits.
func (w *boxWriter) leaveOut(limit int) {
	lo, hi := 0, len(w.cols) // shown: [0, lo) and [hi, n)
	used := 1 + 4            // the left edge and the column of dots
	for lo < hi {
		k := lo
		fromRight := lo > len(w.cols)-hi
		if fromRight {
			k = hi - 1
		}
		if used += w.widths[k] + 3; used > limit && lo > 0 {
			break
		}
		if fromRight {
			hi--
		} else {
			lo++
		}
	}
	w.order = w.order[:0]
	for k := range w.cols {
		switch {
		case k < lo || k >= hi:
			w.order = append(w.order, k)
		case k == lo:
			w.order = append(w.order, -1)
		}
	}
}

// width is that of the whole table.
func (w *boxWriter) width() int {
	n := 1
	for _, k := range w.order {
		n += w.columnWidth(k) + 3
	}
	return n
}

func (w *boxWriter) columnWidth(k int) int {
	if k < 0 {
		return 1
	}
	return w.widths[k]
}

// footer words the number of rows and columns where it says something.
func (w *boxWriter) footer(shown int64, hidden bool) (parts []string) {
	columns := 0
	for _, k := range w.order {
		if k >= 0 {
			columns++
		}
	}
	if w.total > 0 && w.total < footerRows && !hidden && columns == len(w.cols) {
		return nil
	}
	rows := fmt.Sprintf("%d rows", w.total)
	if w.total == 1 {
		rows = "1 row"
	}
	parts = append(parts, rows)
	if hidden {
		parts = append(parts, fmt.Sprintf("(%d shown)", shown))
	}
	if columns < len(w.cols) {
		parts = append(parts, fmt.Sprintf("%d columns (%d shown)", len(w.cols), columns))
	} else if hidden || w.total >= footerRows {
		parts = append(parts, plural(len(w.cols), "column"))
	}
	return parts
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w *boxWriter) draw(tail [][]string, hidden bool, foot []string) {
	if len(foot) > 0 {
		// The footer's longest part has to fit.
		need := 0
		for _, p := range foot[:max(1, len(foot)-1)] {
			need = max(need, len(p)+4)
		}
		last := w.order[len(w.order)-1]
		if d := need - w.width(); d > 0 && last >= 0 {
			w.widths[last] += d
		}
	}
	w.rule("┌", "┬", "┐")
	if w.s.headers {
		w.centred(w.names)
		w.centred(w.types)
		if w.total > 0 {
			w.rule("├", "┼", "┤")
		}
	}
	for _, r := range w.head {
		w.line(r)
	}
	if hidden {
		for range 3 {
			w.dots()
		}
	}
	for _, r := range tail {
		w.line(r)
	}
	if len(foot) == 0 {
		w.rule("└", "┴", "┘")
		return
	}
	w.rule("├", "┴", "┤")
	w.foot(foot)
}

func (w *boxWriter) rule(left, middle, right string) {
	for i, k := range w.order {
		if i == 0 {
			w.buf.WriteString(left)
		} else {
			w.buf.WriteString(middle)
		}
		w.buf.WriteString(strings.Repeat("─", w.columnWidth(k)+2))
	}
	w.buf.WriteString(right + "\n")
}

func (w *boxWriter) centred(texts []string) {
	for _, k := range w.order {
		t := "…"
		if k >= 0 {
			t = w.clip(texts[k], k)
		}
		w.buf.WriteString("│ " + centred(t, w.columnWidth(k)) + " ")
	}
	w.buf.WriteString("│\n")
}

// clip cuts text to the width of column k.
func (w *boxWriter) clip(t string, k int) string {
	if runewidth.StringWidth(t) <= w.widths[k] {
		return t
	}
	return runewidth.Truncate(t, w.widths[k], "…")
}

func (w *boxWriter) line(r []string) {
	for _, k := range w.order {
		t := "…"
		if k >= 0 {
			t = w.clip(r[k], k)
		}
		pad := strings.Repeat(" ", w.columnWidth(k)-runewidth.StringWidth(t))
		if k >= 0 && w.right[k] {
			w.buf.WriteString("│ " + pad + t + " ")
		} else {
			w.buf.WriteString("│ " + t + pad + " ")
		}
	}
	w.buf.WriteString("│\n")
}

// dots stands for rows left out.
func (w *boxWriter) dots() {
	for _, k := range w.order {
		n := w.columnWidth(k)
		pad := strings.Repeat(" ", n-1)
		switch {
		case k >= 0 && w.right[k]:
			w.buf.WriteString("│ " + pad + "· ")
		default:
			w.buf.WriteString("│ ·" + pad + " ")
		}
	}
	w.buf.WriteString("│\n")
}

// foot writes the footer on one line if it fits, else a part a line.
func (w *boxWriter) foot(parts []string) {
	inner := w.width() - 4
	left, right := parts[0], ""
	if n := len(parts); n > 1 {
		if strings.Contains(parts[n-1], "column") {
			right = parts[n-1]
			left = strings.Join(parts[:n-1], " ")
		} else {
			left = strings.Join(parts, " ")
		}
	}
	if len(left)+len(right)+2 <= inner || right == "" && len(left) <= inner {
		w.buf.WriteString("│ " + left + strings.Repeat(" ", inner-len(left)-len(right)) + right + " │\n")
	} else {
		if len(parts) > 1 && !strings.Contains(right, "shown") {
			parts = parts[:len(parts)-1] // the number of columns is plain to see
		}
		for _, p := range parts {
			w.buf.WriteString("│ " + centred(p, inner) + " │\n")
		}
	}
	w.buf.WriteString("└" + strings.Repeat("─", inner+2) + "┘\n")
}

// boxNames are the types whose names in boxes are not their SQL names.
var boxNames = map[types.ID]string{
	types.TinyInt: "int8", types.SmallInt: "int16", types.Integer: "int32", types.BigInt: "int64", types.HugeInt: "int128",
	types.UTinyInt: "uint8", types.USmallInt: "uint16", types.UInteger: "uint32", types.UBigInt: "uint64", types.UHugeInt: "uint128",
}

func boxType(t types.Type) string {
	if n, ok := boxNames[t.ID]; ok {
		return n
	}
	if t.ID == types.List {
		return boxType(*t.Ext.Child) + "[]"
	}
	return strings.ToLower(t.String())
}
