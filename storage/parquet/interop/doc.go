// Package interop holds tests of package parquet against files of another
// implementation, Apache Arrow's, which links far more than the engine may:
// every type, encoding, codec, page version and pattern of NULLs that its
// writer knows, random damage to such files, and the public test collections
// read by both.
//
// It has no code of its own.
package interop
