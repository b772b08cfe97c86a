package main

func cmdTimer(s *shell, args []string) error { return onOff(args[0], &s.timer) }
