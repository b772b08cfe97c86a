package gannet

import (
	"iter"
	"time"

	"github.com/gannetdb/gannet/vector/types"
)

// Row is a value of type STRUCT whose fields have no names: what ROW(a, b) and
// (a, b) make. It is what Scan stores in an *any or a *Row. A Row cannot be
// changed and is safe for concurrent use.
type Row struct {
	v    types.Value
	zone *time.Location
}

// Len returns how many members there are.
func (r Row) Len() int { return len(r.v.Children) }

// Member returns member i, counted from 0, as a Go value; nil when it is NULL.
func (r Row) Member(i int) any { return goValue(r.v.Children[i], r.zone) }

// All ranges over the members in order.
func (r Row) All() iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range r.v.Children {
			if !yield(r.Member(i)) {
				return
			}
		}
	}
}

// String returns the row as a cast to VARCHAR gives it: (a, b).
func (r Row) String() string {
	if r.v.Type.ID != types.Struct {
		return "()" // the zero Row
	}
	return castText(r.v, r.zone)
}

// MarshalJSON returns the members as an array. No error.
func (r Row) MarshalJSON() ([]byte, error) {
	if r.v.Type.ID != types.Struct {
		return []byte("[]"), nil
	}
	return castJSON(r.v, r.zone), nil
}
