package reliability

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// sites counts requests for memory by the calls that lead to them. Refusing each
// of hundreds of requests from the same place tests the same code again and again,
// in runs that are never alike to the request; the first, the second, one in the
// middle and the last from every place test all of it.
type sites struct {
	mu    sync.Mutex
	count map[uint64]int
	order []uint64 // in the order of their first requests
}

// site names the calls that lead to the present request.
func site() uint64 {
	var pcs [48]uintptr
	h := uint64(14695981039346656037)
	for _, pc := range pcs[:runtime.Callers(4, pcs[:])] {
		h = (h ^ uint64(pc)) * 1099511628211
	}
	return h
}

// next counts a request and returns its site and its number there, from 1.
func (s *sites) next() (id uint64, n int) {
	id = site()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count == nil {
		s.count = map[uint64]int{}
	}
	if s.count[id] == 0 {
		s.order = append(s.order, id)
	}
	s.count[id]++
	return id, s.count[id]
}

// faultPoint is a request to refuse, alone or with all that follow.
type faultPoint struct {
	site uint64
	n    int
	on   bool
}

// points lists what to refuse, at most most requests (0: all), spread evenly.
func (s *sites) points(most int) []faultPoint {
	var ps []faultPoint
	for _, id := range s.order {
		c := s.count[id]
		ns := []int{1, 2, c/2 + 1, c}
		slices.Sort(ns)
		for _, n := range slices.Compact(ns) {
			if n <= c {
				ps = append(ps, faultPoint{site: id, n: n})
			}
		}
	}
	if most > 0 && len(ps) > most {
		some := ps[:0]
		for i := range most {
			some = append(some, ps[i*len(ps)/most])
		}
		ps = some
	}
	for _, p := range slices.Clone(ps) {
		p.on = true
		ps = append(ps, p)
	}
	return ps
}

// refuse installs p; nil only counts. off removes it and tells what was asked.
func refuse(e *engine.Database, p *faultPoint) (off func() *sites) {
	s, hit := &sites{}, false
	e.Budget().SetFault(func(string, int64) bool {
		id, n := s.next()
		if p == nil {
			return false
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if id == p.site && n == p.n {
			hit = true
			return true
		}
		return hit && p.on
	})
	return func() *sites {
		e.Budget().SetFault(nil)
		return s
	}
}

// checkRefusal checks that error 53200 says who holds memory, or how much is
// wanted, and which setting to change.
func checkRefusal(t *testing.T, at string, err error) {
	t.Helper()
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v", at, err)
		return
	}
	if !strings.Contains(e.Hint, "memory_limit") {
		t.Errorf("%s: %v: the hint %q names no setting", at, e, e.Hint)
	}
	if !strings.Contains(e.Detail, "holders:") && !strings.Contains(e.Detail, "nothing else holds memory") {
		t.Errorf("%s: %v: the detail %q names no holders", at, e, e.Detail)
	}
}
