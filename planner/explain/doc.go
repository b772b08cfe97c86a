// Package explain renders logical plans as text: one line a node, indented
// below its parent, with estimated rows where an estimator is given. EXPLAIN
// and the golden tests of rules use it.
//
// Main function: [Tree].
package explain
