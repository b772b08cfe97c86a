// Package rule holds the rewrites of logical plans, one a file, and the order
// in which they run (list.go).
//
// Main types: [Rule], a name and a function from a plan's root to its
// replacement; [Context], what a rule may use beside the plan: fresh columns,
// the function registry, estimates, the session.
//
// A rule returns the node it was given when it has nothing to do. It never
// changes a node in place. Its comment shows the plan before and after and
// argues why the answer stays the same. Rules rely on each other only through
// the order in list.go: any of them may be disabled, save those that execution
// cannot do without (Rule.Required), and the answer stays right.
//
// Errors are lazy: a rule may evaluate an expression that may
// fail only where the query would have, or on rows of the same table before a
// join has dropped some, never on rows that a CASE or a filter of the same
// level keeps away; folding that fails leaves the expression as it is.
package rule
