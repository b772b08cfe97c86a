package main

// cmdRead runs the statements of a file.
func cmdRead(s *shell, args []string) error {
	s.readFile(args[0])
	return nil
}
