package ast

import "strings"

// Node is any part of the tree that has a place in the text.
type Node interface {
	// Pos is the byte offset into the parsed text, -1 for nodes that some
	// program made.
	Pos() int
}

// At is the byte offset of a node; every node embeds it.
type At int

// Pos returns the offset.
func (a At) Pos() int { return int(a) }

// NoPos is the offset of nodes that do not come from a text.
const NoPos At = -1

// Statement is a whole SQL statement.
type Statement interface {
	Node
	statement()
}

// QueryBody is what stands between WITH and ORDER BY: *Select, *SetOp, *Values,
// or a nested *Query in parentheses.
type QueryBody interface {
	Node
	queryBody()
}

// TableRef is an item of FROM.
type TableRef interface {
	Node
	tableRef()
}

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// Ident is a name as it was written, without quotes. The zero value (Name "")
// stands for an absent name.
type Ident struct {
	At
	Name string
}

// Is reports whether the identifier equals name, regardless of case.
func (id Ident) Is(name string) bool { return strings.EqualFold(id.Name, name) }

// Names returns the plain names of a qualified name.
func Names(parts []Ident) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.Name
	}
	return out
}

// Last returns the last part of a qualified name, the zero Ident for none.
func Last(parts []Ident) Ident {
	if len(parts) == 0 {
		return Ident{}
	}
	return parts[len(parts)-1]
}
