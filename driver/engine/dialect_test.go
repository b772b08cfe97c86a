package engine

import (
	"context"
	"strings"
	"testing"

	"github.com/gannetdb/gannet/sql/parser"
	"github.com/gannetdb/gannet/sql/sqlerr"
)

// TestDialectNotLinked asks for MySQL's dialect in a program without it, which
// this test is.
func TestDialectNotLinked(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.NewSession()
	err = s.Set("dialect", "MySQL")
	e, ok := err.(*sqlerr.Error)
	if !ok || e.Code != sqlerr.CodeUnsupported || e.Hint != `import _ "github.com/gannetdb/gannet/driver/mysql"` {
		t.Errorf("%v", err)
	}
	if err := s.Set("dialect", "cobol"); sqlerr.Code(err) != sqlerr.CodeInvalidArgument {
		t.Errorf("%v", err)
	}
	if err := s.Set("dialect", "duckdb"); err != nil {
		t.Error(err)
	}
	if v, _ := s.Setting("dialect"); v != "native" {
		t.Errorf("dialect %q", v)
	}
	if _, err := Open(ctx, Config{Settings: []Setting{{Name: "dialect", Value: "mysql"}}}); sqlerr.Code(err) != sqlerr.CodeUnsupported {
		t.Errorf("%v", err)
	}
}

func TestRegisterDialect(t *testing.T) {
	ctx := context.Background()
	RegisterDialect(Dialect{
		Name:         "shout",
		Parse:        func(text string) ([]parser.Part, error) { return parser.ParseScript(strings.ToUpper(text)) },
		Split:        parser.Split,
		Completeness: parser.Completeness,
	})
	db, err := Open(ctx, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := db.NewSession()
	if err := s.Set("dialect", "shout"); err != nil {
		t.Fatal(err)
	}
	stmts, err := s.Parse("select 'hello'")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Run(ctx, stmts[0], Params{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	c, err := rows.Next()
	if err != nil || c == nil || c.Cols[0].Value(0).String() != "HELLO" {
		t.Errorf("%v %v", c, err)
	}
	if other := db.NewSession(); other.dialect() != native {
		t.Error("a session's dialect reaches another")
	}
	s.Reset()
	if s.dialect() != native {
		t.Error("the dialect outlives Reset")
	}
}
