package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

// rowID binds rowid and t.rowid, where no column has that name, to the IDs of a
// base table's rows; nil when it is something else. The scan gets the column
// when it is first named.
func (b *binder) rowID(c *exprCtx, e *ast.ColumnRef) (logical.Expr, error) {
	last := len(e.Parts) - 1
	if !e.Parts[last].Is("rowid") {
		return nil, nil
	}
	for s := c.scope; s != nil; s = s.outer {
		var found *rel
		for _, r := range s.rels {
			if r.rowIDs() == nil || last > 0 && !r.matches(e.Parts[:last]) {
				continue
			}
			if found != nil {
				return nil, sqlerr.At(e.Pos(), sqlerr.CodeAmbiguousColumn, "column name %q is ambiguous", "rowid").
					WithHint("write %q or %q", found.name+".rowid", r.name+".rowid")
			}
			found = r
		}
		if found == nil {
			continue
		}
		if found.rowid == nil {
			found.addRowID(b)
		}
		ref := *found.rowid
		ref.At = logical.At(e.Pos())
		return &ref, nil
	}
	return nil, nil
}

// rowIDs returns the relation's rows if they have IDs.
func (r *rel) rowIDs() storage.RowIdentifier {
	if r.scan == nil {
		return nil
	}
	t, _ := r.scan.Table.(storage.RowIdentifier)
	return t
}

// addRowID lets the relation's scan read the IDs too; nothing has been made of the
// plan yet but nodes around it.
func (r *rel) addRowID(b *binder) {
	rows := r.rowIDs().WithRowIDs()
	cols := rows.Columns()
	col := b.newCol("rowid", cols[len(cols)-1].Type)
	// The relation's columns may be shared with the result that shows them.
	r.scan.Table = rows
	r.scan.Cols = append(r.scan.Cols[:len(r.scan.Cols):len(r.scan.Cols)], col)
	r.scan.Ords = append(r.scan.Ords[:len(r.scan.Ords):len(r.scan.Ords)], len(cols)-1)
	r.rowid = &col
	for _, p := range r.passes {
		p.Cols, p.Exprs = append(p.Cols, col), append(p.Exprs, logical.Ref(col))
	}
}
