package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runArgs runs the shell on arguments and standard input.
func runArgs(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(&environment{args: args, stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs, home: func() string { return "" }})
	return out.String(), errs.String(), code
}

// TestLongResults checks the streaming modes over results of many chunks with
// independent readers.
func TestLongResults(t *testing.T) {
	const n = 50_000
	sql := fmt.Sprintf("SELECT i, 'v\"' || i AS s, CASE WHEN i %% 3 = 0 THEN NULL ELSE i / 2 END AS h FROM range(%d) t(i)", n)
	t.Run("csv", func(t *testing.T) {
		out, errs, _ := runArgs(t, "", "-csv", "-c", sql)
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) != n+1 {
			t.Fatalf("%d rows, %v, %s", len(rows), err, errs)
		}
		for i, r := range rows[1:] {
			h := fmt.Sprint(float64(i) / 2)
			if !strings.Contains(h, ".") {
				h += ".0"
			}
			if i%3 == 0 {
				h = "NULL"
			}
			if r[0] != fmt.Sprint(i) || r[1] != fmt.Sprintf("v\"%d", i) || r[2] != h {
				t.Fatalf("row %d is %q", i, r)
			}
		}
	})
	t.Run("json", func(t *testing.T) {
		out, errs, _ := runArgs(t, "", "-json", "-c", sql)
		var rows []struct {
			I int
			S string
			H *float64
		}
		if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != n {
			t.Fatalf("%d rows, %v, %s", len(rows), err, errs)
		}
		for i, r := range rows {
			if r.I != i || r.S != fmt.Sprintf("v\"%d", i) || (r.H == nil) != (i%3 == 0) || r.H != nil && *r.H != float64(i)/2 {
				t.Fatalf("row %d is %+v", i, r)
			}
		}
	})
	t.Run("jsonlines", func(t *testing.T) {
		out, _, _ := runArgs(t, "", "-jsonlines", "-c", sql)
		d := json.NewDecoder(strings.NewReader(out))
		rows := 0
		for {
			var r map[string]any
			if err := d.Decode(&r); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			rows++
		}
		if rows != n {
			t.Fatalf("%d rows", rows)
		}
	})
}

// TestBoxRing checks which rows a box shows, for many lengths and limits.
func TestBoxRing(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 4, 7, 40} {
		for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 43, 44, 2047, 2048, 2049, 2052, 4100} {
			out, errs, _ := runArgs(t, "", "-c", fmt.Sprintf(".maxrows %d", limit), "-c", fmt.Sprintf("SELECT i FROM range(%d) t(i)", n))
			var got []int
			for _, line := range strings.Split(out, "\n") {
				var i int
				if k, _ := fmt.Sscanf(line, "│ %d │", &i); k == 1 && !strings.Contains(line, "row") {
					got = append(got, i)
				}
			}
			var want []int
			for i := range n {
				if n <= limit+3 || i < (limit+1)/2 || i >= n-(limit-(limit+1)/2) {
					want = append(want, i)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("limit %d of %d rows: shows %v, want %v\n%s%s", limit, n, got, want, out, errs)
			}
		}
	}
}

func TestHistory(t *testing.T) {
	dir := t.TempDir()
	h := openHistory(filepath.Join(dir, "deep", "folder"))
	texts := []string{"SELECT 1;", "SELECT 'a\\nb',\n  2 -- \\ both\r\n;", ".tables"}
	for _, x := range texts {
		h.add(x)
	}
	h.add("  \n")
	if got := openHistory(filepath.Join(dir, "deep", "folder")).entries(10); !slices.Equal(got, texts) {
		t.Errorf("history is %q", got)
	}
	if got := h.entries(1); !slices.Equal(got, texts[2:]) {
		t.Errorf("the last is %q", got)
	}
	if st, err := os.Stat(h.path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	// A long file is cut, at a line.
	long := strings.Repeat("SELECT 12345678901234567890;\n", 3*maxHistory/29)
	if err := os.WriteFile(h.path, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := h.entries(1 << 30); len(got) == 0 || got[0] != "SELECT 12345678901234567890;" {
		t.Errorf("%d entries, the first %q", len(got), got[:1])
	}
	if st, _ := os.Stat(h.path); st.Size() > maxHistory {
		t.Errorf("the file has %d bytes", st.Size())
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"SELECT 1;": "SELECT 1;",
		"SELECT a, -- comment; here\n  b\nFROM t;": "SELECT a, b FROM t;",
		"SELECT /* x\n y */ 'a\nb'\n;":             "SELECT 'a b' ;",
		"SELECT 'open\n":                           "SELECT 'open ",
	} {
		if got := oneLine(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"people.csv", "places.csv"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("idnumber,full name\n1,x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := newShell(&environment{stdout: io.Discard, stderr: io.Discard}, &options{})
	defer s.close()
	if err := s.open(dir); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line, head string
		want       []string
		exact      bool
	}{
		{".ta", "", []string{".tables "}, true},
		{"SELECT * FROM peo", "SELECT * FROM ", []string{"people"}, true},
		{"SELECT idnum", "SELECT ", []string{"idnumber"}, true},
		{"FROM people SELECT ful", "FROM people SELECT ", []string{`"full name"`}, false},
		{"SEL", "", []string{"SELECT"}, false},
		{"select cou", "select ", []string{"count("}, false},
		{"FROM '" + dir + "/pl", "FROM '", []string{dir + "/places.csv"}, true},
		{".read " + dir + "/pe", ".read ", []string{dir + "/people.csv"}, true},
		{"SELECT ", "SELECT ", nil, true},
	} {
		head, got, tail := s.complete(c.line+"|tail", len(c.line))
		if head != c.head || tail != "|tail" {
			t.Errorf("%q: head %q, tail %q", c.line, head, tail)
		}
		if c.exact && !slices.Equal(got, c.want) {
			t.Errorf("%q completes to %q", c.line, got)
		}
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%q completes to %q, without %q", c.line, got, w)
			}
		}
	}
}

func TestCommandsAreSorted(t *testing.T) {
	if !slices.IsSortedFunc(commandTable(), func(a, b command) int { return strings.Compare(a.name, b.name) }) {
		t.Error("commands are not sorted")
	}
	if !slices.IsSortedFunc(flags, func(a, b cliFlag) int { return strings.Compare(a.name, b.name) }) {
		t.Error("options are not sorted")
	}
}

func TestSplitWords(t *testing.T) {
	for in, want := range map[string][]string{
		`a  b`:             {"a", "b"},
		`a 'b c' "d\te"`:   {"a", "b c", "d\te"},
		`a '' ""`:          {"a", "", ""},
		`read x.sql;`:      {"read", "x.sql"},
		`sep "\"" '\t' \t`: {"sep", `"`, `\t`, `\t`},
	} {
		if got, err := splitWords(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %q, %v", in, got, err)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -999: "-999"} {
		if got := thousands(n); got != want {
			t.Errorf("%d gives %q", n, got)
		}
	}
}

// TestExplain checks that a plan is shown as text, and as a table in csv.
func TestExplain(t *testing.T) {
	out, errs, code := runArgs(t, "", "-c", "EXPLAIN SELECT i FROM range(10) t(i) WHERE i > 5")
	if code != 0 || out == "" || strings.ContainsAny(out, "│┌") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	if out, _, _ := runArgs(t, "", "-csv", "-c", "EXPLAIN SELECT 1"); !strings.HasPrefix(out, "explain_key,explain_value\n") {
		t.Errorf("%s", out)
	}
}

// brokenPipe fails every write, as a pipe whose reader is gone does.
type brokenPipe struct{ err error }

func (b brokenPipe) Write([]byte) (int, error) { return 0, b.err }

func TestOutputFails(t *testing.T) {
	var errs bytes.Buffer
	code := run(&environment{
		args: []string{"-csv", "-c", "SELECT i FROM range(1000000) t(i)"}, stdin: strings.NewReader(""),
		stdout: brokenPipe{io.ErrClosedPipe}, stderr: &errs,
	})
	if code != exitError || !strings.Contains(errs.String(), "closed pipe") {
		t.Errorf("exit code %d, %s", code, &errs)
	}
}

func BenchmarkCSV(b *testing.B)  { benchmarkMode(b, "-csv") }
func BenchmarkJSON(b *testing.B) { benchmarkMode(b, "-json") }

func benchmarkMode(b *testing.B, mode string) {
	var rows int
	for b.Loop() {
		run(&environment{
			args:  []string{mode, "-c", "SELECT i, i * 7 AS b, i / 3 AS c, 'some text' AS d, DATE '2024-01-01' AS e FROM range(500000) t(i)"},
			stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		})
		rows += 500000
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
