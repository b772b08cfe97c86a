// Package parquet reads Apache Parquet files as tables: a bounded decoder that
// turns pages straight into vectors.
//
// Main types: File (one file's footer; a storage.Table), Scanner and Reader
// (a scan of it and one worker's part of that).
//
// # How a column becomes a vector
//
//	bytes of a column chunk ── fetch.go: ranges read together, or a window
//	  page header           ── page.go: bounded Thrift, checksum
//	  page body             ── codec.go: exact output size, reserved before
//	  levels                ── levels.go: repetition and definition, RLE or packed
//	  values                ── column.go: PLAIN, dictionary, RLE, by vector;
//	                           decoder.go: the other encodings
//	  physical to logical   ── convert.go: one typed loop per conversion
//	  lists and structs     ── nested.go, from the levels that leaf_reader.go kept
//
// A column is read at most one vector at a time, so that a run of 2^31 values
// in five bytes costs nothing until somebody asks for its rows. Skipping is
// lazy: Skip only adds to a counter, which whole pages consume by their
// header's value count without being decompressed.
//
// String columns come out as dictionary vectors while their pages are
// dictionary encoded (DictID is unique in the process), else as references
// into the decompressed page. Other types come out flat; a predicate on a
// dictionary column sees a dictionary vector and is judged per entry.
//
// Nested columns come out flat, whatever their pages: a list's child holds just
// the elements of the vector's lists. Each leaf keeps the levels of a vector's
// rows; the first leaf below a list or struct says what it looks like, and all
// others must agree in the number of its elements.
//
// Before a morsel is read, what the file has beside footer and pages is asked:
// Bloom filters (bloom.go) about the whole row group, the page index
// (page_index.go) about the rows of each page.
//
// # When memory is short
//
// A reader holds a decompressed page a column. When that is refused, takes more
// than the part of memory that is for scans (budget.Part), or is wanted by others,
// the reader spools (spooler.go): it decompresses one page at a time, into a buffer
// of all columns, and writes the values, as PLAIN has them, into a temporary file,
// from which each column reads 16 KiB at a time (spooled.go is one more
// valueDecoder). Large PLAIN pages go there from the decompressor piece by piece
// (stream.go, block_stream.go). Between two row groups the reader looks whether
// there is room again. What a reader that spools takes is charged when it opens.
//
// # Invariants
//
//   - No bytes make it panic, allocate by an unchecked length, or start a
//     goroutine. Every length from the file is checked against what encloses
//     it, and memory is reserved from ScanSpec.Mem before it is allocated.
//   - Dictionary indices are checked once a vector, text once a dictionary or
//     once a vector's bytes.
//   - Statistics only ever skip; a bound that may be wrong by the format's
//     rules (deprecated order, NaN) is not used.
//
// # Limits
//
// A footer is at most 64 MiB, a page at most 2 GiB and what the scan's memory
// allows, a schema 65,536 elements and 64 levels deep. The lists of one vector
// have at most 2^30 elements together.
//
// What it does not do: it does not write, does not decrypt, and does not know
// more than one file (package dataset does).
package parquet
