// Package reliability holds the engine to its promises, through database/sql:
// bad statements and damaged files are errors with a code and a place, the
// connection goes on after them, and nothing is left behind; a cancelled query
// returns at once; the process stays within its memory limit, alone or with
// several queries at once; temporary files that fail, are damaged, or fill their
// disk are clean errors, and a killed process leaves none.
//
// Damaged Parquet files and TPC-H data are not part of the repository: they are
// looked for in ../shared beside it, and what needs them is skipped where they
// are missing.
//
// It does not compare answers: tests/slt and tests/tpch do.
package reliability
