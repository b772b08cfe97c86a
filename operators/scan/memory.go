package scan

import (
	"context"
	"slices"
	"sync"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/storage"
)

// Memory is what the scans of a query share. They run after joins and
// aggregations have filled memory, which leave room for the largest scan that has
// not ended, and for a worker of one that runs beside it.
type Memory struct {
	env *operators.Env
	res *budget.Reservation

	mu     sync.Mutex
	claims []*Claim // of scans that have not ended; guarded by mu
}

// NewMemory makes the memory of a query's scans; the caller closes it behind them.
func NewMemory(env *operators.Env) *Memory {
	return &Memory{env: env, res: env.Budget.ReserveWorking(Tag, 0)}
}

// Close gives the memory back.
func (m *Memory) Close() { m.res.Close() }

// Claim is what one scan of a query will want. A nil Claim is of a scan that
// shares nothing.
type Claim struct {
	m    *Memory
	size size
}

// Claim promises a scan its memory, which it takes from now on through
// spec.Mem. The promise lasts until the scan's end.
func (m *Memory) Claim(t storage.Table, spec *storage.ScanSpec) *Claim {
	spec.Mem = m.res
	c := &Claim{m: m, size: sizeOf(t, spec)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.claims = append(m.claims, c)
	m.promise()
	return c
}

// Open is NewTable for the scan of the claim.
func (c *Claim) Open(ctx context.Context, env *operators.Env, t storage.Table, spec storage.ScanSpec) (*Table, error) {
	s, err := NewTable(ctx, env, t, spec)
	if err != nil {
		return nil, err
	}
	s.claim = c
	return s, nil
}

// End says that the scan reads no more, or never will. Idempotent.
func (c *Claim) End() {
	if c == nil {
		return
	}
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if i := slices.Index(c.m.claims, c); i >= 0 {
		c.m.claims = slices.Delete(c.m.claims, i, i+1)
		c.m.promise()
	}
}

// promise says what the scans that have not ended want. mu is held.
func (m *Memory) promise() {
	var first, second, spooled int64
	for _, c := range m.claims {
		n := c.size.all(m.env)
		second = max(second, min(n, first, c.size.worker(m.env)))
		first = max(first, n)
		spooled = max(spooled, c.size.spooled)
	}
	if m.env.Threads < 2 {
		second = 0
	}
	m.res.Promise(min(first+second, m.env.Budget.Part()))
	m.res.Keeps(spooled * int64(max(m.env.Threads, 1)))
}

// size is what one reader of a scan takes.
type size struct {
	whole   int64 // with its pages in memory; 0: unknown
	spooled int64 // when they go through a file; 0: they cannot
}

func sizeOf(t storage.Table, spec *storage.ScanSpec) (s size) {
	columns := slices.Clone(spec.Columns)
	for i := range spec.Predicates {
		columns = append(columns, spec.Predicates[i].Column)
	}
	slices.Sort(columns)
	columns = slices.Compact(columns)
	if sizer, ok := t.(storage.ReaderSizer); ok {
		s.whole = sizer.ReaderBytes(columns)
	}
	if sizer, ok := t.(storage.Spooler); ok {
		s.spooled = min(sizer.SpooledBytes(columns), s.whole)
	}
	return s
}

// readers returns how many workers may read with whole pages, and how many
// besides that spool, so that all of them stay within the query's part.
func (s size) readers(env *operators.Env) (whole, spooling int64) {
	n, part := int64(max(env.Threads, 1)), env.Budget.Part()/5*4 // sizes are estimates
	if s.whole <= 0 {
		return n, 0
	}
	whole = min(n, part/s.whole)
	if whole == 0 && env.Budget.Queries() == 1 && s.whole <= 2*part {
		whole = 1 // what is refused can be spooled
	}
	switch {
	case s.spooled <= 0 || 2*whole >= n: // decompressing for two costs less
	case whole == 0 && int64(env.Budget.Queries()) >= n:
		spooling = 1 // others keep the processors busy
	default:
		spooling = min(n-whole, (part-whole*s.whole)/s.spooled)
	}
	return whole, spooling
}

// workers returns how many workers may read: one in any case.
func (s size) workers(env *operators.Env) int {
	whole, spooling := s.readers(env)
	return int(max(whole+spooling, 1))
}

// worker returns what one worker takes.
func (s size) worker(env *operators.Env) int64 {
	if whole, _ := s.readers(env); whole == 0 && s.spooled > 0 {
		return s.spooled
	}
	return s.whole
}

// all returns what all workers together take.
func (s size) all(env *operators.Env) int64 {
	whole, spooling := s.readers(env)
	if whole+spooling == 0 {
		return s.worker(env)
	}
	return whole*s.whole + spooling*s.spooled
}
