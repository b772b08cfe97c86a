package bind

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// exprCtx is what an expression is bound within.
type exprCtx struct {
	scope  *scope
	env    *cteScope
	clause string  // for messages: "WHERE"
	aggs   *aggSet // nil: aggregates are not allowed
	inAgg  bool    // within an aggregate's arguments
	// inWindow: within a window function's arguments or its OVER.
	inWindow bool
	// aliases are those of the select list; the first aliasLimit are known.
	aliases    []alias
	aliasLimit int
	windows    []ast.WindowDef
	// vars are the parameters of the lambdas around, the innermost last.
	vars []lambdaVar
	// column is what COLUMNS stands for at the moment.
	column *starCol
	// filter is what rows must fulfil that aggregates count: PIVOT's.
	filter ast.Expr
}

// lambdaVar is a parameter of a lambda and what it stands for.
type lambdaVar struct {
	name ast.Ident
	expr logical.Expr
}

// alias is a select item's alias; its expression is bound at each use.
type alias struct {
	name ast.Ident
	expr ast.Expr
}

// expr binds an expression.
func (b *binder) expr(c *exprCtx, e ast.Expr) (logical.Expr, error) {
	if err := b.enter(e.Pos()); err != nil {
		return nil, err
	}
	defer b.leave()
	if b.expanding > 0 {
		if b.expanded++; b.expanded > maxExpanded {
			return nil, sqlerr.At(e.Pos(), sqlerr.CodeTooComplex, "aliases expand to more than %d expressions", maxExpanded)
		}
	}
	at := logical.At(e.Pos())
	switch e := e.(type) {
	case *ast.Literal:
		return literalExpr(e)
	case *ast.TypedLiteral:
		t, err := b.typeName(e.Type)
		if err != nil {
			return nil, err
		}
		return b.cast(&logical.Const{At: at, Value: types.StringValue(e.Text)}, t), nil
	case *ast.Interval:
		return b.interval(c, e)
	case *ast.ColumnRef:
		return b.column(c, e)
	case *ast.Parameter:
		return b.parameter(e)
	case *ast.And:
		return b.terms(c, e.Terms, "AND", func(args []logical.Expr) logical.Expr {
			x := logical.AndOf(args)
			return withPos(x, at)
		})
	case *ast.Or:
		return b.terms(c, e.Terms, "OR", func(args []logical.Expr) logical.Expr {
			return withPos(logical.OrOf(args), at)
		})
	case *ast.Not:
		x, err := b.condition(c, e.X, "NOT")
		if err != nil {
			return nil, err
		}
		return negate(x, at), nil
	case *ast.Unary:
		return b.unary(c, e)
	case *ast.Binary:
		return b.binary(c, e)
	case *ast.Concat:
		return b.concat(c, e)
	case *ast.Comparison:
		return b.comparison(c, e)
	case *ast.IsNull:
		x, err := b.expr(c, e.X)
		if err != nil {
			return nil, err
		}
		return &logical.IsNull{At: at, Arg: b.settled(x), Negated: e.Not}, nil
	case *ast.IsDistinct:
		args, err := b.exprs(c, e.L, e.R)
		if err != nil {
			return nil, err
		}
		op := logical.Distinct
		if e.Not {
			op = logical.NotDistinct
		}
		return b.compare(e.Pos(), op, args[0], args[1])
	case *ast.IsTruth:
		return b.isTruth(c, e)
	case *ast.Between:
		return b.between(c, e)
	case *ast.InList:
		return b.inList(c, e)
	case *ast.Like:
		return b.like(c, e)
	case *ast.Case:
		return b.caseExpr(c, e)
	case *ast.Cast:
		return b.castExpr(c, e)
	case *ast.FuncCall:
		return b.call(c, e)
	case *ast.Subquery:
		return b.scalarSubquery(c, e)
	case *ast.Exists:
		return b.exists(c, e)
	case *ast.InSubquery:
		return b.inSubquery(c, e)
	case *ast.Quantified:
		return b.quantified(c, e)
	case *ast.Star:
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "* stands in a select list or in count(*) only")
	case *ast.Default:
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "DEFAULT is allowed in INSERT only")
	case *ast.NamedArg:
		return nil, unsupported(e, "a named argument here")
	case *ast.Row:
		return b.row(c, e)
	case *ast.PositionalRef:
		n := 0
		for i := range c.scope.cols {
			col := &c.scope.cols[i]
			if col.rel == nil {
				continue // made by USING of columns that count
			}
			if n++; n == e.Index {
				ref := col.col
				ref.At, ref.Name = at, col.name
				return &ref, nil
			}
		}
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeInvalidColumnRef, "there is no column #%d in FROM, it has %d", e.Index, n)
	case *filtered:
		return b.filtering(c, e)
	case *boundCol:
		ref := e.col
		ref.At, ref.Name = at, e.name
		return &ref, nil
	case *ast.Columns:
		if c.column == nil || e.Unpack {
			return nil, sqlerr.At(e.Pos(), sqlerr.CodeSyntax, "COLUMNS is not supported here")
		}
		return b.expr(c, c.column.expr)
	case *ast.Arrow:
		return nil, unsupported(e, "the operator ->")
	case *ast.Lambda:
		return nil, unsupported(e, "a lambda")
	case *ast.Collate:
		return b.collate(c, e)
	case *ast.ArraySubquery:
		return b.arraySubquery(c, e)
	case *ast.InValue:
		args, err := b.exprs(c, e.X, e.V)
		if err != nil {
			return nil, err
		}
		x, err := b.builtin(e, "contains", args[1], args[0])
		if err != nil || !e.Not {
			return x, err
		}
		return negate(x, at), nil
	case *ast.List:
		elems, err := b.unpacked(c, e.Elems)
		if err != nil {
			return nil, err
		}
		args, err := b.exprs(c, elems...)
		if err != nil {
			return nil, err
		}
		return b.builtin(e, "list_value", args...)
	case *ast.Index:
		args, err := b.exprs(c, e.X, e.I)
		if err != nil {
			return nil, err
		}
		return b.index(e, args[0], args[1])
	case *ast.Field:
		x, err := b.expr(c, e.X)
		if err != nil {
			return nil, err
		}
		return b.field(e, x, e.Name)
	case *ast.Slice:
		return b.slice(c, e)
	case *ast.Struct:
		return b.structLiteral(c, e)
	case *ast.Map:
		return b.mapLiteral(c, e)
	case *ast.ListComprehension:
		return b.comprehension(c, e)
	}
	return nil, unsupported(e, "this expression")
}

// exprs binds several expressions.
func (b *binder) exprs(c *exprCtx, list ...ast.Expr) ([]logical.Expr, error) {
	out := make([]logical.Expr, len(list))
	for i, e := range list {
		x, err := b.expr(c, e)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// terms binds the terms of AND or OR.
func (b *binder) terms(c *exprCtx, list []ast.Expr, what string, make func([]logical.Expr) logical.Expr) (logical.Expr, error) {
	args, err := b.exprs(c, list...)
	if err != nil {
		return nil, err
	}
	for i := range args {
		if args[i], err = b.boolean(args[i], what); err != nil {
			return nil, err
		}
	}
	return make(args), nil
}

func withPos(e logical.Expr, at logical.At) logical.Expr {
	switch e := e.(type) {
	case *logical.And:
		e.At = at
	case *logical.Or:
		e.At = at
	}
	return e
}

// negate is NOT e, pushed into the nodes that have a negated form.
func negate(e logical.Expr, at logical.At) logical.Expr {
	switch e := e.(type) {
	case *logical.In:
		n := *e
		n.Negated = !e.Negated
		return &n
	case *logical.IsNull:
		n := *e
		n.Negated = !e.Negated
		return &n
	}
	return &logical.Not{At: at, Arg: e}
}

// literalExpr binds a literal: integers are INTEGER, BIGINT, HUGEINT, UHUGEINT
// or DOUBLE by size, decimals DECIMAL(digits, scale) up to 38 digits.
func literalExpr(l *ast.Literal) (logical.Expr, error) {
	at := logical.At(l.Pos())
	k := func(v types.Value) (logical.Expr, error) { return &logical.Const{At: at, Value: v}, nil }
	float := func() (logical.Expr, error) {
		f, err := strconv.ParseFloat(l.Text, 64)
		if err != nil {
			return nil, sqlerr.At(l.Pos(), sqlerr.CodeNumericOutOfRange, "number %s is out of range", clip(l.Text))
		}
		return k(types.FloatValue(f))
	}
	switch l.Kind {
	case ast.LitNull:
		return k(types.NullOf(types.Of(types.Null)))
	case ast.LitBool:
		return k(types.BoolValue(l.Text == "true"))
	case ast.LitString:
		return k(types.StringValue(l.Text))
	case ast.LitBlob:
		return k(types.Value{Type: types.Of(types.Blob), S: l.Text})
	case ast.LitFloat:
		return float()
	case ast.LitInteger:
		if i, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
			if i == int64(int32(i)) && i != math.MinInt32 { // -2147483648 negates a BIGINT
				return k(types.IntValue(types.Of(types.Integer), i))
			}
			return k(types.IntValue(types.Of(types.BigInt), i))
		}
		if len(l.Text) > 60 {
			return float()
		}
		i, ok := new(big.Int).SetString(l.Text, 10)
		if !ok {
			return nil, sqlerr.At(l.Pos(), sqlerr.CodeSyntax, "malformed number %s", clip(l.Text))
		}
		if v, ok := hugeInt(i); ok {
			return k(types.Int128Value(types.Of(types.HugeInt), v))
		}
		if i.Sign() > 0 && i.BitLen() <= 128 {
			lo := new(big.Int).And(i, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
			hi := new(big.Int).Rsh(i, 64).Uint64()
			return k(types.Int128Value(types.Of(types.UHugeInt), types.Int128{Lo: lo, Hi: int64(hi)}))
		}
		return float()
	case ast.LitDecimal:
		digits := strings.TrimPrefix(l.Text, "-")
		whole, frac, _ := strings.Cut(digits, ".")
		width, scale := len(strings.TrimLeft(whole, "0"))+len(frac), len(frac)
		width = max(width, scale, 1)
		if whole != "" && strings.TrimLeft(whole, "0") == "" && width == scale {
			width++ // 0.05 is DECIMAL(3,2), as in DuckDB
		}
		if width > 38 {
			return float()
		}
		i, ok := new(big.Int).SetString(strings.Replace(l.Text, ".", "", 1), 10)
		if !ok {
			return nil, sqlerr.At(l.Pos(), sqlerr.CodeSyntax, "malformed number %s", clip(l.Text))
		}
		v, _ := hugeInt(i)
		return k(types.Int128Value(types.DecimalOf(uint8(width), uint8(scale)), v))
	}
	return nil, unsupported(l, "this literal")
}

// clip shortens a text for a message.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}

// hugeInt converts to 128 bits if it fits.
func hugeInt(i *big.Int) (types.Int128, bool) {
	neg := i.Sign() < 0
	m := new(big.Int).Abs(i)
	if m.BitLen() > 127 {
		if neg && m.BitLen() == 128 && m.TrailingZeroBits() == 127 {
			return types.Int128{Hi: math.MinInt64}, true
		}
		return types.Int128{}, false
	}
	lo := new(big.Int).And(m, new(big.Int).SetUint64(^uint64(0))).Uint64()
	hi := new(big.Int).Rsh(m, 64).Int64()
	v := types.Int128{Lo: lo, Hi: hi}
	if neg {
		v.Lo, v.Hi = -v.Lo, ^v.Hi
		if v.Lo == 0 {
			v.Hi++
		}
	}
	return v, true
}

// column binds a possibly qualified name: a column, or a field of one, or an
// alias of the select list.
func (b *binder) column(c *exprCtx, e *ast.ColumnRef) (logical.Expr, error) {
	parts := e.Parts
	for i := len(c.vars) - 1; i >= 0; i-- {
		if !parts[0].Is(c.vars[i].name.Name) {
			continue
		}
		x := c.vars[i].expr
		for _, f := range parts[1:] {
			var err error
			if x, err = b.field(e, x, f); err != nil {
				return nil, err
			}
		}
		return x, nil
	}
	// The longest qualifier that makes sense wins; what is behind the column
	// are struct fields.
	for n := min(len(parts), 4); n >= 1; n-- {
		col, err := c.scope.lookupOwn(parts[:n-1], parts[n-1])
		if err != nil {
			return nil, err
		}
		if col == nil && n == 1 && len(parts) == 1 {
			if x, ok, err := b.alias(c, parts[0], e.Pos()); ok || err != nil {
				return x, err
			}
		}
		if col == nil && len(parts) == 1 {
			var x logical.Expr
			if col, x, err = b.outerName(c, parts[0], e.Pos()); x != nil || err != nil {
				return x, err
			}
		} else if col == nil {
			if col, err = c.scope.resolve(parts[:n-1], parts[n-1]); err != nil {
				return nil, err
			}
		}
		if col == nil {
			continue
		}
		if n < len(parts) && col.col.Typ.ID != types.Struct {
			continue
		}
		ref := col.col
		ref.At = logical.At(e.Pos())
		ref.Name = col.name
		var x logical.Expr = &ref
		for _, f := range parts[n:] {
			if x, err = b.field(e, x, f); err != nil {
				return nil, err
			}
		}
		return x, nil
	}
	if x, err := b.rowID(c, e); x != nil || err != nil {
		return x, err
	}
	if len(parts) == 2 && parts[0].Is("alias") {
		if x, ok, err := b.alias(c, parts[1], e.Pos()); ok || err != nil {
			return x, err
		}
	}
	if len(parts) == 1 {
		if x, err := b.wholeRow(c, e); x != nil || err != nil {
			return x, err
		}
	}
	var names []string
	for _, a := range c.aliases[:c.aliasLimit] {
		names = append(names, a.name.Name)
	}
	return nil, c.scope.missingColumn(parts, names)
}

// lookupOwn is lookup in this scope alone; nil scopes have no columns.
func (s *scope) lookupOwn(qualifier []ast.Ident, name ast.Ident) (*scopeCol, error) {
	if s == nil {
		return nil, nil
	}
	return s.lookup(qualifier, name)
}

// alias binds the expression behind a select alias.
func (b *binder) alias(c *exprCtx, name ast.Ident, pos int) (logical.Expr, bool, error) {
	for i := c.aliasLimit - 1; i >= 0; i-- {
		a := &c.aliases[i]
		if !a.name.Is(name.Name) {
			continue
		}
		in := *c
		in.aliasLimit = i
		b.expanding++
		x, err := b.expr(&in, a.expr)
		b.expanding--
		return x, true, err
	}
	return nil, false, nil
}

// field binds access to a struct's member.
func (b *binder) field(at ast.Node, x logical.Expr, name ast.Ident) (logical.Expr, error) {
	if x.Type().ID != types.Struct {
		return nil, sqlerr.At(name.Pos(), sqlerr.CodeDatatypeMismatch, "%s has no fields, it is %s", logical.String(x), x.Type())
	}
	return b.builtin(at, "struct_extract", x, &logical.Const{At: logical.At(name.Pos()), Value: types.StringValue(name.Name)})
}

// castExpr binds CAST, TRY_CAST and ::.
func (b *binder) castExpr(c *exprCtx, e *ast.Cast) (logical.Expr, error) {
	x, err := b.expr(c, e.X)
	if err != nil {
		return nil, err
	}
	t, err := b.typeName(e.Type)
	if err != nil {
		return nil, err
	}
	if n := b.untypedAs(x, t); n != nil {
		return n, nil
	}
	if !castable(x.Type(), t) {
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeCannotCoerce, "cannot cast type %s to %s", x.Type(), t)
	}
	if p, ok := x.(*logical.Param); ok && p.Typ.ID == types.Unknown {
		if v := b.valueType(p.Index); v.ID != types.Unknown && v.ID != types.Null {
			x = b.typeParam(p, v)
		} else {
			x = b.typeParam(p, t)
		}
	}
	if e.Try && !x.Type().Equal(t) {
		if k, ok := x.(*logical.Const); !ok || !k.Value.IsNull {
			return &logical.Cast{At: logical.At(e.Pos()), Arg: x, To: t, Try: true}, nil
		}
	}
	if k, ok := x.(*logical.Const); ok && !k.Value.IsNull && k.Value.Type.IsInteger() && t.IsInteger() {
		// A literal that was cast has the type it was given: unlike a bare
		// one it does not adapt to its surroundings.
		return &logical.Cast{At: logical.At(e.Pos()), Arg: x, To: t}, nil
	}
	y := b.cast(x, t)
	if cst, ok := y.(*logical.Cast); ok {
		cst.At = logical.At(e.Pos())
	}
	return y, nil
}
