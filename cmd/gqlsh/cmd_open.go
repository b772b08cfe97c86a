package main

// cmdOpen closes the database and opens another; one in memory without a path.
func cmdOpen(s *shell, args []string) error {
	path := ""
	if len(args) > 0 {
		path = args[0]
	}
	return s.open(path)
}
