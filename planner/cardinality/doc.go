// Package cardinality estimates how many rows plan nodes produce, how many
// distinct values their columns have and how wide the rows are.
//
// Main types: [Estimator], which keeps the estimates of the nodes it was asked
// about; [Stats], an estimate.
//
// Scans start from storage statistics: row counts, distinct counts, bounds.
// What is missing is guessed from the column's type and bounds. Conditions are
// taken as independent, save that many of them together count less each (their
// selectivities enter with exponents 1, 1/2, 1/4, ...), and that bounds on the
// same column are intersected. A join has |R||S| / max(distinct) rows, the
// distinct counts being those of the columns' domains where their bounds meet:
// filters on other columns do not lower them (see [Meet]).
//
// All figures are estimates: nothing may depend on them for correctness.
package cardinality
