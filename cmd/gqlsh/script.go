package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gannetdb/gannet/sql/parser"
)

// maxReadDepth bounds .read in files that .read runs.
const maxReadDepth = 16

// script runs dot commands and statements of in, each as soon as its end has
// been read.
func (s *shell) script(in io.Reader) {
	r := bufio.NewReaderSize(in, 64<<10)
	var buf strings.Builder
	for s.goesOn() {
		line, err := r.ReadString('\n')
		if line != "" {
			s.feed(&buf, line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			s.fail("", err)
			return
		}
	}
	if s.goesOn() {
		s.runText(buf.String())
	}
}

// feed takes a line of a script; buf holds the statement begun.
func (s *shell) feed(buf *strings.Builder, line string) {
	if buf.Len() == 0 {
		switch t := strings.TrimSpace(line); {
		case t == "":
			return
		case strings.HasPrefix(t, "."):
			s.command(t)
			return
		}
	}
	buf.WriteString(line)
	// Without a semicolon in its last line a text cannot have become complete.
	if !strings.Contains(line, ";") {
		return
	}
	switch text := buf.String(); s.session.Completeness(text) {
	case parser.Complete:
		buf.Reset()
		s.runText(text)
	case parser.Empty:
		buf.Reset()
	}
}

// readFile runs the statements of a file.
func (s *shell) readFile(name string) {
	if s.depth >= maxReadDepth {
		s.fail("", fmt.Errorf("files are read %d deep", maxReadDepth))
		return
	}
	f, err := os.Open(name)
	if err != nil {
		s.fail("", err)
		return
	}
	defer f.Close()
	s.depth++
	s.script(f)
	s.depth--
}
