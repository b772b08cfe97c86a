package slt

import _ "github.com/gannetdb/gannet/driver/mysql" // for tests/slt/mysql
