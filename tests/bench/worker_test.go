package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestServe talks to a worker of DuckDB in this process.
func TestServe(t *testing.T) {
	var in, out bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, r := range []request{
		{Op: "setup", SQL: []string{"SET threads = 1", "CREATE TABLE t AS SELECT 1 AS i, NULL AS n, 1.50 AS d"}},
		{Op: "run", SQL: []string{"SELECT * FROM t"}, Keep: true, Seconds: 60},
		{Op: "run", SQL: []string{"SELECT nope FROM t"}},
		{Op: "run", SQL: []string{"SELECT i FROM t"}},
		{Op: "nonsense"},
	} {
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := serve("duckdb", &in, &out); err != nil {
		t.Fatal(err)
	}
	var res []response
	for dec := json.NewDecoder(&out); dec.More(); {
		var r response
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		res = append(res, r)
	}
	if len(res) != 5 || res[0].Err != "" {
		t.Fatalf("responses: %+v", res)
	}
	if got := res[1].Cells; len(got) != 1 || got[0][0] != "1" || got[0][1] != nullCell || !strings.HasPrefix(got[0][2], "1.5") {
		t.Errorf("cells: %q", got)
	}
	if res[2].Err == "" || res[4].Err == "" {
		t.Errorf("errors are missing: %+v", res)
	}
	if res[3].Rows != 1 || res[3].Cells != nil || res[3].Nanos <= 0 {
		t.Errorf("run without rows: %+v", res[3])
	}
}
