package catalog

import (
	"maps"
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

// CreateSchema adds an empty schema. When there is one of that name, conflict
// decides: 42P06, or leave it as it is; a schema is never replaced.
func (c *Catalog) CreateSchema(name string, conflict ast.OnConflict) (created bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.cur.Load()
	if as, ok := s.Schema(name); ok {
		if conflict == ast.CreateIfNotExists {
			return false, nil
		}
		return false, sqlerr.New(sqlerr.CodeDuplicateSchema, "schema %q already exists", as)
	}
	n := s.next()
	n.schemas = maps.Clone(s.schemas)
	if n.schemas == nil {
		n.schemas = map[string]string{}
	}
	n.schemas[key(name)] = name
	n.entries[key(name)] = map[string]Entry{}
	c.cur.Store(n)
	return true, nil
}

// DropSchema removes a schema, with cascade all that is in it, which it returns.
// Errors: 3F000 when there is none, 2BP01 when it is not empty or always exists.
func (c *Catalog) DropSchema(name string, cascade bool) ([]Entry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.cur.Load()
	as, ok := s.Schema(name)
	switch {
	case !ok:
		return nil, sqlerr.New(sqlerr.CodeUndefinedSchema, "schema %q does not exist", name)
	case key(name) == Main || key(name) == Temp:
		return nil, sqlerr.New(sqlerr.CodeDependentObjects, "schema %q cannot be dropped: it always exists", as)
	}
	in := s.In(name)
	if len(in) > 0 && !cascade {
		_, first := in[0].Names()
		return nil, sqlerr.New(sqlerr.CodeDependentObjects, "schema %q cannot be dropped: %s %q is in it", as, in[0].What(), first).
			WithHint("DROP SCHEMA %s CASCADE drops what is in it too", as)
	}
	n := s.next()
	n.schemas = maps.Clone(s.schemas)
	delete(n.schemas, key(name))
	delete(n.entries, key(name))
	c.cur.Store(n)
	return in, nil
}

// Replace puts entry e in the place of old, which must be what its name means
// now: else somebody else changed it, and the error is 40001. e may have another
// name, which must be free (42P07).
func (c *Catalog) Replace(old, e Entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.cur.Load()
	schema, name := old.Names()
	if s.entries[key(schema)][key(name)] != old {
		return sqlerr.New(sqlerr.CodeSerialization, "%s %q was changed at the same time", old.What(), name)
	}
	toSchema, to := e.Names()
	in := s.entries[key(toSchema)]
	if in == nil {
		return sqlerr.New(sqlerr.CodeUndefinedSchema, "schema %q does not exist", toSchema)
	}
	if there := in[key(to)]; there != nil && there != old {
		return sqlerr.New(sqlerr.CodeDuplicateTable, "%s %q already exists", there.What(), to)
	}
	n := s.with(schema, name, nil)
	c.cur.Store(n.with(toSchema, to, e))
	return nil
}
