package aggregate

import (
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/vector"
	"github.com/gannetdb/gannet/vector/rowfmt"
)

// sliceBytes is what a slice of bytes takes itself.
const sliceBytes = 24

// finish makes the results of a Finalize as blobs, nil for NULL, one a row. What
// it takes is charged to the call.
type finish struct {
	c       *function.AggCall
	blobs   [][]byte
	buf     []byte
	start   int
	charged int64 // scratch memory
	results int64
}

func newFinish(c *function.AggCall, n int) *finish {
	return &finish{c: c, blobs: make([][]byte, n)}
}

// charge takes n bytes of scratch memory, given back by release. Errors: 53200.
func (f *finish) charge(n int64) error {
	err := f.c.Grow(n)
	if err == nil {
		f.charged += n
	}
	return err
}

// begin starts a blob, which is then appended to buf.
func (f *finish) begin() { f.start = len(f.buf) }

// end makes what was appended since begin the blob of row i. Errors: 53200.
func (f *finish) end(i int) error {
	f.blobs[i] = f.buf[f.start:len(f.buf):len(f.buf)]
	n := int64(len(f.blobs[i]))
	f.results += n
	return f.charge(2 * n) // buf doubles when it is full
}

// write puts the values into out, from position from on. Errors: 53200.
func (f *finish) write(out *vector.Vector, from int) error {
	if err := f.c.Hold(2 * f.results); err != nil {
		return err
	}
	blobValues(out, from, f.blobs)
	return nil
}

func (f *finish) release() {
	f.c.Shrink(f.charged)
	f.charged = 0
}

// blobValues writes one value per row to out: blobs[i], or NULL where it is
// nil, as AppendValue writes them.
func blobValues(out *vector.Vector, from int, blobs [][]byte) {
	var b rowfmt.Builder
	b.Prepare(out)
	for _, x := range blobs {
		if x != nil {
			b.Count(x)
		}
	}
	b.Resize()
	for i, x := range blobs {
		if x == nil {
			out.SetNull(from + i)
		} else {
			b.Fill(x, from+i)
		}
	}
}
