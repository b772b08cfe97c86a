package format

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

// definition prints CREATE, DROP, ALTER and COMMENT; false for the others.
func (p *printer) definition(s ast.Statement) bool {
	switch s := s.(type) {
	case *ast.CreateTable:
		p.createTable(s)
	case *ast.CreateView:
		p.create(s.Conflict, s.Temp, pick(s.Recursive, "RECURSIVE VIEW", "VIEW"), s.Name)
		p.optNames(s.Columns)
		p.str(" AS ")
		p.statement(s.Query)
	case *ast.CreateSchema:
		p.create(s.Conflict, false, "SCHEMA", s.Name)
	case *ast.CreateSequence:
		p.create(s.Conflict, s.Temp, "SEQUENCE", s.Name)
		p.clause(" START ", s.Start)
		p.clause(" INCREMENT ", s.Increment)
		p.clause(" MINVALUE ", s.Min)
		p.clause(" MAXVALUE ", s.Max)
		p.flag(s.Cycle, " CYCLE")
	case *ast.CreateIndex:
		var name []ast.Ident
		if s.Name.Name != "" {
			name = []ast.Ident{s.Name}
		}
		p.create(s.Conflict, false, pick(s.Unique, "UNIQUE INDEX", "INDEX"), name)
		p.str(" ON ")
		p.name(s.Table)
		if s.Method != "" {
			p.str(" USING ", QuoteIdent(s.Method))
		}
		p.str(" (")
		p.order(s.Keys)
		p.str(")")
		p.options(" WITH ", s.Options)
	case *ast.CreateType:
		p.create(s.Conflict, s.Temp, "TYPE", s.Name)
		p.str(" AS ")
		if s.EnumQuery != nil {
			p.subquery("ENUM (", s.EnumQuery)
		} else {
			p.typ(s.Type)
		}
	case *ast.CreateMacro:
		p.create(s.Conflict, s.Temp, "MACRO", s.Name)
		for i := range s.Overloads {
			p.flag(i > 0, ", ")
			p.macro(&s.Overloads[i])
		}
	case *ast.Drop:
		p.str("DROP ", s.Kind.String(), " ")
		p.flag(s.IfExists, "IF EXISTS ")
		for i, n := range s.Names {
			p.sep(i)
			p.name(n)
		}
		p.behaviour(s.Behaviour)
	case *ast.Comment:
		p.str("COMMENT ON ", s.Kind.String(), " ")
		p.name(s.Name)
		if s.Text == nil {
			p.str(" IS NULL")
		}
		p.clause(" IS ", s.Text)
	case *ast.Alter:
		p.alter(s)
	default:
		return false
	}
	return true
}

func (p *printer) behaviour(b ast.DropBehaviour) {
	p.str([...]string{"", " CASCADE", " RESTRICT"}[b])
}

// create prints CREATE and what comes before the body.
func (p *printer) create(c ast.OnConflict, temp bool, what string, name []ast.Ident) {
	p.str("CREATE ")
	p.flag(c == ast.CreateOrReplace, "OR REPLACE ")
	p.flag(temp, "TEMP ")
	p.str(what)
	p.flag(c == ast.CreateIfNotExists, " IF NOT EXISTS")
	if len(name) > 0 {
		p.str(" ")
		p.name(name)
	}
}

func (p *printer) createTable(s *ast.CreateTable) {
	p.create(s.Conflict, s.Temp, "TABLE", s.Name)
	if len(s.Columns)+len(s.Constraints) > 0 {
		p.str("(")
		for i := range s.Columns {
			p.sep(i)
			p.column(&s.Columns[i])
		}
		for i := range s.Constraints {
			p.flag(i+len(s.Columns) > 0, ", ")
			p.constraint(&s.Constraints[i])
		}
		p.str(")")
	}
	list(p, " PARTITIONED BY (", s.PartitionBy, p.expr)
	list(p, " SORTED BY (", s.SortedBy, p.expr)
	p.options(" WITH ", s.Options)
	if s.As != nil {
		p.str(" AS ")
		p.query(s.As)
		p.flag(s.NoData, " WITH NO DATA")
	}
}

func (p *printer) column(d *ast.ColumnDef) {
	p.ident(d.Name)
	if d.Type != nil {
		p.str(" ")
		p.typ(d.Type)
	}
	for i := range d.Constraints {
		p.str(" ")
		p.constraint(&d.Constraints[i])
	}
}

func (p *printer) constraint(c *ast.Constraint) {
	if c.Name.Name != "" {
		p.str("CONSTRAINT ")
		p.ident(c.Name)
		p.str(" ")
	}
	switch c.Kind {
	case ast.NotNull:
		p.str("NOT NULL")
	case ast.Nullable:
		p.str("NULL")
	case ast.PrimaryKey:
		p.str("PRIMARY KEY")
		p.optNames(c.Columns)
	case ast.Unique:
		p.str("UNIQUE")
		p.optNames(c.Columns)
	case ast.Check:
		p.str("CHECK ")
		p.group(c.Expr)
	case ast.DefaultTo:
		p.clause("DEFAULT ", c.Expr)
	case ast.Generated:
		p.str("GENERATED ALWAYS AS ")
		p.group(c.Expr)
		p.flag(c.Stored, " STORED")
	case ast.ForeignKey:
		if len(c.Columns) > 0 {
			p.str("FOREIGN KEY ")
			p.names(c.Columns)
			p.str(" ")
		}
		p.reference(c.Ref)
	case ast.CollateWith:
		p.str("COLLATE ")
		p.name(c.Names)
	case ast.CompressWith:
		p.str("USING COMPRESSION ")
		p.name(c.Names)
	}
}

func (p *printer) reference(r *ast.Reference) {
	if r == nil {
		return
	}
	p.str("REFERENCES ")
	p.name(r.Table)
	p.optNames(r.Columns)
	if r.OnDelete != "" {
		p.str(" ON DELETE ", strings.ToUpper(r.OnDelete))
	}
	if r.OnUpdate != "" {
		p.str(" ON UPDATE ", strings.ToUpper(r.OnUpdate))
	}
}

func (p *printer) macro(m *ast.MacroBody) {
	p.str("(")
	for i, a := range m.Params {
		p.sep(i)
		p.ident(a.Name)
		if a.Type != nil {
			p.str(" ")
			p.typ(a.Type)
		}
		p.clause(" := ", a.Default)
	}
	p.str(") AS ")
	if m.Query != nil {
		p.subquery("TABLE (", m.Query)
		return
	}
	p.expr(m.Expr)
}

func (p *printer) alter(s *ast.Alter) {
	p.str("ALTER ", s.Kind.String(), " ")
	p.flag(s.IfExists, "IF EXISTS ")
	p.name(s.Name)
	column := func() {
		p.str(" ALTER ")
		p.name(s.Column)
	}
	switch s.Action {
	case ast.AlterRename:
		p.str(" RENAME TO ")
		p.ident(s.NewName)
	case ast.AlterRenameColumn:
		p.str(" RENAME ")
		p.name(s.Column)
		p.str(" TO ")
		p.ident(s.NewName)
	case ast.AlterAddColumn:
		p.str(" ADD COLUMN ")
		p.flag(s.IfColumn, "IF NOT EXISTS ")
		p.qualifier(s.Column)
		p.column(s.Def)
	case ast.AlterDropColumn:
		p.str(" DROP COLUMN ")
		p.flag(s.IfColumn, "IF EXISTS ")
		p.name(s.Column)
	case ast.AlterColumnType:
		column()
		p.str(" TYPE")
		if s.Type != nil {
			p.str(" ")
			p.typ(s.Type)
		}
		p.clause(" USING ", s.Expr)
	case ast.AlterSetDefault:
		column()
		p.clause(" SET DEFAULT ", s.Expr)
	case ast.AlterDropDefault:
		column()
		p.str(" DROP DEFAULT")
	case ast.AlterSetNotNull:
		column()
		p.str(" SET NOT NULL")
	case ast.AlterDropNotNull:
		column()
		p.str(" DROP NOT NULL")
	case ast.AlterAddConstraint:
		p.str(" ADD ")
		p.constraint(s.Constraint)
	case ast.AlterDropConstraint:
		p.str(" DROP CONSTRAINT ")
		p.flag(s.IfColumn, "IF EXISTS ")
		p.ident(s.NewName)
	case ast.AlterSetSchema:
		p.str(" SET SCHEMA ")
		p.ident(s.NewName)
	case ast.AlterSetPartitionedBy:
		p.flag(len(s.Exprs) == 0, " RESET PARTITIONED BY")
		list(p, " SET PARTITIONED BY (", s.Exprs, p.expr)
	case ast.AlterSetSortedBy:
		p.flag(len(s.Exprs) == 0, " RESET SORTED BY")
		list(p, " SET SORTED BY (", s.Exprs, p.expr)
	case ast.AlterSetOptions:
		p.options(" SET ", s.Options)
	case ast.AlterResetOptions:
		p.options(" RESET ", s.Options)
	case ast.AlterOwnedBy:
		p.str(" OWNED BY ")
		p.name(s.Column)
	}
	p.behaviour(s.Behaviour)
}
