// Package write holds the sinks in which a query's rows leave the engine:
// Result hands them to a reader chunk by chunk, Collect stores them in a table
// in memory (CREATE TABLE AS, INSERT, common table expressions, LIMIT inside a
// query).
//
// Both keep the order of batches when asked to: a batch is released when no
// earlier one is active. Result bounds what lies between workers and reader
// and parks workers that are ahead; Collect's rows are charged to the budget.
package write
