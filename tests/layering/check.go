package layering

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/tests/gotree"
)

// rankOf gives the rank of a package path relative to the module.
func rankOf(path string) (rank int, ok bool) {
	for _, r := range ranks {
		for _, p := range r.paths {
			if p == path {
				return r.rank, true
			}
			if below, tree := strings.CutSuffix(p, "..."); tree && strings.HasPrefix(path+"/", below) {
				return r.rank, true
			}
		}
	}
	return 0, false
}

// top gives the first folder of a path.
func top(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// Violations lists what in the tree breaks the order, one sentence each.
func Violations(t *gotree.Tree) []string {
	var bad []string
	for _, path := range t.Paths() {
		p := t.Packages[path]
		if !p.HasCode() {
			continue // tests only
		}
		rank, ok := rankOf(path)
		if !ok {
			bad = append(bad, fmt.Sprintf("package %s has no rank: give it one in tests/layering/ranks.go", path))
			continue
		}
		for _, imp := range p.Imports() {
			if why := forbidden(t, path, rank, imp); why != "" {
				bad = append(bad, fmt.Sprintf("%s imports %s: %s", path, imp, why))
			}
		}
	}
	return bad
}

// forbidden says why package path of that rank may not import imp ("" if it may).
func forbidden(t *gotree.Tree, path string, rank int, imp string) string {
	local, ours := t.Local(imp)
	if extra, leaf := leaves[path]; leaf {
		standard := !strings.Contains(top(imp), ".")
		below := func(p string) bool { return strings.HasPrefix(imp, p) }
		if !standard && !slices.ContainsFunc(extra, below) {
			return "a leaf imports the standard library only"
		}
	}
	if !ours {
		return ""
	}
	if slices.Contains(families, path) && slices.Contains(families, local) && path != local {
		return "operator families never import each other; move what they share down"
	}
	other, known := rankOf(local)
	switch {
	case !known:
		return "it has no rank"
	case other > rank:
		return fmt.Sprintf("upward, rank %d to rank %d", rank, other)
	case other == rank && top(local) != top(path):
		return fmt.Sprintf("sideways, both have rank %d but lie in different folders", rank)
	}
	return ""
}
