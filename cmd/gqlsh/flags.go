package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// options is the command line.
type options struct {
	help, version bool

	database    string
	readonly    bool
	bail        bool
	echo        bool
	batch       bool
	interactive bool
	noInit      bool
	noStdin     bool
	initFile    string
	dialect     string

	// display holds what concerns output, in the order given; it is applied
	// before steps.
	display []func(*shell) error
	// steps are what -cmd, -c, -f and SQL behind the database's name ask for,
	// in order.
	steps []step
}

// step is a text or a file to run.
type step struct {
	text string
	file string
	last bool // standard input is not read afterwards
}

// cliFlag is a line of the table of options.
type cliFlag struct {
	name  string
	arg   string // name of its argument, "" without
	about string
	set   func(o *options, arg string)
}

// flags is the table of options, as -help prints it.
var flags = []cliFlag{
	{"bail", "", "stop after the first error", func(o *options, _ string) { o.bail = true }},
	{"batch", "", "no prompt, even at a terminal", func(o *options, _ string) { o.batch = true }},
	modeFlag("box"),
	{"c", "SQL", "run SQL and exit", func(o *options, a string) { o.steps = append(o.steps, step{text: a, last: true}) }},
	{"cmd", "SQL", "run SQL before anything else is read", func(o *options, a string) { o.steps = append(o.steps, step{text: a}) }},
	modeFlag("csv"),
	{"dialect", "NAME", "SQL dialect: native or mysql", func(o *options, a string) { o.dialect = a }},
	{"echo", "", "print statements before running them", func(o *options, _ string) { o.echo = true }},
	{"f", "FILE", "run the statements of FILE and exit", func(o *options, a string) { o.steps = append(o.steps, step{file: a, last: true}) }},
	{"header", "", "print column names", func(o *options, _ string) {
		o.show(func(s *shell) error { s.headers = true; return nil })
	}},
	{"help", "", "print this", func(o *options, _ string) { o.help = true }},
	{"init", "FILE", "run FILE at the start instead of the start-up file", func(o *options, a string) { o.initFile = a }},
	{"interactive", "", "prompt, even without a terminal", func(o *options, _ string) { o.interactive = true }},
	modeFlag("json"),
	modeFlag("jsonlines"),
	modeFlag("line"),
	modeFlag("list"),
	modeFlag("markdown"),
	{"newline", "TEXT", "what ends a row in csv and list output", func(o *options, a string) {
		o.show(func(s *shell) error { s.newline = unescape(a); return nil })
	}},
	{"no-init", "", "do not run the start-up file", func(o *options, _ string) { o.noInit = true }},
	{"no-stdin", "", "exit after the options, without reading standard input", func(o *options, _ string) { o.noStdin = true }},
	{"noheader", "", "print no column names", func(o *options, _ string) {
		o.show(func(s *shell) error { s.headers = false; return nil })
	}},
	{"nullvalue", "TEXT", "what to print for NULL", func(o *options, a string) {
		o.show(func(s *shell) error { s.null = a; return nil })
	}},
	{"readonly", "", "open the database for reading only", func(o *options, _ string) { o.readonly = true }},
	{"separator", "TEXT", "what stands between columns in csv and list output", func(o *options, a string) {
		o.show(func(s *shell) error { s.separator = unescape(a); return nil })
	}},
	modeFlag("table"),
	{"version", "", "print the version", func(o *options, _ string) { o.version = true }},
}

// shortFlags are other names of options.
var shortFlags = map[string]string{"h": "help", "s": "c", "?": "help"}

func modeFlag(name string) cliFlag {
	return cliFlag{name, "", "output mode " + name, func(o *options, _ string) {
		o.show(func(s *shell) error { return s.setMode(name) })
	}}
}

func (o *options) show(f func(*shell) error) { o.display = append(o.display, f) }

// parseArgs reads the command line. Options start with one dash or two; an
// argument may follow behind '=' or as the next word.
func parseArgs(args []string) (*options, error) {
	o := &options{}
	named := false
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if len(a) < 2 || a[0] != '-' {
			if named {
				o.steps = append(o.steps, step{text: a, last: true})
			} else {
				o.database, named = a, true
			}
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-")
		if name == "" { // "--": the rest are names
			for _, b := range args {
				if named {
					o.steps = append(o.steps, step{text: b, last: true})
				} else {
					o.database, named = b, true
				}
			}
			break
		}
		name, value, inline := strings.Cut(name, "=")
		f, err := findFlag(name)
		if err != nil {
			return nil, err
		}
		switch {
		case f.arg == "" && inline:
			return nil, fmt.Errorf("option -%s takes no argument", f.name)
		case f.arg != "" && !inline:
			if len(args) == 0 {
				return nil, fmt.Errorf("option -%s wants an argument: %s", f.name, f.arg)
			}
			value, args = args[0], args[1:]
		}
		f.set(o, value)
	}
	if o.batch && o.interactive {
		return nil, errors.New("options -batch and -interactive exclude each other")
	}
	return o, nil
}

func findFlag(name string) (*cliFlag, error) {
	name = strings.ReplaceAll(name, "_", "-")
	if full, ok := shortFlags[name]; ok {
		name = full
	}
	var names []string
	for i := range flags {
		if flags[i].name == name {
			return &flags[i], nil
		}
		names = append(names, flags[i].name)
	}
	if near := sqlerr.Nearest(name, names); len(near) > 0 {
		return nil, fmt.Errorf("unknown option -%s, did you mean -%s?", name, near[0])
	}
	return nil, fmt.Errorf("unknown option -%s", name)
}

func usage() string {
	var b strings.Builder
	b.WriteString("usage: gqlsh [OPTIONS] [DATABASE | DIRECTORY | FILE] [SQL]\n\n")
	b.WriteString("Without a name, or with :memory:, the database is in memory. The data files of\n")
	b.WriteString("a directory, or a data file, become views. Statements come from SQL, -c, -f,\n")
	b.WriteString("standard input or a prompt.\n\n")
	for _, f := range flags {
		left := "-" + f.name
		if f.arg != "" {
			left += " " + f.arg
		}
		fmt.Fprintf(&b, "  %-18s %s\n", left, f.about)
	}
	return strings.TrimRight(b.String(), "\n")
}

// unescape reads \t, \n, \r, \\ and \xNN in a separator.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'x':
			var x byte
			if n, err := fmt.Sscanf(s[i+1:min(i+3, len(s))], "%02x", &x); err == nil && n == 1 && i+2 < len(s) {
				b.WriteByte(x)
				i += 2
				continue
			}
			b.WriteString(`\x`)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
