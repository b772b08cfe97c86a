package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// options are the command line.
type options struct {
	suite, scale, format, source, data string
	queries                            string
	engineA, engineB                   string
	setupA, setupB                     string
	threads, reps                      int
	memory, temp                       string
	profile                            bool
	profileDir                         string
	markdown, json                     string
	make                               string
	timeout                            int
}

func main() {
	var o options
	flag.StringVar(&o.suite, "suite", "tpch", "tpch or tpcds: the folder below -source with its queries and data")
	flag.StringVar(&o.scale, "scale", "x10", "data: a folder of the suite (sf0.01, sf0.1; mini), or x10 (the largest of them ten times, made on first use), or x10paged (the same with small pages)")
	flag.StringVar(&o.format, "format", "parquet", "tables as parquet, csv, or table (CREATE TABLE AS from Parquet)")
	flag.StringVar(&o.source, "source", "", "folder with the suites' queries and data (default: ../shared beside the repository)")
	flag.StringVar(&o.data, "data", "", "folder for data made here (default: data, beside this program's source)")
	flag.StringVar(&o.queries, "query", "", "queries to run, as 1,6,14 (default: every one)")
	flag.StringVar(&o.engineA, "engine-a", "gannet", "engine under test")
	flag.StringVar(&o.engineB, "engine-b", "duckdb", "engine to compare with; empty for none")
	flag.StringVar(&o.setupA, "setup-a", "", "more statements for the first engine, separated by semicolons")
	flag.StringVar(&o.setupB, "setup-b", "", "the same for the second")
	flag.IntVar(&o.threads, "threads", 2, "SET threads, for both")
	flag.StringVar(&o.memory, "memory", "0", "SET memory_limit, for both, as 512MB; 0 leaves each its default")
	flag.StringVar(&o.temp, "temp", "", "SET temp_directory, for both")
	flag.IntVar(&o.reps, "n", 5, "timed repetitions of each query and engine; 0: the first run, which otherwise warms the caches, is timed")
	flag.BoolVar(&o.profile, "profile", false, "profile the CPU of Gannet's worker and show the top functions and the share of garbage collection")
	flag.StringVar(&o.profileDir, "profile-dir", "", "keep the profiles in this folder (default: a temporary one)")
	flag.StringVar(&o.markdown, "md", "", "write the table to this file as Markdown")
	flag.StringVar(&o.json, "json", "", "write every figure to this file as JSON")
	flag.StringVar(&o.make, "make", "", "make data and stop: x10 (or another number), x10paged (small pages), x10csv, csv, big (a 2 GB file), many (1,000 small files)")
	flag.IntVar(&o.timeout, "timeout", 600, "seconds that one run of a query may take")
	worker := flag.String("worker", "", "run as the worker process of an engine (internal)")
	flag.Parse()

	if *worker != "" {
		if err := serve(*worker, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if err := o.fillPaths(); err != nil {
		return err
	}
	if o.make != "" {
		return makeData(ctx, &o)
	}
	s, err := loadSuite(ctx, &o)
	if err != nil {
		return err
	}
	report := newReport(&o)
	report.head(os.Stdout)
	for _, q := range s.queries {
		line, err := measure(ctx, &o, s, q)
		if err != nil {
			return fmt.Errorf("query %s: %w", q.name, err)
		}
		report.add(os.Stdout, line)
	}
	report.foot(os.Stdout)
	if err := report.write(); err != nil {
		return err
	}
	if n := report.wrong(); n > 0 {
		return fmt.Errorf("%d queries failed or gave different answers", n)
	}
	return nil
}

// fillPaths finds the folders that the flags leave open.
func (o *options) fillPaths() error {
	here, err := sourceDir()
	if err != nil {
		return err
	}
	if o.source == "" {
		o.source = filepath.Join(here, "..", "..", "..", "shared")
	}
	if o.data == "" {
		o.data = filepath.Join(here, "data")
	}
	for _, dir := range []*string{&o.source, &o.data, &o.temp, &o.profileDir} {
		if *dir == "" {
			continue
		}
		if *dir, err = filepath.Abs(*dir); err != nil {
			return err
		}
	}
	return nil
}

// sourceDir is the folder of this module: the working directory, or tests/bench
// below it.
func sourceDir() (string, error) {
	for _, dir := range []string{".", filepath.Join("tests", "bench")} {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.Contains(string(text), "gannet/tests/bench") {
			return filepath.Abs(dir)
		}
	}
	return "", fmt.Errorf("run it in tests/bench, or give -source and -data")
}
