package gannet

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"net/url"
	"strings"
	"sync"

	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// Error is the type of the engine's errors: SQLSTATE code, message, position,
// detail and hint.
type Error = sqlerr.Error

// Config says how to open a database; see engine.Config.
type Config = engine.Config

// Setting is a name and a value as text.
type Setting = engine.Setting

func init() { sql.Register("gannet", &Driver{}) }

// Driver is the database/sql driver, registered as "gannet".
type Driver struct{}

var (
	_ driver.Driver        = (*Driver)(nil)
	_ driver.DriverContext = (*Driver)(nil)
	_ driver.Connector     = (*Connector)(nil)
	_ io.Closer            = (*Connector)(nil)
)

// Open opens a connection to a database of its own; database/sql uses
// OpenConnector instead.
func (d *Driver) Open(dsn string) (driver.Conn, error) {
	c, err := d.OpenConnector(dsn)
	if err != nil {
		return nil, err
	}
	conn, err := c.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	conn.(*Conn).owner = c.(*Connector)
	return conn, nil
}

// OpenConnector parses a data source name. Nothing is opened yet.
func (d *Driver) OpenConnector(dsn string) (driver.Connector, error) {
	cfg, err := ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return NewConnector(cfg), nil
}

// ParseDSN reads a data source name; see the package comment. Error 22023.
func ParseDSN(dsn string) (Config, error) {
	path, query, _ := strings.Cut(dsn, "?")
	cfg := Config{Path: path}
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if !ok || err1 != nil || err2 != nil {
			return Config{}, sqlerr.New(sqlerr.CodeInvalidArgument, "invalid setting %q in the data source name", pair).
				WithHint("write ?name=value&name=value")
		}
		cfg.Settings = append(cfg.Settings, Setting{Name: n, Value: v})
	}
	return cfg, nil
}

// Connector opens connections to one database, which it opens with the first
// and closes with Close. It is safe for concurrent use.
type Connector struct {
	cfg Config

	mu     sync.Mutex
	db     *engine.Database
	closed bool
}

// NewConnector returns a connector for sql.OpenDB.
func NewConnector(cfg Config) *Connector { return &Connector{cfg: cfg} }

// Connect implements driver.Connector.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	db, err := c.Database(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{session: db.NewSession()}, nil
}

// Database returns the open database, for what database/sql has no word for.
func (c *Connector) Database(ctx context.Context) (*engine.Database, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, sqlerr.New(sqlerr.CodeAdminShutdown, "the database is closed")
	}
	if c.db == nil {
		db, err := engine.Open(ctx, c.cfg)
		if err != nil {
			return nil, err
		}
		c.db = db
	}
	return c.db, nil
}

// Driver implements driver.Connector.
func (c *Connector) Driver() driver.Driver { return &Driver{} }

// Close closes the database; sql.DB.Close calls it.
func (c *Connector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.db == nil {
		return nil
	}
	return c.db.Close()
}
