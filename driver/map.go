package gannet

import (
	"iter"
	"time"

	"github.com/gannetdb/gannet/vector/types"
)

// Map is a value of type MAP: keys and values in the order in which they are
// stored, none of the keys twice. It is what Scan stores in an *any or a *Map.
// A Map cannot be changed and is safe for concurrent use.
type Map struct {
	v    types.Value // its children are structs of key and value
	zone *time.Location
}

// Len returns how many entries there are.
func (m Map) Len() int { return len(m.v.Children) }

// Entry returns entry i, counted from 0, as Go values; the value is nil when it
// is NULL.
func (m Map) Entry(i int) (key, val any) {
	kv := m.v.Children[i].Children
	return goValue(kv[0], m.zone), goValue(kv[1], m.zone)
}

// All ranges over the entries in order.
func (m Map) All() iter.Seq2[any, any] {
	return func(yield func(key, val any) bool) {
		for i := range m.v.Children {
			if !yield(m.Entry(i)) {
				return
			}
		}
	}
}

// String returns the map as a cast to VARCHAR gives it: {key=value, key=value}.
func (m Map) String() string {
	if m.v.Type.ID != types.Map {
		return "{}" // the zero Map
	}
	return castText(m.v, m.zone)
}

// MarshalJSON returns the map as an object in the order of its entries, whose
// names are the keys' texts. No error.
func (m Map) MarshalJSON() ([]byte, error) {
	if m.v.Type.ID != types.Map {
		return []byte("{}"), nil
	}
	return castJSON(m.v, m.zone), nil
}
