package parser

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Precedences of the infix operators, loosest first.
const (
	precLowest = iota
	precArrow
	precOr
	precAnd
	precNot
	precIs
	precCompare
	precLike
	precOp
	precAdd
	precMul
	precPower
	precAt
	precCollate
	precUnary
)

// expr parses an expression; one level of nesting.
func (p *parser) expr() ast.Expr {
	if !p.enter() {
		p.leave()
		return nil
	}
	e := p.exprPrec(precLowest)
	p.leave()
	return e
}

// exprList parses expressions separated by commas and appends them to list. It
// stops before a closing bracket, also at once.
func (p *parser) exprList(list []ast.Expr) []ast.Expr {
	for {
		list = append(list, p.expr())
		if !p.comma() || p.err != nil {
			return list
		}
	}
}

// exprPrec parses an expression of operators that bind at least as tightly as
// least. It leaves in p.height the greatest height of what the scope holds.
func (p *parser) exprPrec(least int) ast.Expr {
	outer := p.height
	p.height = 0
	e := p.infix(p.prefix(), least)
	p.height = max(outer, p.height)
	return e
}

// prefix parses an operand with the operators before it.
func (p *parser) prefix() ast.Expr {
	t := p.tok
	switch t.Kind {
	case lexer.Minus, lexer.Plus:
		return p.sign()
	case lexer.OtherOp:
		p.advance()
		x := p.operand(precAdd)
		return &ast.Unary{At: ast.At(t.Start), Op: p.lex.Raw(t), X: x}
	case lexer.Ident:
		if t.Keyword == lexer.KwNot {
			p.advance()
			x := p.operand(precNot)
			return &ast.Not{At: ast.At(t.Start), X: x}
		}
	}
	return p.postfix(p.primary())
}

// operand parses what a prefix operator applies to, a level of nesting.
func (p *parser) operand(least int) ast.Expr {
	defer p.leave()
	if !p.enter() {
		return nil
	}
	x := p.exprPrec(least)
	p.grow()
	return x
}

// sign parses - and + before an operand. A minus before a number is part of the
// number, unless something that binds tighter follows it.
func (p *parser) sign() ast.Expr {
	t := p.advance()
	if t.Kind == lexer.Minus && isNumber(p.tok) {
		switch p.peek(1).Kind {
		case lexer.LBracket, lexer.Typecast, lexer.Dot:
		default:
			lit := p.number()
			lit.At = ast.At(t.Start)
			lit.Text = "-" + lit.Text
			return lit
		}
	}
	x := p.operand(precUnary)
	return &ast.Unary{At: ast.At(t.Start), Op: p.lex.Raw(t), X: x}
}

func isNumber(t lexer.Token) bool {
	return t.Kind == lexer.Integer || t.Kind == lexer.Decimal || t.Kind == lexer.Float
}

// infix parses the operators that follow left.
func (p *parser) infix(left ast.Expr, least int) ast.Expr {
	// The n-ary node that this loop made last, to which an equal operator adds.
	var and *ast.And
	var or *ast.Or
	var concat *ast.Concat
	compared := false // left is a comparison made here: those do not chain
	for p.err == nil {
		t := p.tok
		at := ast.At(t.Start)
		switch t.Kind {
		case lexer.Ident:
			switch t.Keyword {
			case lexer.NotKeyword:
				return left
			case lexer.KwOr:
				if least > precOr {
					return left
				}
				p.advance()
				right := p.exprPrec(precAnd)
				if or != nil && left == ast.Expr(or) {
					or.Terms = append(or.Terms, right)
					continue
				}
				or = &ast.Or{At: at, Terms: []ast.Expr{left, right}}
				left = or
			case lexer.KwAnd:
				if least > precAnd {
					return left
				}
				p.advance()
				right := p.exprPrec(precNot)
				if and != nil && left == ast.Expr(and) {
					and.Terms = append(and.Terms, right)
					continue
				}
				and = &ast.And{At: at, Terms: []ast.Expr{left, right}}
				left = and
			default:
				next := p.keywordInfix(left, least)
				if next == nil {
					return left
				}
				left = next
			}
			compared = false
		case lexer.Eq, lexer.NotEq, lexer.Lt, lexer.LtEq, lexer.Gt, lexer.GtEq:
			if least > precCompare {
				return left
			}
			if compared {
				p.unexpected("")
				return left
			}
			left = p.comparison(left)
			compared = true
		case lexer.Concat:
			if least > precOp {
				return left
			}
			p.advance()
			right := p.exprPrec(precAdd)
			if concat != nil && left == ast.Expr(concat) {
				concat.Terms = append(concat.Terms, right)
				continue
			}
			concat = &ast.Concat{At: at, Terms: []ast.Expr{left, right}}
			left = concat
		case lexer.Arrow:
			if least > precArrow {
				return left
			}
			p.advance()
			left = &ast.Arrow{At: at, L: left, R: p.exprPrec(precOr)}
			compared = false
		default:
			prec := binaryPrec(t.Kind)
			if prec == 0 || prec < least {
				return left
			}
			if t.Kind == lexer.Percent && p.percentEnds() {
				return left
			}
			op := p.lex.Raw(t)
			p.advance()
			switch {
			case t.Kind == lexer.OtherOp && op == "!":
				left = &ast.Unary{At: at, Op: "!", X: left} // factorial
			case t.Kind == lexer.OtherOp && likeOperators[op].ok:
				l := likeOperators[op]
				left = &ast.Like{At: at, Kind: l.kind, Not: l.not, X: left, Pattern: p.exprPrec(precAdd)}
			default:
				left = &ast.Binary{At: at, Op: op, L: left, R: p.exprPrec(prec + 1)}
			}
		}
		p.grow()
	}
	return left
}

// likeOperators are the operator spellings of LIKE and its relatives.
var likeOperators = map[string]struct {
	kind    ast.LikeKind
	not, ok bool
}{
	"~~": {ast.LikePlain, false, true}, "!~~": {ast.LikePlain, true, true},
	"~~*": {ast.LikeILike, false, true}, "!~~*": {ast.LikeILike, true, true},
	"~~~": {ast.LikeGlob, false, true}, "!~~~": {ast.LikeGlob, true, true},
}

// binaryPrec returns the precedence of a plain binary operator, 0 for none.
func binaryPrec(k lexer.Kind) int {
	switch k {
	case lexer.OtherOp, lexer.LongArrow:
		return precOp
	case lexer.Plus, lexer.Minus:
		return precAdd
	case lexer.Star, lexer.Slash, lexer.DoubleSlash, lexer.Percent:
		return precMul
	case lexer.Caret, lexer.StarStar:
		return precPower
	}
	return 0
}

// percentEnds reports whether the % here ends a LIMIT or a sample size: no
// operand follows it.
func (p *parser) percentEnds() bool {
	t := p.peek(1)
	switch t.Kind {
	case lexer.EOF, lexer.RParen, lexer.Semicolon, lexer.Comma:
		return true
	}
	switch t.Keyword {
	case lexer.KwOffset, lexer.KwUnion, lexer.KwExcept, lexer.KwIntersect, lexer.KwUsing:
		return true
	}
	return false
}

// comparison parses a comparison operator and its right side, ANY and ALL
// included.
func (p *parser) comparison(left ast.Expr) ast.Expr {
	t := p.advance()
	at := ast.At(t.Start)
	op := map[lexer.Kind]ast.CompareOp{lexer.Eq: ast.OpEq, lexer.NotEq: ast.OpNe, lexer.Lt: ast.OpLt,
		lexer.LtEq: ast.OpLe, lexer.Gt: ast.OpGt, lexer.GtEq: ast.OpGe}[t.Kind]
	if (p.atKw(lexer.KwAny) || p.atKw(lexer.KwSome) || p.atKw(lexer.KwAll)) && p.peek(1).Kind == lexer.LParen {
		n := &ast.Quantified{At: at, Op: op, X: left, All: p.atKw(lexer.KwAll)}
		p.advance()
		var list []ast.Expr
		n.Query, list = p.parenthesised()
		if n.Query == nil {
			n.List = oneOrRow(ast.At(p.prev.Start), list)
		}
		return n
	}
	return &ast.Comparison{At: at, Op: op, L: left, R: p.exprPrec(precLike)}
}

// keywordInfix parses an operator that is spelt with keywords; nil when the
// current keyword is none, or binds too loosely.
func (p *parser) keywordInfix(left ast.Expr, least int) ast.Expr {
	at := p.pos()
	not := false
	kw := p.tok.Keyword
	if kw == lexer.KwNot {
		not = true
		kw = p.peek(1).Keyword
	}
	switch kw {
	case lexer.KwIn, lexer.KwBetween, lexer.KwLike, lexer.KwIlike, lexer.KwGlob, lexer.KwSimilar:
		if least > precLike {
			return nil
		}
		if kw == lexer.KwSimilar && p.peekAfter(not).Keyword != lexer.KwTo {
			return nil
		}
		if not {
			p.advance()
		}
		p.advance()
		return p.patternInfix(at, kw, not, left)
	case lexer.KwNull:
		if !not || least > precIs {
			return nil
		}
		p.advance()
		p.advance()
		return &ast.IsNull{At: at, X: left, Not: true}
	}
	if not {
		return nil
	}
	switch kw {
	case lexer.KwIs:
		if least > precIs {
			return nil
		}
		return p.isInfix(left)
	case lexer.KwIsnull, lexer.KwNotnull:
		if least > precIs {
			return nil
		}
		p.advance()
		return &ast.IsNull{At: at, X: left, Not: kw == lexer.KwNotnull}
	case lexer.KwCollate:
		if least > precCollate {
			return nil
		}
		p.advance()
		return &ast.Collate{At: at, X: left, Collation: p.objectName()}
	case lexer.KwAt:
		if least > precAt || p.peek(1).Keyword != lexer.KwTime {
			return nil
		}
		p.advance()
		p.advance()
		p.expectKw(lexer.KwZone)
		zone := p.exprPrec(precCollate)
		return &ast.FuncCall{At: at, Name: []ast.Ident{{At: at, Name: "timezone"}}, Args: []ast.Expr{zone, left}}
	}
	return nil
}

// peekAfter returns the token after the operator word, which NOT may precede.
func (p *parser) peekAfter(not bool) lexer.Token {
	if not {
		return p.peek(2)
	}
	return p.peek(1)
}

// isInfix parses IS and what may follow it.
func (p *parser) isInfix(left ast.Expr) ast.Expr {
	at := p.pos()
	p.advance()
	not := p.acceptKw(lexer.KwNot)
	switch {
	case p.acceptKw(lexer.KwNull):
		return &ast.IsNull{At: at, X: left, Not: not}
	case p.acceptKw(lexer.KwTrue):
		return &ast.IsTruth{At: at, X: left, Value: ast.True, Not: not}
	case p.acceptKw(lexer.KwFalse):
		return &ast.IsTruth{At: at, X: left, Value: ast.False, Not: not}
	case p.acceptKw(lexer.KwUnknown):
		return &ast.IsTruth{At: at, X: left, Value: ast.Unknown, Not: not}
	case p.acceptKw(lexer.KwDistinct):
		p.expectKw(lexer.KwFrom)
		return &ast.IsDistinct{At: at, L: left, R: p.exprPrec(precCompare), Not: not}
	}
	p.unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM")
	return left
}

// patternInfix parses what follows [NOT] IN, BETWEEN and the LIKE family.
func (p *parser) patternInfix(at ast.At, kw lexer.Keyword, not bool, left ast.Expr) ast.Expr {
	switch kw {
	case lexer.KwIn:
		return p.in(at, not, left)
	case lexer.KwBetween:
		b := &ast.Between{At: at, X: left, Not: not}
		b.Symmetric = p.acceptKw(lexer.KwSymmetric)
		if !b.Symmetric {
			p.acceptKw(lexer.KwAsymmetric)
		}
		b.Lo = p.exprPrec(precOp)
		p.expectKw(lexer.KwAnd)
		b.Hi = p.exprPrec(precOp)
		return b
	}
	l := &ast.Like{At: at, X: left, Not: not}
	switch kw {
	case lexer.KwIlike:
		l.Kind = ast.LikeILike
	case lexer.KwGlob:
		l.Kind = ast.LikeGlob
	case lexer.KwSimilar:
		l.Kind = ast.LikeSimilar
		p.expectKw(lexer.KwTo)
	}
	l.Pattern = p.exprPrec(precOp)
	if p.acceptKw(lexer.KwEscape) {
		l.Escape = p.exprPrec(precOp)
	}
	if s, ok := left.(*ast.Star); ok && s.Like == nil {
		l.X = nil
		s.Like = l
		return s
	}
	return l
}

// in parses what follows [NOT] IN.
func (p *parser) in(at ast.At, not bool, left ast.Expr) ast.Expr {
	if !p.at(lexer.LParen) {
		return &ast.InValue{At: at, X: left, V: p.postfix(p.primary()), Not: not}
	}
	open := p.tok
	q, list := p.parenthesised()
	if q != nil {
		return &ast.InSubquery{At: at, X: left, Query: q, Not: not}
	}
	if len(list) == 0 {
		p.fail(int(open.Start), sqlerr.CodeSyntax, "the list of IN is empty")
	}
	return &ast.InList{At: at, X: left, List: list, Not: not}
}

// parenthesised parses a parenthesis that holds a query, or any number of
// expressions; which one shows only after nested parentheses.
func (p *parser) parenthesised() (q *ast.Query, list []ast.Expr) {
	open := p.tok
	at := p.pos()
	p.advance()
	switch {
	case p.at(lexer.RParen):
	case p.atQuery():
		q = p.query()
	case startsDescription(p.tok) && p.tok.Keyword != lexer.KwDesc:
		q = p.parenQuery()
	case p.parensOpenQuery():
		// In the other cases expr counts the level of nesting.
		defer p.leave()
		if !p.enter() {
			return nil, nil
		}
		inner, elems := p.parenthesised()
		var first ast.Expr
		switch {
		case inner != nil && p.atQueryTail():
			q = p.queryAfter(inner)
		case inner != nil && p.at(lexer.RParen):
			q = inner
		case inner != nil:
			first = &ast.Subquery{At: at + 1, Query: inner}
		default:
			first = oneOrRow(at+1, elems)
		}
		if q == nil && p.err == nil {
			p.grow()
			list = []ast.Expr{p.infix(p.postfix(first), precLowest)}
			if p.comma() {
				list = p.exprList(list)
			}
		}
	default:
		list = p.exprList(make([]ast.Expr, 0, 1))
		if p.prev.Kind == lexer.Comma && len(list) == 1 {
			list = []ast.Expr{&ast.Row{At: at, Elems: list}} // (x,)
		}
	}
	p.close(lexer.RParen, `")"`, open)
	return q, list
}

// oneOrRow makes one expression of the contents of a parenthesis.
func oneOrRow(at ast.At, list []ast.Expr) ast.Expr {
	if len(list) == 1 {
		return list[0]
	}
	return &ast.Row{At: at, Elems: list}
}
