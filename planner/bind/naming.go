package bind

import (
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
)

// columnName is the name of an output column without an alias.
func columnName(e ast.Expr) string { return format.ColumnName(e) }
