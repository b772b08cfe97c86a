// Package scans reads whole tables for the tests of storage: Each hands on the
// chunks of a scan that one goroutine reads from beginning to end.
//
// It checks nothing and compares nothing.
package scans
