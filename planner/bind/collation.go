package bind

import (
	"strings"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// collationNamed reads the names behind COLLATE.
func collationNamed(parts []ast.Ident) (types.Collation, error) {
	c, unknown, ok := types.ParseCollation(strings.Join(ast.Names(parts), "."))
	if !ok {
		return 0, sqlerr.At(parts[0].Pos(), sqlerr.CodeUndefinedObject, "collation with name %s does not exist", unknown).
			WithHint("there are nocase, noaccent, nfc and binary, which dots combine")
	}
	return c, nil
}

// collate binds x COLLATE name: the same text, of another type.
func (b *binder) collate(c *exprCtx, e *ast.Collate) (logical.Expr, error) {
	x, err := b.expr(c, e.X)
	if err != nil {
		return nil, err
	}
	return b.withCollation(x, e)
}

func (b *binder) withCollation(x logical.Expr, e *ast.Collate) (logical.Expr, error) {
	k, err := collationNamed(e.Collation)
	if err != nil {
		return nil, err
	}
	if t := b.typeOf(x); t.ID != types.Varchar && t.ID != types.Null && t.ID != types.Unknown {
		return nil, sqlerr.At(e.Pos(), sqlerr.CodeDatatypeMismatch, "collations are of VARCHAR only, not of %s", t)
	}
	x = b.cast(x, types.Of(types.Varchar))
	return &logical.Cast{At: logical.At(e.Pos()), Arg: x, To: types.Of(types.Varchar).Collated(k)}, nil
}

// effective is a collation with the session's default in place of none; 0: texts
// compare as they are.
func (b *binder) effective(k types.Collation) types.Collation {
	if k == 0 {
		k = b.o.Collation
	}
	return k &^ types.Binary
}

// commonCollation is the collation under which texts are compared: that of those
// that have one. Error: 42P21 when they have different ones.
func (b *binder) commonCollation(pos int, exprs ...logical.Expr) (types.Collation, error) {
	var k types.Collation
	for _, e := range exprs {
		t := e.Type()
		if t.ID != types.Varchar || t.Collation == 0 {
			continue
		}
		if k != 0 && k != t.Collation {
			return 0, sqlerr.At(pos, sqlerr.CodeCollationMismatch, "texts of the collations %s and %s cannot be combined", k, t.Collation).
				WithHint("write COLLATE behind one of them")
		}
		k = t.Collation
	}
	return b.effective(k), nil
}

// plainText is what a text under collation k is compared by.
func (b *binder) plainText(e logical.Expr, k types.Collation) logical.Expr {
	for _, f := range []struct {
		c    types.Collation
		name string
	}{{types.NFC, "nfc_normalize"}, {types.NoAccent, "strip_accents"}, {types.NoCase, "lower"}} {
		if k&f.c == 0 {
			continue
		}
		if x, err := b.builtin(ast.At(e.Pos()), f.name, e); err == nil {
			e = x
		}
	}
	return e
}

// plainTexts makes texts what they are compared by; other types stay.
func (b *binder) plainTexts(pos int, exprs []logical.Expr) error {
	if exprs[0].Type().ID != types.Varchar {
		return nil
	}
	k, err := b.commonCollation(pos, exprs...)
	if err != nil || k == 0 {
		return err
	}
	for i := range exprs {
		exprs[i] = binary(b.plainText(exprs[i], k))
	}
	return nil
}

// key is what rows are sorted and grouped by for e.
func (b *binder) key(e logical.Expr) logical.Expr {
	if t := e.Type(); t.ID == types.Varchar {
		if k := b.effective(t.Collation); k != 0 {
			return binary(b.plainText(e, k))
		}
	}
	return e
}

// binary marks what a call gives as compared by its bytes.
func binary(e logical.Expr) logical.Expr { return collatedCall(e, types.Binary) }

// collatedCall gives the text that a call makes a collation.
func collatedCall(e logical.Expr, k types.Collation) logical.Expr {
	c, ok := e.(*logical.Call)
	if !ok || c.Fn.Return.ID != types.Varchar || c.Fn.Return.Collation == k {
		return e
	}
	fn, call := *c.Fn, *c
	fn.Return = fn.Return.Collated(k)
	call.Fn = &fn
	return &call
}

// searching are the functions that compare texts themselves.
var searching = map[string]bool{
	"contains": true, "starts_with": true, "prefix": true, "^@": true, "ends_with": true, "suffix": true,
	"instr": true, "strpos": true, "position": true, "~~": true, "!~~": true, "~~*": true, "!~~*": true, "~~~": true,
	"like_escape": true, "not_like_escape": true, "ilike_escape": true, "not_ilike_escape": true,
}

// searched gives a function that compares texts what they are compared by.
func (b *binder) searched(at ast.Node, name string, args []logical.Expr) ([]logical.Expr, error) {
	if !searching[name] || len(args) == 0 || args[0].Type().ID != types.Varchar {
		return args, nil
	}
	k, err := b.commonCollation(at.Pos(), args...)
	if err != nil || k == 0 {
		return args, err
	}
	out := make([]logical.Expr, len(args))
	for i, a := range args {
		if out[i] = a; a.Type().ID == types.Varchar {
			out[i] = binary(b.plainText(a, k))
		}
	}
	return out, nil
}

// inherited gives the text that a call makes the collation of its arguments.
func inherited(x logical.Expr, args []logical.Expr) logical.Expr {
	if x.Type().ID != types.Varchar {
		return x
	}
	var k types.Collation
	for _, a := range args {
		if t := a.Type(); t.ID == types.Varchar && t.Collation != 0 {
			k = t.Collation
		}
	}
	if k == 0 {
		return x
	}
	return collatedCall(x, k)
}

// firstText stands for a text that a group is made of under a collation: the first
// one of those that compare equal.
type firstText struct {
	of, first logical.Expr
}

// collatedGroups puts what texts are compared by in place of the groups that have
// a collation.
func (b *binder) collatedGroups(groups []logical.Expr, omit [][]int, aggs *aggSet) ([]firstText, error) {
	var firsts []firstText
	for i, e := range groups {
		k := b.key(e)
		if k == e {
			continue
		}
		groups[i] = k
		first := b.o.Functions.Aggregate("first")
		if first == nil {
			return nil, sqlerr.New(sqlerr.CodeInternal, "there is no aggregate first")
		}
		bound, args, err := b.resolveAggregate(&ast.FuncCall{Name: []ast.Ident{{Name: "first"}}}, first, []logical.Expr{e})
		if err != nil {
			return nil, err
		}
		col := b.newCol(logical.String(e), e.Type())
		aggs.calls = append(aggs.calls, logical.AggCall{At: -1, Fn: bound, Args: args})
		aggs.cols = append(aggs.cols, col)
		f := firstText{e, logical.Ref(col)}
		if omit != nil {
			// Where the set leaves the group out there is no text.
			g := groupingCall{col: b.newCol("grouping", types.Of(types.BigInt)), args: []logical.Expr{k}, pos: e.Pos()}
			aggs.groupings = append(aggs.groupings, g)
			zero := &logical.Const{At: -1, Value: types.IntValue(g.col.Typ, 0)}
			f.first = &logical.Case{At: -1, Typ: col.Typ, Else: &logical.Const{At: -1, Value: types.NullOf(col.Typ)}, Whens: []logical.When{
				{Cond: &logical.Compare{At: -1, Op: logical.Eq, Left: logical.Ref(g.col), Right: zero}, Then: f.first}}}
		}
		firsts = append(firsts, f)
	}
	return firsts, nil
}

// collatedAny reports whether one of the columns is a text with a collation.
func (b *binder) collatedAny(cols []logical.Column) bool {
	for _, c := range cols {
		if c.Typ.ID == types.Varchar && b.effective(c.Typ.Collation) != 0 {
			return true
		}
	}
	return false
}

// collatedAggregate returns the aggregate that min and max are over a text with a
// collation.
func (b *binder) collatedAggregate(fn *function.Aggregate, args []logical.Expr) (*function.Aggregate, []logical.Expr) {
	if len(args) != 1 || fn.Name != "min" && fn.Name != "max" {
		return fn, args
	}
	k := b.key(args[0])
	if k == args[0] {
		return fn, args
	}
	if by := b.o.Functions.Aggregate("arg_" + fn.Name); by != nil {
		return by, []logical.Expr{args[0], k}
	}
	return fn, args
}

// plainColumns makes a subquery's columns ids of n, which have the types of cols, and
// the values compared with them what texts are compared by.
func (b *binder) plainColumns(pos int, n logical.Node, ids []logical.ColID, cols []logical.Column, args []logical.Expr) (logical.Node, error) {
	var p *logical.Project
	for i, x := range args {
		if x.Type().ID != types.Varchar {
			continue
		}
		k, err := b.commonCollation(pos, x, logical.Ref(cols[i]))
		if err != nil {
			return nil, err
		}
		if k == 0 {
			continue
		}
		if p == nil {
			p = &logical.Project{Input: n}
			for _, c := range n.Columns() {
				p.Cols, p.Exprs = append(p.Cols, c), append(p.Exprs, logical.Ref(c))
			}
			n = p
		}
		col := cols[i]
		col.ID, col.Typ = ids[i], types.Of(types.Varchar)
		e := binary(b.plainText(&col, k))
		to := b.newCol(col.Name, e.Type())
		p.Cols, p.Exprs = append(p.Cols, to), append(p.Exprs, e)
		ids[i], args[i] = to.ID, binary(b.plainText(x, k))
	}
	return n, nil
}
