package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
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
	rows   atomic.Pointer[engine.Rows]
	cancel context.CancelFunc
	group  *spawn.Group
}

// startProgress starts the line for a statement that starts now; stop ends it.
func (s *shell) startProgress(ctx context.Context) *progress {
	p := &progress{}
	if !s.env.stderrTerminal {
		return p
	}
	p.out = s.env.stderr
	ctx, p.cancel = context.WithCancel(ctx)
	p.group, _ = spawn.NewGroup(ctx)
	start := time.Now()
	p.group.Go("progress", func(ctx context.Context) error {
		p.draw(ctx, start)
		return nil
	})
	return p
}

// watch tells whose rows are counted.
func (p *progress) watch(rows *engine.Rows) { p.rows.Store(rows) }

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
		elapsed := time.Since(start).Seconds()
		var n int64
		if r := p.rows.Load(); r != nil {
			n = r.RowsRead()
		}
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s rows read, %.1f s, %s rows/s", thousands(n), elapsed, thousands(int64(float64(n)/elapsed)))
		shown = true
		t.Reset(progressEvery)
	}
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
