package dataset

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// suggest adds to the error of a missing file the names in its directory that
// are most like it.
func (f *finder) suggest(name string, err error) error {
	var e *sqlerr.Error
	if !sqlerr.Is(err, sqlerr.CodeUndefinedFile) || !errors.As(err, &e) || e.Hint != "" {
		return err
	}
	dir, base := path.Split(name)
	entries, lerr := f.list(dir)
	if lerr != nil {
		return lerr
	}
	type candidate struct {
		name string
		d    int
	}
	var best []candidate
	if len(entries) > 10000 {
		entries = entries[:10000]
	}
	for _, n := range entries {
		if len(n.Name) > 255 || len(base) > 255 {
			continue
		}
		d := distance(strings.ToLower(base), strings.ToLower(n.Name))
		if d <= max(2, len(base)/3) {
			best = append(best, candidate{n.Name, d})
		}
	}
	slices.SortStableFunc(best, func(a, b candidate) int { return a.d - b.d })
	var names []string
	for _, b := range best[:min(3, len(best))] {
		names = append(names, `"`+dir+b.name+`"`)
	}
	if len(names) == 0 {
		return err
	}
	return e.WithHint("Did you mean %s?", strings.Join(names, " or "))
}

// distance is the least number of insertions, deletions, replacements and
// swaps of neighbours that turn a into b (restricted Damerau-Levenshtein).
func distance(a, b string) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
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
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
