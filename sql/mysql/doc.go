// Package mysql turns SQL text of MySQL's dialect into the tree of sql/ast. The
// text is parsed by Vitess's parser; this package guards it, finds positions,
// and converts its tree.
//
// [Parse] takes any number of statements, as parser.ParseScript does for the
// native dialect. [Split] and [Completeness] are what shells need.
//
// # Guards
//
// Vitess's parser has no limits of its own. tokens.go reads a statement's
// tokens first (with Vitess's scanner, so that both see the same ones) and
// refuses statements above [MaxLength] bytes, parentheses, CASE and prefix
// operators nested deeper than parser.MaxNesting, and long runs of adjacent
// strings, which Vitess joins in quadratic time. The conversion refuses trees
// higher than parser.MaxHeight. A panic of the parser is error XX000. Only
// ParseStrictDDL is called: Parse accepts truncated DDL.
//
// # Positions
//
// Vitess's tree has none. The converter walks it in the order of the text and
// looks for the word of each leaf among the tokens that follow the last one it
// found (place.go); a word that is not found gets the position of the last one.
// Positions serve error messages only.
//
// # What differs from MySQL
//
// The tree is bound by the engine's own rules, so that types, overflow and
// implicit casts are the engine's. The converter maps what would otherwise give
// another answer: || is OR, ^ is XOR, / and MOD by zero are NULL, NULLs sort
// first, CONCAT of a NULL is NULL, predicates in a select list are 0 or 1, a
// column without an alias is named by its text, and so forth; functions.go has
// the table of functions, dates.go formats and intervals. These differences
// stay:
//
//   - Text compares byte by byte, as under utf8mb4_bin: = and LIKE tell
//     upper from lower case. COLLATE accepts binary collations only.
//   - / gives DOUBLE rather than DECIMAL, sum of integers HUGEINT, avg DOUBLE.
//   - Bit operators are signed: ~5 is -6.
//   - A text that is no number is an error (22P02), not 0.
//   - A DATE column plus an interval is a TIMESTAMP; of literals, casts and
//     date functions the result stays a DATE when the unit is a day or more.
//   - TIMESTAMP columns are DATETIME: without a time zone.
//   - Table options (ENGINE, CHARSET), index hints and plain indexes in CREATE
//     TABLE are read and have no effect.
//   - sql_mode is not there: PIPES_AS_CONCAT and ANSI_QUOTES cannot be set.
//
// User variables, character set introducers, JSON and spatial functions, and
// statements that administer a server are error 0A000.
//
// Importing the package registers glog's flags on flag.CommandLine and starts a
// goroutine of glog's: programs opt in through driver/mysql.
package mysql
