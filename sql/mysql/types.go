package mysql

import (
	"vitess.io/vitess/go/vt/sqlparser"

	"github.com/gannetdb/gannet/sql/ast"
)

// columnTypes are the types of columns by the engine's names; those with an
// unsigned form have it behind the bar.
var columnTypes = map[string]struct{ signed, unsigned string }{
	"tinyint": {"tinyint", "utinyint"}, "bool": {"tinyint", ""}, "boolean": {"tinyint", ""},
	"smallint": {"smallint", "usmallint"}, "mediumint": {"integer", "uinteger"},
	"int": {"integer", "uinteger"}, "integer": {"integer", "uinteger"}, "bigint": {"bigint", "ubigint"},
	"float": {"float", "float"}, "float4": {"float", "float"}, "double": {"double", "double"}, "float8": {"double", "double"},
	"real": {"double", "double"}, "double precision": {"double", "double"},
	"char": {"varchar", ""}, "varchar": {"varchar", ""}, "nchar": {"varchar", ""}, "nvarchar": {"varchar", ""},
	"tinytext": {"varchar", ""}, "text": {"varchar", ""}, "mediumtext": {"varchar", ""}, "longtext": {"varchar", ""},
	"binary": {"blob", ""}, "varbinary": {"blob", ""},
	"tinyblob": {"blob", ""}, "blob": {"blob", ""}, "mediumblob": {"blob", ""}, "longblob": {"blob", ""},
	"date": {"date", ""}, "datetime": {"timestamp", ""}, "timestamp": {"timestamp", ""}, "time": {"time", ""},
	"year": {"smallint", ""}, "json": {"json", ""},
}

// columnType converts the type of a column. Lengths of texts are not enforced.
func (c *converter) columnType(t *sqlparser.ColumnType) *ast.TypeName {
	name := lower(t.Type)
	at := c.find(name)
	switch name {
	case "decimal", "numeric", "dec", "fixed":
		p, s := int64(10), int64(0)
		if t.Length != nil {
			p = int64(*t.Length)
		}
		if t.Scale != nil {
			s = int64(*t.Scale)
		}
		return typeNamed(at, "decimal", p, s)
	case "enum":
		out := typeNamed(at, "enum")
		for _, v := range t.EnumValues {
			out.Mods = append(out.Mods, text(at, unquote(v)))
		}
		return out
	}
	known, ok := columnTypes[name]
	if !ok {
		c.unsupported(at, "the type %s", t.Type)
		return typeNamed(at, "integer")
	}
	if t.Unsigned && known.unsigned != "" {
		return typeNamed(at, known.unsigned)
	}
	return typeNamed(at, known.signed)
}

// unquote takes the quotes off a value of an ENUM, which Vitess keeps.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') {
		return newScanner(newParser(), s).next().text
	}
	return s
}

// castTo converts CAST(x AS type) and CONVERT(x, type).
func (c *converter) castTo(at ast.At, x ast.Expr, t *sqlparser.ConvertType) ast.Expr {
	name := lower(t.Type)
	to := c.find(name)
	length := func() ast.Expr { return integer(to, int64(*t.Length)) }
	switch name {
	case "signed", "signed integer":
		return cast(at, x, "bigint")
	case "unsigned", "unsigned integer":
		return cast(at, x, "ubigint")
	case "char", "nchar":
		out := cast(at, x, "varchar")
		if t.Length != nil {
			return call(at, "left", out, length())
		}
		return out
	case "binary":
		if t.Length != nil {
			break
		}
		return cast(at, x, "blob")
	case "decimal":
		p, s := int64(10), int64(0)
		if t.Length != nil {
			p = int64(*t.Length)
		}
		if t.Scale != nil {
			s = int64(*t.Scale)
		}
		return &ast.Cast{At: at, X: x, Type: typeNamed(to, "decimal", p, s)}
	case "date":
		return cast(at, temporal(x), "date")
	case "datetime":
		return cast(at, temporal(x), "timestamp")
	case "time", "float", "double":
		return cast(at, x, name)
	case "real":
		return cast(at, x, "double")
	case "year":
		return cast(at, x, "smallint")
	}
	c.unsupported(to, "a cast to %s", t.Type)
	return x
}
