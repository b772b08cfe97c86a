// Package dataset turns what stands behind FROM, a path, a glob, a directory
// or a list of them, into one Table over all the files it names.
//
// Main types: Source (what is asked for), Format (one line of the table of
// file formats that the engine knows) and the Table that Open returns.
//
// # Finding files
//
// A pattern is split at slashes. In a segment, * is any run of characters, ?
// is one, [a-z] and [!a-z] are classes; a segment ** is any number of
// directories; {a,b} stands for both, anywhere. Names that begin with a dot
// are matched only by a segment that begins with one. A directory stands for
// all files beneath it whose extension a format knows, except those with a
// name or a directory that begins with a dot or an underscore. Files come in
// the order of their paths within a pattern, patterns as they are listed.
//
// # One table of many files
//
// The first file decides names and types. In the others columns are found by
// name, case ignored; one that is missing is an error that names file and
// column, unless union_by_name says that it is NULL. A column of another type
// is cast to the first file's, or with union_by_name to the type that holds
// those of all files, where types.CommonType has one; else it is an error that
// names file, column and types. A value that does not fit is an error as well.
// Predicates on columns that are cast are applied behind the cast, and the
// others by the file's scan.
// Directories named key=value give columns (hive partitioning), detected when
// every file has the same keys; they are constant in a file, so that files
// whose values fail a predicate are never opened.
//
// # Invariants
//
//   - At most one file per reader, and the one that readers come to next, is
//     open at a time; footers are read when a file's turn comes.
//   - The batch of a morsel is its file's index shifted by 32, plus the
//     batch that the format gave, which is below 2^32.
//
// What it does not do: it decodes nothing, and what casts it does are given to
// it (Caster).
package dataset
