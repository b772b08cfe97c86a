package function

import (
	"context"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// NullRule tells how a scalar function treats NULL arguments.
type NullRule uint8

const (
	// Propagate: the result is NULL where any argument is. The caller sets the
	// result's validity; the kernel may compute garbage at NULL positions and
	// must ignore the bitmap.
	Propagate NullRule = iota
	// Special: the kernel reads the arguments' validity and sets the result's.
	Special
)

// Volatility tells when a call may be folded or shared.
type Volatility uint8

const (
	// Immutable: same arguments, same result, always.
	Immutable Volatility = iota
	// Stable: same within one statement (now(), current settings).
	Stable
	// Volatile: differs from call to call (random()).
	Volatile
)

// Scalar is a scalar function or operator: one value a row from the values of
// the same row.
type Scalar struct {
	Name        string // lower case; operators by their symbol: "+", "||", "~~"
	Aliases     []string
	Overloads   []Overload
	Description string
	Example     string // an SQL expression
	Result      string // what Example gives, as text
	Category    string // numeric, string, date, ...
}

// Overload is one signature of a scalar function.
type Overload struct {
	Params   []types.Type // ID Any accepts every type
	Variadic bool         // the last parameter may repeat, also zero times
	// Return is the result type, used when Bind is nil.
	Return types.Type
	Nulls  NullRule
	Vol    Volatility
	// CanFail: the kernel may return an error for some row. It is then called
	// with a selection that leaves out the rows where an argument is NULL
	// (under Propagate), so that dead rows never raise.
	CanFail bool
	Kernel  Kernel
	// Bind, when present, chooses result type, argument types and kernel from
	// the actual argument types (decimals, nested types) and from those
	// arguments that are constants (consts[i] nil otherwise). It returns an
	// error with SQLSTATE 42883 when the overload does not apply after all.
	Bind func(args []types.Type, consts []*types.Value) (*Bound, error)
}

// Bound is an overload made concrete for given argument types. It is shared by
// workers and never written after binding.
type Bound struct {
	Name    string
	Params  []types.Type // what arguments are cast to before the call
	Return  types.Type
	Nulls   NullRule
	Vol     Volatility
	CanFail bool
	Kernel  Kernel
	// Data is whatever Bind prepared (a compiled pattern, a field index);
	// read-only.
	Data any
}

// Kernel computes out at the selected positions of the arguments. out is flat,
// resized to c.N and owned by the caller; the kernel may instead make it
// constant, or a reference to an argument. Arguments have any form but agree
// on Len >= c.N, and when all are constant the caller asks for one position
// only. It returns the first error in position order among those it met.
type Kernel func(c *Call, args []*vector.Vector, out *vector.Vector) error

// Call carries what a kernel needs beside its arguments.
type Call struct {
	Ctx     context.Context
	N       int      // positions
	Sel     []uint32 // alive positions, nil = all of [0, N)
	Bound   *Bound
	Session *Session
	// Local is per call site and worker: a kernel may keep scratch memory in
	// it between chunks.
	Local any
	// Tmp are scratch vectors for View of sequences, one an argument.
	Tmp []*vector.Vector
}

// Session is what functions may know about the session; read-only during a
// statement.
type Session struct {
	TimeZone    string // IANA name
	Now         int64  // start of the transaction, microseconds since the epoch, UTC
	Seed        uint64 // for random() and sampling
	CurrentUser string
	Database    string
	Schema      string
	// Setting returns a setting's value as text, for current_setting().
	Setting func(name string) (string, bool)
	// Mem pays for results of expressions, as long as a chunk's are used; nil:
	// nobody does.
	Mem vector.Purse
}
