package scalar

import (
	"regexp"
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// regexpOp is what a regular expression is used for.
type regexpOp uint8

const (
	regexpMatches regexpOp = iota
	regexpFull
	regexpExtract
	regexpReplace
)

// regexpCall is the Data of a regexp call; re is nil when the expression or its
// options are not constant. options is the index of the options' argument.
type regexpCall struct {
	op      regexpOp
	options int
	re      *expression
}

// expression is a compiled regular expression.
type expression struct {
	*regexp.Regexp
	global bool
}

// regexpState keeps the expression of the last row.
type regexpState struct {
	pat, opts string
	re        *expression
	out       []byte
}

// compileRegexp compiles pat in RE2's syntax, which is Go's. Options: i case,
// c no case, l literal, s and m . and newlines, g all occurrences.
func compileRegexp(pat, opts string, op regexpOp) (*expression, error) {
	flags, global := "s", false
	for _, o := range opts {
		switch o {
		case 'i':
			flags += "i"
		case 'c':
			flags = strings.ReplaceAll(flags, "i", "")
		case 'l':
			pat = regexp.QuoteMeta(pat)
		case 's':
			flags += "s"
		case 'm', 'n', 'p':
			flags = strings.ReplaceAll(flags, "s", "")
		case 'g':
			if op != regexpReplace {
				return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "option 'g' (all occurrences) is for regexp_replace only")
			}
			global = true
		case ' ', '\t':
		default:
			return nil, sqlerr.New(sqlerr.CodeInvalidArgument, "unknown regular expression option '%c'", o)
		}
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	text := flags + pat
	if op == regexpFull {
		text = flags + `\A(?:` + pat + `)\z`
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, sqlerr.Wrap(err, sqlerr.CodeInvalidRegexp, "invalid regular expression")
	}
	return &expression{re, global}, nil
}

// bindRegexp compiles a constant expression when the call is bound.
func bindRegexp(op regexpOp) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		b := &function.Bound{Params: args, Return: boolean, Kernel: runRegexp, CanFail: true}
		d := regexpCall{op: op, options: 2}
		switch op {
		case regexpExtract:
			b.Return, d.options = varchar, 3
		case regexpReplace:
			b.Return, d.options = varchar, 3
		}
		pat := consts[1]
		if pat != nil && !pat.IsNull && (len(args) <= d.options || consts[d.options] != nil && !consts[d.options].IsNull) {
			opts := ""
			if len(args) > d.options {
				opts = consts[d.options].S
			}
			var err error
			if d.re, err = compileRegexp(pat.S, opts, op); err != nil {
				return nil, err
			}
		}
		b.Data = d
		return b, nil
	}
}

func runRegexp(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	d := c.Bound.Data.(regexpCall)
	st, ok := c.Local.(*regexpState)
	if !ok {
		st = &regexpState{}
		c.Local = st
	}
	s, pat, r := textArg(c, args, 0), textArg(c, args, 1), living(c)
	var opts, with texts
	var group numbers[int32]
	if len(args) > d.options {
		opts = textArg(c, args, d.options)
	}
	switch {
	case d.op == regexpReplace:
		with = textArg(c, args, 2)
	case d.op == regexpExtract && len(args) > 2:
		group = numArg[int32](c, args, 2)
	}
	for k := range r.n {
		p := r.at(k)
		re := d.re
		if re == nil {
			x, o := pat.at(p), []byte(nil)
			if len(args) > d.options {
				o = opts.at(p)
			}
			if st.re == nil || st.pat != raw.String(x) || st.opts != raw.String(o) {
				var err error
				if st.re, err = compileRegexp(string(x), string(o), d.op); err != nil {
					return err
				}
				st.pat, st.opts = string(x), string(o)
			}
			re = st.re
		}
		text := s.at(p)
		switch d.op {
		case regexpMatches, regexpFull:
			out.Data[p] = flag(re.Match(text))
		case regexpExtract:
			g := 0
			if len(args) > 2 {
				g = int(group.at(p))
			}
			if g < 0 || g > re.NumSubexp() {
				return sqlerr.New(sqlerr.CodeInvalidArgument, "the regular expression has no group %d", g)
			}
			if m := re.FindSubmatchIndex(text); m != nil && m[2*g] >= 0 {
				out.PutString(p, text[m[2*g]:m[2*g+1]])
			} else {
				out.PutString(p, nil)
			}
		case regexpReplace:
			st.out = re.replace(st.out[:0], text, with.at(p))
			if len(st.out) > maxResult {
				return errTooLong()
			}
			out.PutString(p, st.out)
		}
	}
	return nil
}

// replace appends text with its first match, or all of them, replaced by the
// template, in which \0 to \9 are groups.
func (e *expression) replace(dst, text, template []byte) []byte {
	at, limit := 0, 1
	if e.global {
		limit = -1
	}
	for _, m := range e.FindAllSubmatchIndex(text, limit) {
		dst = append(dst, text[at:m[0]]...)
		for i := 0; i < len(template); i++ {
			ch := template[i]
			if ch != '\\' || i+1 == len(template) {
				dst = append(dst, ch)
				continue
			}
			i++
			if g := int(template[i] - '0'); g >= 0 && g <= 9 {
				if 2*g+1 < len(m) && m[2*g] >= 0 {
					dst = append(dst, text[m[2*g]:m[2*g+1]]...)
				}
			} else {
				dst = append(dst, template[i])
			}
		}
		at = m[1]
	}
	return append(dst, text[at:]...)
}

// appendRegexpEscaped escapes everything but letters, digits, underscores and
// bytes beyond ASCII.
func appendRegexpEscaped(dst, s []byte) []byte {
	for _, c := range s {
		if c < 0x80 && c != '_' && c-'0' >= 10 && c|0x20-'a' >= 26 {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}

func regexpFunction(name string, aliases []string, what, example, result string, op regexpOp, params ...[]types.Type) *function.Scalar {
	f := &function.Scalar{Name: name, Aliases: aliases, Category: "string", Description: what, Example: example, Result: result}
	for _, p := range params {
		f.Overloads = append(f.Overloads, binding(bindRegexp(op), p...))
	}
	return f
}

var regexps = []*function.Scalar{
	regexpFunction("regexp_matches", nil, "Whether a regular expression matches somewhere in the text.", "regexp_matches('hello', 'L+', 'i')", "true", regexpMatches, []types.Type{varchar, varchar}, []types.Type{varchar, varchar, varchar}),
	regexpFunction("regexp_full_match", nil, "Whether a regular expression matches all of the text.", "regexp_full_match('hello', 'h.*')", "true", regexpFull, []types.Type{varchar, varchar}, []types.Type{varchar, varchar, varchar}),
	regexpFunction("regexp_extract", nil, "The first match of a regular expression, or one group of it; empty for none.", "regexp_extract('hello', '(h)(e)', 2)", "e", regexpExtract,
		[]types.Type{varchar, varchar}, []types.Type{varchar, varchar, integer}, []types.Type{varchar, varchar, integer, varchar}),
	regexpFunction("regexp_replace", nil, "The text with the first match replaced, or with option 'g' all of them.", `regexp_replace('hello', 'l', 'x', 'g')`, "hexxo", regexpReplace,
		[]types.Type{varchar, varchar, varchar}, []types.Type{varchar, varchar, varchar, varchar}),
	{Name: "regexp_extract_all", Category: "string", Description: "All matches of a regular expression, or of one of its groups.", Example: "regexp_extract_all('a1b2', '[0-9]')", Result: "[1, 2]",
		Overloads: []function.Overload{with(regexpMatches, failing(sig(types.ListOf(varchar), runRegexpPieces, varchar, varchar))), with(regexpMatches, failing(sig(types.ListOf(varchar), runRegexpPieces, varchar, varchar, integer)))}},
	{Name: "regexp_split_to_array", Aliases: []string{"string_split_regex", "str_split_regex"}, Category: "string", Description: "What lies between the matches of a regular expression.", Example: "regexp_split_to_array('a1b2c', '[0-9]')", Result: "[a, b, c]",
		Overloads: []function.Overload{with(regexpExtract, special(failing(sig(types.ListOf(varchar), runRegexpPieces, varchar, varchar))))}},
}
