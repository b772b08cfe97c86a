package bind

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// schemaName resolves schema or database.schema.
func (b *binder) schemaName(name []ast.Ident) (ast.Ident, error) {
	last := ast.Last(name)
	if len(name) > 2 {
		return last, sqlerr.At(name[0].Pos(), sqlerr.CodeInvalidName, "a schema is named by at most a database and a name")
	}
	if len(name) == 2 && !name[0].Is(b.o.Catalog.Database) {
		return last, sqlerr.At(name[0].Pos(), sqlerr.CodeUndefinedDatabase, "database %q does not exist", name[0].Name)
	}
	return last, nil
}

// createSchema binds CREATE SCHEMA.
func (b *binder) createSchema(s *ast.CreateSchema) (Statement, error) {
	name, err := b.schemaName(s.Name)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Conflict == ast.CreateOrReplace:
		return nil, unsupported(s, "CREATE OR REPLACE SCHEMA")
	case len(s.Name) == 1 && name.Is(b.o.Catalog.Database) && s.Conflict == ast.CreateError:
		// names such as memory.t would become ambiguous
		return nil, sqlerr.At(name.Pos(), sqlerr.CodeReservedName, "schema %q would have the name of the database", name.Name)
	}
	return &CreateSchema{Name: name.Name, Conflict: s.Conflict, Pos: name.Pos()}, nil
}

// dropSchemas binds DROP SCHEMA.
func (b *binder) dropSchemas(s *ast.Drop) (Statement, error) {
	d := &DropSchemas{Cascade: s.Behaviour == ast.DropCascade}
	for _, n := range s.Names {
		name, err := b.schemaName(n)
		if err != nil {
			return nil, err
		}
		if !b.o.Catalog.HasSchema(name.Name) {
			if s.IfExists {
				continue
			}
			err := sqlerr.At(name.Pos(), sqlerr.CodeUndefinedSchema, "schema %q does not exist", name.Name)
			if near := sqlerr.Nearest(name.Name, b.o.Catalog.Schemas()); len(near) > 0 {
				err = err.WithHint("did you mean %s?", strings.Join(near, ", "))
			}
			return nil, err
		}
		d.Names = append(d.Names, name)
	}
	return d, nil
}
