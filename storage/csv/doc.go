// Package csv reads delimited text files: Open looks at the beginning of a
// file (sniff.go), decides dialect, names and types, and returns a
// storage.Table that is read in parallel.
//
// # Parallel reading
//
// A plain file is cut into byte ranges; a range owns the records that begin in
// it. A worker reads a range, guesses that the first record begins behind the
// first line feed, finds all fields at once (structure.go), and then waits for
// the end of the range before it, which tells where the first record really
// begins. When the guess was wrong (a line feed inside quotes) the range is
// looked through again. So quotes may span ranges and the answer never depends
// on how the file was cut. A compressed file is one stream: its pieces are cut
// at record ends under a lock and converted in parallel.
//
// # Values
//
// A chunk is converted column by column straight from the bytes of the range
// (convert.go, with a loop for each form of value in loops.go); only the columns
// asked for are looked at, filter columns first. VARCHAR values that need no
// unescaping refer to the range's bytes.
//
// A field is NULL when its text is one of the null strings (by default the
// empty string), quoted or not.
//
// # Detection
//
// sniff.go chooses the dialect under which the first records agree best, and
// passes over titles and # comments; infer.go the narrowest types that all
// sampled values have. 007, +1 and 1_000 are texts.
//
// # Errors
//
// 22P04 for malformed structure (a quote that never ends, a wrong number of
// fields, a record longer than max_line_size), 22P02 for a value that does not
// fit its column's type, 22021 for text that is not UTF-8, all with path and
// line; ignore_errors leaves such records out, save those without an end. The
// rows before a faulty record are delivered first, so which error a scan meets
// does not depend on ranges. Lines are counted when an error needs one.
//
// Memory: each reader's range and field list are charged to ScanSpec.Mem.
//
// # Dates
//
// forms.go reads dates and timestamps that are not ISO 8601's, in one of six
// orders of day, month and year, or by the formats of the options dateformat
// and timestampformat. A file has one order for all its dates and one for its
// timestamps.
//
// What it does not do: encodings other than UTF-8, delimiters of several
// bytes, a reject table.
package csv
