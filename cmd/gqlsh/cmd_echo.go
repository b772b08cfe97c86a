package main

func cmdEcho(s *shell, args []string) error { return onOff(args[0], &s.echo) }
