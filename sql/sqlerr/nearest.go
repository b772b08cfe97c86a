package sqlerr

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Limits that keep Nearest cheap on hostile or huge inputs.
const (
	maxNearest       = 3
	maxNearestName   = 128
	maxNearestReview = 20000
)

// Nearest returns at most three of the candidates that are closest to name by
// edit distance (insertions, deletions, substitutions and swaps of neighbours
// count one each), case-insensitively, nearest first and then in the order of
// candidates. Candidates further away than about a third of the longer length
// are left out, unless name is a prefix of them; so are duplicates. It reads at
// most 20,000 candidates and none for names longer than 128 bytes.
func Nearest(name string, candidates []string) []string {
	if name == "" || len(name) > maxNearestName {
		return nil
	}
	if len(candidates) > maxNearestReview {
		candidates = candidates[:maxNearestReview]
	}
	type scored struct {
		text string
		dist int
	}
	want := []rune(strings.ToLower(name))
	var found []scored
	seen := make(map[string]struct{}, 8)
	for _, c := range candidates {
		if c == "" || len(c) > 2*maxNearestName {
			continue
		}
		n := utf8.RuneCountInString(c)
		longer := max(n, len(want))
		limit := max(1, longer/3)
		if limit >= longer {
			limit = longer - 1
		}
		lower := strings.ToLower(c)
		dist := limit + 1
		if abs(n-len(want)) <= limit {
			dist = editDistance(want, []rune(lower), limit)
		}
		if dist > limit {
			if len(want) < 3 || !strings.HasPrefix(lower, string(want)) {
				continue
			}
			dist = limit
		}
		if _, dup := seen[c]; dup {
			continue
		}
		seen[c] = struct{}{}
		found = append(found, scored{c, dist})
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].dist < found[j].dist })
	if len(found) > maxNearest {
		found = found[:maxNearest]
	}
	if len(found) == 0 {
		return nil
	}
	out := make([]string, len(found))
	for i, f := range found {
		out[i] = f.text
	}
	return out
}

// DidYouMean renders the result of [Nearest] as a hint, `did you mean "a", "b"
// or "c"?`, or "" when nothing is near.
func DidYouMean(name string, candidates []string) string {
	near := Nearest(name, candidates)
	if len(near) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("did you mean ")
	for i, n := range near {
		switch {
		case i == 0:
		case i == len(near)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(`"` + n + `"`)
	}
	b.WriteString("?")
	return b.String()
}

// editDistance is the optimal string alignment distance of a and b, or
// limit+1 as soon as it must exceed limit.
func editDistance(a, b []rune, limit int) int {
	before := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	cur := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		best := cur[0]
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			cur[j] = d
			best = min(best, d)
		}
		if best > limit {
			return limit + 1
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}
