package scalar

import (
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
)

// distanceOp is how texts are compared.
type distanceOp uint8

const (
	byEdits distanceOp = iota
	byEditsAndSwaps
	byPlace
)

// distanceState is memory for the rows of the edit matrix.
type distanceState struct{ before, prev, cur []int }

// maxDistance bounds the product of two texts' lengths, which is the time
// that comparing them takes.
const maxDistance = 1 << 28

// runDistance compares bytes, as DuckDB does.
func runDistance(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	op := c.Bound.Data.(distanceOp)
	st, ok := c.Local.(*distanceState)
	if !ok {
		st = &distanceState{}
		c.Local = st
	}
	xs, ys, dst, r := textArg(c, args, 0), textArg(c, args, 1), vector.Values[int64](out), living(c)
	for k := range r.n {
		p := r.at(k)
		a, b := xs.at(p), ys.at(p)
		if op == byPlace {
			if len(a) != len(b) || len(a) == 0 {
				return sqlerr.New(sqlerr.CodeInvalidArgument, "mismatches wants texts of equal length, at least 1")
			}
			n := int64(0)
			for i := range a {
				if a[i] != b[i] {
					n++
				}
			}
			dst[p] = n
			continue
		}
		if len(a)*len(b) > maxDistance {
			return errTooLong()
		}
		if err := c.Ctx.Err(); err != nil && len(a)*len(b) > 1<<16 {
			return sqlerr.FromContext(c.Ctx)
		}
		dst[p] = int64(st.edits(a, b, op == byEditsAndSwaps))
	}
	return nil
}

// edits counts insertions, deletions, replacements and, with swaps, exchanges
// of neighbours that turn a into b.
func (s *distanceState) edits(a, b []byte, swaps bool) int {
	for len(s.prev) <= len(b) {
		s.before, s.prev, s.cur = append(s.before, 0), append(s.prev, 0), append(s.cur, 0)
	}
	before, prev, cur := s.before[:len(b)+1], s.prev[:len(b)+1], s.cur[:len(b)+1]
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if swaps && i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			cur[j] = d
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

// runRegexpPieces lists the matches of a regular expression (Data
// regexpMatches) or what lies between them (regexpExtract).
func runRegexpPieces(c *function.Call, args []*vector.Vector, out *vector.Vector) error {
	all := c.Bound.Data.(regexpOp) == regexpMatches
	st, ok := c.Local.(*regexpState)
	if !ok {
		st = &regexpState{}
		c.Local = st
	}
	s, pat, r, list := textArg(c, args, 0), textArg(c, args, 1), living(c), pieces(out)
	var group numbers[int32]
	if len(args) == 3 {
		group = numArg[int32](c, args, 2)
	}
	for k := range r.n {
		p := r.at(k)
		if x := pat.at(p); st.re == nil || st.pat != string(x) {
			var err error
			if st.re, err = compileRegexp(string(x), "", regexpMatches); err != nil {
				return err
			}
			st.pat = string(x)
		}
		list.entries[p].Offset, list.entries[p].Length = uint32(list.child.Len), 0
		text, at := s.at(p), 0
		if all {
			g := 0
			if len(args) == 3 {
				g = int(group.at(p))
			}
			if g < 0 || g > st.re.NumSubexp() {
				return sqlerr.New(sqlerr.CodeInvalidArgument, "the regular expression has no group %d", g)
			}
			for _, m := range st.re.FindAllSubmatchIndex(text, -1) {
				if m[2*g] < 0 {
					list.add(p, nil)
				} else {
					list.add(p, text[m[2*g]:m[2*g+1]])
				}
			}
			continue
		}
		for _, m := range st.re.FindAllIndex(text, -1) {
			if m[0] == m[1] {
				// An empty match cuts behind the next character.
				if m[0] >= len(text) {
					break
				}
				_, w := utf8.DecodeRune(text[m[0]:])
				if m[0]+w >= len(text) {
					break
				}
				m[0], m[1] = m[0]+w, m[1]+w
			}
			list.add(p, text[at:m[0]])
			at = m[1]
		}
		list.add(p, text[at:])
	}
	return nil
}

func distanceFunction(name string, aliases []string, what, example, result string, op distanceOp) *function.Scalar {
	return &function.Scalar{Name: name, Aliases: aliases, Category: "string", Description: what, Example: example, Result: result,
		Overloads: []function.Overload{with(op, failing(sig(bigint, runDistance, varchar, varchar)))}}
}

var distances = []*function.Scalar{
	distanceFunction("levenshtein", []string{"editdist3"}, "The number of edits that turn one text into the other.", "levenshtein('kitten', 'sitting')", "3", byEdits),
	distanceFunction("damerau_levenshtein", nil, "The number of edits and exchanges of neighbours that turn one text into the other.", "damerau_levenshtein('ab', 'ba')", "1", byEditsAndSwaps),
	distanceFunction("mismatches", []string{"hamming"}, "The number of places where two texts of equal length differ.", "mismatches('abc', 'abd')", "1", byPlace),
}
