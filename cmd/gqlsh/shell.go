package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gannetdb/gannet/driver/engine"
)

// shell is a session at the shell: the database, and how results are shown.
// It serves one goroutine.
type shell struct {
	env *environment
	opt *options
	ctx context.Context

	db      *engine.Database
	session *engine.Session
	path    string // of the database, as given
	texts   map[string]string

	// How results are shown.
	mode      string
	headers   bool
	null      string
	separator string // "": what the mode has
	newline   string
	maxRows   int
	widths    []int
	timer     bool
	echo      bool
	bail      bool

	stdout *bufio.Writer
	out    *bufio.Writer // stdout, or the file of .output
	file   *os.File      // of .output and .once
	once   bool          // file is for one statement

	interactive bool
	failed      bool // a statement failed
	interrupted bool
	quit        bool
	code        int // of .exit
	depth       int // of .read
}

func newShell(env *environment, opt *options) *shell {
	s := &shell{
		env: env, opt: opt, ctx: context.Background(),
		mode: "box", headers: true, null: "NULL", newline: "\n", maxRows: 40,
		bail: opt.bail, echo: opt.echo,
		stdout: bufio.NewWriterSize(env.stdout, 64<<10),
	}
	s.out = s.stdout
	return s
}

// main opens the database, runs what the command line asks for, and then reads
// standard input unless that was all.
func (s *shell) main() int {
	for _, f := range s.opt.display {
		if err := f(s); err != nil {
			s.fail("", err)
			return exitUsage
		}
	}
	if err := s.open(s.opt.database); err != nil {
		s.fail("", err)
		return exitError
	}
	s.interactive = s.opt.interactive || s.env.stdinTerminal && !s.opt.batch
	last := s.opt.noStdin
	for _, st := range s.opt.steps {
		last = last || st.last
	}
	if last {
		s.interactive = false
	}
	if !s.startUp() {
		return s.exitCode()
	}
	for _, st := range s.opt.steps {
		if !s.runStep(st) {
			return s.exitCode()
		}
	}
	if last {
		return s.exitCode()
	}
	if s.interactive {
		s.prompt()
	} else {
		s.script(s.env.stdin)
	}
	return s.exitCode()
}

// startUp runs the start-up file: the one of -init, else ~/.gqlshrc when the
// shell has a prompt. It reports whether the shell should go on.
func (s *shell) startUp() bool {
	name := s.opt.initFile
	if name == "" {
		if !s.interactive || s.opt.noInit || s.env.home == nil || s.env.home() == "" {
			return true
		}
		name = filepath.Join(s.env.home(), "gqlshrc")
		if _, err := os.Stat(name); err != nil {
			return true
		}
	}
	s.readFile(name)
	return s.goesOn()
}

// runStep runs what one option asks for. The first error of -c and SQL ends
// the shell, as every error does with -bail.
func (s *shell) runStep(st step) bool {
	if st.file != "" {
		s.readFile(st.file)
		return s.goesOn()
	}
	bail := s.bail
	s.bail = true
	s.runText(st.text)
	s.bail = bail
	return s.goesOn() && !s.failed
}

// goesOn reports whether more is to be run.
func (s *shell) goesOn() bool {
	return !s.quit && !s.interrupted && !(s.failed && s.bail)
}

func (s *shell) exitCode() int {
	switch {
	case s.code != 0:
		return s.code
	case s.interrupted:
		return exitInterrupted
	case s.failed && !s.interactive:
		return exitError
	}
	return exitOK
}

// close gives back the database and the output file.
func (s *shell) close() {
	s.closeOutput()
	_ = s.stdout.Flush()
	if s.db != nil {
		_ = s.db.Close()
	}
}

// open closes the database that is open and opens the one at path.
func (s *shell) open(path string) error {
	mounts, err := mountsOf(path)
	if err != nil {
		return err
	}
	cfg := engine.Config{Path: path}
	switch {
	case mounts != nil:
		cfg.Path = ""
	case s.opt.readonly && (path == "" || path == ":memory:"):
		return errors.New("a database in memory cannot be opened for reading only")
	}
	db, err := engine.Open(s.ctx, cfg)
	if err != nil {
		return err
	}
	if s.db != nil {
		_ = s.db.Close()
	}
	s.db, s.session, s.path = db, db.NewSession(), path
	s.texts = map[string]string{}
	s.mount(mounts)
	if s.opt.dialect != "" {
		return s.session.Set("dialect", s.opt.dialect)
	}
	return nil
}

func (s *shell) print(text string) { _, _ = s.out.WriteString(text) }

// flush brings out what was written, so that output and errors keep their
// order.
func (s *shell) flush() error { return s.out.Flush() }

// closeOutput ends the file of .output or .once.
func (s *shell) closeOutput() {
	if s.file == nil {
		return
	}
	err := s.out.Flush()
	if e := s.file.Close(); err == nil {
		err = e
	}
	s.file, s.out, s.once = nil, s.stdout, false
	if err != nil {
		s.fail("", err)
	}
}

// terminalWidth is the number of columns that output may take, 0 for no limit.
func (s *shell) terminalWidth() int {
	if s.file != nil || !s.env.stdoutTerminal || s.env.width == nil {
		return 0
	}
	return s.env.width()
}

// configFolder is where start-up and history files live.
func configFolder() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "gqlsh")
}

// now is the clock of .timer.
var now = time.Now
