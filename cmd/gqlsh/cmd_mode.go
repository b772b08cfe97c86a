package main

// cmdMode sets the output mode.
func cmdMode(s *shell, args []string) error {
	if len(args) == 0 {
		s.print("mode: " + s.mode + "\n")
		return nil
	}
	return s.setMode(args[0])
}
