package rowset

import "testing"

// A list moves what waits to disk, leaves alone what is read or off the list, and
// closes a set of its own after its last partition, or at an early end.
func TestLive(t *testing.T) {
	w := newWorld(t, 64<<20)
	fill := func() *Set {
		s := New(w.config(2))
		x := s.NewWriter()
		defer x.Close()
		if err := write(t, x, 0, 20_000); err != nil {
			t.Fatal(err)
		}
		if err := s.Combine(ctx, x); err != nil {
			t.Fatal(err)
		}
		if err := s.Seal(ctx); err != nil {
			t.Fatal(err)
		}
		return s
	}
	live := &Live{}
	main := fill()
	defer main.Close()
	live.Add(main)
	first, own := live.Read(main, false), live.Read(fill(), true)
	if n := len(live.sets); n != 2 {
		t.Fatalf("%d sets on the list", n)
	}
	for _, r := range []*Reading{first, own} {
		for range r.Partitions() {
			r.Expect()
		}
		r.Start()
	}
	scan := own.Partition(0).Scan(w.mem, false)
	if freed := live.Give(1 << 40); freed == 0 || main.Stats().SpilledBytes == 0 {
		t.Errorf("gave %d bytes, %d written", freed, main.Stats().SpilledBytes)
	}
	if !own.Partition(0).Resident() || own.Partition(1).Resident() {
		t.Error("what is read went to disk, or what waits did not")
	}
	scan.Close()
	for i := range own.Partitions() {
		if live.ClosedBytes() != 0 {
			t.Errorf("closed before partition %d was done", i)
		}
		own.Partition(i).Drop()
		own.Done()
	}
	wrote := own.Stats().SpilledBytes
	own.End()
	if n := live.ClosedBytes(); n != wrote || n == 0 {
		t.Errorf("%d bytes of closed sets, %d were written", n, wrote)
	}
	if freed, err := live.Spill(ctx, 1<<40); freed != 0 || err != nil {
		t.Errorf("nothing is in memory: freed %d, %v", freed, err)
	}
	first.End()
	rest := live.Read(fill(), true)
	rest.Expect()
	rest.Start()
	rest.End() // with a partition that nobody read
	live.Read(New(w.config(0)), true).Start()
	if n := len(live.sets); n != 0 {
		t.Errorf("%d sets on the list in the end", n)
	}
}
