package storage

import (
	"sync/atomic"

	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// CompareOp is the comparison of a Predicate that statistics can refute.
type CompareOp uint8

// The comparisons. None: statistics cannot help, only the Selector decides.
const (
	None CompareOp = iota
	Equal
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	In        // one of Values
	Between   // Values[0] to Values[1], both included
	IsNull    // no value
	IsNotNull // no value
)

// Predicate is a condition on one column. NULL rows fail every predicate but
// IsNull (and those whose Selector keeps them).
type Predicate struct {
	Column int // ordinal in Table.Columns
	Op     CompareOp
	Values []types.Value // of the column's type; one for comparisons, any number for In
	// Select decides rows exactly. The scan calls it on the decoded column
	// (flat, constant or dictionary; dictionaries carry DictID so that it can
	// judge each entry once). It is never nil. One predicate may be used by
	// several workers: each asks for a Selector of its own.
	NewSelector func() Selector
	// Text describes the condition for EXPLAIN.
	Text string
}

// Selector decides which rows pass. It is not safe for concurrent use.
type Selector interface {
	// Select returns, in out, those positions of sel (nil = [0, n)) whose
	// value passes. out has room for n positions and may be sel's own memory.
	Select(v *vector.Vector, sel []uint32, n int, out []uint32) ([]uint32, error)
}

// ScanCounters counts a scan's work; all fields are updated atomically.
type ScanCounters struct {
	BytesRead        atomic.Int64 // bytes fetched from files
	RowGroupsRead    atomic.Int64
	RowGroupsSkipped atomic.Int64 // refuted by statistics
	PagesSkipped     atomic.Int64
	RowsScanned      atomic.Int64 // rows of the row groups read
	RowsOut          atomic.Int64 // rows that passed the predicates
	FilesOpened      atomic.Int64
	BytesSpooled     atomic.Int64 // values of pages that went through a temporary file
}
