package main

// cmdSeparator sets what stands between columns, and what ends a row.
func cmdSeparator(s *shell, args []string) error {
	s.separator = unescape(args[0])
	if len(args) > 1 {
		s.newline = unescape(args[1])
	}
	return nil
}
