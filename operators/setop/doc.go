// Package setop holds what set operations need beyond joins and aggregation:
// Repeat turns counts of equal rows into rows, for INTERSECT ALL and EXCEPT
// ALL. UNION ALL is a pipeline of several branches and needs no operator.
//
// What it does not do: it counts nothing (operators/agg does), and the set
// operations without ALL are joins.
package setop
