package eval

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/kernel"
	"github.com/gannetdb/gannet/vector/types"
)

// Column is a reference to a column of the chunk.
type Column struct {
	pos int
	typ types.Type
}

// NewColumn returns the expression that is the chunk's column at pos, of type
// t. Its result is the column itself.
func NewColumn(pos int, t types.Type) *Column { return &Column{pos, t} }

// Pos returns the column's position in the chunk.
func (e *Column) Pos() int { return e.pos }

// Type implements Expr.
func (e *Column) Type() types.Type   { return e.typ }
func (e *Column) traits() traits     { return traits{columns: true} }
func (e *Column) node(*Context) node { return columnNode(e.pos) }

type columnNode int

func (e columnNode) eval(in *vector.Chunk, _ []uint32, _ int) (*vector.Vector, error) {
	return in.Cols[e], nil
}

func (e columnNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	return kernel.SelectTrue(in.Cols[e], sel, n, out), nil
}

// Const is a constant.
type Const struct{ value types.Value }

// NewConst returns the expression that is val at every row.
func NewConst(val types.Value) *Const { return &Const{val} }

// Value returns the constant; its children must not be changed.
func (e *Const) Value() types.Value { return e.value }

// Type implements Expr.
func (e *Const) Type() types.Type { return e.value.Type }
func (e *Const) traits() traits   { return traits{} }

func (e *Const) node(*Context) node {
	v := vector.New(e.value.Type)
	v.SetConstant(e.value, 1)
	return &constNode{v}
}

type constNode struct{ v *vector.Vector }

func (e *constNode) eval(in *vector.Chunk, _ []uint32, _ int) (*vector.Vector, error) {
	e.v.Len = in.Len
	return e.v, nil
}

func (e *constNode) pick(in *vector.Chunk, sel []uint32, n int, out []uint32) ([]uint32, error) {
	return kernel.SelectTrue(e.v, sel, n, out), nil
}
