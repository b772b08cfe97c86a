package bind

import (
	"strings"

	"github.com/gannetdb/gannet/sql/ast"
)

// columnName is the name of an output column without an alias.
func columnName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return ast.Last(e.Parts).Name
	case *ast.FuncCall:
		return strings.ToLower(ast.Last(e.Name).Name)
	}
	return "expr"
}
