package physical

import (
	"context"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/eval"
	"github.com/gannetdb/gannet/operators/filter"
	"github.com/gannetdb/gannet/operators/join"
	"github.com/gannetdb/gannet/operators/scan"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// scan lowers a table scan. A conjunct over one column becomes a predicate of
// the scan, any other a filter behind it.
func (b *builder) scan(n *logical.Scan, need map[logical.ColID]bool) (*stream, error) {
	var preds []storage.Predicate
	var rest []logical.Expr
	above := map[logical.ColID]bool{}
	for id := range need {
		above[id] = true
	}
	for _, f := range n.Filters {
		p, ok, err := b.predicate(n, f)
		if err != nil {
			return nil, err
		}
		if ok {
			preds = append(preds, p)
			continue
		}
		rest = append(rest, f)
		logical.AddColumns(f, above)
	}
	var cols []logical.Column
	spec := storage.ScanSpec{Predicates: preds, Counters: &storage.ScanCounters{}}
	for i, c := range n.Cols {
		if above[c.ID] {
			cols = append(cols, c)
			spec.Columns = append(spec.Columns, n.Ords[i])
		}
	}
	if h, ok := n.Table.(storage.Holder); ok {
		release, err := h.Hold()
		if err != nil {
			return nil, err
		}
		b.plan.closers = append(b.plan.closers, release)
	}
	src := &scanSource{table: n.Table, spec: spec}
	b.scans = append(b.scans, src)
	for _, c := range cols {
		src.types = append(src.types, c.Typ)
	}
	s := newStream(cols, func(ctx context.Context) (operators.Source, error) { return src.open(ctx, b.env) })
	origin := map[logical.ColID]int{}
	for i, c := range cols {
		origin[c.ID] = spec.Columns[i]
	}
	s.feeds = []feed{{scan: src, origin: origin}}
	m := b.measure(n, s.profiles[0])
	m.Counters = spec.Counters
	m.Extra = src.notes
	if len(rest) > 0 {
		p, err := b.filter(s, rest)
		if err != nil {
			return nil, err
		}
		m.Profile = p
	}
	return s, nil
}

// scanSource is a scan that opens when the joins above it have built their
// tables: their key filters become predicates.
type scanSource struct {
	table   storage.Table
	types   []types.Type // of the columns read
	spec    storage.ScanSpec
	filters []joinFilter
	builds  []*join.Build // joins above that drop rows without a partner
	used    []string      // columns that got a filter
	idle    bool          // one of the builds is empty: nothing is read
	claim   *scan.Claim   // to memory that the scans share
}

// joinFilter is a key of a join that a column of the scan is compared with.
type joinFilter struct {
	build  *join.Build
	key    int
	column int // ordinal
}

func (s *scanSource) open(ctx context.Context, env *operators.Env) (operators.Source, error) {
	for _, b := range s.builds {
		if b.Empty() {
			s.idle = true
			s.claim.End()
			return scan.NewValues(env, s.types, nil), nil
		}
	}
	spec := s.spec
	spec.Predicates = slices.Clone(spec.Predicates)
	for _, f := range s.filters {
		k, err := f.build.KeyFilter(ctx, f.key)
		if err != nil {
			return nil, err
		}
		if k != nil {
			spec.Predicates = append(spec.Predicates, k.Predicate(f.column))
			s.used = append(s.used, s.table.Columns()[f.column].Name)
		}
	}
	return s.claim.Open(ctx, env, s.table, spec)
}

// promiseScans makes the memory that all scans of the query share. What the
// footers of their files say is in memory already and is charged. Errors: 53200.
func (b *builder) promiseScans() error {
	if len(b.scans) == 0 {
		return nil
	}
	var footers int64
	seen := map[storage.Table]bool{}
	for _, s := range b.scans {
		if f, ok := s.table.(storage.FooterSizer); ok && !seen[s.table] {
			seen[s.table] = true
			footers += f.FooterBytes()
		}
	}
	if footers > 0 {
		mem := b.env.Budget.Reserve("file footers")
		b.plan.closers = append([]func(){mem.Close}, b.plan.closers...)
		if err := mem.Grow(footers); err != nil {
			return err
		}
	}
	mem := scan.NewMemory(b.env)
	for _, s := range b.scans {
		s.claim = mem.Claim(s.table, &s.spec)
	}
	// Closers run last to first: this one when the scans are closed.
	b.plan.closers = append([]func(){mem.Close}, b.plan.closers...)
	return nil
}

func (s *scanSource) notes() []string {
	if s.idle {
		return []string{"not read: nothing to join with"}
	}
	if len(s.used) == 0 {
		return nil
	}
	return []string{"join filters: " + strings.Join(s.used, ", ")}
}

// predicate turns a conjunct over a single column of n into a storage
// predicate.
func (b *builder) predicate(n *logical.Scan, f logical.Expr) (storage.Predicate, bool, error) {
	ids := logical.ColumnsOf(f)
	if len(ids) != 1 || logical.HasVolatile(f) {
		return storage.Predicate{}, false, nil
	}
	ord := -1
	for i, c := range n.Cols {
		if ids[c.ID] {
			ord = n.Ords[i]
		}
	}
	if ord < 0 {
		return storage.Predicate{}, false, nil
	}
	x, err := lower(f, func(logical.ColID) (int, error) { return 0, nil })
	if err != nil {
		return storage.Predicate{}, false, err
	}
	session := b.env.Session
	p := storage.Predicate{
		Column: ord, Text: logical.String(f),
		NewSelector: func() storage.Selector { return eval.NewSelector(session, x) },
	}
	p.Op, p.Values = comparison(f)
	return p, true, nil
}

var predicateOps = map[logical.CompareOp]storage.CompareOp{
	logical.Eq: storage.Equal, logical.Ne: storage.NotEqual, logical.Lt: storage.Less,
	logical.Le: storage.LessEqual, logical.Gt: storage.Greater, logical.Ge: storage.GreaterEqual,
}

// comparison returns the part of a conjunct that statistics can refute, None
// when there is none.
func comparison(f logical.Expr) (storage.CompareOp, []types.Value) {
	switch f := f.(type) {
	case *logical.Compare:
		op, l, r := f.Op, f.Left, f.Right
		if _, ok := l.(*logical.Const); ok {
			op, l, r = op.Flip(), r, l
		}
		_, isCol := l.(*logical.Column)
		c, isConst := r.(*logical.Const)
		sop, ok := predicateOps[op]
		if isCol && isConst && ok {
			return sop, []types.Value{c.Value}
		}
	case *logical.IsNull:
		if _, ok := f.Arg.(*logical.Column); ok {
			if f.Negated {
				return storage.IsNotNull, nil
			}
			return storage.IsNull, nil
		}
	case *logical.In:
		if _, ok := f.Arg.(*logical.Column); !ok || f.Negated {
			break
		}
		var vals []types.Value
		for _, e := range f.List {
			c, ok := e.(*logical.Const)
			if !ok {
				return storage.None, nil
			}
			vals = append(vals, c.Value)
		}
		return storage.In, vals
	}
	return storage.None, nil
}

// filter appends a filter over the conjuncts.
func (b *builder) filter(s *stream, conds []logical.Expr) (*operators.Profile, error) {
	x, err := b.expr(s, logical.AndOf(conds))
	if err != nil {
		return nil, err
	}
	return s.add(filter.New(x, s.types)), nil
}

// values lowers constant rows.
func (b *builder) values(n *logical.Values) (*stream, error) {
	rows := make([][]types.Value, len(n.Rows))
	ts := make([]types.Type, len(n.Cols))
	for k, c := range n.Cols {
		ts[k] = c.Typ
	}
	for i, r := range n.Rows {
		rows[i] = make([]types.Value, len(r))
		for k, e := range r {
			v, err := Constant(b.ctx, e, b.env.Session)
			if err != nil {
				return nil, err
			}
			rows[i][k] = v
		}
	}
	s := newStream(n.Cols, func(context.Context) (operators.Source, error) {
		return scan.NewValues(b.env, ts, rows), nil
	})
	s.single = true
	b.measure(n, s.profiles[0])
	return s, nil
}
