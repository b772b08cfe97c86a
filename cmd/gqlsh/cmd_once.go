package main

// cmdOnce sends the next statement's result to a file.
func cmdOnce(s *shell, args []string) error {
	s.closeOutput()
	return s.openOutput(args[0], true)
}
