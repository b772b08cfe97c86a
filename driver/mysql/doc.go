// Package mysql makes MySQL's dialect known to the engine. A program opts in by
// importing it for its side effect,
//
//	import _ "github.com/gannetdb/gannet/driver/mysql"
//
// and chooses the dialect for a session with SET dialect = 'mysql', or for all
// with dialect=mysql in the data source name. SET dialect = 'native' goes back.
//
// The import links Vitess's parser, which adds glog's flags (v, logtostderr and
// others) to flag.CommandLine and starts a goroutine that lives as long as the
// program. That is why package driver does not import it. What the dialect
// covers, and where it differs from MySQL, is said in sql/mysql.
package mysql
