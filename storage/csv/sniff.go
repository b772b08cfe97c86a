package csv

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// schema is what sniffing found.
type schema struct {
	dialect dialect
	cols    []storage.Column
	start   int64   // where the first record of data begins, behind BOM, skipped lines and header
	rowLen  float64 // mean bytes of a sampled record
	guessed []bool  // whether a column's type was inferred rather than given
	guesses []guess // what was inferred
	forms   []dateForm
	empty   []bool // whether the sample has no value of a column
}

var (
	delimiters = []byte{',', '|', ';', '\t'}
	bom        = []byte("\xef\xbb\xbf")
)

// sniff decides dialect, names and types from the beginning of a file. final
// says that sample is all of it.
func sniff(path string, sample []byte, final bool, o *options) (*schema, error) {
	from := 0
	if bytes.HasPrefix(sample, bom) {
		from = len(bom)
	}
	start := from
	for k := int64(0); k < o.skip && from < len(sample); k++ {
		from = skipLine(sample, from)
	}
	s := &schema{}
	best := bestDialect(sample, start, from, final, o)
	s.dialect = best.d
	rows := best.rows
	if err := s.columns(rows, best, o); err != nil {
		return nil, err
	}
	if n := len(rows.starts); n > 0 {
		s.rowLen = float64(rows.end-rows.starts[0]) / float64(n)
	}
	return s, nil
}

// sampled is a sample cut into records under one dialect.
type sampled struct {
	block
	starts []int // where each record begins
	begin  int   // of the first record, faulty or not
	second int   // behind the first good record
	end    int
	title  bool // lines in front of the table are passed over
	first  int  // fields of the first good record before padding
	leads  int  // fields that begin with a double quote and are not quoted
	faults int
	wider  int // begin of the first record with more fields than expected, 0: none
	widest int // fields of the longest record
}

// candidate is a dialect with the sample as it sees it.
type candidate struct {
	d    dialect
	rows *sampled
}

// cut cuts the sample into records; the number of columns is that of the first
// record, unless it is known.
func cut(d dialect, sample []byte, from int, final bool, o *options) *sampled {
	s := cutAs(d, 0, sample, from, final, o)
	if o.nullPadding && len(o.columns) == 0 && s.wider > 0 && s.widest > s.cols {
		// Short records are padded to the longest.
		s = cutAs(d, s.widest, sample, from, final, o)
	}
	return s
}

// cutAs is cut for a number of columns, 0: not known.
func cutAs(d dialect, cols int, sample []byte, from int, final bool, o *options) *sampled {
	s := &sampled{block: block{buf: sample, cols: cols}, begin: -1}
	pos := from
	limit := o.sampleRows
	if limit < 0 {
		limit = 1 << 40
	}
	for pos < len(sample) && int64(len(s.starts)) <= limit {
		if n, ok := d.blank(sample, pos, max(s.cols, 2), final); ok && (s.cols != 1 || d.comment != 0 && sample[pos] == d.comment) {
			if n == pos {
				break
			}
			pos = n
			continue
		}
		if s.begin < 0 {
			s.begin = pos
		}
		had := len(s.fields)
		fs, n, f := d.record(sample, pos, final, s.fields)
		if f == incomplete {
			break
		}
		if f == openQuote || f == tooManyFields {
			s.faults += 1000
			break
		}
		got := len(fs) - had
		if f == noFault && len(s.starts) == 0 {
			s.first = got
		}
		if f == noFault {
			s.widest = max(s.widest, got)
		}
		if s.cols == 0 && f == noFault {
			s.cols = got
			if len(o.columns) > 0 {
				s.cols = len(o.columns)
			}
		}
		if f == noFault && got == s.cols+1 && emptyLast(fs[had:]) {
			fs, got = fs[:had+s.cols], s.cols
		}
		if f == noFault && got > s.cols && d.relaxed && len(o.columns) > 0 {
			fs, got = fs[:had+s.cols], s.cols
		}
		if f == noFault && got < s.cols && o.nullPadding {
			for ; got < s.cols; got++ {
				fs = append(fs, field{uint32(n), uint32(n)})
			}
		}
		if f != noFault || got != s.cols {
			s.faults++
			if got > s.cols && s.wider == 0 {
				s.wider = pos
			}
			fs = fs[:had]
		} else {
			for _, f := range fs[had:] {
				if a, b := f.bounds(); !f.quoted() && a < b && sample[a] == '"' {
					s.leads++
				}
			}
			s.starts = append(s.starts, pos)
			if len(s.starts) == 1 {
				s.second = n
			}
		}
		s.fields = fs
		pos = n
	}
	s.end = pos
	if s.begin < 0 {
		s.begin = pos
	}
	return s
}

// cutTable is cut, but for lines in front of the table: a title or remarks with
// fewer fields than the records behind them, if those are all of one width.
func cutTable(d dialect, sample []byte, from int, final bool, o *options) *sampled {
	first := cut(d, sample, from, final, o)
	if o.skip > 0 || len(o.columns) > 0 || !o.detect || o.ignoreErrors || o.nullPadding {
		return first
	}
	for at, tries := first, 0; at.faults > 0 && at.wider > 0 && tries < maxTitleLines; tries++ {
		at = cut(d, sample, at.wider, final, o)
		if at.faults == 0 && len(at.starts) >= 2 {
			at.title = true
			return at
		}
	}
	return first
}

// maxTitleLines bounds the tries of cutTable.
const maxTitleLines = 8

// bestDialect tries the dialects that the options leave open: the one under
// which the fewest records are faulty, then the one with the most columns. The
// text begins at start, behind skipped lines at from.
func bestDialect(sample []byte, start, from int, final bool, o *options) candidate {
	delims, quotes, comments := delimiters, []byte{'"', '\'', 0}, []byte{o.comment}
	if o.hasDelim {
		delims = []byte{o.delim}
	}
	if o.hasQuote {
		quotes = []byte{o.quote}
	}
	if !o.detect {
		if !o.hasDelim {
			delims = []byte{','}
		}
		if !o.hasQuote {
			quotes = []byte{'"'}
		}
	} else if !o.hasComment && hasLine(sample[start:], '#') {
		// Comments behind values are looked for when others have their line.
		comments = []byte{0, '#'}
	}
	var best candidate
	for _, comment := range comments {
		from := from
		if comment != 0 && o.skip > 0 {
			from = skipRecords(sample, start, comment, o)
		}
		for n, q := range quotes {
			if n > 0 && bytes.IndexByte(sample, quotes[0]) < 0 && (q == 0 || bytes.IndexByte(sample, q) < 0) {
				continue // nothing would be different
			}
			for _, dl := range delims {
				for _, esc := range escapes(sample, q, o) {
					if q == dl || comment == dl {
						continue
					}
					d := dialect{delim: dl, quote: q, escape: esc, comment: comment, relaxed: o.relaxed}
					if o.relaxed && !o.hasEscape && esc == q {
						d.relaxed = false // quotes inside quotes speak against escapes
					}
					r := cutTable(d, sample, from, final, o)
					d.relaxed = o.relaxed
					if r.cols == 0 {
						r.cols = 1
					}
					if best.rows == nil || better(r, best.rows, o) {
						best = candidate{d, r}
					}
				}
			}
		}
	}
	return best
}

// hasLine reports whether a line begins with c, spaces aside.
func hasLine(text []byte, c byte) bool {
	for {
		k := bytes.IndexByte(text, c)
		if k < 0 {
			return false
		}
		before := bytes.TrimRight(text[:k], " ")
		if len(before) == 0 || before[len(before)-1] == '\n' || before[len(before)-1] == '\r' {
			return true
		}
		text = text[skipLine(text, k):]
	}
}

// escapes lists the bytes that may make a quote literal.
func escapes(sample []byte, quote byte, o *options) []byte {
	switch {
	case quote == 0:
		return []byte{0}
	case o.hasEscape:
		return []byte{o.escape}
	case o.relaxed && o.detect:
		return []byte{quote, 0}
	case !o.detect || bytes.IndexByte(sample, '\\') < 0:
		return []byte{quote}
	}
	return []byte{quote, '\\'}
}

// better reports whether a explains the sample better than b, which was tried
// before and is the more usual dialect.
func better(a, b *sampled, o *options) bool {
	fa, fb := faultShare(a, o), faultShare(b, o)
	if fa != fb {
		return fa < fb
	}
	if ka, kb := kind(a), kind(b); ka != kb {
		return ka > kb
	}
	if na, nb := len(a.starts), len(b.starts); a.faults*nb != b.faults*na {
		return a.faults*nb < b.faults*na
	}
	return a.cols > b.cols
}

// kind ranks what a sample looks like: a table, a table with lines in front,
// a single column, something whose quotes are not understood.
func kind(s *sampled) int {
	switch {
	case s.leads > 0:
		return -1
	case s.cols == 1:
		return 0
	case s.title:
		return 1
	}
	return 2
}

// faultShare classes the faulty records: none, a few, many. Where they are to be
// left out, a table with faulty records is as good as one without.
func faultShare(s *sampled, o *options) int {
	switch n := len(s.starts); {
	case s.faults == 0, o.ignoreErrors && s.faults <= n/2:
		return 0
	case s.faults >= 1000 || s.faults > n/10:
		return 2
	}
	return 1
}

// columns names and types the columns and finds the begin of the data.
func (s *schema) columns(rows *sampled, c candidate, o *options) error {
	n := rows.cols
	if len(o.columns) > 0 && len(rows.starts) > 0 && n != len(o.columns) {
		return sqlerr.New(sqlerr.CodeBadCopyFile, "the file has %d columns, not %d", n, len(o.columns))
	}
	if len(o.columns) > 0 {
		n = len(o.columns)
	}
	total := len(rows.starts)
	// The types of the rows behind the first, and whether the first fits them.
	rest := make([]guess, n)
	whole := make([]guess, n)
	firstFits, allText, firstEmpty := true, true, false
	for k := range n {
		rest[k] = columnType(rows, c.d, o, k, 1)
		whole[k] = columnType(rows, c.d, o, k, 0)
		if total > 0 && rest[k].id != whole[k].id && rest[k].id != types.Null {
			firstFits = false
		}
		allText = allText && (rest[k].id == types.Varchar || rest[k].id == types.Null)
		if total > 0 && k < rows.first && isNull(rows, c.d, o, 0, k) {
			firstEmpty = true
		}
	}
	header := false
	switch {
	case o.header != nil:
		header = *o.header
	case total == 0:
	case len(o.columns) > 0:
		header = sameNames(rows, c.d, o)
	case total == 1:
		// One record of texts is a header without data; DuckDB agrees.
		header = allStrings(whole) && !firstEmpty
	case !firstFits:
		header = true
	case allText:
		header = !firstEmpty
	}
	ts := whole
	if header {
		ts = rest
	}
	out := make([]storage.Column, n)
	for k := range out {
		name := fmt.Sprintf("column%0*d", len(fmt.Sprint(n-1)), k)
		if header && total > 0 {
			raw := text(rows, c.d, 0, k)
			if t := strings.TrimSpace(raw); t != "" || o.normalize && raw != "" {
				name = t
			}
		}
		if k < len(o.names) {
			name = o.names[k]
		}
		g, t := ts[k], types.Of(types.Varchar)
		s.empty = append(s.empty, g.id == types.Null)
		guessed := !o.allVarchar && len(o.columns) == 0 && k >= len(o.typeByPos)
		if len(o.columns) > 0 {
			name, t = o.columns[k].Name, o.columns[k].Type
		}
		if o.normalize {
			name = normalName(name)
		}
		if k < len(o.typeByPos) {
			t = o.typeByPos[k]
		}
		if given, ok := o.typeByName[strings.ToLower(name)]; ok {
			t, guessed = given, false
		}
		if s.guessed = append(s.guessed, guessed); !guessed && g.id != t.ID {
			g = guess{id: types.Varchar}
		}
		s.guesses = append(s.guesses, g)
		out[k] = storage.Column{Name: name, Type: t}
	}
	unique(out)
	for k := range out {
		for _, n := range o.notNull {
			if strings.EqualFold(out[k].Name, n) {
				o.neverNull = append(o.neverNull, k)
			}
		}
	}
	// Faulty records are left to the scan, which reports them.
	start := int64(rows.begin)
	if header && total > 0 {
		start = int64(rows.second)
	}
	for name := range o.typeByName {
		if !hasColumn(out, name) {
			return sqlerr.New(sqlerr.CodeUndefinedColumn, "option types names column %q, which the file does not have", name)
		}
	}
	s.cols, s.start = out, start
	s.settle(o)
	return nil
}

// settle gives the columns with inferred types those of the guesses, and the
// dates and timestamps of the file a form each. dateformat and timestampformat
// hold for columns whose type was given too.
func (s *schema) settle(o *options) {
	gs := append([]guess(nil), s.guesses...)
	s.forms = settle(gs)
	for k := range s.cols {
		if s.guessed[k] {
			s.cols[k].Type = types.Of(gs[k].id)
			if gs[k].id == types.Null {
				s.cols[k].Type = types.Of(types.Varchar)
			}
		}
		if f := o.formatOf(s.cols[k].Type.ID); f != nil {
			s.forms[k] = dateForm{format: f}
		}
	}
}

// skipRecords passes over as many lines as the option skip says and the
// comments between and in front of them.
func skipRecords(sample []byte, from int, comment byte, o *options) int {
	d := dialect{comment: comment}
	for k := int64(0); k < o.skip && from < len(sample); {
		n, ok := d.blank(sample, from, 1, true)
		if !ok {
			n = skipLine(sample, from)
			k++
		}
		from = n
	}
	return from
}

func allStrings(ts []guess) bool {
	for _, t := range ts {
		if t.id != types.Varchar {
			return false
		}
	}
	return len(ts) > 0
}

func hasColumn(cols []storage.Column, name string) bool {
	for _, c := range cols {
		if strings.EqualFold(c.Name, name) {
			return true
		}
	}
	return false
}

// unique gives columns of the same name suffixes: a, a_1, a_2.
func unique(cols []storage.Column) {
	seen := map[string]int{}
	for i := range cols {
		key := strings.ToLower(cols[i].Name)
		n, again := seen[key]
		seen[key] = n + 1
		if again {
			cols[i].Name = fmt.Sprintf("%s_%d", cols[i].Name, n)
			seen[strings.ToLower(cols[i].Name)]++
		}
	}
}

// normalName keeps letters, digits and underscores, and makes an underscore of
// spaces. Digits in front and keywords get an underscore before them.
func normalName(s string) string {
	var b strings.Builder
	blank := false
	for _, r := range strings.ToLower(strings.TrimSpace(s)) {
		switch {
		case r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == ' ' && !blank, r >= 0x80:
			b.WriteByte('_')
		}
		blank = r == ' '
	}
	out := b.String()
	if out == "" || '0' <= out[0] && out[0] <= '9' || lexer.Lookup(out) != 0 {
		out = "_" + out
	}
	return out
}

// sameNames reports whether the first record holds the given column names.
func sameNames(rows *sampled, d dialect, o *options) bool {
	for k, c := range o.columns {
		if !strings.EqualFold(strings.TrimSpace(text(rows, d, 0, k)), c.Name) {
			return false
		}
	}
	return true
}

func text(rows *sampled, d dialect, row, k int) string {
	f := rows.fields[row*rows.cols+k]
	a, b := f.bounds()
	if f.escaped() {
		return string(d.unescape(nil, rows.buf[a:b]))
	}
	return string(rows.buf[a:b])
}

func isNull(rows *sampled, d dialect, o *options, row, k int) bool {
	t := text(rows, d, row, k)
	for _, n := range o.nulls {
		if n == t {
			return true
		}
	}
	return false
}
