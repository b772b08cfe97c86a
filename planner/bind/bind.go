package bind

import (
	"context"
	"fmt"

	"github.com/gannetdb/gannet/catalog"
	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/planner/logical"
	"github.com/gannetdb/gannet/sql/ast"
	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/storage"
	"github.com/gannetdb/gannet/vector/types"
)

// Options are what a binder needs to know. They are read, never written.
type Options struct {
	// Catalog is the version of the catalog to look names up in.
	Catalog *catalog.Snapshot
	// SearchPath lists schemas for unqualified names; empty is main. New
	// objects without a schema go to the first.
	SearchPath []string
	Functions  *function.Registry
	// OpenPath opens the files that FROM 'path' or a reading function names.
	// nil: files are refused with 42501.
	OpenPath func(ctx context.Context, path string, args OpenArgs) (storage.Table, error)
	Session  *function.Session
	// SystemTable returns what a function in FROM without arguments reads that
	// tells about the database; nil when there is no such function. It may be nil.
	SystemTable func(name string) storage.Table
	// Evaluate computes an expression without columns whose value decides what
	// a statement means, such as the argument of COLUMNS. nil: only literals
	// are understood there.
	Evaluate func(ctx context.Context, e logical.Expr) (types.Value, error)
	// Column runs a plan of one column and returns its values, most of them at
	// most, for PIVOT without a list of values. nil: that is refused.
	Column func(ctx context.Context, plan *logical.Plan, most int) ([]types.Value, error)
	// NullsFirst and NullsFirstDesc (for descending keys) are the session's
	// default_null_order, Descending its default_order, for keys that say
	// nothing.
	NullsFirst, NullsFirstDesc bool
	Descending                 bool
	// Collation is the session's default_collation, for texts that have none.
	Collation types.Collation
	// FirstRow: a scalar subquery with several rows gives its first one rather
	// than 21000. OrderLiterals: ORDER BY may name a literal that is no position.
	FirstRow, OrderLiterals bool
	// Settings lists the settings with their values; may be nil.
	Settings func() []Setting
	// Variables are those of SET VARIABLE, by name.
	Variables []Variable
	// NullDivision: dividing a floating-point number by 0 gives NULL, rather
	// than what IEEE 754 says.
	NullDivision bool
	// Params are the values of positional parameters, NamedParams those of named
	// ones, as far as they are known: plans do not depend on them, but for those
	// that decide what a statement means.
	Params      []types.Value
	NamedParams map[string]types.Value
	// Text is the statement's text, from which a view keeps its query; may be
	// empty, then views keep no text.
	Text string
}

// Setting is a line of duckdb_settings().
type Setting struct {
	Name, Value, Description string
	Aliases                  []string
	Instance                 bool // of the database rather than the session
}

// Variable is a variable of the session.
type Variable struct {
	Name  string
	Value types.Value
}

// OpenArgs are the further arguments of a reading function.
type OpenArgs struct {
	// Function is read_parquet, read_csv or read_csv_auto; "" for FROM 'path'.
	Function string
	// Paths are all paths when a list was given; Paths[0] is the path.
	Paths []string
	// Named are the named arguments by lower-case name.
	Named map[string]types.Value
}

// Limits on what the expansion of names may produce.
const (
	maxExpanded  = 200_000 // expression nodes bound again for aliases
	maxRelations = 10_000  // FROM items, views and CTEs expanded
)

// Binder binds statements. It may be used by one goroutine at a time and holds
// no state between statements.
type Binder struct{ opt Options }

// New returns a binder.
func New(o Options) *Binder { return &Binder{opt: o} }

// Bind binds a statement.
func (bd *Binder) Bind(ctx context.Context, stmt ast.Statement) (Statement, error) {
	b := &binder{ctx: ctx, o: &bd.opt, next: 1, named: map[string]int{}}
	return b.statement(stmt)
}

// binder is the state of binding one statement.
type binder struct {
	ctx context.Context
	o   *Options

	next      logical.ColID
	nextCTE   int
	depth     int
	expanded  int
	expanding int // > 0 while an alias's expression is bound again
	relations int
	views     int

	params []param
	named  map[string]int // parameter name to index
	// wants: what the statement means depends on a parameter without a value.
	wants bool

	// untyped are the columns that are an untyped NULL: INTEGER unless they
	// meet another type.
	untyped map[logical.ColID]bool

	opened opened
}

// newCol makes a column with a fresh identity.
func (b *binder) newCol(name string, t types.Type) logical.Column {
	id := b.next
	b.next++
	return logical.Column{At: -1, ID: id, Typ: t, Name: name}
}

// enter counts one level of nesting; every call is paired with leave.
func (b *binder) enter(pos int) error {
	b.depth++
	if b.depth > logical.MaxDepth {
		return sqlerr.At(pos, sqlerr.CodeTooComplex, "the statement nests deeper than %d levels", logical.MaxDepth)
	}
	return nil
}

func (b *binder) leave() { b.depth-- }

// relation counts one FROM item.
func (b *binder) relation(pos int) error {
	b.relations++
	if b.relations > maxRelations {
		return sqlerr.At(pos, sqlerr.CodeTooComplex, "the statement expands to more than %d relations", maxRelations)
	}
	return sqlerr.FromContext(b.ctx)
}

// unsupported is the error for what the engine does not do.
func unsupported(n ast.Node, what string, args ...any) error {
	return sqlerr.At(n.Pos(), sqlerr.CodeUnsupported, "%s not supported", fmt.Sprintf(what, args...)+plural(what))
}

func plural(what string) string {
	if len(what) > 0 && what[len(what)-1] == 's' {
		return " are"
	}
	return " is"
}

func (b *binder) statement(stmt ast.Statement) (Statement, error) {
	if err := b.enter(stmt.Pos()); err != nil {
		return nil, err
	}
	defer b.leave()
	switch s := stmt.(type) {
	case *ast.Query:
		plan, err := b.plan(s)
		if err != nil {
			return nil, err
		}
		return &Query{Plan: plan}, nil
	case *ast.CreateTable:
		return b.createTable(s)
	case *ast.CreateView:
		return b.createView(s)
	case *ast.CreateSchema:
		return b.createSchema(s)
	case *ast.Drop:
		if s.Kind == ast.ObjectSchema {
			return b.dropSchemas(s)
		}
		return b.drop(s)
	case *ast.Insert:
		return b.insert(s)
	case *ast.Update:
		return b.update(s)
	case *ast.Delete:
		return b.remove(s)
	case *ast.Alter:
		return b.alter(s)
	case *ast.Explain:
		inner, err := b.statement(s.Stmt)
		if err != nil {
			return nil, err
		}
		return &Explain{Analyze: s.Analyze, Format: string(s.Format), Inner: inner}, nil
	case *ast.Set:
		return b.set(s)
	case *ast.Reset:
		if s.Scope == ast.ScopeVariable {
			return &SetVariable{Name: s.Name.Name}, nil
		}
		return &Reset{Scope: s.Scope, Name: s.Name.Name, Pos: s.Name.Pos()}, nil
	case *ast.Show:
		return b.show(s)
	case *ast.Describe:
		return b.describe(s)
	case *ast.Summarize:
		return b.summarize(s)
	case *ast.Pragma:
		return b.pragma(s)
	case *ast.Transaction:
		return &Transaction{Kind: s.Kind, ReadOnly: s.ReadOnly, Pos: s.Pos()}, nil
	case *ast.Prepare:
		return b.prepare(s)
	case *ast.Execute:
		return b.execute(s)
	case *ast.Deallocate:
		return &Deallocate{Name: s.Name.Name, Pos: s.Name.Pos()}, nil
	case *ast.Use:
		return b.use(s)
	case *ast.Checkpoint:
		return &Checkpoint{Force: s.Force}, nil
	}
	return nil, unsupported(stmt, "%s", statementName(stmt))
}

// statementName names a statement for messages.
func statementName(s ast.Statement) string {
	switch s := s.(type) {
	case *ast.Update:
		return "UPDATE"
	case *ast.Delete:
		if s.Truncate {
			return "TRUNCATE"
		}
		return "DELETE"
	case *ast.Merge:
		return "MERGE"
	case *ast.Copy:
		return "COPY"
	case *ast.CreateSequence:
		return "CREATE SEQUENCE"
	case *ast.CreateIndex:
		return "CREATE INDEX"
	case *ast.CreateType:
		return "CREATE TYPE"
	case *ast.CreateMacro:
		return "CREATE MACRO"
	case *ast.Alter:
		return "ALTER"
	case *ast.Comment:
		return "COMMENT"
	case *ast.Pragma:
		return "PRAGMA " + s.Name.Name
	case *ast.Attach:
		return "ATTACH"
	case *ast.Detach:
		return "DETACH"
	case *ast.Vacuum:
		return "VACUUM"
	case *ast.Call:
		return "CALL"
	case *ast.Export:
		return "EXPORT"
	case *ast.Import:
		return "IMPORT"
	case *ast.Load:
		return "LOAD"
	}
	return "this statement"
}

// plan binds a whole query to a plan.
func (b *binder) plan(q *ast.Query) (*logical.Plan, error) {
	r, err := b.query(q, nil, nil)
	if err != nil {
		return nil, err
	}
	return b.finish(r), nil
}

// finish makes the plan of a query's result.
func (b *binder) finish(r *result) *logical.Plan {
	p := &logical.Plan{Root: r.node, NumCols: int(b.next)}
	for _, c := range r.cols {
		p.Output = append(p.Output, c.ID)
		p.Names = append(p.Names, c.Name)
	}
	if hasDuplicates(p.Output) {
		// The same column under two names: give the later ones their own.
		p.Root, p.Output = b.separate(r)
		p.NumCols = int(b.next)
	}
	for i := range b.params {
		p.Params = append(p.Params, b.paramType(i))
		p.ParamNames = append(p.ParamNames, b.params[i].name)
	}
	return p
}

func hasDuplicates(ids []logical.ColID) bool {
	seen := map[logical.ColID]bool{}
	for _, id := range ids {
		if seen[id] {
			return true
		}
		seen[id] = true
	}
	return false
}

// separate projects a result so that no two of its columns are the same one.
func (b *binder) separate(r *result) (logical.Node, []logical.ColID) {
	p := &logical.Project{Input: r.node}
	seen := map[logical.ColID]bool{}
	var out []logical.ColID
	for _, c := range r.cols {
		to := c
		if seen[c.ID] {
			to = b.newCol(c.Name, c.Typ)
		}
		seen[c.ID] = true
		ref := c
		p.Cols = append(p.Cols, to)
		p.Exprs = append(p.Exprs, &ref)
		out = append(out, to.ID)
	}
	return p, out
}
