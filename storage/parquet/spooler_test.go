package parquet

import (
	"errors"
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
)

// TestShareIsOfPages: that pages have their share of memory makes a reader
// spool. What a vector's values or an index need is had nevertheless: there a
// refusal would be an error, and said to be damage.
func TestShareIsOfPages(t *testing.T) {
	res := budget.New(64 << 20).Reserve("scan")
	m := memory{res: res, most: 1 << 20}
	page, err := m.resize(nil, 900<<10)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.roomForPage(nil, 1<<20); !errors.Is(err, errMost) {
		t.Errorf("a second page: %v", err)
	}
	if err := errors.Join(m.roomForPage(page, 900<<10), m.roomForPage(nil, spoolLeast)); err != nil {
		t.Errorf("a page in a buffer that is there, a small page: %v", err)
	}
	if _, err := m.resize(nil, 1<<20); err != nil {
		t.Errorf("values of a vector: %v", err)
	}
	m.close()
	if n := res.Held(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}
