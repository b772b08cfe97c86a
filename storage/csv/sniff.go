package csv

import (
	"bytes"
	"fmt"
	"strings"

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
	empty   []bool  // whether the sample has no value of a column
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
	for k := int64(0); k < o.skip && from < len(sample); k++ {
		from = skipLine(sample, from)
	}
	s := &schema{}
	best := bestDialect(sample, from, final, o)
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
	faults int
	wider  int // begin of the first record with more fields than expected, 0: none
}

// candidate is a dialect with the sample as it sees it.
type candidate struct {
	d    dialect
	rows *sampled
}

// cut cuts the sample into records; the number of columns is that of the first
// record, unless it is known.
func cut(d dialect, sample []byte, from int, final bool, o *options) *sampled {
	s := &sampled{block: block{buf: sample}, begin: -1}
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
		if s.cols == 0 && f == noFault {
			s.cols = got
			if len(o.columns) > 0 {
				s.cols = len(o.columns)
			}
		}
		if f == noFault && got == s.cols+1 && emptyLast(fs[had:]) {
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
// which the fewest records are faulty, then the one with the most columns.
func bestDialect(sample []byte, from int, final bool, o *options) candidate {
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
	} else if !o.hasComment && hasLine(sample[from:], '#') {
		comments = []byte{0, '#'}
	}
	var best candidate
	for _, comment := range comments {
		for n, q := range quotes {
			if n > 0 && bytes.IndexByte(sample, quotes[0]) < 0 && (q == 0 || bytes.IndexByte(sample, q) < 0) {
				continue // nothing would be different
			}
			for _, dl := range delims {
				for _, esc := range escapes(sample, q, o) {
					if q == dl || comment == dl {
						continue
					}
					d := dialect{delim: dl, quote: q, escape: esc, comment: comment}
					r := cutTable(d, sample, from, final, o)
					if r.cols == 0 {
						r.cols = 1
					}
					if best.rows == nil || better(r, best.rows) {
						best = candidate{d, r}
					}
				}
			}
		}
	}
	return best
}

// hasLine reports whether a line begins with c.
func hasLine(text []byte, c byte) bool {
	return len(text) > 0 && text[0] == c || bytes.Contains(text, []byte{'\n', c})
}

// escapes lists the bytes that may make a quote literal.
func escapes(sample []byte, quote byte, o *options) []byte {
	switch {
	case quote == 0:
		return []byte{0}
	case o.hasEscape && o.escape != 0:
		return []byte{o.escape}
	case !o.detect || o.hasEscape || bytes.IndexByte(sample, '\\') < 0:
		return []byte{quote}
	}
	return []byte{quote, '\\'}
}

// better reports whether a explains the sample better than b, which was tried
// before and is the more usual dialect.
func better(a, b *sampled) bool {
	fa, fb := faultShare(a), faultShare(b)
	if fa != fb {
		return fa < fb
	}
	if ka, kb := kind(a), kind(b); ka != kb {
		return ka > kb
	}
	return a.cols > b.cols
}

// kind ranks what a sample looks like: a table, a table with lines in front,
// a single column.
func kind(s *sampled) int {
	switch {
	case s.cols == 1:
		return 0
	case s.title:
		return 1
	}
	return 2
}

// faultShare classes the faulty records: none, a few, many.
func faultShare(s *sampled) int {
	switch n := len(s.starts); {
	case s.faults == 0:
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
	rest := make([]types.Type, n)
	whole := make([]types.Type, n)
	firstFits, allText, firstEmpty := true, true, false
	for k := range n {
		rest[k] = types.Of(columnType(rows, c.d, o, k, 1))
		whole[k] = types.Of(columnType(rows, c.d, o, k, 0))
		if total > 0 && !rest[k].Equal(whole[k]) && rest[k].ID != types.Null {
			firstFits = false
		}
		allText = allText && (rest[k].ID == types.Varchar || rest[k].ID == types.Null)
		if total > 0 && isNull(rows, c.d, o, 0, k) {
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
			if t := strings.TrimSpace(text(rows, c.d, 0, k)); t != "" {
				name = t
			}
		}
		if k < len(o.names) {
			name = o.names[k]
		}
		t := ts[k]
		s.empty = append(s.empty, t.ID == types.Null)
		guessed := !o.allVarchar && len(o.columns) == 0 && k >= len(o.typeByPos)
		if t.ID == types.Null || o.allVarchar {
			t = types.Of(types.Varchar)
		}
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
		s.guessed = append(s.guessed, guessed)
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
	return nil
}

func allStrings(ts []types.Type) bool {
	for _, t := range ts {
		if t.ID != types.Varchar {
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

// normalName keeps letters, digits and underscores.
func normalName(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	out := b.String()
	if out == "" || '0' <= out[0] && out[0] <= '9' {
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
