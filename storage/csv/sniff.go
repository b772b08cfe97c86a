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
	for range o.skip {
		from = skipLine(sample, from)
	}
	s := &schema{}
	best, err := bestDialect(path, sample, from, final, o)
	if err != nil {
		return nil, err
	}
	s.dialect = best.d
	rows := best.rows
	s.cols, s.start, err = columns(rows, best, o)
	if err != nil {
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
	end    int
	faults int
}

// candidate is a dialect with the sample as it sees it.
type candidate struct {
	d    dialect
	rows *sampled
}

// cut cuts the sample into records; the number of columns is that of the first
// record, unless it is known.
func cut(d dialect, sample []byte, from int, final bool, o *options) *sampled {
	s := &sampled{block: block{buf: sample}}
	pos := from
	limit := o.sampleRows
	if limit < 0 {
		limit = 1 << 40
	}
	for pos < len(sample) && int64(len(s.starts)) <= limit {
		if n, ok := d.blank(sample, pos, max(s.cols, 2), final); ok && s.cols != 1 {
			pos = n
			continue
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
			fs = fs[:had]
		} else {
			s.starts = append(s.starts, pos)
		}
		s.fields = fs
		pos = n
	}
	s.end = pos
	return s
}

// bestDialect tries the dialects that the options leave open: the one under
// which the fewest records are faulty, then the one with the most columns.
func bestDialect(path string, sample []byte, from int, final bool, o *options) (candidate, error) {
	delims, quotes := delimiters, []byte{'"', '\'', 0}
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
	}
	var best candidate
	for _, q := range quotes {
		for _, dl := range delims {
			for _, esc := range escapes(q, o) {
				d := dialect{delim: dl, quote: q, escape: esc, comment: o.comment}
				r := cut(d, sample, from, final, o)
				if r.cols == 0 {
					r.cols = 1
				}
				if best.rows == nil || better(r, best.rows) {
					best = candidate{d, r}
				}
			}
		}
	}
	return best, nil
}

func escapes(quote byte, o *options) []byte {
	switch {
	case o.hasEscape && o.escape != 0:
		return []byte{o.escape}
	case quote == 0:
		return []byte{0}
	case !o.detect:
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
	return a.cols > b.cols
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

// candidates are the types that a column may turn out to have, the most
// special first.
var candidates = []types.ID{types.Boolean, types.BigInt, types.Double, types.Time, types.Date, types.Timestamp, types.Varchar}

// columns names and types the columns and finds the begin of the data.
func columns(rows *sampled, c candidate, o *options) ([]storage.Column, int64, error) {
	n := rows.cols
	if len(o.columns) > 0 && len(rows.starts) > 0 && n != len(o.columns) {
		return nil, 0, sqlerr.New(sqlerr.CodeBadCopyFile, "the file has %d columns, not %d", n, len(o.columns))
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
		rest[k] = columnType(rows, c.d, o, k, 1)
		whole[k] = columnType(rows, c.d, o, k, 0)
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
			t = given
		}
		out[k] = storage.Column{Name: name, Type: t}
	}
	unique(out)
	start := int64(rows.end)
	if total > 0 {
		start = int64(rows.starts[0])
	}
	if header && total > 0 {
		start = int64(rows.end)
		if total > 1 {
			start = int64(rows.starts[1])
		}
	}
	for name := range o.typeByName {
		if !hasColumn(out, name) {
			return nil, 0, sqlerr.New(sqlerr.CodeUndefinedColumn, "option types names column %q, which the file does not have", name)
		}
	}
	return out, start, nil
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

// columnType is the most special type that all values of column k from record
// from on have; Null when there is no value.
func columnType(rows *sampled, d dialect, o *options, k, from int) types.Type {
	at, any := 0, false
	for r := from; r < len(rows.starts); r++ {
		if isNull(rows, d, o, r, k) {
			continue
		}
		any = true
		v := []byte(text(rows, d, r, k))
		for at < len(candidates)-1 && !fits(v, candidates[at], o) {
			at++
			r = from - 1 // the earlier values have to fit the wider type, too
			break
		}
	}
	if !any {
		return types.Of(types.Null)
	}
	return types.Of(candidates[at])
}

// fits reports whether the text v is a value of type t.
func fits(v []byte, t types.ID, o *options) bool {
	switch t {
	case types.Boolean:
		switch strings.ToLower(string(v)) {
		case "true", "false", "t", "f":
			return true
		}
		return false
	case types.BigInt:
		return plainInteger(v)
	case types.Double:
		if o.decimalComma {
			v = bytes.Replace(v, []byte{','}, []byte{'.'}, 1)
		}
		_, ok := types.ParseFloat(v)
		return ok
	case types.Time:
		_, st := types.ParseTime(v)
		k := bytes.IndexByte(v, ':')
		return st == types.ParseOK && k >= 0 && k <= 2 // not a timestamp, of which a cast takes the time
	case types.Date:
		_, st := types.ParseDateStrict(v)
		return st == types.ParseOK && len(v) > 0 && '0' <= v[0] && v[0] <= '9'
	case types.Timestamp:
		_, st := types.ParseTimestamp(v)
		return st == types.ParseOK && len(v) > 0 && '0' <= v[0] && v[0] <= '9'
	}
	return true
}

// plainInteger accepts a sign and digits that fit BIGINT: not 1e5 or 0x10,
// which a cast would take.
func plainInteger(v []byte) bool {
	d := bytes.TrimSpace(v)
	if len(d) > 0 && (d[0] == '-' || d[0] == '+') {
		d = d[1:]
	}
	if len(d) == 0 {
		return false
	}
	for _, c := range d {
		if c < '0' || c > '9' {
			return false
		}
	}
	_, ok := types.ParseInt64(v)
	return ok
}
