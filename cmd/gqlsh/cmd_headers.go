package main

func cmdHeaders(s *shell, args []string) error { return onOff(args[0], &s.headers) }
