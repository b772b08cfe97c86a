package slt

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// An Engine is a database/sql driver under test.
type Engine struct {
	Driver   string   // name for sql.Open
	DSN      string   // of an empty in-memory database
	Systems  []string // names for skipif and onlyif
	Features []string // names for require
	// Text gives the text of a value that is particular to the driver; typ is
	// the SQL type in upper case. May be nil.
	Text func(v any, typ string) (text string, ok bool)
	// Entries gives the keys and values, in order, of a MAP that is a type of the
	// driver's own. May be nil.
	Entries func(v any) (keys, values []any, ok bool)
	// AnyError leaves the text and code of expected errors unchecked: another
	// engine words its errors differently.
	AnyError bool
	// Timeout ends a record; 0 means a minute.
	Timeout time.Duration
}

// A Result is the outcome of one file.
type Result struct {
	Records  int // records that ran, each iteration of a loop counted
	Queries  int // of them queries
	Failures []Failure
	Skipped  string // why the rest of the file was not run, "" if it was
	// Rewritten is the file with every expectation as the engine answered.
	Rewritten string
}

// A Failure is a record that went wrong.
type Failure struct {
	Line int
	SQL  string
	Why  string
}

func (f Failure) String() string {
	return fmt.Sprintf("line %d: %s\n%s", f.Line, f.Why, f.SQL)
}

// Options say how a file is run.
type Options struct {
	Setup   []string // statements for every new connection
	TempDir string   // __TEST_DIR__
	Root    string   // __ROOT__
}

// stopFile ends a file early.
type stopFile struct{ why string }

func (s stopFile) Error() string { return s.why }

type run struct {
	eng  *Engine
	opt  Options
	db   *sql.DB
	main *sql.Conn
	name map[string]*sql.Conn

	vars   [][2]string
	labels map[string]string
	hashAt int // hash-threshold, 0 for none
	res    *Result
	edits  map[int]edit // by the line, from 0, that they start at
	noted  map[int]bool // records that -rewrite has seen, by line
}

// An edit is what -rewrite makes of the lines of one expectation.
type edit struct {
	from, to int
	lines    []string
}

// Run executes the commands of text, a whole file, in a new database. An error
// means that nothing could be run at all; what goes wrong in a record is a
// Failure.
func (e *Engine) Run(ctx context.Context, text string, opt Options) (*Result, error) {
	cmds, err := Parse(text, e.Systems)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(e.Driver, e.DSN)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxIdleConns(-1) // a closed connection is really closed
	r := &run{
		eng: e, opt: opt, db: db,
		name: map[string]*sql.Conn{}, labels: map[string]string{}, edits: map[int]edit{}, noted: map[int]bool{}, res: &Result{},
	}
	defer r.close()
	if r.main, err = r.connect(ctx); err != nil {
		return nil, err
	}
	err = r.block(ctx, cmds)
	var stop stopFile
	if errors.As(err, &stop) {
		r.res.Skipped = stop.why
	} else if err != nil {
		return nil, err
	}
	r.res.Rewritten = rewrite(text, r.edits)
	return r.res, nil
}

func (r *run) connect(ctx context.Context) (*sql.Conn, error) {
	c, err := r.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range r.opt.Setup {
		if _, err := c.ExecContext(ctx, s); err != nil {
			c.Close()
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	return c, nil
}

func (r *run) close() {
	for _, c := range r.name {
		c.Close()
	}
	if r.main != nil {
		r.main.Close()
	}
}

func (r *run) conn(ctx context.Context, name string) (*sql.Conn, error) {
	if name == "" {
		return r.main, nil
	}
	if c := r.name[name]; c != nil {
		return c, nil
	}
	c, err := r.connect(ctx)
	if err == nil {
		r.name[name] = c
	}
	return c, err
}

// fill puts in loop variables and places.
func (r *run) fill(s string) string {
	if !strings.ContainsAny(s, "{_") {
		return s
	}
	for i := len(r.vars) - 1; i >= 0; i-- {
		s = strings.ReplaceAll(s, "${"+r.vars[i][0]+"}", r.vars[i][1])
		s = strings.ReplaceAll(s, "{"+r.vars[i][0]+"}", r.vars[i][1])
	}
	s = strings.ReplaceAll(s, "__TEST_DIR__", r.opt.TempDir)
	return strings.ReplaceAll(s, "__ROOT__", r.opt.Root)
}

func (r *run) fail(c *Command, format string, args ...any) {
	f := Failure{Line: c.Line, SQL: r.fill(c.SQL), Why: fmt.Sprintf(format, args...)}
	if len(r.vars) > 0 {
		f.Why += fmt.Sprintf(" (with %v)", r.vars)
	}
	r.res.Failures = append(r.res.Failures, f)
}

func (r *run) block(ctx context.Context, cmds []*Command) error {
	for _, c := range cmds {
		if err := ctx.Err(); err != nil {
			return err
		}
		ok, err := r.met(c)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if c.Kind != "" {
			if c.Skip == "" {
				r.record(ctx, c)
			}
			continue
		}
		if err := r.command(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// met tells whether the conditions of a command hold.
func (r *run) met(c *Command) (bool, error) {
	for _, cond := range c.Conds {
		value, found := "", false
		for _, v := range r.vars {
			if strings.EqualFold(v[0], cond.name) {
				value, found = v[1], true
			}
		}
		if !found {
			return false, fmt.Errorf("line %d: condition on %s, which is no loop variable", c.Line, cond.name)
		}
		if cond.holds(value) == cond.skip {
			return false, nil
		}
	}
	return true, nil
}

// maxIterations bounds a loop that a typing error made endless.
const maxIterations = 1_000_000

func (r *run) command(ctx context.Context, c *Command) error {
	arg := func(i int) string {
		if i < len(c.Args) {
			return r.fill(c.Args[i])
		}
		return ""
	}
	switch c.Op {
	case "loop":
		from, err1 := strconv.Atoi(arg(1))
		to, err2 := strconv.Atoi(arg(2))
		if err1 != nil || err2 != nil || to-from > maxIterations {
			return fmt.Errorf("line %d: loop needs a name and two numbers", c.Line)
		}
		for i := from; i < to; i++ {
			if err := r.iterate(ctx, c, arg(0), strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case "foreach":
		if len(c.Args) < 2 {
			return fmt.Errorf("line %d: foreach needs a name and values", c.Line)
		}
		for _, v := range foreachValues(c.Args[1:]) {
			if err := r.iterate(ctx, c, c.Args[0], r.fill(v)); err != nil {
				return err
			}
		}
	case "require":
		for _, f := range r.eng.Features {
			if strings.EqualFold(f, arg(0)) {
				return nil
			}
		}
		return stopFile{"require " + strings.Join(c.Args, " ")}
	case "require-env":
		v, ok := os.LookupEnv(arg(0))
		if !ok || len(c.Args) > 1 && v != arg(1) {
			return stopFile{"require-env " + strings.Join(c.Args, " ")}
		}
		r.vars = append(r.vars, [2]string{arg(0), v})
	case "test-env":
		v, ok := os.LookupEnv(arg(0))
		if !ok {
			v = arg(1)
		}
		r.vars = append(r.vars, [2]string{arg(0), v})
	case "hash-threshold":
		n, err := strconv.Atoi(arg(0))
		if err != nil || n < 0 {
			return fmt.Errorf("line %d: hash-threshold needs a number", c.Line)
		}
		r.hashAt = n
	case "set":
		if arg(0) != "seed" {
			return nil
		}
		if err := r.guard(ctx, func(ctx context.Context) error {
			_, err := r.query(ctx, r.main, "SELECT setseed("+arg(1)+")")
			return err
		}); err != nil {
			return stopFile{"set seed: " + err.Error()}
		}
	case "reset":
		delete(r.labels, arg(1))
	case "reconnect":
		r.main.Close()
		var err error
		r.main, err = r.connect(ctx)
		return err
	case "mode", "tags":
	default:
		return stopFile{c.Op + " is not supported"}
	}
	return nil
}

func (r *run) iterate(ctx context.Context, c *Command, name, value string) error {
	n := len(r.vars)
	names, values := strings.Split(name, ","), strings.Split(value, ",")
	if len(names) != len(values) {
		names, values = []string{name}, []string{value}
	}
	for i := range names {
		r.vars = append(r.vars, [2]string{names[i], values[i]})
	}
	err := r.block(ctx, c.Body)
	r.vars = r.vars[:n]
	return err
}

// guard runs f with the time limit of a record; a panic of the driver becomes
// an error.
func (r *run) guard(ctx context.Context, f func(ctx context.Context) error) (err error) {
	limit := r.eng.Timeout
	if limit == 0 {
		limit = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f(ctx)
}

// record runs a statement or query and judges it.
func (r *run) record(ctx context.Context, c *Command) {
	r.res.Records++
	q := r.fill(c.SQL)
	var got *table
	err := r.guard(ctx, func(ctx context.Context) error {
		conn, err := r.conn(ctx, c.Conn)
		if err != nil {
			return err
		}
		got, err = r.query(ctx, conn, q)
		return err
	})
	if c.Kind == "query" {
		r.res.Queries++
	}
	switch {
	case c.Kind == "error" && err == nil:
		r.fail(c, "no error, want %q", strings.Join(c.Want, "\n"))
	case err != nil && strings.HasPrefix(err.Error(), "panic: "):
		r.fail(c, "%v", err)
	case c.Kind == "error":
		if why := r.wantedError(c, err); why != "" {
			r.fail(c, "%s", why)
		}
	case c.Kind == "maybe":
	case err != nil:
		r.fail(c, "error %s: %v", sqlerr.Code(err), err)
	case c.Kind == "query":
		r.note(c, got)
		if why := r.compare(c, got); why != "" {
			r.fail(c, "%s", why)
		}
	}
}

// note keeps what -rewrite writes: the answer of the record's first run, and
// the type letters if their number is wrong or they are given as ?.
func (r *run) note(c *Command, got *table) {
	if r.noted[c.Line] {
		return
	}
	r.noted[c.Line] = true
	if c.Cols != len(got.types) || strings.Contains(c.Args[0], "?") {
		words := append([]string{"query", got.letters()}, c.Args[1:]...)
		r.edits[c.Line-1] = edit{from: c.Line - 1, to: c.Line, lines: []string{strings.Join(words, " ")}}
	}
	if c.Label != "" && c.wantFrom < 0 {
		return
	}
	for _, w := range c.Want {
		if strings.Contains(w, "REGEX>:") || strings.Contains(w, "${") {
			return
		}
	}
	e := edit{from: c.wantFrom, to: c.wantTo, lines: got.lines(c.Sort)}
	if vals := got.values(c.Sort); r.hashAt > 0 && len(vals) > r.hashAt {
		e.lines = []string{hashOf(vals)}
	}
	if c.wantFrom < 0 {
		e.from, e.lines = c.wantTo, append([]string{"----"}, e.lines...)
	}
	r.edits[e.from] = e
}

// rewrite replaces the lines of the edits, which do not overlap.
func rewrite(text string, edits map[int]edit) string {
	lines := splitLines(text)
	var out []string
	for i := 0; i <= len(lines); i++ {
		for e, ok := edits[i]; ok; e, ok = edits[i] {
			out = append(out, e.lines...)
			if i = e.to; e.from == e.to {
				break // an insertion: the line itself follows
			}
		}
		if i < len(lines) {
			out = append(out, lines[i])
		}
	}
	return strings.Join(out, "\n")
}

// wantedError says what is wrong with an error that had to come.
func (r *run) wantedError(c *Command, err error) string {
	if r.eng.AnyError {
		return ""
	}
	if sqlerr.Code(err) == sqlerr.CodeInternal {
		return fmt.Sprintf("an internal error is never expected: %v", err)
	}
	got := strings.ToLower(err.Error())
	for _, w := range c.Want {
		w = r.fill(w)
		if code, ok := strings.CutPrefix(w, "SQLSTATE "); ok {
			if sqlerr.Code(err) != code {
				return fmt.Sprintf("got SQLSTATE %s, want %s: %v", sqlerr.Code(err), code, err)
			}
			continue
		}
		if pattern, ok := strings.CutPrefix(w, "<REGEX>:"); ok {
			if !matches(pattern, err.Error()) {
				return fmt.Sprintf("error %q does not match %s", err, pattern)
			}
			continue
		}
		if !strings.Contains(got, strings.ToLower(w)) {
			return fmt.Sprintf("error %q lacks %q", err, w)
		}
	}
	return ""
}
