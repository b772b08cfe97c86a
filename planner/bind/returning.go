package bind

import (
	"context"
	"slices"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

// Returning is the plan of a RETURNING clause. It reads the rows that a statement
// has changed, which whoever runs it keeps: the columns of the statement's own
// plan, each row once.
type Returning struct {
	Plan *logical.Plan
	scan *logical.Scan
}

// From lets the plan read rows, whose columns are the statement's.
func (r *Returning) From(rows storage.Table) { r.scan.Table = rows }

// keptRows stands for the rows until there are any.
type keptRows []storage.Column

func (k keptRows) Columns() []storage.Column { return k }

func (k keptRows) Stats(context.Context) (*storage.TableStats, error) {
	return &storage.TableStats{}, nil
}

func (k keptRows) Scan(context.Context, *storage.ScanSpec) (storage.Scanner, error) {
	return nil, sqlerr.New(sqlerr.CodeInternal, "a RETURNING clause has no rows yet")
}

// returning binds a RETURNING clause of a statement whose plan has the columns of a
// table last; nil without one. The plan's parameters are those of both from here
// on.
func (b *binder) returning(items []ast.SelectItem, t *catalog.Table, alias string, plan *logical.Plan) (*Returning, error) {
	if len(items) == 0 {
		return nil, nil
	}
	for i := range items {
		if err := checkReturning(items[i].Expr); err != nil {
			return nil, err
		}
	}
	kept := make(keptRows, len(plan.Output))
	for _, c := range plan.Root.Columns() {
		if i := slices.Index(plan.Output, c.ID); i >= 0 {
			kept[i] = storage.Column{Name: plan.Names[i], Type: c.Typ}
		}
	}
	r := &Returning{scan: b.scan(kept, t.Name)}
	cols := r.scan.Cols[len(kept)-len(t.Columns):]
	for i := range cols {
		cols[i].Name = t.Columns[i].Name
	}
	source := &rel{name: alias}
	if alias == "" {
		source = &rel{name: t.Name, implicit: true, path: []string{b.o.Catalog.Database, t.Schema}}
	}
	sc := &scope{}
	sc.add(source, cols)
	sel := &ast.Select{At: items[0].At, Items: items}
	res, err := b.selectOver(sel, nil, nil, r.scan, sc)
	if err != nil {
		return nil, err
	}
	logical.WalkNodes(res.node, func(n logical.Node) bool {
		switch n.(type) {
		case *logical.Aggregate:
			err = sqlerr.At(items[0].Pos(), sqlerr.CodeGrouping, "RETURNING cannot contain aggregate functions")
		case *logical.Window:
			err = sqlerr.At(items[0].Pos(), sqlerr.CodeWindowing, "RETURNING cannot contain window functions")
		}
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	r.Plan = b.finish(res)
	plan.Params, plan.ParamNames = r.Plan.Params, r.Plan.ParamNames
	return r, nil
}

// checkReturning refuses subqueries: nothing says whether they see the change.
func checkReturning(e ast.Expr) (err error) {
	ast.Inspect(e, func(n ast.Node) bool {
		if q, ok := n.(*ast.Query); ok && err == nil {
			err = unsupported(q, "a subquery in RETURNING")
		}
		return err == nil
	})
	return err
}
