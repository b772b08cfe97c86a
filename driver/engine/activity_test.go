package engine

import (
	"context"
	"testing"
)

// TestActivity: a statement that runs shows what it has read and holds, in
// memory and on disk; at its end there is nothing.
func TestActivity(t *testing.T) {
	db, err := Open(context.Background(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.NewSession()
	if _, err := runAll(s, "SET memory_limit = '16MB'; SET threads = 1"); err != nil {
		t.Fatal(err)
	}
	stmts, err := s.Parse("SELECT * FROM (SELECT i, 'a text of some bytes ' || i AS s FROM range(600000) t(i)) q ORDER BY s")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Run(context.Background(), stmts[0], Params{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(); err != nil {
		t.Fatal(err)
	}
	a := db.Activity()
	if a.RowsRead < 600_000 || a.Memory <= 0 || a.Disk <= 0 {
		t.Errorf("%d rows read, %d bytes in memory and %d on disk", a.RowsRead, a.Memory, a.Disk)
	}
	var memory, disk int64
	for _, u := range a.Uses {
		memory += u.Memory
		disk += u.Disk
	}
	if memory != a.Memory || disk != a.Disk {
		t.Errorf("%d and %d bytes of uses, %d and %d in all", memory, disk, a.Memory, a.Disk)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if a := db.Activity(); a.RowsRead != 0 || a.Disk != 0 {
		t.Errorf("after the end: %+v", a)
	}
}
