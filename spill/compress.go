package spill

import (
	"sync/atomic"

	"github.com/klauspost/compress/s2"
)

const (
	// minCompressed is the shortest payload worth the trouble: a frame takes
	// whole pages.
	minCompressed = pageSize
	// noSampleBelow is the length up to which compressing all of it is as good
	// as a sample.
	noSampleBelow = 4 * sampleSize
	samplePieces  = 4
	maxBackoff    = 63
)

// chooser decides, for one file, which payloads to compress. Its state is a
// few hints; goroutines that race on them cost a guess, not correctness.
type chooser struct {
	trusted atomic.Bool  // the last payload compressed well: no sample needed
	skip    atomic.Int32 // payloads to store without looking
	backoff atomic.Int32 // the last value skip was set to
}

// worthTrying says whether to look at a payload at all.
func (c *chooser) worthTrying(length int) bool {
	if length < minCompressed || length > MaxCompressed {
		return false
	}
	if c.skip.Load() > 0 {
		c.skip.Add(-1)
		return false
	}
	return true
}

// compress encodes payload into buf[headerSize:] and returns the length, or
// false when it is better stored. buf has scratchSize bytes.
func (c *chooser) compress(buf, payload []byte) (int, bool) {
	if !c.trusted.Load() && len(payload) > noSampleBelow && !sampleSaves(buf, payload) {
		c.disappointed()
		return 0, false
	}
	enc := s2.Encode(buf[headerSize:], payload)
	if !saves(len(enc), len(payload)) {
		c.disappointed()
		return 0, false
	}
	c.trusted.Store(true)
	c.backoff.Store(0)
	return len(enc), true
}

func (c *chooser) disappointed() {
	c.trusted.Store(false)
	n := min(2*c.backoff.Load()+1, maxBackoff)
	c.backoff.Store(n)
	c.skip.Store(n)
}

// saves says whether an encoded length is worth decoding for: a quarter less.
func saves(encoded, length int) bool { return encoded <= length-length/4 }

// sampleSaves compresses evenly spaced pieces of payload.
func sampleSaves(buf, payload []byte) bool {
	const piece = sampleSize / samplePieces
	sample := buf[:0:sampleSize]
	stride := (len(payload) - piece) / (samplePieces - 1)
	for i := range samplePieces {
		sample = append(sample, payload[i*stride:i*stride+piece]...)
	}
	enc := s2.Encode(buf[sampleSize:], sample)
	return saves(len(enc), len(sample))
}
