// Package embed shows what a program gets that imports the driver: program/ is
// a module of its own, as an outsider would write it, with a flag -v of its
// own; the test builds it without cgo and looks at what it reports.
//
// Nothing may be printed to standard error, no flag added to the program's
// flag set and no goroutine started by the import; the binary and the time to
// the first answer stay small; after Close no goroutine is left.
//
// The module files of the build are derived from the engine's own at test
// time, so that program/ builds from the module cache alone, and its go.mod
// does not have to follow every change of a dependency.
package embed
