package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/gannetdb/gannet/driver/engine"
)

// A client is the parent's end of a worker process. The process runs in a folder
// of its own: DuckDB puts temporary files below the working directory, under names
// that two processes share, and leaves them there when it is killed.
type client struct {
	engine string
	folder string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
}

func start(ctx context.Context, engine string) (*client, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &client{engine: engine, cmd: exec.CommandContext(ctx, self, "-worker", engine)}
	if c.folder, err = os.MkdirTemp("", "gannet-bench-"); err != nil {
		return nil, err
	}
	if err := c.launch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.folder))
	}
	return c, nil
}

// launch starts the process in its folder.
func (c *client) launch() error {
	c.cmd.Dir = c.folder
	c.cmd.Stderr = os.Stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.out = bufio.NewReaderSize(out, 1<<20)
	return c.cmd.Start()
}

// call sends a request and waits for its response. An error is the engine's
// own, or says that the worker is gone.
func (c *client) call(req request) (*response, error) {
	line, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("the worker of %s is gone: %w", c.engine, err)
	}
	answer, err := c.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the worker of %s is gone: %w", c.engine, err)
	}
	var res response
	if err := json.Unmarshal(answer, &res); err != nil {
		return nil, err
	}
	if res.Err != "" {
		return nil, errors.New(res.Err)
	}
	return &res, nil
}

func (c *client) close() {
	c.in.Close()
	done := time.AfterFunc(10*time.Second, func() { c.cmd.Process.Kill() })
	defer done.Stop()
	// How a worker ends after its last answer is of no interest, nor what is left
	// of a folder among the system's temporary files.
	_ = c.cmd.Wait()
	_ = os.RemoveAll(c.folder)
}

// A side is what one engine made of a query.
type side struct {
	Engine string
	Err    string  `json:",omitempty"`
	Times  []int64 // nanoseconds
	Median int64
	CPU    int64 // median of the CPU times, nanoseconds
	IdleKB int64
	PeakKB int64
	cpus   []int64
	answer *response
	client *client
}

// A line is one query's row of the report.
type line struct {
	Query string
	A, B  *side
	Rows  int
	Ratio float64 // A over B; 0 without B
	// Verdict is "equal", "reordered", or what differs.
	Verdict string
	Top     []topLine `json:",omitempty"`
	GCShare float64   `json:",omitempty"`
}

// measure runs one query on both engines.
func measure(ctx context.Context, o *options, s *suite, q query) (*line, error) {
	l := &line{Query: q.name, A: &side{Engine: o.engineA}}
	sides := []*side{l.A}
	extra := map[*side]string{l.A: o.setupA}
	if o.engineB != "" {
		l.B = &side{Engine: o.engineB}
		sides = append(sides, l.B)
		extra[l.B] = o.setupB
	}
	defer func() {
		for _, x := range sides {
			if x.client != nil {
				x.client.close()
			}
		}
	}()
	for _, x := range sides {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x.prepare(ctx, o.setup(s, extra[x]), q, o.timeout, o.reps)
	}
	// The engines take turns, so that whatever else the machine does meets both.
	for range o.reps {
		for _, x := range sides {
			x.repeat(q, o.timeout)
		}
	}
	for _, x := range sides {
		x.finish()
	}
	l.judge()
	l.hold(o)
	if o.profile && l.A.Err == "" {
		if err := l.profile(o, q); err != nil {
			return nil, err
		}
	}
	return l, ctx.Err()
}

// prepare starts the worker, sets it up and takes the answer.
func (x *side) prepare(ctx context.Context, setup []string, q query, timeout, reps int) {
	var err error
	if x.client, err = start(ctx, x.Engine); err != nil {
		x.Err = err.Error()
		return
	}
	res, err := x.client.call(request{Op: "setup", SQL: setup})
	if err != nil {
		x.Err = err.Error()
		return
	}
	x.IdleKB = res.IdleKB
	if x.answer, err = x.client.call(request{Op: "run", SQL: q.sql, Keep: true, Seconds: float64(timeout)}); err != nil {
		x.Err = err.Error()
		return
	}
	x.PeakKB = x.answer.PeakKB
	if reps == 0 {
		x.took(x.answer)
	}
}

func (x *side) took(res *response) {
	x.Times = append(x.Times, res.Nanos)
	x.cpus = append(x.cpus, res.CPU)
}

func (x *side) repeat(q query, timeout int) {
	if x.Err != "" {
		return
	}
	res, err := x.client.call(request{Op: "run", SQL: q.sql, Seconds: float64(timeout)})
	if err != nil {
		x.Err = err.Error()
		return
	}
	x.took(res)
	x.PeakKB = max(x.PeakKB, res.PeakKB)
}

func (x *side) finish() {
	if x.Err != "" || len(x.Times) == 0 {
		return
	}
	x.Median, x.CPU = median(x.Times), median(x.cpus)
}

// median is the middle of times, of which there is at least one.
func median(times []int64) int64 {
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// judge compares the answers.
func (l *line) judge() {
	switch {
	case l.A.Err != "":
		l.Verdict = l.A.Engine + ": " + l.A.Err
	case l.B == nil:
		l.Rows, l.Verdict = l.A.answer.Rows, "not compared"
	case l.B.Err != "":
		l.Verdict = l.B.Engine + ": " + l.B.Err
	default:
		l.Rows = l.A.answer.Rows
		l.Verdict = compare(l.A.answer, l.B.answer)
		if l.B.Median > 0 {
			l.Ratio = float64(l.A.Median) / float64(l.B.Median)
		}
	}
}

// hold finds fault with a Gannet that took more memory than -memory allows: the
// limit, of which 128 MiB are always granted, times 1.10, and 32 MiB.
func (l *line) hold(o *options) {
	limit, err := engine.ParseSize(o.memory)
	if err != nil || limit == 0 || l.A.Err != "" || l.A.Engine != "gannet" {
		return
	}
	above, most := l.A.PeakKB-l.A.IdleKB, max(limit>>10, 128<<10)*110/100+32<<10
	if above > most {
		l.Verdict = fmt.Sprintf("%d MB above idle, at most %d (%s)", above>>10, most>>10, l.Verdict)
	}
}

// profileSeconds is how long a query is repeated under the profiler.
const profileSeconds = 3

func (l *line) profile(o *options, q query) error {
	dir := o.profileDir
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "gannet-bench")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file, err := filepath.Abs(filepath.Join(dir, "q"+q.name+".pprof"))
	if err != nil {
		return err
	}
	res, err := l.A.client.call(request{Op: "profile", SQL: q.sql, Seconds: profileSeconds, File: file})
	if err != nil {
		return err
	}
	l.Top, l.GCShare = res.Top, res.GCShare
	return nil
}
