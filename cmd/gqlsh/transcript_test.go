package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var rewrite = flag.Bool("rewrite", false, "write what the shell prints into the transcripts")

func TestMain(m *testing.M) {
	// Vitess's parser logs through glog, whose goroutine never ends.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// transcript is a file of testdata: sections that begin with "-- name", of
// which args (a word a line), stdin and file:NAME are given, and stdout, stderr
// and exit are what is expected. A file may hold several cases behind each
// other, each beginning with "== title".
type transcript struct {
	title    string
	sections []section
}

type section struct{ name, text string }

func (t *transcript) get(name string) (string, bool) {
	for _, s := range t.sections {
		if s.name == name {
			return s.text, true
		}
	}
	return "", false
}

func (t *transcript) set(name, text string, omit bool) {
	t.sections = slices.DeleteFunc(t.sections, func(s section) bool { return s.name == name })
	if !omit {
		t.sections = append(t.sections, section{name, text})
	}
}

func parseTranscripts(text string) (preamble string, out []*transcript) {
	var cur *transcript
	for _, line := range strings.SplitAfter(text, "\n") {
		switch {
		case strings.HasPrefix(line, "== "):
			cur = &transcript{title: strings.TrimSpace(line[3:])}
			out = append(out, cur)
		case cur == nil:
			preamble += line
		case strings.HasPrefix(line, "-- ") && isSection(strings.TrimSpace(line[3:])):
			cur.sections = append(cur.sections, section{name: strings.TrimSpace(line[3:])})
		case len(cur.sections) > 0:
			s := &cur.sections[len(cur.sections)-1]
			s.text += line
		}
	}
	return preamble, out
}

func isSection(name string) bool {
	switch name {
	case "args", "stdin", "stdout", "stderr", "exit":
		return true
	}
	return strings.HasPrefix(name, "file:")
}

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			preamble, cases := parseTranscripts(string(data))
			for _, c := range cases {
				t.Run(c.title, func(t *testing.T) { runTranscript(t, c) })
			}
			if *rewrite && !t.Failed() {
				if err := os.WriteFile(file, []byte(renderTranscripts(preamble, cases)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func renderTranscripts(preamble string, cases []*transcript) string {
	var b strings.Builder
	b.WriteString(preamble)
	for _, c := range cases {
		b.WriteString("== " + c.title + "\n")
		for _, s := range c.sections {
			b.WriteString("-- " + s.name + "\n" + s.text)
			if s.text != "" && !strings.HasSuffix(s.text, "\n") {
				b.WriteString("\n")
			}
		}
	}
	return b.String()
}

func runTranscript(t *testing.T, c *transcript) {
	dir := t.TempDir()
	for _, s := range c.sections {
		if name, ok := strings.CutPrefix(s.name, "file:"); ok {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(s.text, "$DIR", dir)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	in := func(name string) string {
		text, _ := c.get(name)
		return strings.ReplaceAll(text, "$DIR", dir)
	}
	var args []string
	width := 0
	for _, a := range strings.Split(strings.TrimSuffix(in("args"), "\n"), "\n") {
		switch {
		case a == "":
		case strings.HasPrefix(a, "width="):
			_, _ = fmt.Sscanf(a, "width=%d", &width)
		default:
			args = append(args, strings.ReplaceAll(a, `\n`, "\n"))
		}
	}
	var stdout, stderr bytes.Buffer
	env := &environment{
		args: args, stdin: strings.NewReader(in("stdin")), stdout: &stdout, stderr: &stderr,
		stdoutTerminal: width > 0,
		width:          func() int { return width },
		home:           func() string { return "" },
	}
	t0 := time.Unix(0, 0)
	now = func() time.Time { t0 = t0.Add(125 * time.Millisecond); return t0 }
	defer func() { now = time.Now }()
	code := run(env)
	got := map[string]string{
		"stdout": strings.ReplaceAll(stdout.String(), dir, "$DIR"),
		"stderr": strings.ReplaceAll(stderr.String(), dir, "$DIR"),
		"exit":   fmt.Sprintln(code),
	}
	for _, name := range []string{"stdout", "stderr", "exit"} {
		if *rewrite {
			c.set(name, got[name], name == "stderr" && got[name] == "" || name == "exit" && code == 0)
			continue
		}
		want, ok := c.get(name)
		if !ok && name == "exit" {
			want = "0\n"
		}
		if got[name] != want && got[name]+"\n" != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], want)
		}
	}
}

// TestInterrupt runs a query that Ctrl-C ends.
func TestInterrupt(t *testing.T) {
	for _, interactive := range []bool{false, true} {
		t.Run(fmt.Sprint("interactive=", interactive), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			var ended time.Duration
			env := &environment{
				args: []string{"-batch"}, stdout: &stdout, stderr: &stderr,
				stdin: strings.NewReader("SELECT count(*) FROM range(3000000) a(x), range(3000000) b(y) WHERE x + y = -1;\nSELECT 'still here' AS t;\n"),
				home:  func() string { return "" },
			}
			if interactive {
				env.args = []string{"-interactive", "-csv"}
			}
			queries := 0
			env.interrupts = func(ctx context.Context) (context.Context, func()) {
				ctx, cancel := context.WithCancel(ctx)
				if queries++; queries > 1 {
					return ctx, cancel
				}
				var at time.Time
				timer := time.AfterFunc(50*time.Millisecond, func() { at = time.Now(); cancel() })
				return ctx, func() {
					timer.Stop()
					cancel()
					ended = time.Since(at)
				}
			}
			code := run(env)
			if !strings.Contains(stderr.String(), "57014") {
				t.Errorf("stderr: %s", &stderr)
			}
			if ended > time.Second {
				t.Errorf("ended %v after the interrupt", ended)
			}
			if went := strings.Contains(stdout.String(), "still here"); went != interactive {
				t.Errorf("stdout: %s", &stdout)
			}
			if want := map[bool]int{false: exitInterrupted, true: exitOK}[interactive]; code != want {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
