package bind

import (
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// compare makes a comparison of two bound sides in their common type.
func (b *binder) compare(pos int, op logical.CompareOp, l, r logical.Expr) (logical.Expr, error) {
	pair := []logical.Expr{l, r}
	t, err := b.common(pair, unifyCompare, "a comparison")
	if err != nil {
		return nil, sqlerr.At(pos, sqlerr.CodeDatatypeMismatch, "cannot compare %s with %s", l.Type(), r.Type()).
			WithHint("add an explicit cast")
	}
	if t.ID == types.Null {
		t = types.Of(types.Integer)
		if !nullConst(l) {
			t = b.settled(l).Type()
		}
		if !nullConst(r) {
			t = b.settled(r).Type()
		}
	}
	pair = b.castAll(pair, t)
	if err := b.plainTexts(pos, pair); err != nil {
		return nil, err
	}
	return &logical.Compare{At: logical.At(pos), Op: op, Left: pair[0], Right: pair[1]}, nil
}

func nullConst(e logical.Expr) bool {
	c, ok := e.(*logical.Const)
	return ok && c.Value.IsNull
}

var compareOps = map[ast.CompareOp]logical.CompareOp{
	ast.OpEq: logical.Eq, ast.OpNe: logical.Ne, ast.OpLt: logical.Lt, ast.OpLe: logical.Le, ast.OpGt: logical.Gt, ast.OpGe: logical.Ge,
}

// comparison binds l op r.
func (b *binder) comparison(c *exprCtx, e *ast.Comparison) (logical.Expr, error) {
	lr, lok := e.L.(*ast.Row)
	rr, rok := e.R.(*ast.Row)
	if lok && rok {
		return b.rowComparison(c, e.Pos(), e.Op, lr, rr)
	}
	args, err := b.exprs(c, e.L, e.R)
	if err != nil {
		return nil, err
	}
	return b.compare(e.Pos(), compareOps[e.Op], args[0], args[1])
}

// isTruth binds IS [NOT] TRUE, FALSE, UNKNOWN.
func (b *binder) isTruth(c *exprCtx, e *ast.IsTruth) (logical.Expr, error) {
	x, err := b.condition(c, e.X, "IS")
	if err != nil {
		return nil, err
	}
	at := logical.At(e.Pos())
	if e.Value == ast.Unknown {
		return &logical.IsNull{At: at, Arg: x, Negated: e.Not}, nil
	}
	op := logical.NotDistinct
	if e.Not {
		op = logical.Distinct
	}
	return &logical.Compare{At: at, Op: op, Left: x, Right: &logical.Const{At: at, Value: types.BoolValue(e.Value == ast.True)}}, nil
}

// between binds x BETWEEN lo AND hi as two comparisons; x is bound once and
// shared by both, since expressions are immutable.
func (b *binder) between(c *exprCtx, e *ast.Between) (logical.Expr, error) {
	args, err := b.exprs(c, e.X, e.Lo, e.Hi)
	if err != nil {
		return nil, err
	}
	if logical.HasVolatile(args[0]) {
		return nil, unsupported(e, "BETWEEN on a volatile expression")
	}
	within := func(lo, hi logical.Expr) (logical.Expr, error) {
		x, err := b.compare(e.Pos(), logical.Ge, args[0], lo)
		if err != nil {
			return nil, err
		}
		y, err := b.compare(e.Pos(), logical.Le, args[0], hi)
		if err != nil {
			return nil, err
		}
		return &logical.And{At: logical.At(e.Pos()), Args: []logical.Expr{x, y}}, nil
	}
	x, err := within(args[1], args[2])
	if err != nil {
		return nil, err
	}
	if e.Symmetric {
		y, err := within(args[2], args[1])
		if err != nil {
			return nil, err
		}
		x = &logical.Or{At: logical.At(e.Pos()), Args: []logical.Expr{x, y}}
	}
	if e.Not {
		return negate(x, logical.At(e.Pos())), nil
	}
	return x, nil
}

// inList binds x IN (a, b, ...).
func (b *binder) inList(c *exprCtx, e *ast.InList) (logical.Expr, error) {
	if row, ok := e.X.(*ast.Row); ok {
		if x, err := b.inRows(c, e, row); x != nil || err != nil {
			return x, err
		}
	}
	x, err := b.expr(c, e.X)
	if err != nil {
		return nil, err
	}
	elems, err := b.unpacked(c, e.List)
	if err != nil {
		return nil, err
	}
	list, err := b.exprs(c, elems...)
	if err != nil {
		return nil, err
	}
	all := append([]logical.Expr{x}, list...)
	t, err := b.common(all, unifyCompare, "IN")
	if err != nil {
		return nil, err
	}
	if t.ID == types.Null {
		t = types.Of(types.Integer)
	}
	all = b.castAll(all, t)
	if err := b.plainTexts(e.Pos(), all); err != nil {
		return nil, err
	}
	return &logical.In{At: logical.At(e.Pos()), Arg: all[0], List: all[1:], Negated: e.Not}, nil
}

// like binds LIKE and its relatives to the functions behind their operators.
func (b *binder) like(c *exprCtx, e *ast.Like) (logical.Expr, error) {
	args, err := b.exprs(c, e.X, e.Pattern)
	if err != nil {
		return nil, err
	}
	name := map[ast.LikeKind]string{ast.LikePlain: "~~", ast.LikeILike: "~~*", ast.LikeGlob: "~~~", ast.LikeSimilar: "regexp_full_match"}[e.Kind]
	if e.Escape != nil {
		esc, err := b.expr(c, e.Escape)
		if err != nil {
			return nil, err
		}
		switch e.Kind {
		case ast.LikePlain:
			name = "like_escape"
		case ast.LikeILike:
			name = "ilike_escape"
		default:
			return nil, unsupported(e.Escape, "ESCAPE with %s", e.Kind)
		}
		args = append(args, esc)
	}
	x, err := b.builtin(e, name, args...)
	if err != nil || !e.Not {
		return x, err
	}
	return &logical.Not{At: logical.At(e.Pos()), Arg: x}, nil
}

// caseExpr binds both forms of CASE.
func (b *binder) caseExpr(c *exprCtx, e *ast.Case) (logical.Expr, error) {
	var operand logical.Expr
	var err error
	if e.Operand != nil {
		if operand, err = b.expr(c, e.Operand); err != nil {
			return nil, err
		}
		if logical.HasVolatile(operand) {
			return nil, unsupported(e.Operand, "a volatile operand of CASE")
		}
	}
	out := &logical.Case{At: logical.At(e.Pos())}
	var results []logical.Expr
	for i := range e.Whens {
		w := &e.Whens[i]
		cond, err := b.expr(c, w.Cond)
		if err != nil {
			return nil, err
		}
		if operand != nil {
			cond, err = b.compare(w.Cond.Pos(), logical.Eq, operand, cond)
		} else {
			cond, err = b.boolean(cond, "CASE WHEN")
		}
		if err != nil {
			return nil, err
		}
		then, err := b.expr(c, w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, logical.When{Cond: cond})
		results = append(results, then)
	}
	if e.Else != nil {
		x, err := b.expr(c, e.Else)
		if err != nil {
			return nil, err
		}
		results = append(results, x)
	} else {
		results = append(results, &logical.Const{At: out.At, Value: types.NullOf(types.Of(types.Null))})
	}
	t, err := b.resultType(results, "CASE")
	if err != nil {
		return nil, err
	}
	results = b.castAll(results, t)
	for i := range out.Whens {
		out.Whens[i].Then = results[i]
	}
	out.Else, out.Typ = results[len(results)-1], t
	return out, nil
}

// resultType is the common type of alternatives, INTEGER when all are NULL.
func (b *binder) resultType(list []logical.Expr, what string) (types.Type, error) {
	t, err := b.common(list, unifyResult, what)
	if err != nil || t.ID != types.Null {
		return t, err
	}
	for _, e := range list {
		if s := b.settled(e); s.Type().ID != types.Null {
			return s.Type(), nil
		}
	}
	return types.Of(types.Integer), nil
}

// unary binds prefix operators.
func (b *binder) unary(c *exprCtx, e *ast.Unary) (logical.Expr, error) {
	x, err := b.expr(c, e.X)
	if err != nil {
		return nil, err
	}
	switch e.Op {
	case "+":
		if t := x.Type(); t.IsNumeric() || t.ID == types.IntervalID || t.ID == types.Null {
			return x, nil
		}
	case "!":
		return b.builtin(e, "factorial", x)
	case "@":
		return b.builtin(e, "abs", x)
	}
	return b.builtin(e, e.Op, x)
}

// binaryNames are the operators whose function is called otherwise.
var binaryNames = map[string]string{
	"^": "**", "~": "regexp_full_match", "!~": "regexp_full_match", "~*": "regexp_full_match", "!~*": "regexp_full_match",
	"^@": "starts_with", "&&": "list_has_any", "@>": "list_has_all", "<@": "list_has_all",
}

// binary binds an operator of two operands.
func (b *binder) binary(c *exprCtx, e *ast.Binary) (logical.Expr, error) {
	args, err := b.exprs(c, e.L, e.R)
	if err != nil {
		return nil, err
	}
	name := e.Op
	if n := binaryNames[name]; n != "" && b.o.Functions.Scalar(name) == nil {
		name = n
	}
	switch e.Op {
	case "~*", "!~*":
		args = append(args, &logical.Const{At: logical.At(e.Pos()), Value: types.StringValue("i")})
	case "<@":
		args[0], args[1] = args[1], args[0]
	case "**", "^":
		if b.o.Functions.Scalar(name) == nil {
			name = "pow"
		}
	}
	if b.o.Functions.Scalar(name) == nil {
		return nil, unsupported(e, "the operator %s", e.Op)
	}
	if b.o.NullDivision && (name == "/" || name == "%") && len(args) == 2 {
		args[1] = b.nullIfZero(args[1])
	}
	x, err := b.scalar(e, b.o.Functions.Scalar(name), args)
	if err != nil || e.Op[0] != '!' {
		return x, err
	}
	return &logical.Not{At: logical.At(e.Pos()), Arg: x}, nil
}

// concat binds a || b || c: one variadic call where the function takes many,
// else a chain of calls.
func (b *binder) concat(c *exprCtx, e *ast.Concat) (logical.Expr, error) {
	args, err := b.exprs(c, e.Terms...)
	if err != nil {
		return nil, err
	}
	fn := b.o.Functions.Scalar("||")
	if fn == nil {
		return nil, unsupported(e, "the operator ||")
	}
	for i := range fn.Overloads {
		if fn.Overloads[i].Variadic {
			return b.scalar(e, fn, args)
		}
	}
	// A balanced tree of calls keeps long chains shallow; || is associative.
	return b.concatRange(e, func(l, r logical.Expr) (logical.Expr, error) { return b.scalar(e, fn, []logical.Expr{l, r}) }, args)
}

func (b *binder) concatRange(e *ast.Concat, join func(l, r logical.Expr) (logical.Expr, error), args []logical.Expr) (logical.Expr, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	mid := len(args) / 2
	l, err := b.concatRange(e, join, args[:mid])
	if err != nil {
		return nil, err
	}
	r, err := b.concatRange(e, join, args[mid:])
	if err != nil {
		return nil, err
	}
	return join(l, r)
}

// nullIfZero makes a divisor of 0 NULL, for sessions in which no number is
// divided by 0.
func (b *binder) nullIfZero(e logical.Expr) logical.Expr {
	t := e.Type()
	if !t.IsNumeric() || logical.HasVolatile(e) {
		return e
	}
	zero := b.cast(&logical.Const{At: -1, Value: types.IntValue(types.Of(types.Integer), 0)}, t)
	if k, ok := e.(*logical.Const); ok {
		if z, ok := zero.(*logical.Const); !ok || k.Value.IsNull || types.Compare(k.Value, z.Value) != 0 {
			return e // a literal goes on adapting to its surroundings
		}
		return &logical.Const{At: k.At, Value: types.NullOf(t)}
	}
	return &logical.Case{At: logical.At(e.Pos()), Typ: t, Else: e, Whens: []logical.When{{
		Cond: &logical.Compare{At: -1, Op: logical.Eq, Left: e, Right: zero}, Then: &logical.Const{At: -1, Value: types.NullOf(t)},
	}}}
}
