// Package tpcds runs the 99 queries of TPC-DS against recorded answers over
// Parquet files: at one and two threads, and with everything spilled.
//
// The data, the queries and the answers are not part of the repository: they
// are looked for in ../shared/tpcds beside it, and the test is skipped where
// they are missing. GANNET_SLOW=1 adds tables made by CREATE TABLE AS and a
// small memory limit.
//
// Rows come in the order of the answers. Where ORDER BY leaves rows equal they
// are compared as a bag (ties.go).
//
// It measures nothing: tests/bench does.
package tpcds
