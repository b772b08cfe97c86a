package main

import (
	"fmt"
	"strings"
)

// cmdHelp lists all commands, or those that begin with a text.
func cmdHelp(s *shell, args []string) error {
	prefix := ""
	if len(args) > 0 {
		prefix = strings.TrimPrefix(args[0], ".")
	}
	found := false
	for _, c := range commandTable() {
		if strings.HasPrefix(c.name, prefix) {
			s.print(fmt.Sprintf("%-28s %s\n", "."+strings.TrimSpace(c.name+" "+c.args), c.about))
			found = true
		}
	}
	if !found {
		_, err := findCommand(prefix)
		return err
	}
	if prefix == "" {
		s.print("\nmodes: " + strings.Join(modeNames(), ", ") + "\n")
	}
	return nil
}
