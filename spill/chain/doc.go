// Package chain keeps sequences of bytes that may be longer than memory: what
// large aggregate states collect.
//
// A [Store] holds pieces of about [Size] bytes, in memory while its reservation
// grants that, else in a temporary file. A [Chain] is a sequence of pieces: eight
// bytes without a Go pointer, which may lie in a row page and go to disk with it.
// The store is the table of where pieces are, so that a chain never changes when
// its pieces do.
//
//	var c chain.Chain
//	err := s.Append(ctx, &c, b)  // a copy of b is the last piece
//	s.Join(&c, d)                // d's pieces come behind c's
//	r := s.Read(c)
//	for {
//	    b, err := r.Next(ctx)    // as Append got it; nil at the end
//	}
//	r.Close()
//	s.Free(c)
//
// # Memory
//
// Pieces in memory are parts of blocks of 256 KiB and charged to Config.Mem, as
// are the buffers of readers. The table takes about 90 bytes a piece, which are
// not charged. An append that is refused memory writes its piece; Spill writes
// those that are in memory, the oldest first.
//
// # Invariants
//
//   - A piece belongs to one chain, and is read as it was appended.
//   - A chain is used by one goroutine at a time; the store by any number.
//
// What it does not do: it knows nothing of what the bytes mean, never divides or
// joins pieces, and decides nothing about when to spill but the above.
package chain
