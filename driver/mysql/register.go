package mysql

import (
	"github.com/gannetdb/gannet/driver/engine"
	"github.com/gannetdb/gannet/sql/mysql"
)

func init() {
	engine.RegisterDialect(engine.Dialect{
		Name: "mysql", Parse: mysql.Parse, Split: mysql.Split, Completeness: mysql.Completeness,
		OrderLiterals: true,
	})
}
