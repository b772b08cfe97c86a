// Package logical holds the logical plan: relational nodes and bound, typed
// expressions. The binder makes it from the syntax tree, rules rewrite it, the
// physical planner lowers it to operators.
//
// Columns. Every column that a node produces has a ColID that is unique in the
// whole plan; expressions refer to columns by ColID only, never by position,
// so a rule can move an expression to any place where its columns are
// produced. A table that occurs twice gets fresh ColIDs for each occurrence.
// Names exist only at the root (Plan.Names) and in error messages.
//
// Nodes are built once and rewritten by replacing: a rule returns new nodes
// for what it changes and shares the rest. Expressions are immutable.
//
// Depth. Expression and plan depth is at most MaxDepth; AND, OR, IN and || are
// n-ary, so long chains stay flat. Walkers here may therefore recurse.
package logical
