package rule

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// foldConstants evaluates what needs no row:
//
//	a > 1 + 2                  →  a > 3
//	d >= CAST('2020-01-01' AS DATE)  →  d >= '2020-01-01'
//
// An evaluation that fails leaves the expression as it is: SELECT CASE WHEN
// false THEN 1 // 'x' END must not raise. Volatile calls are never folded,
// stable ones only where Context.FoldStable allows it.
func foldConstants(c *Context, root logical.Node) (logical.Node, error) {
	return mapPlan(root, func(e logical.Expr) logical.Expr { return c.fold(e) }), nil
}

// mapPlan applies f to every expression of the plan, those of subqueries
// included.
func mapPlan(root logical.Node, f func(logical.Expr) logical.Expr) logical.Node {
	var node func(logical.Node) logical.Node
	inner := func(e logical.Expr) logical.Expr {
		if !logical.HasSubquery(e) {
			return f(e)
		}
		return f(logical.Rewrite(e, func(x logical.Expr) logical.Expr {
			s, ok := x.(*logical.Subquery)
			if !ok {
				return x
			}
			p := node(s.Plan)
			if p == s.Plan {
				return x
			}
			n := *s
			n.Plan = p
			n.Outer = logical.FreeColumns(p)
			return &n
		}))
	}
	node = func(n logical.Node) logical.Node {
		return logical.RewriteNodes(n, func(n logical.Node) logical.Node { return logical.MapExprs(n, inner) })
	}
	return node(root)
}

// fold folds and simplifies e, bottom up.
func (c *Context) fold(e logical.Expr) logical.Expr {
	return logical.Rewrite(e, c.foldNode)
}

// Eval evaluates a constant expression: the arguments of EXECUTE, a LIMIT.
// ok is false when e is not constant or its evaluation fails.
func Eval(e logical.Expr, session *function.Session) (types.Value, bool) {
	c := &Context{Session: session, FoldStable: true}
	k, ok := c.fold(e).(*logical.Const)
	if !ok {
		return types.Value{}, false
	}
	return k.Value, true
}

// foldNode folds e, whose operands are folded.
func (c *Context) foldNode(e logical.Expr) logical.Expr {
	k := func(v types.Value) logical.Expr { return &logical.Const{At: logical.At(e.Pos()), Value: v} }
	null := func(t types.Type) logical.Expr { return k(types.NullOf(t)) }
	switch e := e.(type) {
	case *logical.Call:
		if v, ok := c.run(e.Fn, e.Args); ok {
			return k(v)
		}
	case *logical.Cast:
		if inner, ok := e.Arg.(*logical.Cast); ok && !e.Try && !inner.Try && inner.Arg.Type().Equal(e.To) && logical.SafeCast(inner.Arg.Type(), inner.To) {
			return inner.Arg
		}
		if e.Arg.Type().Equal(e.To) {
			return e.Arg
		}
		if _, ok := e.Arg.(*logical.Const); !ok {
			return e
		}
		fn, err := cast.Find(e.Arg.Type(), e.To, e.Try)
		if err != nil {
			return e
		}
		if v, ok := c.run(fn, []logical.Expr{e.Arg}); ok {
			return k(v)
		}
	case *logical.Compare:
		return c.foldCompare(e)
	case *logical.And:
		return simplifyAnd(e)
	case *logical.Or:
		return simplifyOr(e)
	case *logical.Not:
		return foldNot(e)
	case *logical.IsNull:
		if a, ok := e.Arg.(*logical.Const); ok {
			return k(types.BoolValue(a.Value.IsNull != e.Negated))
		}
	case *logical.In:
		return c.foldIn(e)
	case *logical.Case:
		return foldCase(e)
	case *logical.Coalesce:
		var args []logical.Expr
		for _, a := range e.Args {
			if a, ok := a.(*logical.Const); ok {
				if a.Value.IsNull {
					continue
				}
				args = append(args, a)
				break
			}
			args = append(args, a)
		}
		switch {
		case len(args) == 0:
			return null(e.Type())
		case len(args) == 1:
			return args[0]
		case len(args) < len(e.Args):
			return &logical.Coalesce{At: e.At, Args: args}
		}
	}
	return e
}

// run calls a kernel on constants; ok is false when it must not, cannot, or
// fails.
func (c *Context) run(fn *function.Bound, args []logical.Expr) (out types.Value, ok bool) {
	if fn.Vol == function.Volatile || fn.Vol == function.Stable && (!c.FoldStable || c.Session == nil) {
		return out, false
	}
	vals := make([]types.Value, len(args))
	null := false
	for i, a := range args {
		k, isConst := a.(*logical.Const)
		if !isConst {
			// A NULL argument decides alone.
			return c.runNull(fn, args)
		}
		vals[i] = k.Value
		null = null || k.Value.IsNull
	}
	if null && fn.Nulls == function.Propagate {
		return types.NullOf(fn.Return), true
	}
	if fn.Kernel == nil || fn.Return.IsNested() {
		return out, false
	}
	vecs := make([]*vector.Vector, len(vals))
	tmp := make([]*vector.Vector, len(vals))
	for i, v := range vals {
		vecs[i], tmp[i] = vector.New(v.Type), vector.New(v.Type)
		vecs[i].SetConstant(v, 1)
	}
	res := vector.New(fn.Return)
	res.Resize(1)
	session := c.Session
	if session == nil {
		session = &function.Session{TimeZone: "UTC"}
	}
	call := &function.Call{Ctx: c.Ctx, N: 1, Bound: fn, Session: session, Tmp: tmp}
	if err := fn.Kernel(call, vecs, res); err != nil {
		return out, false
	}
	return res.Value(0), true
}

// runNull folds a call with a NULL among arguments that are not all constant.
func (c *Context) runNull(fn *function.Bound, args []logical.Expr) (out types.Value, ok bool) {
	if fn.Nulls != function.Propagate {
		return out, false
	}
	null := false
	for _, a := range args {
		k, isConst := a.(*logical.Const)
		null = null || isConst && k.Value.IsNull
		if !isConst && (logical.HasVolatile(a) || logical.CanFail(a)) {
			return out, false
		}
	}
	return types.NullOf(fn.Return), null
}

// compareValues evaluates a comparison.
func compareValues(op logical.CompareOp, a, b types.Value) types.Value {
	switch op {
	case logical.Distinct, logical.NotDistinct:
		same := a.IsNull == b.IsNull && (a.IsNull || types.Compare(a, b) == 0)
		return types.BoolValue(same == (op == logical.NotDistinct))
	}
	if a.IsNull || b.IsNull {
		return types.NullOf(types.Of(types.Boolean))
	}
	c := types.Compare(a, b)
	var is bool
	switch op {
	case logical.Eq:
		is = c == 0
	case logical.Ne:
		is = c != 0
	case logical.Lt:
		is = c < 0
	case logical.Le:
		is = c <= 0
	case logical.Gt:
		is = c > 0
	case logical.Ge:
		is = c >= 0
	}
	return types.BoolValue(is)
}

func (c *Context) foldCompare(e *logical.Compare) logical.Expr {
	l, lok := e.Left.(*logical.Const)
	r, rok := e.Right.(*logical.Const)
	strict := e.Op != logical.Distinct && e.Op != logical.NotDistinct
	nested := e.Left.Type().IsNested()
	switch {
	case lok && rok && !nested:
		return &logical.Const{At: e.At, Value: compareValues(e.Op, l.Value, r.Value)}
	case strict && (lok && l.Value.IsNull && !logical.CanFail(e.Right) || rok && r.Value.IsNull && !logical.CanFail(e.Left)):
		return &logical.Const{At: e.At, Value: types.NullOf(types.Of(types.Boolean))}
	case lok && !rok:
		// Constants stand on the right.
		e = &logical.Compare{At: e.At, Op: e.Op.Flip(), Left: e.Right, Right: e.Left}
	}
	if e.Left.Type().ID == types.Boolean {
		if k, ok := e.Right.(*logical.Const); ok && !k.Value.IsNull {
			// x = true is x; x <> true is NOT x.
			switch {
			case e.Op == logical.Eq && k.Value.I != 0, e.Op == logical.Ne && k.Value.I == 0:
				return e.Left
			case e.Op == logical.Eq && k.Value.I == 0, e.Op == logical.Ne && k.Value.I != 0:
				return foldNot(&logical.Not{At: e.At, Arg: e.Left})
			}
		}
	}
	return c.moveCast(e)
}

func foldNot(e *logical.Not) logical.Expr {
	switch a := e.Arg.(type) {
	case *logical.Const:
		if a.Value.IsNull {
			return a
		}
		return boolConst(e.Pos(), a.Value.I == 0)
	case *logical.Not:
		return a.Arg
	case *logical.Compare:
		n := *a
		n.Op = a.Op.Negate()
		return &n
	case *logical.IsNull:
		n := *a
		n.Negated = !a.Negated
		return &n
	case *logical.In:
		n := *a
		n.Negated = !a.Negated
		return &n
	case *logical.And:
		// NOT (a AND b) is NOT a OR NOT b, in three-valued logic too.
		return simplifyOr(&logical.Or{At: a.At, Args: negated(a.Args)})
	case *logical.Or:
		return simplifyAnd(&logical.And{At: a.At, Args: negated(a.Args)})
	}
	return e
}

func negated(args []logical.Expr) []logical.Expr {
	out := make([]logical.Expr, len(args))
	for i, a := range args {
		out[i] = foldNot(&logical.Not{At: logical.At(a.Pos()), Arg: a})
	}
	return out
}

// foldIn decides x IN (…) over constants and drops repeated members.
func (c *Context) foldIn(e *logical.In) logical.Expr {
	if e.Arg.Type().IsNested() {
		return e
	}
	null := &logical.Const{At: e.At, Value: types.NullOf(types.Of(types.Boolean))}
	k, isConst := e.Arg.(*logical.Const)
	if isConst && k.Value.IsNull {
		return null
	}
	sawNull, open := false, false
	list := make([]logical.Expr, 0, len(e.List))
	seen := map[constKey]bool{}
	for _, m := range e.List {
		v, ok := m.(*logical.Const)
		if !ok {
			open = true
			list = append(list, m)
			continue
		}
		if v.Value.IsNull {
			sawNull = true
			continue
		}
		if isConst && types.Compare(k.Value, v.Value) == 0 {
			return boolConst(e.Pos(), !e.Negated)
		}
		if key := keyOf(v.Value); !seen[key] {
			seen[key] = true
			list = append(list, m)
		}
	}
	switch {
	case isConst && !open && sawNull:
		return null
	case isConst && !open:
		return boolConst(e.Pos(), e.Negated)
	case len(list) == 0:
		return null // only NULLs
	}
	if sawNull {
		list = append(list, &logical.Const{At: e.At, Value: types.NullOf(e.Arg.Type())})
	}
	if len(list) == 1 {
		op := logical.Eq
		if e.Negated {
			op = logical.Ne
		}
		return c.foldCompare(&logical.Compare{At: e.At, Op: op, Left: e.Arg, Right: list[0]})
	}
	out := e
	if len(list) < len(e.List) {
		out = &logical.In{At: e.At, Arg: e.Arg, List: list, Negated: e.Negated}
	}
	return c.moveCastIn(out)
}

// constKey tells scalar values of one type apart.
type constKey struct {
	i, hi int64
	f     float64
	s     string
	iv    types.Interval
}

func keyOf(v types.Value) constKey { return constKey{v.I, v.Hi, v.F, v.S, v.Iv} }

// foldCase drops branches that are never taken, and what is behind one that is
// always taken.
func foldCase(e *logical.Case) logical.Expr {
	out := &logical.Case{At: e.At, Typ: e.Typ, Else: e.Else}
	for _, w := range e.Whens {
		if never(w.Cond) {
			continue
		}
		if truth(w.Cond) {
			out.Else = w.Then
			break
		}
		out.Whens = append(out.Whens, w)
	}
	if len(out.Whens) == 0 {
		return out.Else
	}
	if len(out.Whens) == len(e.Whens) {
		return e
	}
	return out
}
