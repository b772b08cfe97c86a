package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gannetdb/gannet/sql/sqlerr"
)

// command is a line of the table of dot commands.
type command struct {
	name  string
	args  string // for .help
	about string
	least int // arguments
	most  int // -1: any number
	run   func(s *shell, args []string) error
}

// commands is the table of dot commands, sorted by name. It is filled in by
// commandTable, since .help reads it.
func commandTable() []command {
	return []command{
		{"bail", "on|off", "stop after an error", 1, 1, cmdBail},
		{"echo", "on|off", "print statements before running them", 1, 1, cmdEcho},
		{"exit", "[CODE]", "end the shell", 0, 1, cmdExit},
		{"headers", "on|off", "print column names", 1, 1, cmdHeaders},
		{"help", "[COMMAND]", "list commands", 0, 1, cmdHelp},
		{"maxrows", "[N]", "rows that box shows, 0 for all", 0, 1, cmdMaxRows},
		{"mode", "[MODE]", "set or show the output mode", 0, 1, cmdMode},
		{"nullvalue", "TEXT", "what to print for NULL", 1, 1, cmdNullValue},
		{"once", "FILE", "write the next result to FILE", 1, 1, cmdOnce},
		{"open", "[PATH]", "close the database and open another", 0, 1, cmdOpen},
		{"output", "[FILE]", "write results to FILE, without one to the terminal", 0, 1, cmdOutput},
		{"quit", "", "end the shell", 0, 0, cmdExit},
		{"read", "FILE", "run the statements of FILE", 1, 1, cmdRead},
		{"schema", "[NAME]", "definitions of tables and views", 0, 1, cmdSchema},
		{"separator", "COLUMN [ROW]", "what stands between columns and behind rows", 1, 2, cmdSeparator},
		{"tables", "[PATTERN]", "list tables and views", 0, 1, cmdTables},
		{"timer", "on|off", "print how long statements take", 1, 1, cmdTimer},
		{"width", "[N ...]", "least widths of columns, negative ones set to the right", 0, -1, cmdWidth},
	}
}

// findCommand finds a command by its name or an unambiguous beginning of it.
func findCommand(name string) (*command, error) {
	table := commandTable()
	var match *command
	var names []string
	for i := range table {
		c := &table[i]
		if c.name == name {
			return c, nil
		}
		if strings.HasPrefix(c.name, name) && name != "" {
			if match != nil {
				return nil, fmt.Errorf("command .%s may mean .%s or .%s", name, match.name, c.name)
			}
			match = c
		}
		names = append(names, c.name)
	}
	if match != nil {
		return match, nil
	}
	if near := sqlerr.Nearest(name, names); len(near) > 0 {
		return nil, fmt.Errorf("unknown command .%s, did you mean .%s?", name, near[0])
	}
	return nil, fmt.Errorf("unknown command .%s, enter .help for the list", name)
}

// command runs the dot command in line.
func (s *shell) command(line string) {
	if s.echo {
		s.print(line + "\n")
	}
	if err := s.runCommand(line); err != nil {
		_ = s.flush()
		s.fail("", err)
	}
}

func (s *shell) runCommand(line string) error {
	words, err := splitWords(strings.TrimPrefix(strings.TrimSpace(line), "."))
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return errors.New("a command is missing behind the dot, enter .help for the list")
	}
	c, err := findCommand(strings.ToLower(words[0]))
	if err != nil {
		return err
	}
	args := words[1:]
	if len(args) < c.least || c.most >= 0 && len(args) > c.most {
		return fmt.Errorf("usage: .%s %s", c.name, c.args)
	}
	return c.run(s, args)
}

// splitWords cuts a command's line at white space. Words may be in single or
// double quotes; in double quotes a backslash escapes.
func splitWords(line string) ([]string, error) {
	var words []string
	for {
		line = strings.TrimLeft(line, " \t\r\n")
		if line == "" {
			return words, nil
		}
		if q := line[0]; q == '\'' || q == '"' {
			end := 1
			for end < len(line) && line[end] != q {
				if q == '"' && line[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(line) {
				return nil, errors.New("a quote is not closed")
			}
			w := line[1:end]
			if q == '"' {
				w = unescape(w)
			}
			words, line = append(words, w), line[end+1:]
			continue
		}
		end := strings.IndexAny(line, " \t\r\n")
		if end < 0 {
			end = len(line)
		}
		w := line[:end]
		if end == len(line) {
			w = strings.TrimSuffix(w, ";")
		}
		words, line = append(words, w), line[end:]
	}
}

// onOff reads the argument of a switch.
func onOff(arg string, to *bool) error {
	switch strings.ToLower(arg) {
	case "on", "true", "yes", "1":
		*to = true
	case "off", "false", "no", "0":
		*to = false
	default:
		return fmt.Errorf("%q is neither on nor off", arg)
	}
	return nil
}
