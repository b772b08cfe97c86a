// Package oracle asks DuckDB what is right. It is a module of its own, with
// cgo, so that neither reaches the engine.
//
// slt_test.go runs the SQL tests of tests/slt on DuckDB: an expectation that
// DuckDB does not share is an error in the file, or a difference that the file
// states with onlyif gannet and a comment. It does not test Gannet: that is
// tests/slt, over the same files.
//
//	go test . -run TestFiles             check
//	go test . -run TestFiles -rewrite    fill in the expectations from DuckDB
//
// random_test.go holds Gannet against DuckDB with the tables and queries of
// package random. Every query runs on DuckDB and on all variants of Gannet:
// tables in memory and in Parquet files, chunks of one and three rows, everything
// spilled, without the optimizer. Types, rows and the success of the query must
// agree; rows are compared in order where ORDER BY determines it, floats with a
// tolerance. A difference is reported with its seed, the number of its set of
// tables, and a query and tables made as small as possible that still show it.
// waivers_test.go lists the differences that are none of Gannet's faults.
//
// pressure_test.go asks queries over tables that are larger than Gannet's memory,
// in which all that can put rows on disk stands above one another, with settings
// at random. Below 64 MB a query may say that memory is too little; nothing may
// be left reserved, nor the limit be passed.
//
//	go test . -run TestUnderPressure -pressed 4000 -seed 7         many of them
//	go test . -run TestUnderPressure -seed 7 -set 3 -query 12      one again
//	go test . -run TestRandom -queries 100000 -seed 7   many queries of another seed
//	go test . -run TestRandom -seed 7 -set 12     one set of tables again
//	go test . -run TestRandom -stacks             the stacks of internal errors
package oracle
