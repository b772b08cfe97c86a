package tpcds

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/gannetdb/gannet/tests/suite"
)

// queries is their number.
const queries = 99

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
	data, ok := suite.Find("tpcds", "")
	if !ok {
		t.Skip("no TPC-DS data beside the repository")
	}
	scales, err := data.Scales()
	if err != nil {
		t.Fatal(err)
	}
	for _, scale := range scales {
		for _, c := range configurations {
			t.Run(scale+"_"+c.name, func(t *testing.T) {
				if c.slow && os.Getenv("GANNET_SLOW") == "" {
					t.Skip("takes longer: set GANNET_SLOW=1")
				}
				db, e := suite.Open(t)
				setup, err := suite.Setup(c.kind, data.Data(scale))
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range append(slices.Clone(c.settings), setup...) {
					suite.Execute(t, db, s)
				}
				for q := 1; q <= queries; q++ {
					t.Run(fmt.Sprintf("q%02d", q), func(t *testing.T) {
						before := e.SpillStats().BytesWritten
						check(t, data, db, scale, q)
						spilled := e.SpillStats().BytesWritten - before
						// All but the ninth, which has aggregates without groups alone, join,
						// group or sort rows that the cap sends to disk.
						if c.spills && spilled == 0 && q != 9 {
							t.Error("nothing was spilled")
						}
					})
				}
			})
		}
	}
}

// check compares a query's rows with the recorded ones.
func check(t *testing.T, data *suite.Suite, db *sql.DB, scale string, number int) {
	t.Helper()
	q, err := data.Query(number)
	if err != nil {
		t.Fatal(err)
	}
	want, err := data.Answer(scale, number)
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
	res := &result{}
	columns, err := suite.Stream(db, q, func(_ []suite.Column, cells []string) error {
		res.rows = append(res.rows, slices.Clone(cells))
		return nil
	})
	for _, c := range columns {
		res.names, res.types = append(res.names, c.Name), append(res.types, c.Type)
	}
	return res, err
}
