package main

import (
	"testing"
	"time"

	"github.com/gannetdb/gannet/driver/engine"
)

func TestProgressLine(t *testing.T) {
	a := engine.Activity{RowsRead: 6_005_720, Memory: 118 << 20, Disk: 1640 << 20, Uses: []engine.MemoryUse{
		{Tag: "hash join", Memory: 90 << 20, Disk: 140 << 20}, {Tag: "scan", Memory: 20 << 20}, {Tag: "sort", Memory: 8 << 20, Disk: 1500 << 20},
	}}
	for width, want := range map[int]string{
		200: "6,005,720 rows read, 3.0 s, 2,001,906 rows/s, 118 MiB in memory (hash join 90 MiB, scan 20 MiB), 1,640 MiB on disk (sort 1,500 MiB)",
		110: "6,005,720 rows read, 3.0 s, 2,001,906 rows/s, 118 MiB in memory (hash join 90 MiB, scan 20 MiB)",
		// What is too long is left out, not cut.
		90: "6,005,720 rows read, 3.0 s, 2,001,906 rows/s, 118 MiB in memory, 1,640 MiB on disk",
		0:  "6,005,720 rows read, 3.0 s, 2,001,906 rows/s, 118 MiB in memory",
		40: "6,005,720 rows read, 3.0 s",
	} {
		if got := progressLine(a, 3*time.Second, width); got != want {
			t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
		}
	}
	if got, want := progressLine(engine.Activity{}, 2500*time.Millisecond, 80), "0 rows read, 2.5 s, 0 rows/s"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
