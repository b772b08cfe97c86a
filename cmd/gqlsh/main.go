package main

import (
	"context"
	"io"
	"os"
	"os/signal"

	"golang.org/x/term"
)

// version is what -version prints; releases set it with -ldflags -X.
var version = "development"

// The exit codes.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// environment is all that the shell sees of its process.
type environment struct {
	args   []string // without the program's name
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	stdinTerminal, stdoutTerminal, stderrTerminal bool

	// width is the number of columns of the terminal behind stdout, 0 if
	// there is none.
	width func() int
	// interrupts returns a context that ends with the next Ctrl-C. stop must
	// be called.
	interrupts func(context.Context) (ctx context.Context, stop func())
	// ignoreInterrupts keeps Ctrl-C from ending the process between queries.
	ignoreInterrupts func()
	// edit makes the line editor of the prompt; nil: lines are read from
	// stdin.
	edit func(*shell) (editor, error)
	// home returns the folder of the start-up and history files, "" for none.
	home func() string
}

func main() {
	silenceParsers()
	os.Exit(run(&environment{
		args:           os.Args[1:],
		stdin:          os.Stdin,
		stdout:         os.Stdout,
		stderr:         os.Stderr,
		stdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		width: func() int {
			w, _, err := term.GetSize(int(os.Stdout.Fd()))
			if err != nil {
				return 0
			}
			return w
		},
		interrupts: func(ctx context.Context) (context.Context, func()) {
			c, stop := signal.NotifyContext(ctx, os.Interrupt)
			return c, stop
		},
		ignoreInterrupts: func() {
			// Unlike signal.Ignore, a channel that nobody reads leaves the
			// signal to programs that the shell may start.
			signal.Notify(make(chan os.Signal, 1), os.Interrupt)
		},
		edit: newLineEditor,
		home: configFolder,
	}))
}

// run is the shell from its command line to its exit code.
func run(env *environment) int {
	opt, err := parseArgs(env.args)
	if err != nil {
		writeLine(env.stderr, "gqlsh: "+err.Error())
		writeLine(env.stderr, "run gqlsh -help for the list of options")
		return exitUsage
	}
	switch {
	case opt.help:
		writeLine(env.stdout, usage())
		return exitOK
	case opt.version:
		writeLine(env.stdout, "gqlsh "+version)
		return exitOK
	}
	s := newShell(env, opt)
	defer s.close()
	return s.main()
}

func writeLine(w io.Writer, s string) { _, _ = io.WriteString(w, s+"\n") }
