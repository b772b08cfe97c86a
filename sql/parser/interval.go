package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// intervalUnits maps the words after INTERVAL to their units.
var intervalUnits = map[lexer.Keyword]string{
	lexer.KwYear: "year", lexer.KwYears: "year", lexer.KwMonth: "month", lexer.KwMonths: "month",
	lexer.KwDay: "day", lexer.KwDays: "day", lexer.KwHour: "hour", lexer.KwHours: "hour",
	lexer.KwMinute: "minute", lexer.KwMinutes: "minute", lexer.KwSecond: "second", lexer.KwSeconds: "second",
	lexer.KwMillisecond: "millisecond", lexer.KwMilliseconds: "millisecond",
	lexer.KwMicrosecond: "microsecond", lexer.KwMicroseconds: "microsecond",
	lexer.KwWeek: "week", lexer.KwWeeks: "week", lexer.KwQuarter: "quarter", lexer.KwQuarters: "quarter",
	lexer.KwDecade: "decade", lexer.KwDecades: "decade", lexer.KwCentury: "century",
	lexer.KwCenturies: "century", lexer.KwMillennium: "millennium", lexer.KwMillennia: "millennium",
}

// intervalUnit returns the unit that t names, "" for none.
func (p *parser) intervalUnit(t lexer.Token) string {
	if t.Keyword == lexer.NotKeyword {
		return ""
	}
	return intervalUnits[t.Keyword]
}

// interval parses INTERVAL value [unit [TO unit]].
func (p *parser) interval(at ast.At) ast.Expr {
	p.advance()
	i := &ast.Interval{At: at}
	needsUnit := !p.tok.IsString()
	switch {
	case p.tok.IsString():
		i.Value = &ast.Literal{At: p.pos(), Kind: ast.LitString, Text: p.stringValue()}
	case isNumber(p.tok):
		i.Value = p.number()
	case p.at(lexer.LParen):
		i.Value = p.parenExpr(p.pos())
	default:
		i.Value = p.primary()
	}
	i.Unit = p.intervalUnitRange()
	if needsUnit && i.Unit == "" {
		p.unexpected("a unit such as DAY")
	}
	return i
}

// intervalUnitRange parses unit or unit TO unit; "" when there is none.
func (p *parser) intervalUnitRange() string {
	unit := p.intervalUnit(p.tok)
	if unit == "" {
		return ""
	}
	p.advance()
	if p.atKw(lexer.KwTo) {
		if to := p.intervalUnit(p.peek(1)); to != "" {
			p.advance()
			p.advance()
			unit += " to " + to
		}
	}
	return unit
}
