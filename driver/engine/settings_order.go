package engine

import "github.com/gannetdb/gannet/vector/types"

// orderSettings are the settings of a session on the order of rows, beside
// default_order.
type orderSettings struct {
	nullsFirstDesc bool            // NULLs of descending keys; nullsFirst is for others
	firstRow       bool            // of scalar subqueries with several rows
	literals       bool            // ORDER BY 'x' is allowed
	collation      types.Collation // of texts that have none
}
