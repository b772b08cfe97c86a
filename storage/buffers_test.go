package storage

import "testing"

func TestBuffers(t *testing.T) {
	var none *Buffers
	none.Put(make([]byte, 1<<20))
	if none.Take(1<<20) != nil {
		t.Fatal("a nil cache gave a buffer")
	}
	b := NewBuffers(2 << 20)
	b.Put(make([]byte, 1<<10)) // too small to keep
	b.Put(make([]byte, 1<<20))
	b.Put(make([]byte, 900<<10))
	b.Put(make([]byte, 1<<20)) // no room
	if b.size != 1<<20+900<<10 {
		t.Fatalf("%d bytes kept", b.size)
	}
	if b.Take(1<<20+1) != nil || b.Take(500<<10) != nil {
		t.Fatal("a buffer that does not fit")
	}
	if got := b.Take(890 << 10); cap(got) != 900<<10 || len(got) != 0 {
		t.Fatalf("capacity %d", cap(got))
	}
	if got := b.Take(1 << 20); cap(got) != 1<<20 {
		t.Fatalf("capacity %d", cap(got))
	}
	b.Put(make([]byte, 1<<20))
	b.SetMost(0)
	if b.size != 0 || b.Take(1<<20) != nil {
		t.Fatal("kept beyond the limit")
	}
}
