package main

import (
	"fmt"
	"strconv"
)

// cmdWidth sets the least widths of the first columns; without arguments all
// are as wide as their values.
func cmdWidth(s *shell, args []string) error {
	widths := make([]int, len(args))
	for i, a := range args {
		n, err := strconv.Atoi(a)
		if err != nil || n < -1000 || n > 1000 {
			return fmt.Errorf("%q is not a width", a)
		}
		widths[i] = n
	}
	s.widths = widths
	return nil
}
