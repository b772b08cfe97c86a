package parser

import (
	"strings"

	"github.com/gannetdb/gannet/sql/lexer"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// fail records the first error and ends the token stream.
func (p *parser) fail(pos int, code, format string, args ...any) {
	if p.err == nil {
		p.setError(sqlerr.At(pos, code, format, args...))
	}
}

func (p *parser) setError(err *sqlerr.Error) {
	if p.err != nil {
		return
	}
	p.err = err
	end := int32(len(p.lex.Text()))
	p.tok = lexer.Token{Kind: lexer.EOF, Start: end, End: end}
	p.ahead, p.next = p.ahead[:0], 0
}

// lexError takes over the lexer's error.
func (p *parser) lexError() {
	if err, ok := p.lex.Err().(*sqlerr.Error); ok {
		p.setError(err)
		return
	}
	p.fail(int(p.tok.Start), sqlerr.CodeInternal, "lexer stopped without an error")
}

// unsupported fails for a construct that is understood but has no node.
func (p *parser) unsupported(t lexer.Token, what string) {
	p.fail(int(t.Start), sqlerr.CodeUnsupported, "%s is not supported", what)
}

// unexpectedKw fails at the current token where a keyword should be.
func (p *parser) unexpectedKw(k lexer.Keyword) {
	p.unexpected(strings.ToUpper(k.String()))
}

// unexpected fails at the current token. What names the token that should be
// there; "" when there are many.
func (p *parser) unexpected(what string) {
	if p.err != nil {
		return
	}
	if p.tok.Kind == lexer.Invalid {
		p.lexError()
		return
	}
	at := p.tok
	hint := ""
	if near := p.misspelt(p.alias, clauseWords); near != "" && p.alias.End == p.prev.End {
		// SELECT a FORM t: FORM went through as an alias
		at, hint = p.alias, near
	} else if near := p.misspelt(p.tok, clauseWords); near != "" {
		hint = near
	} else if p.missingComma() {
		hint = "a comma or an operator may be missing before it"
	} else if p.tok.Keyword != lexer.NotKeyword && p.tok.Keyword.Category() == lexer.Reserved &&
		(what == "a name" || what == "an expression") {
		hint = `to use the keyword as a name, put it in double quotes`
	}
	var err *sqlerr.Error
	if at.Kind == lexer.EOF {
		err = sqlerr.At(int(at.Start), sqlerr.CodeSyntax, "syntax error at end of input")
	} else {
		err = sqlerr.At(int(at.Start), sqlerr.CodeSyntax, "syntax error at or near \"%s\"", shorten(p.lex.Raw(at)))
	}
	if what != "" {
		err.Detail = "expected " + what
	}
	err.Hint = hint
	p.setError(err)
}

// shorten cuts a token's text for a message.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut] + "..."
}

// clauseWords are the words that continue a query, for misspellings.
var clauseWords = []string{"from", "where", "group", "order", "having", "limit", "offset", "union", "intersect",
	"except", "join", "inner", "left", "right", "full", "cross", "using", "qualify", "window", "values", "select",
	"distinct", "between", "and", "or", "not", "in", "like", "ilike", "is", "null", "case", "when", "then", "else",
	"end", "exists", "as", "on", "by", "set", "into", "table", "view", "over", "filter", "partition", "asc", "desc"}

// statementWords begin statements.
var statementWords = []string{"select", "from", "with", "values", "insert", "update", "delete", "merge", "create",
	"drop", "alter", "explain", "describe", "summarize", "show", "set", "reset", "pragma", "copy", "prepare",
	"execute", "deallocate", "begin", "commit", "rollback", "use", "attach", "detach", "checkpoint", "vacuum",
	"analyze", "call", "export", "import", "load", "install", "pivot", "unpivot", "truncate", "comment", "table"}

// misspelt returns a hint when t is a word that is no keyword but nearly one.
func (p *parser) misspelt(t lexer.Token, words []string) string {
	if t.Kind != lexer.Ident || t.Keyword != lexer.NotKeyword || t.End-t.Start < 3 {
		return ""
	}
	near := sqlerr.Nearest(p.lex.Raw(t), words)
	if len(near) == 0 {
		return ""
	}
	return `did you mean "` + strings.ToUpper(near[0]) + `"?`
}

// missingComma reports whether the current token begins an operand directly
// after another one.
func (p *parser) missingComma() bool {
	ends := func(t lexer.Token) bool {
		switch t.Kind {
		case lexer.Ident:
			return t.Keyword.Category() != lexer.Reserved
		case lexer.QuotedIdent, lexer.RParen, lexer.RBracket, lexer.RBrace:
			return true
		}
		return t.Kind >= lexer.Integer && t.Kind <= lexer.NamedParam
	}
	switch p.tok.Kind {
	case lexer.Ident:
		if p.tok.Keyword != lexer.NotKeyword {
			return false
		}
	case lexer.QuotedIdent:
	default:
		if p.tok.Kind < lexer.Integer || p.tok.Kind > lexer.NamedParam {
			return false
		}
	}
	return p.prev.End > 0 && ends(p.prev)
}
