package mysql

import (
	"slices"
	"strconv"
	"strings"

	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// converter turns one statement's tree into ours. Its error is sticky: after
// the first one the rest of the tree is not looked at.
type converter struct {
	text  string
	st    *statement
	index map[string][]int // tokens by their text in lower case, ascending
	next  int              // the token after the last one found
	at    ast.At           // of the last one found
	depth int
	err   error
}

func newConverter(text string, st *statement) *converter {
	c := &converter{text: text, st: st, at: ast.At(st.start), index: map[string][]int{}}
	for i, t := range st.tokens {
		k := t.text
		if k == "" {
			k = text[t.start:t.end] // operators
		}
		k = strings.ToLower(k)
		c.index[k] = append(c.index[k], i)
	}
	return c
}

// find gives the position of the next token with the text, in any case, and
// moves behind it; if there is none, the last position again.
func (c *converter) find(word string) ast.At {
	if i, ok := c.lookup(word); ok {
		c.next, c.at = i+1, ast.At(c.st.tokens[i].start)
	}
	return c.at
}

// lookup is the number of the next token with the text.
func (c *converter) lookup(word string) (int, bool) {
	list := c.index[strings.ToLower(word)]
	i, _ := slices.BinarySearch(list, c.next)
	if i == len(list) {
		return 0, false
	}
	return list[i], true
}

// fail records the first error.
func (c *converter) fail(at ast.At, code, format string, args ...any) {
	if c.err == nil {
		c.err = sqlerr.At(int(at), code, format, args...)
	}
}

// unsupported records that something has no counterpart.
func (c *converter) unsupported(at ast.At, format string, args ...any) {
	c.fail(at, sqlerr.CodeUnsupported, format+" is not supported in the mysql dialect", args...)
}

// enter counts a level of the tree.
func (c *converter) enter() bool {
	c.depth++
	if c.depth > parser.MaxHeight {
		c.fail(c.at, sqlerr.CodeTooComplex, "expression is too deep, the limit is %d levels", parser.MaxHeight)
	}
	return c.err == nil
}

func (c *converter) leave() { c.depth-- }

// ident makes a name with its place.
func (c *converter) ident(name string) ast.Ident { return ast.Ident{At: c.find(name), Name: name} }

func (c *converter) idents(list sqlparser.Columns) []ast.Ident {
	var out []ast.Ident
	for _, n := range list {
		out = append(out, c.ident(n.String()))
	}
	return out
}

// tableParts makes the parts of a table's name.
func (c *converter) tableParts(t sqlparser.TableName) []ast.Ident {
	var parts []ast.Ident
	if q := t.Qualifier.String(); q != "" {
		parts = append(parts, c.ident(q))
	}
	return append(parts, c.ident(t.Name.String()))
}

// itemTexts gives the texts of the n items of the select list that begins next,
// by which MySQL names columns without an alias; nil if they cannot be told.
func (c *converter) itemTexts(n int) []string {
	i, ok := c.lookup("select")
	if !ok {
		return nil
	}
	var out []string
	depth, first := 0, i+1
	for first < len(c.st.tokens) && slices.Contains(selectOptions, c.st.tokens[first].typ) {
		first++
	}
	item := first
	flush := func(end int) bool {
		if end <= item {
			return false
		}
		out = append(out, c.text[c.st.tokens[item].start:c.st.tokens[end-1].end])
		item = end + 1
		return true
	}
	k := first
loop:
	for ; k < len(c.st.tokens); k++ {
		switch t := c.st.tokens[k]; t.typ {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				break loop
			}
		case ',':
			if depth == 0 && !flush(k) {
				return nil
			}
		case sqlparser.FROM, sqlparser.WHERE, sqlparser.GROUP, sqlparser.HAVING, sqlparser.ORDER, sqlparser.LIMIT,
			sqlparser.UNION, sqlparser.FOR, sqlparser.INTO, sqlparser.WINDOW:
			if depth == 0 {
				break loop
			}
		}
	}
	if !flush(k) || len(out) != n {
		return nil
	}
	return out
}

// selectOptions stand between SELECT and its list.
var selectOptions = []int{
	sqlparser.ALL, sqlparser.DISTINCT, sqlparser.DISTINCTROW, sqlparser.HIGH_PRIORITY, sqlparser.STRAIGHT_JOIN,
	sqlparser.SQL_SMALL_RESULT, sqlparser.SQL_BIG_RESULT, sqlparser.SQL_BUFFER_RESULT, sqlparser.SQL_NO_CACHE,
	sqlparser.SQL_CACHE, sqlparser.SQL_CALC_FOUND_ROWS,
}

// Constructors of nodes that the text does not have.

func call(at ast.At, name string, args ...ast.Expr) *ast.FuncCall {
	return &ast.FuncCall{At: at, Name: []ast.Ident{{At: at, Name: name}}, Args: args}
}

func integer(at ast.At, n int64) *ast.Literal {
	return &ast.Literal{At: at, Kind: ast.LitInteger, Text: strconv.FormatInt(n, 10)}
}

func text(at ast.At, s string) *ast.Literal {
	return &ast.Literal{At: at, Kind: ast.LitString, Text: s}
}

func null(at ast.At) *ast.Literal { return &ast.Literal{At: at, Kind: ast.LitNull} }

func cast(at ast.At, x ast.Expr, typ string) *ast.Cast {
	return &ast.Cast{At: at, X: x, Type: typeNamed(at, typ)}
}

func typeNamed(at ast.At, name string, mods ...int64) *ast.TypeName {
	t := &ast.TypeName{At: at, Parts: []ast.Ident{{At: at, Name: name}}}
	for _, m := range mods {
		t.Mods = append(t.Mods, integer(at, m))
	}
	return t
}

func binary(at ast.At, op string, l, r ast.Expr) *ast.Binary {
	return &ast.Binary{At: at, Op: op, L: l, R: r}
}

func equals(at ast.At, l, r ast.Expr) *ast.Comparison {
	return &ast.Comparison{At: at, Op: ast.OpEq, L: l, R: r}
}
