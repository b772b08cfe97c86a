package reliability

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// TestCancel ends queries at several moments of their life.
func TestCancel(t *testing.T) {
	mostUsual, mostWorst := cancelShort, cancelShort
	if os.Getenv("GANNET_SLOW") != "" {
		mostUsual, mostWorst = cancelUsual, cancelWorst
	}
	data := shared(t, "tpch", "sf0.1")
	lineitem, orders := "'"+data+"/lineitem.parquet'", "'"+data+"/orders.parquet'"
	db := open(t, "?threads=2")
	for name, q := range map[string]string{
		"cross join":   "SELECT count(*) FROM " + lineitem + " a, " + lineitem + " b WHERE a.l_orderkey < b.l_partkey",
		"aggregation":  "SELECT l_orderkey, l_partkey, l_suppkey, l_comment, count(*) FROM " + lineitem + " GROUP BY l_orderkey, l_partkey, l_suppkey, l_comment",
		"sort":         "SELECT * FROM " + lineitem + " ORDER BY l_comment, l_extendedprice",
		"join":         "SELECT count(*) FROM " + lineitem + " a JOIN " + lineitem + " b ON a.l_suppkey = b.l_suppkey JOIN " + orders + " o ON o.o_orderkey = a.l_orderkey",
		"many results": "SELECT a.* FROM " + lineitem + " a, " + orders + " b",
	} {
		t.Run(name, func(t *testing.T) {
			var late []time.Duration
			for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond} {
				ctx, cancel := context.WithCancel(context.Background())
				cancelled := make(chan time.Time, 1)
				timer := time.AfterFunc(after, func() {
					cancelled <- time.Now()
					cancel()
				})
				_, err := drain(ctx, db, q)
				returned := time.Now()
				timer.Stop()
				cancel()
				if err == nil {
					continue // it was done first
				}
				if code := sqlerr.Code(err); code != "57014" {
					t.Errorf("code %s: %v", code, err)
				}
				late = append(late, returned.Sub(<-cancelled))
			}
			alive(t, db)
			if len(late) == 0 {
				t.Log("the query was always done first")
				return
			}
			slices.Sort(late)
			t.Logf("returned after %v", late)
			if median := late[len(late)/2]; median > mostUsual {
				t.Errorf("median of %v", median)
			}
			if worst := late[len(late)-1]; worst > mostWorst {
				t.Errorf("worst of %v", worst)
			}
		})
	}
}
