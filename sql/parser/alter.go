package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

func (p *parser) alter(at ast.At) ast.Statement {
	p.advance()
	n := &ast.Alter{At: at, Kind: p.objectKind()}
	n.IfExists = p.acceptKws(lexer.KwIf, lexer.KwExists)
	n.Name = p.objectName()
	switch {
	case p.acceptKw(lexer.KwRename):
		p.alterRename(n)
	case p.acceptKw(lexer.KwAdd):
		p.alterAdd(n)
	case p.acceptKw(lexer.KwDrop):
		p.alterDrop(n)
	case p.acceptKw(lexer.KwAlter):
		p.acceptKw(lexer.KwColumn)
		n.Column = p.objectName()
		p.alterColumn(n)
	case p.acceptKw(lexer.KwSet):
		p.alterSet(n)
	case p.acceptKw(lexer.KwReset):
		switch {
		case p.at(lexer.LParen):
			n.Action = ast.AlterResetOptions
			n.Options = p.optionList()
		case p.acceptKws(lexer.KwPartitioned, lexer.KwBy):
			n.Action = ast.AlterSetPartitionedBy
		case p.acceptKws(lexer.KwSorted, lexer.KwBy):
			n.Action = ast.AlterSetSortedBy
		default:
			p.unexpected(`"(", PARTITIONED BY or SORTED BY`)
		}
	case p.acceptKws(lexer.KwOwned, lexer.KwBy):
		n.Action = ast.AlterOwnedBy
		n.Column = p.objectName()
	default:
		p.unexpected("RENAME, ADD, DROP, ALTER or SET")
	}
	return n
}

func (p *parser) alterRename(n *ast.Alter) {
	if p.acceptKw(lexer.KwTo) {
		n.Action = ast.AlterRename
		n.NewName = p.labelOrName()
		return
	}
	n.Action = ast.AlterRenameColumn
	p.acceptKw(lexer.KwColumn)
	n.Column = p.objectName()
	p.expectKw(lexer.KwTo)
	n.NewName = p.labelOrName()
}

func (p *parser) alterAdd(n *ast.Alter) {
	if p.atTableConstraint() {
		n.Action = ast.AlterAddConstraint
		c := p.tableConstraint()
		n.Constraint = &c
		return
	}
	n.Action = ast.AlterAddColumn
	p.acceptKw(lexer.KwColumn)
	n.IfColumn = p.acceptKws(lexer.KwIf, lexer.KwNot, lexer.KwExists)
	for isLabel(p.tok) && p.peek(1).Kind == lexer.Dot {
		n.Column = append(n.Column, p.take())
		p.advance()
	}
	d := p.columnDef()
	n.Def = &d
}

func (p *parser) alterDrop(n *ast.Alter) {
	if p.acceptKw(lexer.KwConstraint) {
		n.Action = ast.AlterDropConstraint
		n.IfColumn = p.acceptKws(lexer.KwIf, lexer.KwExists)
		n.NewName = p.name()
	} else {
		n.Action = ast.AlterDropColumn
		p.acceptKw(lexer.KwColumn)
		n.IfColumn = p.acceptKws(lexer.KwIf, lexer.KwExists)
		n.Column = p.objectName()
	}
	n.Behaviour = p.dropBehaviour()
}

// alterColumn parses what follows ALTER column.
func (p *parser) alterColumn(n *ast.Alter) {
	switch {
	case p.acceptKws(lexer.KwSet, lexer.KwDefault):
		n.Action = ast.AlterSetDefault
		n.Expr = p.expr()
	case p.acceptKws(lexer.KwDrop, lexer.KwDefault):
		n.Action = ast.AlterDropDefault
	case p.acceptKws(lexer.KwSet, lexer.KwNot, lexer.KwNull):
		n.Action = ast.AlterSetNotNull
	case p.acceptKws(lexer.KwDrop, lexer.KwNot, lexer.KwNull):
		n.Action = ast.AlterDropNotNull
	case p.acceptKws(lexer.KwSet, lexer.KwData, lexer.KwType), p.acceptKws(lexer.KwSet, lexer.KwType),
		p.acceptKw(lexer.KwType):
		n.Action = ast.AlterColumnType
		if !p.atKw(lexer.KwUsing) {
			n.Type = p.typeName()
		}
		if p.acceptKw(lexer.KwUsing) {
			n.Expr = p.expr()
		}
	default:
		p.unexpected("SET, DROP or TYPE")
	}
}

// alterSet parses what follows ALTER TABLE t SET.
func (p *parser) alterSet(n *ast.Alter) {
	switch {
	case p.acceptKw(lexer.KwSchema):
		n.Action = ast.AlterSetSchema
		n.NewName = p.labelOrName()
	case p.atKw(lexer.KwPartitioned):
		n.Action = ast.AlterSetPartitionedBy
		n.Exprs = p.storageClause(lexer.KwPartitioned)
	case p.atKw(lexer.KwSorted):
		n.Action = ast.AlterSetSortedBy
		n.Exprs = p.storageClause(lexer.KwSorted)
	case p.at(lexer.LParen):
		n.Action = ast.AlterSetOptions
		n.Options = p.optionList()
	default:
		p.unexpected(`SCHEMA, PARTITIONED BY, SORTED BY or "("`)
	}
}
