// Package optimizer runs the rules of planner/rule over a bound plan.
//
// Main function: [Optimize]. Rules run in the order of rule.List, each over the
// whole plan; some can be disabled by name (the setting disabled_optimizers).
// After every rule the plan is verified (logical.Verify): a rule that breaks an
// invariant fails the query with XX000 and its name instead of giving a wrong
// answer. The context is checked between rules, and by those that search.
package optimizer
