// Package format turns the tree of sql/ast back into text.
//
// [Statement], [Expr] and [Type] give canonical SQL: parsed again, it yields the
// same tree up to positions. It stands for view definitions, in error messages
// and in EXPLAIN. [ColumnName] gives what an expression without an alias is
// called in a result, spelt as DuckDB 1.5 spells it, which is close to SQL but
// not always SQL. [QuoteIdent] and [QuoteString] quote single values.
//
// Operators are always parenthesised, so precedence never matters; keywords are
// upper case; names keep their case and are quoted where they must be (or are
// keywords). Everything is on one line.
//
// The functions do not fail: nil and nodes of unknown types print nothing. They
// recurse; the parser bounds the height of trees (see sql/parser).
package format
