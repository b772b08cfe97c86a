package random

import "strings"

// A Role says what a Shrinker may do with a node.
type Role uint8

const (
	// Fixed nodes stay.
	Fixed Role = iota
	// Optional nodes may go, with the nodes linked to them.
	Optional
	// Expr nodes may give way to an expression inside them or to a literal.
	Expr
	// Select nodes are whole queries, which may give way to one inside them.
	Select
	// List nodes hold children of which all but one may go.
	List
)

// Node is a piece of SQL: text, or children with text between them.
type Node struct {
	Role  Role
	Text  string
	Kids  []*Node
	Sep   string
	Links []*Node  // nodes that go when this one does
	Least []string // literals that may take the place of an expression

	gone bool
	by   *Node // what the node was replaced by
}

func text(s string) *Node { return &Node{Text: s} }

// seq joins strings and nodes.
func seq(role Role, parts ...any) *Node {
	n := &Node{Role: role}
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			n.Kids = append(n.Kids, text(p))
		case *Node:
			if p != nil {
				n.Kids = append(n.Kids, p)
			}
		}
	}
	return n
}

func expr(parts ...any) *Node     { return seq(Expr, parts...) }
func fixed(parts ...any) *Node    { return seq(Fixed, parts...) }
func optional(parts ...any) *Node { return seq(Optional, parts...) }

func list(sep string, items ...*Node) *Node {
	return &Node{Role: List, Sep: sep, Kids: items}
}

// link makes a go with b and b with a.
func link(a, b *Node) {
	a.Links = append(a.Links, b)
	b.Links = append(b.Links, a)
}

// String gives the SQL.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Node) write(b *strings.Builder) {
	if n.gone {
		return
	}
	if n.by != nil {
		n.by.write(b)
		return
	}
	b.WriteString(n.Text)
	first := true
	for _, k := range n.Kids {
		if k.gone {
			continue
		}
		if !first {
			b.WriteString(n.Sep)
		}
		first = false
		k.write(b)
	}
}

// size is the number of nodes that String writes.
func (n *Node) size() int {
	if n.gone {
		return 0
	}
	if n.by != nil {
		return n.by.size()
	}
	s := 1
	for _, k := range n.Kids {
		s += k.size()
	}
	return s
}
