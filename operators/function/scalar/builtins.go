package scalar

import (
	"slices"
	"strings"

	"github.com/gannetdb/gannet/operators/function"
)

// Builtins are all scalar functions and operators, sorted by name. A function
// is added to the table of the file it lives in, and a new table here.
var Builtins = sorted(
	arithmetic,
	bitFunctions,
	bitStrings,
	concats,
	dateParts,
	dateTruncs,
	digests,
	distances,
	extremes,
	likes,
	lists,
	listDistincts,
	listFinds,
	listFlattens,
	listPicks,
	listSeries,
	listSlices,
	listSorts,
	makeDates(),
	maps,
	maths,
	regexps,
	roundings,
	sessions,
	strftimes,
	structs,
	textCases,
	textSearches,
	textSlices,
	timeBuckets,
)

func sorted(tables ...[]*function.Scalar) []*function.Scalar {
	all := slices.Concat(tables...)
	slices.SortFunc(all, func(a, b *function.Scalar) int { return strings.Compare(a.Name, b.Name) })
	return all
}
