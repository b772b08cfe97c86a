package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/spill/spawn"
)

const (
	progressAfter = 2 * time.Second
	progressEvery = 200 * time.Millisecond
)

// progress writes a line about a long query to the terminal behind stderr. The
// zero value does nothing.
type progress struct {
	out    io.Writer
	db     *engine.Database
	width  int // of the terminal
	cancel context.CancelFunc
	group  *spawn.Group
}

// startProgress starts the line for a statement that starts now; stop ends it.
func (s *shell) startProgress(ctx context.Context) *progress {
	p := &progress{}
	if !s.env.stderrTerminal {
		return p
	}
	p.out, p.db, p.width = s.env.stderr, s.db, s.env.width()
	ctx, p.cancel = context.WithCancel(ctx)
	p.group, _ = spawn.NewGroup(ctx)
	start := time.Now()
	p.group.Go("progress", func(ctx context.Context) error {
		p.draw(ctx, start)
		return nil
	})
	return p
}

// stop removes the line. Idempotent.
func (p *progress) stop() {
	if p.cancel == nil {
		return
	}
	p.cancel()
	_ = p.group.Wait()
	p.cancel = nil
}

func (p *progress) draw(ctx context.Context, start time.Time) {
	t := time.NewTimer(progressAfter)
	defer t.Stop()
	shown := false
	for {
		select {
		case <-ctx.Done():
			if shown {
				_, _ = io.WriteString(p.out, "\r\x1b[K")
			}
			return
		case <-t.C:
		}
		_, _ = io.WriteString(p.out, "\r\x1b[K"+progressLine(p.db.Activity(), time.Since(start), p.width))
		shown = true
		t.Reset(progressEvery)
	}
}

// progressLine tells about a statement that has run for so long, in less than
// width columns (0: not known): the rows read, then, as far as they fit, memory
// and temporary files and which operators have the most of them.
func progressLine(a engine.Activity, elapsed time.Duration, width int) string {
	if width <= 0 {
		width = 80
	}
	seconds := elapsed.Seconds()
	line := fmt.Sprintf("%s rows read, %.1f s", thousands(a.RowsRead), seconds)
	add := func(part string) bool {
		fits := len(line)+len(part) < width
		if fits {
			line += part
		}
		return fits
	}
	add(fmt.Sprintf(", %s rows/s", thousands(int64(float64(a.RowsRead)/seconds))))
	uses := slices.Clone(a.Uses)
	for _, what := range []struct {
		name  string
		bytes int64
		of    func(u *engine.MemoryUse) int64
	}{
		{"in memory", a.Memory, func(u *engine.MemoryUse) int64 { return u.Memory }},
		{"on disk", a.Disk, func(u *engine.MemoryUse) int64 { return u.Disk }},
	} {
		if what.bytes == 0 || !add(fmt.Sprintf(", %s %s", megabytes(what.bytes), what.name)) {
			continue
		}
		slices.SortStableFunc(uses, func(x, y engine.MemoryUse) int { return cmp.Compare(what.of(&y), what.of(&x)) })
		var most []string
		for i := range uses {
			if n := what.of(&uses[i]); n >= what.bytes/8 && len(most) < 3 {
				most = append(most, uses[i].Tag+" "+megabytes(n))
			}
		}
		add(" (" + strings.Join(most, ", ") + ")")
	}
	return line
}

// megabytes writes a number of bytes for people.
func megabytes(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%s MiB", thousands(n>>20))
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
