package tpcds

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/tests/slt"
)

// configuration is a way to run the queries.
type configuration struct {
	name, kind string
	settings   []string
	spills     bool
	slow       bool // only with GANNET_SLOW
}

var configurations = []configuration{
	{name: "threads2", kind: "VIEW", settings: []string{"SET threads = 2"}},
	{name: "threads1", kind: "VIEW", settings: []string{"SET threads = 1"}},
	{name: "spill", kind: "VIEW", settings: []string{"SET threads = 2", "SET debug_spill_cap = 0"}, spills: true},
	{name: "table", kind: "TABLE", settings: []string{"SET threads = 2"}, slow: true},
	{name: "memory", kind: "VIEW", settings: []string{"SET threads = 2", "SET memory_limit = '32MB'"}, slow: true},
}

// TestAnswers runs the queries through database/sql.
func TestAnswers(t *testing.T) {
	suite, ok := Find()
	if !ok {
		t.Skip("no TPC-DS data beside the repository")
	}
	scales, err := suite.Scales()
	if err != nil {
		t.Fatal(err)
	}
	for _, scale := range scales {
		for _, c := range configurations {
			t.Run(scale+"_"+c.name, func(t *testing.T) {
				if c.slow && os.Getenv("GANNET_SLOW") == "" {
					t.Skip("takes longer: set GANNET_SLOW=1")
				}
				db, e := open(t)
				setup, err := suite.Setup(c.kind, scale)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range append(slices.Clone(c.settings), setup...) {
					if _, err := db.ExecContext(context.Background(), s); err != nil {
						t.Fatalf("%s: %v", s, err)
					}
				}
				for q := 1; q <= Queries; q++ {
					t.Run(fmt.Sprintf("q%02d", q), func(t *testing.T) {
						before := e.SpillStats().BytesWritten
						check(t, suite, db, scale, q)
						spilled := e.SpillStats().BytesWritten - before
						// Each of them joins, aggregates or sorts rows that the cap sends to disk.
						if c.spills && spilled == 0 {
							t.Error("nothing was spilled")
						}
					})
				}
			})
		}
	}
}

func open(t *testing.T) (*sql.DB, *engine.Database) {
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

// check compares a query's rows with the recorded ones.
func check(t *testing.T, suite *Suite, db *sql.DB, scale string, number int) {
	t.Helper()
	q, err := suite.Query(number)
	if err != nil {
		t.Fatal(err)
	}
	want, err := suite.Answer(scale, number)
	if err != nil {
		t.Fatal(err)
	}
	got, err := run(db, q)
	if err != nil {
		t.Fatal(err)
	}
	o, err := orderOf(q, got.names)
	if err != nil {
		t.Fatal(err)
	}
	if s := o.compare(got, want); s != "" {
		t.Error(s)
	}
}

// run reads a query's result as text.
func run(db *sql.DB, q string) (*result, error) {
	rows, err := db.QueryContext(context.Background(), q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	res := &result{}
	values, places := make([]any, len(types)), make([]any, len(types))
	for i, c := range types {
		res.names = append(res.names, c.Name())
		res.types = append(res.types, strings.ToUpper(c.DatabaseTypeName()))
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = slt.ValueText(v, res.types[i])
		}
		res.rows = append(res.rows, row)
	}
	return res, rows.Err()
}
