package main

import (
	"bufio"
	"os"
)

// cmdOutput sends results to a file from now on.
func cmdOutput(s *shell, args []string) error {
	s.closeOutput()
	if len(args) == 0 || args[0] == "stdout" {
		return nil
	}
	return s.openOutput(args[0], false)
}

// openOutput makes the file name the output, for one statement or until
// another command says otherwise.
func (s *shell) openOutput(name string, once bool) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := s.stdout.Flush(); err != nil {
		f.Close()
		return err
	}
	s.file, s.once = f, once
	s.out = bufio.NewWriterSize(f, 64<<10)
	return nil
}
