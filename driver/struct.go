package gannet

import (
	"iter"
	"strings"
	"time"

	"github.com/gannetdb/gannet/vector/types"
)

// Struct is a value of type STRUCT: named fields in the order of its type. It is
// what Scan stores in an *any or a *Struct. A Struct cannot be changed and is
// safe for concurrent use.
type Struct struct {
	v    types.Value
	zone *time.Location
}

// Len returns how many fields there are.
func (s Struct) Len() int { return len(s.v.Children) }

// Field returns the name of field i, counted from 0, and its value as a Go value,
// nil when it is NULL.
func (s Struct) Field(i int) (name string, val any) {
	return s.v.Type.Ext.Fields[i].Name, goValue(s.v.Children[i], s.zone)
}

// Get returns the value of the field called name, in whatever case; false when
// there is none.
func (s Struct) Get(name string) (val any, ok bool) {
	for i := range s.v.Children {
		if strings.EqualFold(s.v.Type.Ext.Fields[i].Name, name) {
			return goValue(s.v.Children[i], s.zone), true
		}
	}
	return nil, false
}

// All ranges over the fields in order.
func (s Struct) All() iter.Seq2[string, any] {
	return func(yield func(name string, val any) bool) {
		for i := range s.v.Children {
			if !yield(s.Field(i)) {
				return
			}
		}
	}
}

// String returns the struct as a cast to VARCHAR gives it: {'a': 1, 'b': x}.
func (s Struct) String() string {
	if s.v.Type.ID != types.Struct {
		return "{}" // the zero Struct
	}
	return castText(s.v, s.zone)
}

// MarshalJSON returns the struct as an object, its fields in order. No error.
func (s Struct) MarshalJSON() ([]byte, error) {
	if s.v.Type.ID != types.Struct {
		return []byte("{}"), nil
	}
	return castJSON(s.v, s.zone), nil
}
