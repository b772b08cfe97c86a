package engine

import (
	"context"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/storage/memory"
)

func rowsOf(t *catalog.Table) (*memory.Table, error) {
	m, ok := t.Data.(*memory.Table)
	if !ok {
		return nil, sqlerr.New(sqlerr.CodeUnsupported, "table %q cannot be written", t.Name)
	}
	return m, nil
}

func (s *Session) update(ctx context.Context, b *bind.Update, params Params) (*Rows, error) {
	return s.rewrite(ctx, b.Table, b.Base, b.Plan, params, true, b.Returning)
}

func (s *Session) delete(ctx context.Context, b *bind.Delete, params Params) (*Rows, error) {
	if !b.All {
		return s.rewrite(ctx, b.Table, b.Base, b.Plan, params, false, b.Returning)
	}
	m, err := rowsOf(b.Table)
	if err != nil {
		return nil, err
	}
	n, err := m.Truncate()
	if err != nil {
		return nil, err
	}
	return countRows(n), nil
}

// keep returns a table of its own for the rows that plan gives.
func (s *Session) keep(table *catalog.Table, plan *logical.Plan) *memory.Table {
	return s.tableOf("changes of "+table.Name, columnsOf(plan))
}

// tableOf returns a table of its own, which the caller closes.
func (s *Session) tableOf(name string, cols []Column) *memory.Table {
	stored := make([]storage.Column, len(cols))
	for i, c := range cols {
		stored[i] = storage.Column{Name: c.Name, Type: c.Type}
	}
	return memory.NewEvictable(name, stored, s.db.pool, s.db.budget, s.db.spillManager())
}

// rewrite runs the plan of an UPDATE or DELETE, keeps what it gives, and then
// changes the table, so that a statement that fails has changed nothing.
func (s *Session) rewrite(ctx context.Context, table *catalog.Table, base storage.Table, plan *logical.Plan, params Params, update bool, ret *bind.Returning) (*Rows, error) {
	m, err := rowsOf(table)
	if err != nil {
		return nil, err
	}
	kept := s.keep(table, plan)
	defer kept.Close()
	if _, err := s.collect(ctx, plan, params, kept); err != nil {
		return nil, err
	}
	change := func() (int64, error) {
		r, err := s.readChanges(ctx, kept)
		if err != nil {
			return 0, err
		}
		defer r.close()
		return m.Rewrite(ctx, base, update, r.next)
	}
	if ret == nil {
		n, err := change()
		if err != nil {
			return nil, err
		}
		return countRows(n), nil
	}
	once := s.keep(table, plan)
	defer once.Close()
	if err := s.appendOnce(ctx, kept, once); err != nil {
		return nil, err
	}
	return s.returning(ctx, ret, once, params, change)
}

// alter puts an object in the place of another. A table whose rows change their
// form is copied.
func (s *Session) alter(ctx context.Context, b *bind.Alter, params Params) (*Rows, error) {
	if b.Old == nil {
		return noRows(0), nil
	}
	if b.Plan == nil {
		return noRows(0), sqlerr.WithPos(s.db.catalog.Replace(b.Old, b.New), b.Pos)
	}
	old, err := rowsOf(b.Old.(*catalog.Table))
	if err != nil {
		return nil, err
	}
	e, m := s.newTable(b.New.(*catalog.Table))
	if _, err := s.collect(ctx, b.Plan, params, m); err != nil {
		m.Close()
		return nil, err
	}
	s.db.ddl.Lock()
	defer s.db.ddl.Unlock()
	if err := old.Seal(b.Base); err != nil {
		m.Close()
		return nil, err
	}
	if err := s.db.catalog.Replace(b.Old, e); err != nil {
		old.Unseal()
		m.Close()
		return nil, sqlerr.WithPos(err, b.Pos)
	}
	closeEntry(b.Old)
	if s.db.isClosed() {
		m.Close() // as in publish
		return nil, errClosed
	}
	return noRows(0), nil
}
