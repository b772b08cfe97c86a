// Package random makes tables and queries from a seed and makes failing queries
// small. It runs nothing and knows no engine.
//
// Main types: Tables, some tables with their rows as SQL literals; Query, a
// statement as a tree of Nodes, whose parts a Shrinker can take away; Gen, the
// source of both.
//
// Invariants: the same seed gives the same tables and queries. A query's result
// is determined by the tables alone: LIMIT comes with an ORDER BY over all
// columns, aggregates whose result depends on the order of rows are not used,
// and values are such that sums of floats come out nearly equal in any order.
// Every column of a result has a name of its own.
//
// It makes no statements that change anything, and nothing that is an error on
// purpose; some queries end in an overflow or in a type error nevertheless.
package random
