package gannet_test

import (
	"database/sql"
	"testing"
	"time"

	_ "github.com/gannetdb/gannet/driver"
)

// TestInfinite: no time.Time is infinite, so that a date far away would be a
// lie; scanning into one is an error.
func TestInfinite(t *testing.T) {
	db, err := sql.Open("gannet", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, typ := range []string{"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ"} {
		for _, want := range []string{"infinity", "-infinity"} {
			var got any
			q := "SELECT CAST('" + want + "' AS " + typ + ")"
			if err := db.QueryRow(q).Scan(&got); err != nil || got != want {
				t.Errorf("%s %s is %v, %v", typ, want, got, err)
			}
			var at time.Time
			if err := db.QueryRow(q).Scan(&at); err == nil {
				t.Errorf("%s %s scans into %s", typ, want, at)
			}
		}
	}
}
