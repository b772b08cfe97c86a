package main

import (
	"fmt"
	"strconv"
)

// cmdExit ends the shell, with a code if one is given.
func cmdExit(s *shell, args []string) error {
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 0 || n > 255 {
			return fmt.Errorf("%q is not an exit code", args[0])
		}
		s.code = n
	}
	s.quit = true
	return nil
}
