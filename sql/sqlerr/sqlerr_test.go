package sqlerr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestErrorText(t *testing.T) {
	cause := errors.New("broken pipe")
	cases := []struct {
		err  error
		want string
	}{
		{New(CodeSyntax, "wrong"), "wrong"},
		{At(3, CodeSyntax, "bad %q", "x"), `bad "x"`},
		{New(CodeIO, "read failed").WithFile("a.csv", 7), `read failed (file "a.csv", line 7)`},
		{New(CodeIO, "read failed").WithFile("a.csv", 0), `read failed (file "a.csv")`},
		{New(CodeIO, "read failed").WithFile("", 7), `read failed (line 7)`},
		{Wrap(cause, CodeIO, "write failed"), "write failed: broken pipe"},
		{Wrap(New(CodeIO, "read failed").WithFile("a.csv", 7), CodeIO, "scan failed"),
			`scan failed: read failed (file "a.csv", line 7)`},
	}
	for _, c := range cases {
		if c.err.Error() != c.want {
			t.Errorf("got %q, want %q", c.err.Error(), c.want)
		}
	}
}

func TestChain(t *testing.T) {
	inner := At(5, CodeUndefinedFile, "no such file").WithFile("x", 0)
	outer := Wrap(fmt.Errorf("open: %w", inner), CodeIO, "scan failed")
	if outer.Pos != 5 || outer.Path != "x" {
		t.Errorf("position and path are lost: %+v", outer)
	}
	if Code(outer) != CodeIO || !errors.Is(outer, inner) || !errors.Is(outer, &Error{Code: CodeUndefinedFile}) {
		t.Error("chain is broken")
	}
	if errors.Is(outer, &Error{Code: CodeSyntax}) {
		t.Error("matches a code that is not there")
	}
	if Code(nil) != CodeSuccess || Code(fs.ErrNotExist) != CodeInternal || Code(context.Canceled) != CodeQueryCancelled {
		t.Error("Code of foreign errors")
	}
	if Is(nil, CodeSuccess) || !Is(outer, CodeIO) || Class(CodeUndefinedColumn) != "42" || Class("x") != "x" {
		t.Error("Is or Class")
	}
}

func TestWithPosAndHints(t *testing.T) {
	e := New(CodeSyntax, "m")
	moved := WithPos(e, 9)
	if e.Pos != -1 || moved.(*Error).Pos != 9 || WithPos(moved, 3).(*Error).Pos != 9 {
		t.Error("WithPos must copy and keep the first position")
	}
	if WithPos(nil, 1) != nil || WithPos(fs.ErrExist, 1) != fs.ErrExist {
		t.Error("WithPos changes other errors")
	}
	h := e.WithHint("try %d", 1).WithDetail("d")
	if h.Hint != "try 1" || h.Detail != "d" || e.Hint != "" {
		t.Error("With methods")
	}
}

func TestFromContext(t *testing.T) {
	if FromContext(context.Background()) != nil {
		t.Error("live context")
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("the user left")
	cancel(reason)
	err := FromContext(ctx)
	if Code(err) != CodeQueryCancelled || !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
		t.Errorf("cancelled: %v", err)
	}
	late, stop := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer stop()
	if err := FromContext(late); !errors.Is(err, context.DeadlineExceeded) || Code(err) != CodeQueryCancelled {
		t.Errorf("deadline: %v", err)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"select", "from", "where", "group", "order", "Customer_Name", "customer_id", "id"}
	cases := []struct {
		name string
		want []string
	}{
		{"form", []string{"from"}}, {"SELCT", []string{"select"}}, {"customer_nmae", []string{"Customer_Name", "customer_id"}},
		{"custom", []string{"customer_id", "Customer_Name"}}, {"xyzzy", nil}, {"", nil}, {strings.Repeat("x", 500), nil},
		{"ID", []string{"id"}}, {"x", nil},
	}
	for _, c := range cases {
		if got := Nearest(c.name, words); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if got := Nearest("aa", []string{"ab", "ac", "ad", "ae"}); len(got) != 3 {
		t.Errorf("at most three: %v", got)
	}
	if got := DidYouMean("aa", []string{"ab", "ac", "ab"}); got != `did you mean "ab" or "ac"?` {
		t.Error(got)
	}
}

func TestCaret(t *testing.T) {
	cases := []struct {
		query string
		pos   int
		want  string
	}{
		{"SELECT a FORM t", 9, "LINE 1: SELECT a FORM t\n                 ^"},
		{"SELECT\n\ta\r\nFORM t", 8, "LINE 2:  a\n         ^"},
		{"SELECT 'äö中文' FORM", 20, "LINE 1: SELECT 'äö中文' FORM\n                        ^"},
		{"a", 99, "LINE 1: a\n         ^"},
		{"", 0, "LINE 1:\n        ^"},
		{"a", -1, ""},
		{"x\xff\x01y", 3, "LINE 1: x\ufffd\ufffdy\n           ^"},
	}
	for _, c := range cases {
		if got := Caret(c.query, c.pos); got != c.want {
			t.Errorf("%q at %d:\n%s\nwant\n%s", c.query, c.pos, got, c.want)
		}
	}
	long := strings.Repeat("a", 300) + "X" + strings.Repeat("b", 300)
	got := Caret(long, 300)
	lines := strings.Split(got, "\n")
	if len(lines[0]) > 130 || lines[0][len(lines[1])-1] != 'X' || !strings.HasSuffix(lines[0], "...") {
		t.Errorf("long line:\n%s", got)
	}
	if l, c := LineColumn("ab\nçd", 5); l != 2 || c != 2 {
		t.Errorf("LineColumn: %d, %d", l, c)
	}
}

func FuzzCaret(f *testing.F) {
	f.Add("SELECT\n x", 7)
	f.Add("\xff\xfe\n", 1)
	f.Fuzz(func(t *testing.T, q string, pos int) { Caret(q, pos) })
}
