// Package bind turns a statement's syntax tree into a bound [Statement]: names
// become columns with an identity (logical.ColID), calls become functions with
// types, and what SQL leaves implicit (casts, USING, stars, ordinals, aliases)
// becomes explicit.
//
// Main types: [Binder], made once a session from [Options]; its Bind takes an
// ast.Statement. A query's result is a logical.Plan whose expressions are
// fully typed.
//
// # Names
//
// A scope holds the columns of one FROM clause and refers to the scope of the
// enclosing query; a name that only an outer scope knows makes a correlated
// subquery, visible as logical.Subquery.Outer. Aliases of the select list are
// known in WHERE, GROUP BY, HAVING, ORDER BY and later select items, and in the
// subqueries of all these, but not within aggregates; a column of FROM wins over
// an alias, except in ORDER BY, where the last alias of a name counts.
//
// # Aggregation
//
// Select items, HAVING and ORDER BY are bound over FROM's columns while
// aggregate calls are collected. Then every subexpression that equals a group
// expression is replaced by the group's column; what is left of FROM's columns
// is error 42803. A group that is a plain column keeps its ColID.
// An aggregate belongs to the innermost query of which it has a column, which
// may be one around a subquery (level.go).
//
// # Types
//
// Overloads are chosen by the sum of implicit cast costs (types.ImplicitCost),
// literals being cheap to adapt: an integer literal to any integer type that
// holds it, a string literal to any type, as in DuckDB. Parameters take the
// type that their first context wants.
//
// # Errors
//
// All carry a position. 42703, 42P01 and 42883 give the nearest names or the
// candidate signatures as a hint. What is understood but not done by the engine
// is 0A000.
//
// # Limits
//
// Nesting is limited to logical.MaxDepth, and the nodes that aliases, views and
// CTEs are expanded to are counted: 54001.
//
// The binder folds no constants and chooses no plans; that is planner/rule's.
package bind
