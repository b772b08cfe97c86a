package main

import _ "github.com/gannetdb/gannet/driver" // one of the engines
