// Package suite finds the queries, data and recorded answers of TPC-H and TPC-DS
// beside the repository and runs queries through database/sql for the tests over
// them.
//
// It compares nothing: tests/tpch and tests/tpcds know how their answers are
// ordered.
package suite
