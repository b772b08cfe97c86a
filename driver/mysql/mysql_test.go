package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	gannet "github.com/gannetdb/gannet/driver"
	_ "github.com/gannetdb/gannet/driver/mysql"
)

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("gannet", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestDataSourceName(t *testing.T) {
	db := open(t, "?dialect=mysql")
	var a, b string
	if err := db.QueryRow("SELECT CONCAT('a', \"b\") AS `x y`, ?", "c").Scan(&a, &b); err != nil || a != "ab" || b != "c" {
		t.Errorf("%q %q %v", a, b, err)
	}
	var n int
	if err := db.QueryRow("SELECT :n + ?", sql.Named("n", 40), 2).Scan(&n); err != nil || n != 42 {
		t.Logf("named and positional parameters together: %v", err)
	}
	if err := db.QueryRow("SELECT :n + 2", sql.Named("n", 40)).Scan(&n); err != nil || n != 42 {
		t.Errorf("%d %v", n, err)
	}
}

// TestSetDialect goes there and back on one connection.
func TestSetDialect(t *testing.T) {
	ctx := context.Background()
	db := open(t, "")
	c, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, step := range []struct{ exec, query, want string }{
		{"", "SELECT 'a' || 'b'", "ab"},
		{"SET dialect = 'mysql'", "SELECT true || false", "1"},
		{"SET dialect = 'native'", "SELECT 'a' || 'b'", "ab"},
	} {
		if step.exec != "" {
			if _, err := c.ExecContext(ctx, step.exec); err != nil {
				t.Fatal(err)
			}
		}
		var got string
		if err := c.QueryRowContext(ctx, step.query).Scan(&got); err != nil || got != step.want {
			t.Errorf("%s: %q %v", step.query, got, err)
		}
	}
}

// TestViews: views keep the meaning that they were made with.
func TestViews(t *testing.T) {
	ctx := context.Background()
	db := open(t, "?dialect=mysql")
	db.SetMaxOpenConns(1)
	for _, s := range []string{
		"CREATE TABLE t (a INT, b VARCHAR(10)) ENGINE=InnoDB",
		"INSERT INTO t VALUES (1, 'x'), (2, NULL)",
		"CREATE VIEW v AS SELECT a, CONCAT(a, b) AS c, a || b = 'x' AS d FROM t",
	} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	c, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "SET dialect = native"); err != nil {
		t.Fatal(err)
	}
	var s sql.NullString
	if err := c.QueryRowContext(ctx, `SELECT c FROM v WHERE a = 1`).Scan(&s); err != nil || s.String != "1x" {
		t.Errorf("%v %v", s, err)
	}
	if err := c.QueryRowContext(ctx, `SELECT c FROM v WHERE a = 2`).Scan(&s); err != nil || s.Valid {
		t.Errorf("%v %v", s, err)
	}
}

func TestErrorPosition(t *testing.T) {
	db := open(t, "?dialect=mysql")
	var n int
	err := db.QueryRow("SELECT 1 FROM (SELECT 1 a) t WHERE `nope` = 1").Scan(&n)
	var e *gannet.Error
	if !errors.As(err, &e) || e.Code != "42703" || e.Pos != 35 {
		t.Errorf("%v", err)
	}
}
