package slt

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Command is one command of a file.
type Command struct {
	Line int      // where it starts, from 1
	Op   string   // statement, query, loop, require, ...
	Args []string // the words behind it

	// Of a record, that is a statement or a query:
	Kind  string // ok, error, maybe or query
	SQL   string
	Conn  string   // name of its connection, "" for the file's main one
	Cols  int      // how many columns a query has
	Sort  string   // nosort, rowsort or valuesort
	Label string   // queries of one label have one result
	Want  []string // lines under ----
	// Line numbers, from 0, of the lines of Want, half-open. A record without
	// ---- has wantFrom == -1 and wantTo where the separator would go.
	wantFrom, wantTo int

	Skip  string      // why the record never runs, "" if it may
	Conds []condition // on loop variables

	Body []*Command // of a loop or foreach
}

// A condition is a skipif or onlyif on a loop variable.
type condition struct {
	name, op, value string
	skip            bool // skipif, not onlyif
}

var conditionText = regexp.MustCompile(`^\s*(\w+)\s*(<>|!=|>=|<=|=|<|>)\s*(.*?)\s*$`)

// Parse reads the commands of a file. systems are the names that skipif and
// onlyif know the engine by.
func Parse(text string, systems []string) ([]*Command, error) {
	p := &parser{lines: splitLines(text), systems: systems}
	cmds, err := p.block(0)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", p.at+1, err)
	}
	return cmds, nil
}

func splitLines(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

type parser struct {
	lines    []string
	at       int
	systems  []string
	skipping bool // inside mode skip
}

// between tells whether a line separates commands.
func between(line string) bool { return line == "" || strings.HasPrefix(line, "#") }

// block parses to the end of the file, or at depth > 0 to the endloop.
func (p *parser) block(depth int) ([]*Command, error) {
	var cmds []*Command
	for {
		for p.at < len(p.lines) && between(p.lines[p.at]) {
			p.at++
		}
		if p.at == len(p.lines) {
			if depth > 0 {
				return nil, fmt.Errorf("loop without endloop")
			}
			return cmds, nil
		}
		c, err := p.command()
		if err != nil {
			return nil, err
		}
		switch c.Op {
		case "halt":
			p.at = len(p.lines)
			if depth > 0 {
				return nil, fmt.Errorf("halt inside a loop")
			}
			continue
		case "mode":
			if len(c.Args) > 0 && (c.Args[0] == "skip" || c.Args[0] == "unskip") {
				p.skipping = c.Args[0] == "skip"
			}
			continue
		case "endloop":
			if depth == 0 {
				return nil, fmt.Errorf("endloop without loop")
			}
			return cmds, nil
		case "loop", "foreach", "concurrentloop", "concurrentforeach":
			if c.Body, err = p.block(depth + 1); err != nil {
				return nil, err
			}
		}
		if p.skipping {
			if c.Kind == "" {
				continue
			}
			c.Skip = "mode skip"
		}
		cmds = append(cmds, c)
	}
}

// command parses one command, with the skipif and onlyif lines before it.
func (p *parser) command() (*Command, error) {
	c := &Command{wantFrom: -1}
	for {
		words := strings.Fields(p.lines[p.at])
		if len(words) == 0 {
			return nil, fmt.Errorf("a line of blanks")
		}
		c.Line, c.Op, c.Args = p.at+1, words[0], words[1:]
		if c.Op != "skipif" && c.Op != "onlyif" {
			break
		}
		if err := p.condition(c); err != nil {
			return nil, err
		}
		if p.at++; p.at == len(p.lines) || between(p.lines[p.at]) {
			return nil, fmt.Errorf("%s with nothing after it", c.Op)
		}
	}
	switch c.Op {
	case "statement", "query":
		return c, p.record(c)
	case "loop", "foreach", "concurrentloop", "concurrentforeach", "endloop", "halt", "mode", "hash-threshold",
		"require", "require-env", "test-env", "set", "reset", "load", "restart", "reconnect", "sleep", "unzip",
		"tags", "continue":
		p.at++
		return c, nil
	}
	return nil, fmt.Errorf("unknown command %q", c.Op)
}

func (p *parser) condition(c *Command) error {
	if len(c.Args) == 0 {
		return fmt.Errorf("%s needs a name or a condition", c.Op)
	}
	skip := c.Op == "skipif"
	text := strings.Join(c.Args, " ")
	if !strings.ContainsAny(text, "=<>") {
		known := false
		for _, s := range p.systems {
			known = known || strings.EqualFold(s, c.Args[0])
		}
		if known == skip {
			c.Skip = c.Op + " " + c.Args[0]
		}
		return nil
	}
	for _, part := range strings.Split(text, "&&") {
		m := conditionText.FindStringSubmatch(part)
		if m == nil {
			return fmt.Errorf("bad condition %q", part)
		}
		c.Conds = append(c.Conds, condition{name: m[1], op: m[2], value: m[3], skip: skip})
	}
	return nil
}

// record parses the rest of a statement or query.
func (p *parser) record(c *Command) error {
	if len(c.Args) == 0 {
		return fmt.Errorf("%s needs an argument", c.Op)
	}
	rest := c.Args[1:]
	if c.Op == "query" {
		c.Kind, c.Cols, c.Sort = "query", len(c.Args[0]), "nosort"
		if len(rest) > 0 {
			switch rest[0] {
			case "nosort", "rowsort", "valuesort":
				c.Sort, rest = rest[0], rest[1:]
				if len(rest) > 0 {
					c.Label = rest[0]
				}
			case "sort":
				c.Sort = "rowsort"
			default:
				c.Conn = rest[0]
				if len(rest) > 1 {
					c.Label = rest[1]
				}
			}
		}
	} else {
		switch c.Kind = c.Args[0]; c.Kind {
		case "ok", "error", "maybe":
		default:
			return fmt.Errorf("unknown kind of statement %q", c.Kind)
		}
		if len(rest) > 0 {
			c.Conn = rest[0]
		}
	}
	p.at++
	from := p.at
	for p.at < len(p.lines) && !between(p.lines[p.at]) && p.lines[p.at] != "----" {
		p.at++
	}
	c.SQL = strings.Join(p.lines[from:p.at], "\n")
	if strings.TrimSpace(c.SQL) == "" {
		return fmt.Errorf("%s without SQL", c.Op)
	}
	c.wantTo = p.at
	if p.at < len(p.lines) && p.lines[p.at] == "----" {
		p.at++
		c.wantFrom = p.at
		for p.at < len(p.lines) && p.lines[p.at] != "" {
			p.at++
		}
		c.wantTo = p.at
		c.Want = p.lines[c.wantFrom:c.wantTo]
	}
	return nil
}

// holds tells whether the condition is met for the value of its variable.
func (c condition) holds(value string) bool {
	a, errA := strconv.ParseFloat(value, 64)
	b, errB := strconv.ParseFloat(c.value, 64)
	numbers := errA == nil && errB == nil
	switch c.op {
	case "=":
		return value == c.value
	case "<>", "!=":
		return value != c.value
	case "<":
		return numbers && a < b
	case ">":
		return numbers && a > b
	case "<=":
		return numbers && a <= b
	}
	return numbers && a >= b
}

// foreachWords are the groups of type names that foreach knows.
var foreachWords = map[string][]string{
	"<signed>":   {"tinyint", "smallint", "integer", "bigint", "hugeint"},
	"<unsigned>": {"utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"},
	"<integral>": {
		"tinyint", "smallint", "integer", "bigint", "hugeint",
		"utinyint", "usmallint", "uinteger", "ubigint", "uhugeint",
	},
	"<numeric>": {
		"tinyint", "smallint", "integer", "bigint", "hugeint",
		"utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double",
	},
	"<alltypes>": {
		"tinyint", "smallint", "integer", "bigint", "hugeint",
		"utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double",
		"bool", "interval", "varchar",
	},
}

// foreachValues expands the words of a foreach: groups of types, and !word to
// take one out again.
func foreachValues(words []string) []string {
	var values []string
	for _, w := range words {
		if group, ok := foreachWords[strings.ToLower(w)]; ok {
			values = append(values, group...)
			continue
		}
		if out, ok := strings.CutPrefix(w, "!"); ok && len(out) > 0 {
			kept := values[:0]
			for _, v := range values {
				if !strings.EqualFold(v, out) {
					kept = append(kept, v)
				}
			}
			values = kept
			continue
		}
		values = append(values, w)
	}
	return values
}
