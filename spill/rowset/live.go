package rowset

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Live lists the sets of an operator whose partitions wait to be read, and may
// go to disk until then. Safe for concurrent use; the zero value is an empty list.
type Live struct {
	// mu is held while partitions go to disk, so that no set is closed meanwhile.
	mu   sync.Mutex
	sets []*Set // guarded by mu

	closed atomic.Int64 // bytes that sets wrote which Readings closed
}

// Add puts a set on the list unless it is there.
func (l *Live) Add(s *Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.sets, s) {
		l.sets = append(l.sets, s)
	}
}

// Remove takes a set off the list, if it is there; nothing of it goes to disk
// any more on behalf of the list.
func (l *Live) Remove(s *Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.sets, s); i >= 0 {
		l.sets = slices.Delete(l.sets, i, i+1)
	}
}

// Close is Remove and Set.Close; what the set wrote counts in ClosedBytes.
func (l *Live) Close(s *Set) {
	l.Remove(s)
	l.closed.Add(s.Stats().SpilledBytes)
	s.Close()
}

// ClosedBytes returns the payload bytes written to disk by sets that the list
// closed.
func (l *Live) ClosedBytes() int64 { return l.closed.Load() }

// Spill moves partitions that nobody reads to disk until want bytes are free, and
// returns how many are. Errors: 53100, 58030, 57014.
func (l *Live) Spill(ctx context.Context, want int64) (freed int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spill(ctx, want)
}

// Give is Spill for others who want memory: it does not wait for one that is
// under way, and what cannot be written stays.
func (l *Live) Give(want int64) (freed int64) {
	if !l.mu.TryLock() {
		return 0
	}
	defer l.mu.Unlock()
	freed, _ = l.spill(context.Background(), want)
	return freed
}

// spill needs mu.
func (l *Live) spill(ctx context.Context, want int64) (freed int64, err error) {
	for _, s := range l.sets {
		if freed >= want {
			break
		}
		n, err := s.SpillResident(ctx, want-freed)
		freed += n
		if err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// Reading is a set whose partitions several tasks read and drop, each some: it is
// on the list until the last one is done.
type Reading struct {
	*Set
	live *Live
	own  bool
	left atomic.Int64 // partitions that are not done, and one until Start
	over atomic.Bool
}

// Read puts a set on the list that is to be read. own: nobody else closes it.
// Expect is called for each partition that will be read, then Start, once.
func (l *Live) Read(s *Set, own bool) *Reading {
	l.Add(s)
	r := &Reading{Set: s, live: l, own: own}
	r.left.Store(1)
	return r
}

// Expect counts one more partition that will be done.
func (r *Reading) Expect() { r.left.Add(1) }

// Start says that all partitions are expected. If there is none, the reading ends.
func (r *Reading) Start() { r.Done() }

// Done says that a partition is not needed any more. After the last the reading
// ends.
func (r *Reading) Done() {
	if r.left.Add(-1) == 0 {
		r.End()
	}
}

// End takes the set off the list and closes it if it is its own, whatever is left
// unread. Idempotent; not to be called while a partition is being read.
func (r *Reading) End() {
	switch {
	case r.over.Swap(true):
	case r.own:
		r.live.Close(r.Set)
	default:
		r.live.Remove(r.Set)
	}
}
