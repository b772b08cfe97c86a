package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// The schemas that always exist.
const (
	Main = "main"
	Temp = "temp"
)

// Snapshot is one version of the catalog; it never changes.
type Snapshot struct {
	// Version counts changes.
	Version uint64
	// Database is the name that may stand before a schema.
	Database string
	// entries by lower-case schema, then lower-case name
	entries map[string]map[string]Entry
	// schemas are the names of schemas as they were written, by lower-case name;
	// those of main and temp may be missing.
	schemas map[string]string
}

func key(name string) string { return strings.ToLower(name) }

// Find returns the object that the qualified name parts (name, schema.name or
// database.schema.name) means, nil when there is none. Unqualified names are
// looked up in temp, then in the schemas of path (main when it is empty).
// database.name, without a schema, means main.
func (s *Snapshot) Find(parts, path []string) Entry {
	switch len(parts) {
	case 1:
		if e := s.entries[Temp][key(parts[0])]; e != nil {
			return e
		}
		if len(path) == 0 {
			return s.entries[Main][key(parts[0])]
		}
		for _, p := range path {
			if e := s.entries[key(p)][key(parts[0])]; e != nil {
				return e
			}
		}
	case 2:
		if e := s.entries[key(parts[0])][key(parts[1])]; e != nil {
			return e
		}
		if key(parts[0]) == key(s.Database) {
			return s.entries[Main][key(parts[1])]
		}
	case 3:
		if key(parts[0]) == key(s.Database) || key(parts[0]) == Temp && key(parts[1]) != Temp {
			return s.entries[key(parts[1])][key(parts[2])]
		}
	}
	return nil
}

// Lookup is Find with an error: 42P01 at pos, with the nearest names as a hint.
// extra are further names in sight (CTEs) for the hint.
func (s *Snapshot) Lookup(parts, path []string, pos int, extra ...string) (Entry, error) {
	if e := s.Find(parts, path); e != nil {
		return e, nil
	}
	return nil, s.Missing("table", parts, pos, extra...)
}

// Missing makes the 42P01 error for a name that means nothing; what is "table",
// "view" and the like.
func (s *Snapshot) Missing(what string, parts []string, pos int, extra ...string) error {
	if len(parts) > 1 && !s.hasSchema(parts) {
		return sqlerr.At(pos, sqlerr.CodeUndefinedSchema, "schema %q does not exist", strings.Join(parts[:len(parts)-1], "."))
	}
	err := sqlerr.At(pos, sqlerr.CodeUndefinedTable, "%s %q does not exist", what, strings.Join(parts, "."))
	names := slices.Clone(extra)
	for _, e := range s.All() {
		_, name := e.Names()
		names = append(names, name)
	}
	if near := sqlerr.Nearest(parts[len(parts)-1], names); len(near) > 0 {
		return err.WithHint("%s", "did you mean "+Quoted(near)+"?")
	}
	return err
}

// Quoted lists names for a hint: "a", "b" or "c".
func Quoted(names []string) string {
	var b strings.Builder
	for i, n := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(`"` + n + `"`)
	}
	return b.String()
}

func (s *Snapshot) hasSchema(parts []string) bool {
	if len(parts) == 2 && key(parts[0]) == key(s.Database) {
		return true
	}
	return s.entries[key(parts[len(parts)-2])] != nil
}

// HasSchema reports whether the schema exists.
func (s *Snapshot) HasSchema(name string) bool { return s.entries[key(name)] != nil }

// Schemas lists the schemas, sorted.
func (s *Snapshot) Schemas() []string {
	out := make([]string, 0, len(s.entries))
	for n := range s.entries {
		if as := s.schemas[n]; as != "" {
			n = as
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Schema returns the name of a schema as it was written; ok is false when there
// is none.
func (s *Snapshot) Schema(name string) (as string, ok bool) {
	if s.entries[key(name)] == nil {
		return "", false
	}
	if as := s.schemas[key(name)]; as != "" {
		return as, true
	}
	return key(name), true
}

// In lists the objects of one schema, sorted by name.
func (s *Snapshot) In(schema string) []Entry {
	var out []Entry
	for _, e := range s.entries[key(schema)] {
		out = append(out, e)
	}
	slices.SortFunc(out, byName)
	return out
}

// byName orders objects by schema and name.
func byName(a, b Entry) int {
	as, an := a.Names()
	bs, bn := b.Names()
	if c := strings.Compare(key(as), key(bs)); c != 0 {
		return c
	}
	return strings.Compare(key(an), key(bn))
}

// All lists the objects of all schemas, sorted by schema and name.
func (s *Snapshot) All() []Entry {
	var out []Entry
	for _, m := range s.entries {
		for _, e := range m {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, byName)
	return out
}

// with returns a copy in which entry stands under schema and name; nil removes.
func (s *Snapshot) with(schema, name string, entry Entry) *Snapshot {
	n := s.next()
	old := s.entries[key(schema)]
	m := make(map[string]Entry, len(old)+1)
	for k, e := range old {
		m[k] = e
	}
	if entry == nil {
		delete(m, key(name))
	} else {
		m[key(name)] = entry
	}
	n.entries[key(schema)] = m
	return n
}

// next returns a copy that a change is made to; the maps of the schemas are
// shared.
func (s *Snapshot) next() *Snapshot {
	return &Snapshot{Version: s.Version + 1, Database: s.Database, entries: maps.Clone(s.entries), schemas: s.schemas}
}
