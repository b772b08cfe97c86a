// Package slt runs sqllogictest files, in the dialect that DuckDB's own tests
// are written in, against any database/sql driver. The project's files lie
// beside it, one folder per area: tests/slt/<area>/*.test.
//
// # Files
//
// A file is commands separated by empty lines; a line that starts with # is a
// comment.
//
//	statement ok [CONN]          SQL that must work
//	statement error [CONN]       SQL that must fail; after ---- the error
//	statement maybe [CONN]       either will do
//	query TYPES [SORT] [LABEL]   SQL and, after ----, its rows
//	skipif NAME, onlyif NAME     conditions on the record that follows
//	loop VAR FROM TO             up to endloop, with ${VAR} or {VAR} filled in
//	foreach VAR VALUE...         the same over words; <integral>, <numeric>,
//	                             <signed>, <unsigned> and <alltypes> stand for
//	                             type names
//	require NAME                 skip the file if the engine lacks it
//	require-env, test-env        environment variables
//	mode skip, mode unskip       records between are not run
//	hash-threshold N             results of more values are compared as a hash
//	halt                         the file ends here
//	set seed X                   SELECT setseed(X)
//	reconnect                    a fresh connection
//	reset label NAME             forget what a label stood for
//
// load, restart, unzip, sleep and concurrent loops end the file as skipped.
//
// TYPES has one letter a column; which letters does not matter, as in DuckDB.
// SORT is nosort (the default), rowsort or valuesort. Queries with the same
// LABEL must give the same result. Rows are written one a line with tabs
// between the values, or one value a line; "NULL" is a NULL, "(empty)" the
// empty string; <REGEX>:... and <!REGEX>:... match a value; a result can be
// "N values hashing to MD5".
//
// The lines under ---- of a statement error must be part of the error's text,
// whatever the case of the letters. A line "SQLSTATE 22003" asks for the code.
//
// __ROOT__ is the root of the repository, __TEST_DIR__ a directory that is
// empty at the start of the file. Paths are relative to the root.
//
// # Values
//
// A value is compared as the text that CAST(x AS VARCHAR) gives in DuckDB. If
// the texts differ, columns of exact numbers are compared as numbers after
// rounding the expected one to the scale of the result, floating point columns
// with a relative tolerance of 1e-9, booleans as truth values.
//
// # Main types
//
// Engine names a driver and what is particular to it; Parse turns text into
// Commands; Engine.Run executes a file in a database of its own and returns a
// Result with one Failure for each record that went wrong. -rewrite fills in
// the expectations from what the engine answers; the author reads the diff.
//
// It does not know Gannet: slt_test.go names the driver, tests/oracle names
// DuckDB.
package slt
