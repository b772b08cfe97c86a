package function

import (
	"context"

	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/spill/chain"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/raw"
	"github.com/gannetdb/gannet/vector/types"
)

// Aggregate is an aggregate function.
type Aggregate struct {
	Name        string
	Aliases     []string
	Overloads   []AggOverload
	Description string
	Example     string // a complete SELECT of one value
	Result      string
	Category    string
}

// AggOverload is one signature of an aggregate.
type AggOverload struct {
	Params   []types.Type
	Variadic bool
	// Bind makes the state functions for the actual argument types.
	Bind func(args []types.Type, consts []*types.Value) (*BoundAgg, error)
}

// BoundAgg is an aggregate made concrete. Its functions work on states of
// Size bytes inside row pages, whose addresses they get; states hold no Go
// pointer, so that pages can be spilled and read back as they stand. Bytes of
// variable length (the string of a max) live in the heap that goes with the
// state's row (StateHeap) and are referred to by types.StringRef.
//
// Shapes: rows[i] is the address of the row of the i-th selected position
// (position sel[i], or i when sel is nil), for n of them; a row may occur more
// than once; the state starts off bytes behind it. NULL arguments are skipped
// by the function itself unless documented otherwise. Args are cast to Params.
//
// Combine must be associative and commutative (up to floating-point rounding);
// aggregates whose answer depends on row order say so in OrderDependent.
type BoundAgg struct {
	Name   string
	Params []types.Type
	Return types.Type
	Size   int // bytes of a state, a multiple of 8; zeroed before Init

	// Data is whatever Bind prepared; read-only.
	Data any
	// HeapState: states refer to a StateHeap.
	HeapState bool
	// OrderDependent: first, last, list …: the answer follows input order.
	OrderDependent bool
	// Ordered, which order dependent aggregates may have, returns the
	// aggregate that takes its values in the order of further arguments behind
	// Params.
	Ordered func(keys []OrderKey) (*BoundAgg, error)
	// Init prepares zeroed states; nil when zero is right.
	Init func(rows []raw.Addr, off uintptr)
	// Update adds the arguments at the selected positions to their rows'
	// states.
	Update func(c *AggCall, args []*vector.Vector, rows []raw.Addr, off uintptr, sel []uint32, n int) error
	// UpdateOne adds all selected positions to the one state at row
	// (ungrouped aggregation).
	UpdateOne func(c *AggCall, args []*vector.Vector, row raw.Addr, off uintptr, sel []uint32, n int) error
	// Combine adds the states of src to those of dst, pairwise; src's heap is
	// c.SrcBufs. Pairs are added one after the other: what is the dst of one
	// may be the src of a later one. Of what depends on order, src comes after
	// dst.
	Combine func(c *AggCall, src, dst []raw.Addr, off uintptr) error
	// Subtract takes the states of src off those of dst, which they are part
	// of, pairwise and exactly; nil when that is not possible. Windows slide
	// with it. States with a Subtract have no heap.
	Subtract func(c *AggCall, src, dst []raw.Addr, off uintptr) error
	// Drop gives up what states keep in AggCall.Pieces, once their results are
	// there; nil when they keep nothing there.
	Drop func(c *AggCall, rows []raw.Addr, off uintptr)
	// Ranked, which quantiles have, tells how a result is made of a few values of
	// the first argument alone, by their places when the values that are not NULL
	// are sorted. Windows that can find these do without states.
	Ranked *Ranked
	// Finalize writes the results of rows to out (flat, resized to at least
	// from+len(rows)) from position from on. Empty groups (only the global one
	// can be empty) give NULL or 0 as SQL says.
	Finalize func(c *AggCall, rows []raw.Addr, off uintptr, out *vector.Vector, from int) error
}

// Ranked makes results of values at certain places of a sorted set.
type Ranked struct {
	// Places appends the places, from 0 on, that the result for n > 0 values is
	// made of; their number does not depend on n.
	Places func(dst []int64, n int64) []int64
	// Finish writes the results for sets of counts[i] values to out, flat, of
	// len(counts) positions: NULL where it is 0. vals holds the values at the
	// places of each other set, one set after the other, all valid.
	Finish func(c *AggCall, counts []int64, vals, out *vector.Vector) error
}

// OrderKey is a key of ORDER BY inside an aggregate.
type OrderKey struct {
	Type             types.Type
	Desc, NullsFirst bool
}

// StateHeap is where aggregates with HeapState keep bytes. Memory handed out
// lives as long as the row pages do.
type StateHeap interface {
	// Put copies b to the heap that goes with the row at the given address
	// and returns its reference; short strings are inlined. It fails with
	// 53200 when the budget is exhausted.
	Put(row raw.Addr, b []byte) (types.StringRef, error)
	// Bufs resolves references of rows of this heap.
	Bufs() [][]byte
}

// AggCall carries what aggregate functions need beside states.
type AggCall struct {
	Session *Session
	Heap    StateHeap
	SrcBufs [][]byte // Combine: buffers of src's references
	Bound   *BoundAgg
	Tmp     []*vector.Vector
	// Mem is charged for what functions take beside states and out: sorted
	// copies of the values, results of variable length. Nil: not charged.
	Mem *budget.Reservation
	// Pieces takes what is too much for the heap, so that a state can be larger
	// than memory. It is the same for all calls with the same states. Nil: all
	// stays in the heap, and states may be combined more than once.
	Pieces *chain.Store
	// Ctx ends the call early. Nil: nothing does.
	Ctx context.Context
	// held is what Hold charged last.
	held int64
}

// Context returns Ctx, or one that never ends.
func (c *AggCall) Context() context.Context {
	if c.Ctx == nil {
		return context.Background()
	}
	return c.Ctx
}

// Grow charges n bytes to Mem, Shrink gives them back. What Pieces has in memory
// makes room for them. Errors: 53200, those of writing pieces.
func (c *AggCall) Grow(n int64) error {
	if c.Mem == nil {
		return nil
	}
	// Grow may wait for others, who are not to wait for Pieces.
	if c.Pieces != nil {
		if c.Mem.TryGrow(n) {
			return nil
		}
		if _, err := c.MakeRoom(n); err != nil {
			return err
		}
	}
	return c.Mem.Grow(n)
}

// MakeRoom answers a refusal of n bytes: Pieces are written to disk. It reports
// whether that freed something.
func (c *AggCall) MakeRoom(n int64) (bool, error) {
	if c.Pieces == nil {
		return false, nil
	}
	freed, err := c.Pieces.Spill(c.Context(), n)
	return freed > 0 && err == nil, err
}

// Hold gives back what the last Hold of c charged and charges n bytes instead:
// for results, which are used until the next Finalize. Errors: 53200.
func (c *AggCall) Hold(n int64) error {
	c.Shrink(c.held)
	c.held = 0
	if err := c.Grow(n); err != nil {
		return err
	}
	c.held = n
	return nil
}

// Shrink undoes a Grow.
func (c *AggCall) Shrink(n int64) {
	if c.Mem != nil {
		c.Mem.Shrink(n)
	}
}
