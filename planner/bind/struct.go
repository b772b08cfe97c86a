package bind

import (
	"strings"

	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// structLiteral binds {'a': x, b: y}: a call of row whose fields have names.
func (b *binder) structLiteral(c *exprCtx, e *ast.Struct) (logical.Expr, error) {
	seen := map[string]bool{}
	args := make([]logical.Expr, len(e.Fields))
	for i, f := range e.Fields {
		if key := strings.ToLower(f.Name); seen[key] {
			return nil, sqlerr.At(f.Pos(), sqlerr.CodeDuplicateColumn, "struct field %q is there twice", f.Name)
		} else {
			seen[key] = true
		}
		x, err := b.expr(c, f.Value)
		if err != nil {
			return nil, err
		}
		args[i] = b.settled(x)
	}
	x, err := b.builtin(e, "row", args...)
	if err != nil {
		return nil, err
	}
	call, ok := x.(*logical.Call)
	if !ok || len(call.Fn.Return.Ext.Fields) != len(e.Fields) {
		return nil, unsupported(e, "this struct literal")
	}
	fields := make([]types.Field, len(e.Fields))
	for i, f := range e.Fields {
		fields[i] = types.Field{Name: f.Name, Type: call.Fn.Return.Ext.Fields[i].Type}
	}
	fn := *call.Fn
	fn.Return = types.StructOf(fields...)
	named := *call
	named.Fn = &fn
	return &named, nil
}
