package block

import "math/bits"

// region is one mapping cut into blocks. Its fields are guarded by the pool's
// lock, except mem, which does not change while a block of it is in use.
type region struct {
	mem      []byte
	hotMask  uint64 // idle blocks that are resident
	coldMask uint64 // idle blocks that are discarded, or never touched
	huge     bool   // it has huge pages
	pos      [2]int // position in the pool's sets, by setHot and setCold
}

// idle reports whether no block of the region is in use.
func (r *region) idle() bool { return r.hotMask|r.coldMask == 1<<blocksPerRegion-1 }

// block returns the memory of block i; its capacity ends with the block.
func (r *region) block(i uint) []byte {
	return r.mem[i*Size : (i+1)*Size : (i+1)*Size]
}

// lowestBit clears the lowest set bit of a mask that is not zero and returns
// its number. Low blocks first keeps the high ones of a region idle.
func lowestBit(mask *uint64) uint {
	i := uint(bits.TrailingZeros64(*mask))
	*mask &= *mask - 1
	return i
}

func onesCount(mask uint64) int { return bits.OnesCount64(mask) }

const (
	setHot = iota
	setCold
)

// regionSet is a set with constant-time add and remove; which says where in
// region.pos it keeps positions.
type regionSet struct{ regions []*region }

func (s *regionSet) add(r *region, which int) {
	r.pos[which] = len(s.regions)
	s.regions = append(s.regions, r)
}

func (s *regionSet) remove(r *region, which int) {
	last := s.last()
	s.regions[r.pos[which]] = last
	last.pos[which] = r.pos[which]
	s.regions[len(s.regions)-1] = nil
	s.regions = s.regions[:len(s.regions)-1]
}

// last returns the region added last, nil if there is none.
func (s *regionSet) last() *region {
	if len(s.regions) == 0 {
		return nil
	}
	return s.regions[len(s.regions)-1]
}
