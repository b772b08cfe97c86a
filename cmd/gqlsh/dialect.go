package main

import (
	"log/slog"

	"vitess.io/vitess/go/vt/log"

	_ "github.com/gannetdb/gannet/driver/mysql" // -dialect mysql
)

// silenceParsers keeps what Vitess's parser may log off standard error. (The
// flags that it adds to flag.CommandLine do no harm: the shell reads its own
// command line, see flags.go.)
func silenceParsers() { log.SwapLogger(slog.New(slog.DiscardHandler)) }
