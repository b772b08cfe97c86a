// Package physical lowers a logical plan to pipelines of operators.
//
// Lower walks the plan once, top down with the set of columns that are needed
// above, and returns a Plan: the pipelines that end in breakers, and a last
// one that still lacks its sink, which the caller adds with Finish (a result
// queue, a table).
//
// While it walks, a plan node is a stream: a source, the operators so far, and
// the position of each column in the chunks that flow. Operators are chosen
// here; estimates and rewrites are the optimizer's business. Expressions become
// operators/eval programs, filters pushed into scans become storage
// predicates. What a join's build side knows about its keys becomes a predicate
// of the scans that feed the probe side (feed.go), also below groupings by a
// key, windows partitioned by one, and unions.
package physical
