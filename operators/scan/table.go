package scan

import (
	"context"

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
	mem     *budget.Reservation
	workers int
}

var _ operators.Source = (*Table)(nil)

// NewTable plans a scan of t. spec is completed with the query's chunk size
// and a reservation, which the source closes.
func NewTable(ctx context.Context, env *operators.Env, t storage.Table, spec storage.ScanSpec) (*Table, error) {
	s := &Table{mem: env.Budget.Reserve("scan")}
	spec.ChunkRows, spec.Mem, spec.Workers = env.FillLimit, s.mem, env.Threads
	cols := t.Columns()
	for _, c := range spec.Columns {
		s.types = append(s.types, cols[c].Type)
	}
	var err error
	if s.scanner, err = t.Scan(ctx, &spec); err != nil {
		s.mem.Close()
		return nil, err
	}
	s.workers = max(1, s.scanner.Morsels())
	return s, nil
}

// Types implements operators.Source.
func (s *Table) Types() []types.Type { return s.types }

// Workers implements operators.Source.
func (s *Table) Workers() int { return s.workers }

// NewLocal implements operators.Source.
func (s *Table) NewLocal(*operators.Task) (operators.SourceLocal, error) {
	r, err := s.scanner.NewReader()
	if err != nil {
		return nil, err
	}
	return tableLocal{r}, nil
}

// Close implements operators.Source.
func (s *Table) Close() {
	_ = s.scanner.Close() // files open for reading: nothing can be lost
	s.mem.Close()
}

// tableLocal is a storage.Reader under the names of SourceLocal.
type tableLocal struct{ storage.Reader }

func (l tableLocal) Next(ctx context.Context, out *vector.Chunk) (bool, error) {
	return l.Reader.Next(ctx, out)
}

// LimitWorkers bounds how many workers read; 1 keeps row order in one stream.
func (s *Table) LimitWorkers(n int) { s.workers = min(s.workers, n) }
