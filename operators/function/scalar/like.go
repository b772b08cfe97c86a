package scalar

import (
	"bytes"
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// likeCall is the Data of a LIKE call.
type likeCall struct {
	fold, not bool
	compiled  *pattern // nil when the pattern is not constant
}

// likeState keeps the pattern of the last row, for patterns that vary.
type likeState struct {
	pat, esc []byte
	valid    bool
	compiled *pattern
	lower    []byte
}

// bindLike compiles a constant pattern.
func bindLike(fold, not bool) func([]types.Type, []*types.Value) (*function.Bound, error) {
	return func(args []types.Type, consts []*types.Value) (*function.Bound, error) {
		d := likeCall{fold: fold, not: not}
		b := &function.Bound{Params: args, Return: boolean, Kernel: runLike, CanFail: len(args) == 3}
		pat := consts[1]
		if pat != nil && !pat.IsNull && (len(args) == 2 || consts[2] != nil && !consts[2].IsNull) {
			esc := rune(0)
			if len(args) == 3 {
				var err error
				if esc, err = escapeRune(raw.StringBytes(consts[2].S)); err != nil {
					return nil, err
				}
			}
			d.compiled = compileLike([]byte(pat.S), esc, fold)
			b.CanFail = d.compiled.dangling
		}
		b.Data = d
		return b, nil
	}
}

func escapeRune(s []byte) (rune, error) {
	if len(s) == 0 {
		return 0, nil
	}
	r, n := utf8.DecodeRune(s)
	if n != len(s) {
		return 0, sqlerr.New(sqlerr.CodeInvalidEscape, "the escape string must be empty or one character")
	}
	return r, nil
}

func runLike(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	d := c.Bound.Data.(likeCall)
	s, r, dst := textArg(c, args, 0), living(c), out.Data
	if d.compiled != nil && !d.fold && !d.compiled.dangling {
		likeLoop(d.compiled, &s, r, d.not, dst)
		return nil
	}
	st, ok := c.Local.(*likeState)
	if !ok {
		st = &likeState{}
		c.Local = st
	}
	pat := textArg(c, args, 1)
	var esc texts
	if len(args) == 3 {
		esc = textArg(c, args, 2)
	}
	for k := range r.n {
		p := r.at(k)
		compiled := d.compiled
		if compiled == nil {
			var e []byte
			if len(args) == 3 {
				e = esc.at(p)
			}
			if x := pat.at(p); !st.valid || !bytes.Equal(x, st.pat) || !bytes.Equal(e, st.esc) {
				ch, err := escapeRune(e)
				if err != nil {
					return err
				}
				st.pat, st.esc, st.valid = append(st.pat[:0], x...), append(st.esc[:0], e...), true
				st.compiled = compileLike(st.pat, ch, d.fold)
			}
			compiled = st.compiled
		}
		text := s.at(p)
		if d.fold {
			st.lower = appendLower(st.lower[:0], text)
			text = st.lower
		}
		yes := compiled.match(text)
		if compiled.dangling && yes {
			return sqlerr.New(sqlerr.CodeInvalidEscape, "a LIKE pattern must not end with its escape character")
		}
		dst[p] = flag(yes != d.not)
	}
	return nil
}

// likeLoop has a loop of its own for the patterns that are one comparison or
// one search.
func likeLoop(m *pattern, s *texts, r positions, not bool, dst []byte) {
	switch {
	case !m.plain || len(m.middle) > 1:
		for k := range r.n {
			p := r.at(k)
			dst[p] = flag(m.match(s.at(p)) != not)
		}
	case m.single:
		lit := m.first.lit
		head, mask := firstBytes(lit)
		for k := range r.n {
			p := r.at(k)
			ref := &s.refs[s.index(p)]
			dst[p] = flag((ref.Prefix()&mask == head && ref.Len() == len(lit) && bytes.Equal(vector.Str(ref, s.view.Bufs), lit)) != not)
		}
	case len(m.middle) == 0:
		prefix, suffix := m.first.lit, m.last.lit
		head, mask := firstBytes(prefix)
		for k := range r.n {
			p := r.at(k)
			ref := &s.refs[s.index(p)]
			if ref.Prefix()&mask != head || ref.Len() < m.min {
				dst[p] = flag(not)
				continue
			}
			if len(prefix) <= 4 && len(suffix) == 0 {
				dst[p] = flag(!not)
				continue
			}
			t := vector.Str(ref, s.view.Bufs)
			dst[p] = flag((bytes.HasPrefix(t, prefix) && bytes.HasSuffix(t, suffix)) != not)
		}
	case len(m.first.lit) == 0 && len(m.last.lit) == 0:
		lit := m.middle[0].lit
		for k := range r.n {
			p := r.at(k)
			dst[p] = flag(bytes.Contains(s.at(p), lit) != not)
		}
	default:
		for k := range r.n {
			p := r.at(k)
			dst[p] = flag(m.match(s.at(p)) != not)
		}
	}
}

// firstBytes returns the first bytes of lit as they stand in a string
// reference, and the mask that selects as many.
func firstBytes(lit []byte) (head, mask uint32) {
	for i := range min(len(lit), 4) {
		head |= uint32(lit[i]) << (8 * i)
		mask |= 0xff << (8 * i)
	}
	return head, mask
}

func runGlob(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	s, pat, r := textArg(c, args, 0), textArg(c, args, 1), living(c)
	for k := range r.n {
		p := r.at(k)
		out.Data[p] = flag(matchGlob(pat.at(p), s.at(p)))
	}
	return nil
}

func likeFunction(name, alias, what, example, result string, fold, not bool) *function.Scalar {
	bind := bindLike(fold, not)
	return &function.Scalar{Name: name, Aliases: []string{alias}, Category: "string", Description: what, Example: example, Result: result,
		Overloads: []function.Overload{binding(bind, varchar, varchar), binding(bind, varchar, varchar, varchar)}}
}

var likes = []*function.Scalar{
	likeFunction("~~", "like_escape", "Whether the text matches a LIKE pattern: % any text, _ one character; an escape character may follow.", "'abc' LIKE 'a%'", "true", false, false),
	likeFunction("!~~", "not_like_escape", "NOT LIKE.", "'abc' NOT LIKE 'a%'", "false", false, true),
	likeFunction("~~*", "ilike_escape", "LIKE without regard to case.", "'ABC' ILIKE '%b%'", "true", true, false),
	likeFunction("!~~*", "not_ilike_escape", "NOT ILIKE.", "'ABC' NOT ILIKE '%b%'", "false", true, true),
	{Name: "~~~", Aliases: []string{"glob"}, Category: "string", Description: "Whether the text matches a shell pattern: * any text, ? one character, [a-z] a class.", Example: "'abc' GLOB 'a*'", Result: "true",
		Overloads: []function.Overload{sig(boolean, runGlob, varchar, varchar)}},
}
