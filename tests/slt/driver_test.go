package slt

import _ "github.com/gannetdb/gannet/driver" // the engine under test
