package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// byName brings the columns of the inputs of a set operation BY NAME into one
// order: those of the first input, then those that only later ones have. Where
// an input lacks a column it has NULLs.
func (b *binder) byName(s *ast.SetOp, inputs []*result) error {
	var names []string
	at := map[string]int{}
	for i, r := range inputs {
		own := map[string]bool{}
		for _, c := range r.cols {
			key := strings.ToLower(c.Name)
			if own[key] {
				return sqlerr.At(s.Terms[i].Pos(), sqlerr.CodeAmbiguousColumn, "%s BY NAME wants column names that differ, column %q", s.Kind, c.Name)
			}
			own[key] = true
			if _, ok := at[key]; !ok {
				at[key] = len(names)
				names = append(names, c.Name)
			}
		}
	}
	for _, r := range inputs {
		cols := make([]logical.Column, len(names))
		have := make([]bool, len(names))
		known := r.known()
		moved := make([]columnNames, len(known))
		for n := range moved {
			moved[n] = columnNames{make([]string, len(names)), make([]ast.Expr, len(names))}
		}
		for i, c := range r.cols {
			k := at[strings.ToLower(c.Name)]
			cols[k], have[k] = c, true
			for n, in := range known {
				moved[n].names[k] = in.names[i]
				if in.trees != nil {
					moved[n].trees[k] = in.trees[i]
				}
			}
		}
		r.inputs = moved
		var p *logical.Project
		for k, name := range names {
			if have[k] {
				continue
			}
			if p == nil {
				p = &logical.Project{Input: r.node}
				seen := map[logical.ColID]bool{}
				for _, c := range r.cols {
					if !seen[c.ID] {
						seen[c.ID] = true
						p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, logical.Ref(c))
					}
				}
				r.node = p
			}
			null := types.Of(types.Null)
			cols[k] = b.newCol(name, null)
			p.Cols = append(p.Cols, cols[k])
			p.Exprs = append(p.Exprs, &logical.Const{At: -1, Value: types.NullOf(null)})
		}
		r.cols = cols
	}
	return nil
}
