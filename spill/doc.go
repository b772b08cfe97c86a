// Package spill keeps temporary files: the place where operators put what the
// memory limit does not let them hold.
//
// A [Manager], one for each database, owns a directory, the quota of disk
// space and the scratch memory for compression. A [File] belongs to one
// operator and holds framed blocks; Write appends a payload and returns its
// [Extent], Read brings it back after verifying it, Free lets its space be
// used again. A file serves any number of partitions or runs: its owner keeps
// the extents, and file descriptors stay few.
//
// # The directory
//
// Nothing is created before the first Create. Then the manager makes
// gannet-<pid>-<random> (mode 0700) inside Options.Dir, with a file named lock
// that it holds locked, and removes such directories of processes that died,
// which it knows by getting their lock; Sweep does that at the start. Files are created exclusively with
// mode 0600; on Unix they are unlinked at once, so that the kernel frees them
// whatever ends the process; elsewhere, and in file systems other than the
// real one, Close removes them. Manager.Close removes the directory, and
// Options.Dir and what that is in, as far as the manager made it and nothing
// else is in it.
//
// # The frame
//
// A block lies at an offset that is a multiple of 4096, little endian:
//
//	offset size
//	0      4    magic "GSB1"
//	4      1    encoding of the payload: 0 stored, 1 S2 block format
//	5      3    zero
//	8      8    epoch: a random number, one for each manager
//	16     8    file number, from 1 within the manager
//	24     8    block number, from 1 within the manager, never used twice
//	32     4    length of the payload
//	36     4    length of the encoded payload, n
//	40     4    zero
//	44     4    CRC32C of the 44 bytes before and the encoded payload
//	48     n    encoded payload
//
// The reader knows every field from the Extent and compares all of them before
// it looks at the payload, so flipped bits, reads of the wrong place, blocks
// of another file or process and lost writes into reused space are all found:
// error XX001. The format is never read by another process and has no
// compatibility to keep.
//
// # Asynchrony
//
// Writing ends in the page cache, from which the system writes behind; nothing is
// ever synced. Readers say what they will read next (ReadAhead), and the system
// reads it while they work on what they have.
//
// # What was measured and left out
//
// CPU time a block of 256 KiB, with the page cache taking writes: writing 92 µs,
// reading 38, of each 10 for the checksum; a fourth of the CPU time of queries
// that spill several times their limit.
//
//   - Leaving out the bytes that are the same in all rows of a page (keys of 8
//     bytes with 5 zeros): 100 µs to pack and 85 to unpack rows of 40 bytes, of
//     which 57 % go. What is saved is 80 µs. Narrow columns have to be made
//     narrow before they become rows.
//   - Header and payload in one call of the system (pwritev): 4 % of writing.
//   - A goroutine that writes behind: the writer of 256 MiB waited once in five
//     blocks, for other threads. The system makes writers wait once a tenth of
//     the machine's memory is dirty, from when on a ring of buffers is full, too.
//
// # Compression
//
// Payloads from 4 KiB to MaxCompressed bytes are compressed when that makes
// them smaller by a quarter and, with CompressAuto, takes less time than
// moving the bytes saved: the manager measures how fast its disk takes writes
// (a page cache with room is five times faster than the codec, a disk slower)
// and how fast the codec is. When half of MaxBytes is taken, space counts for
// more than time. Each file learns: a sample of 16 KiB decides; once a whole
// payload was compressed well the sample is left out; a disappointment makes
// the file store the next 1, 3, 7 … 63 payloads without looking.
//
// Scratch memory is a fixed number of buffers of about 0.6 MiB each, as many
// as GOMAXPROCS but at least 2 and at most 16, made when needed, charged to
// Options.Scratch, and given back when no file is open, all but one when a file is
// closed. A writer that gets none stores; a reader waits for one. They are taken
// from what is free: nobody gives way for them, for who gives way writes.
//
// # Invariants
//
//   - Disk space counted against MaxBytes is the high-water mark of each file,
//     in pages of 4096 bytes: freed extents are reused by size class before a
//     file grows, and a file whose last extent was freed starts from nothing.
//   - A failed Write leaves no extent; the file stays usable.
//   - Read returns either exactly the bytes written or an error.
//
// # Errors
//
// 53100 when MaxBytes or the disk is full, 58030 for other I/O errors, XX001
// for damage, 57014 when the context ended, 57P01 after Close.
//
// What it does not do: it knows no rows, columns or partitions (packages above
// lay out the payload), starts no goroutines, and never calls fsync: nothing
// here outlives the process.
package spill
