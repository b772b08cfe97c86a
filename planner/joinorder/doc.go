// Package joinorder chooses the order of joins.
//
// [Order] finds the blocks of a plan: trees of inner joins, cross products and
// filters. Their leaves (scans, groupings, ...) are the relations. Left, semi,
// anti, single and mark joins within a block are attachments: their right side
// is a relation that may be joined only by itself, as the right side, and only
// to a set that has all columns of their condition. That is sound because these
// joins decide about each left row by itself, so they commute with filters and
// products over the left row's columns; conditions on the columns that they add
// wait until they were joined and are then filters. Full joins and everything
// else are boundaries, within which blocks are ordered on their own.
//
// Equalities of columns form classes; a join of two sets applies one equality
// for each class that has columns on both sides, so implied equalities are used
// without being counted twice. Other conditions are applied at the first join
// that has all their columns.
//
// The order is found by DPhyp (Moerkotte and Neumann, "Dynamic Programming
// Strikes Back", SIGMOD 2008) over the hypergraph of conditions, for at most
// MaxPairs pairs of connected sets; beyond, greedily by the smallest result
// (Fegaras, "A New Heuristic for Optimizing Large Queries", DEXA 1998). Cross
// products are made only between parts that no condition connects, and where an
// attachment needs columns of such parts.
//
// The cost of a tree is the sum of the sizes of its results (C_out), plus the
// rows and bytes of build sides, which are on the right; semi and anti joins
// may build from either side.
package joinorder
