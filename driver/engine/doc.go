// Package engine puts the parts together: Database owns memory, workers,
// spill files and catalog; Session holds settings and runs statements; Rows
// hands out a result chunk by chunk. It is the only package that knows every
// layer, and has no logic of its own beyond the life of a statement:
//
//	parse → bind → optimize → lower → run → Rows
//
// Settings are lines in the table of settings.go, file formats in formats.go.
//
// Concurrency: a Database serves any number of sessions at once; a Session
// serves one goroutine at a time, and its Rows must be closed before its next
// statement. Everything a statement holds is given back when its Rows are
// closed, read to the end or failed.
package engine
