package parquet

import (
	"errors"
	"testing"

	"github.com/gannetdb/gannet/spill/budget"
)

// TestShareIsOfPages: that pages have their part of memory makes a reader
// spool. What a vector's values or an index need is had nevertheless: there a
// refusal would be an error, and said to be damage.
func TestShareIsOfPages(t *testing.T) {
	b := budget.New(2200 << 10)
	res := b.Reserve("scan")
	m := memory{res: res, able: true}
	page, err := m.resizePage(nil, 800<<10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.resizePage(nil, 800<<10); !errors.Is(err, errRefused) {
		t.Errorf("a second page: %v", err)
	}
	if _, err := m.resizePage(page, 800<<10); err != nil {
		t.Errorf("a page in a buffer that is there: %v", err)
	}
	if _, err := m.resizePage(nil, spoolLeast); err != nil {
		t.Errorf("a small page: %v", err)
	}
	if _, err := m.resize(nil, 800<<10); err != nil {
		t.Errorf("values of a vector: %v", err)
	}
	m.able = false
	if _, err := m.resizePage(nil, 200<<10); err != nil {
		t.Errorf("a page that cannot be spooled: %v", err)
	}
	m.close()
	if n := res.Held(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}
