package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"time"
)

// A report collects the lines of a run.
type report struct {
	o     *options
	lines []*line
}

func newReport(o *options) *report { return &report{o: o} }

// title says what was run, for the heads of the tables.
func (r *report) title() string {
	o := r.o
	memory := "default memory limits"
	if o.memory != "0" && o.memory != "" {
		memory = "memory limit " + o.memory
	}
	return fmt.Sprintf("%s %s over %s, %d threads, %s, median of %d, %s/%s with %d CPUs",
		o.suite, o.scale, o.format, o.threads, memory, o.reps, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

func (r *report) head(w io.Writer) {
	fmt.Fprintln(w, r.title())
	fmt.Fprintf(w, "%-5s %12s %12s %7s %9s %9s %9s %9s %8s  %s\n",
		"query", r.o.engineA, r.o.engineB, "ratio", "cpu ms", "cpu ms", "peak MB", "peak MB", "rows", "answers")
}

func (r *report) add(w io.Writer, l *line) {
	r.lines = append(r.lines, l)
	b := &side{}
	if l.B != nil {
		b = l.B
	}
	fmt.Fprintf(w, "q%-4s %12s %12s %7s %9s %9s %9s %9s %8d  %s\n", l.Query,
		millis(l.A.Median), millis(b.Median), ratio(l.Ratio), millis(l.A.CPU), millis(b.CPU), megabytes(l.A.PeakKB), megabytes(b.PeakKB), l.Rows, l.Verdict)
	for _, t := range l.Top {
		fmt.Fprintf(w, "      %v\n", t)
	}
	if len(l.Top) > 0 {
		fmt.Fprintf(w, "      %5.1f%% garbage collection\n", 100*l.GCShare)
	}
}

func (r *report) foot(w io.Writer) {
	mean, n := r.mean()
	if n > 0 {
		fmt.Fprintf(w, "geometric mean %s/%s over %d queries: %.3f; largest %.2f; %s; of CPU times %.3f\n", r.o.engineA, r.o.engineB, n, mean, r.largest(), r.slow(), r.cpuMean())
	}
}

// mean is the geometric mean of the ratios there are, and their number.
func (r *report) mean() (float64, int) {
	sum, n := 0.0, 0
	for _, l := range r.lines {
		if l.Ratio > 0 {
			sum += math.Log(l.Ratio)
			n++
		}
	}
	if n == 0 {
		return 0, 0
	}
	return math.Exp(sum / float64(n)), n
}

// cpuMean is the geometric mean of the ratios of CPU times; 0 without any.
func (r *report) cpuMean() float64 {
	sum, n := 0.0, 0
	for _, l := range r.lines {
		if l.Ratio > 0 && l.A.CPU > 0 && l.B.CPU > 0 {
			sum += math.Log(float64(l.A.CPU) / float64(l.B.CPU))
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return math.Exp(sum / float64(n))
}

func (r *report) largest() float64 {
	most := 0.0
	for _, l := range r.lines {
		most = math.Max(most, l.Ratio)
	}
	return most
}

// slower is by how much a query must be slower to count as slow: the ratio of
// two times of a few milliseconds says little.
const slower = 20 * time.Millisecond

// slow tells how many queries are slow, in two degrees.
func (r *report) slow() string {
	count := func(limit float64) int {
		n := 0
		for _, l := range r.lines {
			if l.Ratio > limit && time.Duration(l.A.Median-l.B.Median) > slower {
				n++
			}
		}
		return n
	}
	return fmt.Sprintf("%d above 1.5 and %d above 2.5 by more than %d ms", count(1.5), count(2.5), slower.Milliseconds())
}

// wrong counts the queries that failed or differ.
func (r *report) wrong() int {
	n := 0
	for _, l := range r.lines {
		if l.Verdict != equalAnswers && l.Verdict != reorderedAnswers && l.Verdict != "not compared" {
			n++
		}
	}
	return n
}

// write writes the files that -md and -json name.
func (r *report) write() error {
	if r.o.markdown != "" {
		if err := os.WriteFile(r.o.markdown, []byte(r.asMarkdown()), 0o644); err != nil {
			return err
		}
	}
	if r.o.json != "" {
		mean, _ := r.mean()
		text, err := json.MarshalIndent(map[string]any{
			"title": r.title(), "lines": r.lines, "geometric_mean": mean, "largest": r.largest(),
		}, "", "  ")
		if err != nil {
			return err
		}
		return os.WriteFile(r.o.json, append(text, '\n'), 0o644)
	}
	return nil
}

func (r *report) asMarkdown() string {
	var sb strings.Builder
	a, b := r.o.engineA, r.o.engineB
	fmt.Fprintf(&sb, "%s.\n\n", r.title())
	fmt.Fprintf(&sb, "| Query | %s ms | %s ms | ratio | %s CPU ms | %s CPU ms | %s peak MB | %s peak MB | rows | answers |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n", a, b, a, b, a, b)
	for _, l := range r.lines {
		other := &side{}
		if l.B != nil {
			other = l.B
		}
		fmt.Fprintf(&sb, "| %s | %s | %s | %s | %s | %s | %s | %s | %d | %s |\n", strings.TrimLeft(l.Query, "0"),
			millis(l.A.Median), millis(other.Median), ratio(l.Ratio), millis(l.A.CPU), millis(other.CPU), megabytes(l.A.PeakKB), megabytes(other.PeakKB),
			l.Rows, strings.NewReplacer("|", "\\|", "\n", " ").Replace(l.Verdict))
	}
	if mean, n := r.mean(); n > 0 {
		fmt.Fprintf(&sb, "\nGeometric mean of the ratios: **%.3f** over %d queries; largest %.2f; %s. Of the CPU times: %.3f.\n", mean, n, r.largest(), r.slow(), r.cpuMean())
	}
	for _, l := range r.lines {
		if len(l.Top) == 0 {
			continue
		}
		fmt.Fprintf(&sb, "\nProfile of query %s (garbage collection %.1f %%):\n\n", strings.TrimLeft(l.Query, "0"), 100*l.GCShare)
		for _, t := range l.Top {
			fmt.Fprintf(&sb, "    %v\n", t)
		}
	}
	return sb.String()
}

func millis(ns int64) string {
	if ns == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(ns)/float64(time.Millisecond))
}

func ratio(x float64) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", x)
}

func megabytes(kb int64) string {
	if kb == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", float64(kb)/1024)
}
