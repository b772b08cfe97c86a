package order

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
)

const (
	// mostRanges bounds into how many ranges runs on disk are divided, each with
	// a file of its own.
	mostRanges = 4
	// samplesPerRange is how many rows the bounds of a range are chosen from.
	samplesPerRange = 64
)

// divide chooses the ranges that runs are divided into and merged by, from the rows
// of a run in memory, the first that is to be spilled. mu is held.
func (s *Sort) divide(ctx context.Context, r *run) error {
	count := min(s.env.Threads, mostRanges)
	if s.divided || !s.spread || s.limit >= 0 || s.offset > 0 || len(s.rows.Words) == 0 || count < 2 {
		return nil
	}
	s.divided = true
	s.kept = s.space.newSet()
	s.keeper = s.kept.NewWriter()
	step := max(r.count/int64(count*samplesPerRange), 1)
	var sample []raw.Addr
	for i := step / 2; i < r.count; i += step {
		src, dst := [1]raw.Addr{r.addrs[i].Row}, [1]raw.Addr{}
		if _, err := s.keeper.AppendRows(ctx, src[:], r.w.Bufs(), dst[:], true); err != nil {
			return err
		}
		sample = append(sample, dst[0])
	}
	s.cuts = s.rows.NewCuts(sample, count, s.keeper.Bufs())
	return nil
}

// ranges returns how many ranges there are.
func (s *Sort) ranges() int {
	switch {
	case s.whole != nil:
		return len(s.whole.ends)
	case s.cuts == nil:
		return 1
	}
	return s.cuts.Ranges()
}

// prepare makes rows ready for being read: all in memory, divided into ranges; or
// runs, few enough for memory.
func (s *Sort) prepare(ctx context.Context) error {
	s.width = 1
	if len(s.runs) == 0 && len(s.heaps) > 0 {
		w, err := s.newWhole(ctx, s.heaps)
		if err != nil {
			return err
		}
		s.whole = w
		if s.spread {
			s.width = min(max(s.env.Threads, 1), s.ranges())
		}
		return nil
	}
	if err := s.sortHeaps(ctx); err != nil {
		return err
	}
	disk := 0
	for _, r := range s.runs {
		if r.onDisk() {
			disk++
		}
	}
	if disk == 0 {
		return nil
	}
	if err := s.makeRoom(ctx, &disk); err != nil {
		return err
	}
	if err := s.reduceRuns(ctx, &disk); err != nil {
		return err
	}
	s.width = int(min(max(s.readable()/int64(max(disk, 1)), 1), int64(s.ranges()), int64(max(s.env.Threads, 1))))
	return nil
}

// sortHeaps makes runs of the rows in memory, since others are on disk.
func (s *Sort) sortHeaps(ctx context.Context) error {
	return s.each(ctx, "sort", len(s.heaps), func(ctx context.Context, i int) error {
		h := s.heaps[i]
		s.heaps[i].reserved = 0
		r, err := s.space.sorted(ctx, nil, h.w, -1, h.reserved)
		if err != nil {
			return err
		}
		s.add(r)
		return nil
	})
}

// readable returns how many runs on disk can be read at the same time.
func (s *Sort) readable() int64 {
	free := s.space.mem.Share() - s.space.mem.Held()
	return max(free/s.space.readBytes(), 2)
}

// makeRoom writes runs that are in memory, the largest first, until all workers can
// read all on disk at once or there are none.
func (s *Sort) makeRoom(ctx context.Context, disk *int) error {
	workers := min(s.ranges(), max(s.env.Threads, 1))
	for int64(*disk*workers) > s.readable() {
		at := -1
		for i, r := range s.runs {
			if !r.onDisk() && r.count > 0 && (at < 0 || r.count > s.runs[at].count) {
				at = i
			}
		}
		if at < 0 {
			return nil
		}
		out, err := s.space.spilled(ctx, s.runs[at], s.cuts)
		if err != nil {
			return err
		}
		s.spilledBytes.Add(out.spilledBytes())
		s.runs[at] = out
		*disk++
	}
	return nil
}

// reduceRuns merges runs on disk, the smallest ones first, until the others can be
// read at once: no more of them than it must.
func (s *Sort) reduceRuns(ctx context.Context, disk *int) error {
	for {
		fan := int(s.readable())
		if *disk <= fan {
			return nil
		}
		slices.SortFunc(s.runs, func(a, b *run) int {
			if a.onDisk() != b.onDisk() {
				if a.onDisk() {
					return -1
				}
				return 1
			}
			return int(min(max(a.count-b.count, -1), 1))
		})
		n := min(fan, *disk-fan+1)
		merged, err := s.mergeToDisk(ctx, s.runs[:n])
		if err != nil {
			return err
		}
		for _, r := range s.runs[:n] {
			r.close()
		}
		s.runs = append(slices.Delete(s.runs, 0, n), merged)
		*disk -= n - 1
	}
}

// mergeToDisk merges runs into one on disk.
func (s *Sort) mergeToDisk(ctx context.Context, runs []*run) (_ *run, err error) {
	out := &run{}
	defer func() {
		if err != nil {
			out.close()
		}
	}()
	for k := range s.ranges() {
		x := s.space.newOutput()
		out.disk = append(out.disk, x.set)
		n, err := s.mergeRange(ctx, runs, k, x)
		if err != nil {
			x.w.Close()
			return nil, err
		}
		out.count += n
	}
	s.spilledBytes.Add(out.spilledBytes())
	return out, nil
}

func (s *Sort) mergeRange(ctx context.Context, runs []*run, k int, x *output) (count int64, err error) {
	m, err := newMerger(ctx, &s.space, runs, k, s.cuts, s.space.mem)
	if err != nil {
		return 0, err
	}
	defer m.close()
	var p picks
	dst := make([]raw.Addr, vector.Capacity)
	keep := s.keep()
	for {
		most := int64(vector.Capacity)
		if keep >= 0 {
			most = min(most, keep-count)
		}
		if err := p.take(ctx, m, int(most)); err != nil {
			return 0, err
		}
		if len(p.rows) == 0 {
			return count, x.end(ctx)
		}
		count += int64(len(p.rows))
		// Neighbours of a run are copied together; all of them, when no bytes
		// beside the rows are.
		for i := 0; i < len(p.rows); {
			j := i + 1
			for j < len(p.rows) && (p.from[j] == p.from[i] || !s.rows.Layout.HasHeap) {
				j++
			}
			if _, err := x.w.AppendRows(ctx, p.rows[i:j], m.all[p.from[i]].bufs, dst[:j-i], true); err != nil {
				return 0, err
			}
			i = j
		}
		if err := x.flush(ctx); err != nil {
			return 0, err
		}
	}
}
