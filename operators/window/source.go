package window

import (
	"slices"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/rowset"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// source reads a finalized Window. A morsel is a part of the rows, a chunk of a
// part that all workers compute, or a range of a part that does not fit into
// memory.
type source struct {
	w    *Window
	once sync.Once

	mu     sync.Mutex
	moved  sync.Cond
	todo   []*job // the last comes first; guarded by mu
	busy   int    // workers that hold a morsel; guarded by mu
	making int    // workers of them that may yet add jobs; guarded by mu
	batch  int64  // guarded by mu
}

// job is work for one worker or several: a part as it is, or what became of it.
type job struct {
	set   *rowset.Reading
	index int
	whole *whole // sorted, in memory
	huge  *huge  // in ranges; of no set when all rows are
}

// partition returns the rows of the job.
func (j *job) partition() *rowset.Partition { return j.set.Partition(j.index) }

// whole is a section that all workers compute, chunk by chunk.
type whole struct {
	s     *section
	size  int   // rows of a chunk
	next  int64 // guarded by source.mu
	users int   // workers that hold a chunk; guarded by source.mu
}

func (w *whole) chunks() int64 { return int64((w.s.n + w.size - 1) / w.size) }

// claim is what a worker has taken: a job, or a piece of it.
type claim struct {
	*job
	piece int // chunk or range
	batch int64
}

var _ operators.Source = (*source)(nil)

// Source returns the source of rows and results. It may be called once, and
// used after Finalize. The Window is closed after the source.
func (w *Window) Source() operators.Source {
	s := &source{w: w}
	s.moved.L = &s.mu
	return s
}

// Types implements operators.Source.
func (s *source) Types() []types.Type { return s.w.types }

// start adds the parts: last, so that they come first, the ones that all workers
// compute.
func (s *source) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.w.takeRanges(); h != nil {
		s.todo = append(s.todo, &job{huge: h})
		return
	}
	set := s.w.live.Read(s.w.set, false)
	wholes := s.w.takeWholes()
	for range wholes {
		set.Expect()
	}
	s.push(set, wholes)
	for i, sec := range wholes {
		size := min(max(s.w.env.FillLimit, 1), vector.Capacity)
		s.todo = append(s.todo, &job{set: set, index: i, whole: &whole{s: sec, size: size}})
	}
}

// push adds the parts of a set that have rows, but those in except. mu is held.
func (s *source) push(set *rowset.Reading, except map[int]*section) {
	for i := set.Partitions() - 1; i >= 0; i-- {
		if except[i] == nil && set.Partition(i).NumRows() > 0 {
			s.todo = append(s.todo, &job{set: set, index: i})
			set.Expect()
		}
	}
	set.Start()
}

// Workers implements operators.Source.
func (s *source) Workers() int {
	if !s.w.sealed.Load() {
		return s.w.env.Threads // a guess, before Finalize
	}
	s.once.Do(s.start)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.todo)
	for _, j := range s.todo {
		// What one worker cannot load all may read.
		if j.whole != nil || j.huge != nil || !j.partition().Resident() {
			n = s.w.env.Threads
		}
	}
	return max(min(s.w.env.Threads, n), 1)
}

// NewLocal implements operators.Source.
func (s *source) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	s.once.Do(s.start)
	return newReader(s), nil
}

// Close implements operators.Source.
func (s *source) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.todo {
		if j.whole != nil {
			j.whole.s.close()
		}
		if j.huge != nil {
			j.huge.close()
		}
		if j.set != nil {
			j.set.End()
		}
	}
	s.todo = nil
}

// next takes work. It waits while others may come to add some, which they do
// without waiting for this worker.
func (s *source) next() (claim, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for i := len(s.todo) - 1; i >= 0; i-- {
			j := s.todo[i]
			piece, last, ok := j.take()
			if !ok {
				continue
			}
			if last {
				s.todo = slices.Delete(s.todo, i, i+1)
			}
			s.batch++
			s.busy++
			if j.whole == nil && j.huge == nil {
				s.making++
			}
			return claim{j, piece, s.batch - 1}, true
		}
		if s.making == 0 {
			return claim{}, false
		}
		s.moved.Wait()
	}
}

// take takes a piece of the job; last: nothing is left of it. source.mu is held.
func (j *job) take() (piece int, last, ok bool) {
	switch {
	case j.whole != nil:
		w := j.whole
		piece = int(w.next)
		w.next++
		w.users++
		return piece, w.next == w.chunks(), true
	case j.huge != nil:
		return j.huge.take()
	}
	return 0, true, true
}

// yield puts work back for the others, if there are any: they give up memory soon
// and come for it.
func (s *source) yield(c claim) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy < 2 {
		return false
	}
	s.busy--
	if c.huge != nil {
		c.huge.putBack(c.piece)
		if !slices.Contains(s.todo, c.job) {
			s.todo = append(s.todo, c.job)
		}
	} else {
		s.making--
		s.todo = append(s.todo, c.job)
	}
	s.moved.Broadcast()
	return true
}

// again puts a range back that waits for one before, which this worker takes next.
func (s *source) again(c claim) {
	s.mu.Lock()
	s.busy--
	c.huge.putBack(c.piece)
	if !slices.Contains(s.todo, c.job) {
		s.todo = append(s.todo, c.job)
	}
	s.mu.Unlock()
	s.moved.Broadcast()
}

// made says that a part is being computed as it is: it becomes no other jobs.
func (s *source) made() {
	s.mu.Lock()
	s.making--
	s.mu.Unlock()
	s.moved.Broadcast()
}

// spread makes a part in ranges work for all.
func (s *source) spread(c claim, h *huge) {
	s.mu.Lock()
	s.busy--
	s.making--
	c.job.huge = h
	s.todo = append(s.todo, c.job)
	s.mu.Unlock()
	s.moved.Broadcast()
}

// done says that a piece was computed, or a part divided into those of sub.
func (s *source) done(c claim, sub *rowset.Reading) {
	s.mu.Lock()
	s.busy--
	over := true
	switch {
	case c.whole != nil:
		c.whole.users--
		over = c.whole.users == 0 && c.whole.next == c.whole.chunks()
	case c.huge != nil:
		over = c.huge.finish(c.piece)
	}
	if sub != nil {
		s.push(sub, nil)
		s.making--
	}
	s.mu.Unlock()
	s.moved.Broadcast()
	if !over {
		return
	}
	if c.whole != nil {
		c.whole.s.close()
	}
	if c.huge != nil {
		c.huge.close()
	}
	if c.set != nil {
		c.partition().Drop()
		c.set.Done()
	}
}
