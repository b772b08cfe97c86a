package ast

// ofStatement collects the children of the statements other than *Query.
func (c *children) ofStatement(s Statement) {
	switch s := s.(type) {
	case *CreateTable:
		for i := range s.Columns {
			c.column(&s.Columns[i])
		}
		c.constraints(s.Constraints)
		c.expr(s.PartitionBy...)
		c.expr(s.SortedBy...)
		c.options(s.Options)
		c.query(s.As)
	case *CreateView:
		c.stmt(s.Query)
	case *CreateSequence:
		c.expr(s.Start, s.Increment, s.Min, s.Max)
	case *CreateIndex:
		c.order(s.Keys)
		c.options(s.Options)
	case *CreateType:
		c.typ(s.Type)
		c.query(s.EnumQuery)
	case *CreateMacro:
		for i := range s.Overloads {
			o := &s.Overloads[i]
			for j := range o.Params {
				c.typ(o.Params[j].Type)
				c.expr(o.Params[j].Default)
			}
			c.expr(o.Expr)
			c.query(o.Query)
		}
	case *Alter:
		c.column(s.Def)
		c.typ(s.Type)
		c.expr(s.Expr)
		c.expr(s.Exprs...)
		if s.Constraint != nil {
			c.expr(s.Constraint.Expr)
		}
		c.options(s.Options)
	case *Comment:
		c.expr(s.Text)
	case *Insert:
		c.with(s.With)
		c.query(s.Query)
		if s.OnConflict != nil {
			c.expr(s.OnConflict.Where)
			c.assignments(s.OnConflict.Set)
			c.expr(s.OnConflict.UpdateWhere)
		}
		c.items(s.Returning)
	case *Update:
		c.with(s.With)
		c.table(s.Table)
		c.assignments(s.Set)
		c.table(s.From...)
		c.expr(s.Where)
		c.items(s.Returning)
	case *Delete:
		c.with(s.With)
		c.table(s.Table)
		c.table(s.Using...)
		c.expr(s.Where)
		c.items(s.Returning)
	case *Merge:
		c.with(s.With)
		c.table(s.Target, s.Source)
		c.expr(s.On)
		for i := range s.Actions {
			a := &s.Actions[i]
			c.expr(a.Cond)
			c.assignments(a.Set)
			c.expr(a.Values...)
			c.expr(a.Message)
		}
		c.items(s.Returning)
	case *Copy:
		c.stmt(s.Query)
		c.expr(s.Target)
		c.options(s.Options)
	case *Explain:
		c.options(s.Options)
		c.stmt(s.Stmt)
	case *Set:
		c.expr(s.Value)
	case *Pragma:
		c.expr(s.Args...)
	case *Describe:
		c.table(s.Table)
		c.stmt(s.Query)
	case *Summarize:
		c.table(s.Table)
		c.query(s.Query)
	case *Prepare:
		for _, t := range s.Types {
			c.typ(t)
		}
		c.stmt(s.Stmt)
	case *Execute:
		c.expr(s.Args...)
	case *Attach:
		c.expr(s.Path)
		c.options(s.Options)
	case *Call:
		if s.Call != nil {
			c.list = append(c.list, s.Call)
		}
	case *Export:
		c.expr(s.Path)
		c.options(s.Options)
	case *Import:
		c.expr(s.Path)
	}
}
