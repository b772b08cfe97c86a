package bind

import (
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// scope is what the names of one query level mean.
type scope struct {
	outer *scope
	cols  []scopeCol
	rels  []*rel
	// asker is the expression in which a subquery stands whose outer scope this
	// is; nil elsewhere.
	asker *exprCtx
}

// rel is an item of FROM as far as names can be qualified with it.
type rel struct {
	name     string   // alias, else the table's name
	path     []string // schema, or database and schema; empty behind an alias
	implicit bool     // no alias was written: the schema may qualify
	// scan reads the rows of a base table, which have IDs; nil for other
	// relations. rowid is their column once somebody has named it.
	scan  *logical.Scan
	rowid *logical.Column
	// passes are projections above, innermost first, that have to pass it on.
	passes []*logical.Project
}

// scopeCol is a column in sight. One that USING merged away is found by its
// qualified name only and is no part of *.
type scopeCol struct {
	rel    *rel // nil: merged by USING, no qualifier
	name   string
	col    logical.Column
	hidden bool
	// group is the same, and not 0, for the columns of which USING makes one,
	// and that one.
	group logical.ColID
}

// matches reports whether the column's relation is called qualifier.
func (r *rel) matches(qualifier []ast.Ident) bool {
	if r == nil || len(qualifier) == 0 || !qualifier[len(qualifier)-1].Is(r.name) {
		return false
	}
	rest := qualifier[:len(qualifier)-1]
	if len(rest) > len(r.path) {
		return false
	}
	for i := range rest {
		if !rest[len(rest)-1-i].Is(r.path[len(r.path)-1-i]) {
			return false
		}
	}
	return true
}

// lookup finds name within the scope alone: nil when it is not there, 42702
// when it is there twice.
func (s *scope) lookup(qualifier []ast.Ident, name ast.Ident) (*scopeCol, error) {
	var found *scopeCol
	for i := range s.cols {
		c := &s.cols[i]
		if !name.Is(c.name) {
			continue
		}
		if len(qualifier) == 0 {
			if c.hidden {
				continue
			}
		} else if !c.rel.matches(qualifier) {
			continue
		}
		if found != nil {
			return nil, ambiguous(name, found, c)
		}
		found = c
	}
	return found, nil
}

func ambiguous(name ast.Ident, a, b *scopeCol) error {
	err := sqlerr.At(name.Pos(), sqlerr.CodeAmbiguousColumn, "column name %q is ambiguous", name.Name)
	if a.rel != nil && b.rel != nil && !strings.EqualFold(a.rel.name, b.rel.name) {
		return err.WithHint("write %q or %q", a.rel.name+"."+a.name, b.rel.name+"."+b.name)
	}
	return err.WithHint("give the tables different aliases and qualify the column")
}

// resolve finds a column in this scope or an enclosing one.
func (s *scope) resolve(qualifier []ast.Ident, name ast.Ident) (*scopeCol, error) {
	for ; s != nil; s = s.outer {
		c, err := s.lookup(qualifier, name)
		if c != nil || err != nil {
			return c, err
		}
	}
	return nil, nil
}

// hasRel reports whether a relation in sight is called qualifier.
func (s *scope) hasRel(qualifier []ast.Ident) bool {
	for ; s != nil; s = s.outer {
		for _, r := range s.rels {
			if r.matches(qualifier) {
				return true
			}
		}
	}
	return false
}

// missingColumn is the 42703 error for a column reference that means nothing,
// or 42P01 when its qualifier names no relation.
func (s *scope) missingColumn(parts []ast.Ident, aliases []string) error {
	name := parts[len(parts)-1]
	qualifier := parts[:len(parts)-1]
	if len(qualifier) > 0 && !s.hasRel(qualifier) {
		if c, _ := s.resolve(nil, qualifier[0]); c != nil && len(parts) == 2 {
			return sqlerr.At(name.Pos(), sqlerr.CodeUndefinedColumn, "column %q of type %s has no field %q",
				c.name, c.col.Typ, name.Name)
		}
		var names []string
		for at := s; at != nil; at = at.outer {
			for _, r := range at.rels {
				names = append(names, r.name)
			}
		}
		q := qualifier[len(qualifier)-1]
		err := sqlerr.At(parts[0].Pos(), sqlerr.CodeUndefinedTable, "table %q is not in the FROM clause",
			strings.Join(ast.Names(qualifier), "."))
		if near := sqlerr.Nearest(q.Name, names); len(near) > 0 {
			return err.WithHint("did you mean %s?", catalog.Quoted(near))
		}
		return err
	}
	var names []string
	for at := s; at != nil; at = at.outer {
		for i := range at.cols {
			if c := &at.cols[i]; len(qualifier) == 0 || c.rel.matches(qualifier) {
				names = append(names, c.name)
			}
		}
	}
	names = append(names, aliases...)
	err := sqlerr.At(parts[0].Pos(), sqlerr.CodeUndefinedColumn, "column %q does not exist", strings.Join(ast.Names(parts), "."))
	if near := sqlerr.Nearest(name.Name, names); len(near) > 0 {
		return err.WithHint("did you mean %s?", catalog.Quoted(near))
	}
	if len(names) == 0 {
		return err.WithHint("there is no FROM clause; text goes in single quotes")
	}
	return err
}

// add puts the columns of a relation into the scope.
func (s *scope) add(r *rel, cols []logical.Column) {
	s.rels = append(s.rels, r)
	for _, c := range cols {
		s.cols = append(s.cols, scopeCol{rel: r, name: c.Name, col: c})
	}
}

// star expands * or t.* to the columns it stands for.
func (s *scope) star(st *ast.Star) ([]*scopeCol, error) {
	var out []*scopeCol
	for i := range s.cols {
		c := &s.cols[i]
		if len(st.Qualifier) == 0 && !c.hidden || len(st.Qualifier) > 0 && c.rel.matches(st.Qualifier) {
			out = append(out, c)
		}
	}
	if len(st.Qualifier) > 0 && len(out) == 0 {
		found := false
		for _, r := range s.rels {
			found = found || r.matches(st.Qualifier)
		}
		if !found {
			return nil, s.missingColumn(append(append([]ast.Ident{}, st.Qualifier...), ast.Ident{At: st.At, Name: "*"}), nil)
		}
	}
	if len(st.Qualifier) == 0 && len(s.rels) == 0 {
		return nil, sqlerr.At(st.Pos(), sqlerr.CodeSyntax, "* needs a FROM clause")
	}
	return out, nil
}
