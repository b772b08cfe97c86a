// Package parser turns SQL text of the native dialect, PostgreSQL's with
// DuckDB's additions, into the tree of sql/ast.
//
// [Parse] takes any number of statements, [ParseOne] exactly one, [ParseScript]
// also tells where each statement stands. [ParseExpr] and [ParseType] take
// fragments. [Split] and [Completeness] work on tokens alone, for shells: where
// statements end, and whether a prompt should ask for more.
//
// It is a recursive-descent parser with precedence climbing for expressions.
// Precedences, from loose to tight (as PostgreSQL's grammar has them):
//
//	->  ·  OR  ·  AND  ·  NOT  ·  IS  ·  = <> < <= > >=  ·  BETWEEN IN LIKE ...
//	other operators (|| & | << ->> ...)  ·  + -  ·  * / // %  ·  ^ **
//	AT TIME ZONE  ·  COLLATE  ·  unary minus  ·  [ ]  ·  ::  ·  .
//
// Error handling is one sticky error: the first failure is recorded, the token
// stream then gives EOF for ever, and every loop ends there. Errors are
// *sqlerr.Error with a position: 42601 for syntax, 54001 for nesting.
//
// Limits: [MaxNesting] levels of parentheses, calls, CASE, subqueries and the
// like, so that the recursion is bounded; [MaxHeight] for the tree, which
// bounds chains such as 1+1+1+... that nest to the left without parentheses.
// AND, OR, ||, IN lists and UNION runs are n-ary nodes and count one level.
//
// The parser knows no names: whether a table, function or type exists, or a
// construct is supported, is the binder's question.
package parser
