package format

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/lexer"
)

// Statement returns the canonical text of a statement, without a semicolon.
func Statement(s ast.Statement) string {
	p := printer{}
	p.statement(s)
	return p.b.String()
}

// Expr returns the canonical text of an expression.
func Expr(e ast.Expr) string {
	p := printer{}
	p.expr(e)
	return p.b.String()
}

// Table returns the canonical text of an item of FROM.
func Table(t ast.TableRef) string {
	p := printer{}
	p.table(t)
	return p.b.String()
}

// Type returns the canonical text of a type name.
func Type(t *ast.TypeName) string {
	p := printer{}
	p.typ(t)
	return p.b.String()
}

// Name returns a qualified name with its parts quoted as needed.
func Name(parts []ast.Ident) string {
	p := printer{}
	p.name(parts)
	return p.b.String()
}

// QuoteIdent returns a name as an identifier: as it is when it is a plain word
// and no keyword, else in double quotes.
func QuoteIdent(name string) string {
	if plain(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// QuoteString returns a value as a string literal.
func QuoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// plain reports whether a name needs no quotes anywhere.
func plain(name string) bool {
	if name == "" {
		return false
	}
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case c >= '0' && c <= '9':
			if i == 0 {
				return false
			}
		default:
			return false
		}
	}
	return lexer.Lookup(name) == lexer.NotKeyword && !bareFunction(name)
}

// bareFunction reports whether the word, unquoted, calls a function.
func bareFunction(name string) bool {
	switch strings.ToLower(name) {
	case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_catalog",
		"current_schema", "current_database", "current_user", "current_role", "session_user", "user":
		return true
	}
	return false
}

// printer writes one tree. With duck set it spells expressions the way DuckDB
// names its columns.
type printer struct {
	b    strings.Builder
	duck bool
}

func (p *printer) str(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

func (p *printer) ident(id ast.Ident) { p.str(QuoteIdent(id.Name)) }

func (p *printer) name(parts []ast.Ident) {
	for i, id := range parts {
		if i > 0 {
			p.str(".")
		}
		p.ident(id)
	}
}

// names prints (a, b, c).
func (p *printer) names(list []ast.Ident) {
	p.str("(")
	for i, id := range list {
		p.sep(i)
		p.ident(id)
	}
	p.str(")")
}

// optNames prints the list if there is one.
func (p *printer) optNames(list []ast.Ident) {
	if len(list) > 0 {
		p.names(list)
	}
}

// sep prints the comma before all elements but the first.
func (p *printer) sep(i int) {
	if i > 0 {
		p.str(", ")
	}
}

func (p *printer) exprs(list []ast.Expr) {
	for i, e := range list {
		p.sep(i)
		p.expr(e)
	}
}

// list prints open, the elements with commas between, and a closing
// parenthesis; nothing when there are none.
func list[T any](p *printer, open string, elems []T, one func(T)) {
	for i, e := range elems {
		p.str(pick(i == 0, open, ", "))
		one(e)
	}
	p.flag(len(elems) > 0, ")")
}

// clause prints a keyword with an expression, if there is one.
func (p *printer) clause(keyword string, e ast.Expr) {
	if e != nil {
		p.str(keyword)
		p.expr(e)
	}
}

// flag prints s if on.
func (p *printer) flag(on bool, s string) {
	if on {
		p.str(s)
	}
}

func (p *printer) items(list []ast.SelectItem) {
	for i := range list {
		p.sep(i)
		p.expr(list[i].Expr)
		if list[i].Alias.Name != "" {
			p.str(" AS ")
			p.ident(list[i].Alias)
		}
	}
}

func (p *printer) order(list []ast.OrderItem) {
	for i := range list {
		o := &list[i]
		p.sep(i)
		if o.All {
			p.str("ALL")
		} else {
			p.expr(o.Expr)
		}
		switch o.Dir {
		case ast.DirAsc:
			p.str(" ASC")
		case ast.DirDesc:
			p.str(" DESC")
		}
		switch o.Nulls {
		case ast.NullsFirst:
			p.str(" NULLS FIRST")
		case ast.NullsLast:
			p.str(" NULLS LAST")
		}
	}
}

// typ prints a type.
func (p *printer) typ(t *ast.TypeName) {
	if t == nil {
		return
	}
	if p.duck {
		p.duckTypeName(t)
	} else {
		for i, id := range t.Parts {
			if i > 0 {
				p.str(".")
			}
			p.str(typeWord(id.Name, len(t.Parts) == 1))
		}
	}
	list(p, "(", t.Mods, p.expr)
	list(p, "(", t.Fields, func(f ast.TypeField) {
		if f.Name.Name != "" {
			p.ident(f.Name)
			p.str(" ")
		}
		p.typ(f.Type)
	})
	for _, d := range t.Dims {
		if d < 0 {
			p.str("[]")
		} else {
			p.str("[", itoa(int(d)), "]")
		}
	}
}

// typeWord spells a name in the place of a type, where keywords that name types
// need no quotes, save those that would be read as another type.
func typeWord(name string, single bool) string {
	k := lexer.Lookup(name)
	if k == lexer.NotKeyword || !single {
		return QuoteIdent(name)
	}
	switch k {
	case lexer.KwChar, lexer.KwCharacter, lexer.KwNchar, lexer.KwNational, lexer.KwRow, lexer.KwSetof, lexer.KwArray:
		return `"` + name + `"`
	}
	if k.Category() == lexer.Reserved && k != lexer.KwUnion {
		return `"` + name + `"`
	}
	return name
}
