package block

import (
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
)

func TestHeldSized(t *testing.T) {
	b := budget.New(4 << 20)
	p := NewPool()
	defer p.Close()
	res := b.Reserve("test")
	defer res.Close()
	for _, held := range []int64{0, 1, 1 << 20, 3 << 20, 4 << 20} {
		if err := res.Grow(held); err != nil {
			t.Fatal(err)
		}
		got, err := p.HeldSized(res, 3<<20-5, held)
		if err != nil {
			t.Fatal(err)
		}
		if n := res.Held(); n != 3<<20 {
			t.Errorf("%d bytes held for %d before", n, held)
		}
		got.Release()
		if n := res.Held(); n != 0 {
			t.Errorf("%d bytes held after", n)
		}
	}
	for _, n := range []int64{0, 5 << 20} { // refused: what was held is given back
		if err := res.Grow(1 << 20); err != nil {
			t.Fatal(err)
		}
		if _, err := p.HeldSized(res, n, 1<<20); err == nil || res.Held() != 0 {
			t.Errorf("error %v, %d bytes held", err, res.Held())
		}
	}
}
