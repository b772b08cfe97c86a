package sqlerr

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// caretWidth is the most columns of the query line that Caret shows; longer
// lines are cut around the position.
const caretWidth = 100

// LineColumn gives the 1-based line and the 1-based column, in characters, of
// the byte offset pos in query. Offsets outside the text are clamped to it.
func LineColumn(query string, pos int) (line, column int) {
	pos = clampPos(query, pos)
	line = 1 + strings.Count(query[:pos], "\n")
	start := strings.LastIndexByte(query[:pos], '\n') + 1
	return line, 1 + utf8.RuneCountInString(query[start:pos])
}

// Caret renders the line of query that holds the byte offset pos, prefixed with
// "LINE n: ", and under it a caret below the character at pos:
//
//	LINE 2: FORM t
//	        ^
//
// Tabs become single spaces, other control characters and invalid UTF-8 become
// U+FFFD, wide characters count two columns and combining ones none, so that
// the caret stands right in a terminal. Long lines are cut to about 100
// columns around the position, with "..." on the cut sides. The result has no
// newline at the end. A pos outside the text is clamped; a negative one gives "".
func Caret(query string, pos int) string {
	if pos < 0 {
		return ""
	}
	pos = clampPos(query, pos)
	start := strings.LastIndexByte(query[:pos], '\n') + 1
	end := len(query)
	if i := strings.IndexByte(query[pos:], '\n'); i >= 0 {
		end = pos + i
	}
	lineNo := 1 + strings.Count(query[:start], "\n")
	line := strings.TrimSuffix(query[start:end], "\r")
	at := min(pos-start, len(line))

	left, leftCols, cutLeft := cutBefore(line[:at], caretWidth*2/3)
	right, cutRight := cutAfter(line[at:], caretWidth-leftCols)

	prefix := "LINE " + strconv.Itoa(lineNo) + ": "
	if cutLeft {
		prefix += "..."
	}
	var b strings.Builder
	b.WriteString(prefix)
	b.WriteString(left)
	b.WriteString(right)
	if cutRight {
		b.WriteString("...")
	}
	out := strings.TrimRight(b.String(), " ")
	return out + "\n" + strings.Repeat(" ", len(prefix)+leftCols) + "^"
}

// clampPos moves pos into the text and onto the start of a character.
func clampPos(query string, pos int) int {
	if pos < 0 {
		return 0
	}
	if pos >= len(query) {
		return len(query)
	}
	for i := 0; i < utf8.UTFMax-1 && pos > 0 && !utf8.RuneStart(query[pos]); i++ {
		pos--
	}
	return pos
}

// cutBefore returns the last at most width columns of s as they are shown.
func cutBefore(s string, width int) (shown string, cols int, cut bool) {
	i := len(s)
	for i > 0 {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		_, w := display(r)
		if cols+w > width {
			break
		}
		cols += w
		i -= n
	}
	return render(s[i:]), cols, i > 0
}

// cutAfter returns the first at most width columns of s as they are shown.
func cutAfter(s string, width int) (shown string, cut bool) {
	i, cols := 0, 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		_, w := display(r)
		if cols+w > width {
			break
		}
		cols += w
		i += n
	}
	return render(s[:i]), i < len(s)
}

func render(s string) string {
	var b strings.Builder
	for _, r := range s {
		shown, _ := display(r)
		b.WriteRune(shown)
	}
	return b.String()
}

// display returns the character to show for r and its width in columns.
func display(r rune) (rune, int) {
	switch {
	case r == '\t':
		return ' ', 1
	case r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError:
		return utf8.RuneError, 1
	case r < 0x300:
		return r, 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return r, 0
	case isWide(r):
		return r, 2
	}
	return r, 1
}

// isWide reports whether r takes two columns in a terminal: East Asian Wide and
// Fullwidth of Unicode's EastAsianWidth.txt, and the emoji blocks.
func isWide(r rune) bool {
	for _, w := range wideRanges {
		if r < w[0] {
			return false
		}
		if r <= w[1] {
			return true
		}
	}
	return false
}

var wideRanges = [...][2]rune{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec},
	{0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x26a1, 0x26a1},
	{0x26bd, 0x26be}, {0x26ce, 0x26ce}, {0x26d4, 0x26d4}, {0x2705, 0x2705},
	{0x270a, 0x270b}, {0x2728, 0x2728}, {0x274c, 0x274c}, {0x2753, 0x2755},
	{0x2795, 0x2797}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2e80, 0x303e},
	{0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa000, 0xa4cf},
	{0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff},
	{0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a},
	{0x1f200, 0x1f265}, {0x1f300, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
	{0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
	{0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
	{0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a},
	{0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
	{0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df},
	{0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f93a},
	{0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x2fffd},
	{0x30000, 0x3fffd},
}
