package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// create parses CREATE of every kind.
func (p *parser) create(at ast.At) ast.Statement {
	p.advance()
	conflict := ast.CreateError
	if p.acceptKws(lexer.KwOr, lexer.KwReplace) {
		conflict = ast.CreateOrReplace
	}
	temp := false
	switch p.tok.Keyword {
	case lexer.KwTemp, lexer.KwTemporary:
		p.advance()
		temp = true
	case lexer.KwLocal, lexer.KwGlobal:
		p.advance()
		if !p.acceptKw(lexer.KwTemp) {
			p.expectKw(lexer.KwTemporary)
		}
		temp = true
	case lexer.KwPersistent, lexer.KwUnlogged:
		p.advance()
	}
	switch p.tok.Keyword {
	case lexer.KwTable:
		p.advance()
		return p.createTable(&ast.CreateTable{At: at, Conflict: conflict, Temp: temp})
	case lexer.KwView, lexer.KwRecursive:
		v := &ast.CreateView{At: at, Temp: temp, Recursive: p.acceptKw(lexer.KwRecursive)}
		p.expectKw(lexer.KwView)
		v.Conflict = p.ifNotExists(conflict)
		v.Name = p.qualified()
		if p.at(lexer.LParen) {
			v.Columns = p.nameList()
		}
		p.expectKw(lexer.KwAs)
		v.Query = p.statement()
		return v
	case lexer.KwSchema:
		p.advance()
		return &ast.CreateSchema{At: at, Conflict: p.ifNotExists(conflict), Name: p.objectName()}
	case lexer.KwSequence:
		p.advance()
		return p.createSequence(&ast.CreateSequence{At: at, Conflict: conflict, Temp: temp})
	case lexer.KwUnique, lexer.KwIndex:
		return p.createIndex(&ast.CreateIndex{At: at, Conflict: conflict})
	case lexer.KwType:
		p.advance()
		return p.createType(&ast.CreateType{At: at, Conflict: conflict, Temp: temp})
	case lexer.KwMacro, lexer.KwFunction:
		p.advance()
		return p.createMacro(&ast.CreateMacro{At: at, Conflict: conflict, Temp: temp})
	case lexer.KwSecret:
		p.unsupported(p.tok, "CREATE SECRET")
		return nil
	}
	p.unexpected("TABLE, VIEW, SCHEMA, SEQUENCE, INDEX, TYPE or MACRO")
	return nil
}

// ifNotExists reads IF NOT EXISTS, which cannot stand beside OR REPLACE.
func (p *parser) ifNotExists(c ast.OnConflict) ast.OnConflict {
	if c != ast.CreateOrReplace && p.acceptKws(lexer.KwIf, lexer.KwNot, lexer.KwExists) {
		return ast.CreateIfNotExists
	}
	return c
}

func (p *parser) createTable(n *ast.CreateTable) ast.Statement {
	n.Conflict = p.ifNotExists(n.Conflict)
	n.Name = p.objectName()
	if p.at(lexer.LParen) {
		open := p.advance()
		for !p.at(lexer.RParen) && p.err == nil {
			if p.atTableConstraint() {
				n.Constraints = append(n.Constraints, p.tableConstraint())
			} else {
				n.Columns = append(n.Columns, p.columnDef())
			}
			if !p.comma() {
				break
			}
		}
		p.close(lexer.RParen, `")"`, open)
	}
	n.PartitionBy = p.storageClause(lexer.KwPartitioned)
	n.SortedBy = p.storageClause(lexer.KwSorted)
	n.Options = p.withOptions()
	if p.acceptKws(lexer.KwOn, lexer.KwCommit) {
		if !p.acceptKw(lexer.KwPreserve) {
			p.unsupported(p.tok, "ON COMMIT other than PRESERVE ROWS")
		}
		p.expectKw(lexer.KwRows)
	}
	if p.acceptKw(lexer.KwAs) {
		n.As = p.query()
		if p.acceptKws(lexer.KwWith, lexer.KwNo, lexer.KwData) {
			n.NoData = true
		} else {
			p.acceptKws(lexer.KwWith, lexer.KwData)
		}
	} else if len(n.Columns) == 0 {
		p.unexpected("column definitions or AS")
	}
	return n
}

// storageClause parses PARTITIONED BY (...) and SORTED BY (...).
func (p *parser) storageClause(kw lexer.Keyword) []ast.Expr {
	if !p.acceptKws(kw, lexer.KwBy) {
		return nil
	}
	open := p.expect(lexer.LParen, `"("`)
	list := p.exprList(nil)
	p.close(lexer.RParen, `")"`, open)
	return list
}

func (p *parser) atTableConstraint() bool {
	switch p.tok.Keyword {
	case lexer.KwConstraint, lexer.KwCheck, lexer.KwForeign:
		return true
	case lexer.KwPrimary:
		return p.peek(1).Keyword == lexer.KwKey
	case lexer.KwUnique:
		return true
	}
	return false
}

func (p *parser) tableConstraint() ast.Constraint {
	c := ast.Constraint{At: p.pos()}
	if p.acceptKw(lexer.KwConstraint) {
		c.Name = p.name()
	}
	switch {
	case p.acceptKws(lexer.KwPrimary, lexer.KwKey):
		c.Kind = ast.PrimaryKey
		c.Columns = p.nameList()
	case p.acceptKw(lexer.KwUnique):
		c.Kind = ast.Unique
		c.Columns = p.nameList()
	case p.acceptKw(lexer.KwCheck):
		c.Kind = ast.Check
		c.Expr = p.inParens()
	case p.acceptKws(lexer.KwForeign, lexer.KwKey):
		c.Kind = ast.ForeignKey
		c.Columns = p.nameList()
		c.Ref = p.reference()
	default:
		p.unexpected("PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY")
	}
	return c
}

func (p *parser) inParens() ast.Expr {
	open := p.expect(lexer.LParen, `"("`)
	e := p.expr()
	p.close(lexer.RParen, `")"`, open)
	return e
}

func (p *parser) reference() *ast.Reference {
	r := &ast.Reference{At: p.pos()}
	p.expectKw(lexer.KwReferences)
	r.Table = p.qualified()
	if p.at(lexer.LParen) {
		r.Columns = p.nameList()
	}
	for p.atKw(lexer.KwOn) && p.err == nil {
		p.advance()
		action := &r.OnUpdate
		if p.acceptKw(lexer.KwDelete) {
			action = &r.OnDelete
		} else {
			p.expectKw(lexer.KwUpdate)
		}
		switch {
		case p.acceptKws(lexer.KwNo, lexer.KwAction):
			*action = "no action"
		case p.acceptKw(lexer.KwRestrict):
			*action = "restrict"
		case p.acceptKw(lexer.KwCascade):
			*action = "cascade"
		case p.acceptKws(lexer.KwSet, lexer.KwNull):
			*action = "set null"
		case p.acceptKws(lexer.KwSet, lexer.KwDefault):
			*action = "set default"
		default:
			p.unexpected("an action")
		}
	}
	return r
}

// columnDef parses name [type] constraints.
func (p *parser) columnDef() ast.ColumnDef {
	d := ast.ColumnDef{At: p.pos(), Name: p.labelOrName()}
	switch p.tok.Keyword {
	case lexer.KwGenerated, lexer.KwAs:
	default:
		if !p.at(lexer.Comma) && !p.at(lexer.RParen) && !p.at(lexer.EOF) && !p.at(lexer.Semicolon) {
			d.Type = p.typeName()
		}
	}
	for p.err == nil {
		c, ok := p.columnConstraint()
		if !ok {
			return d
		}
		d.Constraints = append(d.Constraints, c)
	}
	return d
}

func (p *parser) columnConstraint() (c ast.Constraint, ok bool) {
	c.At = p.pos()
	if p.acceptKw(lexer.KwConstraint) {
		c.Name = p.name()
	}
	switch {
	case p.acceptKws(lexer.KwNot, lexer.KwNull):
		c.Kind = ast.NotNull
	case p.acceptKw(lexer.KwNull):
		c.Kind = ast.Nullable
	case p.acceptKws(lexer.KwPrimary, lexer.KwKey):
		c.Kind = ast.PrimaryKey
	case p.acceptKw(lexer.KwUnique):
		c.Kind = ast.Unique
	case p.acceptKw(lexer.KwCheck):
		c.Kind = ast.Check
		c.Expr = p.inParens()
	case p.acceptKw(lexer.KwDefault):
		c.Kind = ast.DefaultTo
		c.Expr = p.expr0(precCompare)
	case p.atKw(lexer.KwReferences):
		c.Kind = ast.ForeignKey
		c.Ref = p.reference()
	case p.acceptKw(lexer.KwCollate):
		c.Kind = ast.CollateWith
		c.Names = p.objectName()
	case p.atKw(lexer.KwUsing) && p.peek(1).Keyword == lexer.KwCompression:
		p.advance()
		p.advance()
		c.Kind = ast.CompressWith
		c.Names = []ast.Ident{p.labelOrString()}
	case p.atKw(lexer.KwGenerated), p.atKw(lexer.KwAs):
		p.generated(&c)
	default:
		if c.Name.Name != "" {
			p.unexpected("a constraint")
		}
		return c, false
	}
	return c, true
}

// generated parses [GENERATED ALWAYS] AS (expr) [VIRTUAL | STORED].
func (p *parser) generated(c *ast.Constraint) {
	c.Kind = ast.Generated
	if p.acceptKw(lexer.KwGenerated) {
		if !p.acceptKw(lexer.KwAlways) {
			p.unexpectedKw(lexer.KwAlways)
			return
		}
	}
	p.expectKw(lexer.KwAs)
	if p.atKw(lexer.KwIdentity) {
		p.unsupported(p.tok, "an identity column")
		return
	}
	c.Expr = p.inParens()
	if p.acceptKw(lexer.KwStored) {
		c.Stored = true
	} else {
		p.acceptKw(lexer.KwVirtual)
	}
}

func (p *parser) createSequence(n *ast.CreateSequence) ast.Statement {
	n.Conflict = p.ifNotExists(n.Conflict)
	n.Name = p.qualified()
	for p.err == nil {
		switch {
		case p.acceptKw(lexer.KwStart):
			p.acceptKw(lexer.KwWith)
			n.Start = p.exprPrec(precAdd)
		case p.acceptKw(lexer.KwIncrement):
			p.acceptKw(lexer.KwBy)
			n.Increment = p.exprPrec(precAdd)
		case p.acceptKw(lexer.KwMinvalue):
			n.Min = p.exprPrec(precAdd)
		case p.acceptKw(lexer.KwMaxvalue):
			n.Max = p.exprPrec(precAdd)
		case p.acceptKw(lexer.KwCycle):
			n.Cycle = true
		case p.acceptKws(lexer.KwNo, lexer.KwMinvalue), p.acceptKws(lexer.KwNo, lexer.KwMaxvalue),
			p.acceptKws(lexer.KwNo, lexer.KwCycle):
		default:
			return n
		}
	}
	return n
}

func (p *parser) createIndex(n *ast.CreateIndex) ast.Statement {
	n.Unique = p.acceptKw(lexer.KwUnique)
	p.expectKw(lexer.KwIndex)
	p.acceptKw(lexer.KwConcurrently)
	n.Conflict = p.ifNotExists(n.Conflict)
	if !p.atKw(lexer.KwOn) {
		n.Name = p.name()
	}
	p.expectKw(lexer.KwOn)
	n.Table = p.qualified()
	if p.acceptKw(lexer.KwUsing) {
		n.Method = lower(p.label().Name)
	}
	open := p.expect(lexer.LParen, `"("`)
	n.Keys = p.orderItems(false)
	p.close(lexer.RParen, `")"`, open)
	n.Options = p.withOptions()
	if p.atKw(lexer.KwWhere) {
		p.unsupported(p.tok, "a partial index")
	}
	return n
}

func (p *parser) createType(n *ast.CreateType) ast.Statement {
	n.Conflict = p.ifNotExists(n.Conflict)
	n.Name = p.objectName()
	p.expectKw(lexer.KwAs)
	if p.atKw(lexer.KwEnum) && p.peek(1).Kind == lexer.LParen && startsQuery(p.peek(2), p.peek(3)) {
		p.advance()
		open := p.advance()
		n.EnumQuery = p.query()
		p.close(lexer.RParen, `")"`, open)
		return n
	}
	n.Type = p.typeName()
	return n
}

func (p *parser) createMacro(n *ast.CreateMacro) ast.Statement {
	n.Conflict = p.ifNotExists(n.Conflict)
	n.Name = p.objectName()
	for p.err == nil {
		n.Overloads = append(n.Overloads, p.macroBody())
		if !p.accept(lexer.Comma) {
			break
		}
	}
	return n
}

func (p *parser) macroBody() ast.MacroBody {
	b := ast.MacroBody{At: p.pos()}
	open := p.expect(lexer.LParen, `"("`)
	for !p.at(lexer.RParen) && p.err == nil {
		m := ast.MacroParam{At: p.pos(), Name: p.labelOrName()}
		if isFunctionName(p.tok) {
			m.Type = p.typeName()
		}
		if p.accept(lexer.Assign) || p.accept(lexer.FatArrow) || p.acceptKw(lexer.KwDefault) {
			m.Default = p.expr()
		}
		b.Params = append(b.Params, m)
		if !p.comma() {
			break
		}
	}
	p.close(lexer.RParen, `")"`, open)
	p.expectKw(lexer.KwAs)
	if p.atKw(lexer.KwTable) {
		p.advance()
		b.Query = p.query()
		return b
	}
	b.Expr = p.expr()
	return b
}

// objectKinds maps the words of DROP, COMMENT and ALTER to kinds.
var objectKinds = map[lexer.Keyword]ast.ObjectKind{
	lexer.KwTable: ast.ObjectTable, lexer.KwView: ast.ObjectView, lexer.KwSchema: ast.ObjectSchema,
	lexer.KwSequence: ast.ObjectSequence, lexer.KwIndex: ast.ObjectIndex, lexer.KwType: ast.ObjectType,
	lexer.KwMacro: ast.ObjectMacro, lexer.KwFunction: ast.ObjectMacro, lexer.KwDatabase: ast.ObjectDatabase,
	lexer.KwColumn: ast.ObjectColumn, lexer.KwSecret: ast.ObjectSecret,
}

// objectKind parses the kind of an object.
func (p *parser) objectKind() ast.ObjectKind {
	kind, ok := objectKinds[p.tok.Keyword]
	if !ok || p.tok.Keyword == lexer.NotKeyword {
		p.unexpected("TABLE, VIEW, SCHEMA, SEQUENCE, INDEX, TYPE or MACRO")
		return kind
	}
	p.advance()
	if kind == ast.ObjectMacro && p.acceptKw(lexer.KwTable) {
		kind = ast.ObjectTableMacro
	}
	return kind
}

func (p *parser) drop(at ast.At) ast.Statement {
	p.advance()
	if !p.acceptKw(lexer.KwTemporary) && !p.acceptKw(lexer.KwTemp) {
		p.acceptKw(lexer.KwPersistent)
	}
	n := &ast.Drop{At: at, Kind: p.objectKind()}
	n.IfExists = p.acceptKws(lexer.KwIf, lexer.KwExists)
	for p.err == nil {
		n.Names = append(n.Names, p.objectName())
		if !p.accept(lexer.Comma) {
			break
		}
	}
	n.Behaviour = p.dropBehaviour()
	return n
}

func (p *parser) dropBehaviour() ast.DropBehaviour {
	switch {
	case p.acceptKw(lexer.KwCascade):
		return ast.DropCascade
	case p.acceptKw(lexer.KwRestrict):
		return ast.DropRestrict
	}
	return ast.DropDefault
}

func (p *parser) comment(at ast.At) ast.Statement {
	p.advance()
	p.expectKw(lexer.KwOn)
	n := &ast.Comment{At: at, Kind: p.objectKind(), Name: p.objectName()}
	p.expectKw(lexer.KwIs)
	if !p.acceptKw(lexer.KwNull) {
		n.Text = p.pathLiteral()
	}
	return n
}
