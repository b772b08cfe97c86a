// Package gannet is the database/sql driver of Gannet, an embedded analytics
// database in pure Go. Import it for its side effect and open it by name:
//
//	import (
//		"database/sql"
//
//		_ "github.com/gannetdb/gannet/driver"
//	)
//
//	db, err := sql.Open("gannet", "")
//
// # Data source name
//
// Empty or ":memory:" is a database in memory, shared by all connections of
// the sql.DB and gone when it is closed. Settings follow a question mark, as
// SET would take them:
//
//	?memory_limit=1GB&threads=4&temp_directory=/var/tmp
//
// With dialect=mysql statements are MySQL's, in a program that imports
// driver/mysql.
//
// NewConnector does the same with a Config, for sql.OpenDB.
//
// # Statements
//
// Parameters are ? or $1 by position and $name by name (sql.Named). A text may
// hold several statements: Exec runs all, Query goes through those that return
// rows with Rows.NextResultSet. Cancelling the context ends a query within
// milliseconds.
//
// # Values
//
//	BOOLEAN                              bool
//	TINYINT to BIGINT, UTINYINT to UINTEGER   int64
//	UBIGINT                              uint64
//	FLOAT, DOUBLE                        float64
//	HUGEINT, UHUGEINT, DECIMAL           string of digits
//	VARCHAR, ENUM, UUID, INTERVAL, BIT   string
//	BLOB                                 []byte
//	DATE, TIME, TIMESTAMP…               time.Time (UTC; TIME on 1970-01-01)
//	TIMESTAMP WITH TIME ZONE             time.Time in the session's zone
//	infinite dates and timestamps        string: infinity or -infinity
//	LIST, ARRAY                          []any
//	STRUCT                               Struct
//	MAP                                  Map
//	STRUCT without names, ROW(…)         Row
//
// Struct, Map and Row keep the order of what they hold, print as a cast to VARCHAR
// does, also inside lists, and marshal to JSON.
//
// Strings of digits scan into strings, integers and floats alike. As
// parameters all Go kinds of numbers, bool, string, []byte, time.Time,
// *big.Int, []any, Struct, Map, Row and driver.Valuer are taken.
//
// # Errors
//
// Errors of the engine are *Error: an SQLSTATE code, a position in the
// statement, and hints. A cancelled query's error also matches
// context.Canceled.
//
// The package has no logic of its own: driver/engine is the database.
package gannet
