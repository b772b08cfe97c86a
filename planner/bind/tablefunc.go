package bind

import (
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/operators/function/scalar"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// readers are the functions in FROM that read files.
var readers = map[string]string{
	"read_parquet": "read_parquet", "parquet_scan": "read_parquet",
	"read_csv": "read_csv", "read_csv_auto": "read_csv_auto",
}

var tableFunctions = []string{"read_parquet", "parquet_scan", "read_csv", "read_csv_auto", "range", "generate_series", "repeat", "gannet_memory"}

// tableFunction binds a function in FROM; its arguments are constants.
func (b *binder) tableFunction(t *ast.TableFunction) (logical.Node, *scope, error) {
	f := t.Call
	name := strings.ToLower(ast.Last(f.Name).Name)
	if err := plainCall(f); err != nil {
		return nil, nil, err
	}
	switch {
	case readers[name] != "":
		return b.reader(t, readers[name])
	case name == "range" || name == "generate_series":
		return b.series(t, name)
	case name == "repeat":
		return b.repeat(t)
	}
	if st := findSystemTable([]string{name}); st != nil && len(f.Args) == 0 {
		r, err := b.system(st)
		if err != nil {
			return nil, nil, err
		}
		return b.aliased(t, r, t.Alias, name)
	}
	if name == "pragma_table_info" && len(f.Args) == 1 {
		parts, err := nameArg(f.Args[0])
		if err != nil {
			return nil, nil, err
		}
		r, err := b.tableInfo(parts)
		if err != nil {
			return nil, nil, err
		}
		return b.aliased(t, r, t.Alias, name)
	}
	if b.o.SystemTable != nil {
		if table := b.o.SystemTable(name); table != nil {
			if len(f.Args) > 0 {
				return nil, nil, sqlerr.At(f.Args[0].Pos(), sqlerr.CodeUndefinedFunction, "%s takes no arguments", name)
			}
			s := b.scan(table, name)
			return b.aliased(t, &result{node: s, cols: s.Cols}, t.Alias, name)
		}
	}
	if b.o.Functions.Scalar(name) != nil || b.o.Functions.Aggregate(name) != nil {
		return nil, nil, unsupported(f, "the function %s in FROM", name)
	}
	err := sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "table function %q does not exist", name)
	if near := sqlerr.Nearest(name, tableFunctions); len(near) > 0 {
		return nil, nil, err.WithHint("did you mean %s?", catalog.Quoted(near))
	}
	return nil, nil, err
}

// reader binds read_parquet(path or list of paths, option = value ...).
func (b *binder) reader(t *ast.TableFunction, name string) (logical.Node, *scope, error) {
	args := OpenArgs{Function: name, Named: map[string]types.Value{}}
	for i, a := range t.Call.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			v, err := constant(n.Value)
			if err != nil {
				return nil, nil, err
			}
			key := strings.ToLower(n.Name.Name)
			if _, dup := args.Named[key]; dup {
				return nil, nil, sqlerr.At(n.Pos(), sqlerr.CodeSyntax, "option %q is given twice", n.Name.Name)
			}
			args.Named[key] = v
			continue
		}
		// option = value parses as a comparison.
		if cmp, ok := a.(*ast.Comparison); ok && cmp.Op == ast.OpEq && i > 0 {
			if ref, ok := cmp.L.(*ast.ColumnRef); ok && len(ref.Parts) == 1 {
				v, err := constant(cmp.R)
				if err != nil {
					return nil, nil, err
				}
				args.Named[strings.ToLower(ref.Parts[0].Name)] = v
				continue
			}
		}
		if i > 0 {
			return nil, nil, sqlerr.At(a.Pos(), sqlerr.CodeUndefinedFunction, "%s takes one path or list of paths, then named options", name)
		}
		v, err := constant(a)
		if err != nil {
			return nil, nil, err
		}
		switch v.Type.ID {
		case types.Varchar:
			args.Paths = []string{v.S}
		case types.List:
			for _, c := range v.Children {
				if c.Type.ID != types.Varchar {
					return nil, nil, sqlerr.At(a.Pos(), sqlerr.CodeDatatypeMismatch, "paths are strings, not %s", c.Type)
				}
				args.Paths = append(args.Paths, c.S)
			}
		}
	}
	if len(args.Paths) == 0 {
		return nil, nil, sqlerr.At(t.Call.Pos(), sqlerr.CodeUndefinedFunction, "%s wants a path", name)
	}
	return b.open(t, args.Paths[0], args, t.Alias)
}

// isSeries tells whether an item of FROM is range(...) or generate_series(...).
func isSeries(t ast.TableRef) (*ast.TableFunction, bool) {
	f, ok := t.(*ast.TableFunction)
	return f, ok && len(f.Call.Name) == 1 && (f.Call.Name[0].Is("range") || f.Call.Name[0].Is("generate_series"))
}

// asUnnest turns range(...) and generate_series(...) whose arguments are not
// constant integers, so columns of items before or timestamps, into the unnest
// of the list that the function of that name makes.
func (b *binder) asUnnest(t ast.TableRef) ast.TableRef {
	f, ok := isSeries(t)
	if !ok || f.Sample != nil {
		return t
	}
	for _, a := range f.Call.Args {
		v, err := b.constantArg(a)
		if err == nil && !f.Ordinality && (v.IsNull || v.Type.IsInteger() && v.Type.ID != types.HugeInt) {
			continue
		}
		if err == nil && !v.Type.IsTemporal() && !f.Ordinality {
			return t
		}
		name := strings.ToLower(f.Call.Name[0].Name)
		u := *f
		u.Call = &ast.FuncCall{At: f.Call.At, Name: []ast.Ident{{At: f.Call.At, Name: "unnest"}}, Args: []ast.Expr{f.Call}}
		alias := ast.TableAlias{At: f.At, Name: name}
		if f.Alias != nil {
			alias = *f.Alias
		}
		if len(alias.Columns) == 0 {
			alias.Columns = []ast.Ident{{At: f.At, Name: name}}
			if f.Ordinality {
				alias.Columns = append(alias.Columns, ast.Ident{At: f.At, Name: "ordinality"})
			}
		}
		u.Alias = &alias
		return &u
	}
	return t
}

// constantArg evaluates an argument that sees no columns.
func (b *binder) constantArg(e ast.Expr) (types.Value, error) {
	x, err := b.expr(&exprCtx{scope: &scope{}, clause: "FROM"}, e)
	if err != nil {
		return types.Value{}, err
	}
	return b.evaluate(b.settled(x))
}

// repeat binds repeat(value, n): n rows of the value.
func (b *binder) repeat(t *ast.TableFunction) (logical.Node, *scope, error) {
	f := t.Call
	if len(f.Args) != 2 {
		return nil, nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "repeat wants a value and a number of rows")
	}
	v, err := b.constantArg(f.Args[0])
	if err != nil {
		return nil, nil, err
	}
	n, err := b.constantArg(f.Args[1])
	if err != nil {
		return nil, nil, err
	}
	if n.IsNull || !n.Type.IsInteger() || n.Type.ID == types.HugeInt || n.Type.ID == types.UHugeInt || n.I < 0 {
		return nil, nil, sqlerr.At(f.Args[1].Pos(), sqlerr.CodeInvalidArgument, "repeat wants a number of rows, not %s", n)
	}
	if v.IsNull && v.Type.ID == types.Null {
		v.Type = types.Of(types.Integer)
	}
	s := b.scan(catalog.NewSeries("repeat", 0, 1, n.I), "repeat")
	col := b.newCol(v.String(), v.Type)
	p := &logical.Project{Input: s, Cols: []logical.Column{col}, Exprs: []logical.Expr{&logical.Const{At: logical.At(f.Pos()), Value: v}}}
	return b.aliased(t, &result{node: p, cols: p.Cols}, t.Alias, "repeat")
}

// series binds range(stop), range(start, stop[, step]) and generate_series,
// which includes its end, over constant integers.
func (b *binder) series(t *ast.TableFunction, name string) (logical.Node, *scope, error) {
	var nums []int64
	null := false
	for _, a := range t.Call.Args {
		v, err := b.constantArg(a)
		if err != nil {
			return nil, nil, err
		}
		null = null || v.IsNull
		if !v.IsNull && (!v.Type.IsInteger() || v.Type.ID == types.HugeInt) {
			return nil, nil, unsupported(a, "%s over %s", name, v.Type)
		}
		nums = append(nums, v.I)
	}
	start, stop, step := int64(0), int64(0), int64(1)
	switch len(nums) {
	case 1:
		stop = nums[0]
	case 2:
		start, stop = nums[0], nums[1]
	case 3:
		start, stop, step = nums[0], nums[1], nums[2]
	default:
		return nil, nil, sqlerr.At(t.Call.Pos(), sqlerr.CodeUndefinedFunction, "%s takes one to three integers", name)
	}
	if step == 0 && !null {
		return nil, nil, sqlerr.At(t.Call.Pos(), sqlerr.CodeInvalidArgument, "the step of %s must not be 0", name)
	}
	n := scalar.SeriesLen(start, stop, step, name == "generate_series")
	if null {
		n = 0
	}
	s := b.scan(catalog.NewSeries(name, start, step, n), name)
	return b.aliased(t, &result{node: s, cols: s.Cols}, t.Alias, name)
}
