package reliability

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/tpch"
)

// TestReservationFaults refuses the nth request for memory, and then all from
// the nth on, for one n after the other until the query does not ask that often:
// it gives the right answer or error 53200, and nothing is left behind.
func TestReservationFaults(t *testing.T) {
	suite, ok := tpch.Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	most := 12 // values of n for each query
	if os.Getenv("GANNET_SLOW") != "" {
		most = 500
	}
	for _, spill := range []bool{false, true} {
		db, e := openEngine(t, tpch.Setup("VIEW", suite.Data("sf0.01")), "SET threads = 2")
		name := "memory"
		if spill {
			name = "spill"
			if _, err := db.Exec("SET debug_spill_cap = 0"); err != nil {
				t.Fatal(err)
			}
		}
		for _, number := range tpch.Numbers {
			t.Run(fmt.Sprintf("%s/q%02d", name, number), func(t *testing.T) {
				q, err := suite.Query(number)
				if err != nil {
					t.Fatal(err)
				}
				want, err := suite.Answer("sf0.01", number)
				if err != nil {
					t.Fatal(err)
				}
				var asked atomic.Int64
				run := func(n int64, on bool) (refused bool, err error) {
					asked.Store(0)
					e.Budget().SetFault(func(string, int64) bool {
						k := asked.Add(1)
						return k == n || on && k > n
					})
					defer e.Budget().SetFault(nil)
					types, cells, err := read(context.Background(), db, q)
					if err == nil {
						if d := differ(types, cells, want); d != "" {
							t.Errorf("request %d refused: %s", n, d)
						}
					}
					return asked.Load() >= n, err
				}
				if _, err := run(1<<62, false); err != nil {
					t.Fatal(err)
				}
				left, requests := remains(e), asked.Load()
				step := max(1, requests/int64(most))
				failed, right := 0, 0
				for _, on := range []bool{false, true} {
					for n := int64(1); n <= requests+requests/4; n += step {
						refused, err := run(n, on)
						switch {
						case err == nil:
							right++
						case sqlerr.Is(err, sqlerr.CodeOutOfMemory):
							failed++
						default:
							t.Errorf("request %d refused: code %s: %v%s", n, sqlerr.Code(err), err, detail(err))
						}
						left.check(t, e)
						if !refused {
							break
						}
					}
				}
				t.Logf("%d requests: %d errors 53200, %d answers", requests, failed, right)
				alive(t, db)
			})
		}
	}
}
