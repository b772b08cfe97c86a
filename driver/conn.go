package gannet

import (
	"context"
	"database/sql/driver"
	"strings"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Conn is a connection: a session of the database. database/sql uses it from
// one goroutine at a time.
type Conn struct {
	session *engine.Session
	owner   *Connector // of a connection that Driver.Open made
}

var (
	_ driver.Conn               = (*Conn)(nil)
	_ driver.QueryerContext     = (*Conn)(nil)
	_ driver.ExecerContext      = (*Conn)(nil)
	_ driver.ConnPrepareContext = (*Conn)(nil)
	_ driver.ConnBeginTx        = (*Conn)(nil)
	_ driver.Pinger             = (*Conn)(nil)
	_ driver.SessionResetter    = (*Conn)(nil)
	_ driver.NamedValueChecker  = (*Conn)(nil)
)

// Session returns the engine's session, for sql.Conn.Raw.
func (c *Conn) Session() *engine.Session { return c.session }

// Ping implements driver.Pinger: there is no network to fail.
func (c *Conn) Ping(ctx context.Context) error { return sqlerr.FromContext(ctx) }

// ResetSession gives the session its first settings back, so that SET does not
// leak from one user of a pooled connection to the next.
func (c *Conn) ResetSession(ctx context.Context) error {
	c.session.Reset()
	return nil
}

// Close implements driver.Conn.
func (c *Conn) Close() error {
	if c.owner != nil {
		return c.owner.Close()
	}
	return nil
}

// Begin implements driver.Conn.
func (c *Conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx. Transactions come with native
// storage; until then the error says so rather than pretending.
func (c *Conn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return nil, sqlerr.New(sqlerr.CodeUnsupported, "transactions are not supported yet: every statement stands alone")
}

// CheckNamedValue implements driver.NamedValueChecker: every Go value that has
// a SQL value is taken, others are error 22023.
func (c *Conn) CheckNamedValue(nv *driver.NamedValue) error {
	v, err := toValue(nv.Value)
	if err != nil {
		return err
	}
	nv.Value = v
	return nil
}

// ExecContext runs all statements of query.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	b, err := c.batch(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return b.exec()
}

// QueryContext runs the statements of query up to the first that returns rows;
// NextResultSet goes on, and closing the rows runs the rest.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	b, err := c.batch(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return b.query()
}

// Prepare implements driver.Conn.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext parses query. Names and types are looked up when it runs.
func (c *Conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	stmts, err := c.session.Parse(query)
	if err != nil {
		return nil, err
	}
	return &Stmt{conn: c, stmts: stmts}, nil
}

// batch is a text's statements with their arguments, some of which have run.
type batch struct {
	conn  *Conn
	ctx   context.Context
	stmts []engine.Statement
	args  []driver.NamedValue
	each  bool // every statement consumes its own positional arguments
}

func (c *Conn) batch(ctx context.Context, query string, args []driver.NamedValue) (*batch, error) {
	stmts, err := c.session.Parse(query)
	if err != nil {
		return nil, err
	}
	return newBatch(c, ctx, stmts, args), nil
}

func newBatch(c *Conn, ctx context.Context, stmts []engine.Statement, args []driver.NamedValue) *batch {
	total := 0
	for _, s := range stmts {
		total += s.Params
	}
	return &batch{conn: c, ctx: ctx, stmts: stmts, args: args, each: len(stmts) > 1 && total == len(args)}
}

// next runs the next statement.
func (b *batch) next() (*engine.Rows, error) {
	s := b.stmts[0]
	b.stmts = b.stmts[1:]
	args := b.args
	if b.each {
		args, b.args = b.args[:s.Params], b.args[s.Params:]
	}
	params, err := paramsOf(s, args)
	if err != nil {
		return nil, err
	}
	return b.conn.session.Run(b.ctx, s, params)
}

func paramsOf(s engine.Statement, args []driver.NamedValue) (engine.Params, error) {
	var p engine.Params
	for _, a := range args {
		v, err := valueArg(a.Value)
		if err != nil {
			return p, err
		}
		if a.Name != "" {
			if p.Named == nil {
				p.Named = map[string]value{}
			}
			p.Named[strings.ToLower(a.Name)] = v
			continue
		}
		p.Positional = append(p.Positional, v)
	}
	if len(p.Positional) > s.Params && p.Named == nil {
		return p, sqlerr.New(sqlerr.CodeUndefinedParameter, "the statement has %d parameters but %d values were given", s.Params, len(p.Positional))
	}
	return p, nil
}

// exec runs all statements and reports what the last one changed.
func (b *batch) exec() (driver.Result, error) {
	res := result{}
	for len(b.stmts) > 0 {
		rows, err := b.next()
		if err != nil {
			return nil, err
		}
		if err := drain(rows); err != nil {
			return nil, err
		}
		res.affected = max(rows.RowsAffected(), 0)
	}
	return res, nil
}

// drain reads rows to the end, for the statement's effect.
func drain(rows *engine.Rows) error {
	for {
		c, err := rows.Next()
		if err != nil || c == nil {
			if cerr := rows.Close(); err == nil {
				err = cerr
			}
			return err
		}
	}
}

// query runs statements up to the first that returns rows.
func (b *batch) query() (driver.Rows, error) {
	r := &Rows{batch: b}
	if err := r.advance(); err != nil {
		return nil, err
	}
	return r, nil
}

// result is the outcome of Exec.
type result struct{ affected int64 }

// LastInsertId implements driver.Result: tables have no such number.
func (result) LastInsertId() (int64, error) {
	return 0, sqlerr.New(sqlerr.CodeUnsupported, "tables have no insert id")
}

// RowsAffected implements driver.Result.
func (r result) RowsAffected() (int64, error) { return r.affected, nil }

// Stmt is a prepared text of one or more statements.
type Stmt struct {
	conn  *Conn
	stmts []engine.Statement
}

var (
	_ driver.Stmt              = (*Stmt)(nil)
	_ driver.StmtQueryContext  = (*Stmt)(nil)
	_ driver.StmtExecContext   = (*Stmt)(nil)
	_ driver.NamedValueChecker = (*Stmt)(nil)
)

// NumInput implements driver.Stmt: -1, since parameters may repeat or be
// named; the statement checks the values it is given.
func (s *Stmt) NumInput() int { return -1 }

// Close implements driver.Stmt.
func (s *Stmt) Close() error { return nil }

// CheckNamedValue implements driver.NamedValueChecker.
func (s *Stmt) CheckNamedValue(nv *driver.NamedValue) error { return s.conn.CheckNamedValue(nv) }

// ExecContext implements driver.StmtExecContext.
func (s *Stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return newBatch(s.conn, ctx, s.stmts, args).exec()
}

// QueryContext implements driver.StmtQueryContext.
func (s *Stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return newBatch(s.conn, ctx, s.stmts, args).query()
}

// Exec implements driver.Stmt.
func (s *Stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query implements driver.Stmt.
func (s *Stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return out
}
