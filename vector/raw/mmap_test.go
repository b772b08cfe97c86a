package raw

import (
	"os"
	"testing"
)

func TestMapAnonIsZeroedAndWritable(t *testing.T) {
	for _, n := range []int{1, os.Getpagesize(), 3*os.Getpagesize() + 5, 1 << 20} {
		b, err := MapAnon(n)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) != n {
			t.Fatalf("asked for %d bytes, got %d", n, len(b))
		}
		for i := range b {
			if b[i] != 0 {
				t.Fatalf("byte %d of a fresh mapping is %d", i, b[i])
			}
			b[i] = byte(i)
		}
		for i := range b {
			if b[i] != byte(i) {
				t.Fatalf("byte %d lost", i)
			}
		}
		if err := Unmap(b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDiscardKeepsTheAddressesUsable(t *testing.T) {
	page := os.Getpagesize()
	b, err := MapAnon(8 * page)
	if err != nil {
		t.Fatal(err)
	}
	defer Unmap(b)
	for i := range b {
		b[i] = 1
	}
	if err := Discard(b[2*page : 4*page]); err != nil {
		t.Fatal(err)
	}
	if err := Discard(nil); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if (i < 2*page || i >= 4*page) && b[i] != 1 {
			t.Fatalf("byte %d outside the discarded part changed", i)
		}
		b[i] = 2
	}
	for i := range b {
		if b[i] != 2 {
			t.Fatalf("byte %d not writable after Discard", i)
		}
	}
}
