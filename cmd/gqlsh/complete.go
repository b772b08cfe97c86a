package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gannetdb/gannet/operators/function"
	"github.com/gannetdb/gannet/operators/function/aggregate"
	"github.com/gannetdb/gannet/operators/function/scalar"
	"github.com/gannetdb/gannet/sql/format"
	"github.com/gannetdb/gannet/sql/lexer"
)

// functionNames lists the functions whose names are words.
var functionNames = sync.OnceValue(func() []string {
	var out []string
	for _, n := range function.NewRegistry(scalar.Builtins, aggregate.Builtins).Names() {
		if n != "" && ('a' <= n[0] && n[0] <= 'z' || n[0] == '_') {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
})

// complete offers what the word before pos may become: a dot command at the
// start of a line, a path within quotes, else keywords, tables, columns of the
// tables that the line names, and functions.
func (s *shell) complete(line string, pos int) (head string, completions []string, tail string) {
	pos = min(pos, len(line))
	before, tail := line[:pos], line[pos:]
	if strings.HasPrefix(before, ".") && !strings.Contains(before, " ") {
		for _, c := range commandTable() {
			if strings.HasPrefix(c.name, before[1:]) {
				completions = append(completions, "."+c.name+" ")
			}
		}
		return "", completions, tail
	}
	if q := openQuote(before); q >= 0 {
		return before[:q+1], paths(before[q+1:]), tail
	}
	if strings.HasPrefix(before, ".") {
		at := strings.LastIndexByte(before, ' ') + 1
		return before[:at], paths(before[at:]), tail
	}
	at := len(before)
	for at > 0 && isWord(before[at-1]) {
		at--
	}
	word := before[at:]
	if word == "" {
		return before, nil, tail
	}
	return before[:at], s.words(word, line), tail
}

// fewTables is how many tables may be asked for their columns at a key press.
const fewTables = 20

// words lists what begins with prefix, names of the user's first.
func (s *shell) words(prefix, line string) []string {
	var out []string
	add := func(names []string, own bool, suffix string) {
		from := len(out)
		for _, n := range names {
			if len(n) < len(prefix) || !strings.EqualFold(n[:len(prefix)], prefix) {
				continue
			}
			switch {
			case own:
				n = format.QuoteIdent(n)
			case prefix[0] >= 'A' && prefix[0] <= 'Z':
				n = strings.ToUpper(n)
			}
			if !slices.Contains(out, n+suffix) {
				out = append(out, n+suffix)
			}
		}
		slices.Sort(out[from:])
	}
	tables, _ := s.tableNames()
	var columns []string
	low := strings.ToLower(line)
	named := func(t string) bool { return strings.Contains(low, strings.ToLower(t)) }
	// Before FROM has been typed, the columns of all tables may be meant.
	all := !slices.ContainsFunc(tables, named) && len(tables) <= fewTables
	for _, t := range tables {
		if !all && !named(t) {
			continue
		}
		rows, _ := s.lines("DESCRIBE " + format.QuoteIdent(t))
		for _, r := range rows {
			columns = append(columns, r[0])
		}
	}
	add(tables, true, "")
	add(columns, true, "")
	add(lexer.Keywords(), false, "")
	add(functionNames(), false, "(")
	return out
}

func isWord(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80
}

// openQuote returns where the string that the line ends in begins, -1 when it
// ends outside of one.
func openQuote(line string) int {
	open := -1
	for i := range len(line) {
		if line[i] == '\'' {
			if open < 0 {
				open = i
			} else {
				open = -1
			}
		}
	}
	return open
}

// paths lists the files and directories that begin with prefix.
func paths(prefix string) []string {
	dir, base := filepath.Split(prefix)
	look := dir
	if look == "" {
		look = "."
	}
	entries, err := os.ReadDir(look)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) || base == "" && strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := dir + e.Name()
		if e.IsDir() {
			name += string(filepath.Separator)
		}
		out = append(out, name)
	}
	return out
}
