// Package sketch holds small summaries of large sets of values: HLL estimates
// how many distinct values a column has. Bloom filters will follow.
package sketch
