// Command bench runs a suite of SQL files on two engines in turn and prints,
// for each query, both median times, their ratio and both peak memories, and
// the geometric mean of the ratios. The engines are Gannet and DuckDB unless
// flags say otherwise. It is a module of its own, with cgo, so that neither
// cgo nor DuckDB reaches the engine.
//
//	go run . -scale x10               TPC-H over sf0.1 times ten, as Parquet
//	go run . -suite tpcds             TPC-DS over its mini data times ten
//	go run . -suite outofcore -memory 128MB -n 0
//	                                  queries that hold eight times their memory
//	go run . -query 1,6 -profile      two queries, with Gannet's CPU profile
//	go run . -make big                a 2 GB file to try things on
//
// # How it measures
//
// Each query gets a fresh process for each engine (this program runs itself
// with -worker): it opens an in-memory database, sets threads and memory limit,
// makes a view or table for every table of the suite and runs the query once,
// which warms the caches and gives the answer to compare. Then the engines take
// turns, -n times; the times are those of QueryContext up to the last row read,
// and the median counts. Peak memory is VmHWM of /proc/self/status, reset after
// the set-up. With -memory, a Gannet that takes more than the limit allows, a
// tenth and 32 MiB above it, is reported.
//
// Answers must agree: exact numbers exactly, floating point ones to 1e-9 of
// their size, everything else as text. Rows that differ in order only are
// reported as such.
//
// # Files
//
// main.go is the command line, suite.go the SQL and its tables, data.go writes
// the enlarged data, shifted.go says which keys differ between its copies, worker.go the process that runs queries, client.go the
// other end of its pipe, compare.go the judge, report.go the tables. outofcore/
// has the queries of the suite that is this program's own.
//
// It does not test anything but speed and equality with DuckDB; tests/slt and
// tests/oracle do.
package main
