package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// call binds a function call: constructs that are expressions of their own,
// then aggregates, then scalar functions.
func (b *binder) call(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	name := strings.ToLower(ast.Last(f.Name).Name)
	if f.Bare {
		col, err := c.scope.lookupOwn(nil, f.Name[0])
		if err != nil {
			return nil, err
		}
		if col != nil {
			return b.column(c, &ast.ColumnRef{At: f.At, Parts: f.Name})
		}
	}
	if len(f.Name) > 1 {
		// a.f(x) may be a method call on a column a.
		q := f.Name[len(f.Name)-2]
		if !b.o.Catalog.HasSchema(q.Name) && !q.Is("pg_catalog") && !q.Is("information_schema") {
			m := *f
			m.Name = f.Name[len(f.Name)-1:]
			m.Args = append([]ast.Expr{&ast.ColumnRef{At: q.At, Parts: f.Name[:len(f.Name)-1]}}, f.Args...)
			m.Method = true
			return b.call(c, &m)
		}
	}
	if hasUnpack(f.Args) {
		args, err := b.unpacked(c, f.Args)
		if err != nil {
			return nil, err
		}
		g := *f
		g.Args = args
		f = &g
	}
	if m := aggregateMacro(f, name); m != nil {
		return b.expr(c, m)
	}
	if m := listMacro(f, name); m != nil {
		if err := plainCall(f); err != nil {
			return nil, err
		}
		return b.expr(c, m)
	}
	if f.Over != nil {
		return b.window(c, f, name)
	}
	if make := construct(name); make != nil {
		if err := plainCall(f); err != nil {
			return nil, err
		}
		return make(b, c, f)
	}
	if fn := b.o.Functions.Aggregate(name); fn != nil {
		return b.aggregate(c, f, fn)
	}
	if b.o.Functions.Window(name) != nil {
		return nil, windowing(f, "the window function %s needs an OVER clause", name)
	}
	fn := b.o.Functions.Scalar(name)
	if fn == nil {
		return nil, b.unknownFunction(f)
	}
	if err := plainCall(f); err != nil {
		return nil, err
	}
	for _, a := range f.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			return nil, unsupported(n, "a named argument of %s", name)
		}
	}
	args, err := b.exprs(c, f.Args...)
	if err != nil {
		return nil, err
	}
	return b.scalar(f, fn, args)
}

func hasUnpack(args []ast.Expr) bool {
	for _, a := range args {
		if u, ok := a.(*ast.Columns); ok && u.Unpack {
			return true
		}
	}
	return false
}

// plainCall refuses what only aggregates take.
func plainCall(f *ast.FuncCall) error {
	if f.Distinct || len(f.OrderBy) > 0 || f.Filter != nil || len(f.WithinGroup) > 0 || f.Nulls == ast.NullsIgnore {
		return sqlerr.At(f.Pos(), sqlerr.CodeWrongObjectType, "%s is not an aggregate function", ast.Last(f.Name).Name)
	}
	return nil
}

// construct returns the binder of a call that is bound to an expression other
// than a call, since it evaluates its arguments lazily or by types; else nil.
func construct(name string) func(*binder, *exprCtx, *ast.FuncCall) (logical.Expr, error) {
	if of, ok := strings.CutPrefix(name, "list_"); ok && ofList[of] {
		return (*binder).listNamed
	}
	switch name {
	case "coalesce":
		return (*binder).coalesce
	case "ifnull", "nvl":
		return (*binder).ifNull
	case "nullif":
		return (*binder).nullIf
	case "if", "iff":
		return (*binder).ifExpr
	case "unnest":
		return (*binder).unnestCall
	case "list_aggregate", "list_aggr", "array_aggregate", "array_aggr", "aggregate":
		return (*binder).listAggregate
	case "list_transform", "array_transform", "list_apply", "array_apply", "apply":
		return (*binder).listTransform
	case "list_filter", "array_filter", "filter":
		return (*binder).listFilter
	case "list_reduce", "array_reduce", "reduce":
		return (*binder).listReduce
	case "getvariable":
		return (*binder).getVariable
	case "struct_pack":
		return (*binder).structPack
	case "grouping", "grouping_id":
		return (*binder).groupingCall
	}
	return nil
}

// argsOf binds the arguments of a construct.
func (b *binder) argsOf(c *exprCtx, f *ast.FuncCall, least, most int) ([]logical.Expr, error) {
	if len(f.Args) < least || most > 0 && len(f.Args) > most {
		return nil, sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "%s does not take %d arguments", ast.Last(f.Name).Name, len(f.Args))
	}
	return b.exprs(c, f.Args...)
}

func (b *binder) coalesce(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	args, err := b.argsOf(c, f, 1, 0)
	if err != nil {
		return nil, err
	}
	t, err := b.resultType(args, "COALESCE")
	if err != nil {
		return nil, err
	}
	args = b.castAll(args, t)
	if len(args) == 1 {
		return args[0], nil
	}
	return &logical.Coalesce{At: logical.At(f.Pos()), Args: args}, nil
}

func (b *binder) ifNull(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	if len(f.Args) != 2 {
		_, err := b.argsOf(c, f, 2, 2)
		return nil, err
	}
	return b.coalesce(c, f)
}

// nullIf binds nullif(a, b) to CASE WHEN a = b THEN NULL ELSE a END.
func (b *binder) nullIf(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	args, err := b.argsOf(c, f, 2, 2)
	if err != nil {
		return nil, err
	}
	if logical.HasVolatile(args[0]) {
		return nil, unsupported(f, "nullif of a volatile expression")
	}
	args[0] = b.settled(args[0])
	cond, err := b.compare(f.Pos(), logical.Eq, args[0], args[1])
	if err != nil {
		return nil, err
	}
	t := args[0].Type()
	if t.ID == types.Null {
		t = types.Of(types.Integer)
	}
	at := logical.At(f.Pos())
	return &logical.Case{At: at, Typ: t, Else: b.cast(args[0], t),
		Whens: []logical.When{{Cond: cond, Then: &logical.Const{At: at, Value: types.NullOf(t)}}}}, nil
}

// ifExpr binds if(cond, a, b).
func (b *binder) ifExpr(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	if len(f.Args) != 3 {
		_, err := b.argsOf(c, f, 3, 3)
		return nil, err
	}
	cond, err := b.condition(c, f.Args[0], "IF")
	if err != nil {
		return nil, err
	}
	args, err := b.exprs(c, f.Args[1:]...)
	if err != nil {
		return nil, err
	}
	t, err := b.resultType(args, "IF")
	if err != nil {
		return nil, err
	}
	args = b.castAll(args, t)
	return &logical.Case{At: logical.At(f.Pos()), Typ: t, Whens: []logical.When{{Cond: cond, Then: args[0]}}, Else: args[1]}, nil
}

// interval binds INTERVAL '1 day', INTERVAL 3 MONTH, INTERVAL (x) HOUR.
func (b *binder) interval(c *exprCtx, e *ast.Interval) (logical.Expr, error) {
	at := logical.At(e.Pos())
	text := ""
	if l, ok := e.Value.(*ast.Literal); ok && l.Kind != ast.LitNull && l.Kind != ast.LitBool {
		text = strings.TrimSpace(l.Text)
	}
	if text != "" {
		if e.Unit != "" {
			if strings.Contains(e.Unit, " ") {
				return nil, unsupported(e, "the interval unit %s", e.Unit)
			}
			if e.Unit != "second" && e.Unit != "millisecond" {
				text, _, _ = strings.Cut(text, ".") // these units are counted in whole numbers
			}
			text += " " + e.Unit
		}
		iv, st := types.ParseInterval([]byte(text))
		if st == types.ParseOK {
			return &logical.Const{At: at, Value: types.Value{Type: types.Of(types.IntervalID), Iv: iv}}, nil
		}
		if st == types.BadRange {
			return nil, sqlerr.At(e.Value.Pos(), sqlerr.CodeIntervalOverflow, "interval %q is out of range", clip(text))
		}
		return nil, sqlerr.At(e.Value.Pos(), sqlerr.CodeInvalidDatetime, "%q is not an interval", clip(text))
	}
	x, err := b.expr(c, e.Value)
	if err != nil {
		return nil, err
	}
	if e.Unit == "" {
		return b.cast(x, types.Of(types.IntervalID)), nil
	}
	fn := map[string]string{
		"year": "to_years", "month": "to_months", "day": "to_days", "hour": "to_hours", "minute": "to_minutes",
		"second": "to_seconds", "millisecond": "to_milliseconds", "microsecond": "to_microseconds", "week": "to_weeks",
		"quarter": "to_quarters", "decade": "to_decades", "century": "to_centuries", "millennium": "to_millennia",
	}[e.Unit]
	if fn == "" {
		return nil, unsupported(e, "the interval unit %s", e.Unit)
	}
	return b.builtin(e, fn, x)
}
