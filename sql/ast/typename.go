package ast

// TypeName is a type as written. Multi-word SQL names arrive as one word:
// "double" (DOUBLE PRECISION), "varchar" (CHARACTER VARYING), "timestamptz"
// and "timetz" (... WITH TIME ZONE), "timestamp" and "time" (WITHOUT).
type TypeName struct {
	At
	// Parts is the possibly qualified name; "struct", "map", "union" and "enum"
	// are names like others.
	Parts []Ident
	// Mods are the modifiers: DECIMAL(18, 3), VARCHAR(10), ENUM('a', 'b').
	Mods []Expr
	// Fields are the members of STRUCT/ROW and UNION (named) and the
	// parameters of MAP and LIST (Name "").
	Fields []TypeField
	// Dims are the array suffixes from left to right: -1 for [], else the
	// length of a fixed array [n].
	Dims []int64
}

// TypeField is a member of a nested type.
type TypeField struct {
	At
	Name Ident
	Type *TypeName
}

// Name returns the last part of the name as written.
func (t *TypeName) Name() string { return Last(t.Parts).Name }
