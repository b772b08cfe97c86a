package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// runAll runs statements and returns the first value of the last one's rows.
func runAll(s *Session, text string) (string, error) {
	stmts, err := s.Parse(text)
	if err != nil {
		return "", err
	}
	last := ""
	for _, st := range stmts {
		rows, err := s.Run(context.Background(), st, Params{})
		if err != nil {
			return "", err
		}
		for {
			c, err := rows.Next()
			if err != nil {
				_ = rows.Close()
				return "", err
			}
			if c == nil {
				break
			}
			last = c.Cols[0].Value(0).String()
		}
		if err := rows.Close(); err != nil {
			return "", err
		}
	}
	return last, nil
}

// TestChangesAtOnce lets sessions change, read and alter one table at the same
// time: no change is lost, and a reader sees all of a statement or nothing.
func TestChangesAtOnce(t *testing.T) {
	db, err := Open(context.Background(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if used := db.Budget().Used(); used != 0 {
			t.Errorf("%d bytes are still charged", used)
		}
	}()
	const sessions, rounds, rows = 3, 20, 3000
	if _, err := runAll(db.NewSession(), fmt.Sprintf("CREATE TABLE t AS SELECT i, 0 AS n FROM range(%d) t(i)", rows)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	task := func(name string, f func(s *Session, i int) error) {
		wg.Go(func() {
			s := db.NewSession()
			for i := range rounds {
				if err := f(s, i); err != nil {
					t.Errorf("%s %d: %v", name, i, err)
					return
				}
			}
		})
	}
	for range sessions {
		task("update", func(s *Session, _ int) error {
			n, err := runAll(s, "UPDATE t SET n = n + 1 WHERE i >= 0")
			if err == nil && n != fmt.Sprint(rows) {
				err = fmt.Errorf("%s rows", n)
			}
			return err
		})
		task("read", func(s *Session, _ int) error {
			n, err := runAll(s, "SELECT count(DISTINCT n) FROM t WHERE i >= 0")
			if err == nil && n != "1" {
				err = fmt.Errorf("%s different counts", n)
			}
			return err
		})
	}
	task("insert and delete", func(s *Session, i int) error {
		_, err := runAll(s, "INSERT INTO t (i, n) SELECT -1 - i, 0 FROM range(10) t(i); DELETE FROM t WHERE i < 0")
		return err
	})
	task("alter", func(s *Session, i int) error {
		_, err := runAll(s, fmt.Sprintf("ALTER TABLE t ADD COLUMN c%d INTEGER DEFAULT 5; ALTER TABLE t DROP COLUMN c%d", i, i))
		return err
	})
	wg.Wait()
	got, err := runAll(db.NewSession(), "SELECT (min(n), max(n), count(*))::VARCHAR FROM t WHERE i >= 0")
	if want := fmt.Sprintf("(%d, %d, %d)", sessions*rounds, sessions*rounds, rows); err != nil || got != want {
		t.Errorf("%s, want %s: %v", got, want, err)
	}
}
