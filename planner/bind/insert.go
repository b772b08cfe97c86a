package bind

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

func itoa(n int) string { return strconv.Itoa(n) }

// insertTarget is what VALUES of an INSERT go to.
type insertTarget struct {
	table *catalog.Table
	ords  []int // table ordinals of the listed columns
	types []types.Type
}

// defaultAt binds the default of listed column j.
func (t *insertTarget) defaultAt(b *binder, j int) (logical.Expr, error) {
	return b.defaultExpr(t.table.Columns[t.ords[j]].Default, t.types[j])
}

// insert binds INSERT INTO ... VALUES or SELECT.
func (b *binder) insert(s *ast.Insert) (Statement, error) {
	switch {
	case s.OrAction != "":
		return nil, unsupported(s, "INSERT OR %s", strings.ToUpper(s.OrAction))
	case s.OnConflict != nil:
		return nil, unsupported(s.OnConflict, "ON CONFLICT")
	}
	entry, err := b.o.Catalog.Lookup(ast.Names(s.Table), b.o.SearchPath, s.Table[0].Pos())
	if err != nil {
		return nil, err
	}
	table, ok := entry.(*catalog.Table)
	if !ok {
		return nil, sqlerr.At(s.Table[0].Pos(), sqlerr.CodeWrongObjectType, "%q is a view, rows cannot be inserted", ast.Last(s.Table).Name)
	}
	to := &insertTarget{table: table}
	if !s.ByName {
		if to, err = insertColumns(s, table); err != nil {
			return nil, err
		}
	}
	env, defs, err := b.with(s.With, nil, nil)
	if err != nil {
		return nil, err
	}
	var r *result
	switch {
	case s.Query == nil:
		to.ords, to.types = nil, nil
		r = &result{node: &logical.Values{Rows: [][]logical.Expr{{}}}}
	default:
		if v, ok := s.Query.Body.(*ast.Values); ok && !s.ByName && s.Query.With == nil && s.Query.OrderBy == nil && s.Query.Limit == nil {
			if err := widthMatches(s, to, len(v.Rows[0])); err != nil {
				return nil, err
			}
			r, err = b.values(v, env, nil, to)
		} else {
			r, err = b.query(s.Query, env, nil)
		}
		if err != nil {
			return nil, err
		}
		if s.ByName {
			if err := to.byName(s, r); err != nil {
				return nil, err
			}
		}
	}
	if err := widthMatches(s, to, len(r.cols)); s.Query != nil && err != nil {
		return nil, err
	}
	p := &logical.Project{Input: r.node}
	for i, c := range table.Columns {
		var e logical.Expr
		for j, o := range to.ords {
			if o == i {
				if !castable(b.typeOf(&r.cols[j]), c.Type) {
					return nil, sqlerr.At(s.Query.Pos(), sqlerr.CodeDatatypeMismatch, "column %q is of type %s, the value of type %s", c.Name, c.Type, r.cols[j].Typ)
				}
				e = b.cast(logical.Ref(r.cols[j]), c.Type)
			}
		}
		if e == nil {
			if e, err = b.defaultExpr(c.Default, c.Type); err != nil {
				return nil, err
			}
		}
		p.Cols = append(p.Cols, b.newCol(c.Name, c.Type))
		p.Exprs = append(p.Exprs, e)
	}
	node, err := b.finishCTEs(p, defs)
	if err != nil {
		return nil, err
	}
	plan := b.finish(&result{node: node, cols: p.Cols})
	ret, err := b.returning(s.Returning, table, s.Alias.Name, plan)
	if err != nil {
		return nil, err
	}
	return &Insert{Table: table, Plan: plan, Returning: ret}, nil
}

// byName makes the columns of INSERT BY NAME those that the query's are called.
func (t *insertTarget) byName(s *ast.Insert, r *result) error {
	if len(s.Columns) > 0 {
		return sqlerr.At(s.Columns[0].Pos(), sqlerr.CodeSyntax, "INSERT BY NAME takes no list of columns")
	}
	for _, c := range r.cols {
		i := columnOf(t.table, ast.Ident{At: ast.At(s.Query.Pos()), Name: c.Name})
		switch {
		case i < 0:
			return noColumn(t.table, ast.Ident{At: ast.At(s.Query.Pos()), Name: c.Name})
		case slices.Contains(t.ords, i):
			return sqlerr.At(s.Query.Pos(), sqlerr.CodeDuplicateColumn, "the query has column %q twice", c.Name)
		}
		t.ords, t.types = append(t.ords, i), append(t.types, t.table.Columns[i].Type)
	}
	return nil
}

// insertColumns resolves the column list; none is all columns.
func insertColumns(s *ast.Insert, table *catalog.Table) (*insertTarget, error) {
	to := &insertTarget{table: table}
	if len(s.Columns) == 0 {
		for i, c := range table.Columns {
			to.ords = append(to.ords, i)
			to.types = append(to.types, c.Type)
		}
		return to, nil
	}
	used := map[int]bool{}
	var names []string
	for _, c := range table.Columns {
		names = append(names, c.Name)
	}
next:
	for _, id := range s.Columns {
		for i, c := range table.Columns {
			if !id.Is(c.Name) {
				continue
			}
			if used[i] {
				return nil, sqlerr.At(id.Pos(), sqlerr.CodeDuplicateColumn, "column %q is listed twice", id.Name)
			}
			used[i] = true
			to.ords = append(to.ords, i)
			to.types = append(to.types, c.Type)
			continue next
		}
		err := sqlerr.At(id.Pos(), sqlerr.CodeUndefinedColumn, "table %q has no column %q", table.Name, id.Name)
		if near := sqlerr.Nearest(id.Name, names); len(near) > 0 {
			err = err.WithHint("did you mean %s?", catalog.Quoted(near))
		}
		return nil, err
	}
	return to, nil
}

func widthMatches(s *ast.Insert, to *insertTarget, n int) error {
	if n != len(to.ords) {
		return sqlerr.At(s.Query.Pos(), sqlerr.CodeSyntax, "INSERT has %d target columns but %d values", len(to.ords), n)
	}
	return nil
}
