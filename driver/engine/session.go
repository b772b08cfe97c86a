package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/bind"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/planner/physical"
	"github.com/gannetdb/gannet/spill/spawn"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/vector/types"
)

// Session runs statements, one at a time.
type Session struct {
	db       *Database
	settings sessionSettings
	prepared map[string]*bind.Prepare
	// variables are those of SET VARIABLE, sorted by name.
	variables []bind.Variable

	executing bool // a statement of EXECUTE
}

// NewSession returns a session with the database's default settings.
func (db *Database) NewSession() *Session {
	return &Session{db: db, settings: db.defaults, prepared: map[string]*bind.Prepare{}}
}

// Reset gives the session its first settings back and forgets prepared
// statements.
func (s *Session) Reset() {
	s.settings = s.db.defaults
	clear(s.prepared)
	s.variables = nil
}

// Set changes a setting, as SET does. Errors: 42704 unknown setting, 22023
// invalid value, 55P02 when it is too late for it.
func (s *Session) Set(name, value string) error {
	st, err := lookup(name)
	if err != nil {
		return err
	}
	return st.set(s, value)
}

// Setting returns the value of a setting as text.
func (s *Session) Setting(name string) (string, error) {
	st, err := lookup(name)
	if err != nil {
		return "", err
	}
	return st.get(s), nil
}

// schema returns the schema of new objects without one.
func (s *Session) schema() string { return s.searchPath()[0] }

// searchPath returns the schemas in which names without one are looked up: those
// set, then main.
func (s *Session) searchPath() []string {
	path := s.settings.searchPath
	for _, p := range path {
		if strings.EqualFold(p, catalog.Main) {
			return path
		}
	}
	return append(slices.Clone(path), catalog.Main)
}

// Statement is a parsed statement.
type Statement struct {
	Tree   ast.Statement
	Text   string // of this statement alone; error positions refer to it
	Params int    // positional parameters
}

// Parse splits and parses a text of any number of statements in the session's
// dialect; SET dialect changes that of later texts. The statements before a
// faulty one are returned with the error.
func (s *Session) Parse(text string) ([]Statement, error) {
	return statements(text, s.dialect().Parse)
}

// ParseNative is Parse in the native dialect, whatever the session's.
func (s *Session) ParseNative(text string) ([]Statement, error) {
	return statements(text, native.Parse)
}

func statements(text string, parse func(string) ([]parser.Part, error)) ([]Statement, error) {
	parts, err := parse(text)
	out := make([]Statement, len(parts))
	for i, p := range parts {
		// Positions in the tree are offsets into the whole text.
		out[i] = Statement{Tree: p.Stmt, Text: text[:p.End], Params: p.Params}
		if _, ok := p.Stmt.(*ast.Prepare); ok {
			out[i].Params = 0 // EXECUTE has the values
		}
	}
	return out, err
}

// Params are the values of a statement's parameters, named ones by their name in
// lower case. Types are kept as given; the statement casts them to what it
// needs.
type Params struct {
	Positional []types.Value
	Named      map[string]types.Value
}

// Run binds, plans and starts a statement. ctx governs it until its Rows are
// closed: cancelling it ends the query with 57014.
func (s *Session) Run(ctx context.Context, stmt Statement, params Params) (*Rows, error) {
	if err := sqlerr.FromContext(ctx); err != nil {
		return nil, err
	}
	if s.db.isClosed() {
		return nil, errClosed
	}
	for try := 1; ; try++ {
		var rows *Rows
		err := spawn.Call("statement", func() error {
			bound, err := s.bind(ctx, stmt, params)
			if err != nil {
				return err
			}
			rows, err = s.execute(ctx, stmt, bound, params)
			return err
		})
		if err == nil {
			return rows, nil
		}
		// Another statement has changed what this one was bound to. It has done
		// nothing yet, so that it can start again over what is there now.
		if sqlerr.Code(err) != sqlerr.CodeSerialization || try == maxTries || ctx.Err() != nil {
			return nil, err
		}
	}
}

// maxTries is how often a statement starts that others get in the way of.
const maxTries = 100

// Describe binds a statement and returns its result columns and the types of
// its parameters, without running it.
func (s *Session) Describe(ctx context.Context, stmt Statement) (cols []Column, params []types.Type, err error) {
	bound, err := s.bind(ctx, stmt, Params{})
	if err != nil {
		return nil, nil, err
	}
	plan := planOf(bound)
	if plan == nil {
		return nil, nil, nil
	}
	if _, ok := bound.(*bind.Query); ok {
		cols = columnsOf(plan)
	}
	return cols, plan.Params, nil
}

func (s *Session) bind(ctx context.Context, stmt Statement, params Params) (bind.Statement, error) {
	o := bind.Options{
		Catalog:    s.db.catalog.Snapshot(),
		SearchPath: s.searchPath(),
		Functions:  functions(),
		OpenPath:   s.openPath,

		SystemTable: s.db.systemTable,
		Evaluate: func(ctx context.Context, e logical.Expr) (types.Value, error) {
			return physical.Constant(ctx, e, s.functionSession())
		},
		Settings:     s.settingsTable,
		Column:       s.column,
		Variables:    s.variables,
		NullDivision: s.settings.nullDivision,
		Session:      s.functionSession(),
		Collation:    s.settings.order.collation,
		NullsFirst:   s.settings.nullsFirst, NullsFirstDesc: s.settings.order.nullsFirstDesc,
		Descending: s.settings.descending,
		FirstRow:   s.settings.order.firstRow, OrderLiterals: s.settings.order.literals || s.dialect().OrderLiterals,
		Text: stmt.Text,
	}
	o.Params, o.NamedParams = params.Positional, params.Named
	return bind.New(o).Bind(ctx, stmt.Tree)
}

// functionSession is what functions may know of the session, frozen for one
// statement.
func (s *Session) functionSession() *function.Session {
	frozen := &Session{db: s.db, settings: s.settings}
	return &function.Session{
		TimeZone: s.settings.timeZone, Now: time.Now().UnixMicro(), Seed: s.db.seed,
		CurrentUser: "gannet", Database: "memory", Schema: s.schema(),
		Setting: func(name string) (string, bool) {
			v, err := frozen.Setting(strings.ToLower(name))
			return v, err == nil
		},
	}
}
