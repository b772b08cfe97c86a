package scalar

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// positions walks the living positions of a call.
type positions struct {
	sel []uint32
	n   int
}

func living(c *function.Call) positions {
	if c.Sel != nil {
		return positions{c.Sel, len(c.Sel)}
	}
	return positions{nil, c.N}
}

// at returns the k-th living position.
func (r positions) at(k int) int {
	if r.sel != nil {
		return int(r.sel[k])
	}
	return k
}

// column is an argument seen by position, whatever its form.
type column struct {
	view vector.View
	idx  []uint32 // dictionary codes
	step int      // 0 for a constant
}

func arg(c *function.Call, args []*vector.Vector, i int) column {
	v := args[i]
	if v.Form == vector.Constant {
		return column{view: vector.View{Data: v.Data, Valid: v.Valid, Bufs: v.Bufs, Children: v.Children}}
	}
	var tmp *vector.Vector
	if i < len(c.Tmp) {
		tmp = c.Tmp[i]
	}
	view := v.View(tmp)
	return column{view: view, idx: view.Sel, step: 1}
}

// index returns the element that position p shows.
func (a *column) index(p int) int {
	if a.idx != nil {
		return int(a.idx[p])
	}
	return p * a.step
}

// null reports whether position p is NULL.
func (a *column) null(p int) bool {
	return a.view.Valid != nil && !a.view.Valid.Get(a.index(p))
}

// texts is a string argument.
type texts struct {
	column
	refs []types.StringRef
}

func textArg(c *function.Call, args []*vector.Vector, i int) texts {
	col := arg(c, args, i)
	return texts{col, raw.Cast[types.StringRef](col.view.Data)}
}

// at returns the bytes at position p.
func (t *texts) at(p int) []byte { return vector.Str(&t.refs[t.index(p)], t.view.Bufs) }

// numbers is an argument of fixed-size elements.
type numbers[T any] struct {
	column
	data []T
}

func numArg[T any](c *function.Call, args []*vector.Vector, i int) numbers[T] {
	col := arg(c, args, i)
	return numbers[T]{col, raw.Cast[T](col.view.Data)}
}

// at returns the element at position p.
func (n *numbers[T]) at(p int) T { return n.data[n.index(p)] }

// flag is 1 for true.
func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// bytesOf returns memory that a kernel keeps between chunks for building text.
func bytesOf(c *function.Call) *textBuffer {
	b, ok := c.Local.(*textBuffer)
	if !ok {
		b = &textBuffer{}
		c.Local = b
	}
	return b
}

type textBuffer struct{ b []byte }

// Short names for the types that signatures are made of.
var (
	boolean   = types.Of(types.Boolean)
	tinyint   = types.Of(types.TinyInt)
	smallint  = types.Of(types.SmallInt)
	integer   = types.Of(types.Integer)
	bigint    = types.Of(types.BigInt)
	hugeint   = types.Of(types.HugeInt)
	utinyint  = types.Of(types.UTinyInt)
	usmallint = types.Of(types.USmallInt)
	uinteger  = types.Of(types.UInteger)
	ubigint   = types.Of(types.UBigInt)
	uhugeint  = types.Of(types.UHugeInt)
	float     = types.Of(types.Float)
	double    = types.Of(types.Double)
	decimal   = types.Of(types.Decimal) // any decimal
	varchar   = types.Of(types.Varchar)
	blob      = types.Of(types.Blob)
	date      = types.Of(types.Date)
	clock     = types.Of(types.Time)
	clockTZ   = types.Of(types.TimeTZ)
	timestamp = types.Of(types.Timestamp)
	instant   = types.Of(types.TimestampTZ)
	interval  = types.Of(types.IntervalID)
	uuid      = types.Of(types.UUID)
	anyType   = types.Of(types.Any)
	anyList   = types.ListOf(types.Of(types.Any))
)

var (
	signedInts   = []types.Type{tinyint, smallint, integer, bigint, hugeint}
	unsignedInts = []types.Type{utinyint, usmallint, uinteger, ubigint, uhugeint}
	allInts      = append(append([]types.Type{}, signedInts...), unsignedInts...)
	floats       = []types.Type{float, double}
)

// sig returns an overload: result type, kernel and parameters.
func sig(ret types.Type, k function.Kernel, params ...types.Type) function.Overload {
	return function.Overload{Params: params, Return: ret, Kernel: k}
}

// failing returns o for a kernel that may return errors.
func failing(o function.Overload) function.Overload {
	o.CanFail = true
	return o
}

// special returns o for a kernel that treats NULLs itself.
func special(o function.Overload) function.Overload {
	o.Nulls = function.Special
	return o
}

// with returns o whose calls carry data in Bound.Data.
func with(data any, o function.Overload) function.Overload {
	ret, k, nulls, vol, fail := o.Return, o.Kernel, o.Nulls, o.Vol, o.CanFail
	o.Bind = func(args []types.Type, _ []*types.Value) (*function.Bound, error) {
		return &function.Bound{Params: args, Return: ret, Nulls: nulls, Vol: vol, CanFail: fail, Kernel: k, Data: data}, nil
	}
	return o
}

// binding returns an overload whose Bind makes the whole call.
func binding(bind func(args []types.Type, consts []*types.Value) (*function.Bound, error), params ...types.Type) function.Overload {
	return function.Overload{Params: params, Bind: bind}
}

// variadic returns o whose last parameter repeats.
func variadic(o function.Overload) function.Overload {
	o.Variadic = true
	return o
}
