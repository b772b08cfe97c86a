package join

import (
	"fmt"

	"github.com/gannetdb/gannet/spill/budget"
)

// Stats is what a join did, for EXPLAIN ANALYZE.
type Stats struct {
	BuildRows  int64 // rows pushed to the build side
	BuildBytes int64 // what was kept of them
	Partitions int   // of the build side at first
	Resident   int   // partitions that stayed in memory
	Divided    int64 // partitions that were divided further
	Blocks     int64 // blocks of partitions that were joined block by block
	// PeakBytes is the most memory that the join took, each of its purposes at its
	// highest.
	PeakBytes int64
	// SpilledBytes is what was written to disk, of both sides.
	SpilledBytes int64
	// Directory is what finds rows: hash, dense (an array by key), list (no
	// keys) or none (nothing in memory).
	Directory string
	Unique    bool // no key occurs twice among the rows in memory
}

// Stats returns a snapshot; final when the probe pipeline has ended. Safe for
// concurrent use.
func (b *Build) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count()
	return b.stats
}

// count sums up what the sets did and took, as long as they are there. mu is held.
func (b *Build) count() {
	b.stats.Divided, b.stats.Blocks = b.divided.Load(), b.blocks.Load()
	var n int64
	for _, s := range b.sets() {
		n += s.Stats().SpilledBytes
	}
	b.stats.SpilledBytes = max(b.stats.SpilledBytes, n)
	n = 0
	for _, r := range []*budget.Reservation{b.mem, b.away, b.force} {
		if r != nil {
			n += r.Peak()
		}
	}
	b.stats.PeakBytes = max(b.stats.PeakBytes, n)
}

// Describe renders Stats for EXPLAIN ANALYZE, an item each, without what all
// operators tell: memory and bytes on disk.
func (b *Build) Describe() []string {
	s := b.Stats()
	dir := s.Directory
	if s.Unique && dir == "hash" {
		dir = "hash, unique keys"
	}
	out := []string{fmt.Sprintf("build: %d rows, %d bytes, directory: %s", s.BuildRows, s.BuildBytes, dir)}
	if s.SpilledBytes > 0 {
		out = append(out, fmt.Sprintf("on disk: %d of %d partitions, %d divided, %d blocks",
			s.Partitions-s.Resident, s.Partitions, s.Divided, s.Blocks))
	}
	return out
}
