package catalog

import (
	"sync"
	"sync/atomic"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Catalog is the changing set of a database's objects. It is safe for
// concurrent use; changes happen one after the other.
type Catalog struct {
	mu  sync.Mutex // serialises changes
	cur atomic.Pointer[Snapshot]
}

// New returns a catalog with the empty schemas main and temp. database is the
// name by which qualified names may call it.
func New(database string) *Catalog {
	c := &Catalog{}
	c.cur.Store(&Snapshot{
		Version:  1,
		Database: database,
		entries:  map[string]map[string]Entry{Main: {}, Temp: {}},
	})
	return c
}

// Snapshot returns the current version.
func (c *Catalog) Snapshot() *Snapshot { return c.cur.Load() }

// CreateTable adds a table. Schema "" means main. When an object of that name
// exists, conflict decides: 42P07, replace a table (42809 when it is a view),
// or leave all as it is. created tells whether t is now in the catalog.
func (c *Catalog) CreateTable(t *Table, conflict ast.OnConflict) (created bool, err error) {
	if t.Schema == "" {
		d := *t
		d.Schema = Main
		t = &d
	}
	return c.create(t, conflict)
}

// CreateView adds a view, as CreateTable does a table.
func (c *Catalog) CreateView(v *View, conflict ast.OnConflict) (created bool, err error) {
	if v.Schema == "" {
		d := *v
		d.Schema = Main
		v = &d
	}
	return c.create(v, conflict)
}

func (c *Catalog) create(e Entry, conflict ast.OnConflict) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.cur.Load()
	schema, name := e.Names()
	in := s.entries[key(schema)]
	if in == nil {
		return false, sqlerr.New(sqlerr.CodeUndefinedSchema, "schema %q does not exist", schema)
	}
	if old := in[key(name)]; old != nil {
		switch {
		case conflict == ast.CreateIfNotExists:
			return false, nil
		case conflict == ast.CreateError:
			return false, sqlerr.New(sqlerr.CodeDuplicateTable, "%s %q already exists", old.What(), name)
		case old.What() != e.What():
			return false, sqlerr.New(sqlerr.CodeWrongObjectType, "%q is a %s, not a %s", name, old.What(), e.What())
		}
	}
	c.cur.Store(s.with(schema, name, e))
	return true, nil
}

// Drop removes the object e, which must be the one that its name means now:
// else somebody else changed it, and the error is 40001.
func (c *Catalog) Drop(e Entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.cur.Load()
	schema, name := e.Names()
	if s.entries[key(schema)][key(name)] != e {
		return sqlerr.New(sqlerr.CodeSerialization, "%s %q was changed at the same time", e.What(), name)
	}
	c.cur.Store(s.with(schema, name, nil))
	return nil
}
