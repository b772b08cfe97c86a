// Package oracle asks DuckDB what is right. It is a module of its own, with
// cgo, so that neither reaches the engine.
//
// slt_test.go runs the SQL tests of tests/slt on DuckDB: an expectation that
// DuckDB does not share is an error in the file, or a difference that the file
// states with onlyif gannet and a comment.
//
//	go test .            check
//	go test . -rewrite   fill in the expectations from DuckDB
//
// It does not test Gannet: that is tests/slt, over the same files.
package oracle
