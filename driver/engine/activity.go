package engine

import (
	"cmp"
	"slices"
	"strings"
)

// Activity is what a database does at a moment, for those who wait for it.
type Activity struct {
	RowsRead int64 // by all statements that run, from tables and from disk
	Memory   int64 // bytes reserved
	Disk     int64 // bytes of temporary files
	// Uses says for what, the most memory first.
	Uses []MemoryUse
}

// MemoryUse sums up reservations and temporary files of one purpose.
type MemoryUse struct {
	Tag          string // "hash join"
	Memory, Disk int64  // bytes now
	Reservations int64  // open ones
	Peak         int64  // the most that one of them has held
	Spills       bool   // it can go to disk
}

// Activity looks at what is going on. It is safe for concurrent use and waits
// for no statement.
func (db *Database) Activity() Activity {
	var a Activity
	byTag := map[string]*MemoryUse{}
	at := func(tag string) *MemoryUse {
		if byTag[tag] == nil {
			byTag[tag] = &MemoryUse{Tag: tag}
		}
		return byTag[tag]
	}
	for _, r := range db.budget.Holders() {
		u := at(r.Tag)
		u.Memory += r.Held
		u.Reservations++
		u.Peak = max(u.Peak, r.Peak)
		u.Spills = u.Spills || r.Spilling
		a.Memory += r.Held
	}
	if m := db.spillIfMade(); m != nil {
		for tag, n := range m.DiskBytes() {
			at(tag).Disk += n
			a.Disk += n
		}
	}
	for _, u := range byTag {
		a.Uses = append(a.Uses, *u)
	}
	slices.SortFunc(a.Uses, func(x, y MemoryUse) int {
		return cmp.Or(cmp.Compare(y.Memory, x.Memory), cmp.Compare(y.Disk, x.Disk), strings.Compare(x.Tag, y.Tag))
	})
	db.mu.Lock()
	defer db.mu.Unlock()
	for r := range db.running {
		a.RowsRead += r.exec.RowsRead()
	}
	return a
}
