package function

import (
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Window is a function that exists only with OVER. Aggregates are window
// functions too, but have a contract of their own.
type Window struct {
	Name        string
	Aliases     []string
	Overloads   []WinOverload
	Description string
	Example     string // a complete SELECT of one value
	Result      string
	Category    string
}

// WinOverload is one signature of a window function.
type WinOverload struct {
	Params []types.Type // ID Any accepts every type
	// Bind makes the function for the actual argument types.
	Bind func(args []types.Type) (*BoundWindow, error)
}

// BoundWindow is a window function made concrete. Exactly one of Number and
// Pick is set. It is shared by workers and never written after binding.
//
// Rows are named by their place in the sorted rows that an operator works on,
// int32, of which a partition of the query is a range.
type BoundWindow struct {
	Name   string
	Params []types.Type // what arguments are cast to
	Return types.Type
	// UsesFrame: the answer depends on the frame; otherwise WinCall.Frames is
	// not set.
	UsesFrame bool
	// Peers: rows that are equal in ORDER BY have equal results, whatever their
	// order.
	Peers bool
	// Values: the function picks among values of its first argument, which may
	// IGNORE NULLS.
	Values bool
	// ArgOrder: the function may have ORDER BY in its arguments; then WinCall has
	// Ordered and Frames, even without UsesFrame.
	ArgOrder bool
	// Number computes the results of c's rows from their places. out is flat,
	// of c's length, all valid.
	Number func(c *WinCall, out *vector.Vector) error
	// Pick sets at[i] to the row whose first argument is the result of the
	// i-th row: -1 for NULL, -2 for the default, which is the third argument
	// of the row itself.
	Pick func(c *WinCall, at []int32) error
}

// What Pick gives instead of a row.
const (
	PickNull    = -1
	PickDefault = -2
)

// WinCall describes consecutive rows, at most a chunk, of which the results are
// asked for. All slices but those of Args and NonNull have one entry a row.
type WinCall struct {
	Row []int32 // the rows
	// Part is the partition of each row: [PartStart, PartEnd).
	PartStart, PartEnd []int32
	// Peers are the rows that are equal in the ORDER BY keys.
	PeerStart, PeerEnd []int32
	Group              []int32 // how many groups of peers come before, in the partition
	// Frames are the parts of each row's frame, in order, disjoint; more than
	// one with EXCLUDE. A part is empty when its start is its end.
	Frames []Span
	// Args are the arguments, flat, by row of the call; of a function with Values
	// the first is nil.
	Args []*vector.Vector
	// NonNull lists the rows, ascending, whose first argument is not NULL; set
	// when IGNORE NULLS was asked for.
	IgnoreNulls bool
	NonNull     []int32
	// Ordered is set for a call with ORDER BY in its arguments: the rows in that
	// order.
	Ordered RowOrder
}

// RowOrder is an order of all rows, in which the rows of a span can be counted
// and found. Equal rows are in the order of their places.
type RowOrder interface {
	// Before counts the rows in [start, end) that come before row; of those that
	// are equal none, or with equal set all, row included if it is there.
	Before(start, end, row int32, equal bool) int32
	// Place counts the rows in [start, end) that come before row, of equal ones
	// those at lower places.
	Place(start, end, row int32) int32
	// Nth returns row n, from 0 on, of the rows in the spans, in order, -1 when
	// they have no more than n; with valid set only rows that NonNull lists
	// count.
	Nth(spans [][2]int32, n int64, valid bool) int32
}

// Span is a range of rows for each row of a call.
type Span struct{ Start, End []int32 }

// FrameMode is what the bounds of a frame count.
type FrameMode uint8

// The frame modes.
const (
	FrameRows FrameMode = iota
	FrameRange
	FrameGroups
)

func (m FrameMode) String() string { return [...]string{"ROWS", "RANGE", "GROUPS"}[m] }

// BoundKind is the kind of one end of a frame.
type BoundKind uint8

// The kinds of bound.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

func (k BoundKind) String() string {
	return [...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[k]
}

// Exclusion is what a frame leaves out.
type Exclusion uint8

// The exclusions.
const (
	ExcludeNothing Exclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

func (x Exclusion) String() string {
	return [...]string{"NO OTHERS", "CURRENT ROW", "GROUP", "TIES"}[x]
}
