package scans

import (
	"context"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Each scans t as spec says (nil: all columns, nothing else) with one reader and
// calls f with every chunk and its batch. The chunk is the reader's until f
// returns. The first error ends the scan: its own or f's.
func Each(ctx context.Context, t storage.Table, spec *storage.ScanSpec, f func(batch int64, c *vector.Chunk) error) error {
	if spec == nil {
		spec = &storage.ScanSpec{}
		for i := range t.Columns() {
			spec.Columns = append(spec.Columns, i)
		}
	}
	s, err := t.Scan(ctx, spec)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.NewReader()
	if err != nil {
		return err
	}
	defer r.Close()
	ts := make([]types.Type, len(spec.Columns))
	for i, k := range spec.Columns {
		ts[i] = t.Columns()[k].Type
	}
	chunk := vector.NewChunk(ts)
	for {
		batch, ok, err := r.NextMorsel(ctx)
		if err != nil || !ok {
			return err
		}
		for {
			more, err := r.Next(ctx, chunk)
			if err != nil {
				return err
			}
			if !more {
				break
			}
			if err := f(batch, chunk); err != nil {
				return err
			}
		}
	}
}
