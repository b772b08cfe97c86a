package parquet

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/storage"
)

// maxSchemaDepth bounds the nesting of a schema.
const maxSchemaDepth = 64

var errSchema = errors.New("schema is malformed")

// node is a schema element in the tree, with the levels that its values have.
type node struct {
	*schemaElement
	children []*node
	leaf     int // ordinal among leaves; -1 for groups
	maxDef   int
	maxRep   int
}

// leafColumn is a column as it is stored.
type leafColumn struct {
	node  *node
	kind  leafKind // what its values become
	order bool     // min and max follow the order of the type
}

// column is a column of the table: a flat one is a leaf, a nested one several.
type column struct {
	storage.Column
	leaf   int    // ordinal of the leaf; -1 for a nested column
	nested *field // of a nested column
	reason string // why it cannot be read; empty: it can
}

// schema is what a file's footer says about its columns.
type schema struct {
	leaves  []leafColumn
	columns []column
	public  []storage.Column
}

// buildSchema turns the footer's flat list of elements, depth first, into
// columns.
func buildSchema(m *fileMeta) (*schema, error) {
	if len(m.schema) == 0 || m.schema[0].typ >= 0 && m.schema[0].numChildren == 0 && len(m.schema) > 1 {
		return nil, errSchema
	}
	s := &schema{}
	next := 0
	root, err := s.build(m, &next, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	if next != len(m.schema) {
		return nil, errSchema
	}
	seen := map[string]bool{}
	for _, n := range root.children {
		c := column{leaf: -1}
		c.Name = uniqueName(n.name, seen)
		c.NotNull = n.repetition == repRequired
		if n.leaf >= 0 && n.repetition != repRepeated {
			c.leaf = n.leaf
			c.Type = s.leaves[n.leaf].kind.typ
		} else {
			if c.nested = s.fieldOf(n, 0, 0); !c.nested.readable() {
				c.reason = "structs without fields"
			}
			c.Type = c.nested.typ
			c.NotNull = n.repetition != repOptional
		}
		s.columns = append(s.columns, c)
		s.public = append(s.public, c.Column)
	}
	return s, nil
}

// uniqueName appends _1, _2 … to a name that another column has, heeding no
// case, as DuckDB does.
func uniqueName(name string, seen map[string]bool) string {
	out := name
	for i := 1; seen[strings.ToLower(out)]; i++ {
		out = name + "_" + strconv.Itoa(i)
	}
	seen[strings.ToLower(out)] = true
	return out
}

func (s *schema) build(m *fileMeta, next *int, depth, maxDef, maxRep int) (*node, error) {
	if *next >= len(m.schema) || depth > maxSchemaDepth {
		return nil, errSchema
	}
	e := &m.schema[*next]
	n := &node{schemaElement: e, leaf: -1, maxDef: maxDef, maxRep: maxRep}
	if depth > 0 {
		switch e.repetition {
		case repRequired:
		case repOptional:
			n.maxDef++
		case repRepeated:
			n.maxDef++
			n.maxRep++
		default:
			return nil, errSchema
		}
	}
	*next++
	if e.typ >= 0 && depth > 0 {
		if e.numChildren != 0 {
			return nil, errSchema
		}
		kind, err := kindOf(e)
		if err != nil {
			return nil, err
		}
		n.leaf = len(s.leaves)
		ordered := n.leaf < len(m.typeOrdered) && m.typeOrdered[n.leaf]
		s.leaves = append(s.leaves, leafColumn{node: n, kind: kind, order: ordered})
		return n, nil
	}
	if e.numChildren < 0 || int(e.numChildren) > len(m.schema)-*next {
		return nil, errSchema
	}
	for range e.numChildren {
		c, err := s.build(m, next, depth+1, n.maxDef, n.maxRep)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, c)
	}
	return n, nil
}
