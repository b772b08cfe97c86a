package main

import (
	"path"
	"strings"
)

// cmdTables lists the tables and views whose names match a pattern with * and
// ?; % is taken for *.
func cmdTables(s *shell, args []string) error {
	names, err := s.tableNames()
	if err != nil {
		return err
	}
	pattern := "*"
	if len(args) > 0 {
		pattern = strings.NewReplacer("%", "*").Replace(strings.ToLower(args[0]))
	}
	for _, n := range names {
		ok, err := path.Match(pattern, strings.ToLower(n))
		if err != nil {
			return err
		}
		if ok {
			s.print(n + "\n")
		}
	}
	return nil
}
