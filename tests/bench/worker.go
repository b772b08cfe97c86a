package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // one of the engines

	"github.com/gannetdb/gannet/tests/slt"
)

// A request asks a worker for one thing; a response answers it. Both travel as
// one line of JSON.
type request struct {
	Op      string   // setup, run, profile
	SQL     []string // statements; the rows of the last one are the answer of run
	Keep    bool     // run: send the rows, too
	Seconds float64  // time limit of run; how long profile goes on
	File    string   // where profile writes
}

type response struct {
	Err     string
	Nanos   int64      // run: time to the last row
	CPU     int64      // run: nanoseconds of CPU time of all threads
	Rows    int        // run
	Types   []string   // run with Keep
	Cells   [][]string // run with Keep; NULL is "\x00"
	IdleKB  int64      // setup: resident size after it
	PeakKB  int64      // run: largest resident size since the set-up
	Top     []topLine  // profile
	GCShare float64    // profile: of the CPU time
}

// nullCell stands for NULL in Cells.
const nullCell = "\x00"

// serve is the worker process: it answers requests until its input ends.
func serve(engine string, in io.Reader, out io.Writer) error {
	db, err := sql.Open(engine, "")
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	w := &worker{conn: conn}
	lines := bufio.NewReader(in)
	enc := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var req request
		if err := json.Unmarshal(line, &req); err != nil {
			return err
		}
		res, err := w.handle(&req)
		if err != nil {
			res = &response{Err: err.Error()}
		}
		if err := enc.Encode(res); err != nil {
			return err
		}
	}
}

type worker struct{ conn *sql.Conn }

func (w *worker) handle(req *request) (*response, error) {
	ctx := context.Background()
	if req.Seconds > 0 && req.Op == "run" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(req.Seconds*float64(time.Second)))
		defer cancel()
	}
	switch req.Op {
	case "setup":
		for _, s := range req.SQL {
			if _, err := w.conn.ExecContext(ctx, s); err != nil {
				return nil, fmt.Errorf("%s: %w", s, err)
			}
		}
		runtime.GC()
		resetPeak()
		return &response{IdleKB: statusKB("VmRSS")}, nil
	case "run":
		return w.run(ctx, req.SQL, req.Keep)
	case "profile":
		return w.profile(ctx, req)
	}
	return nil, fmt.Errorf("unknown request %q", req.Op)
}

func (w *worker) run(ctx context.Context, stmts []string, keep bool) (*response, error) {
	res := &response{}
	start, cpuStart := time.Now(), processCPU()
	last := len(stmts) - 1
	for _, s := range stmts[:last] {
		if _, err := w.conn.ExecContext(ctx, s); err != nil {
			return nil, fmt.Errorf("%.40s: %w", s, err)
		}
	}
	rows, err := w.conn.QueryContext(ctx, stmts[last])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	cells, places := make([]any, len(types)), make([]any, len(types))
	for i := range types {
		res.Types = append(res.Types, strings.ToUpper(types[i].DatabaseTypeName()))
		places[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		res.Rows++
		if !keep {
			continue
		}
		row := make([]string, len(cells))
		for i, v := range cells {
			row[i] = nullCell
			if v != nil {
				row[i] = slt.ValueText(v, res.Types[i])
			}
		}
		res.Cells = append(res.Cells, row)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	res.Nanos, res.CPU = time.Since(start).Nanoseconds(), processCPU()-cpuStart
	res.PeakKB = statusKB("VmHWM")
	return res, nil
}

// profile runs the query over and over under the CPU profiler.
func (w *worker) profile(ctx context.Context, req *request) (*response, error) {
	var prof bytes.Buffer
	runtime.GC() // the CPU classes are brought up to date by a collection
	before := cpuSeconds()
	if err := pprof.StartCPUProfile(&prof); err != nil {
		return nil, err
	}
	var err error
	for start := time.Now(); err == nil && time.Since(start).Seconds() < req.Seconds; {
		_, err = w.run(ctx, req.SQL, false)
	}
	pprof.StopCPUProfile()
	if err != nil {
		return nil, err
	}
	runtime.GC()
	after := cpuSeconds()
	res := &response{GCShare: (after.gc - before.gc) / (after.busy - before.busy)}
	if err := os.WriteFile(req.File, prof.Bytes(), 0o644); err != nil {
		return nil, err
	}
	res.Top, err = top(prof.Bytes(), 5)
	return res, err
}

// cpu is CPU time as the runtime accounts for it.
type cpu struct{ gc, busy float64 }

func cpuSeconds() cpu {
	s := []metrics.Sample{
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(s)
	return cpu{gc: s[0].Value.Float64(), busy: s[1].Value.Float64() - s[2].Value.Float64()}
}

// statusKB reads a size out of /proc/self/status; 0 where there is none.
func statusKB(field string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err == nil {
				return kb
			}
		}
	}
	return 0
}

// resetPeak makes VmHWM start again from the present size.
func resetPeak() {
	// Where the kernel has no such file the peak includes the set-up.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}
