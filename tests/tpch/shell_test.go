package tpch

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/tests/suite"
)

// TestShell runs the queries through gqlsh, which prints CSV, over Parquet files
// and over tables made from them.
func TestShell(t *testing.T) {
	data, ok := Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	shell := buildShell(t)
	for _, scale := range scales() {
		db, _ := suite.Open(t)
		for _, s := range Setup("VIEW", data.Data(scale)) {
			suite.Execute(t, db, s)
		}
		columns := map[int][]suite.Column{}
		for _, q := range Numbers {
			columns[q] = check(t, data, db, scale, q)
		}
		for _, kind := range []string{"VIEW", "TABLE"} {
			for threads := 1; threads <= 2; threads++ {
				t.Run(fmt.Sprintf("%s/%s/threads%d", scale, strings.ToLower(kind), threads), func(t *testing.T) {
					// One process for each query, as a user would run it, but of
					// tables only one for all: they are made anew each time.
					groups := [][]int{Numbers}
					if kind == "VIEW" {
						groups = nil
						for _, q := range Numbers {
							groups = append(groups, []int{q})
						}
					}
					for _, group := range groups {
						runShell(t, data, shell, scale, kind, threads, group, columns)
					}
				})
			}
		}
	}
}

// buildShell compiles gqlsh.
func buildShell(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gqlsh")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", path, "github.com/gannetdb/gannet/cmd/gqlsh").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// runShell runs queries in one process and compares what it prints.
func runShell(t *testing.T, data *Suite, shell, scale, kind string, threads int, group []int, columns map[int][]suite.Column) {
	t.Helper()
	stmts := append([]string{fmt.Sprintf("SET threads = %d", threads)}, Setup(kind, data.Data(scale))...)
	for _, q := range group {
		text, err := data.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		// A row between the answers.
		stmts = append(stmts, "SELECT 'end' AS marker", strings.TrimRight(text, "; \n"))
	}
	var stderr bytes.Buffer
	cmd := exec.Command(shell, "-csv", "-c", strings.Join(stmts, ";\n"))
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	answers := bytes.Split(out, []byte("marker\nend\n"))[1:]
	if len(answers) != len(group) {
		t.Fatalf("%d answers, want %d", len(answers), len(group))
	}
	for i, q := range group {
		if err := compareShell(data, scale, q, answers[i], columns[q]); err != nil {
			t.Errorf("query %d: %v", q, err)
		}
	}
}

func compareShell(data *Suite, scale string, q int, answer []byte, columns []suite.Column) error {
	want, err := data.Answer(scale, q)
	if err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(answer))
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	if len(rows) != len(want)+1 {
		return fmt.Errorf("%d rows and a header line, want %d", len(rows)-1, len(want))
	}
	for c, name := range rows[0] {
		if name != columns[c].Name {
			return fmt.Errorf("column %d is named %q, want %q", c+1, name, columns[c].Name)
		}
	}
	for n, row := range rows[1:] {
		if err := compare(columns, n+1, row, want[n]); err != nil {
			return err
		}
	}
	return nil
}
