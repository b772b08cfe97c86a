package main

func cmdNullValue(s *shell, args []string) error {
	s.null = args[0]
	return nil
}
