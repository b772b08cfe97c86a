package bind

import (
	"regexp"
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// starCol is a column that a star or COLUMNS stands for.
type starCol struct {
	name  string
	expr  ast.Expr
	match []string // for COLUMNS('regex'): the name, then what its groups matched
}

// boundCol is the tree of a column that a star stands for: names cannot tell it
// apart where several columns share them.
type boundCol struct {
	ast.Expr // nil
	at       ast.At
	name     string
	col      logical.Column
}

func (c *boundCol) Pos() int { return c.at.Pos() }

// tree returns the expression that stands for a column in sight.
func (c *scopeCol) tree(at ast.At) ast.Expr {
	return &boundCol{at: at, name: c.name, col: c.col}
}

// starItems expands a star of a select list.
func (b *binder) starItems(st *ast.Star, alias string, base exprCtx, aggs *aggSet) ([]selectItem, error) {
	cols, err := b.starCols(&base, st)
	if err != nil {
		return nil, err
	}
	var items []selectItem
	c := base
	c.clause, c.aggs, c.aliasLimit = "SELECT", aggs, 0
	for _, s := range cols {
		x, err := b.expr(&c, s.expr)
		if err != nil {
			return nil, err
		}
		name := s.name
		if alias != "" {
			name = s.aliasFor(alias)
		}
		items = append(items, selectItem{name: name, expr: x})
	}
	return items, nil
}

// starCols lists what a star with its modifiers stands for, in order; it may be
// nothing.
func (b *binder) starCols(c *exprCtx, st *ast.Star) ([]starCol, error) {
	if err := checkStar(st); err != nil {
		return nil, err
	}
	cols, fields, err := b.starSource(c, st)
	if err != nil {
		return nil, err
	}
	var out []starCol
	if fields != nil {
		out, err = structStar(st, fields)
	} else {
		out, err = c.scope.modified(st, cols)
	}
	if err != nil || st.Like == nil {
		return out, err
	}
	return b.starLike(st, out)
}

// starSource finds the columns of * or t.*, or the fields of s.* where s is a
// struct.
func (b *binder) starSource(c *exprCtx, st *ast.Star) ([]*scopeCol, []starCol, error) {
	if q := st.Qualifier; len(q) > 0 && !c.scope.ownRel(q) {
		ref := &ast.ColumnRef{At: st.At, Parts: q}
		if x, err := b.column(c, ref); err == nil && x.Type().ID == types.Struct {
			fields := []starCol{}
			for _, f := range x.Type().Ext.Fields {
				fields = append(fields, starCol{name: f.Name, expr: &ast.Field{At: st.At, X: ref, Name: ast.Ident{At: st.At, Name: f.Name}}})
			}
			return nil, fields, nil
		}
	}
	cols, err := c.scope.star(st)
	return cols, nil, err
}

// ownRel reports whether a relation of this scope is called qualifier.
func (s *scope) ownRel(qualifier []ast.Ident) bool {
	for _, r := range s.rels {
		if r.matches(qualifier) {
			return true
		}
	}
	return false
}

// checkStar refuses modifiers that contradict each other.
func checkStar(st *ast.Star) error {
	same := func(x, y []ast.Ident) bool {
		return len(x) == len(y) && strings.EqualFold(strings.Join(ast.Names(x), "."), strings.Join(ast.Names(y), "."))
	}
	var replace, rename [][]ast.Ident
	for _, r := range st.Replace {
		replace = append(replace, []ast.Ident{r.Column})
	}
	for _, r := range st.Rename {
		rename = append(rename, r.Column)
	}
	lists := []struct {
		name  string
		names [][]ast.Ident
	}{{"EXCLUDE", st.Exclude}, {"REPLACE", replace}, {"RENAME", rename}}
	for i, l := range lists {
		for k, x := range l.names {
			for _, y := range l.names[:k] {
				if same(x, y) {
					return sqlerr.At(ast.Last(x).Pos(), sqlerr.CodeSyntax, "duplicate entry %q in the %s list", ast.Last(x).Name, l.name)
				}
			}
			for _, o := range lists[:i] {
				for _, y := range o.names {
					if same(x, y) {
						return sqlerr.At(ast.Last(x).Pos(), sqlerr.CodeSyntax, "column %q cannot occur in both %s and %s list", ast.Last(x).Name, o.name, l.name)
					}
				}
			}
		}
	}
	switch {
	case st.Like == nil:
	case len(st.Replace) > 0:
		return sqlerr.At(st.Like.Pos(), sqlerr.CodeSyntax, "Replace list cannot be combined with a filtering operation")
	case len(st.Rename) > 0:
		return sqlerr.At(st.Like.Pos(), sqlerr.CodeSyntax, "Rename list cannot be combined with a filtering operation")
	}
	return nil
}

// notInStar is the error for a name of a modifier that the star does not have.
func notInStar(name []ast.Ident, clause string, names []string) error {
	err := sqlerr.At(name[0].Pos(), sqlerr.CodeUndefinedColumn, "column %q in the %s list is not in the FROM clause", strings.Join(ast.Names(name), "."), clause)
	if near := sqlerr.Nearest(ast.Last(name).Name, names); len(near) > 0 {
		return err.WithHint("did you mean %q?", near[0])
	}
	return err
}

// modified applies EXCLUDE, REPLACE and RENAME to columns. A column that USING
// made of several goes by each of them in turn: what excludes or renames one of
// them, by its table, meets the next.
func (s *scope) modified(st *ast.Star, cols []*scopeCol) ([]starCol, error) {
	var names []string
	for i := range s.cols {
		names = append(names, s.cols[i].name)
	}
	matches := func(c *scopeCol, name []ast.Ident) bool {
		last, rel := name[len(name)-1], name[:len(name)-1]
		return last.Is(c.name) && (len(rel) == 0 || c.rel.matches(rel))
	}
	found := func(name []ast.Ident) bool {
		for _, c := range cols {
			for _, m := range s.members(c) {
				if matches(m, name) {
					return true
				}
			}
		}
		return false
	}
	for _, x := range st.Exclude {
		if !found(x) {
			return nil, notInStar(x, "EXCLUDE", names)
		}
	}
	for i := range st.Replace {
		if name := []ast.Ident{st.Replace[i].Column}; !found(name) {
			return nil, notInStar(name, "REPLACE", names)
		}
	}
	replaced := make([]bool, len(st.Replace))
	type place struct {
		col starCol
		at  int
	}
	var out []place
next:
	for _, c := range cols {
		one := starCol{name: c.name, expr: c.tree(st.At)}
		for i := range st.Replace {
			r := &st.Replace[i]
			if !r.Column.Is(c.name) {
				continue
			}
			if replaced[i] {
				continue next // the first of the name stands for all
			}
			replaced[i], one.expr = true, r.Expr
		}
		// The first member that is left gives the place and the name.
		at := -1
		for _, m := range s.members(c) {
			out := false
			for _, x := range st.Exclude {
				out = out || matches(m, x)
			}
			if out {
				continue
			}
			at = s.index(m)
			for _, r := range st.Rename {
				if matches(m, r.Column) {
					one.name = r.Name.Name
				}
			}
			break
		}
		if at >= 0 {
			if at == s.index(s.members(c)[0]) {
				at = s.index(c)
			}
			out = append(out, place{one, at})
		}
	}
	// A merged column whose first member is out moves to the next one's place.
	for i := 1; i < len(out); i++ {
		for k := i; k > 0 && out[k-1].at > out[k].at; k-- {
			out[k-1], out[k] = out[k], out[k-1]
		}
	}
	list := make([]starCol, len(out))
	for i, p := range out {
		list[i] = p.col
	}
	return list, nil
}

// members lists the columns of tables that a column in sight stands for, in the
// order of their tables: itself unless USING made it of several.
func (s *scope) members(c *scopeCol) []*scopeCol {
	if c.group == 0 {
		return []*scopeCol{c}
	}
	var out []*scopeCol
	for i := range s.cols {
		if m := &s.cols[i]; m.group == c.group && m.rel != nil {
			out = append(out, m)
		}
	}
	return out
}

func (s *scope) index(c *scopeCol) int {
	for i := range s.cols {
		if &s.cols[i] == c {
			return i
		}
	}
	return -1
}

// structStar applies the modifiers of s.* to the fields of s.
func structStar(st *ast.Star, fields []starCol) ([]starCol, error) {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	at := func(name []ast.Ident) int {
		for i, n := range names {
			if ast.Last(name).Is(n) {
				return i
			}
		}
		return -1
	}
	drop := make([]bool, len(fields))
	for _, x := range st.Exclude {
		i := at(x)
		if i < 0 {
			return nil, notInStar(x, "EXCLUDE", names)
		}
		drop[i] = true
	}
	for _, r := range st.Replace {
		i := at([]ast.Ident{r.Column})
		if i < 0 {
			return nil, notInStar([]ast.Ident{r.Column}, "REPLACE", names)
		}
		fields[i].expr = r.Expr
	}
	for _, r := range st.Rename {
		if i := at(r.Column); i >= 0 {
			fields[i].name = r.Name.Name
		}
	}
	var out []starCol
	for i, f := range fields {
		if !drop[i] {
			out = append(out, f)
		}
	}
	return out, nil
}

// starLike keeps the columns whose names match the pattern of * LIKE.
func (b *binder) starLike(st *ast.Star, cols []starCol) ([]starCol, error) {
	l, ok := st.Like.Pattern.(*ast.Literal)
	if !ok {
		return nil, sqlerr.At(st.Like.Pos(), sqlerr.CodeSyntax, "the pattern applied to a star must be a constant")
	}
	if l.Kind == ast.LitNull {
		return nil, emptyStar(st)
	}
	var groups *regexp.Regexp // of SIMILAR TO, for the alias
	if st.Like.Kind == ast.LikeSimilar && !st.Like.Not {
		groups, _ = regexp.Compile("^(?:" + l.Text + ")$") // a bad one fails below
	}
	var out []starCol
	c := &exprCtx{scope: &scope{}, clause: "* LIKE"}
	for _, s := range cols {
		like := *st.Like
		like.X = &ast.Literal{At: st.At, Kind: ast.LitString, Text: s.name}
		keep, err := b.isTrue(c, &like)
		if err != nil {
			return nil, err
		}
		if keep {
			if groups != nil {
				s.match = groups.FindStringSubmatch(s.name)
			}
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, emptyStar(st)
	}
	return out, nil
}

func emptyStar(e ast.Expr) error {
	return sqlerr.At(e.Pos(), sqlerr.CodeUndefinedColumn, "%s stands for no column", format.ColumnName(e))
}

// evaluate computes a bound constant expression.
func (b *binder) evaluate(e logical.Expr) (types.Value, error) {
	if k, ok := e.(*logical.Const); ok {
		return k.Value, nil
	}
	e, err := b.valued(e)
	if err != nil {
		return types.Value{}, err
	}
	if k, ok := e.(*logical.Const); ok {
		return k.Value, nil
	}
	if b.o.Evaluate == nil || logical.HasSubquery(e) || len(logical.ColumnsOf(e)) > 0 {
		return types.Value{}, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "the expression must be constant")
	}
	return b.o.Evaluate(b.ctx, e)
}

// isTrue evaluates a condition without columns; NULL is not true.
func (b *binder) isTrue(c *exprCtx, e ast.Expr) (bool, error) {
	x, err := b.condition(c, e, "a condition on names")
	if err != nil {
		return false, err
	}
	v, err := b.evaluate(x)
	return err == nil && !v.IsNull && v.I != 0, err
}

// columnsOf lists what COLUMNS(arg) stands for.
func (b *binder) columnsOf(c *exprCtx, e *ast.Columns) ([]starCol, error) {
	all := &ast.Star{At: e.At, Qualifier: e.Qualifier}
	if st, ok := e.Arg.(*ast.Star); ok {
		if len(e.Qualifier) > 0 {
			s := *st
			s.Qualifier = e.Qualifier
			st = &s
		}
		cols, err := b.starCols(c, st)
		if err == nil && len(cols) == 0 {
			err = emptyStar(e)
		}
		return cols, err
	}
	cols, err := b.starCols(c, all)
	if err != nil {
		return nil, err
	}
	switch a := e.Arg.(type) {
	case *ast.Columns:
		return nil, sqlerr.At(a.Pos(), sqlerr.CodeSyntax, "COLUMNS is not allowed inside another COLUMNS")
	case *ast.Lambda:
		return b.columnsWhere(e, cols, a.Params, a.Body)
	case *ast.Arrow:
		params, err := lambdaParams(a.L)
		if err != nil {
			return nil, err
		}
		return b.columnsWhere(e, cols, params, a.R)
	}
	x, err := b.expr(&exprCtx{scope: &scope{}, clause: "COLUMNS"}, e.Arg)
	if err != nil {
		return nil, err
	}
	v, err := b.evaluate(b.settled(x))
	if err != nil {
		return nil, err
	}
	switch {
	case v.IsNull:
	case v.Type.ID == types.Varchar:
		return columnsMatching(e, cols, v.S)
	case v.Type.ID == types.List && v.Type.Ext.Child.ID == types.Varchar:
		return columnsNamed(e, cols, v.Children)
	}
	return nil, sqlerr.At(e.Arg.Pos(), sqlerr.CodeDatatypeMismatch, "COLUMNS wants a regular expression, a list of names, a lambda or a star, not %s", x.Type())
}

// columnsMatching keeps the columns whose names the regular expression finds.
func columnsMatching(e *ast.Columns, cols []starCol, pattern string) ([]starCol, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, sqlerr.At(e.Arg.Pos(), sqlerr.CodeInvalidRegexp, "%s", err.Error())
	}
	var out []starCol
	var names []string
	for _, s := range cols {
		names = append(names, s.name)
		if s.match = re.FindStringSubmatch(s.name); s.match != nil {
			s.match[0] = s.name // \0 is the whole name, whatever part of it matched
			out = append(out, s)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	bad := sqlerr.At(e.Pos(), sqlerr.CodeUndefinedColumn, "no column matches the regular expression %q", pattern)
	if near := sqlerr.Nearest(pattern, names); len(near) > 0 {
		bad = bad.WithHint("did you mean %q?", near[0])
	}
	return nil, bad
}

// columnsNamed keeps the columns whose names are listed.
func columnsNamed(e *ast.Columns, cols []starCol, list []types.Value) ([]starCol, error) {
	want := map[string]bool{}
	for _, v := range list {
		want[strings.ToLower(v.S)] = false
	}
	var out []starCol
	var names []string
	for _, s := range cols {
		names = append(names, s.name)
		key := strings.ToLower(s.name)
		if _, ok := want[key]; ok {
			want[key] = true
			out = append(out, s)
		}
	}
	for _, v := range list {
		if !want[strings.ToLower(v.S)] {
			return nil, notInStar([]ast.Ident{{At: ast.At(e.Arg.Pos()), Name: v.S}}, "COLUMNS", names)
		}
	}
	if len(out) == 0 {
		return nil, emptyStar(e)
	}
	return out, nil
}

// columnsWhere keeps the columns for whose names, and positions from 1, a lambda
// is true.
func (b *binder) columnsWhere(e *ast.Columns, cols []starCol, params []ast.Ident, body ast.Expr) ([]starCol, error) {
	if len(params) > 2 {
		return nil, sqlerr.At(params[2].Pos(), sqlerr.CodeSyntax, "the lambda of COLUMNS takes a name and its position")
	}
	var out []starCol
	for i, s := range cols {
		values := []types.Value{types.StringValue(s.name), types.IntValue(types.Of(types.BigInt), int64(i+1))}
		c := &exprCtx{scope: &scope{}, clause: "COLUMNS"}
		for k, p := range params {
			at := logical.At(p.Pos())
			// The type is given: a literal would adapt to what it meets.
			c.vars = append(c.vars, lambdaVar{name: p, expr: &logical.Cast{At: at, Arg: &logical.Const{At: at, Value: values[k]}, To: values[k].Type}})
		}
		keep, err := b.isTrue(c, body)
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, emptyStar(e)
	}
	return out, nil
}

// lambdaParams are the names left of ->.
func lambdaParams(l ast.Expr) ([]ast.Ident, error) {
	list := []ast.Expr{l}
	if row, ok := l.(*ast.Row); ok {
		list = row.Elems
	}
	var out []ast.Ident
	for _, x := range list {
		ref, ok := x.(*ast.ColumnRef)
		if !ok || len(ref.Parts) != 1 {
			return nil, sqlerr.At(x.Pos(), sqlerr.CodeSyntax, "the parameters of a lambda are names")
		}
		out = append(out, ref.Parts[0])
	}
	return out, nil
}

// findColumns returns the COLUMNS, or * LIKE, within an expression, nil when
// there is none. Subqueries have their own. Several must be the same, since all
// go over one list of columns together.
func findColumns(e ast.Expr) (ast.Expr, error) {
	var found ast.Expr
	var err error
	ast.Inspect(e, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.Query:
			return false
		case *ast.Columns:
			switch {
			case x.Unpack || err != nil:
			case found == nil:
				found = x
			case lambdaArg(x.Arg) || format.ColumnName(found) != format.ColumnName(x):
				err = sqlerr.At(x.Pos(), sqlerr.CodeUnsupported, "different stars or COLUMNS in the same expression are not supported")
			}
			return false
		}
		return err == nil
	})
	return found, err
}

func lambdaArg(e ast.Expr) bool {
	switch e.(type) {
	case *ast.Lambda, *ast.Arrow:
		return true
	}
	return false
}

// overColumns returns the context in which an expression with COLUMNS is bound
// for each column that they stand for, and that column; one context and a nil
// column for an expression without.
func (b *binder) overColumns(c *exprCtx, e ast.Expr) ([]exprCtx, []starCol, error) {
	found, err := findColumns(e)
	if found == nil || err != nil {
		return []exprCtx{*c}, nil, err
	}
	cols, err := b.columnsOf(c, found.(*ast.Columns))
	if err != nil {
		return nil, nil, err
	}
	out := make([]exprCtx, len(cols))
	for i := range cols {
		out[i] = *c
		out[i].column = &cols[i]
	}
	return out, cols, nil
}

// aliasFor is the alias of an expression with COLUMNS for one column: \0 is its
// name, \1 to \9 the groups of the regular expression.
func (s *starCol) aliasFor(alias string) string {
	if s.match == nil || !strings.Contains(alias, `\`) {
		return alias
	}
	var out strings.Builder
	for i := 0; i < len(alias); i++ {
		if alias[i] != '\\' || i+1 == len(alias) || alias[i+1] < '0' || alias[i+1] > '9' {
			out.WriteByte(alias[i])
			continue
		}
		i++
		if n := int(alias[i] - '0'); n < len(s.match) {
			out.WriteString(s.match[n])
		}
	}
	return out.String()
}

// unpacked replaces *COLUMNS(...) among arguments by the columns that it stands
// for.
func (b *binder) unpacked(c *exprCtx, args []ast.Expr) ([]ast.Expr, error) {
	for i, a := range args {
		u, ok := a.(*ast.Columns)
		if !ok || !u.Unpack {
			continue
		}
		cols, err := b.columnsOf(c, u)
		if err != nil {
			return nil, err
		}
		out := append([]ast.Expr{}, args[:i]...)
		for _, s := range cols {
			out = append(out, s.expr)
		}
		rest, err := b.unpacked(c, args[i+1:])
		return append(out, rest...), err
	}
	return args, nil
}
