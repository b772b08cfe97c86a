package main

import (
	"fmt"
	"strconv"
)

// mostRows bounds .maxrows: box holds what it shows.
const mostRows = 1_000_000

// cmdMaxRows sets how many rows box shows; 0 means all, up to mostRows.
func cmdMaxRows(s *shell, args []string) error {
	if len(args) == 0 {
		s.print(fmt.Sprintf("maxrows: %d\n", s.maxRows))
		return nil
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 0 || n > mostRows {
		return fmt.Errorf("%q is not a number of rows from 0 to %d", args[0], mostRows)
	}
	if n == 0 {
		n = mostRows
	}
	s.maxRows = n
	return nil
}
