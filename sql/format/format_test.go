package format_test

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/parser"
)

// clearPositions sets every At below v to 0.
func clearPositions(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			clearPositions(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			clearPositions(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			clearPositions(v.Field(i))
		}
	case reflect.Int:
		if v.Type() == reflect.TypeFor[ast.At]() && v.CanSet() {
			v.SetInt(0)
		}
	}
}

func equal(a, b ast.Statement) bool {
	clearPositions(reflect.ValueOf(&a))
	clearPositions(reflect.ValueOf(&b))
	return reflect.DeepEqual(a, b)
}

// roundTrip parses, prints, parses, and prints again.
func roundTrip(t *testing.T, sql string) bool {
	t.Helper()
	first, err := parser.Parse(sql)
	if err != nil {
		return true // the parser's tests judge that
	}
	good := true
	for _, s := range first {
		text := format.Statement(s)
		second, err := parser.ParseOne(text)
		if err != nil {
			t.Errorf("printed text does not parse: %v\n  from %s\n  to   %s", err, sql, text)
			good = false
			continue
		}
		again := format.Statement(second)
		if !equal(s, second) || again != text {
			t.Errorf("trees differ\n  from %s\n  to   %s\n  then %s", sql, text, again)
			good = false
		}
	}
	return good
}

func TestRoundTripStatements(t *testing.T) {
	text, err := os.ReadFile("testdata/statements.sql")
	if err != nil {
		t.Fatal(err)
	}
	spans, err := parser.Split(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		sql := string(text)[s.Start:s.End]
		if _, err := parser.ParseOne(sql); err != nil {
			t.Errorf("%v\n  in %s", err, sql)
			continue
		}
		roundTrip(t, sql)
	}
}

// TestRoundTripCorpus does the same for the conformance corpus, if it is there.
func TestRoundTripCorpus(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "conformance", "corpus", "dev", "duckdb")
	if _, err := os.Stat(root); err != nil {
		t.Skip("../shared/conformance is not there")
	}
	failed := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), ".test") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		var cur []string
		in := false
		sc := bufio.NewScanner(f)
		sc.Buffer(make([]byte, 1<<20), 32<<20)
		for sc.Scan() && failed < 20 {
			line := sc.Text()
			switch {
			case in && (strings.TrimSpace(line) == "" || line == "----"):
				in = false
				if !roundTrip(t, strings.Join(cur, "\n")) {
					failed++
				}
				cur = nil
			case in:
				cur = append(cur, line)
			case strings.HasPrefix(line, "statement ok"), strings.HasPrefix(line, "query "):
				in = true
			}
		}
		return sc.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzRoundTrip(f *testing.F) {
	text, err := os.ReadFile("testdata/statements.sql")
	if err != nil {
		f.Fatal(err)
	}
	spans, err := parser.Split(string(text))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range spans {
		f.Add(string(text)[s.Start:s.End])
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if len(sql) < 4096 {
			roundTrip(t, sql)
		}
	})
}
