package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// call parses the arguments of a function, parentheses included, and the
// clauses after them.
func (p *parser) call(at ast.At, name []ast.Ident) *ast.FuncCall {
	c := &ast.FuncCall{At: at, Name: name}
	open := p.expect(lexer.LParen, `"("`)
	if !p.at(lexer.RParen) {
		if p.acceptKw(lexer.KwDistinct) {
			c.Distinct = true
		} else if p.atKw(lexer.KwAll) {
			p.advance()
		}
		c.Args = p.args()
		if p.acceptKw(lexer.KwOrder) {
			p.expectKw(lexer.KwBy)
			c.OrderBy = p.orderItems(true)
		}
		p.nullTreatment(c)
	}
	p.close(lexer.RParen, `")"`, open)
	p.callSuffix(c)
	return c
}

// args parses arguments up to the closing parenthesis or a clause.
func (p *parser) args() []ast.Expr {
	list := make([]ast.Expr, 0, 2)
	for p.err == nil {
		if p.at(lexer.RParen) || p.atKw(lexer.KwOrder) {
			break
		}
		list = append(list, p.arg())
		if !p.accept(lexer.Comma) {
			break
		}
		if p.at(lexer.RParen) {
			p.unexpected("an argument")
		}
	}
	return list
}

// arg parses an argument, perhaps a named one: name := value, name => value.
func (p *parser) arg() ast.Expr {
	if isLabel(p.tok) {
		if k := p.peek(1).Kind; k == lexer.Assign || k == lexer.FatArrow || k == lexer.Eq && p.tok.Kind == lexer.Ident &&
			p.tok.Keyword.Category() == lexer.TypeFunction { // columns = {...} cannot be a comparison
			n := &ast.NamedArg{At: p.pos(), Name: p.take()}
			p.advance()
			n.Value = p.expr()
			return n
		}
	}
	return p.expr()
}

func (p *parser) nullTreatment(c *ast.FuncCall) {
	if p.peekNulls(lexer.KwIgnore) {
		c.Nulls = ast.NullsIgnore
	} else if p.peekNulls(lexer.KwRespect) {
		c.Nulls = ast.NullsRespect
	}
}

func (p *parser) peekNulls(kw lexer.Keyword) bool { return p.acceptKws(kw, lexer.KwNulls) }

// callSuffix parses WITHIN GROUP, FILTER, IGNORE NULLS, EXPORT_STATE and OVER.
func (p *parser) callSuffix(c *ast.FuncCall) {
	if p.tok.Kind != lexer.Ident || p.tok.Keyword == lexer.NotKeyword {
		return
	}
	if p.acceptKws(lexer.KwWithin, lexer.KwGroup) {
		open := p.expect(lexer.LParen, `"("`)
		p.expectKw(lexer.KwOrder)
		p.expectKw(lexer.KwBy)
		c.WithinGroup = p.orderItems(false)
		p.close(lexer.RParen, `")"`, open)
	}
	if p.atKw(lexer.KwFilter) && p.peek(1).Kind == lexer.LParen {
		p.advance()
		open := p.advance()
		p.acceptKw(lexer.KwWhere)
		c.Filter = p.expr()
		p.close(lexer.RParen, `")"`, open)
	}
	p.nullTreatment(c)
	c.ExportState = p.acceptKw(lexer.KwExportState)
	if p.atKw(lexer.KwOver) {
		c.Over = p.over()
	}
}

// over parses OVER name and OVER (specification).
func (p *parser) over() *ast.WindowSpec {
	p.advance()
	if isName(p.tok) {
		w := &ast.WindowSpec{At: p.pos(), NameOnly: true}
		w.Base = p.take()
		return w
	}
	return p.windowSpec()
}

// windowDefs parses the definitions of WINDOW.
func (p *parser) windowDefs() []ast.WindowDef {
	var defs []ast.WindowDef
	for {
		d := ast.WindowDef{At: p.pos(), Name: p.name()}
		p.expectKw(lexer.KwAs)
		d.Spec = p.windowSpec()
		defs = append(defs, d)
		if !p.comma() || p.err != nil {
			return defs
		}
	}
}

// windowSpec parses ([base] [PARTITION BY ...] [ORDER BY ...] [frame]).
func (p *parser) windowSpec() *ast.WindowSpec {
	w := &ast.WindowSpec{At: p.pos()}
	open := p.expect(lexer.LParen, `"("`)
	if isName(p.tok) && !p.startsWindowClause() {
		w.Base = p.take()
	}
	if p.acceptKws(lexer.KwPartition, lexer.KwBy) {
		w.PartitionBy = p.exprList(nil)
	}
	if p.acceptKw(lexer.KwOrder) {
		p.expectKw(lexer.KwBy)
		w.OrderBy = p.orderItems(true)
	}
	switch p.tok.Keyword {
	case lexer.KwRows, lexer.KwRange, lexer.KwGroups:
		w.Frame = p.frame()
	}
	p.close(lexer.RParen, `")"`, open)
	return w
}

// startsWindowClause tells a clause of a window from the name of a base window.
func (p *parser) startsWindowClause() bool {
	switch p.tok.Keyword {
	case lexer.KwPartition:
		return p.peek(1).Keyword == lexer.KwBy
	case lexer.KwRows, lexer.KwRange, lexer.KwGroups:
		return p.peek(1).Kind != lexer.RParen
	}
	return false
}

// frame parses a frame clause.
func (p *parser) frame() *ast.Frame {
	f := &ast.Frame{At: p.pos()}
	switch p.advance().Keyword {
	case lexer.KwRange:
		f.Mode = ast.FrameRange
	case lexer.KwGroups:
		f.Mode = ast.FrameGroups
	}
	if p.acceptKw(lexer.KwBetween) {
		f.Start = p.frameBound()
		p.expectKw(lexer.KwAnd)
		f.End = p.frameBound()
	} else {
		f.Start = p.frameBound()
		f.End = ast.FrameBound{At: f.Start.At, Kind: ast.CurrentRow}
	}
	if p.acceptKw(lexer.KwExclude) {
		switch {
		case p.acceptKws(lexer.KwCurrent, lexer.KwRow):
			f.Exclude = ast.ExcludeCurrentRow
		case p.acceptKw(lexer.KwGroup):
			f.Exclude = ast.ExcludeGroup
		case p.acceptKw(lexer.KwTies):
			f.Exclude = ast.ExcludeTies
		case p.acceptKw(lexer.KwNo):
			p.expectKw(lexer.KwOthers)
		default:
			p.unexpected("CURRENT ROW, GROUP, TIES or NO OTHERS")
		}
	}
	return f
}

func (p *parser) frameBound() ast.FrameBound {
	b := ast.FrameBound{At: p.pos()}
	switch {
	case p.acceptKws(lexer.KwUnbounded, lexer.KwPreceding):
		b.Kind = ast.UnboundedPreceding
		return b
	case p.acceptKws(lexer.KwUnbounded, lexer.KwFollowing):
		b.Kind = ast.UnboundedFollowing
		return b
	case p.acceptKws(lexer.KwCurrent, lexer.KwRow):
		b.Kind = ast.CurrentRow
		return b
	}
	b.Offset = p.expr0(precNot)
	switch {
	case p.acceptKw(lexer.KwPreceding):
		b.Kind = ast.Preceding
	case p.acceptKw(lexer.KwFollowing):
		b.Kind = ast.Following
	default:
		p.unexpected("PRECEDING or FOLLOWING")
	}
	return b
}

// expr0 is expr with a least precedence.
func (p *parser) expr0(least int) ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	return p.exprPrec(least)
}

// special begins a function of special syntax: it moves over the name and the
// parenthesis, and returns the call to fill in.
func (p *parser) special(at ast.At, name string) (c *ast.FuncCall, open lexer.Token) {
	p.advance()
	open = p.advance()
	return &ast.FuncCall{At: at, Name: []ast.Ident{{At: at, Name: name}}}, open
}

// finish ends a function of special syntax; the rest of the arguments, after a
// comma, are plain ones.
func (p *parser) finish(c *ast.FuncCall, open lexer.Token) ast.Expr {
	if p.accept(lexer.Comma) {
		c.Args = append(c.Args, p.args()...)
	}
	p.close(lexer.RParen, `")"`, open)
	p.callSuffix(c)
	return c
}

// extract parses EXTRACT(field FROM x): date_part('field', x).
func (p *parser) extract(at ast.At) ast.Expr {
	c, open := p.special(at, "date_part")
	field := &ast.Literal{At: p.pos(), Kind: ast.LitString}
	if p.tok.IsString() {
		field.Text = p.stringValue()
	} else if unit := p.intervalUnit(p.tok); unit != "" {
		p.advance()
		field.Text = unit
	} else {
		field.Text = p.label().Name
	}
	p.expectKw(lexer.KwFrom)
	c.Args = []ast.Expr{field, p.expr()}
	return p.finish(c, open)
}

// substring parses SUBSTRING(x FROM a FOR b) and SUBSTRING(x, a, b).
func (p *parser) substring(at ast.At) ast.Expr {
	c, open := p.special(at, "substring")
	if p.at(lexer.RParen) {
		return p.finish(c, open)
	}
	c.Args = []ast.Expr{p.arg()}
	var from, count ast.Expr
	for p.err == nil {
		if from == nil && p.acceptKw(lexer.KwFrom) {
			from = p.expr()
			continue
		}
		if count == nil && p.acceptKw(lexer.KwFor) {
			count = p.expr()
			continue
		}
		break
	}
	if count != nil && from == nil {
		from = &ast.Literal{At: at, Kind: ast.LitInteger, Text: "1"}
	}
	if from != nil {
		c.Args = append(c.Args, from)
	}
	if count != nil {
		c.Args = append(c.Args, count)
	}
	return p.finish(c, open)
}

// trim parses TRIM([BOTH|LEADING|TRAILING] [chars FROM] x): trim, ltrim, rtrim.
func (p *parser) trim(at ast.At) ast.Expr {
	c, open := p.special(at, "trim")
	switch {
	case p.acceptKw(lexer.KwLeading):
		c.Name[0].Name = "ltrim"
	case p.acceptKw(lexer.KwTrailing):
		c.Name[0].Name = "rtrim"
	default:
		p.acceptKw(lexer.KwBoth)
	}
	if p.at(lexer.RParen) {
		return p.finish(c, open)
	}
	if p.acceptKw(lexer.KwFrom) {
		c.Args = []ast.Expr{p.expr()}
		return p.finish(c, open)
	}
	c.Args = []ast.Expr{p.arg()}
	if p.acceptKw(lexer.KwFrom) {
		c.Args = []ast.Expr{p.expr(), c.Args[0]}
	}
	return p.finish(c, open)
}

// position parses POSITION(a IN b): position(b, a).
func (p *parser) position(at ast.At) ast.Expr {
	c, open := p.special(at, "position")
	if p.at(lexer.RParen) {
		return p.finish(c, open)
	}
	needle := p.expr0(precOp)
	if p.acceptKw(lexer.KwIn) {
		c.Args = []ast.Expr{p.expr0(precOp), needle}
	} else {
		c.Args = []ast.Expr{needle}
	}
	return p.finish(c, open)
}

// overlay parses OVERLAY(x PLACING y FROM a FOR b): overlay(x, y, a, b).
func (p *parser) overlay(at ast.At) ast.Expr {
	c, open := p.special(at, "overlay")
	if p.at(lexer.RParen) {
		return p.finish(c, open)
	}
	c.Args = []ast.Expr{p.arg()}
	if p.acceptKw(lexer.KwPlacing) {
		c.Args = append(c.Args, p.expr())
		p.expectKw(lexer.KwFrom)
		c.Args = append(c.Args, p.expr())
		if p.acceptKw(lexer.KwFor) {
			c.Args = append(c.Args, p.expr())
		}
	}
	return p.finish(c, open)
}
