package bind

import (
	"slices"
	"strings"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// signature is what overload resolution looks at.
type signature struct {
	params   []types.Type
	variadic bool
	result   types.Type // for messages; Invalid when it depends
}

// param returns the type of parameter i; ok is false beyond the last.
func (s *signature) param(i int) (types.Type, bool) {
	switch {
	case i < len(s.params):
		return s.params[i], true
	case s.variadic && len(s.params) > 0:
		return s.params[len(s.params)-1], true
	}
	return types.Type{}, false
}

// accepts reports whether n arguments are the right number.
func (s *signature) accepts(n int) bool {
	if s.variadic {
		return n >= len(s.params)-1
	}
	return n == len(s.params)
}

// rank lists the signatures that args can be passed to, cheapest first; of
// equal cost the one that stands first.
func (b *binder) rank(sigs []signature, args []logical.Expr) []int {
	type scored struct{ i, cost int }
	var ok []scored
next:
	for i := range sigs {
		s := &sigs[i]
		if !s.accepts(len(args)) {
			continue
		}
		total := 0
		for k, a := range args {
			p, _ := s.param(k)
			c := b.cost(a, p)
			if c < 0 {
				continue next
			}
			total += c
		}
		ok = append(ok, scored{i, total})
	}
	slices.SortStableFunc(ok, func(x, y scored) int { return x.cost - y.cost })
	out := make([]int, len(ok))
	for i, s := range ok {
		out[i] = s.i
	}
	return out
}

// argTypes are the types that a signature's Bind is given: those of the
// arguments where the parameter stands for many types, else the parameter's,
// and the values of constants.
func (b *binder) argTypes(s signature, args []logical.Expr) ([]types.Type, []*types.Value) {
	given := make([]types.Type, len(args))
	consts := make([]*types.Value, len(args))
	for i, a := range args {
		p, _ := s.param(i)
		t := a.Type()
		if t.ID == types.Unknown {
			t = b.typeOf(a)
		}
		if t.ID == types.Unknown {
			t = p
			if p.ID == types.Any {
				t = b.settled(a).Type()
			}
		}
		given[i] = t
		if c, ok := a.(*logical.Const); ok {
			v := c.Value
			consts[i] = &v
		}
		switch {
		case p.ID == types.Any:
		case generic(p) && t.ID == p.ID:
		case generic(p):
			given[i] = widest(t, p)
		default:
			given[i] = p
		}
		if consts[i] != nil && !consts[i].Type.Equal(given[i]) && !consts[i].IsNull {
			// The constant as it stands is of another type than the parameter;
			// a string literal may still be wanted as text.
			if c := b.cast(a, given[i]); c != a {
				if k, ok := c.(*logical.Const); ok {
					v := k.Value
					consts[i] = &v
				} else {
					consts[i] = nil
				}
			}
		}
	}
	return given, consts
}

// widest makes a concrete type of the generic one p for an argument of type t.
func widest(t, p types.Type) types.Type {
	if p.ID == types.Decimal {
		if c, ok := types.CommonType(t, types.DecimalOf(1, 0)); ok && c.ID == types.Decimal {
			return c
		}
		return types.DecimalOf(18, 3)
	}
	return t
}

// castArgs casts arguments to a bound function's parameters.
func (b *binder) castArgs(args []logical.Expr, params []types.Type) []logical.Expr {
	out := make([]logical.Expr, len(args))
	for i, a := range args {
		if i < len(params) {
			out[i] = b.cast(a, params[i])
		} else if len(params) > 0 {
			out[i] = b.cast(a, params[len(params)-1])
		} else {
			out[i] = b.settled(a)
		}
	}
	return out
}

// noOverload is the 42883 error for arguments that fit no signature.
func (b *binder) noOverload(at ast.Node, name string, sigs []signature, args []logical.Expr, cause error) error {
	var given []string
	for _, a := range args {
		given = append(given, a.Type().String())
	}
	err := sqlerr.At(at.Pos(), sqlerr.CodeUndefinedFunction, "no function matches %s(%s)", name, strings.Join(given, ", "))
	if e, ok := cause.(*sqlerr.Error); ok {
		err = err.WithDetail("%s", e.Message)
	}
	const most = 12
	var list []string
	for i, s := range sigs {
		if i == most {
			list = append(list, "...")
			break
		}
		list = append(list, s.text(name))
	}
	return err.WithHint("candidates: %s; an explicit cast may help", strings.Join(list, ", "))
}

// text renders a signature.
func (s *signature) text(name string) string {
	var ps []string
	for i, p := range s.params {
		t := p.String()
		if p.ID == types.Decimal && p.Width == 0 {
			t = "DECIMAL"
		}
		if s.variadic && i == len(s.params)-1 {
			t += "..."
		}
		ps = append(ps, t)
	}
	out := name + "(" + strings.Join(ps, ", ") + ")"
	if s.result.ID != types.Invalid {
		out += " -> " + s.result.String()
	}
	return out
}

// uniting are the functions whose arguments become one type, as those of
// COALESCE do.
var uniting = map[string]bool{"greatest": true, "least": true, "list_value": true}

// adaptIntegers gives integer literals the type of the other arguments, if
// those are integers and the literals fit: with a SMALLINT s, least(s, 1) is a
// SMALLINT.
func (b *binder) adaptIntegers(args []logical.Expr) []logical.Expr {
	t, err := b.common(args, unifyResult, "")
	if err != nil || !t.IsInteger() {
		return args
	}
	out := make([]logical.Expr, len(args))
	for i, a := range args {
		if _, isInt := literal(a); isInt {
			a = b.cast(a, t)
		}
		out[i] = a
	}
	return out
}

// scalar binds a call of a scalar function over bound arguments.
func (b *binder) scalar(at ast.Node, fn *function.Scalar, args []logical.Expr) (logical.Expr, error) {
	if uniting[fn.Name] {
		args = b.adaptIntegers(args)
	}
	args, err := b.searched(at, fn.Name, args)
	if err != nil {
		return nil, err
	}
	sigs := make([]signature, len(fn.Overloads))
	for i, o := range fn.Overloads {
		sigs[i] = signature{params: o.Params, variadic: o.Variadic}
		if o.Bind == nil {
			sigs[i].result = o.Return
		}
	}
	var bindErr error
	for _, i := range b.rank(sigs, args) {
		o := &fn.Overloads[i]
		given, consts := b.argTypes(sigs[i], args)
		bound := &function.Bound{Name: fn.Name, Params: given, Return: o.Return, Nulls: o.Nulls, Vol: o.Vol,
			CanFail: o.CanFail, Kernel: o.Kernel}
		if o.Bind != nil {
			var err error
			if bound, err = o.Bind(given, consts); err != nil {
				if sqlerr.Is(err, sqlerr.CodeUndefinedFunction) {
					bindErr = err
					continue
				}
				return nil, sqlerr.WithPos(err, at.Pos())
			}
			if bound.Name == "" {
				// Calls are told apart by name; what Bind returned may be shared.
				named := *bound
				named.Name = fn.Name
				bound = &named
			}
		}
		if fn.Name == "typeof" {
			// The answer is known here, and the argument is never evaluated.
			return &logical.Const{At: logical.At(at.Pos()), Value: types.StringValue(b.typeOf(b.settled(args[0])).String())}, nil
		}
		return inherited(&logical.Call{At: logical.At(at.Pos()), Fn: bound, Args: b.castArgs(args, bound.Params)}, args), nil
	}
	return nil, b.noOverload(at, fn.Name, sigs, args, bindErr)
}

// builtin binds a call of the scalar function called name, which an operator
// or special syntax stands for.
func (b *binder) builtin(at ast.Node, name string, args ...logical.Expr) (logical.Expr, error) {
	fn := b.o.Functions.Scalar(name)
	if fn == nil {
		return nil, unsupported(at, "the operator or function %s", name)
	}
	return b.scalar(at, fn, args)
}

// unknownFunction is the 42883 error for a name that means no function.
func (b *binder) unknownFunction(f *ast.FuncCall) error {
	name := strings.Join(ast.Names(f.Name), ".")
	err := sqlerr.At(f.Pos(), sqlerr.CodeUndefinedFunction, "function %q does not exist", name)
	names := b.o.Functions.Names()
	slices.Sort(names)
	if near := sqlerr.Nearest(ast.Last(f.Name).Name, names); len(near) > 0 {
		return err.WithHint("did you mean %s?", catalog.Quoted(near))
	}
	return err
}
