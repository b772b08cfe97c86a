package scan

import (
	"context"
	"math"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Table is a source over a stored table.
type Table struct {
	scanner storage.Scanner
	types   []types.Type
	mem     *budget.Reservation // nil: the caller's
	claim   *Claim              // nil: the scan shares no memory
	workers int
}

var (
	_ operators.Source  = (*Table)(nil)
	_ operators.Bounded = (*Table)(nil)
)

// NewTable plans a scan of t. spec is completed with the query's chunk size, the
// number of workers that memory allows, and, unless it has one, a reservation,
// which the source closes.
func NewTable(ctx context.Context, env *operators.Env, t storage.Table, spec storage.ScanSpec) (*Table, error) {
	s := &Table{}
	if spec.Mem == nil {
		s.mem = env.Budget.Reserve(Tag)
		spec.Mem = s.mem
	}
	spec.Buffers, spec.Spill = env.Buffers, env.Spill
	spec.ChunkRows, spec.Workers = env.FillLimit, sizeOf(t, &spec).workers(env)
	cols := t.Columns()
	for _, c := range spec.Columns {
		s.types = append(s.types, cols[c].Type)
	}
	var err error
	if s.scanner, err = t.Scan(ctx, &spec); err != nil {
		s.closeMem()
		return nil, err
	}
	s.workers = max(1, min(s.scanner.Morsels(), spec.Workers))
	return s, nil
}

// Tag names the memory of scans.
const Tag = "scan"

// Types implements operators.Source.
func (s *Table) Types() []types.Type { return s.types }

// Workers implements operators.Source.
func (s *Table) Workers() int { return s.workers }

// MostRows implements operators.Bounded.
func (s *Table) MostRows(from, to int64) int64 {
	if b, ok := s.scanner.(storage.Bounded); ok {
		return b.MostRows(from, to)
	}
	return math.MaxInt64
}

// NewLocal implements operators.Source.
func (s *Table) NewLocal(t *operators.Task) (operators.SourceLocal, error) {
	r, err := s.scanner.NewReader()
	if err != nil {
		return nil, err
	}
	if w, ok := r.(storage.Waiter); ok && t != nil && t.Relieve != nil {
		w.OnWait(t.Relieve)
	}
	return tableLocal{r}, nil
}

// Close implements operators.Source.
func (s *Table) Close() {
	_ = s.scanner.Close() // files open for reading: nothing can be lost
	s.closeMem()
	s.claim.End()
}

func (s *Table) closeMem() {
	if s.mem != nil {
		s.mem.Close()
	}
}

// tableLocal is a storage.Reader under the names of SourceLocal.
type tableLocal struct{ storage.Reader }

func (l tableLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	return l.Reader.Next(ctx, out)
}

// LimitWorkers bounds how many workers read; 1 keeps row order in one stream.
func (s *Table) LimitWorkers(n int) { s.workers = min(s.workers, n) }
