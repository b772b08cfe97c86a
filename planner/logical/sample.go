package logical

import "fmt"

// Sample keeps some of its input's rows, chosen at random, in the order of the
// input. Seeded: the same rows for the same input read in the same pieces.
type Sample struct {
	Input  Node
	Method SampleMethod
	// Percent: Size is a percentage of the rows, 0 to 100; else a number of
	// rows, all when there are fewer (Reservoir only).
	Percent bool
	Size    float64
	Seeded  bool
	Seed    int64
}

// SampleMethod is how rows are chosen.
type SampleMethod uint8

// The methods of sampling.
const (
	Reservoir SampleMethod = iota // as many as Size says, every set of rows alike
	Bernoulli                     // each row by itself
	System                        // each chunk of rows as a whole
)

func (m SampleMethod) String() string { return [...]string{"reservoir", "bernoulli", "system"}[m] }

// Children implements Node.
func (n *Sample) Children() []Node { return []Node{n.Input} }

// WithChildren implements Node.
func (n *Sample) WithChildren(c []Node) Node { m := *n; m.Input = c[0]; return &m }

// Columns implements Node.
func (n *Sample) Columns() []Column { return n.Input.Columns() }

// String renders the sample for EXPLAIN.
func (n *Sample) String() string {
	s := fmt.Sprintf("Sample %s %g", n.Method, n.Size)
	if n.Percent {
		s += "%"
	}
	if n.Seeded {
		s += fmt.Sprintf(" seed %d", n.Seed)
	}
	return s
}
