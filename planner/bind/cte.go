package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// cteScope is the common table expressions in sight, innermost first.
type cteScope struct {
	outer *cteScope
	def   *cteDef
}

// cteDef is a bound common table expression.
type cteDef struct {
	id    int
	name  string
	hint  ast.Materialization
	node  logical.Node
	cols  []logical.Column
	uses  int
	probe bool // bound as recursive: a use of it is one
	// total is what recurring.name means: within a recursive term.
	total *cteDef
	// bind fills in node and cols at the first use, then is nil: what nobody
	// reads may be wrong.
	bind func() error
}

func (s *cteScope) find(name string) *cteDef {
	for ; s != nil; s = s.outer {
		if strings.EqualFold(s.def.name, name) {
			return s.def
		}
	}
	return nil
}

func (s *cteScope) names() []string {
	var out []string
	for ; s != nil; s = s.outer {
		out = append(out, s.def.name)
	}
	return out
}

// with makes the CTEs of a query known, in order, and returns the scope in which
// its body is bound and the definitions; each is bound at its first use.
func (b *binder) with(w *ast.With, env *cteScope, outer *scope) (*cteScope, []*cteDef, error) {
	if w == nil {
		return env, nil, nil
	}
	var defs []*cteDef
	seen := map[string]bool{}
	for _, c := range w.CTEs {
		if seen[strings.ToLower(c.Name.Name)] {
			return nil, nil, sqlerr.At(c.Pos(), sqlerr.CodeDuplicateAlias, "WITH name %q is used more than once", c.Name.Name)
		}
		seen[strings.ToLower(c.Name.Name)] = true
		q, ok := c.Stmt.(*ast.Query)
		if !ok {
			return nil, nil, unsupported(c, "%s in WITH", statementName(c.Stmt))
		}
		if err := b.relation(c.Pos()); err != nil {
			return nil, nil, err
		}
		b.nextCTE++
		def := &cteDef{id: b.nextCTE, name: c.Name.Name, hint: c.Materialized}
		in := env
		def.bind = func() error {
			def.bind = nil
			return b.define(def, c, q, w.Recursive, in, outer)
		}
		defs = append(defs, def)
		env = &cteScope{outer: env, def: def}
	}
	return env, defs, nil
}

// define binds the query of a common table expression.
func (b *binder) define(def *cteDef, c *ast.CTE, q *ast.Query, isRecursive bool, env *cteScope, outer *scope) error {
	inner := env
	var r *result
	var err error
	if isRecursive {
		inner = &cteScope{outer: env, def: &cteDef{name: c.Name.Name, probe: true}}
		r, err = b.recursive(c, q, env, outer)
	}
	if r == nil && err == nil {
		r, err = b.query(q, inner, outer)
	}
	if err != nil {
		return err
	}
	node, ids := r.node, []logical.ColID{}
	cols := append([]logical.Column{}, r.cols...)
	for _, col := range cols {
		ids = append(ids, col.ID)
	}
	if hasDuplicates(ids) {
		node, ids = b.separate(r)
		for i := range cols {
			cols[i].ID = ids[i]
		}
	}
	if err := rename(cols, c.Columns, c.Name.Name, c.Pos()); err != nil {
		return err
	}
	def.node, def.cols = node, cols
	return nil
}

// cteRef binds a use of a CTE: a node that reads it under fresh columns.
func (b *binder) cteRef(t *ast.TableName, def *cteDef) (logical.Node, *scope, error) {
	if def.probe {
		return nil, nil, unsupported(t, "a recursive CTE")
	}
	if def.bind != nil {
		if err := def.bind(); err != nil {
			return nil, nil, err
		}
	}
	def.uses++
	ref := &logical.CTERef{ID: def.id, Name: def.name}
	for _, c := range def.cols {
		col := b.newCol(c.Name, c.Typ)
		if b.untyped[c.ID] {
			b.markUntyped(col)
		}
		ref.Cols = append(ref.Cols, col)
	}
	return b.aliased(t, &result{node: ref, cols: ref.Cols}, t.Alias, def.name)
}

// finishCTEs puts the definitions under the body: those used once, cheap ones
// and those marked NOT MATERIALIZED take the place of their uses, the others
// become CTE nodes. The last definition is handled first, so that it is known
// how often those before are used once unused ones have gone.
func (b *binder) finishCTEs(node logical.Node, defs []*cteDef) (logical.Node, error) {
	for i := len(defs) - 1; i >= 0; i-- {
		d := defs[i]
		uses := countRefs(node, d.id)
		if uses == 0 {
			continue
		}
		inline := uses == 1 || cheap(d.node)
		switch d.hint {
		case ast.MaterializeAlways:
			inline = uses == 1 && cheap(d.node)
		case ast.MaterializeNever:
			inline = true
		}
		if !inline {
			c := &logical.CTE{ID: d.id, Name: d.name, Def: d.node, Body: node}
			for _, col := range d.cols {
				c.DefOut = append(c.DefOut, col.ID)
			}
			node = c
			continue
		}
		b.relations += uses - 1
		if b.relations > maxRelations {
			return nil, sqlerr.New(sqlerr.CodeTooComplex, "the statement expands to more than %d relations", maxRelations)
		}
		node = b.inline(node, d)
	}
	return node, nil
}

// countRefs counts the uses of a CTE in n, subqueries included.
func countRefs(n logical.Node, id int) int {
	uses := 0
	logical.WalkNodes(n, func(n logical.Node) bool {
		if r, ok := n.(*logical.CTERef); ok && r.ID == id {
			uses++
		}
		for _, e := range logical.Exprs(n) {
			logical.Walk(e, func(x logical.Expr) bool {
				if s, ok := x.(*logical.Subquery); ok {
					uses += countRefs(s.Plan, id)
				}
				return true
			})
		}
		return true
	})
	return uses
}

// cheap reports whether computing n again costs no more than keeping it: it
// reads one table without joining, grouping or sorting.
func cheap(n logical.Node) bool {
	ok := true
	logical.WalkNodes(n, func(n logical.Node) bool {
		switch n.(type) {
		case *logical.Scan, *logical.Values, *logical.Filter, *logical.Project, *logical.CTERef:
		default:
			ok = false
		}
		for _, e := range logical.Exprs(n) {
			if logical.HasSubquery(e) || logical.HasVolatile(e) {
				ok = false
			}
		}
		return ok
	})
	return ok
}

// inline replaces the uses of a CTE by its definition.
func (b *binder) inline(n logical.Node, d *cteDef) logical.Node {
	newID := func() logical.ColID { b.next++; return b.next - 1 }
	var node func(logical.Node) logical.Node
	expr := func(e logical.Expr) logical.Expr {
		return logical.Rewrite(e, func(x logical.Expr) logical.Expr {
			s, ok := x.(*logical.Subquery)
			if !ok || countRefs(s.Plan, d.id) == 0 {
				return x
			}
			c := *s
			c.Plan = node(s.Plan)
			c.Outer = logical.FreeColumns(c.Plan)
			return &c
		})
	}
	node = func(n logical.Node) logical.Node {
		return logical.RewriteNodes(n, func(n logical.Node) logical.Node {
			n = logical.MapExprs(n, expr)
			r, ok := n.(*logical.CTERef)
			if !ok || r.ID != d.id {
				return n
			}
			def, ids := logical.Clone(d.node, newID)
			p := &logical.Project{Input: def, Cols: r.Cols}
			for _, c := range d.cols {
				from := c
				if id, ok := ids[c.ID]; ok {
					from.ID = id
				}
				p.Exprs = append(p.Exprs, &from)
			}
			return p
		})
	}
	return node(n)
}
