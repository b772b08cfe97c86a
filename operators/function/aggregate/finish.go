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
	counted int64 // of it, for buf
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

// reserve makes room in buf for n more bytes. Errors: 53200.
func (f *finish) reserve(n int) error {
	if cap(f.buf)-len(f.buf) >= n {
		return nil
	}
	// The blobs of other rows stay where they are.
	blob := f.buf[f.start:]
	size := max(2*len(blob), len(blob)+n, min(2*cap(f.buf), finishBytes))
	if err := f.charge(int64(size)); err != nil {
		return err
	}
	f.counted += int64(size)
	f.buf = append(make([]byte, 0, size), blob...)
	f.start = 0
	return nil
}

// finishBytes is how large buf becomes for the sake of many short blobs.
const finishBytes = 64 << 10

// end makes what was appended since begin the blob of row i. Errors: 53200.
func (f *finish) end(i int) error {
	f.blobs[i] = f.buf[f.start:len(f.buf):len(f.buf)]
	f.results += int64(len(f.blobs[i]))
	if more := 2*f.results - f.counted; more > 0 {
		// What was appended without asking; buf doubles when it is full.
		f.counted += more
		return f.charge(more)
	}
	return nil
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
