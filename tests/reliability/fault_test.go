package reliability

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/gannetdb/gannet/sql/sqlerr"
	"github.com/gannetdb/gannet/tests/tpch"
)

// TestReservationFaults refuses requests for memory from every place that makes
// any, alone and with all that follow: the query gives the right answer or error
// 53200, and nothing is left behind.
func TestReservationFaults(t *testing.T) {
	suite, ok := tpch.Find()
	if !ok {
		t.Skip("no TPC-H data beside the repository")
	}
	most := 12 // requests to refuse for each query
	if os.Getenv("GANNET_SLOW") != "" {
		most = 0
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
				run := func(p *faultPoint) (*sites, error) {
					off := refuse(e, p)
					types, cells, err := read(context.Background(), db, q)
					asked := off()
					if err == nil {
						if d := differ(types, cells, want); d != "" {
							t.Errorf("%v refused: %s", p, d)
						}
					}
					return asked, err
				}
				asked, err := run(nil)
				if err != nil {
					t.Fatal(err)
				}
				left := remains(e)
				failed, right := 0, 0
				for _, p := range asked.points(most) {
					_, err := run(&p)
					switch {
					case err == nil:
						right++
					case sqlerr.Is(err, sqlerr.CodeOutOfMemory):
						failed++
						checkRefusal(t, fmt.Sprint(p), err)
					default:
						t.Errorf("%v refused: code %s: %v%s", p, sqlerr.Code(err), err, detail(err))
					}
					left.check(t, e)
				}
				t.Logf("requests from %d places: %d errors 53200, %d answers", len(asked.order), failed, right)
				alive(t, db)
			})
		}
	}
}
