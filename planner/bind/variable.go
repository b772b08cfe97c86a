package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// setVariable binds SET VARIABLE name = value, which sees no columns.
func (b *binder) setVariable(s *ast.Set) (Statement, error) {
	x, err := b.expr(&exprCtx{scope: &scope{}, clause: "SET VARIABLE"}, s.Value)
	if err != nil {
		return nil, err
	}
	if logical.HasSubquery(x) {
		return nil, unsupported(s.Value, "a subquery in SET VARIABLE")
	}
	return &SetVariable{Name: s.Name.Name, Value: b.settled(x)}, nil
}

// getVariable binds getvariable('name'): the value that the variable has now,
// NULL for one that was never set.
func (b *binder) getVariable(c *exprCtx, f *ast.FuncCall) (logical.Expr, error) {
	args, err := b.argsOf(c, f, 1, 1)
	if err != nil {
		return nil, err
	}
	name, err := b.evaluate(args[0])
	if err != nil {
		return nil, err
	}
	if name.Type.ID != types.Varchar {
		return nil, sqlerr.At(f.Args[0].Pos(), sqlerr.CodeDatatypeMismatch, "getvariable wants a name, not %s", name.Type)
	}
	at := logical.At(f.Pos())
	for _, v := range b.o.Variables {
		if strings.EqualFold(v.Name, name.S) && !name.IsNull {
			k := &logical.Const{At: at, Value: v.Value}
			if v.Value.IsNull {
				return k, nil
			}
			// A value of the type it was set to, not a literal that adapts.
			return &logical.Cast{At: at, Arg: k, To: v.Value.Type}, nil
		}
	}
	return &logical.Const{At: at, Value: types.NullOf(types.Of(types.Null))}, nil
}
