// Package storage holds the contracts between whatever stores rows (Parquet
// and CSV files, in-memory tables, later native segments) and the scans that
// read them: Table, Scanner, Reader, Predicate, and FS, the only way in which
// engine code opens a file that a user names.
//
// Storage never sees an SQL expression: the planner lowers a filter on one
// column to a Predicate, whose comparison part prunes row groups and pages by
// statistics and whose Selector, when present, decides rows exactly.
//
// Implementations live below: parquet, csv, memory; dataset finds the files of
// a glob or directory and joins them into one Table.
package storage
