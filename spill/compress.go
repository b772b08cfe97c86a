package spill

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/s2"
)

// Compression says when payloads are compressed; see the package comment.
type Compression uint8

const (
	// CompressAuto compresses what gets smaller by a quarter while the disk is
	// slow enough, or full enough, to make it worth the time.
	CompressAuto Compression = iota
	// CompressAlways compresses what gets smaller by a quarter.
	CompressAlways
	// CompressNever stores everything.
	CompressNever
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
	// minTimed is the shortest transfer whose time says something.
	minTimed = 32 << 10
)

// speed is a moving average of nanoseconds per byte; 0 means unknown. A lost
// update of two goroutines is a lost measurement, nothing else.
type speed struct{ bits atomic.Uint64 }

func (s *speed) get() float64 { return math.Float64frombits(s.bits.Load()) }

func (s *speed) observe(d time.Duration, bytes int) {
	if bytes == 0 {
		return
	}
	v := max(float64(d), 1) / float64(bytes)
	if old := s.get(); old != 0 {
		v = old + (v-old)/8
	}
	s.bits.Store(math.Float64bits(v))
}

// pace is what the manager knows of the speed of its disk and of its codec.
type pace struct{ write, encode speed }

// worthTime says whether compressing to ratio (encoded bytes per byte) takes
// less time than moving the bytes saved. Reading back is assumed to cost as
// much as writing, and decoding as much as encoding (measured for S2: yes).
// Writes into a page cache with room run at 0.2 ns a byte, S2 at 1 ns, a disk
// at 500 MB/s takes 2.
func (p *pace) worthTime(ratio float64) bool {
	return p.encode.get() < p.write.get()*(1-ratio)
}

// chooser decides, for one file, which payloads to compress. Its state is a
// few hints; goroutines that race on them cost a guess, not correctness.
type chooser struct {
	m       *Manager
	never   bool         // store everything
	trusted atomic.Bool  // the last payload compressed well: no sample needed
	skip    atomic.Int32 // payloads to store without looking
	backoff atomic.Int32 // the last value skip was set to
	forTime atomic.Bool  // skip was set because of time, not of contents
}

// worthTrying says whether to look at a payload at all.
func (c *chooser) worthTrying(length int) bool {
	mode := c.m.opts.Compression
	if c.never || length < minCompressed || length > MaxCompressed || mode == CompressNever {
		return false
	}
	crowded := c.m.crowded()
	if c.skip.Load() > 0 && !(crowded && c.forTime.Load()) {
		c.skip.Add(-1)
		return false
	}
	// The first blocks of a manager are stored, to learn the disk's speed.
	return mode == CompressAlways || crowded || c.m.pace.write.get() > 0
}

// compress encodes payload into buf[headerSize:] and returns the length, or
// false when it is better stored. buf has scratchSize bytes.
func (c *chooser) compress(buf, payload []byte) (int, bool) {
	if !c.trusted.Load() && len(payload) > noSampleBelow {
		n := c.encode(buf[sampleSize:], takeSample(buf[:0:sampleSize], payload))
		if fits := saves(n, sampleSize); !fits || !c.pays(n, sampleSize) {
			c.disappointed(fits)
			return 0, false
		}
	}
	n := c.encode(buf[headerSize:], payload)
	if !saves(n, len(payload)) {
		c.disappointed(false)
		return 0, false
	}
	if !c.pays(n, len(payload)) {
		c.disappointed(true)
		return n, true // the time is spent, the space need not be
	}
	c.trusted.Store(true)
	c.backoff.Store(0)
	return n, true
}

// encode compresses src into dst, which has room for it, and takes the time.
func (c *chooser) encode(dst, src []byte) int {
	start := time.Now()
	n := len(s2.Encode(dst, src))
	c.m.pace.encode.observe(time.Since(start), len(src))
	return n
}

// pays says whether a saving is worth the time.
func (c *chooser) pays(encoded, length int) bool {
	m := c.m
	return m.opts.Compression == CompressAlways || m.crowded() ||
		m.pace.worthTime(float64(encoded)/float64(length))
}

// crowded says whether half of the disk space allowed is taken: space counts
// for more than time then.
func (m *Manager) crowded() bool {
	limit := m.MaxBytes()
	return limit > 0 && m.disk.Load() > limit/2
}

// disappointed makes the file store the next payloads, because compressing
// takes too much time or because the contents do not get smaller.
func (c *chooser) disappointed(forTime bool) {
	c.trusted.Store(false)
	c.forTime.Store(forTime)
	n := min(2*c.backoff.Load()+1, maxBackoff)
	c.backoff.Store(n)
	c.skip.Store(n)
}

// saves says whether an encoded length is worth decoding for: a quarter less.
func saves(encoded, length int) bool { return encoded <= length-length/4 }

// takeSample appends sampleSize bytes of evenly spaced pieces of payload.
func takeSample(dst, payload []byte) []byte {
	const piece = sampleSize / samplePieces
	stride := (len(payload) - piece) / (samplePieces - 1)
	for i := range samplePieces {
		dst = append(dst, payload[i*stride:i*stride+piece]...)
	}
	return dst
}
