package scalar

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/cast"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// The harness evaluates constant SQL expressions with the functions of this
// package alone: it parses, chooses overloads by types.ImplicitCost, and runs
// each kernel over constants, flat vectors, dictionaries and selections, which
// must agree.

var registry = function.NewRegistry(Builtins, nil)

var testSession = &function.Session{TimeZone: "UTC", Now: 1577880000000000, Seed: 1, CurrentUser: "u", Database: "d", Schema: "main",
	Setting: func(name string) (string, bool) { return "UTC", strings.EqualFold(name, "timezone") }}

type result struct {
	types.Value
	literal bool
}

func evalText(text string) (v types.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); ok {
				err = e
				return
			}
			panic(p)
		}
	}()
	e, err := parser.ParseExpr(text)
	if err != nil {
		return v, err
	}
	return eval(e).Value, nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func unsupported(what string) error { return sqlerr.New(sqlerr.CodeUnsupported, "%s", what) }

func castTo(v types.Value, t types.Type) types.Value {
	out, err := cast.CastValue(v, t, testSession)
	check(err)
	return out
}

func typeOf(n *ast.TypeName) types.Type {
	if len(n.Fields) > 0 {
		panic(unsupported("nested type"))
	}
	var mods []int
	for _, m := range n.Mods {
		i, _ := strconv.Atoi(m.(*ast.Literal).Text)
		mods = append(mods, i)
	}
	t, err := types.Lookup(n.Name(), mods)
	check(err)
	for _, d := range n.Dims {
		if d < 0 {
			t = types.ListOf(t)
		} else {
			t = types.ArrayOf(t, int(d))
		}
	}
	return t
}

func literalValue(l *ast.Literal) result {
	switch l.Kind {
	case ast.LitNull:
		return result{types.NullOf(types.Of(types.Null)), false}
	case ast.LitBool:
		return result{types.BoolValue(l.Text == "true"), false}
	case ast.LitInteger:
		v := types.StringValue(l.Text)
		for _, t := range []types.Type{integer, bigint, hugeint, uhugeint, double} {
			if x, err := cast.CastValue(v, t, nil); err == nil {
				return result{x, true}
			}
		}
	case ast.LitDecimal:
		text := strings.ReplaceAll(strings.TrimPrefix(l.Text, "-"), "_", "")
		whole, frac, _ := strings.Cut(text, ".")
		if w := len(whole) + len(frac); w <= 38 && w > 0 {
			return result{castTo(types.StringValue(l.Text), types.DecimalOf(uint8(w), uint8(len(frac)))), false}
		}
		return result{castTo(types.StringValue(l.Text), double), false}
	case ast.LitFloat:
		return result{castTo(types.StringValue(l.Text), double), false}
	}
	return result{types.StringValue(l.Text), true}
}

func eval(e ast.Expr) result {
	list := func(es ...ast.Expr) []result {
		out := make([]result, len(es))
		for i, x := range es {
			out[i] = eval(x)
		}
		return out
	}
	switch e := e.(type) {
	case *ast.Literal:
		return literalValue(e)
	case *ast.TypedLiteral:
		return result{castTo(types.StringValue(e.Text), typeOf(e.Type)), false}
	case *ast.Cast:
		v := eval(e.X)
		if e.Try {
			return result{cast.TryCastValue(v.Value, typeOf(e.Type), testSession), false}
		}
		return result{castTo(v.Value, typeOf(e.Type)), false}
	case *ast.Interval:
		v := eval(e.Value)
		if e.Unit == "" {
			return result{castTo(v.Value, interval), false}
		}
		return call("to_"+map[string]string{"century": "centurie", "millennium": "millennia"}[e.Unit]+e.Unit+"s", v)
	case *ast.Unary:
		v := eval(e.X)
		if e.Op == "-" && v.literal && v.Type.IsInteger() && !v.IsNull {
			return literalValue(&ast.Literal{Kind: ast.LitInteger, Text: "-" + v.String()})
		}
		return call(e.Op, v)
	case *ast.Binary:
		op, not := e.Op, false
		if op == "!~" {
			op, not = "~", true
		}
		v := call(op, list(e.L, e.R)...)
		if not {
			v.I ^= 1
		}
		return v
	case *ast.Concat:
		return call("||", list(e.Terms...)...)
	case *ast.Like:
		name := map[ast.LikeKind]string{ast.LikePlain: "~~", ast.LikeILike: "~~*", ast.LikeGlob: "~~~", ast.LikeSimilar: "regexp_full_match"}[e.Kind]
		args := list(e.X, e.Pattern)
		if e.Escape != nil {
			args = append(args, eval(e.Escape))
		}
		if e.Not && e.Kind != ast.LikeSimilar && e.Kind != ast.LikeGlob {
			return call("!"+name, args...)
		}
		v := call(name, args...)
		if e.Not && !v.IsNull {
			v.I ^= 1
		}
		return v
	case *ast.Row:
		return call("row", list(e.Elems...)...)
	case *ast.List:
		return call("list_value", list(e.Elems...)...)
	case *ast.Index:
		return call("array_extract", list(e.X, e.I)...)
	case *ast.Comparison:
		a, b := eval(e.L).Value, eval(e.R).Value
		t, ok := types.ComparisonType(a.Type, b.Type)
		if !ok {
			panic(unsupported("comparison"))
		}
		if a.IsNull || b.IsNull {
			return result{types.NullOf(boolean), false}
		}
		c := types.Compare(castTo(a, t), castTo(b, t))
		return result{types.BoolValue([]bool{c == 0, c != 0, c < 0, c <= 0, c > 0, c >= 0}[e.Op]), false}
	case *ast.FuncCall:
		return call(ast.Last(e.Name).Name, list(e.Args...)...)
	}
	panic(unsupported(fmt.Sprintf("%T", e)))
}

// price is what a literal or value costs for a parameter, -1 when it does not
// fit, by the rules of the binder.
func price(v result, to types.Type) int {
	switch {
	case to.ID == types.Any:
		return 5
	case to.ID == v.Type.ID && (to.ID == types.Struct || to.ID == types.Map):
		return 0
	case to.ID == types.List && to.Ext.Child.ID == types.Any && v.Type.ID == types.List:
		return 0
	case v.literal && v.Type.ID == types.Varchar && to.ID == types.Varchar:
		return 0
	case v.literal && v.Type.ID == types.Varchar:
		return 20
	case v.literal && v.Type.IsInteger() && to.IsInteger():
		if _, err := cast.CastValue(v.Value, to, nil); err == nil {
			if to.Equal(v.Type) {
				return 0
			}
			return 2
		}
		return -1
	}
	c, ok := types.ImplicitCost(v.Type, to)
	if !ok || to.ID == types.Decimal && v.Type.ID == types.Varchar {
		return -1
	}
	return c
}

func call(name string, args ...result) result {
	f := registry.Scalar(name)
	if f == nil {
		panic(unsupported("function " + name))
	}
	best, bestCost := -1, 0
	for i, o := range f.Overloads {
		if len(args) != len(o.Params) && (!o.Variadic || len(args) < len(o.Params)-1) {
			continue
		}
		sum := 0
		for k, a := range args {
			c := price(a, o.Params[min(k, len(o.Params)-1)])
			if c < 0 {
				sum = -1
				break
			}
			sum += c
		}
		if sum >= 0 && (best < 0 || sum < bestCost) {
			best, bestCost = i, sum
		}
	}
	if best < 0 {
		panic(sqlerr.New(sqlerr.CodeUndefinedFunction, "no overload of %s", name))
	}
	o := f.Overloads[best]
	given, consts := make([]types.Type, len(args)), make([]*types.Value, len(args))
	for i := range args {
		given[i] = args[i].Type
		v := args[i].Value
		consts[i] = &v
		p := o.Params[min(i, len(o.Params)-1)]
		switch {
		case p.ID == types.Any, p.ID == types.List, p.ID == types.Struct, p.ID == types.Map:
		case p.ID == types.Decimal && p.Width == 0:
			if given[i] = types.AsDecimal(given[i]); given[i].ID != types.Decimal {
				given[i] = types.DecimalOf(18, 3)
			}
		default:
			given[i] = p
		}
	}
	b := &function.Bound{Name: f.Name, Params: given, Return: o.Return, Nulls: o.Nulls, Vol: o.Vol, CanFail: o.CanFail, Kernel: o.Kernel}
	if o.Bind != nil {
		var err error
		b, err = o.Bind(given, consts)
		check(err)
		b.Name = f.Name
	}
	values := make([]types.Value, len(args))
	for i := range args {
		if values[i] = args[i].Value; !values[i].Type.Equal(b.Params[min(i, len(b.Params)-1)]) {
			values[i] = castTo(values[i], b.Params[min(i, len(b.Params)-1)])
		}
		if b.Nulls == function.Propagate && values[i].IsNull {
			return result{types.NullOf(b.Return), false}
		}
	}
	first, err := runForm(b, values, 0)
	check(err)
	if b.Vol == function.Immutable {
		for form := 1; form < 6; form++ {
			again, err := runForm(b, values, form)
			check(err)
			if types.Compare(first, again) != 0 || first.IsNull != again.IsNull {
				panic(sqlerr.New(sqlerr.CodeInternal, "%s gives %s over constants, %s in form %d", name, first, again, form))
			}
		}
	}
	return result{first, false}
}

// runForm computes a call over vectors: 0 constants, 1 flat, 2 dictionaries,
// 3 flat with NULLs and a selection, 4 a flat first and otherwise constants
// over more positions than a chunk has, 5 a constant first and otherwise flat.
func runForm(b *function.Bound, values []types.Value, form int) (types.Value, error) {
	n := []int{1, 5, 5, 5, vector.Capacity + 3, 5}[form]
	at := n / 2
	var sel []uint32
	args := make([]*vector.Vector, len(values))
	tmp := make([]*vector.Vector, len(values))
	for i, v := range values {
		a := vector.New(b.Params[min(i, len(b.Params)-1)])
		tmp[i] = vector.New(a.Type)
		switch {
		case form == 0, form == 4 && i > 0, form == 5 && i == 0:
			a.SetConstant(v, n)
		case form == 2:
			d := vector.New(a.Type)
			d.Resize(3)
			for k := range 3 {
				d.SetValue(k, v)
			}
			a.SetDictionary(d, []uint32{0, 1, 2, 1, 0}, 0)
		default:
			a.Resize(n)
			for k := range n {
				a.SetValue(k, v)
			}
			if form == 3 {
				clear(a.Data[:a.Type.Physical().Width()])
				a.SetNull(0)
				a.SetNull(4)
				sel = []uint32{1, 2, 3}
			}
		}
		args[i] = a
	}
	out := vector.New(b.Return)
	c := &function.Call{Ctx: context.Background(), Bound: b, Session: testSession, Tmp: tmp}
	for range 2 { // twice, so that kept memory is used again
		c.N, c.Sel = n, sel
		out.Type = b.Return
		out.Resize(n)
		if err := b.Kernel(c, args, out); err != nil {
			return types.Value{}, err
		}
	}
	if b.Nulls == function.Propagate && out.Form == vector.Flat {
		for _, a := range args {
			kernel.PropagateNulls(out, a, nil, n)
		}
		if form == 3 && !(out.IsNull(0) && out.IsNull(4)) && len(args) > 0 {
			return types.Value{}, sqlerr.New(sqlerr.CodeInternal, "NULL lost")
		}
	}
	return out.Value(at), nil
}

func TestExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Builtins {
		if f.Description == "" || f.Example == "" || f.Result == "" || f.Category == "" || len(f.Overloads) == 0 {
			t.Errorf("%s lacks documentation or overloads", f.Name)
		}
		if seen[f.Name] {
			t.Errorf("%s is listed twice", f.Name)
		}
		seen[f.Name] = true
		v, err := evalText(f.Example)
		if err != nil {
			t.Errorf("%s: %v", f.Example, err)
		} else if v.String() != f.Result {
			t.Errorf("%s: got %s, want %s", f.Example, v, f.Result)
		}
	}
}
