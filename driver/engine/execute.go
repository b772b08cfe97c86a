package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/operators"
	"github.com/gannetdb/gannet/operators/pipeline"
	"github.com/gannetdb/gannet/operators/write"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/planner/optimizer"
	"github.com/gannetdb/gannet/planner/physical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// execute runs a bound statement.
func (s *Session) execute(ctx context.Context, stmt Statement, bound bind.Statement, params Params) (*Rows, error) {
	switch b := bound.(type) {
	case *bind.Query:
		return s.query(ctx, b.Plan, params)
	case *bind.CreateTable:
		return s.createTable(b)
	case *bind.CreateTableAs:
		return s.createTableAs(ctx, b, params)
	case *bind.Insert:
		return s.insert(ctx, b, params)
	case *bind.Update:
		return s.update(ctx, b, params)
	case *bind.Delete:
		return s.delete(ctx, b, params)
	case *bind.Alter:
		return s.alter(ctx, b, params)
	case *bind.CreateView:
		_, err := s.db.catalog.CreateView(b.View, b.Conflict)
		return noRows(0), err
	case *bind.Drop:
		return s.drop(b)
	case *bind.CreateSchema:
		_, err := s.db.catalog.CreateSchema(b.Name, b.Conflict)
		return noRows(0), sqlerr.WithPos(err, b.Pos)
	case *bind.DropSchemas:
		return s.dropSchemas(b)
	case *bind.Explain:
		return s.explain(ctx, b, params)
	case *bind.Set:
		return s.setStatement(b)
	case *bind.SetVariable:
		return noRows(0), s.setVariable(ctx, b)
	case *bind.Reset:
		return s.resetStatement(b)
	case *bind.Show:
		v, err := s.Setting(b.Name)
		if err != nil {
			return nil, sqlerr.WithPos(err, b.Pos)
		}
		st, _ := lookup(b.Name)
		return textRows([]string{st.name}, [][]string{{v}}), nil
	case *bind.Use:
		return noRows(0), sqlerr.WithPos(s.Set("schema", b.Name[len(b.Name)-1]), b.Pos)
	case *bind.Prepare:
		s.prepared[strings.ToLower(b.Name)] = b
		return noRows(0), nil
	case *bind.Execute:
		return s.executePrepared(ctx, stmt, b)
	case *bind.Deallocate:
		return noRows(0), s.deallocate(b)
	case *bind.Checkpoint:
		return noRows(0), nil // nothing is on disk
	case *bind.Transaction:
		return nil, sqlerr.At(b.Pos, sqlerr.CodeUnsupported, "transactions are not supported yet: every statement stands alone")
	}
	return nil, sqlerr.New(sqlerr.CodeInternal, "a %T statement cannot be executed", bound)
}

// planOf returns the plan of a bound statement that has one.
func planOf(b bind.Statement) *logical.Plan {
	switch b := b.(type) {
	case *bind.Query:
		return b.Plan
	case *bind.CreateTableAs:
		return b.Plan
	case *bind.Insert:
		return b.Plan
	case *bind.Update:
		return b.Plan
	case *bind.Delete:
		return b.Plan
	case *bind.Explain:
		return planOf(b.Inner)
	}
	return nil
}

// env is what the operators of one query share.
func (s *Session) env() *operators.Env {
	o := s.db.options()
	env := &operators.Env{
		Budget: s.db.budget.ForQuery(), Pool: s.db.pool, Buffers: s.db.buffers, Spill: s.db.spillManager(), Session: s.functionSession(),
		Threads: o.threads, FillLimit: o.fillLimit, Seed: s.db.seed, PreserveOrder: o.preserveOrder,
	}
	env.Run = func(ctx context.Context, name string, n int, task func(context.Context, int) error) error {
		return s.db.sched.Run(ctx, o.threads, name, n, task)
	}
	return env
}

// optimize substitutes parameters and rewrites the plan.
func (s *Session) optimize(ctx context.Context, env *operators.Env, plan *logical.Plan, params Params) (*logical.Plan, error) {
	plan, err := substitute(plan, params, env.Session)
	if err != nil {
		return nil, err
	}
	disabled := s.settings.disabledRules
	if s.settings.optimizerOff {
		disabled = []string{"all"}
	}
	return optimizer.Optimize(ctx, plan, optimizer.Options{
		Session: env.Session, Functions: functions(), FoldStable: true, Disabled: disabled,
	})
}

func columnsOf(plan *logical.Plan) []Column {
	byID := map[logical.ColID]types.Type{}
	for _, c := range plan.Root.Columns() {
		byID[c.ID] = c.Typ
	}
	cols := make([]Column, len(plan.Output))
	for i, id := range plan.Output {
		cols[i] = Column{Name: plan.Names[i], Type: byID[id]}
	}
	return cols
}

// query starts a query whose rows the caller reads.
func (s *Session) query(ctx context.Context, plan *logical.Plan, params Params) (*Rows, error) {
	env := s.env()
	cols := columnsOf(plan)
	plan, err := s.optimize(ctx, env, plan, params)
	if err != nil {
		return nil, err
	}
	phys, err := physical.Lower(ctx, env, plan, physical.Options{Joins: s.settings.joins, DirectBits: s.settings.directBits})
	if err != nil {
		return nil, err
	}
	r := &Rows{cols: cols, affected: -1, db: s.db, ctx: ctx, plan: phys, left: -1}
	r.result = write.NewResult(env, phys.Types(), phys.Ordered())
	r.skip, r.left = phys.Cut()
	return r, s.start(ctx, env, r, r.result)
}

// column runs a plan of one column and returns the first values, most at most: what
// binding a statement has to know of the data.
func (s *Session) column(ctx context.Context, plan *logical.Plan, most int) ([]types.Value, error) {
	r, err := s.query(ctx, plan, Params{})
	if err != nil {
		return nil, err
	}
	defer r.release()
	var out []types.Value
	for len(out) < most {
		c, err := r.Next()
		if err != nil || c == nil {
			return out, err
		}
		for i := range min(c.Len, most-len(out)) {
			out = append(out, c.Cols[0].Value(i))
		}
	}
	return out, nil
}

// start runs r's plan into sink.
func (s *Session) start(ctx context.Context, env *operators.Env, r *Rows, sink operators.Sink) error {
	pipelines := r.plan.Finish(sink)
	s.db.mu.Lock()
	if s.db.closed {
		s.db.mu.Unlock()
		r.plan.Close()
		return errClosed
	}
	s.db.running[r] = struct{}{}
	r.exec = pipeline.New(ctx, s.db.sched, env, pipelines)
	s.db.mu.Unlock()
	r.exec.Start() // may read files: no other statement waits for that
	return nil
}

// run executes a plan into sink and waits for its end.
func (s *Session) run(ctx context.Context, env *operators.Env, phys *physical.Plan, sink operators.Sink) error {
	r := &Rows{db: s.db, ctx: ctx, plan: phys}
	if err := s.start(ctx, env, r, sink); err != nil {
		return err
	}
	err := r.exec.Wait()
	r.release()
	return err
}

// collect runs a plan whose rows are appended to table.
func (s *Session) collect(ctx context.Context, plan *logical.Plan, params Params, table *memory.Table) (int64, error) {
	env := s.env()
	plan, err := s.optimize(ctx, env, plan, params)
	if err != nil {
		return 0, err
	}
	phys, err := physical.Lower(ctx, env, plan, physical.Options{CutInside: true, Joins: s.settings.joins, DirectBits: s.settings.directBits})
	if err != nil {
		return 0, err
	}
	sink := write.NewCollect(table)
	if err := s.run(ctx, env, phys, sink); err != nil {
		return 0, err
	}
	return sink.Rows(), nil
}

func storageColumns(cols []catalog.Column) []storage.Column {
	out := make([]storage.Column, len(cols))
	for i, c := range cols {
		out[i] = storage.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull}
	}
	return out
}

// newTable makes the rows of a catalog table; entry gets them as its data.
func (s *Session) newTable(entry *catalog.Table) (*catalog.Table, *memory.Table) {
	m := memory.NewEvictable(entry.Name, storageColumns(entry.Columns), s.db.pool, s.db.budget, s.db.spillManager())
	e := *entry
	e.Data = m
	return &e, m
}

// publish puts a table into the catalog; the one it replaces gives its memory
// back.
func (s *Session) publish(e *catalog.Table, m *memory.Table, conflict ast.OnConflict) error {
	s.db.ddl.Lock()
	defer s.db.ddl.Unlock()
	old := s.db.catalog.Snapshot().Find([]string{e.Schema, e.Name}, nil)
	created, err := s.db.catalog.CreateTable(e, conflict)
	if !created || err != nil {
		m.Close()
		return err
	}
	if old != nil {
		closeEntry(old)
	}
	if s.db.isClosed() {
		m.Close() // Close may have looked at the catalog before
		return errClosed
	}
	return nil
}

func (s *Session) createTable(b *bind.CreateTable) (*Rows, error) {
	if b.Exists {
		return noRows(0), nil
	}
	e, m := s.newTable(b.Table)
	return noRows(0), s.publish(e, m, b.Conflict)
}

func (s *Session) createTableAs(ctx context.Context, b *bind.CreateTableAs, params Params) (*Rows, error) {
	if b.Exists {
		return noRows(0), nil
	}
	e, m := s.newTable(b.Table)
	var n int64
	if !b.NoData {
		var err error
		if n, err = s.collect(ctx, b.Plan, params, m); err != nil {
			m.Close()
			return nil, err
		}
	}
	if err := s.publish(e, m, b.Conflict); err != nil {
		return nil, err
	}
	return countRows(n), nil
}

func (s *Session) insert(ctx context.Context, b *bind.Insert, params Params) (*Rows, error) {
	m, err := rowsOf(b.Table)
	if err != nil {
		return nil, err
	}
	if b.Returning != nil {
		return s.insertReturning(ctx, b, m, params)
	}
	n, err := s.collect(ctx, b.Plan, params, m)
	if err != nil {
		return nil, err
	}
	return countRows(n), nil
}

func (s *Session) drop(b *bind.Drop) (*Rows, error) {
	for _, e := range b.Entries {
		if err := s.db.catalog.Drop(e); err != nil {
			return nil, err
		}
		closeEntry(e)
	}
	return noRows(0), nil
}

func (s *Session) dropSchemas(b *bind.DropSchemas) (*Rows, error) {
	for _, n := range b.Names {
		entries, err := s.db.catalog.DropSchema(n.Name, b.Cascade)
		if err != nil {
			return nil, sqlerr.WithPos(err, n.Pos())
		}
		for _, e := range entries {
			closeEntry(e)
		}
	}
	return noRows(0), nil
}

func (s *Session) setStatement(b *bind.Set) (*Rows, error) {
	if b.Default {
		return s.resetStatement(&bind.Reset{Scope: b.Scope, Name: b.Name, Pos: b.Pos})
	}
	parts := make([]string, len(b.Values))
	for i, v := range b.Values {
		parts[i] = v.String()
	}
	return noRows(0), sqlerr.WithPos(s.Set(b.Name, strings.Join(parts, ",")), b.Pos)
}

func (s *Session) resetStatement(b *bind.Reset) (*Rows, error) {
	fresh := s.db.NewSession()
	if b.Name == "" {
		s.settings = fresh.settings
		return noRows(0), nil
	}
	st, err := lookup(b.Name)
	if err != nil {
		return nil, sqlerr.WithPos(err, b.Pos)
	}
	if st.instance {
		return nil, sqlerr.At(b.Pos, sqlerr.CodeCannotChangeNow, "%s belongs to the database and has no session value to reset", st.name)
	}
	return noRows(0), s.Set(st.name, st.get(fresh))
}

func (s *Session) executePrepared(ctx context.Context, stmt Statement, b *bind.Execute) (*Rows, error) {
	p := s.prepared[strings.ToLower(b.Name)]
	if p == nil {
		return nil, sqlerr.At(b.Pos, sqlerr.CodeUnknownStatement, "there is no prepared statement %q", b.Name)
	}
	if s.executing {
		return nil, sqlerr.At(b.Pos, sqlerr.CodeUnsupported, "a prepared statement cannot execute another one")
	}
	s.executing = true
	defer func() { s.executing = false }()
	if len(b.Args) > len(p.Params) {
		return nil, sqlerr.At(b.Pos, sqlerr.CodeUndefinedParameter, "the prepared statement %q has %d parameters, not %d", b.Name, len(p.Params), len(b.Args))
	}
	for _, n := range b.Names {
		if n != "" && !slices.Contains(p.Params, strings.ToLower(n)) {
			return nil, sqlerr.At(b.Pos, sqlerr.CodeUndefinedParameter, "the prepared statement %q has no parameter %q", b.Name, n)
		}
	}
	var params Params
	for i, e := range b.Args {
		v, err := physical.Constant(ctx, e, s.functionSession())
		if err != nil {
			return nil, err
		}
		if n := b.Names[i]; n != "" {
			if params.Named == nil {
				params.Named = map[string]types.Value{}
			}
			params.Named[strings.ToLower(n)] = v
		} else {
			params.Positional = append(params.Positional, v)
		}
	}
	return s.Run(ctx, Statement{Tree: p.Stmt, Text: stmt.Text}, params)
}

func (s *Session) deallocate(b *bind.Deallocate) error {
	if b.Name == "" {
		clear(s.prepared)
		return nil
	}
	key := strings.ToLower(b.Name)
	if s.prepared[key] == nil {
		return sqlerr.At(b.Pos, sqlerr.CodeUnknownStatement, "there is no prepared statement %q", b.Name)
	}
	delete(s.prepared, key)
	return nil
}

// noRows is the result of a statement that returns none.
func noRows(affected int64) *Rows { return &Rows{affected: affected} }

// countRows is the result of a statement that changed n rows.
func countRows(n int64) *Rows {
	c := vector.NewChunk([]types.Type{types.Of(types.BigInt)})
	c.Cols[0].SetConstant(types.IntValue(types.Of(types.BigInt), n), 1)
	c.Cols[0].Flatten()
	c.Len = 1
	return &Rows{affected: n, cols: []Column{{"Count", types.Of(types.BigInt)}}, ready: []*vector.Chunk{c}}
}

// textRows is a small result of strings.
func textRows(names []string, rows [][]string) *Rows {
	r := &Rows{affected: -1}
	ts := make([]types.Type, len(names))
	for i, n := range names {
		ts[i] = types.Of(types.Varchar)
		r.cols = append(r.cols, Column{n, ts[i]})
	}
	for len(rows) > 0 {
		n := min(len(rows), vector.Capacity)
		c := vector.NewChunk(ts)
		for k, col := range c.Cols {
			col.Resize(n)
			for i := range n {
				col.SetValue(i, types.StringValue(rows[i][k]))
			}
		}
		c.Len = n
		r.ready = append(r.ready, c)
		rows = rows[n:]
	}
	return r
}
