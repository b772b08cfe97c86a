package mysql

import (
	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
)

// createTable converts CREATE TABLE with columns or AS a query. Table options
// and plain indexes do not change what a table holds and are left out.
func (c *converter) createTable(s *sqlparser.CreateTable) ast.Statement {
	out := &ast.CreateTable{At: ast.At(c.st.start), Temp: s.Temp, Name: c.tableParts(s.Table)}
	if s.IfNotExists {
		out.Conflict = ast.CreateIfNotExists
	}
	switch {
	case s.OptLike != nil:
		c.unsupported(c.find("like"), "CREATE TABLE LIKE")
	case s.IgnoreOrReplace != sqlparser.NoIgnoreOrReplace:
		c.unsupported(out.At, "IGNORE and REPLACE in CREATE TABLE")
	}
	if spec := s.TableSpec; spec != nil {
		if spec.PartitionOption != nil {
			c.unsupported(c.find("partition"), "PARTITION BY")
		}
		for _, d := range spec.Columns {
			out.Columns = append(out.Columns, c.columnDef(d))
		}
		for _, x := range spec.Indexes {
			c.indexDef(out, x)
		}
		for _, x := range spec.Constraints {
			c.constraint(out, x)
		}
		if s.Select != nil && len(spec.Columns) > 0 {
			c.unsupported(out.At, "CREATE TABLE with columns and a query")
		}
	}
	if s.Select != nil {
		out.As = c.query(s.Select)
	}
	return out
}

func (c *converter) columnDef(d *sqlparser.ColumnDefinition) ast.ColumnDef {
	name := c.ident(d.Name.String())
	out := ast.ColumnDef{At: name.At, Name: name, Type: c.columnType(d.Type)}
	o := d.Type.Options
	if o == nil {
		return out
	}
	add := func(k ast.Constraint) { out.Constraints = append(out.Constraints, k) }
	switch {
	case o.Autoincrement:
		c.unsupported(c.find("auto_increment"), "AUTO_INCREMENT")
	case o.OnUpdate != nil:
		c.unsupported(c.at, "ON UPDATE")
	}
	if o.Null != nil {
		kind := ast.NotNull
		if *o.Null {
			kind = ast.Nullable
		}
		add(ast.Constraint{At: c.at, Kind: kind})
	}
	if o.Default != nil {
		at := c.find("default")
		add(ast.Constraint{At: at, Kind: ast.DefaultTo, Expr: c.number(c.expr(o.Default))})
	}
	if o.As != nil {
		at := c.find("as")
		add(ast.Constraint{At: at, Kind: ast.Generated, Expr: c.expr(o.As), Stored: o.Storage == sqlparser.StoredStorage})
	}
	switch o.KeyOpt {
	case sqlparser.ColKeyPrimary:
		add(ast.Constraint{At: c.find("primary"), Kind: ast.PrimaryKey})
	case sqlparser.ColKeyUnique, sqlparser.ColKeyUniqueKey:
		add(ast.Constraint{At: c.find("unique"), Kind: ast.Unique})
	}
	if o.Reference != nil {
		at := c.find("references")
		add(ast.Constraint{At: at, Kind: ast.ForeignKey, Ref: c.reference(o.Reference)})
	}
	return out
}

func (c *converter) reference(r *sqlparser.ReferenceDefinition) *ast.Reference {
	return &ast.Reference{Table: c.tableParts(r.ReferencedTable), Columns: c.idents(r.ReferencedColumns)}
}

// indexDef takes over PRIMARY KEY and UNIQUE.
func (c *converter) indexDef(out *ast.CreateTable, x *sqlparser.IndexDefinition) {
	k := ast.Constraint{At: c.at}
	switch x.Info.Type {
	case sqlparser.IndexTypePrimary:
		k.Kind, k.At = ast.PrimaryKey, c.find("primary")
	case sqlparser.IndexTypeUnique:
		k.Kind, k.At = ast.Unique, c.find("unique")
	default:
		return
	}
	for _, col := range x.Columns {
		if col.Expression != nil {
			c.unsupported(k.At, "an index on an expression")
			continue
		}
		k.Columns = append(k.Columns, c.ident(col.Column.String()))
	}
	out.Constraints = append(out.Constraints, k)
}

func (c *converter) constraint(out *ast.CreateTable, x *sqlparser.ConstraintDefinition) {
	k := ast.Constraint{At: c.at}
	if n := x.Name.String(); n != "" {
		k.Name = c.ident(n)
	}
	switch d := x.Details.(type) {
	case *sqlparser.CheckConstraintDefinition:
		k.Kind, k.At = ast.Check, c.find("check")
		k.Expr = c.expr(d.Expr)
	case *sqlparser.ForeignKeyDefinition:
		k.Kind, k.At = ast.ForeignKey, c.find("foreign")
		k.Columns = c.idents(d.Source)
		k.Ref = c.reference(d.ReferenceDefinition)
	default:
		c.unsupported(k.At, "this constraint")
	}
	out.Constraints = append(out.Constraints, k)
}
