package storage

import (
	"context"

	"github.com/gannetdb/gannet/spill"
	"github.com/gannetdb/gannet/spill/budget"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/types"
)

// Column describes one column of a table.
type Column struct {
	Name    string
	Type    types.Type
	NotNull bool
}

// ColumnStats is what is known about a column's values without reading them.
// Min and Max, when HasMinMax, bound every non-NULL value (they may be wider
// than the data, and come from files, so they serve pruning and estimates;
// whoever indexes by them checks bounds). Strings may be truncated prefixes:
// then Min is below and Max above all values.
type ColumnStats struct {
	HasMinMax   bool
	Min, Max    types.Value
	NullCount   int64   // -1 unknown
	Distinct    float64 // estimate; 0 unknown
	AvgBytes    float64 // mean in-memory payload bytes of a string value; 0 unknown
	DistinctMax bool    // Distinct is an upper bound rather than an estimate
}

// TableStats is what is known about a table.
type TableStats struct {
	NumRows float64 // exact when Exact
	Exact   bool
	Columns []ColumnStats // nil or one a column
	Bytes   int64         // stored bytes; 0 unknown
}

// Table is something that can be scanned. Implementations are immutable
// snapshots, safe for concurrent use.
type Table interface {
	// Columns lists the columns in order. The slice must not be changed.
	Columns() []Column
	// Stats returns what is known cheaply (footers, counters); it may read
	// file footers the first time.
	Stats(ctx context.Context) (*TableStats, error)
	// Scan plans a scan; nothing is read yet. Errors: 58P01, 58030, XX001 …
	Scan(ctx context.Context, spec *ScanSpec) (Scanner, error)
}

// ReaderSizer is implemented by tables that know beforehand what a reader
// charges to ScanSpec.Mem.
type ReaderSizer interface {
	// ReaderBytes estimates the most that one reader of these columns, those of
	// predicates included, holds at a time.
	ReaderBytes(columns []int) int64
}

// Spooler is implemented by tables whose readers can do with less memory than
// ReaderBytes, by way of a temporary file.
type Spooler interface {
	// SpooledBytes estimates how much a reader of these columns takes then.
	SpooledBytes(columns []int) int64
}

// FooterSizer is implemented by tables that keep what their files' footers say.
type FooterSizer interface {
	// FooterBytes returns about how much memory that takes now.
	FooterBytes() int64
}

// Waiter is implemented by readers that may wait for memory with a worker's other
// memory in hand.
type Waiter interface {
	// OnWait names a function that gives some of that; the reader calls it while it
	// waits, in the goroutine of the call that waits. It is called once, before the
	// first NextMorsel.
	OnWait(relieve func(ctx context.Context) error)
}

// Holder is implemented by tables whose rows somebody may drop while a statement
// that wants to read them has not opened its scan yet.
type Holder interface {
	// Hold keeps the rows until release, which may be called more than once.
	// Error: 42P01 when they are gone already.
	Hold() (release func(), err error)
}

// RowIdentifier is implemented by tables whose rows have numbers that stay theirs
// as long as they exist.
type RowIdentifier interface {
	// WithRowIDs returns the same rows with one more column, the last: rowid, a
	// BIGINT that ascends with the order of the rows.
	WithRowIDs() Table
}

// ScanSpec says what a scan must return.
type ScanSpec struct {
	// Columns are ordinals of Table.Columns, in output order. Empty: only row
	// counts are wanted (chunks with Len and no columns).
	Columns []int
	// Predicates is a conjunction. The scan applies it exactly: rows that fail
	// any of them are not in the selection of the chunks returned. A column
	// that only predicates use need not be in Columns.
	Predicates []Predicate
	// ChunkRows bounds the positions of a chunk, 1 to vector.Capacity; tests
	// lower it. 0 means vector.Capacity.
	ChunkRows int
	// Mem is charged for page buffers, dictionaries and other working memory. Of
	// buffers that a reader can do without it holds no more than its budget's Part.
	Mem *budget.Reservation
	// Workers hints how many readers there will be, so that a scan of few and
	// large morsels may cut them smaller; 0: as many as GOMAXPROCS.
	Workers int
	// Spill is where a scan may keep decoded pages that Mem has no room for;
	// nil: nowhere, and then it fails with 53200.
	Spill *spill.Manager
	// SpoolAlways sends all pages through Spill, however much room there is:
	// for tests.
	SpoolAlways bool
	// Buffers lends page buffers of readers that were closed before; may be nil.
	Buffers *Buffers
	// Counters receives what was read and skipped; nil when nobody asks.
	Counters *ScanCounters
}

// Scanner hands out morsels of one scan. It is safe for concurrent use.
type Scanner interface {
	// Morsels returns how many morsels there are; more may be known only
	// later for some formats, then it is the count so far. It is used for
	// progress and to choose the number of workers.
	Morsels() int
	// NewReader returns a reader for one worker.
	NewReader() (Reader, error)
	// Close releases what the scan holds (open files). All readers are closed
	// before.
	Close() error
}

// Bounded is implemented by scanners that can tell how many rows their morsels
// hold.
type Bounded interface {
	// MostRows returns a number that the rows of the morsels with batches from
	// from to to, both included, do not exceed; math.MaxInt64 when it is not
	// known. Safe for concurrent use.
	MostRows(from, to int64) int64
}

// Reader reads morsels for one worker; it is not safe for concurrent use.
type Reader interface {
	// NextMorsel claims the next morsel. ok is false when none is left. batch
	// is the morsel's place in the table's row order (unique, ascending with
	// row order, not necessarily dense); morsels are claimed in ascending
	// order over all readers of the scan.
	NextMorsel(ctx context.Context) (batch int64, ok bool, err error)
	// Next fills chunk with the next rows of the morsel; false at its end.
	// chunk's columns have the types of ScanSpec.Columns and are borrowed
	// from the reader until its next call. Chunks of which no row survived
	// the predicates are skipped, not returned.
	Next(ctx context.Context, chunk *vector.Chunk) (bool, error)
	// Close releases buffers and reservations. Idempotent.
	Close()
}
