package tpch

import (
	"fmt"
	"path/filepath"

	"github.com/gannetdb/gannet/tests/suite"
)

// Numbers lists the queries.
var Numbers = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22}

// Tables lists the tables of TPC-H.
var Tables = []string{"customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"}

// Suite is where queries, data and answers lie.
type Suite = suite.Suite

// Find looks for the suite beside the repository that holds the working
// directory; ok is false when there is none.
func Find() (s *Suite, ok bool) { return suite.Find("tpch", "q") }

// Setup lists the statements that make every table from the files in dir: kind
// is VIEW or TABLE.
func Setup(kind, dir string) []string {
	stmts := make([]string, len(Tables))
	for i, table := range Tables {
		stmts[i] = fmt.Sprintf("CREATE %s %s AS SELECT * FROM '%s'", kind, table, filepath.Join(dir, table+".parquet"))
	}
	return stmts
}
