package logical

import (
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// Verify checks the invariants of a plan: every column that a node refers to
// is produced below it (or belongs to an enclosing query that produces it),
// with the type it has there; no node produces a column twice; n-ary nodes
// have their operands; arguments have the types of parameters. A violation is
// an XX000 error: a bug of whoever made the plan.
func Verify(p *Plan) error {
	v := &verifier{ctes: map[int]*CTE{}}
	if err := v.node(p.Root, nil, 0); err != nil {
		return err
	}
	have := Produced(p.Root)
	for _, id := range p.Output {
		if !have[id] {
			return broken("output column %d is not produced", id)
		}
	}
	if len(p.Names) != len(p.Output) {
		return broken("%d names for %d output columns", len(p.Names), len(p.Output))
	}
	if int(v.max) >= p.NumCols {
		return broken("column %d is beyond the plan's %d", v.max, p.NumCols)
	}
	return nil
}

type verifier struct {
	ctes map[int]*CTE
	max  ColID
}

func broken(format string, args ...any) error {
	return sqlerr.New(sqlerr.CodeInternal, "broken plan: "+format, args...)
}

// env is the set of columns in sight: those below a node and those of
// enclosing queries.
type env struct {
	outer *env
	cols  map[ColID]types.Type
}

func (e *env) find(id ColID) (types.Type, bool) {
	for ; e != nil; e = e.outer {
		if t, ok := e.cols[id]; ok {
			return t, true
		}
	}
	return types.Type{}, false
}

func (v *verifier) node(n Node, outer *env, depth int) error {
	if depth > 4*MaxDepth {
		return broken("plan is too deep")
	}
	children := n.Children()
	for i, c := range children {
		below := outer
		switch n := n.(type) {
		case *CTE:
			if i == 1 {
				v.ctes[n.ID] = n
			}
		case *Recursive:
			if i == 1 {
				v.ctes[n.ID] = &CTE{ID: n.ID, Name: n.Name, DefOut: n.AnchorOut}
				v.ctes[n.Total] = v.ctes[n.ID]
			}
		case *DependentJoin:
			if i == 1 {
				below = &env{outer: outer, cols: columnTypes(children[0])}
			}
		}
		if err := v.node(c, below, depth+1); err != nil {
			return err
		}
	}
	here := &env{outer: outer, cols: map[ColID]types.Type{}}
	for _, c := range children {
		for id, t := range columnTypes(c) {
			here.cols[id] = t
		}
	}
	if s, ok := n.(*Scan); ok {
		for _, c := range s.Cols {
			here.cols[c.ID] = c.Typ
		}
	}
	seen := map[ColID]bool{}
	for _, c := range n.Columns() {
		if c.ID <= 0 {
			return broken("%T produces a column without an ID", n)
		}
		if seen[c.ID] {
			return broken("%T produces column %d (%s) twice", n, c.ID, c.Name)
		}
		seen[c.ID] = true
		v.max = max(v.max, c.ID)
	}
	for _, e := range Exprs(n) {
		if err := v.expr(e, here, depth+1); err != nil {
			return err
		}
	}
	return v.shape(n, here)
}

func columnTypes(n Node) map[ColID]types.Type {
	out := map[ColID]types.Type{}
	for _, c := range n.Columns() {
		out[c.ID] = c.Typ
	}
	return out
}

// shape checks what is special to each kind of node.
func (v *verifier) shape(n Node, here *env) error {
	typed := func(what string, cols []Column, exprs []Expr) error {
		if len(cols) != len(exprs) {
			return broken("%s has %d columns for %d expressions", what, len(cols), len(exprs))
		}
		for i, e := range exprs {
			if !e.Type().Equal(cols[i].Typ) {
				return broken("%s column %s is %s, its expression %s", what, cols[i].Name, cols[i].Typ, e.Type())
			}
		}
		return nil
	}
	conds := func(what string, list []Expr) error {
		for _, e := range list {
			if e.Type().ID != types.Boolean {
				return broken("%s condition %s is not boolean", what, String(e))
			}
		}
		return nil
	}
	switch n := n.(type) {
	case *Scan:
		if len(n.Ords) != len(n.Cols) {
			return broken("scan of %s has %d ordinals for %d columns", n.Name, len(n.Ords), len(n.Cols))
		}
		if n.Out != nil && len(n.Columns()) != len(n.Out) {
			return broken("scan of %s puts out a column it does not read", n.Name)
		}
		return conds("scan", n.Filters)
	case *Values:
		for _, r := range n.Rows {
			if err := typed("values", n.Cols, r); err != nil {
				return err
			}
		}
	case *Filter:
		return conds("filter", n.Conds)
	case *Project:
		return typed("projection", n.Cols, n.Exprs)
	case *Join:
		return conds("join", n.On)
	case *DependentJoin:
		return conds("join", n.On)
	case *AsofJoin:
		return n.verify()
	case *Aggregate:
		if err := typed("aggregate", n.GroupCols, n.Groups); err != nil {
			return err
		}
		for _, o := range n.Omit {
			for _, g := range o {
				if g < 0 || g >= len(n.Groups) {
					return broken("grouping set without group %d of %d", g, len(n.Groups))
				}
			}
		}
		if len(n.Aggs) != len(n.AggCols) {
			return broken("aggregate has %d columns for %d calls", len(n.AggCols), len(n.Aggs))
		}
		for i := range n.Aggs {
			a := &n.Aggs[i]
			if !a.Fn.Return.Equal(n.AggCols[i].Typ) {
				return broken("aggregate column %s is %s, its call %s", n.AggCols[i].Name, n.AggCols[i].Typ, a.Fn.Return)
			}
			for j, e := range a.Args {
				if j < len(a.Fn.Params) && !accepts(a.Fn.Params[j], e.Type()) {
					return broken("argument %d of %s is %s instead of %s", j+1, a.Fn.Name, e.Type(), a.Fn.Params[j])
				}
			}
		}
	case *Window:
		return n.verify()
	case *SetOp:
		if len(n.In) != len(n.Inputs) {
			return broken("set operation maps %d of %d inputs", len(n.In), len(n.Inputs))
		}
		for i, in := range n.In {
			if len(in) != len(n.Cols) {
				return broken("set operation input has %d columns for %d", len(in), len(n.Cols))
			}
			have := columnTypes(n.Inputs[i])
			for j, id := range in {
				if t, ok := have[id]; !ok || !t.Equal(n.Cols[j].Typ) {
					return broken("set operation input %d lacks column %d of type %s", i, id, n.Cols[j].Typ)
				}
			}
		}
	case *CTE:
		have := Produced(n.Def)
		for _, id := range n.DefOut {
			if !have[id] {
				return broken("CTE %s lacks column %d", n.Name, id)
			}
		}
	case *CTERef:
		c := v.ctes[n.ID]
		if c == nil {
			return broken("CTE %s is read outside its body", n.Name)
		}
		if len(n.Cols) != len(c.DefOut) {
			return broken("CTE %s has %d columns, read as %d", n.Name, len(c.DefOut), len(n.Cols))
		}
	}
	return nil
}

func accepts(param, arg types.Type) bool { return param.ID == types.Any || param.Equal(arg) }

func (v *verifier) expr(e Expr, here *env, depth int) error {
	if depth > 4*MaxDepth {
		return broken("expression is too deep")
	}
	for _, o := range Operands(e) {
		if err := v.expr(o, here, depth+1); err != nil {
			return err
		}
	}
	boolean := func(list ...Expr) error {
		for _, o := range list {
			if o.Type().ID != types.Boolean {
				return broken("operand %s of a logical operator is %s", String(o), o.Type())
			}
		}
		return nil
	}
	same := func(list ...Expr) error {
		for _, o := range list[1:] {
			if !o.Type().Equal(list[0].Type()) {
				return broken("operands of %s are %s and %s", String(e), list[0].Type(), o.Type())
			}
		}
		return nil
	}
	switch e := e.(type) {
	case *Column:
		t, ok := here.find(e.ID)
		if !ok {
			return broken("column %d (%s) is not produced below", e.ID, e.Name)
		}
		if !t.Equal(e.Typ) {
			return broken("column %d (%s) is %s where it is produced and %s where it is used", e.ID, e.Name, t, e.Typ)
		}
	case *Call:
		for i, a := range e.Args {
			if i < len(e.Fn.Params) && !accepts(e.Fn.Params[i], a.Type()) {
				return broken("argument %d of %s is %s instead of %s", i+1, e.Fn.Name, a.Type(), e.Fn.Params[i])
			}
		}
	case *Compare:
		return same(e.Left, e.Right)
	case *And:
		if len(e.Args) < 2 {
			return broken("AND of %d operands", len(e.Args))
		}
		return boolean(e.Args...)
	case *Or:
		if len(e.Args) < 2 {
			return broken("OR of %d operands", len(e.Args))
		}
		return boolean(e.Args...)
	case *Not:
		return boolean(e.Arg)
	case *In:
		return same(append([]Expr{e.Arg}, e.List...)...)
	case *Case:
		for _, w := range e.Whens {
			if err := boolean(w.Cond); err != nil {
				return err
			}
			if !w.Then.Type().Equal(e.Typ) {
				return broken("CASE of %s has a branch of %s", e.Typ, w.Then.Type())
			}
		}
		if !e.Else.Type().Equal(e.Typ) {
			return broken("CASE of %s has ELSE of %s", e.Typ, e.Else.Type())
		}
	case *Coalesce:
		return same(e.Args...)
	case *Subquery:
		return v.node(e.Plan, here, depth+1)
	}
	return nil
}
