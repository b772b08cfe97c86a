package gannet_test

import (
	"context"
	"database/sql"
	"testing"
)

// TestReturning: a statement with RETURNING gives rows to Query and their number to
// Exec, also among others, and what is read halfway is changed all the same.
func TestReturning(t *testing.T) {
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx := context.Background()
	if _, err := conn.ExecContext(ctx, "CREATE TABLE t (a INTEGER)"); err != nil {
		t.Fatal(err)
	}
	res, err := conn.ExecContext(ctx, "INSERT INTO t SELECT i FROM range(10000) r(i) RETURNING a")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 10000 || err != nil {
		t.Errorf("%d rows affected, %v", n, err)
	}
	rows, err := conn.QueryContext(ctx, "UPDATE t SET a = a + ? WHERE a >= 5000 RETURNING a - ?, 'x'; SELECT count(*) FROM t WHERE a >= 15000", 10000, 1)
	if err != nil {
		t.Fatal(err)
	}
	var a, n int
	var x string
	if !rows.Next() || rows.Scan(&a, &x) != nil || a != 14999 || x != "x" {
		t.Errorf("the first row is %d, %s", a, x)
	}
	if !rows.NextResultSet() || !rows.Next() || rows.Scan(&n) != nil || n != 5000 {
		t.Errorf("%d rows were changed", n)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	rows, err = conn.QueryContext(ctx, "DELETE FROM t RETURNING *")
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}
