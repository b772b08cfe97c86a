package suite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/tests/slt"
)

// Open returns a database in memory, of one session, which the test closes.
func Open(t *testing.T) (*sql.DB, *engine.Database) {
	t.Helper()
	c := gannet.NewConnector(gannet.Config{})
	db := sql.OpenDB(c)
	// Settings belong to the session: one of them.
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	e, err := c.Database(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return db, e
}

// Execute runs a statement that has to succeed.
func Execute(t *testing.T, db *sql.DB, stmt string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), stmt); err != nil {
		t.Fatalf("%s: %v", stmt, err)
	}
}

// Column is the name of a column of a result, and its type as database/sql tells
// it: upper case, without the parameters of DECIMAL.
type Column struct {
	Name, Type string
	decimal    string // "(15,2)"
}

// SQLType is the type as SQL writes it.
func (c Column) SQLType() string { return c.Type + c.decimal }

// Stream runs a query and calls row with the text of every row, which it may not
// keep; the columns are known before.
func Stream(db *sql.DB, q string, row func(columns []Column, cells []string) error) ([]Column, error) {
	res, err := db.QueryContext(context.Background(), q)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	types, err := res.ColumnTypes()
	if err != nil {
		return nil, err
	}
	values, places, texts := make([]any, len(types)), make([]any, len(types)), make([]string, len(types))
	columns := make([]Column, len(types))
	for i, c := range types {
		columns[i] = Column{Name: c.Name(), Type: strings.ToUpper(c.DatabaseTypeName())}
		if p, s, ok := c.DecimalSize(); ok {
			columns[i].decimal = fmt.Sprintf("(%d,%d)", p, s)
		}
		places[i] = &values[i]
	}
	for res.Next() {
		if err := res.Scan(places...); err != nil {
			return nil, err
		}
		for i, v := range values {
			texts[i] = slt.ValueText(v, columns[i].Type)
		}
		if err := row(columns, texts); err != nil {
			return nil, err
		}
	}
	return columns, res.Err()
}
