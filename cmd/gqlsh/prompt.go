package main

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/gannetdb/gannet/sql/parser"
)

// The prompts.
const (
	promptFirst = "gannet> "
	promptMore  = "   ...> "
)

// errAborted is what an editor returns for Ctrl-C.
var errAborted = errors.New("aborted")

// editor reads lines that a person types.
type editor interface {
	// line shows the prompt and returns a line without its end; io.EOF for
	// Ctrl-D, errAborted for Ctrl-C.
	line(prompt string) (string, error)
	// remember adds a whole statement to the history.
	remember(text string)
	close()
}

// prompt reads statements from the terminal until .quit or Ctrl-D.
func (s *shell) prompt() {
	if s.env.ignoreInterrupts != nil {
		s.env.ignoreInterrupts()
	}
	var ed editor
	if s.env.edit != nil && s.env.stdinTerminal {
		var err error
		if ed, err = s.env.edit(s); err != nil {
			s.fail("", err)
		}
	}
	if ed == nil {
		ed = &plainEditor{in: bufio.NewReader(s.env.stdin), out: s.env.stdout}
	}
	defer ed.close()
	if s.env.stdoutTerminal {
		s.print("gqlsh " + version + "\nEnter .help for help, statements end with a semicolon.\n")
		if s.path == "" || s.path == ":memory:" {
			s.print("The database is in memory.\n")
		}
		_ = s.flush()
	}
	var buf strings.Builder
	for !s.quit {
		p := promptFirst
		if buf.Len() > 0 {
			p = promptMore
		}
		line, err := ed.line(p)
		switch {
		case errors.Is(err, errAborted):
			buf.Reset()
			continue
		case err != nil && line == "":
			if err != io.EOF {
				s.fail("", err)
			}
			if strings.TrimSpace(buf.String()) != "" {
				s.runText(buf.String())
			}
			return
		}
		if buf.Len() == 0 {
			t := strings.TrimSpace(line)
			if t == "" {
				continue
			}
			if strings.HasPrefix(t, ".") {
				ed.remember(t)
				s.command(t)
				_ = s.flush()
				continue
			}
		}
		buf.WriteString(line + "\n")
		text := buf.String()
		switch s.session.Completeness(text) {
		case parser.Complete, parser.Broken:
		case parser.Empty:
			buf.Reset()
			continue
		default:
			continue
		}
		buf.Reset()
		ed.remember(strings.TrimSpace(text))
		s.runText(text)
		if s.bail && s.failed {
			return
		}
		s.failed = false
	}
}

// plainEditor reads lines where there is no terminal to edit on.
type plainEditor struct {
	in  *bufio.Reader
	out io.Writer
}

func (e *plainEditor) line(prompt string) (string, error) {
	_, _ = io.WriteString(e.out, prompt)
	line, err := e.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

func (e *plainEditor) remember(string) {}
func (e *plainEditor) close()          {}
