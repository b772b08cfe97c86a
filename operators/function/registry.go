package function

import "strings"

// Registry finds functions by name, without regard to case. Build it once,
// then only read it.
type Registry struct {
	scalars    map[string]*Scalar
	aggregates map[string]*Aggregate
	windows    map[string]*Window
}

// NewRegistry returns a registry of the given functions; a name that occurs
// twice among scalars, aggregates or windows panics, since the tables are ours.
func NewRegistry(scalars []*Scalar, aggregates []*Aggregate, windows ...*Window) *Registry {
	r := &Registry{scalars: map[string]*Scalar{}, aggregates: map[string]*Aggregate{}, windows: map[string]*Window{}}
	for _, f := range scalars {
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			if r.scalars[n] != nil {
				panic("function: scalar " + n + " is registered twice")
			}
			r.scalars[n] = f
		}
	}
	for _, f := range aggregates {
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			if r.aggregates[n] != nil {
				panic("function: aggregate " + n + " is registered twice")
			}
			r.aggregates[n] = f
		}
	}
	for _, f := range windows {
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			if r.windows[n] != nil {
				panic("function: window function " + n + " is registered twice")
			}
			r.windows[n] = f
		}
	}
	return r
}

// Window returns the function that exists only with OVER called name, or nil.
func (r *Registry) Window(name string) *Window { return r.windows[strings.ToLower(name)] }

// Scalar returns the scalar function called name, or nil.
func (r *Registry) Scalar(name string) *Scalar { return r.scalars[strings.ToLower(name)] }

// Aggregate returns the aggregate function called name, or nil.
func (r *Registry) Aggregate(name string) *Aggregate { return r.aggregates[strings.ToLower(name)] }

// Names lists all names, aliases included, unsorted: for error hints and
// completion.
func (r *Registry) Names() []string {
	var out []string
	for n := range r.scalars {
		out = append(out, n)
	}
	for n := range r.aggregates {
		if r.scalars[n] == nil {
			out = append(out, n)
		}
	}
	for n := range r.windows {
		if r.scalars[n] == nil && r.aggregates[n] == nil {
			out = append(out, n)
		}
	}
	return out
}
