package logical

// Operands returns the direct operands of e, in evaluation order. Those of a
// Subquery are its Arg and Rest only; its plan is not entered.
func Operands(e Expr) []Expr {
	switch e := e.(type) {
	case *Call:
		return e.Args
	case *Cast:
		return []Expr{e.Arg}
	case *Compare:
		return []Expr{e.Left, e.Right}
	case *And:
		return e.Args
	case *Or:
		return e.Args
	case *Not:
		return []Expr{e.Arg}
	case *IsNull:
		return []Expr{e.Arg}
	case *In:
		return append([]Expr{e.Arg}, e.List...)
	case *Case:
		out := make([]Expr, 0, 2*len(e.Whens)+1)
		for _, w := range e.Whens {
			out = append(out, w.Cond, w.Then)
		}
		return append(out, e.Else)
	case *Coalesce:
		return e.Args
	case *Lambda:
		return e.Args
	case *Subquery:
		if len(e.Rest) > 0 {
			return append([]Expr{e.Arg}, e.Rest...)
		}
		if e.Arg != nil {
			return []Expr{e.Arg}
		}
	}
	return nil
}

// WithOperands returns a copy of e over other operands, in Operands' order.
func WithOperands(e Expr, ops []Expr) Expr {
	switch e := e.(type) {
	case *Call:
		c := *e
		c.Args = ops
		return &c
	case *Cast:
		c := *e
		c.Arg = ops[0]
		return &c
	case *Compare:
		c := *e
		c.Left, c.Right = ops[0], ops[1]
		return &c
	case *And:
		c := *e
		c.Args = ops
		return &c
	case *Or:
		c := *e
		c.Args = ops
		return &c
	case *Not:
		c := *e
		c.Arg = ops[0]
		return &c
	case *IsNull:
		c := *e
		c.Arg = ops[0]
		return &c
	case *In:
		c := *e
		c.Arg, c.List = ops[0], ops[1:]
		return &c
	case *Case:
		c := *e
		c.Whens = make([]When, len(e.Whens))
		for i := range c.Whens {
			c.Whens[i] = When{ops[2*i], ops[2*i+1]}
		}
		c.Else = ops[len(ops)-1]
		return &c
	case *Coalesce:
		c := *e
		c.Args = ops
		return &c
	case *Lambda:
		c := *e
		c.Args = ops
		return &c
	case *Subquery:
		if e.Arg != nil {
			c := *e
			c.Arg = ops[0]
			if len(e.Rest) > 0 {
				c.Rest = ops[1:]
			}
			return &c
		}
	}
	return e
}

// Walk calls f for e and, while f returns true, for its operands.
func Walk(e Expr, f func(Expr) bool) {
	if !f(e) {
		return
	}
	for _, o := range Operands(e) {
		Walk(o, f)
	}
}

// Rewrite rebuilds e bottom-up: f gets each node with rewritten operands and
// returns its replacement (itself when unchanged).
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	ops := Operands(e)
	if len(ops) > 0 {
		changed := false
		out := make([]Expr, len(ops))
		for i, o := range ops {
			out[i] = Rewrite(o, f)
			changed = changed || out[i] != o
		}
		if changed {
			e = WithOperands(e, out)
		}
	}
	return f(e)
}

// AddColumns adds the columns that e refers to (outer columns of subqueries
// included) to set.
func AddColumns(e Expr, set map[ColID]bool) {
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Column:
			set[x.ID] = true
		case *Subquery:
			for _, id := range x.Outer {
				set[id] = true
			}
		}
		return true
	})
}
