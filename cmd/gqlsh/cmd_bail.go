package main

func cmdBail(s *shell, args []string) error { return onOff(args[0], &s.bail) }
