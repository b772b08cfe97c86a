package scalar

import (
	"unicode/utf8"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
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
		if op == byEditsAndSwaps {
			dst[p] = int64(st.editsAndSwaps(a, b))
			continue
		}
		dst[p] = int64(st.edits(a, b))
	}
	return nil
}

// rows makes the three rows at least n long.
func (s *distanceState) rows(n int) (before, prev, cur []int) {
	if len(s.prev) < n {
		s.before, s.prev, s.cur = make([]int, n), make([]int, n), make([]int, n)
	}
	return s.before[:n], s.prev[:n], s.cur[:n]
}

// edits counts the insertions, deletions and replacements that turn a into b.
func (s *distanceState) edits(a, b []byte) int {
	_, prev, cur := s.rows(len(b) + 1)
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
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev, cur = cur, prev
	}
	return prev[len(b)]
}

// editsAndSwaps counts exchanges of neighbours too; what was exchanged may be
// edited again, so that ca becomes abc in two steps. Three rows of the matrix
// are enough: C. Zhao, S. Sahni, String correction using the
// Damerau-Levenshtein distance, 2019. Each row has an entry for column -1, and
// entry j+1 is that of column j.
func (s *distanceState) editsAndSwaps(a, b []byte) int {
	far := max(len(a), len(b)) + 1
	swapped, above, row := s.rows(len(b) + 2) // swapped: the entry two left of a match, above it
	for j := range row {
		swapped[j], above[j], row[j] = far, far, j-1
	}
	row[0] = far
	var lastRow [256]int // of each byte in a, 0 for none
	for i := 1; i <= len(a); i++ {
		above, row = row, above
		lastCol, upLeft, there := 0, row[1], far
		row[0], row[1] = far, i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(above[j]+cost, row[j]+1, above[j+1]+1)
			if cost == 0 {
				lastCol, swapped[j+1], there = j, above[j-1], upLeft
			} else {
				k := lastRow[b[j-1]]
				switch {
				case lastCol > 0 && k > 0 && j-lastCol == 1:
					d = min(d, swapped[j+1]+i-k)
				case lastCol > 0 && k > 0 && i-k == 1:
					d = min(d, there+j-lastCol)
				}
			}
			upLeft, row[j+1] = row[j+1], d
		}
		lastRow[a[i-1]] = i
	}
	return row[len(b)+1]
}

// runRegexpPieces lists the matches of a regular expression (Data
// regexpMatches) or what lies between them (regexpExtract): the whole text when
// the expression is NULL.
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
		if s.null(p) || pat.null(p) {
			if all || s.null(p) {
				out.SetNull(p)
				continue
			}
			list.entries[p] = types.ListEntry{Offset: uint32(list.child.Len)}
			list.add(p, s.at(p))
			continue
		}
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
		for at < len(text) {
			m := st.re.FindIndex(text[at:])
			if m == nil {
				break
			}
			if m[1] == 0 {
				// An empty match at the start cuts behind the next character.
				_, w := utf8.DecodeRune(text[at:])
				if at+w >= len(text) {
					break
				}
				m[0], m[1] = w, w
			}
			list.add(p, text[at:at+m[0]])
			at += m[1]
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
