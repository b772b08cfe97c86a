package csv

import (
	"slices"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// options are the named arguments of read_csv.
type options struct {
	delim, quote, escape, comment byte
	hasDelim, hasQuote, hasEscape bool
	hasComment                    bool
	header                        *bool
	skip                          int64
	nulls                         []string
	unquotedNulls                 bool // allow_quoted_nulls = false
	candidates                    []types.ID
	allVarchar                    bool
	sampleRows                    int64 // -1: the whole file
	names                         []string
	columns                       []types.Field // names and types of all columns
	typeByName                    map[string]types.Type
	typeByPos                     []types.Type
	notNull                       []string // force_not_null
	neverNull                     []int    // the columns that notNull names
	ignoreErrors                  bool
	nullPadding                   bool
	normalize                     bool
	decimalComma                  bool
	compression                   string
	maxLine                       int
	detect                        bool
	relaxed                       bool   // strict_mode = false
	dateFormat, timestampFormat   []byte // of strptime
}

const (
	defaultMaxLine    = 2 << 20
	defaultSampleRows = 20480
)

func parseOptions(in map[string]types.Value) (*options, error) {
	o := &options{
		nulls: []string{""}, sampleRows: defaultSampleRows, maxLine: defaultMaxLine, compression: "auto",
		detect: true, typeByName: map[string]types.Type{},
	}
	for name, v := range in {
		if err := o.set(strings.ToLower(name), v); err != nil {
			return nil, err
		}
	}
	for _, b := range []byte{o.quote, o.escape, o.comment} {
		if b != 0 && b == o.delim {
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "options delim, quote, escape and comment of read_csv must differ")
		}
	}
	for _, b := range []struct {
		what string
		c    byte
	}{{"delimiter", o.delim}, {"quote", o.quote}, {"escape", o.escape}} {
		for _, n := range o.nulls {
			if b.c != 0 && strings.IndexByte(n, b.c) >= 0 {
				return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "%s must not appear in the null specification and vice versa", b.what)
			}
		}
	}
	if o.quote != 0 && o.quote == o.comment {
		return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "options quote and comment of read_csv must differ")
	}
	return o, nil
}

func (o *options) set(name string, v types.Value) error {
	var err error
	switch name {
	case "delim", "sep", "delimiter":
		o.hasDelim = true
		o.delim, err = oneByte(name, v)
		if err == nil && o.delim == 0 {
			err = invalid(name, "must not be empty")
		}
	case "quote":
		o.hasQuote = true
		o.quote, err = oneByte(name, v)
	case "escape":
		o.hasEscape = true
		o.escape, err = oneByte(name, v)
	case "comment":
		o.hasComment = true
		o.comment, err = oneByte(name, v)
	case "header":
		b, e := boolean(name, v)
		o.header, err = &b, e
	case "skip":
		o.skip, err = integer(name, v, 0)
	case "nullstr", "null":
		if o.nulls, err = texts(name, v); err == nil && len(o.nulls) == 0 {
			err = invalid(name, "requires a non-empty list of possible null strings (varchar) as input")
		}
	case "all_varchar":
		o.allVarchar, err = boolean(name, v)
	case "sample_size":
		o.sampleRows, err = integer(name, v, -1)
	case "names", "column_names":
		o.names, err = texts(name, v)
	case "columns":
		err = o.setColumns(v)
	case "types", "dtypes", "column_types":
		err = o.setTypes(name, v)
	case "force_not_null":
		o.notNull, err = texts(name, v)
	case "ignore_errors":
		o.ignoreErrors, err = boolean(name, v)
	case "null_padding":
		o.nullPadding, err = boolean(name, v)
	case "normalize_names":
		o.normalize, err = boolean(name, v)
	case "auto_detect":
		o.detect, err = boolean(name, v)
	case "parallel":
		_, err = boolean(name, v) // the rows are the same either way
	case "allow_quoted_nulls":
		var b bool
		b, err = boolean(name, v)
		o.unquotedNulls = !b
	case "auto_type_candidates":
		err = o.setCandidates(name, v)
	case "encoding":
		if e := strings.ToLower(v.S); e != "utf-8" && e != "utf8" {
			err = sqlerr.New(sqlerr.CodeUnsupported, "option encoding of read_csv must be utf-8")
		}
	case "new_line":
		// All line ends are understood, also mixed ones.
		if !slices.Contains([]string{"\n", "\r\n", "\r", `\n`, `\r\n`, `\r`}, v.S) {
			err = invalid(name, `must be \n, \r\n or \r`)
		}
	case "buffer_size":
		_, err = integer(name, v, 1) // the memory limit decides
	case "strict_mode":
		var b bool
		b, err = boolean(name, v)
		o.relaxed = !b
	case "dateformat", "date_format":
		o.dateFormat, err = dateFormat(name, v)
	case "timestampformat", "timestamp_format":
		o.timestampFormat, err = dateFormat(name, v)
	case "decimal_separator":
		var b byte
		if b, err = oneByte(name, v); err == nil && b != '.' && b != ',' {
			err = invalid(name, "must be '.' or ','")
		}
		o.decimalComma = b == ','
	case "compression":
		o.compression = strings.ToLower(v.S)
		if !slices.Contains([]string{"auto", "none", "gzip", "zstd"}, o.compression) {
			err = invalid(name, "must be auto, none, gzip or zstd")
		}
	case "max_line_size", "maximum_line_size":
		var n int64
		if n, err = integer(name, v, 1); err == nil {
			o.maxLine = int(min(n, 1<<30))
		}
	default:
		return sqlerr.New(sqlerr.CodeInvalidArgument, "unknown option %q of read_csv", name)
	}
	return err
}

func invalid(name, why string) error {
	return sqlerr.New(sqlerr.CodeInvalidArgument, "option %s of read_csv %s", name, why)
}

func oneByte(name string, v types.Value) (byte, error) {
	s := v.S
	if s == `\t` {
		s = "\t"
	}
	switch {
	case v.Type.ID != types.Varchar || v.IsNull:
		return 0, invalid(name, "must be a string")
	case len(s) == 0:
		return 0, nil
	case len(s) > 1 || s[0] == '\n' || s[0] == '\r':
		return 0, sqlerr.New(sqlerr.CodeUnsupported, "option %s of read_csv must be a single byte other than a line end", name)
	}
	return s[0], nil
}

// dateFormat reads a format of strptime; "", "auto" and "iso" leave it to
// detection.
func dateFormat(name string, v types.Value) ([]byte, error) {
	if v.Type.ID != types.Varchar || v.IsNull {
		return nil, invalid(name, "must be a string")
	}
	switch strings.ToLower(v.S) {
	case "", "auto", "iso":
		return nil, nil
	}
	f := []byte(v.S)
	return f, types.CheckDateFormat(f)
}

func boolean(name string, v types.Value) (bool, error) {
	if !v.IsNull {
		switch {
		case v.Type.ID == types.Boolean, v.Type.IsInteger():
			return v.I != 0, nil
		case v.Type.ID == types.Varchar:
			if b, ok := types.ParseBool([]byte(v.S)); ok {
				return b, nil
			}
		}
	}
	return false, invalid(name, "must be true or false")
}

func integer(name string, v types.Value, least int64) (int64, error) {
	if v.IsNull || !v.Type.IsInteger() || v.I < least {
		return 0, invalid(name, "must be a number that is large enough")
	}
	return v.I, nil
}

// texts reads a string or a list of strings.
func texts(name string, v types.Value) ([]string, error) {
	if v.Type.ID == types.Varchar && !v.IsNull {
		return []string{v.S}, nil
	}
	if v.Type.ID != types.List || v.IsNull {
		return nil, invalid(name, "must be a string or a list of strings")
	}
	out := make([]string, len(v.Children))
	for i, c := range v.Children {
		if c.IsNull || c.Type.ID != types.Varchar {
			return nil, invalid(name, "must hold strings only")
		}
		out[i] = c.S
	}
	return out, nil
}

func typeNamed(s string) (types.Type, error) {
	name, rest, ok := strings.Cut(strings.TrimSpace(s), "(")
	var mods []int
	if ok {
		for _, m := range strings.Split(strings.TrimSuffix(strings.TrimSpace(rest), ")"), ",") {
			n, fits := types.ParseInt64([]byte(strings.TrimSpace(m)))
			if !fits || n < 0 || n > 1000 {
				return types.Type{}, sqlerr.New(sqlerr.CodeInvalidArgument, "invalid type %q", s)
			}
			mods = append(mods, int(n))
		}
	}
	t, err := types.Lookup(strings.TrimSpace(name), mods)
	if err == nil && t.IsNested() {
		err = sqlerr.New(sqlerr.CodeUnsupported, "a CSV column cannot have type %s yet", t)
	}
	return t, err
}

// setCandidates reads the types that detection may choose from.
func (o *options) setCandidates(name string, v types.Value) error {
	list, err := texts(name, v)
	if err != nil {
		return err
	}
	o.candidates = []types.ID{}
	for _, s := range list {
		t, err := typeNamed(s)
		if err != nil {
			return err
		}
		if !slices.Contains(candidates, t.ID) {
			return sqlerr.New(sqlerr.CodeUnsupported, "option %s of read_csv cannot detect %s", name, t).
				WithHint("give columns this type with the option types")
		}
		o.candidates = append(o.candidates, t.ID)
	}
	return nil
}

func (o *options) setColumns(v types.Value) error {
	if v.Type.ID != types.Struct || v.IsNull {
		return invalid("columns", "must be a struct such as {'a': 'INTEGER'}")
	}
	for i, f := range v.Type.Ext.Fields {
		t, err := typeNamed(v.Children[i].S)
		if err != nil {
			return err
		}
		o.columns = append(o.columns, types.Field{Name: f.Name, Type: t})
	}
	return nil
}

func (o *options) setTypes(name string, v types.Value) error {
	if v.Type.ID == types.Struct && !v.IsNull {
		for i, f := range v.Type.Ext.Fields {
			t, err := typeNamed(v.Children[i].S)
			if err != nil {
				return err
			}
			o.typeByName[strings.ToLower(f.Name)] = t
		}
		return nil
	}
	list, err := texts(name, v)
	if err != nil {
		return err
	}
	for _, s := range list {
		t, err := typeNamed(s)
		if err != nil {
			return err
		}
		o.typeByPos = append(o.typeByPos, t)
	}
	return nil
}
