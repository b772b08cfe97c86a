package rule

// List returns the rules in the order in which they run.
//
//   - fold_constants first: everything else recognises constants, and casts of
//     literals are constants only after it.
//   - unnest_subqueries and setop_joins next: they make joins, through which
//     filters are then pushed; set operations within subqueries come to light
//     by the first.
//   - push_filters before order_joins: relations get their conditions, whose
//     selectivity decides the order; it also turns outer joins into inner ones
//     and finds implied conditions.
//   - eliminate_distinct and split_distinct before order_joins, since they
//     change what joins read.
//   - merge_aggregates before share_subplans: what it merges needs no sharing.
//   - share_subplans when filters are where they belong, so that what is equal
//     looks equal, and before columns are pruned and joins ordered, after which
//     it does not: each place wants other columns.
//   - prune_columns_early before order_joins, which weighs the width of rows.
//   - semi_joins when only columns are left that somebody reads.
//   - group_twice before group_early, which takes only plain groupings to
//     pieces, and both before order_joins, which then orders what is joined
//     before and after.
//   - order_joins, once the blocks are as large as they get. It puts filters
//     that became complete above attachments, hence
//   - push_filters_again: cheap, and moves what implied equalities added.
//   - prune_columns after all that looks at columns.
//   - merge_projects after pruning, which empties projections.
//   - top_n last: nothing passes a limit anyway, and merging may have brought
//     the sort next to it. top_groups after pruning, which drops window
//     functions that nobody reads.
func List() []Rule {
	return []Rule{
		{Name: "fold_constants", Apply: foldConstants},
		{Name: "unnest_subqueries", Required: true, Apply: unnestSubqueries},
		{Name: "setop_joins", Required: true, Apply: setOpJoins},
		{Name: "push_filters", Apply: pushFilters},
		{Name: "eliminate_distinct", Apply: eliminateDistinct},
		{Name: "split_distinct", Apply: splitDistinct},
		{Name: "merge_aggregates", Apply: mergeAggregates},
		{Name: "share_subplans", Apply: shareSubplans},
		{Name: "prune_columns_early", Apply: pruneColumns},
		{Name: "semi_joins", Apply: semiJoins},
		{Name: "group_twice", Apply: groupTwice},
		{Name: "group_early", Apply: groupEarly},
		{Name: "order_joins", Apply: orderJoins},
		{Name: "push_filters_again", Apply: pushFilters},
		{Name: "prune_columns", Apply: pruneColumns},
		{Name: "merge_projects", Apply: mergeProjects},
		{Name: "top_n", Apply: topN},
		{Name: "top_groups", Apply: topGroups},
	}
}
