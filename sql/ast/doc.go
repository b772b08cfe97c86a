// Package ast is the engine's own syntax tree: what sql/parser (the native
// dialect) and sql/mysql produce and what planner/bind and sql/format read.
//
// Four marker interfaces sort the nodes: [Statement], [QueryBody] (what stands
// between WITH and ORDER BY), [TableRef] (an item of FROM) and [Expr]. Every
// node embeds [At], the byte offset of its first character in the text that was
// parsed (for operators: of the operator, where an error about it belongs), so
// all have Pos() int.
//
// Files: query.go (SELECT and set operations), table.go (FROM), expr.go
// (expressions), call.go (function calls and windows), typename.go, ddl.go,
// dml.go, session.go (SET, SHOW, PREPARE, transactions ...), walk.go.
//
// Invariants:
//   - A tree is immutable once the parser returned it; it may be shared between
//     goroutines, and it may hold substrings of the query text.
//   - Identifiers are stored as written, without their quotes; they compare
//     case-insensitively ([Ident.Is]). Keyword-like names that the parser
//     introduces (functions of special syntaxes) are lower case.
//   - Pointer and interface fields are nil, slices empty and names "" when the
//     clause is absent, unless a field's comment says otherwise.
//   - AND, OR, || and runs of one set operation are single nodes with many
//     terms, so a long chain does not nest. The parser bounds the height of all
//     trees; [Inspect] and [Walk] do not recurse anyway.
//   - Parentheses leave no trace, except around queries that carry their own
//     WITH, ORDER BY or LIMIT (a nested [Query]).
//   - Special syntaxes that only spell a function are function calls:
//     EXTRACT, SUBSTRING, TRIM, POSITION, OVERLAY, AT TIME ZONE, CURRENT_DATE.
//
// The package knows no catalog and no types, and does no name resolution.
package ast
