package spill

import (
	"context"
	"sync"

	"github.com/gannetdb/gannet/spill/spawn"
)

// reaper gives disk space back in the background. Closing or cutting a file
// takes the system about a millisecond for every few MiB of it, and whoever
// ends or cancels a query should not wait for that. Its goroutine lives while
// there is something to do.
type reaper struct {
	group *spawn.Group

	mu   sync.Mutex
	idle sync.Cond // busy has become false
	jobs []func()  // guarded by mu
	busy bool      // a goroutine works; guarded by mu
}

// reapBytes is from which size on a file is left to the reaper.
const reapBytes = 4 << 20

func newReaper() *reaper {
	g, _ := spawn.NewGroup(context.Background())
	r := &reaper{group: g}
	r.idle.L = &r.mu
	return r
}

// add queues a job, which must not wait for the reaper.
func (r *reaper) add(job func()) {
	r.mu.Lock()
	r.jobs = append(r.jobs, job)
	start := !r.busy
	r.busy = true
	r.mu.Unlock()
	if start {
		r.group.Go("free temporary files", r.work)
	}
}

func (r *reaper) work(context.Context) error {
	for {
		r.mu.Lock()
		if len(r.jobs) == 0 {
			r.busy = false
			r.jobs = nil
			r.mu.Unlock()
			r.idle.Broadcast()
			return nil
		}
		job := r.jobs[0]
		r.jobs = r.jobs[1:]
		r.mu.Unlock()
		job()
	}
}

// working reports whether there is something to do: the file system may make
// others wait for it.
func (r *reaper) working() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.busy
}

// wait waits until nothing is left to do and reports whether there was
// anything.
func (r *reaper) wait() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	waited := r.busy
	for r.busy {
		r.idle.Wait()
	}
	return waited
}

// close waits for the goroutine; nothing is added any more.
func (r *reaper) close() {
	r.wait()
	_ = r.group.Wait() // jobs have no errors
}

// closeLater closes a handle whose file is unlinked, then says that its bytes
// are free.
func (m *Manager) closeLater(h *handle, sizeBytes int64) {
	m.reaper.add(func() {
		_ = h.rw.Close() // its name is gone: the space comes back all the same
		m.disk.Add(-sizeBytes)
	})
}

// cutLater gives the space of f back, a piece at a time, while it stays wholly
// free.
func (f *File) cutLater() {
	f.m.reaper.add(func() {
		for f.cut() {
		}
	})
}

// cutPages is how much is cut at a time: others wait for it.
const cutPages = 8 << 20 / pageSize

// cut shortens the file by one piece; false when it is short enough or in use.
func (f *File) cut() bool {
	if !f.gate.TryLock() {
		return false
	}
	defer f.gate.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	pages := f.extents.end
	if f.handle == nil || f.extents.live > 0 || pages == 0 {
		return false
	}
	left := max(pages-cutPages, 0)
	if !f.handle.truncate(left * pageSize) {
		return false
	}
	f.m.disk.Add((left - pages) * pageSize)
	f.extents = extentMap{}
	f.extents.restart(left)
	return left > 0
}
