package bind

import (
	"path"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
)

// from binds a FROM list to a node and the scope of its names. An empty list
// is one row without columns.
func (b *binder) from(list []ast.TableRef, env *cteScope, outer *scope) (logical.Node, *scope, error) {
	if len(list) == 0 {
		return &logical.Values{Rows: [][]logical.Expr{{}}}, &scope{outer: outer}, nil
	}
	var node logical.Node
	sc := &scope{outer: outer}
	for _, item := range list {
		item = b.asUnnest(item)
		if t, ok := isUnnest(item); ok && node != nil && t.Sample == nil {
			n, add, err := b.unnestTable(t, node, &scope{outer: outer, cols: sc.cols, rels: sc.rels}, env)
			if err != nil {
				return nil, nil, err
			}
			if err := sc.checkAliases(add, item.Pos()); err != nil {
				return nil, nil, err
			}
			node = n
			sc.cols = append(sc.cols, add.cols...)
			sc.rels = append(sc.rels, add.rels...)
			continue
		}
		n, add, err := b.tableRef(item, env, &scope{outer: outer, cols: sc.cols, rels: sc.rels})
		if err != nil {
			return nil, nil, err
		}
		if err := sc.checkAliases(add, item.Pos()); err != nil {
			return nil, nil, err
		}
		if node == nil {
			node = n
		} else {
			node = b.crossOrDependent(logical.Cross, node, n, nil)
		}
		sc.cols = append(sc.cols, add.cols...)
		sc.rels = append(sc.rels, add.rels...)
	}
	return node, sc, nil
}

// checkAliases refuses two explicit aliases of the same name; tables without
// an alias may repeat, their columns are then ambiguous.
func (s *scope) checkAliases(add *scope, pos int) error {
	for _, r := range add.rels {
		for _, o := range s.rels {
			if r.name != "" && strings.EqualFold(r.name, o.name) && !(r.implicit && o.implicit) {
				return sqlerr.At(pos, sqlerr.CodeDuplicateAlias, "table name %q is used more than once", r.name)
			}
		}
	}
	return nil
}

// crossOrDependent joins two sides; when the right one refers to columns of
// the left it is a dependent join.
func (b *binder) crossOrDependent(kind logical.JoinKind, left, right logical.Node, on []logical.Expr) logical.Node {
	have := logical.Produced(left)
	var outer []logical.ColID
	for _, id := range logical.FreeColumns(right) {
		if have[id] {
			outer = append(outer, id)
		}
	}
	if len(outer) > 0 {
		if kind == logical.Cross {
			kind = logical.Inner
		}
		return &logical.DependentJoin{Kind: kind, Left: left, Right: right, On: on, Outer: outer}
	}
	return &logical.Join{Kind: kind, Left: left, Right: right, On: on}
}

// tableRef binds one item; left is the scope of the items before it, which
// lateral subqueries see.
func (b *binder) tableRef(t ast.TableRef, env *cteScope, left *scope) (logical.Node, *scope, error) {
	if err := b.enter(t.Pos()); err != nil {
		return nil, nil, err
	}
	defer b.leave()
	if err := b.relation(t.Pos()); err != nil {
		return nil, nil, err
	}
	node, sc, err := b.tableItem(t, env, left)
	if err != nil {
		return nil, nil, err
	}
	node, err = sample(node, sampleOf(t))
	return node, sc, err
}

// tableItem is tableRef without a sample of it.
func (b *binder) tableItem(t ast.TableRef, env *cteScope, left *scope) (logical.Node, *scope, error) {
	switch t := b.asUnnest(t).(type) {
	case *ast.TableName:
		if t.Version != nil {
			return nil, nil, unsupported(t.Version, "time travel")
		}
		return b.tableName(t, env)
	case *ast.FileTable:
		if def := env.find(t.Path); def != nil {
			return b.cteRef(&ast.TableName{At: t.At, Parts: []ast.Ident{{At: t.At, Name: t.Path}}, Alias: t.Alias}, def)
		}
		return b.file(t, t.Path, t.Alias)
	case *ast.TableFunction:
		if _, ok := isUnnest(t); ok {
			return b.unnestTable(t, &logical.Values{Rows: [][]logical.Expr{{}}}, left, env)
		}
		if t.Ordinality {
			return nil, nil, unsupported(t, "WITH ORDINALITY")
		}
		return b.tableFunction(t)
	case *ast.DerivedTable:
		r, err := b.query(t.Query, env, left)
		if err != nil {
			return nil, nil, err
		}
		return b.aliased(t, r, t.Alias, unnamed(left))
	case *ast.Join:
		return b.join(t, env, left)
	case *ast.StatementTable:
		st, err := b.statement(t.Stmt)
		if err != nil {
			return nil, nil, err
		}
		q, ok := st.(*Query)
		if !ok {
			return nil, nil, unsupported(t, "%s in FROM", statementName(t.Stmt))
		}
		r := &result{node: q.Plan.Root}
		cols := map[logical.ColID]logical.Column{}
		for _, c := range q.Plan.Root.Columns() {
			cols[c.ID] = c
		}
		for i, id := range q.Plan.Output {
			c := cols[id]
			c.Name = q.Plan.Names[i]
			r.cols = append(r.cols, c)
		}
		return b.aliased(t, r, t.Alias, "")
	case *ast.Pivot:
		return b.pivot(t, env, left)
	case *ast.Unpivot:
		return b.unpivot(t, env, left)
	}
	return nil, nil, unsupported(t, "this kind of table")
}

// unnamed is what a subquery without an alias is called, behind the items left
// of FROM: unnamed_subquery, unnamed_subquery2 and so on.
func unnamed(left *scope) string {
	const name = "unnamed_subquery"
	n := 1
	for _, r := range left.rels {
		if strings.HasPrefix(r.name, name) && r.implicit {
			n++
		}
	}
	if n == 1 {
		return name
	}
	return name + strconv.Itoa(n)
}

// aliased makes the scope of a relation whose columns are cols of a result,
// under its alias and column aliases.
func (b *binder) aliased(at ast.Node, r *result, alias *ast.TableAlias, name string) (logical.Node, *scope, error) {
	rl := &rel{name: name, implicit: alias == nil || alias.Name == ""}
	cols := append([]logical.Column{}, r.cols...)
	node := r.node
	ids := make([]logical.ColID, len(cols))
	for i, c := range cols {
		ids[i] = c.ID
	}
	if hasDuplicates(ids) {
		node, ids = b.separate(r)
		for i := range cols {
			cols[i].ID = ids[i]
		}
	}
	if alias != nil {
		if alias.Name != "" {
			rl.name = alias.Name
		}
		if err := rename(cols, alias.Columns, rl.name, at.Pos()); err != nil {
			return nil, nil, err
		}
	}
	seen := map[string]int{}
	for i := range cols {
		cols[i].Name = unique(seen, cols[i].Name)
	}
	sc := &scope{}
	sc.add(rl, cols)
	return node, sc, nil
}

// rename gives the first columns the names of a column alias list.
func rename(cols []logical.Column, names []ast.Ident, what string, pos int) error {
	if len(names) > len(cols) {
		return sqlerr.At(names[len(cols)].Pos(), sqlerr.CodeInvalidColumnRef, "%q has %d columns but %d column aliases",
			what, len(cols), len(names))
	}
	for i, n := range names {
		cols[i].Name = n.Name
	}
	return nil
}

// tableName binds a name: a CTE, a table or view, else perhaps a file.
func (b *binder) tableName(t *ast.TableName, env *cteScope) (logical.Node, *scope, error) {
	parts := ast.Names(t.Parts)
	last := parts[len(parts)-1]
	if len(parts) == 1 {
		if def := env.find(parts[0]); def != nil {
			return b.cteRef(t, def)
		}
	}
	if recurring(t) {
		if def := env.find(last); def != nil && def.total != nil {
			return b.cteRef(t, def.total)
		}
	}
	entry := b.o.Catalog.Find(parts, b.o.SearchPath)
	if entry == nil {
		if st := findSystemTable(parts); st != nil {
			r, err := b.system(st)
			if err != nil {
				return nil, nil, err
			}
			return b.qualified(t, r, t.Alias, last, []string{"system", catalog.Main})
		}
		if p, ok := asPath(parts); ok {
			return b.file(t, p, t.Alias)
		}
		_, err := b.o.Catalog.Lookup(parts, b.o.SearchPath, t.Pos(), env.names()...)
		return nil, nil, err
	}
	schema, _ := entry.Names()
	switch e := entry.(type) {
	case *catalog.Table:
		scan := b.baseScan(e, b.rows(e))
		n, sc, err := b.qualified(t, &result{node: scan, cols: scan.Cols}, t.Alias, last, []string{b.o.Catalog.Database, schema})
		if err == nil {
			sc.rels[0].scan = scan
		}
		return n, sc, err
	case *catalog.View:
		r, err := b.view(e, t.Pos())
		if err != nil {
			return nil, nil, err
		}
		return b.qualified(t, r, t.Alias, last, []string{b.o.Catalog.Database, schema})
	}
	return nil, nil, unsupported(t, "a %s in FROM", entry.What())
}

// qualified is aliased for an object of the catalog, which its schema may qualify
// while it has no alias.
func (b *binder) qualified(at ast.Node, r *result, alias *ast.TableAlias, name string, path []string) (logical.Node, *scope, error) {
	n, sc, err := b.aliased(at, r, alias, name)
	if err == nil && sc.rels[0].implicit {
		sc.rels[0].path = path
	}
	return n, sc, err
}

// scan makes the node that reads all columns of a table.
func (b *binder) scan(t storage.Table, name string) *logical.Scan {
	s := &logical.Scan{Table: t, Name: name}
	for i, c := range t.Columns() {
		s.Cols = append(s.Cols, b.newCol(c.Name, c.Type))
		s.Ords = append(s.Ords, i)
	}
	return s
}

// baseScan makes the node that reads a table of the catalog, whose column names
// may be others than when its rows were stored.
func (b *binder) baseScan(t *catalog.Table, rows storage.Table) *logical.Scan {
	s := b.scan(rows, t.Name)
	for i := range t.Columns {
		s.Cols[i].Name = t.Columns[i].Name
	}
	return s
}

// maxViewDepth bounds views within views; one that reads itself ends here.
const maxViewDepth = 64

// view binds the query of a view, which sees nothing of the query around it.
func (b *binder) view(v *catalog.View, pos int) (*result, error) {
	b.views++
	defer func() { b.views-- }()
	if b.views > maxViewDepth {
		return nil, sqlerr.At(pos, sqlerr.CodeTooComplex, "views nest deeper than %d levels, view %q", maxViewDepth, v.Name)
	}
	r, err := b.query(v.Query, nil, nil)
	if err != nil {
		// The position is one of the view's text, not of this statement's.
		e := sqlerr.Wrap(err, sqlerr.Code(err), "view %q", v.Name)
		e.Pos = pos
		return nil, e
	}
	cols := append([]logical.Column{}, r.cols...)
	for i, n := range v.Columns {
		if i < len(cols) {
			cols[i].Name = n
		}
	}
	return &result{node: r.node, cols: cols}, nil
}

// fileExtensions are those by which a bare name is taken for a file.
var fileExtensions = []string{".parquet", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".arrow", ".gz", ".zst"}

// asPath tells whether a name that is no table looks like a file: FROM
// "x.parquet", FROM x.parquet.
func asPath(parts []string) (string, bool) {
	p := strings.Join(parts, ".")
	low := strings.ToLower(p)
	for _, e := range fileExtensions {
		if strings.HasSuffix(low, e) && len(low) > len(e) {
			return p, true
		}
	}
	return p, len(parts) == 1 && strings.ContainsAny(p, "/*")
}

// file binds a path in FROM.
func (b *binder) file(at ast.Node, p string, alias *ast.TableAlias) (logical.Node, *scope, error) {
	return b.open(at, p, OpenArgs{Paths: []string{p}}, alias)
}

func (b *binder) open(at ast.Node, p string, args OpenArgs, alias *ast.TableAlias) (logical.Node, *scope, error) {
	if b.o.OpenPath == nil {
		return nil, nil, sqlerr.At(at.Pos(), sqlerr.CodePrivilege, "reading files is not allowed here, file %q", p)
	}
	t, err := b.path(p, args)
	if err != nil {
		return nil, nil, sqlerr.WithPos(err, at.Pos())
	}
	s := b.scan(t, p)
	name := path.Base(strings.TrimRight(strings.ReplaceAll(p, `\`, "/"), "/"))
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	return b.aliased(at, &result{node: s, cols: s.Cols}, alias, name)
}
