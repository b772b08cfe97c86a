// Package tpch runs TPC-H queries against recorded answers: over Parquet, over
// CSV and over tables made by CREATE TABLE AS, at one and two threads, and with
// everything spilled.
//
// The data, the queries and the answers are not part of the repository: they
// are looked for in ../shared/tpch beside it, and the test is skipped where
// they are missing.
//
// It measures nothing: tests/bench does.
package tpch
