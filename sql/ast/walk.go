package ast

// Inspect visits root and everything below it in the order of the text's
// structure, parents first. When visit returns false the children of that node
// are skipped. Visited are the Statements, QueryBodies, TableRefs and Exprs,
// and of the other nodes *CTE and *TypeName; the remaining ones (select items,
// order keys, window specs, aliases, names) are passed through to the
// expressions within them. It keeps its own stack, so that no tree is too deep.
// A nil root visits nothing.
func Inspect(root Node, visit func(Node) bool) {
	if isNil(root) {
		return
	}
	stack := make([]Node, 1, 32)
	stack[0] = root
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !visit(n) {
			continue
		}
		from := len(stack)
		stack = AppendChildren(stack, n)
		reverse(stack[from:])
	}
}

// Walk is [Inspect] with a second function that is called after the children of
// a node have been visited (also when enter returned false).
func Walk(root Node, enter func(Node) bool, leave func(Node)) {
	if isNil(root) {
		return
	}
	type step struct {
		n    Node
		exit bool
	}
	stack := []step{{n: root}}
	var children []Node
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.exit {
			leave(s.n)
			continue
		}
		stack = append(stack, step{s.n, true})
		if !enter(s.n) {
			continue
		}
		children = AppendChildren(children[:0], s.n)
		for i := len(children) - 1; i >= 0; i-- {
			stack = append(stack, step{n: children[i]})
		}
	}
}

// Depth returns the height of the tree in the nodes that [Inspect] visits: 1
// for a leaf, 0 for nil.
func Depth(root Node) int {
	depth, most := 0, 0
	Walk(root, func(Node) bool { depth++; most = max(most, depth); return true }, func(Node) { depth-- })
	return most
}

func reverse(s []Node) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

// isNil finds nil interfaces and the nil pointers of the node types that
// appear in pointer fields.
func isNil(n Node) bool {
	switch n := n.(type) {
	case nil:
		return true
	case *Query:
		return n == nil
	case *With:
		return n == nil
	case *TypeName:
		return n == nil
	case *FuncCall:
		return n == nil
	case *Like:
		return n == nil
	}
	return false
}

// AppendChildren appends the direct children of n, as [Inspect] sees them, to
// dst and returns it. Nodes of a type that this package does not define have
// none.
func AppendChildren(dst []Node, n Node) []Node {
	c := children{dst}
	switch n := n.(type) {
	case Expr:
		c.ofExpr(n)
	case TableRef:
		c.ofTable(n)
	case QueryBody: // before Statement: *Query is both
		c.ofBody(n)
	case Statement:
		c.ofStatement(n)
	case *CTE:
		c.stmt(n.Stmt)
	case *TypeName:
		c.expr(n.Mods...)
		for i := range n.Fields {
			c.typ(n.Fields[i].Type)
		}
	case *With:
		c.with(n)
	}
	return c.list
}

// children collects; its methods drop what is absent.
type children struct{ list []Node }

func (c *children) expr(es ...Expr) {
	for _, e := range es {
		if e != nil {
			c.list = append(c.list, e)
		}
	}
}

func (c *children) stmt(s Statement) {
	if s != nil && !isNil(s) {
		c.list = append(c.list, s)
	}
}

func (c *children) query(q *Query) {
	if q != nil {
		c.list = append(c.list, q)
	}
}

func (c *children) table(ts ...TableRef) {
	for _, t := range ts {
		if t != nil {
			c.list = append(c.list, t)
		}
	}
}

func (c *children) typ(t *TypeName) {
	if t != nil {
		c.list = append(c.list, t)
	}
}

func (c *children) with(w *With) {
	if w == nil {
		return
	}
	for _, cte := range w.CTEs {
		if cte != nil {
			c.list = append(c.list, cte)
		}
	}
}

func (c *children) items(items []SelectItem) {
	for i := range items {
		c.expr(items[i].Expr)
	}
}

func (c *children) order(items []OrderItem) {
	for i := range items {
		c.expr(items[i].Expr)
	}
}

func (c *children) groups(items []GroupItem) {
	// The parser bounds how deep grouping sets nest.
	for i := range items {
		c.expr(items[i].Exprs...)
		c.groups(items[i].Items)
	}
}

func (c *children) options(opts []Option) {
	for i := range opts {
		c.expr(opts[i].Value)
	}
}

func (c *children) assignments(set []Assignment) {
	for i := range set {
		c.expr(set[i].Value)
	}
}

func (c *children) sample(s *Sample) {
	if s != nil {
		c.expr(s.Size, s.Seed)
	}
}

func (c *children) window(w *WindowSpec) {
	if w == nil {
		return
	}
	c.expr(w.PartitionBy...)
	c.order(w.OrderBy)
	if w.Frame != nil {
		c.expr(w.Frame.Start.Offset, w.Frame.End.Offset)
	}
}

func (c *children) constraints(list []Constraint) {
	for i := range list {
		c.expr(list[i].Expr)
	}
}

func (c *children) column(d *ColumnDef) {
	if d != nil {
		c.typ(d.Type)
		c.constraints(d.Constraints)
	}
}

func (c *children) ofBody(b QueryBody) {
	switch b := b.(type) {
	case *Query:
		c.with(b.With)
		if b.Body != nil {
			c.list = append(c.list, b.Body)
		}
		c.order(b.OrderBy)
		if b.Limit != nil {
			c.expr(b.Limit.Count, b.Limit.Offset)
		}
	case *Select:
		c.expr(b.DistinctOn...)
		c.items(b.Items)
		c.table(b.From...)
		c.expr(b.Where)
		if b.GroupBy != nil {
			c.groups(b.GroupBy.Items)
		}
		c.expr(b.Having)
		for i := range b.Windows {
			c.window(b.Windows[i].Spec)
		}
		c.expr(b.Qualify)
		c.sample(b.Sample)
	case *SetOp:
		for _, t := range b.Terms {
			c.list = append(c.list, t)
		}
	case *Values:
		for _, row := range b.Rows {
			c.expr(row...)
		}
	}
}

func (c *children) ofTable(t TableRef) {
	switch t := t.(type) {
	case *TableName:
		if t.Version != nil {
			c.expr(t.Version.Value)
		}
		c.sample(t.Sample)
	case *FileTable:
		c.sample(t.Sample)
	case *TableFunction:
		if t.Call != nil {
			c.list = append(c.list, t.Call)
		}
		c.sample(t.Sample)
	case *DerivedTable:
		c.query(t.Query)
		c.sample(t.Sample)
	case *StatementTable:
		c.stmt(t.Stmt)
	case *Join:
		c.table(t.Left, t.Right)
		c.expr(t.On)
	case *Pivot:
		c.table(t.Source)
		c.items(t.Aggregates)
		for i := range t.Columns {
			c.expr(t.Columns[i].Exprs...)
			c.items(t.Columns[i].In)
			c.query(t.Columns[i].InQuery)
		}
		c.expr(t.GroupBy...)
	case *Unpivot:
		c.table(t.Source)
		c.items(t.Columns)
	}
}

func (c *children) ofExpr(e Expr) {
	switch e := e.(type) {
	case *TypedLiteral:
		c.typ(e.Type)
	case *Interval:
		c.expr(e.Value)
	case *Star:
		for i := range e.Replace {
			c.expr(e.Replace[i].Expr)
		}
		if e.Like != nil {
			c.list = append(c.list, e.Like)
		}
	case *Columns:
		c.expr(e.Arg)
	case *Unary:
		c.expr(e.X)
	case *Binary:
		c.expr(e.L, e.R)
	case *Concat:
		c.expr(e.Terms...)
	case *Arrow:
		c.expr(e.L, e.R)
	case *Lambda:
		c.expr(e.Body)
	case *And:
		c.expr(e.Terms...)
	case *Or:
		c.expr(e.Terms...)
	case *Not:
		c.expr(e.X)
	case *Comparison:
		c.expr(e.L, e.R)
	case *IsNull:
		c.expr(e.X)
	case *IsDistinct:
		c.expr(e.L, e.R)
	case *IsTruth:
		c.expr(e.X)
	case *Between:
		c.expr(e.X, e.Lo, e.Hi)
	case *InList:
		c.expr(e.X)
		c.expr(e.List...)
	case *InSubquery:
		c.expr(e.X)
		c.query(e.Query)
	case *InValue:
		c.expr(e.X, e.V)
	case *Like:
		c.expr(e.X, e.Pattern, e.Escape)
	case *Case:
		c.expr(e.Operand)
		for i := range e.Whens {
			c.expr(e.Whens[i].Cond, e.Whens[i].Result)
		}
		c.expr(e.Else)
	case *Cast:
		c.expr(e.X)
		c.typ(e.Type)
	case *Collate:
		c.expr(e.X)
	case *Subquery:
		c.query(e.Query)
	case *Exists:
		c.query(e.Query)
	case *Quantified:
		c.expr(e.X)
		c.query(e.Query)
		c.expr(e.List)
	case *ArraySubquery:
		c.query(e.Query)
	case *Row:
		c.expr(e.Elems...)
	case *List:
		c.expr(e.Elems...)
	case *ListComprehension:
		c.expr(e.Elem, e.Source, e.Filter)
	case *Struct:
		for i := range e.Fields {
			c.expr(e.Fields[i].Value)
		}
	case *Map:
		for i := range e.Keys {
			c.expr(e.Keys[i], e.Values[i])
		}
	case *Index:
		c.expr(e.X, e.I)
	case *Slice:
		c.expr(e.X, e.Lo, e.Hi, e.Step)
	case *Field:
		c.expr(e.X)
	case *FuncCall:
		c.expr(e.Args...)
		c.order(e.OrderBy)
		c.order(e.WithinGroup)
		c.expr(e.Filter)
		c.window(e.Over)
	case *NamedArg:
		c.expr(e.Value)
	}
}
