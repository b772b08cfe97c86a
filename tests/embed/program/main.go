// Command program is a program that embeds the engine and has flags of its own.
package main

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	_ "github.com/gannetdb/gannet/driver"
)

var verbose = flag.Bool("v", false, "say more; a flag that a library must not take")

// report is what the test looks at.
type report struct {
	Verbose    bool
	Goroutines int      // when main began
	Left       int      // after Close
	Flags      []string // every flag of the program
	Answer     int
}

func main() {
	r := report{Goroutines: runtime.NumGoroutine()}
	flag.VisitAll(func(f *flag.Flag) { r.Flags = append(r.Flags, f.Name) })
	flag.Parse()
	r.Verbose = *verbose
	if err := query(&r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// database/sql ends its own goroutine a moment after Close.
	for deadline := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > 1 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	r.Left = runtime.NumGoroutine()
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func query(r *report) error {
	db, err := sql.Open("gannet", "")
	if err != nil {
		return err
	}
	if err := db.QueryRow("SELECT 1").Scan(&r.Answer); err != nil {
		return err
	}
	return db.Close()
}
