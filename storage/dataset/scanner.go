package dataset

import (
	"context"
	"slices"
	"sync"

	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// eagerFiles is up to how many files are opened when a scan is planned, so
// that errors come early and the number of morsels is known.
const eagerFiles = 8

// Scanner is a scan of many files. It is safe for concurrent use.
type Scanner struct {
	t       *Table
	ctx     context.Context // of Scan: later files are opened under it
	spec    storage.ScanSpec
	files   []int // those that their partitions do not refute
	outType []types.Type

	mu    sync.Mutex
	parts []*part // as files; guarded by mu
	at    int     // index into files of the one that new readers start with
	open  map[*part]struct{}
}

// part is the scan of one file.
type part struct {
	file    int             // index into Table.files
	scan    storage.Scanner // nil once closed
	refs    int             // readers on it; guarded by Scanner.mu
	morsels int
	most    int64 // rows of all morsels, math.MaxInt64: unknown
	mapping []int
	from    []types.Type // the columns' types in the file; a column each
	extra   []int        // columns that only predicates on casts need, behind the others
	types   []types.Type // the table's
}

// casted reports whether the file has the column, in another type.
func (p *part) casted(column int) bool {
	return p.mapping[column] >= 0 && !p.from[column].Equal(p.types[column])
}

// casts reports whether some column is.
func (p *part) casts() bool {
	for c := range p.mapping {
		if p.casted(c) {
			return true
		}
	}
	return false
}

var _ storage.Scanner = (*Scanner)(nil)

// Scan implements storage.Table.
func (t *Table) Scan(ctx context.Context, spec *storage.ScanSpec) (storage.Scanner, error) {
	s := &Scanner{t: t, ctx: ctx, spec: *spec, open: map[*part]struct{}{}}
	for _, c := range spec.Columns {
		s.outType = append(s.outType, t.columns[c].Type)
	}
	if err := s.prune(); err != nil {
		return nil, err
	}
	s.parts = make([]*part, len(s.files))
	if len(s.files) <= eagerFiles {
		for i := range s.files {
			if _, err := s.openPart(ctx, i); err != nil {
				s.Close()
				return nil, err
			}
		}
	}
	return s, nil
}

// prune keeps the files whose constant columns pass the predicates on them.
func (s *Scanner) prune() error {
	t := s.t
	type judge struct {
		column int
		sel    storage.Selector
	}
	var judges []judge
	for i := range s.spec.Predicates {
		p := &s.spec.Predicates[i]
		if t.sources[p.Column].from != fromFile {
			judges = append(judges, judge{p.Column, p.NewSelector()})
		}
	}
file:
	for i := range t.files {
		for _, j := range judges {
			ok, err := passes(t.constant(j.column, i), t.columns[j.column].Type, j.sel)
			if err != nil {
				return err
			}
			if !ok {
				continue file
			}
		}
		s.files = append(s.files, i)
	}
	return nil
}

// passes asks a selector about one value.
func passes(val types.Value, t types.Type, sel storage.Selector) (bool, error) {
	v := vector.New(t)
	v.SetConstant(val, 1)
	var out [1]uint32
	got, err := sel.Select(v, nil, 1, out[:])
	return len(got) > 0, err
}

// openPart plans the scan of the i-th of s.files. The caller holds s.mu or is
// the only one to know s.
func (s *Scanner) openPart(ctx context.Context, i int) (*part, error) {
	if s.parts[i] != nil {
		return s.parts[i], nil
	}
	t, file := s.t, s.files[i]
	f, err := t.openFile(ctx, file)
	if err != nil {
		return nil, err
	}
	p := &part{file: file}
	if p.mapping, err = t.mapping(file, f); err != nil {
		return nil, err
	}
	p.from, p.types = make([]types.Type, len(t.columns)), make([]types.Type, len(t.columns))
	for c, o := range p.mapping {
		if p.types[c] = t.columns[c].Type; o >= 0 {
			p.from[c] = f.Columns()[o].Type
		}
	}
	spec := s.spec
	spec.Columns, spec.Predicates = nil, nil
	if len(s.files) > 1 {
		spec.Workers = (max(spec.Workers, 1) + len(s.files) - 1) / len(s.files)
	}
	for _, c := range s.spec.Columns {
		if o := p.mapping[c]; o >= 0 {
			spec.Columns = append(spec.Columns, o)
		}
	}
	refuted := false
	for k := range s.spec.Predicates {
		pred := s.spec.Predicates[k]
		if o := p.mapping[pred.Column]; o >= 0 && p.casted(pred.Column) {
			if !slices.Contains(s.spec.Columns, pred.Column) && !slices.Contains(p.extra, pred.Column) {
				p.extra = append(p.extra, pred.Column)
				spec.Columns = append(spec.Columns, o)
			}
		} else if o >= 0 {
			pred.Column = o
			spec.Predicates = append(spec.Predicates, pred)
		} else if t.sources[pred.Column].from == fromFile {
			// A column that this file lacks is NULL in it.
			ok, err := passes(t.constant(pred.Column, file), t.columns[pred.Column].Type, pred.NewSelector())
			if err != nil {
				return nil, err
			}
			refuted = refuted || !ok
		}
	}
	if refuted {
		p.scan = nothing{}
	} else if p.scan, err = f.Scan(ctx, &spec); err != nil {
		return nil, err
	}
	p.morsels, p.most = p.scan.Morsels(), mostRows(p.scan, 0, fileBatches-1)
	s.parts[i] = p
	s.open[p] = struct{}{}
	return p, nil
}

// nothing is the scan of a file of which no row passes.
type nothing struct{}

func (nothing) Morsels() int                       { return 0 }
func (nothing) NewReader() (storage.Reader, error) { return nothingReader{}, nil }
func (nothing) Close() error                       { return nil }

type nothingReader struct{}

func (nothingReader) NextMorsel(context.Context) (int64, bool, error)   { return 0, false, nil }
func (nothingReader) Next(context.Context, *vector.Chunk) (bool, error) { return false, nil }
func (nothingReader) Close()                                            {}

// Morsels implements storage.Scanner: a file that was not opened yet counts as
// one.
func (s *Scanner) Morsels() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, p := range s.parts {
		if p == nil {
			n++
		} else {
			n += p.morsels
		}
	}
	return n
}

// acquire returns the part that the reader goes on with after index last (-1
// at first): the one most advanced, opened if it has to be. nil: no more.
func (s *Scanner) acquire(ctx context.Context, last int) (*part, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at <= last {
		s.at = last + 1
	}
	if s.at >= len(s.files) {
		return nil, 0, nil
	}
	p, err := s.openPart(ctx, s.at)
	if err != nil {
		return nil, 0, err
	}
	p.refs++
	return p, s.at, nil
}

// release ends a reader's use of a part; the last one closes it once readers
// have gone on.
func (s *Scanner) release(p *part, index int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at <= index {
		s.at = index + 1 // it is exhausted, or the scan is over
	}
	p.refs--
	if p.refs > 0 {
		return nil
	}
	return s.closePart(p)
}

func (s *Scanner) closePart(p *part) error {
	if _, ok := s.open[p]; !ok {
		return nil
	}
	delete(s.open, p)
	err := p.scan.Close()
	p.scan = nil // with the file's footer
	return err
}

// NewReader implements storage.Scanner.
func (s *Scanner) NewReader() (storage.Reader, error) {
	return &Reader{s: s, index: -1, last: -1, inner: &vector.Chunk{}}, nil
}

// Close implements storage.Scanner.
func (s *Scanner) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for p := range s.open {
		if err := s.closePart(p); err != nil && first == nil {
			first = err
		}
	}
	return first
}
